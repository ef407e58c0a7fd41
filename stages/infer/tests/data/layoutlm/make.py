"""Makes the small LayoutLMv3-shaped models of the tests, and what onnxruntime and tokenizers say about them.

    pip install onnx==1.23.2 onnxruntime==1.31.1 tokenizers==0.23.3 numpy
    python make.py            # writes beside itself: tokenizer.json, config.json, *.onnx, expected.json

The models have the inputs and outputs of LayoutLMv3 and do their arithmetic (embeddings of tokens, boxes and the picture, attention
over the window with its mask, heads), but with 16 numbers a token and no training: some tokens of the vocabulary are tied to
labels, so that their entities mean something. Everything is seeded: the same versions write the same files.
"""

import json
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto as T
from onnx import helper as h
from onnx import numpy_helper
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

HERE = os.path.dirname(os.path.abspath(__file__))
NER = ["O", "B-INVOICE_NUMBER", "I-INVOICE_NUMBER", "B-ISSUE_DATE", "I-ISSUE_DATE", "B-GRAND_TOTAL", "I-GRAND_TOTAL",
       "B-ITEM.DESCRIPTION", "I-ITEM.DESCRIPTION", "B-ITEM.LINE_TOTAL", "I-ITEM.LINE_TOTAL"]
TABLE = ["O", "TABLE"]
CELL = ["O", "B-description", "I-description", "B-quantity", "B-line_total"]
D = 16
# First tokens of these words are tied to labels.
TIES = {"RE-4711": "B-INVOICE_NUMBER", "31.01.2026": "B-ISSUE_DATE", "119,00": "B-GRAND_TOTAL",
        "Widget": "B-ITEM.DESCRIPTION", "blau": "I-ITEM.DESCRIPTION", "Schraube": "B-ITEM.DESCRIPTION",
        "50,00": "B-ITEM.LINE_TOTAL", "69,00": "B-ITEM.LINE_TOTAL"}
CELLS = {"Widget": "B-description", "blau": "I-description", "Schraube": "B-description", "2": "B-quantity",
         "50,00": "B-line_total", "69,00": "B-line_total"}
LINES = ["Muster GmbH", "Rechnung Nr. RE-4711", "Datum: 31.01.2026", "Widget blau 2 50,00", "Schraube 2 69,00",
         "Gesamtbetrag EUR 119,00"]
WORDS = ["Rechnung", "Größe", "don't", "naïve", "€1.234,56", "RE-4711/B", "₤", "e-mail@example.com", "北京", "a" * 300, "''", "x'll",
         "№7", "½", "ﬁn", "_under_score_", "3,14159", "\U0001f4b6", "Straße", "ÅÄÖ"]


def tokenizer():
    tok = Tokenizer(models.BPE(unk_token="<unk>"))
    tok.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tok.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=420, special_tokens=["<s>", "<pad>", "</s>", "<unk>", "<mask>"],
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False)
    text = LINES * 8 + ["Rechnung Nummer Datum Betrag Menge Preis Summe Netto MwSt Gesamt invoice number date total"] * 4
    tok.train_from_iterator(text, trainer)
    tok.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=True)
    tok.save(os.path.join(HERE, "tokenizer.json"))
    return tok


def ids_of(tok, word):
    return tok.encode(" " + word, add_special_tokens=False).ids


def page():
    words, boxes = [], []
    for row, line in enumerate(LINES):
        x = 40.0
        for word in line.split(" "):
            width = 5.0 * len(word)
            words.append(word)
            boxes.append([x, 40.0 + 20.0 * row, x + width, 50.0 + 20.0 * row])
            x += width + 3.0
    return words, boxes


def thousandths(box, width=595.0, height=842.0):
    of = [width, height, width, height]
    return [int(max(0.0, min(1000.0, np.float32(v) / np.float32(o) * np.float32(1000.0)))) for v, o in zip(box, of)]


def init(name, array):
    return numpy_helper.from_array(np.asarray(array), name)


