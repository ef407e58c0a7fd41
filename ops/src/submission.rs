//! From a file to a submitted document: hash, blob, record.

use crate::OpsError;
use crate::inputs::Input;
use bytes::Bytes;
use clap::{Args, ValueEnum};
use docmill_blobs::{Blobs, MAX_BLOB_BYTES};
use docmill_contracts::{
    AccuracyMode, BlobRef, Codec, Contract, DocumentSubmitted, FORMAT_LAYOUT, FORMAT_MARKDOWN, Headers,
    Password, ProcessingOptions, TextLayerTrust, derive_document_id, headers,
};
use docmill_infer::local::categories::CategorySet;
use docmill_infer::local::{fields, model::Model};
use docmill_infer::schema::Schema;
use docmill_runtime::transport::OutRecord;
use sha2::{Digest, Sha256};
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Topic that documents are submitted to.
pub(crate) const TOPIC: &str = "documents.submitted";

/// Longest schema, model, category set or password.
const MAX_SIDE_BYTES: u64 = 64 * 1024 * 1024;

/// How documents are to be processed; the same flags wherever documents are handed over.
#[derive(Debug, Clone, Args)]
pub struct ProcessingArgs {
    /// Tenant that the documents belong to.
    #[arg(long, default_value = "default")]
    pub tenant: String,
    /// JSON Schema of the fields to extract, instead of the built-in business document.
    #[arg(long, value_name = "FILE")]
    pub schema: Option<PathBuf>,
    /// Model trained for the schema by `docmill train`.
    #[arg(long, value_name = "FILE")]
    pub model: Option<PathBuf>,
    /// Categories to classify by: a JSON file of names with descriptions or examples.
    #[arg(long, value_name = "FILE")]
    pub categories: Option<PathBuf>,
    /// Document type that is expected; a hint.
    #[arg(long, value_name = "TYPE")]
    pub type_hint: Option<String>,
    /// Read the pages even where an e-invoice is embedded.
    #[arg(long)]
    pub ignore_embedded_xml: bool,
    /// How much work a page is worth.
    #[arg(long, value_enum, default_value_t = Mode::Balanced)]
    pub accuracy_mode: Mode,
    /// How far a PDF's own text is believed.
    #[arg(long, value_enum, default_value_t = Trust::Trusted)]
    pub text_layer_trust: Trust,
    /// Formats of the results; JSON is always written.
    #[arg(long, value_enum, value_delimiter = ',')]
    pub formats: Vec<Format>,
    /// File with the password of encrypted PDFs, without line breaks at its end; - for standard input.
    #[arg(long, value_name = "FILE")]
    pub password_file: Option<PathBuf>,
}

/// [`AccuracyMode`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Mode {
    /// The cheapest engine alone.
    Fast,
    /// Dearer engines where the cheap one is unsure.
    Balanced,
    /// The best engines there are.
    Accurate,
}

/// [`TextLayerTrust`] on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Trust {
    /// A good text layer stands for its page.
    Trusted,
    /// A sample of its words is compared with what OCR reads.
    Sampled,
    /// Every page is read by OCR.
    Never,
}

/// Formats on the command line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum Format {
    /// The result.
    Json,
    /// The text with headings and tables, as Markdown.
    Markdown,
    /// Words, lines, blocks and tables with their places, as JSON.
    Layout,
}

/// How the documents of one command are processed.
#[derive(Debug, Clone)]
pub(crate) struct Order {
    /// Tenant.
    pub(crate) tenant: String,
    /// Options.
    pub(crate) options: ProcessingOptions,
}

impl Order {
    /// The usual options.
    pub(crate) fn plain(tenant: &str) -> Self {
        Self { tenant: tenant.to_owned(), options: ProcessingOptions::default() }
    }

    /// Options from the command line; files become blobs.
    pub(crate) async fn new(args: &ProcessingArgs, blobs: &Blobs) -> Result<Self, OpsError> {
        let mut formats = args.formats.clone();
        formats.sort();
        formats.dedup();
        let format = |f: Format| match f {
            Format::Json => None,
            Format::Markdown => Some(FORMAT_MARKDOWN.to_owned()),
            Format::Layout => Some(FORMAT_LAYOUT.to_owned()),
        };
        let options = ProcessingOptions {
            ignore_embedded_xml: args.ignore_embedded_xml,
            schema: checked(args.schema.as_deref(), "JSON Schema", blobs, |text| {
                docmill_validate::check_schema(text).map_err(|why| format!("the schema {why}"))
            })
            .await?,
            type_hint: args.type_hint.clone(),
            password: args.password_file.as_deref().map(password).transpose()?,
            accuracy_mode: match args.accuracy_mode {
                Mode::Fast => AccuracyMode::Fast,
                Mode::Balanced => AccuracyMode::Balanced,
                Mode::Accurate => AccuracyMode::Accurate,
            },
            text_layer_trust: match args.text_layer_trust {
                Trust::Trusted => TextLayerTrust::Trusted,
                Trust::Sampled => TextLayerTrust::Sampled,
                Trust::Never => TextLayerTrust::Never,
            },
            formats: formats.into_iter().filter_map(format).collect(),
            model: model_blob(args, blobs).await?,
            categories: checked(args.categories.as_deref(), "category set", blobs, |text| {
                CategorySet::parse(text).map(|_| ()).map_err(|e| e.to_string())
            })
            .await?,
        };
        Ok(Self { tenant: args.tenant.clone(), options })
    }

