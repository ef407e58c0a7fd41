//! The contracts between stages, and with the world: Avro records, ids, header names and the codec.
//!
//! Owns every type that travels on a topic, and [`Secret`] for what must never travel. Knows no broker, no topic and does no I/O.
//! Rule: a record's Rust type and its file in `schemas/` describe the same thing; a test holds them together.

pub mod codec;
pub mod error;
pub mod fuzz;
pub mod headers;
pub mod ids;
pub mod public;
pub mod record;
pub mod rules;
pub mod secret;
pub mod words;

pub use codec::{Codec, CodecError, SchemaCatalog, WriterSchema};
pub use error::{Class, Classify, Code, ErrorInfo};
pub use headers::Headers;
pub use ids::{BlobRef, content_sha256, derive_document_id};
pub use record::*;
pub use rules::{MAX_RULES, PackedRules, Rule};
pub use secret::Secret;
pub use words::{PackedWords, Word, WordsError};
