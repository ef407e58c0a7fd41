//! Development tool: reads words of pages as JSON lines, runs the extractors, writes results that the accuracy
//! script reads.
//!
//! `score_words WORDS.jsonl RESULTS.jsonl [--schema FILE] [--model FILE] [--xml] [--explain NAME]`, the model in the place of the
//! built-in one, where a line of WORDS is
//! `{"name": "a.pdf", "xml": "path", "pages": [{"width": 595, "height": 842, "source": "ocr", "words": [["a", [x0, y0, x1, y1], line, 0.99]]}]}`,
//! as in the cache of `docmill train`.

use docmill_contracts::{TextSource, Word};
use docmill_infer::extract::{Extractor, PageText, Wanted};
use docmill_infer::local::LocalExtractor;
use docmill_infer::local::model::Model;
use docmill_infer::schema::Schema;
use docmill_infer::{Config, xml};
use serde_json::{Value, json};
use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().collect();
    let after = |flag: &str| args.iter().position(|a| a == flag).and_then(|i| args.get(i + 1));
    let schema = match after("--schema") {
        Some(path) => Some(Schema::parse(&std::fs::read(path)?)?),
        None => None,
    };
    let wanted = Wanted { schema, ..Wanted::default() };
    let mut local = LocalExtractor::new(&Config::default());
    if let Some(path) = after("--model") {
        local = local.with_built_in(Model::from_bytes(&std::fs::read(path)?)?);
    }
    let mut out = std::fs::File::create(&args[2])?;
    let (mut pages_read, started) = (0, std::time::Instant::now());
    for line in std::fs::read_to_string(&args[1])?.lines() {
        let document: Value = serde_json::from_str(line)?;
        let name = document["name"].as_str().unwrap_or_default();
        let mut pages: Vec<PageText> = Vec::new();
        for (i, page) in document["pages"].as_array().into_iter().flatten().enumerate() {
            let number = |v: &Value| v.as_f64().unwrap_or_default() as f32;
            let words = page["words"].as_array().into_iter().flatten().map(|w| Word {
                text: w[0].as_str().unwrap_or_default().to_owned(),
                bbox: [0, 1, 2, 3].map(|k| number(&w[1][k])),
                confidence: w[3].as_f64().unwrap_or(1.0) as f32,
                line: w[2].as_u64().unwrap_or_default() as u32,
            });
            let source = if page["ocr"] == true || page["source"] == "ocr" {
                TextSource::Ocr
            } else {
                TextSource::TextLayer
            };
            let words = words.collect();
            let (width, height) = (number(&page["width"]), number(&page["height"]));
            pages.push(PageText { page_no: i32::try_from(i)? + 1, width, height, source, words });
        }
        if after("--explain").is_some_and(|d| name.starts_with(d.as_str())) {
            write!(std::io::stderr(), "{}", local.explain(&mut pages, &wanted)?)?;
        }
        let embedded = document["xml"].as_str().filter(|_| args.iter().any(|a| a == "--xml"));
        pages_read += pages.len();
        let found = match embedded {
            Some(path) => xml::extract(&std::fs::read(path)?)?,
            None => local.extract(&mut pages, &wanted)?,
        };
        let result = json!({"source": {"name": name}, "status": "accepted", "type": found.kind, "fields": found.fields,
            "line_items": found.line_items, "vat_breakdown": found.vat_breakdown});
        writeln!(out, "{result}")?;
    }
    let ms = started.elapsed().as_millis();
    writeln!(std::io::stderr(), "{pages_read} pages in {ms} ms")?;
    Ok(())
}
