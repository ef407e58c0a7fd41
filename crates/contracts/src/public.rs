//! The documented JSON of single values, and of the rows of an item table as lines of JSON.
//!
//! Owns how a value looks outside. Knows no file and no store. Rule: what is read back of a line is the row that was
//! written, but for places, which are kept to a hundredth of a point.

use crate::{Field, Fields, Reading};
use serde::Deserialize;
use serde_json::{Map, Number, Value, json};
use std::collections::BTreeMap;

/// Names in rows of the item table in the order in which they are written.
pub const ROW_ORDER: &[&str] =
    &["description", "quantity", "unit", "unit_price", "line_total", "vat_rate", "article_no"];

/// A row as one line of JSON, its line feed included.
pub fn row_line(row: &Fields) -> String {
    let mut line = fields(row, ROW_ORDER).to_string();
    line.push('\n');
    line
}

/// The row of such a line.
pub fn row_of_line(line: &[u8]) -> Result<Fields, serde_json::Error> {
    let row: BTreeMap<String, Written> = serde_json::from_slice(line)?;
    Ok(row.into_iter().map(|(name, field)| (name, field.read())).collect())
}

/// A value as it is written: of a confidence that is no number, JSON has null.
#[derive(Deserialize)]
struct Written {
    value: String,
    raw: Option<String>,
    confidence: Option<f64>,
    page: Option<i32>,
    #[serde(rename = "box")]
    bbox: Option<Vec<f64>>,
    engine: String,
    model_version: String,
    /// Of other readings there are none below the first level.
    #[serde(default)]
    other_readings: Vec<Written>,
}

impl Written {
    fn read(self) -> Field {
        let reading = |other: Self| Reading {
            value: other.value,
            raw: other.raw,
            confidence: other.confidence.unwrap_or(f64::NAN),
            page: other.page,
            bbox: other.bbox,
            engine: other.engine,
            model_version: other.model_version,
        };
        Field {
            value: self.value,
            raw: self.raw,
            confidence: self.confidence.unwrap_or(f64::NAN),
            page: self.page,
            bbox: self.bbox,
            engine: self.engine,
            model_version: self.model_version,
            other_readings: self.other_readings.into_iter().map(reading).collect(),
        }
    }
}

/// Values by name: those of `order` first, in that order, then the others by name.
pub fn fields(fields: &Fields, order: &[&str]) -> Value {
    let mut object = Map::new();
    let known = order.iter().filter_map(|name| fields.get_key_value(*name));
    let others = fields.iter().filter(|(name, _)| !order.contains(&name.as_str()));
    for (name, value) in known.chain(others) {
        object.insert(name.clone(), field(value));
    }
    Value::Object(object)
}

fn field(field: &Field) -> Value {
    json!({
        "value": field.value,
        "raw": field.raw,
        "confidence": number(field.confidence),
        "page": field.page,
        "box": bbox(field.bbox.as_deref()),
        "engine": field.engine,
        "model_version": field.model_version,
        "other_readings": field.other_readings.iter().map(reading).collect::<Vec<_>>(),
    })
}

fn reading(reading: &Reading) -> Value {
    json!({
        "value": reading.value,
        "raw": reading.raw,
        "confidence": number(reading.confidence),
        "page": reading.page,
        "box": bbox(reading.bbox.as_deref()),
        "engine": reading.engine,
        "model_version": reading.model_version,
    })
}

fn bbox(bbox: Option<&[f64]>) -> Option<Vec<Value>> {
    // A hundredth of a point is far below what any engine can tell.
    bbox.map(|corners| corners.iter().map(|corner| number((corner * 100.0).round() / 100.0)).collect())
}

/// A number without a useless fraction; null where JSON has none.
pub fn number(value: f64) -> Value {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if value.fract() == 0.0 && value.abs() < EXACT {
        return Value::from(value as i64);
    }
    Number::from_f64(value).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(value: &str, confidence: f64) -> Field {
        let reading = Reading {
            value: "2".into(),
            raw: None,
            confidence: 0.25,
            page: None,
            bbox: Some(vec![1.0, 2.5, 3.0, 4.0]),
            engine: "xml".into(),
            model_version: "1".into(),
        };
        Field {
            value: value.into(),
            raw: Some("a\n\"b\"\u{2028}".into()),
            confidence,
            page: Some(3),
            bbox: Some(vec![1.0, 2.25, 3.0, 4.0]),
            engine: "local".into(),
            model_version: "1".into(),
            other_readings: vec![reading],
        }
    }

    #[test]
    fn a_row_is_one_line_and_comes_back_as_it_was() {
        let row = BTreeMap::from([
            ("line_total".to_owned(), one("573.00", 1.0)),
            ("description".to_owned(), one("two\nlines", 0.125)),
            ("colour".to_owned(), Field { raw: None, page: None, bbox: None, ..one("", 0.0) }),
        ]);
        let line = row_line(&row);
        assert_eq!(line.matches('\n').count(), 1);
        assert!(line.starts_with(r#"{"description":{"value":"two\nlines""#), "{line}");
        assert_eq!(row_of_line(line.as_bytes()).unwrap(), row);
    }

    #[test]
    fn numbers_are_as_short_as_they_are() {
        for (value, want) in [(0.98, "0.98"), (1.0, "1"), (-3.0, "-3"), (0.0, "0")] {
            assert_eq!(number(value).to_string(), want);
        }
        assert_eq!(number(f64::NAN), Value::Null);
    }

    #[test]
    fn a_confidence_that_is_no_number_stays_one() {
        let row = BTreeMap::from([("quantity".to_owned(), one("1", f64::NAN))]);
        assert!(row_of_line(row_line(&row).as_bytes()).unwrap()["quantity"].confidence.is_nan());
    }
}
