//! The records, and what they have in common.

mod claim;
mod document;
mod page;
mod result;

pub use claim::*;
pub use document::*;
pub use page::*;
pub use result::*;

use serde::{Serialize, de::DeserializeOwned};

/// A type that travels on a topic.
pub trait Contract: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// Which record it is.
    const KIND: RecordKind;
    /// The record key, as Kafka partitions by it.
    fn key(&self) -> String;
    /// Document it is about.
    fn document_id(&self) -> &str;
    /// Revision of that document.
    fn revision(&self) -> i32;
    /// Tenant that owns the document.
    fn tenant(&self) -> &str;
}

macro_rules! records {
    ($($kind:ident, $schema:literal, key $key:expr, id $id:expr, revision $rev:expr, tenant $tenant:expr;)*) => {
        /// Every record kind of docmill.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum RecordKind { $(#[doc = concat!("`schemas/", $schema, ".avsc`")] $kind,)* }

        impl RecordKind {
            /// All kinds.
            pub const ALL: &'static [Self] = &[$(Self::$kind,)*];

            /// Name of the record in Avro, without its namespace `docmill`.
            pub fn name(self) -> &'static str {
                match self { $(Self::$kind => stringify!($kind),)* }
            }

            /// Name of the schema file without its ending; also the topic it is mainly for.
            pub fn schema_file(self) -> &'static str {
                match self { $(Self::$kind => $schema,)* }
            }

            /// The schema as JSON.
            pub fn schema_json(self) -> &'static str {
                match self {
                    $(Self::$kind => include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/", $schema, ".avsc")),)*
                }
            }

            /// The schemas of earlier generations, oldest first.
            pub(crate) fn released(self) -> [&'static str; 2] {
                match self {
                    $(Self::$kind => [
                        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/released/", $schema, ".v1.avsc")),
                        include_str!(concat!(env!("CARGO_MANIFEST_DIR"), "/../../schemas/released/", $schema, ".v2.avsc")),
                    ],)*
                }
            }

            /// The kind of that Avro name.
            pub fn by_name(name: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|k| k.name() == name)
            }
        }

        /// Any record, as stages emit them.
        #[derive(Debug, Clone, PartialEq)]
        pub enum AnyRecord { $(#[doc = concat!("A [`", stringify!($kind), "`].")] $kind(Box<$kind>),)* }

        impl AnyRecord {
            /// Which record it is.
            pub fn kind(&self) -> RecordKind { match self { $(Self::$kind(_) => RecordKind::$kind,)* } }
            /// Its key.
            pub fn key(&self) -> String { match self { $(Self::$kind(r) => r.key(),)* } }
            /// Document it is about.
            pub fn document_id(&self) -> &str { match self { $(Self::$kind(r) => r.document_id(),)* } }
            /// Revision of that document.
            pub fn revision(&self) -> i32 { match self { $(Self::$kind(r) => r.revision(),)* } }
            /// Tenant that owns it.
            pub fn tenant(&self) -> &str { match self { $(Self::$kind(r) => r.tenant(),)* } }
            /// Encodes it; see [`crate::Codec::encode`].
            pub fn encode(&self, codec: &crate::Codec) -> Result<Vec<u8>, crate::CodecError> {
                match self { $(Self::$kind(r) => codec.encode(r.as_ref()),)* }
            }
        }

        $(
            impl From<$kind> for AnyRecord { fn from(r: $kind) -> Self { Self::$kind(Box::new(r)) } }

            impl Contract for $kind {
                const KIND: RecordKind = RecordKind::$kind;
                fn key(&self) -> String { let f: fn(&$kind) -> String = $key; f(self) }
                fn document_id(&self) -> &str { let f: fn(&$kind) -> &str = $id; f(self) }
                fn revision(&self) -> i32 { let f: fn(&$kind) -> i32 = $rev; f(self) }
                fn tenant(&self) -> &str { let f: fn(&$kind) -> &str = $tenant; f(self) }
            }
        )*
    };
}

/// Key of all records about one document: tenants choose their documents' ids, so an id alone names none.
pub fn document_key(tenant: &str, document_id: &str) -> String {
    format!("{tenant}/{document_id}")
}

fn head_key(head: &DocumentHead) -> String {
    document_key(&head.tenant, &head.document_id)
}

fn page_key(head: &DocumentHead, page: i32) -> String {
    format!("{}/{page}", head_key(head))
}

records! {
    DocumentSubmitted, "documents.submitted", key |r| document_key(&r.tenant, if r.document_id.is_empty() { &r.name } else { &r.document_id }),
        id |r| &r.document_id, revision |r| r.revision, tenant |r| &r.tenant;
    DocumentAccepted, "documents.accepted", key |r| head_key(&r.head), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    PagesPlanned, "pages.planned", key |r| page_key(&r.head, r.first_page), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    PageRendered, "pages.rendered", key |r| page_key(&r.head, r.page.page_no), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    PageRecognized, "pages.recognized", key |r| head_key(&r.head), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    DocumentAssembled, "documents.assembled", key |r| head_key(&r.head), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    DocumentExtracted, "documents.extracted", key |r| head_key(&r.head), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    DocumentValidated, "documents.validated", key |r| head_key(&r.head), id |r| &r.head.document_id, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    DocumentResult, "results", key |r| document_key(&r.tenant, &r.document_id), id |r| &r.document_id, revision |r| r.revision, tenant |r| &r.tenant;
    DocumentStatus, "documents.status", key |r| document_key(&r.tenant, &r.document_id), id |r| &r.document_id, revision |r| r.revision, tenant |r| &r.tenant;
    DocumentControl, "documents.control", key |r| document_key(&r.tenant, &r.document_id), id |r| &r.document_id, revision |r| r.revision, tenant |r| &r.tenant;
    TenantConfig, "tenants", key |r| r.tenant.clone(), id |_| "", revision |_| 0, tenant |r| &r.tenant;
    GatherState, "gather.pages", key |r| r.head.as_ref().map(head_key).unwrap_or_default(), id |r| r.head.as_ref().map_or("", |h| h.document_id.as_str()),
        revision |r| r.revision, tenant |r| r.head.as_ref().map_or("", |h| h.tenant.as_str());
    DocumentClaimed, "documents.claimed", key |r| DocumentClaimed::key_of(&r.head.tenant, &r.claim.key),
        // A step that nobody waits for is about its key: lost, it is no document's outcome.
        id |r| if r.result.is_some() { &r.head.document_id } else { "" }, revision |r| r.head.revision, tenant |r| &r.head.tenant;
    ClaimState, "duplicates.claims", key |r| DocumentClaimed::key_of(&r.tenant, &r.key), id |_| "", revision |r| r.revision, tenant |r| &r.tenant;
}
