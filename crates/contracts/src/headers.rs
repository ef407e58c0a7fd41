//! Names of record headers, and the headers of one record.

/// Id of the document a record is about.
pub const DOCUMENT_ID: &str = "document-id";
/// Revision of the document, decimal.
pub const REVISION: &str = "revision";
/// Tenant that owns the document.
pub const TENANT: &str = "tenant";
/// W3C trace context, as in <https://www.w3.org/TR/trace-context/>.
pub const TRACEPARENT: &str = "traceparent";
/// Media type of the value.
pub const CONTENT_TYPE: &str = "content-type";
/// Value of [`CONTENT_TYPE`] for Avro in Confluent framing.
pub const AVRO: &str = "application/vnd.confluent.avro";
/// Worker that made the record.
pub const WORKER: &str = "docmill.worker";
/// Attempt of that worker that made it, from 1, decimal.
pub const ATTEMPT: &str = "docmill.attempt";
/// Record that it was made of, as `topic/partition/offset`.
pub const SOURCE: &str = "docmill.source";
/// Headers that a dead letter adds to the original ones.
pub mod dlq {
    /// Stable error code.
    pub const CODE: &str = "dlq.code";
    /// Error class.
    pub const CLASS: &str = "dlq.class";
    /// One line for a person.
    pub const MESSAGE: &str = "dlq.message";
    /// Worker that gave up.
    pub const STAGE: &str = "dlq.stage";
    /// Topic the record came from.
    pub const TOPIC: &str = "dlq.topic";
    /// Partition it came from.
    pub const PARTITION: &str = "dlq.partition";
    /// Offset it came from.
    pub const OFFSET: &str = "dlq.offset";
    /// Attempts made.
    pub const ATTEMPTS: &str = "dlq.attempts";
    /// When the worker first saw it, milliseconds since 1970 UTC.
    pub const FIRST_SEEN: &str = "dlq.first_seen";
}

/// Headers of a record, in order; names may repeat, as in Kafka.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Headers(Vec<(String, Vec<u8>)>);

impl Headers {
    /// No headers.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one header after the others.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) {
        self.0.push((name.into(), value.into()));
    }

    /// Adds one header after the others.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Vec<u8>>) -> Self {
        self.push(name, value);
        self
    }

    /// Value of the last header of that name.
    pub fn get(&self, name: &str) -> Option<&[u8]> {
        self.0.iter().rev().find(|(n, _)| n == name).map(|(_, v)| v.as_slice())
    }

    /// Value of the last header of that name, where it is UTF-8.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.get(name).and_then(|v| std::str::from_utf8(v).ok())
    }

    /// All headers in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.0.iter().map(|(n, v)| (n.as_str(), v.as_slice()))
    }

    /// Sum of the lengths of names and values in bytes.
    pub fn size(&self) -> usize {
        self.0.iter().map(|(n, v)| n.len() + v.len()).sum()
    }
}

impl FromIterator<(String, Vec<u8>)> for Headers {
    fn from_iter<I: IntoIterator<Item = (String, Vec<u8>)>>(iter: I) -> Self {
        Self(iter.into_iter().collect())
    }
}