def model(tok, path, pixels=True, heads=True, half=False, nan=False):
    rng = np.random.default_rng(7)
    vocab = tok.get_vocab_size()
    f = np.float16 if half else np.float32
    ftype = T.FLOAT16 if half else T.FLOAT
    ties = np.zeros((vocab, len(NER)), np.float32)
    ties[:, 0] = 4.0
    for word, label in TIES.items():
        ties[ids_of(tok, word)[0]] = 0.0
        ties[ids_of(tok, word)[0], NER.index(label)] = 7.0
    cells = np.zeros((vocab, len(CELL)), np.float32)
    cells[:, 0] = 4.0
    for word, label in CELLS.items():
        cells[ids_of(tok, word)[0]] = 0.0
        cells[ids_of(tok, word)[0], CELL.index(label)] = 7.0
    r = lambda *shape: (rng.standard_normal(shape) * 0.3).astype(f)
    inits = [init("emb", r(vocab, D)), init("wbox", r(4, D)), init("wq", r(D, D)), init("wk", r(D, D)), init("wv", r(D, D)),
             init("wner", r(D, len(NER))), init("ties", ties.astype(f)), init("thousand", np.array(1000.0, f)),
             init("root", np.array(4.0, f)), init("one", np.array(1.0, f)), init("far", np.array(-1e4, f)),
             init("ax1", np.array([1], np.int64))]
    if nan:
        inits[5] = init("wner", np.full((D, len(NER)), np.nan, f))
    n = [h.make_node("Gather", ["emb", "input_ids"], ["e0"]),
         h.make_node("Cast", ["bbox"], ["bf"], to=ftype), h.make_node("Div", ["bf", "thousand"], ["bn"]),
         h.make_node("MatMul", ["bn", "wbox"], ["eb"]), h.make_node("Add", ["e0", "eb"], ["e1"])]
    inputs = [h.make_tensor_value_info("input_ids", T.INT64, ["batch", "tokens"]),
              h.make_tensor_value_info("attention_mask", T.INT64, ["batch", "tokens"]),
              h.make_tensor_value_info("bbox", T.INT64, ["batch", "tokens", 4])]
    if pixels:
        inits += [init("wpix", r(3, D)), init("ax23", np.array([2, 3], np.int64))]
        inputs.append(h.make_tensor_value_info("pixel_values", ftype, ["batch", 3, 224, 224]))
        n += [h.make_node("ReduceMean", ["pixel_values", "ax23"], ["pm"], keepdims=0), h.make_node("MatMul", ["pm", "wpix"], ["ep"]),
              h.make_node("Unsqueeze", ["ep", "ax1"], ["epu"]), h.make_node("Add", ["e1", "epu"], ["e"])]
    else:
        n.append(h.make_node("Identity", ["e1"], ["e"]))
    n += [h.make_node("MatMul", ["e", "wq"], ["q"]), h.make_node("MatMul", ["e", "wk"], ["k"]), h.make_node("MatMul", ["e", "wv"], ["v"]),
          h.make_node("Transpose", ["k"], ["kt"], perm=[0, 2, 1]), h.make_node("MatMul", ["q", "kt"], ["s0"]),
          h.make_node("Div", ["s0", "root"], ["s1"]),
          h.make_node("Cast", ["attention_mask"], ["mf"], to=ftype), h.make_node("Sub", ["one", "mf"], ["mi"]),
          h.make_node("Mul", ["mi", "far"], ["mb"]), h.make_node("Unsqueeze", ["mb", "ax1"], ["mbu"]),
          h.make_node("Add", ["s1", "mbu"], ["s2"]), h.make_node("Softmax", ["s2"], ["a"], axis=2),
          h.make_node("MatMul", ["a", "v"], ["c"]), h.make_node("Add", ["e", "c"], ["x0"]), h.make_node("Tanh", ["x0"], ["x"]),
          h.make_node("MatMul", ["x", "wner"], ["n0"]), h.make_node("Gather", ["ties", "input_ids"], ["nt"]),
          h.make_node("Add", ["n0", "nt"], ["logits"])]
    outputs = [h.make_tensor_value_info("logits", ftype, ["batch", "tokens", len(NER)])]
    if heads:
        inits += [init("cells", cells.astype(f)), init("wcell", r(D, len(CELL))), init("wtab", r(D, 2)), init("btab", np.array([0.0, 2.0], f))]
        n += [h.make_node("MatMul", ["x", "wcell"], ["c0"]), h.make_node("Gather", ["cells", "input_ids"], ["ct"]),
              h.make_node("Add", ["c0", "ct"], ["cell_logits"]),
              h.make_node("MatMul", ["x", "wtab"], ["t0"]), h.make_node("Add", ["t0", "btab"], ["table_logits"])]
        outputs += [h.make_tensor_value_info("table_logits", ftype, ["batch", "tokens", 2]),
                    h.make_tensor_value_info("cell_logits", ftype, ["batch", "tokens", len(CELL)])]
    graph = h.make_graph(n, "layoutlmv3-shaped", inputs, outputs, inits)
    m = h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9, producer_name="docmill")
    onnx.checker.check_model(m)
    onnx.save(m, os.path.join(HERE, path))


