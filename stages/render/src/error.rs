//! What can go wrong in the render stage.

use crate::Config;
use crate::protocol::{Fault, Refusal};
use docmill_assets::AssetError;
use docmill_blobs::BlobError;
use docmill_contracts::{Class, Classify, Code, CodecError};
use docmill_sandbox::SandboxError;
use thiserror::Error;

/// What can go wrong in the render stage. `name` is the document's file name.
#[derive(Debug, Error)]
pub enum RenderError {
    /// A setting is out of its range.
    #[error("render configuration: {0}")]
    Config(&'static str),
    /// Nothing here reads such documents.
    #[error("{name}: documents of type {media_type} are not supported")]
    MediaType {
        /// The document.
        name: String,
        /// Its type.
        media_type: String,
    },
    /// A password is needed.
    #[error("{name} is encrypted and needs a password, and none was given")]
    Encrypted {
        /// The document.
        name: String,
    },
    /// It does not open with the password that was given.
    #[error("{name} is encrypted, and the password that was given does not open it")]
    WrongPassword {
        /// The document.
        name: String,
    },
    /// Damaged, truncated, or not what it says.
    #[error("{name} is damaged, truncated or not a {what}")]
    Unreadable {
        /// The document.
        name: String,
        /// What it should be.
        what: &'static str,
    },
    /// It has no page.
    #[error("{name} has no pages")]
    NoPages {
        /// The document.
        name: String,
    },
    /// Over the limit.
    #[error("{name} has {pages} pages, the limit is {limit}")]
    TooManyPages {
        /// The document.
        name: String,
        /// Pages it has, or says that it has.
        pages: u32,
        /// The limit.
        limit: u32,
    },
    /// Opening it killed or hung the decoder.
    #[error("{name} cannot be opened: {source}")]
    Open {
        /// The document.
        name: String,
        /// What happened to the decoder.
        #[source]
        source: SandboxError,
    },
    /// One page is damaged.
    #[error("{name}: page {page} is damaged and cannot be read")]
    Page {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
    },
    /// Over the limit.
    #[error("{name}: page {page} has {width} x {height} pixels, the limit is {limit} million")]
    TooManyPixels {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// Pixels.
        width: u32,
        /// Pixels.
        height: u32,
        /// Millions of pixels.
        limit: u32,
    },
    /// A way of storing pixels that is not supported.
    #[error("{name}: page {page} is stored as {format}, which is not supported")]
    Format {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// The compression or the colours.
        format: String,
    },
    /// Over the limit.
    #[error("{name}: page {page} holds more than {limit} characters")]
    TooMuchText {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// Characters.
        limit: u32,
    },
    /// Over the limit.
    #[error("{name}: page {page} is made of {objects} objects, the limit is {limit}")]
    TooManyObjects {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// Objects.
        objects: u32,
        /// The limit.
        limit: u32,
    },
    /// Reading a page killed or hung the decoder.
    #[error("{name}: page {page} cannot be read: {source}")]
    PageKilled {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// What happened to the decoder.
        #[source]
        source: SandboxError,
    },
    /// Pages before it took all the time of their range.
    #[error("{name}: page {page} was not read, as its range of pages took more than {seconds} s")]
    RangeTime {
        /// The document.
        name: String,
        /// From 1.
        page: i32,
        /// The limit in seconds.
        seconds: f32,
    },
    /// The child's reply makes no sense.
    #[error("{name}: the decoder's reply is not understood: {what}")]
    Reply {
        /// The document.
        name: String,
        /// What is wrong with it.
        what: &'static str,
    },
    /// Words that cannot be packed.
    #[error(transparent)]
    Words(#[from] CodecError),
    /// The sandbox cannot be used.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The blob store.
    #[error(transparent)]
    Blob(#[from] BlobError),
    /// PDFium cannot be had.
    #[error(transparent)]
    Asset(#[from] AssetError),
}

impl Classify for RenderError {
    fn class(&self) -> Class {
        match self {
            Self::Config(_) => Class::Fatal,
            Self::MediaType { .. }
            | Self::Encrypted { .. }
            | Self::WrongPassword { .. }
            | Self::Unreadable { .. }
            | Self::NoPages { .. }
            | Self::TooManyPages { .. }
            | Self::Page { .. }
            | Self::TooManyPixels { .. }
            | Self::Format { .. }
            | Self::TooMuchText { .. }
            | Self::TooManyObjects { .. }
            | Self::RangeTime { .. } => Class::Input,
            Self::Open { source, .. } | Self::PageKilled { source, .. } | Self::Sandbox(source) => {
                source.class()
            }
            Self::Reply { .. } | Self::Words(_) => Class::Internal,
            Self::Blob(source) => source.class(),
            Self::Asset(source) => source.class(),
        }
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Config(_) => "RENDER-0001",
            Self::MediaType { .. } => "RENDER-0002",
            Self::Encrypted { .. } => "RENDER-0003",
            Self::Unreadable { .. } => "RENDER-0004",
            Self::NoPages { .. } => "RENDER-0005",
            Self::TooManyPages { .. } => "RENDER-0006",
            Self::Page { .. } => "RENDER-0007",
            Self::TooManyPixels { .. } => "RENDER-0008",
            Self::Format { .. } => "RENDER-0009",
            Self::TooMuchText { .. } => "RENDER-0010",
            Self::RangeTime { .. } => "RENDER-0011",
            Self::Reply { .. } => "RENDER-0012",
            Self::Words(_) => "RENDER-0013",
            Self::WrongPassword { .. } => "RENDER-0014",
            Self::TooManyObjects { .. } => "RENDER-0015",
            Self::Open { source, .. } | Self::PageKilled { source, .. } | Self::Sandbox(source) => {
                return source.code();
            }
            Self::Blob(source) => return source.code(),
            Self::Asset(source) => return source.code(),
        })
    }
}

impl RenderError {
    /// Why the child would not take the document.
    pub(crate) fn refused(refusal: Refusal, name: &str, media_type: &str, max_pages: u32) -> Self {
        let name = name.to_owned();
        match refusal {
            Refusal::Encrypted => Self::Encrypted { name },
            Refusal::WrongPassword => Self::WrongPassword { name },
            Refusal::Unreadable => Self::Unreadable { name, what: what(media_type) },
            Refusal::NoPages => Self::NoPages { name },
            Refusal::TooManyPages { pages } => Self::TooManyPages { name, pages, limit: max_pages },
        }
    }

    /// Why the child could not read a page.
    pub(crate) fn faulty(fault: Fault, name: &str, page: i32, config: &Config) -> Self {
        let name = name.to_owned();
        match fault {
            Fault::Damaged => Self::Page { name, page },
            Fault::TooManyPixels { width, height } => {
                Self::TooManyPixels { name, page, width, height, limit: config.max_megapixels }
            }
            // The child has read the document, so that its text is not to be trusted either.
            Fault::Format { format } => {
                let format = format.chars().filter(|c| !c.is_control()).take(80).collect();
                Self::Format { name, page, format }
            }
            Fault::TooManyObjects { objects } => {
                Self::TooManyObjects { name, page, objects, limit: config.max_objects }
            }
            Fault::TooMuchText => Self::TooMuchText { name, page, limit: crate::protocol::MAX_CHARACTERS },
        }
    }
}

fn what(media_type: &str) -> &'static str {
    match media_type {
        "application/pdf" => "PDF",
        "image/png" => "PNG image",
        "image/jpeg" => "JPEG image",
        "image/tiff" => "TIFF image",
        "image/webp" => "WebP image",
        "image/bmp" => "BMP image",
        _ => "document of its type",
    }
}
