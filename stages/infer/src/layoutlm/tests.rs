//! Against what `tokenizers` and onnxruntime say in Python about the same files: tests/data/layoutlm/make.py makes both.
//! Without network and cache the tests that run models are skipped, loudly, unless DOCMILL_REQUIRE_ASSETS=1.

#![allow(clippy::print_stderr, reason = "a skipped test says so")]

use super::*;
use crate::extract::PageText;
use docmill_contracts::{Class, Classify, TextSource, Word};
use serde_json::Value;
use std::collections::BTreeMap;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/layoutlm").join(name)
}

fn expected() -> Value {
    serde_json::from_slice(&std::fs::read(data("expected.json")).unwrap()).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

/// The page of the reference.
fn page(expected: &Value) -> PageText {
    let page = &expected["page"];
    let texts = page["words"].as_array().unwrap().iter().zip(page["boxes"].as_array().unwrap());
    let words = texts.map(|(text, place)| {
        let b: Vec<f32> = numbers(place).into_iter().map(|v| v as f32).collect();
        let bbox = [b[0], b[1], b[2], b[3]];
        Word { text: text.as_str().unwrap().to_owned(), bbox, confidence: 1.0, line: 0 }
    });
    let source = TextSource::TextLayer;
    PageText { page_no: 1, width: 595.0, height: 842.0, source, words: words.collect() }
}

fn runtime() -> bool {
    match Assets::new(None).ensure(Asset::OnnxRuntime) {
        Ok(_) => true,
        Err(error) => {
            assert!(std::env::var_os("DOCMILL_REQUIRE_ASSETS").is_none_or(|v| v != "1"), "{error}");
            eprintln!("SKIPPED: ONNX Runtime cannot be fetched: {error}");
            false
        }
    }
}

fn load(model: &str, change: impl FnOnce(&mut LayoutLmConfig)) -> Result<LayoutLmExtractor, LayoutLmError> {
    let mut layoutlm = LayoutLmConfig {
        model: Some(data(model)),
        no_picture: NoPicture::Blank,
        ..LayoutLmConfig::default()
    };
    change(&mut layoutlm);
    let config = crate::Config { layoutlm, ..crate::Config::default() };
    Ok(LayoutLmExtractor::new(&config, &Assets::new(None))?.unwrap())
}

fn values(found: &Extraction) -> BTreeMap<&str, &str> {
    found.fields.iter().map(|(name, f)| (name.as_str(), f.value.as_str())).collect()
}

#[test]
fn tokens_are_those_of_the_reference() {
    let bpe = Bpe::load(&data("tokenizer.json")).unwrap();
    for (word, ids) in expected()["words"].as_object().unwrap() {
        let ids: Vec<u32> = ids.as_array().unwrap().iter().map(|i| i.as_u64().unwrap() as u32).collect();
        assert_eq!(bpe.word(word), ids, "{word}");
    }
}

#[test]
fn a_window_is_that_of_the_reference() {
    let expected = expected();
    let bpe = Bpe::load(&data("tokenizer.json")).unwrap();
    let windows = window::windows(&page(&expected), &bpe, 512, 128);
    assert_eq!(windows.len(), 1);
    assert_eq!(serde_json::to_value(&windows[0].ids).unwrap(), expected["input_ids"]);
    assert_eq!(serde_json::to_value(&windows[0].boxes).unwrap(), expected["bbox"]);
}

#[test]
fn windows_overlap_and_hold_every_word() {
    let bpe = Bpe::load(&data("tokenizer.json")).unwrap();
    let mut long = page(&expected());
    let words = long.words.clone();
    long.words = (0..20).flat_map(|_| words.clone()).collect();
    let windows = window::windows(&long, &bpe, 64, 16);
    assert!(windows.len() > 5 && windows.iter().all(|w| w.ids.len() <= 64));
    assert!(window::speakers(&windows, long.words.len()).iter().all(Option::is_some));
    for pair in windows.windows(2) {
        let words = |w: &window::Window| w.words.iter().flatten().copied().collect::<Vec<_>>();
        assert!(words(&pair[1])[0] <= *words(&pair[0]).last().unwrap(), "they share words");
    }
    // A word of more tokens than a window holds.
    long.words[0].text = "x9".repeat(300);
    assert!(window::windows(&long, &bpe, 16, 4).iter().all(|w| w.ids.len() <= 16));
}

#[test]
fn logits_are_those_of_the_reference() {
    if !runtime() {
        return;
    }
    compare_logits(docmill_onnx::Device::Cpu, 1e-4);
}

/// Needs a build with the feature `cuda`, ONNX Runtime for GPUs in `DOCMILL_ONNXRUNTIME`, and a GPU, whose products of matrices have
/// ten bits of mantissa (TF32).
#[test]
fn logits_of_a_gpu_are_those_of_the_reference() {
    if std::env::var_os("DOCMILL_REQUIRE_GPU").is_none_or(|v| v != "1") {
        eprintln!("SKIPPED: LayoutLM on a GPU; DOCMILL_REQUIRE_GPU=1 runs it where there is one");
        return;
    }
    compare_logits(docmill_onnx::Device::Cuda, 0.01);
}

fn compare_logits(device: docmill_onnx::Device, tolerance: f64) {
    let expected = expected();
    for (name, tolerance) in [("full", tolerance), ("text", tolerance), ("half", 0.02)] {
        let engine = load(&format!("{name}.onnx"), |c| c.device = device).unwrap();
        let page = page(&expected);
        let window = window::windows(&page, &engine.bpe, 512, 128).remove(0);
        let pixels = engine.picture.map(|size| vec![1.0; 3 * size.height * size.width]).map(Arc::new);
        // A shorter window beside it: what is padded must change nothing.
        let mut short = window.clone();
        short.ids.truncate(9);
        short.boxes.truncate(9);
        let inputs = [short, window].map(|window| Input { window, pixels: pixels.clone() });
        let logits = engine.batcher.run(inputs.into()).unwrap().remove(1);
        let outputs = [
            ("logits", Some(&logits.ner)),
            ("table_logits", logits.table.as_ref()),
            ("cell_logits", logits.cell.as_ref()),
        ];
        for (output, scores) in outputs {
            let Some(rows) = expected["models"][name][output].as_array() else {
                assert!(scores.is_none());
                continue;
            };
            let want: Vec<f64> = rows.iter().flat_map(numbers).collect();
            let scores = scores.unwrap();
            assert_eq!(scores.values.len(), want.len());
            for (have, want) in scores.values.iter().zip(want) {
                assert!((f64::from(*have) - want).abs() < tolerance, "{name} {output}: {have} {want}");
            }
        }
    }
}

#[test]
fn labels_become_fields_and_rows() {
    if !runtime() {
        return;
    }
    let page = page(&expected());
    for model in ["full.onnx", "text.onnx", "half.onnx"] {
        let engine = load(model, |_| ()).unwrap();
        let found = engine.extract(&mut vec![page.clone()], &Wanted::default()).unwrap();
        let want = [("grand_total", "119.00"), ("invoice_number", "RE-4711"), ("issue_date", "2026-01-31")];
        assert_eq!(values(&found), BTreeMap::from(want), "{model}");
        let total = &found.fields["grand_total"];
        assert_eq!(
            (total.raw.as_deref(), total.page, total.engine.as_str()),
            (Some("119,00"), Some(1), "layoutlm")
        );
        assert!(total.confidence > 0.5 && total.bbox.is_some());
        let row = |i: usize| {
            let cells = found.line_items[i].iter().map(|(n, f)| (n.as_str(), f.value.as_str()));
            cells.collect::<BTreeMap<_, _>>()
        };
        // The head for cells knows quantities; without it the labels of the entities say what is a column.
        let mut first = BTreeMap::from([("description", "Widget blau"), ("line_total", "50.00")]);
        let mut second = BTreeMap::from([("description", "Schraube"), ("line_total", "69.00")]);
        if model == "full.onnx" {
            first.insert("quantity", "2");
            second.insert("quantity", "2");
        }
        assert_eq!((row(0), row(1), found.line_items.len()), (first, second, 2), "{model}");
    }
}

#[test]
fn a_long_page_is_read_in_windows_and_gives_the_same() {
    if !runtime() {
        return;
    }
    let mut long = page(&expected());
    let filler = Word { text: "Summe".into(), bbox: [40.0, 700.0, 80.0, 710.0], confidence: 1.0, line: 9 };
    long.words.extend(std::iter::repeat_n(filler, 600));
    let engine = load("text.onnx", |c| (c.window, c.stride, c.max_batch) = (48, 12, 4)).unwrap();
    let found = engine.extract(&mut vec![long], &Wanted::default()).unwrap();
    assert_eq!(values(&found)["invoice_number"], "RE-4711");
    assert_eq!(values(&found).len(), 3);
}

#[test]
fn fields_have_the_names_that_the_settings_say_and_only_those_that_are_wanted() {
    if !runtime() {
        return;
    }
    let engine = load("text.onnx", |c| {
        c.fields =
            BTreeMap::from([("GRAND_TOTAL".into(), "sum".into()), ("INVOICE_NUMBER".into(), "when".into())]);
    })
    .unwrap();
    let schema =
        br#"{"properties": {"sum": {"type": "number"}, "when": {"type": "string", "format": "date"}}}"#;
    let schema = Some(crate::schema::Schema::parse(schema).unwrap());
    let found =
        engine.extract(&mut vec![page(&expected())], &Wanted { schema, ..Wanted::default() }).unwrap();
    assert_eq!(values(&found), BTreeMap::from([("sum", "119.00")]));
    // `RE-4711` is no day.
    assert_eq!(found.problems[0].code, "INFER-0072");
    assert!(found.line_items.is_empty());
}

#[test]
fn models_that_cannot_be_used_say_why() {
    let code = |model: &str, change: fn(&mut LayoutLmConfig)| {
        let error = load(model, change).err().unwrap();
        assert_eq!(error.class(), Class::Fatal, "{error}");
        error.code().0
    };
    assert_eq!(code("text.onnx", |c| c.tokenizer = Some(data("config.json"))), "INFER-0061");
    assert_eq!(code("text.onnx", |c| c.labels = Some(data("expected.json"))), "INFER-0062");
    assert_eq!(code("text.onnx", |c| c.stride = 400), "INFER-0069");
    if !runtime() {
        return;
    }
    assert_eq!(code("other.onnx", |_| ()), "INFER-0060");
    assert_eq!(code("tokenizer.json", |_| ()), "ONNX-0002");
    if !cfg!(feature = "cuda") {
        assert_eq!(code("text.onnx", |c| c.device = docmill_onnx::Device::Cuda), "ONNX-0003");
    }
}

#[test]
fn runs_that_give_nothing_have_clear_codes() {
    if !runtime() {
        return;
    }
    let code = |engine: &LayoutLmExtractor| {
        engine.extract(&mut vec![page(&expected())], &Wanted::default()).unwrap_err().code().0
    };
    assert_eq!(code(&load("nan.onnx", |_| ()).unwrap()), "INFER-0063");
    assert_eq!(code(&load("full.onnx", |c| c.no_picture = NoPicture::Refuse).unwrap()), "INFER-0068");
    let folder = tempfile::tempdir().unwrap();
    let few = folder.path().join("labels.json");
    std::fs::write(&few, r#"["O", "B-X"]"#).unwrap();
    assert_eq!(code(&load("text.onnx", |c| c.labels = Some(few)).unwrap()), "INFER-0067");
}
