//! Avro in Confluent framing: a zero byte, a big-endian schema id of four bytes, the datum.
//!
//! Encoding is schema-aware serde, with no intermediate value. Decoding reads with the writer's schema straight into
//! the Rust type, whose `serde` defaults stand for fields that an older writer did not know.

use crate::{Contract, PackedRules, PackedWords, RecordKind};
use apache_avro::{Schema, reader::datum::GenericDatumReader, writer::datum::GenericDatumWriter};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, RwLock};
use thiserror::Error;

/// Largest value that is decoded, in bytes. Bigger bytes belong into the blob store.
pub const MAX_VALUE_BYTES: usize = 8 * 1024 * 1024;

/// Which generation of the schemas this build writes on the embedded log. Raised with the next published version; this
/// one then joins [`RecordKind::released`].
const GENERATION: u32 = 3;

/// Bytes that are no record of ours, or a record that does not fit its schema.
#[derive(Debug, Error)]
pub enum CodecError {
    /// Too short, or the magic byte is not zero.
    #[error("value of {len} bytes is not framed Avro (a zero byte, then a schema id)")]
    NotFramed {
        /// Length of the value.
        len: usize,
    },
    /// Longer than [`MAX_VALUE_BYTES`].
    #[error("value of {len} bytes exceeds the limit of {MAX_VALUE_BYTES} bytes")]
    TooLarge {
        /// Length of the value.
        len: usize,
    },
    /// The catalog has no schema of that id; the caller may fetch it and try again.
    #[error("schema id {0} is unknown")]
    UnknownSchema(u32),
    /// The id names another record.
    #[error("schema id {id} is record {found}, expected {expected}")]
    OtherRecord {
        /// Schema id.
        id: u32,
        /// Record that the id names.
        found: String,
        /// Record that was expected.
        expected: &'static str,
    },
    /// The catalog has no id to write this record with.
    #[error("record {0} has no schema id: was it registered?")]
    Unregistered(&'static str),
    /// The datum does not follow its schema.
    #[error("cannot decode {record}: {source}")]
    Decode {
        /// Record name.
        record: &'static str,
        /// What apache-avro says.
        #[source]
        source: Box<apache_avro::Error>,
    },
    /// What stands behind the words of a page is no list of rules.
    #[error("{len} bytes behind the words of a page are no rules")]
    NoRules {
        /// Length of what stands there.
        len: usize,
    },
    /// The value does not fit its schema.
    #[error("cannot encode {record}: {source}")]
    Encode {
        /// Record name.
        record: &'static str,
        /// What apache-avro says.
        #[source]
        source: Box<apache_avro::Error>,
    },
    /// A schema that is not one.
    #[error("schema of {name} is invalid: {source}")]
    Schema {
        /// Record name or schema id.
        name: String,
        /// What apache-avro says.
        #[source]
        source: Box<apache_avro::Error>,
    },
}

/// A schema that records are written with.
#[derive(Debug)]
pub struct WriterSchema {
    schema: Schema,
    name: String,
}

impl WriterSchema {
    /// Parses a schema; `label` names it in errors.
    pub fn parse(label: &str, json: &str) -> Result<Self, CodecError> {
        let schema = Schema::parse_str(json)
            .map_err(|e| CodecError::Schema { name: label.to_owned(), source: Box::new(e) })?;
        let name = schema.name().map_or_else(String::new, |n| n.name().to_owned());
        Ok(Self { schema, name })
    }
}

/// Which id each record is written with, and which schema each known id is.
#[derive(Debug, Default)]
pub struct SchemaCatalog {
    ids: HashMap<RecordKind, u32>,
    by_id: RwLock<HashMap<u32, Arc<WriterSchema>>>,
}

impl SchemaCatalog {
    /// The catalog of the schemas this build was made with: for one process on the embedded log, whose records are
    /// never read by anyone else. Kinds are numbered from 1 in the order of [`RecordKind::ALL`]; the hundreds of an id
    /// are the generation of the schemas, so that a log that an older build wrote can be read.
    pub fn built_in() -> Result<Self, CodecError> {
        let mut catalog = Self::default();
        for (kind, id) in RecordKind::ALL.iter().zip(1..) {
            for (generation, json) in (0..).zip(kind.released()) {
                catalog.add(generation * 100 + id, json)?;
            }
            catalog.set(*kind, (GENERATION - 1) * 100 + id)?;
        }
        Ok(catalog)
    }

    /// Records that this build writes `kind` under `id`.
    pub fn set(&mut self, kind: RecordKind, id: u32) -> Result<(), CodecError> {
        self.ids.insert(kind, id);
        self.add(id, kind.schema_json())
    }

    /// Adds a schema that others write with.
    pub fn add(&self, id: u32, json: &str) -> Result<(), CodecError> {
        let schema = Arc::new(WriterSchema::parse(&format!("id {id}"), json)?);
        match self.by_id.write() {
            Ok(mut map) => map.insert(id, schema),
            Err(poisoned) => poisoned.into_inner().insert(id, schema),
        };
        Ok(())
    }

    /// Id that `kind` is written with.
    pub fn id(&self, kind: RecordKind) -> Option<u32> {
        self.ids.get(&kind).copied()
    }