def feed(tok, pixels, half):
    words, boxes = page()
    ids, bbox = [tok.token_to_id("<s>")], [[0] * 4]
    for word, box in zip(words, boxes):
        for i in ids_of(tok, word):
            ids.append(i)
            bbox.append(thousandths(box))
    ids.append(tok.token_to_id("</s>"))
    bbox.append([0] * 4)
    out = {"input_ids": np.array([ids], np.int64), "attention_mask": np.ones((1, len(ids)), np.int64), "bbox": np.array([bbox], np.int64)}
    if pixels:
        out["pixel_values"] = np.ones((1, 3, 224, 224), np.float16 if half else np.float32)
    return out


def main():
    tok = tokenizer()
    json.dump({"id2label": {str(i): l for i, l in enumerate(NER)}, "table_labels": TABLE, "cell_labels": CELL},
              open(os.path.join(HERE, "config.json"), "w"), indent=1)
    expected = {"words": {w: ids_of(tok, w) for w in WORDS + sorted({w for l in LINES for w in l.split(" ")})}, "models": {}}
    words, boxes = page()
    expected["page"] = {"words": words, "boxes": boxes, "width": 595.0, "height": 842.0}
    for name, options in {"full": {}, "text": {"pixels": False, "heads": False}, "half": {"heads": False, "half": True}}.items():
        model(tok, name + ".onnx", **options)
        session = ort.InferenceSession(os.path.join(HERE, name + ".onnx"), providers=["CPUExecutionProvider"])
        inputs = feed(tok, options.get("pixels", True), options.get("half", False))
        outputs = session.run(None, inputs)
        expected["models"][name] = {o.name: np.round(v[0].astype(np.float64), 5).tolist() for o, v in zip(session.get_outputs(), outputs)}
        expected["input_ids"], expected["bbox"] = inputs["input_ids"][0].tolist(), inputs["bbox"][0].tolist()
    model(tok, "nan.onnx", pixels=False, heads=False, nan=True)
    # A model of another shape: no boxes.
    graph = h.make_graph([h.make_node("Cast", ["input_ids"], ["logits"], to=T.FLOAT)], "other",
                         [h.make_tensor_value_info("input_ids", T.INT64, ["batch", "tokens"])],
                         [h.make_tensor_value_info("logits", T.FLOAT, ["batch", "tokens"])])
    onnx.save(h.make_model(graph, opset_imports=[h.make_opsetid("", 18)], ir_version=9, producer_name="docmill"), os.path.join(HERE, "other.onnx"))
    json.dump(expected, open(os.path.join(HERE, "expected.json"), "w"), ensure_ascii=False, separators=(",", ":"))


if __name__ == "__main__":
    main()
