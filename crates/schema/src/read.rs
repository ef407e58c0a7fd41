//! Reads the keywords of a schema.
//!
//! Owns what each keyword may say. Rule: references stay inside the schema, and nothing is followed without end.

use crate::{MAX_FIELDS, Schema, SchemaError, SchemaField, SchemaRows, ValueKind};
use serde_json::{Map, Value};

/// Objects inside of objects, and references behind references.
const MAX_DEPTH: usize = 8;

/// Keywords that say nothing about how to find a value; validation of values is not infer's.
const HARMLESS: &[&str] = &[
    "$schema",
    "$id",
    "$comment",
    "$defs",
    "definitions",
    "title",
    "description",
    "examples",
    "default",
    "deprecated",
    "readOnly",
    "writeOnly",
    "nullable",
    "minLength",
    "maxLength",
    "pattern",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
];

/// Keywords by what a property is.
const OF_OBJECTS: &[&str] =
    &["type", "properties", "required", "additionalProperties", "minProperties", "maxProperties"];
const OF_LISTS: &[&str] = &["type", "items", "minItems", "maxItems", "uniqueItems"];
const OF_VALUES: &[&str] = &["type", "format", "enum", "const", "x-aliases"];

/// Names of objects that say nothing of what is in them.
const HOLLOW: &[&str] = &[
    "data",
    "details",
    "detail",
    "document",
    "fields",
    "general",
    "header",
    "info",
    "information",
    "main",
    "meta",
    "metadata",
    "values",
    "angaben",
    "daten",
    "kopf",
    "en tete",
    "informations",
];

/// An object of the schema with what it refers to put in its place.
type Node = Map<String, Value>;

/// Where a property stands.
#[derive(Clone)]
struct Place {
    path: Vec<String>,
    /// Title of the object around it.
    around: String,
    required: bool,
}

impl Place {
    fn name(&self) -> String {
        if self.path.is_empty() { "#".to_owned() } else { self.path.join(".") }
    }
}

struct Reader<'a> {
    root: &'a Value,
    fields: Vec<SchemaField>,
    rows: Option<SchemaRows>,
    /// Inside of the list of objects.
    in_rows: bool,
}

pub(crate) fn schema(root: &Value) -> Result<Schema, SchemaError> {
    let mut reader = Reader { root, fields: Vec::new(), rows: None, in_rows: false };
    let place = Place { path: Vec::new(), around: String::new(), required: true };
    if !root.is_object() {
        return Err(keyword("type", "#", "a schema is an object"));
    }
    let node = reader.resolved(root, &place.name(), 0)?;
    if node.get("type").is_some_and(|t| t != "object") {
        return Err(keyword("type", "#", "it must be `object`"));
    }
    reader.object(&node, &place, 0)?;
    if reader.fields.is_empty() && reader.rows.is_none() {
        return Err(keyword("properties", "#", "at least one property is needed"));
    }
    Ok(Schema { title: text(&node, "title"), fields: reader.fields, rows: reader.rows })
}