    /// Whether the schema of an id is known.
    pub fn knows(&self, id: u32) -> bool {
        self.by_id(id).is_some()
    }

    fn by_id(&self, id: u32) -> Option<Arc<WriterSchema>> {
        match self.by_id.read() {
            Ok(map) => map.get(&id).cloned(),
            Err(poisoned) => poisoned.into_inner().get(&id).cloned(),
        }
    }
}

/// Encodes and decodes records. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Codec {
    catalog: Arc<SchemaCatalog>,
}

impl Codec {
    /// A codec over a catalog.
    pub fn new(catalog: Arc<SchemaCatalog>) -> Self {
        Self { catalog }
    }

    /// The catalog.
    pub fn catalog(&self) -> &SchemaCatalog {
        &self.catalog
    }

    /// The schema id a framed value was written with.
    pub fn schema_id(value: &[u8]) -> Result<u32, CodecError> {
        match value.split_first_chunk::<5>() {
            Some(([0, a, b, c, d], _)) => Ok(u32::from_be_bytes([*a, *b, *c, *d])),
            Some(_) | None => Err(CodecError::NotFramed { len: value.len() }),
        }
    }

    /// Frames and encodes a record.
    pub fn encode<T: Contract>(&self, record: &T) -> Result<Vec<u8>, CodecError> {
        let name = T::KIND.name();
        let id = self.catalog.id(T::KIND).ok_or(CodecError::Unregistered(name))?;
        let schema = self.catalog.by_id(id).ok_or(CodecError::UnknownSchema(id))?;
        let mut out = Vec::with_capacity(512);
        out.push(0);
        out.extend_from_slice(&id.to_be_bytes());
        write(&schema.schema, record, &mut out)
            .map_err(|e| CodecError::Encode { record: name, source: Box::new(e) })?;
        Ok(out)
    }

    /// Decodes a framed record. On [`CodecError::UnknownSchema`] the caller may add the schema and try again.
    pub fn decode<T: Contract>(&self, value: &[u8]) -> Result<T, CodecError> {
        if value.len() > MAX_VALUE_BYTES {
            return Err(CodecError::TooLarge { len: value.len() });
        }
        let id = Self::schema_id(value)?;
        let schema = self.catalog.by_id(id).ok_or(CodecError::UnknownSchema(id))?;
        let name = T::KIND.name();
        if schema.name != name {
            return Err(CodecError::OtherRecord { id, found: schema.name.clone(), expected: name });
        }
        read(&schema.schema, &mut value.get(5..).unwrap_or_default())
            .map_err(|e| CodecError::Decode { record: name, source: Box::new(e) })
    }

    /// Words and rules of a page as the bytes of a blob, for documents too long to carry them in records: the words as Avro
    /// datum, then the rules as they are packed.
    pub fn words_to_blob(words: &PackedWords, rules: &PackedRules) -> Result<Vec<u8>, CodecError> {
        let mut out = Vec::with_capacity(words.size() + rules.as_bytes().len() + 32);
        write(&words_schema()?.schema, words, &mut out)
            .map_err(|e| CodecError::Encode { record: "PackedWords", source: Box::new(e) })?;
        out.extend_from_slice(rules.as_bytes());
        Ok(out)
    }

    /// The words of such a blob.
    pub fn words_from_blob(bytes: &[u8]) -> Result<PackedWords, CodecError> {
        Self::page_from_blob(bytes).map(|(words, _)| words)
    }

    /// Words and rules of such a blob; of one that was written before there were rules, words and no rules.
    pub fn page_from_blob(mut bytes: &[u8]) -> Result<(PackedWords, PackedRules), CodecError> {
        let words = read(&words_schema()?.schema, &mut bytes)
            .map_err(|e| CodecError::Decode { record: "PackedWords", source: Box::new(e) })?;
        let rules = PackedRules::from_bytes(bytes).ok_or(CodecError::NoRules { len: bytes.len() })?;
        Ok((words, rules))
    }
}

fn words_schema() -> Result<&'static WriterSchema, CodecError> {
    static SCHEMA: OnceLock<WriterSchema> = OnceLock::new();
    if let Some(schema) = SCHEMA.get() {
        return Ok(schema);
    }
    let parsed = WriterSchema::parse(
        "PackedWords",
        r#"{"type":"record","name":"PackedWords","namespace":"docmill","fields":[
            {"name":"count","type":"int"},{"name":"text","type":"string"},{"name":"boxes","type":"bytes"},
            {"name":"confidence","type":"bytes"},{"name":"lines","type":"bytes"}]}"#,
    )?;
    Ok(SCHEMA.get_or_init(|| parsed))
}

fn write<T: serde::Serialize>(
    schema: &Schema,
    value: &T,
    out: &mut Vec<u8>,
) -> Result<(), apache_avro::Error> {
    GenericDatumWriter::builder(schema).human_readable(false).build()?.write_ser(out, value).map(drop)
}

fn read<T: serde::de::DeserializeOwned>(schema: &Schema, bytes: &mut &[u8]) -> Result<T, apache_avro::Error> {
    GenericDatumReader::builder(schema).human_readable(false).build()?.read_deser(bytes)
}