    /// The submission of a file whose bytes are named by `blob`.
    pub(crate) fn document(
        &self,
        input: &Input,
        blob: BlobRef,
        revision: i32,
        now_ms: i64,
    ) -> DocumentSubmitted {
        DocumentSubmitted {
            document_id: derive_document_id(&self.tenant, &input.name, &blob.sha256),
            tenant: self.tenant.clone(),
            name: input.name.clone(),
            media_type: None,
            inline: None,
            blob: Some(blob),
            revision,
            options: self.options.clone(),
            submitted_at: now_ms,
        }
    }
}

/// The bytes of a trained model as a blob; one for other fields than those that are asked for would find nothing.
async fn model_blob(args: &ProcessingArgs, blobs: &Blobs) -> Result<Option<BlobRef>, OpsError> {
    let Some(path) = args.model.as_deref() else { return Ok(None) };
    let wrong = |what: String| OpsError::Usage(vec![format!("{}: {what}", path.display())]);
    let bytes = read_small(path)?;
    let model = Model::from_bytes(&bytes).map_err(|e| wrong(e.to_string()))?;
    let names: Vec<String> = match args.schema.as_deref() {
        None => fields::built_in().into_iter().map(|want| want.name).collect(),
        Some(schema) => {
            let schema =
                Schema::parse(without_mark(&read_small(schema)?)).map_err(|e| wrong(e.to_string()))?;
            schema.fields.into_iter().map(|field| field.name).collect()
        }
    };
    if !names.iter().any(|name| model.scorer(name).is_some()) {
        return Err(wrong("the model was trained for other fields than those that are asked for".to_owned()));
    }
    Ok(Some(blobs.put(Bytes::from(bytes)).await?))
}

/// A text without the mark that some editors put before it.
fn without_mark(text: &[u8]) -> &[u8] {
    text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text)
}

/// The text of a JSON object as a blob, where `check` finds nothing wrong with it: who submits is told, not each document.
async fn checked(
    path: Option<&Path>,
    what: &str,
    blobs: &Blobs,
    check: impl Fn(&[u8]) -> Result<(), String>,
) -> Result<Option<BlobRef>, OpsError> {
    let Some(path) = path else { return Ok(None) };
    let wrong = |what: String| OpsError::Usage(vec![format!("{}: {what}", path.display())]);
    let text = read_small(path)?;
    let text = without_mark(&text).to_vec();
    match serde_json::from_slice::<serde_json::Value>(&text) {
        Ok(json) if json.is_object() => {}
        Ok(_) => return Err(wrong(format!("not a {what}: it must be an object"))),
        Err(e) => return Err(wrong(format!("not JSON: {e}"))),
    }
    check(&text).map_err(wrong)?;
    Ok(Some(blobs.put(Bytes::from(text)).await?))
}

/// A password, as the file or standard input has it.
pub(crate) fn password(path: &Path) -> Result<Password, OpsError> {
    let path = if path.as_os_str() == "-" { Path::new("/dev/stdin") } else { path };
    let text = String::from_utf8(read_small(path)?)
        .map_err(|_| OpsError::Usage(vec![format!("{}: a password is UTF-8", path.display())]))?;
    Ok(Password::new(text.trim_end_matches(['\r', '\n']).to_owned()))
}

/// Reads a file that the command line names; its length has a limit.
fn read_small(path: &Path) -> Result<Vec<u8>, OpsError> {
    let wrong = |what: String| OpsError::Usage(vec![format!("{}: {what}", path.display())]);
    let file = std::fs::File::open(path).map_err(|e| wrong(e.to_string()))?;
    let mut bytes = Vec::new();
    file.take(MAX_SIDE_BYTES + 1).read_to_end(&mut bytes).map_err(|e| wrong(e.to_string()))?;
    if bytes.len() as u64 > MAX_SIDE_BYTES {
        return Err(wrong(format!("longer than {MAX_SIDE_BYTES} bytes")));
    }
    Ok(bytes)
}

/// Hashes a file without holding it.
pub(crate) fn hash(input: &Input) -> Result<BlobRef, OpsError> {
    let failed = |e| OpsError::io("read", &input.path, e);
    let mut file = std::fs::File::open(&input.path).map_err(failed)?;
    let (mut hash, mut buffer, mut bytes) = (Sha256::new(), vec![0; 1 << 16], 0i64);
    loop {
        let n = file.read(&mut buffer).map_err(failed)?;
        if n == 0 {
            break;
        }
        hash.update(buffer.get(..n).unwrap_or_default());
        bytes += i64::try_from(n).unwrap_or(0);
    }
    let sha256 = hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        write!(hex, "{byte:02x}").ok();
        hex
    });
    Ok(BlobRef { sha256, bytes })
}

/// Stores a file's bytes under their name. A file too large for the store is not stored: ingest rejects it by its size
/// before it would read it.
pub(crate) async fn store(input: &Input, blob: &BlobRef, blobs: &Blobs) -> Result<(), OpsError> {
    if blob.bytes > MAX_BLOB_BYTES {
        return Ok(());
    }
    let bytes = tokio::fs::read(&input.path).await.map_err(|e| OpsError::io("read", &input.path, e))?;
    let stored = blobs.put(Bytes::from(bytes)).await?;
    if stored == *blob { Ok(()) } else { Err(OpsError::Changed(input.path.clone())) }
}

/// The record of a submission.
pub(crate) fn record(document: &DocumentSubmitted, codec: &Codec) -> Result<OutRecord, OpsError> {
    Ok(OutRecord {
        topic: Arc::from(TOPIC),
        partition: None,
        key: Some(Bytes::from(document.key())),
        value: Some(Bytes::from(codec.encode(document)?)),
        headers: Headers::new()
            .with(headers::DOCUMENT_ID, document.document_id.as_str())
            .with(headers::TENANT, document.tenant.as_str())
            .with(headers::CONTENT_TYPE, headers::AVRO),
    })
}