impl Reader<'_> {
    /// A property without references, and without the alternative that it is null.
    fn resolved(&self, value: &Value, place: &str, depth: usize) -> Result<Node, SchemaError> {
        let node =
            value.as_object().ok_or_else(|| keyword("properties", place, "a property is an object"))?;
        if depth > MAX_DEPTH {
            return Err(keyword("$ref", place, "references go eight deep at most, and never in a circle"));
        }
        let mut node = node.clone();
        let (word, inner) = if let Some(target) = node.remove("$ref") {
            let inside = target.as_str().and_then(|t| t.strip_prefix('#'));
            let found = inside.and_then(|at| self.root.pointer(at));
            let found = found.ok_or_else(|| keyword("$ref", place, "it must name a part of this schema"))?;
            ("$ref", found.clone())
        } else if let Some(word) = ["anyOf", "oneOf", "allOf"].into_iter().find(|w| node.contains_key(*w)) {
            let list = node.remove(word).unwrap_or_default();
            let is_null = |v: &&Value| v.get("type").is_some_and(|t| t == "null");
            let some: Vec<&Value> = list.as_array().into_iter().flatten().filter(|v| !is_null(v)).collect();
            let [only] = some[..] else {
                return Err(keyword(word, place, "one alternative, beside null, is read"));
            };
            (word, only.clone())
        } else {
            return Ok(node);
        };
        let mut whole = self.resolved(&inner, place, depth + 1)?;
        // What stands beside a reference says more of this property than what it refers to.
        for (name, value) in node {
            let harmless = HARMLESS.contains(&name.as_str()) || name.starts_with("x-");
            if !harmless && whole.get(&name).is_some_and(|v| *v != value) {
                return Err(keyword(word, place, "what stands beside it says something else"));
            }
            whole.insert(name, value);
        }
        Ok(whole)
    }

    fn object(&mut self, node: &Node, place: &Place, depth: usize) -> Result<(), SchemaError> {
        let name = place.name();
        if depth > MAX_DEPTH {
            return Err(keyword("properties", &name, "objects go eight deep at most"));
        }
        let why = if place.path.is_empty() {
            "of an object its properties are read"
        } else {
            "of an object in an object its properties are read"
        };
        known(node, OF_OBJECTS, &name, why)?;
        let properties = node.get("properties").and_then(Value::as_object).filter(|p| !p.is_empty());
        let properties =
            properties.ok_or_else(|| keyword("properties", &name, "at least one property is needed"))?;
        let required = strings(node.get("required"), "required", &name)?;
        for (own, value) in properties {
            let mut path = place.path.clone();
            path.push(own.clone());
            let required = place.required && required.contains(own);
            let place = Place { path, around: place.around.clone(), required };
            self.property(value, &place, depth + 1)?;
        }
        Ok(())
    }

    fn property(&mut self, value: &Value, place: &Place, depth: usize) -> Result<(), SchemaError> {
        let name = place.name();
        let node = self.resolved(value, &name, 0)?;
        let types = types(&node);
        match types.as_slice() {
            ["object"] => {
                let around = Place { around: heading(&node, place), ..place.clone() };
                self.object(&node, &around, depth)
            }
            ["array"] => self.list(&node, place, depth),
            _ => {
                let field = field(&node, place, &types)?;
                if self.fields.len() >= MAX_FIELDS {
                    return Err(keyword("properties", "#", "at most 100 properties are read"));
                }
                self.fields.push(field);
                Ok(())
            }
        }
    }

    fn list(&mut self, node: &Node, place: &Place, depth: usize) -> Result<(), SchemaError> {
        let name = place.name();
        known(node, OF_LISTS, &name, "of a list its items are read")?;
        let items = node.get("items").ok_or_else(|| keyword("items", &name, "a list needs its items"))?;
        let items = self.resolved(items, &name, 0)?;
        if types(&items) != ["object"] {
            return Err(keyword(
                "items",
                &name,
                "a list of objects is read, as rows; not one of single values",
            ));
        }
        if self.in_rows {
            return Err(keyword("items", &name, "a list inside of a list is not read"));
        }
        if self.rows.is_some() {
            return Err(keyword("items", &name, "one list of objects is read, as rows"));
        }
        let mut columns = Reader { root: self.root, fields: Vec::new(), rows: None, in_rows: true };
        let inside = Place { path: Vec::new(), around: String::new(), required: true };
        columns.object(&items, &inside, depth + 1)?;
        if self.fields.len() + columns.fields.len() > MAX_FIELDS {
            return Err(keyword("properties", "#", "at most 100 properties are read"));
        }
        self.rows = Some(SchemaRows {
            path: place.path.clone(),
            title: title(node, place),
            description: text(node, "description"),
            columns: columns.fields,
            required: place.required,
        });
        Ok(())
    }
}

/// `["string", "null"]` is a way to say that a value may be missing; without a type the other keywords tell.
fn types(node: &Node) -> Vec<&str> {
    match node.get("type") {
        None if node.contains_key("properties") => vec!["object"],
        None if node.contains_key("items") => vec!["array"],
        None => vec!["string"],
        Some(Value::String(one)) => vec![one.as_str()],
        Some(Value::Array(many)) => many.iter().filter_map(Value::as_str).filter(|t| *t != "null").collect(),
        Some(_) => Vec::new(),
    }
}

