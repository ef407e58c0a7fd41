use super::*;

#[test]
fn a_flat_schema_is_read() {
    use ValueKind::{Amount, Date, Flag, Text};
    let schema = Schema::parse(
        br#"{"title": "T", "type": "object", "required": ["a"], "properties": {
            "a": {"type": "string", "title": "A no", "x-aliases": ["Nr."]},
            "b": {"type": ["string", "null"], "format": "date"}, "c": {"type": "number", "minimum": 0},
            "d": {"type": "boolean"}, "e": {"const": "EUR"}, "f": {"enum": ["x", null]}}}"#,
    )
    .unwrap();
    let kinds: Vec<_> = schema.fields.iter().map(|f| (f.name.as_str(), f.kind, f.required)).collect();
    let want = [
        ("a", Text, true),
        ("b", Date, false),
        ("c", Amount, false),
        ("d", Flag, false),
        ("e", Text, false),
        ("f", Text, false),
    ];
    assert_eq!(kinds, want);
    assert_eq!(schema.fields[0].aliases, ["Nr."]);
    assert_eq!(
        (schema.fields[4].allowed.join(","), schema.fields[5].allowed.join(",")),
        ("EUR".into(), "x".into())
    );
}

#[test]
fn objects_become_dotted_names_and_a_list_of_objects_rows() {
    let schema = Schema::parse(
        br##"{"type": "object", "required": ["seller", "lines"], "$defs": {
            "party": {"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}, "vatId": {"type": "string", "title": "VAT id"}}}},
            "properties": {
            "seller": {"$ref": "#/$defs/party", "title": "Seller"},
            "buyer": {"anyOf": [{"$ref": "#/$defs/party"}, {"type": "null"}]},
            "header": {"type": "object", "properties": {"total": {"type": "number"}}},
            "lines": {"type": "array", "minItems": 1, "items": {"type": "object", "required": ["text"], "properties": {
                "text": {"type": "string"}, "price": {"type": "object", "properties": {"net": {"type": "number"}}}}}}}}"##,
    )
    .unwrap();
    let fields: Vec<_> =
        schema.fields.iter().map(|f| (f.name.as_str(), f.title.as_str(), f.required)).collect();
    let want = [
        ("seller.name", "Seller name", true),
        ("seller.vatId", "Seller VAT id", false),
        ("buyer.name", "buyer name", false),
        ("buyer.vatId", "buyer VAT id", false),
        ("header.total", "", false),
    ];
    assert_eq!(fields, want);
    assert_eq!(schema.fields[1].path, ["seller", "vatId"]);
    let rows = schema.rows.unwrap();
    let columns: Vec<_> = rows.columns.iter().map(|f| (f.name.as_str(), f.required)).collect();
    assert_eq!((rows.path.join("."), rows.required), ("lines".to_owned(), true));
    assert_eq!(columns, [("text", true), ("price.net", false)]);
}

#[test]
fn what_is_not_understood_is_named() {
    let error = |json: &str| Schema::parse(json.as_bytes()).unwrap_err().to_string();
    assert!(error(r#"{"$ref": "x"}"#).contains("`$ref` at `#`"));
    assert!(error(r##"{"$ref": "#"}"##).contains("never in a circle"));
    assert!(error(r#"{"properties": {"a": {"type": "array"}}}"#).contains("`items` at `a`"));
    assert!(
        error(r#"{"properties": {"a": {"type": "array", "items": {"type": "string"}}}}"#)
            .contains("`items` at `a`")
    );
    assert!(error(r#"{"properties": {"a": {"anyOf": []}}}"#).contains("`anyOf` at `a`"));
    assert!(error(r#"{"properties": {"a": {"if": {}}}}"#).contains("`if` at `a`"));
    assert!(error(r#"{"properties": {"a": {"type": ["string", "number"]}}}"#).contains("`type` at `a`"));
    assert!(error(r#"{"properties": {"a": {"properties": {"b": {"not": {}}}}}}"#).contains("`not` at `a.b`"));
    assert!(error(r#"{"properties": {}}"#).contains("`properties`"));
    assert!(error(r#"{"properties": {"a": {"x-aliases": [1]}}}"#).contains("`x-aliases` at `a`"));
    assert!(error("{").contains("line 1"));
    let rows = r#"{"type": "array", "items": {"properties": {"x": {}}}}"#;
    assert!(error(&format!(r#"{{"properties": {{"a": {rows}, "b": {rows}}}}}"#)).contains("`items` at `b`"));
    let circle = r##"{"$defs": {"n": {"properties": {"n": {"$ref": "#/$defs/n"}}}}, "$ref": "#/$defs/n"}"##;
    assert!(error(circle).contains("eight deep"));
}
