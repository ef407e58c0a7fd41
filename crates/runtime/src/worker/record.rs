//! One record on its way through a worker: decoded once, and finished.

use super::SchemaSource;
use crate::driver::{Outcome, Ticket};
use crate::telemetry::About;
use crate::transport::{OutRecord, Record};
use docmill_contracts::{Class, Codec, CodecError, Contract, ErrorInfo};
use tokio::sync::mpsc;

/// A record, decoded once.
pub(super) struct Delivery<In> {
    pub(super) partition: i32,
    pub(super) record: Record,
    pub(super) input: Result<In, ErrorInfo>,
}

impl<In> Delivery<In> {
    pub(super) fn about(&self, worker: &'static str, ticket: Ticket) -> About<'_> {
        About {
            worker,
            headers: &self.record.headers,
            partition: self.partition,
            offset: self.record.offset,
            attempt: ticket.attempt,
        }
    }
}

/// An attempt that ended.
pub(super) struct Finished {
    pub(super) ticket: Ticket,
    pub(super) outcome: Outcome<Vec<OutRecord>>,
    pub(super) bytes: usize,
}

impl Finished {
    pub(super) fn deferred(ticket: Ticket, wait_ms: u64) -> Self {
        Self { ticket, outcome: Outcome::Deferred(i64::try_from(wait_ms).unwrap_or(i64::MAX / 2)), bytes: 0 }
    }

    pub(super) fn of(ticket: Ticket, result: Result<Vec<OutRecord>, ErrorInfo>) -> Self {
        match result {
            Ok(records) => {
                let bytes = records.iter().map(OutRecord::size).sum();
                Self { ticket, outcome: Outcome::Done(records), bytes }
            }
            Err(error) => Self { ticket, outcome: Outcome::Failed(error), bytes: 0 },
        }
    }
}

pub(super) type Done = mpsc::Sender<Finished>;

/// Decodes a record, fetching its schema where it is new.
pub async fn decode<T: Contract>(
    codec: &Codec,
    schemas: &dyn SchemaSource,
    value: &[u8],
) -> Result<T, ErrorInfo> {
    let failed = |class, message| ErrorInfo {
        code: "RUNTIME-0007".into(),
        class,
        message,
        stage: "runtime".into(),
        page: None,
    };
    match codec.decode::<T>(value) {
        Ok(record) => Ok(record),
        Err(CodecError::UnknownSchema(id)) => {
            let json =
                schemas.fetch(id).await.map_err(|e| failed(e.class(), format!("schema id {id}: {e}")))?;
            codec.catalog().add(id, &json).map_err(|e| failed(Class::Input, e.to_string()))?;
            codec.decode(value).map_err(|e| failed(Class::Input, e.to_string()))
        }
        Err(e) => Err(failed(Class::Input, e.to_string())),
    }
}