fn field(node: &Node, place: &Place, types: &[&str]) -> Result<SchemaField, SchemaError> {
    let name = place.name();
    known(node, OF_VALUES, &name, "of a value its type, format, enum, const and x-aliases are read")?;
    let kind = match (types, text(node, "format").as_str()) {
        (["string"], "date" | "date-time") => ValueKind::Date,
        (["string"], _) => ValueKind::Text,
        (["number" | "integer"], _) => ValueKind::Amount,
        (["boolean"], _) => ValueKind::Flag,
        _ => {
            return Err(keyword(
                "type",
                &name,
                "it must be string, number, integer, boolean, object or array",
            ));
        }
    };
    let mut allowed = strings(node.get("enum"), "enum", &name)?;
    if let Some(only) = node.get("const") {
        let only = only.as_str().ok_or_else(|| keyword("const", &name, "it must be a text"))?;
        allowed = vec![only.to_owned()];
    }
    Ok(SchemaField {
        title: title(node, place),
        name,
        path: place.path.clone(),
        description: text(node, "description"),
        aliases: strings(node.get("x-aliases"), "x-aliases", &place.name())?,
        kind,
        whole: types == ["integer"],
        allowed,
        required: place.required,
    })
}

/// What a property is called, behind what the object around it is called: `Seller` `Name`.
fn title(node: &Node, place: &Place) -> String {
    let own = text(node, "title");
    if place.around.is_empty() {
        return own;
    }
    let own = if own.is_empty() { worded(place.path.last()) } else { own };
    let said = own.to_lowercase();
    let missing = place.around.split(' ').any(|w| !said.contains(&w.to_lowercase()));
    if missing { format!("{} {own}", place.around) } else { own }
}

/// What an object is called, with the objects around it; nothing where that says nothing.
fn heading(node: &Node, place: &Place) -> String {
    let own = text(node, "title");
    let own = if own.is_empty() { worded(place.path.last()) } else { own };
    if HOLLOW.contains(&own.to_lowercase().as_str()) {
        return place.around.clone();
    }
    if place.around.is_empty() { own } else { format!("{} {own}", place.around) }
}

/// A property's name in words: `grossWeight`, `gross_weight`.
fn worded(name: Option<&String>) -> String {
    let mut out = String::new();
    let mut lower = false;
    for c in name.map(String::as_str).unwrap_or_default().chars() {
        if c.is_uppercase() && lower {
            out.push(' ');
        }
        lower = c.is_lowercase();
        if matches!(c, '_' | '-' | '.') { out.push(' ') } else { out.extend(c.to_lowercase()) }
    }
    out
}

fn known(node: &Node, words: &[&str], place: &str, why: &'static str) -> Result<(), SchemaError> {
    let known = |w: &str| words.contains(&w) || HARMLESS.contains(&w) || w.starts_with("x-");
    match node.keys().find(|w| !known(w)) {
        Some(word) => Err(keyword(word, place, why)),
        None => Ok(()),
    }
}

fn text(object: &Node, name: &str) -> String {
    object.get(name).and_then(Value::as_str).unwrap_or_default().chars().take(1000).collect()
}

/// A list of texts; null among them says that a value may be missing.
fn strings(value: Option<&Value>, word: &str, place: &str) -> Result<Vec<String>, SchemaError> {
    let wrong = || keyword(word, place, "it must be a list of at most 100 strings");
    let Some(value) = value else { return Ok(Vec::new()) };
    let list = value.as_array().filter(|l| l.len() <= 100).ok_or_else(wrong)?;
    list.iter().filter(|v| !v.is_null()).map(|v| v.as_str().map(str::to_owned).ok_or_else(wrong)).collect()
}

fn keyword(keyword: &str, place: &str, why: &'static str) -> SchemaError {
    let short = |s: &str| s.chars().filter(|c| !c.is_control()).take(80).collect();
    SchemaError::Keyword { keyword: short(keyword), place: short(place), why }
}

#[cfg(test)]
mod tests;
