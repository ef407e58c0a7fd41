//! The part of JSON Schema in which tenants say what is to be extracted.
//!
//! Owns which keywords are understood, and how nested properties become the flat names of a result: `seller.name` for the
//! property `name` of the object `seller`, rows for a list of objects. Knows nothing of pages. Rule: a schema that asks for
//! something that would be ignored is refused with the name of the keyword, so that nobody waits for values that cannot
//! come.

mod read;

use docmill_contracts::{Class, Classify, Code};
use serde_json::Value;
use thiserror::Error;

/// Most properties of a schema, those of its objects and rows included.
pub const MAX_FIELDS: usize = 100;

/// What a property's values look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueKind {
    /// `format: date`: a calendar day.
    Date,
    /// `type: number` or `integer`: an amount.
    Amount,
    /// `type: boolean`: yes or no, a box that is ticked or is not.
    Flag,
    /// Any other text: a number of a document, a name.
    Text,
}

/// One property that has a value of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaField {
    /// Name of the field in the result: that of the property, behind those of the objects around it and dots.
    pub name: String,
    /// Names of the properties on the way to it.
    pub path: Vec<String>,
    /// `title`, as it may stand on a page; behind that of the object around it.
    pub title: String,
    /// `description`.
    pub description: String,
    /// `x-aliases`: other labels that stand on pages.
    pub aliases: Vec<String>,
    /// What its values look like.
    pub kind: ValueKind,
    /// `type: integer`: no decimals.
    pub whole: bool,
    /// `enum` or `const`: the only values there are.
    pub allowed: Vec<String>,
    /// Whether it is among `required`, and so are all objects around it.
    pub required: bool,
}

/// A list of objects: the rows of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaRows {
    /// Names of the properties on the way to it.
    pub path: Vec<String>,
    /// `title`, or the property's name in words.
    pub title: String,
    /// `description`.
    pub description: String,
    /// Properties of each row.
    pub columns: Vec<SchemaField>,
    /// Whether it is among `required`.
    pub required: bool,
}

/// What a tenant wants of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Schema {
    /// `title`.
    pub title: String,
    /// Values in the order of the schema.
    pub fields: Vec<SchemaField>,
    /// The list of objects in it, if any; its rows are the `line_items` of a result.
    pub rows: Option<SchemaRows>,
}

/// Why a schema cannot be used.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum SchemaError {
    /// More bytes than are read.
    #[error("json schema of {bytes} bytes exceeds the limit of {limit} bytes")]
    TooLarge {
        /// Its length.
        bytes: i64,
        /// The limit.
        limit: i64,
    },
    /// Not JSON.
    #[error("json schema is not valid json: line {line}, column {column}")]
    Syntax {
        /// From 1.
        line: usize,
        /// From 1.
        column: usize,
    },
    /// A keyword that is not understood, or a value that it cannot have.
    #[error("json schema keyword `{keyword}` at `{place}` is not supported: {why}")]
    Keyword {
        /// The keyword.
        keyword: String,
        /// Property, or `#` for the schema itself.
        place: String,
        /// What is supported.
        why: &'static str,
    },
}

impl Classify for SchemaError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::TooLarge { .. } | Self::Syntax { .. } => "INFER-0006",
            Self::Keyword { .. } => "INFER-0007",
        })
    }
}

impl Schema {
    /// Reads a schema.
    pub fn parse(bytes: &[u8]) -> Result<Self, SchemaError> {
        let value: Value = serde_json::from_slice(bytes)
            .map_err(|e| SchemaError::Syntax { line: e.line(), column: e.column() })?;
        read::schema(&value)
    }

    /// A field by its name in the result.
    pub fn field(&self, name: &str) -> Option<&SchemaField> {
        self.fields.iter().find(|f| f.name == name)
    }
}
