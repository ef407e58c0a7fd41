//! What a record is, so that it can be recognised whoever made it and however often.

use docmill_contracts::{
    Codec, DocumentAccepted, DocumentAssembled, DocumentResult, PageRecognized, PagesPlanned, headers,
};
use docmill_runtime::PART_MARK;
use docmill_runtime::transport::Record;
use std::fmt;

/// What a record is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Identity {
    Accepted {
        document: String,
        revision: i32,
        pages: i32,
    },
    Planned {
        document: String,
        revision: i32,
        first: i32,
        last: i32,
    },
    Page {
        document: String,
        revision: i32,
        page: i32,
    },
    State {
        document: String,
        revision: i32,
    },
    Assembled {
        document: String,
        revision: i32,
    },
    Result {
        document: String,
        revision: i32,
    },
    DeadLetter {
        topic: String,
        partition: i32,
        offset: i64,
    },
    /// No record of the flow, or one that says nothing that must be said once.
    Other,
}

impl fmt::Display for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted { document, revision, pages } => {
                write!(f, "accepted({document}.{revision} of {pages})")
            }
            Self::Planned { document, revision, first, last } => {
                write!(f, "planned({document}.{revision} {first}..{last})")
            }
            Self::Page { document, revision, page } => write!(f, "page({document}.{revision}/{page})"),
            Self::State { document, revision } => write!(f, "state({document}.{revision})"),
            Self::Assembled { document, revision } => write!(f, "assembled({document}.{revision})"),
            Self::Result { document, revision } => write!(f, "result({document}.{revision})"),
            Self::DeadLetter { topic, partition, offset } => write!(f, "dead({topic}-{partition}@{offset})"),
            Self::Other => f.write_str("other"),
        }
    }
}

/// What a record of a topic is.
pub(super) fn identify(codec: &Codec, topic: &str, record: &Record) -> Identity {
    let value = record.value.as_deref().unwrap_or_default();
    let found = match topic {
        "accepted" => codec.decode::<DocumentAccepted>(value).ok().map(|r| Identity::Accepted {
            pages: r.head.source.pages.unwrap_or(1),
            document: r.head.document_id,
            revision: r.head.revision,
        }),
        "planned" => codec.decode::<PagesPlanned>(value).ok().map(|r| Identity::Planned {
            document: r.head.document_id,
            revision: r.head.revision,
            first: r.first_page,
            last: r.last_page,
        }),
        "recognized" => codec.decode::<PageRecognized>(value).ok().map(|r| Identity::Page {
            document: r.head.document_id,
            revision: r.head.revision,
            page: r.page.page_no,
        }),
        "assembled" => codec
            .decode::<DocumentAssembled>(value)
            .ok()
            .map(|r| Identity::Assembled { document: r.head.document_id, revision: r.head.revision }),
        "results" => codec
            .decode::<DocumentResult>(value)
            .ok()
            .map(|r| Identity::Result { document: r.document_id, revision: r.revision }),
        "states" => state(record),
        "dlq" => letter(record),
        _ => None,
    };
    found.unwrap_or(Identity::Other)
}

/// By its key, `…/document/revision` and perhaps the name of a part: a tombstone has nothing else.
fn state(record: &Record) -> Option<Identity> {
    let key = std::str::from_utf8(record.key.as_deref()?).ok()?;
    let mut parts = key.split(PART_MARK).next()?.rsplit('/');
    let revision = parts.next()?.parse().ok()?;
    Some(Identity::State { document: parts.next()?.to_owned(), revision })
}

fn letter(record: &Record) -> Option<Identity> {
    Some(Identity::DeadLetter {
        topic: record.headers.text(headers::dlq::TOPIC)?.to_owned(),
        partition: record.headers.text(headers::dlq::PARTITION)?.parse().ok()?,
        offset: record.headers.text(headers::dlq::OFFSET)?.parse().ok()?,
    })
}
