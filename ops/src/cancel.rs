//! `docmill cancel`: asks the stages to stop working at a document, and waits for what becomes of it.
//!
//! Owns the request on documents.control and the wait for the result. What a stage does about it is its own business.

use crate::desk::{Desk, LogArgs, Name};
use crate::{OpsError, columns, ui};
use bytes::Bytes;
use clap::Args;
use docmill_contracts::{
    ControlAction, DocumentControl, DocumentResult, Headers, RecordKind, ResultStatus, headers,
};
use docmill_runtime::transport::{OutRecord, Read, ReadFrom, Reader};
use std::process::ExitCode;
use std::time::Duration;

/// Flags of `docmill cancel`.
#[derive(Debug, Args)]
pub struct CancelArgs {
    /// Which log.
    #[command(flatten)]
    pub log: LogArgs,
    /// Id of the document.
    #[arg(value_name = "DOCUMENT")]
    pub document: String,
    /// Its tenant; needed where two tenants have a document of that id.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Why, for the record.
    #[arg(long)]
    pub reason: Option<String>,
    /// Longest wait for its result, in seconds; 0 to wait for nothing.
    #[arg(long, default_value_t = 30, value_name = "SECONDS")]
    pub wait: u64,
}

/// What became of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It ended as cancelled.
    Cancelled,
    /// It had ended, or ended while the request was under way.
    TooLate(ResultStatus),
    /// The request stands; nothing has come of it yet.
    Asked,
}

/// Cancels. Exit code 0 when the document is cancelled, or the request was all that was asked for; else 1.
pub async fn run(args: CancelArgs) -> Result<ExitCode, OpsError> {
    let desk = Desk::open(&args.log, "docmill-cancel").await?;
    let (name, outcome) = cancel(&desk, &args).await?;
    let shown = format!("{} of {}", columns::printable(&name.document), columns::printable(&name.tenant));
    Ok(match outcome {
        Outcome::Cancelled => {
            ui::say(format_args!("{shown} is cancelled"));
            ExitCode::SUCCESS
        }
        Outcome::TooLate(status) => {
            let status = format!("{status:?}").to_lowercase();
            ui::say(format_args!("too late: {shown} has ended as {status}; its result stands"));
            ExitCode::FAILURE
        }
        Outcome::Asked if args.wait == 0 => {
            ui::say(format_args!("{shown} is to be cancelled"));
            ExitCode::SUCCESS
        }
        Outcome::Asked => {
            ui::say(format_args!(
                "{shown} is to be cancelled, but has no result after {} s; the request stands: the next stage that \
                 meets the document ends it (do the stages run? `docmill status`)",
                args.wait
            ));
            ExitCode::FAILURE
        }
    })
}

/// Writes the request where the document has not ended, and waits.
pub(crate) async fn cancel(desk: &Desk, args: &CancelArgs) -> Result<(Name, Outcome), OpsError> {
    let (name, known) = desk.one(&args.document, args.tenant.as_deref()).await?;
    if let Some((revision, status)) = known.outcome
        && revision >= known.revision
    {
        return Ok((name, Outcome::TooLate(status)));
    }
    let (Some(control), Some(results)) =
        (desk.topic_of(RecordKind::DocumentControl), desk.topic_of(RecordKind::DocumentResult))
    else {
        return Ok((name, Outcome::Asked));
    };
    // From before the request on, so that its answer cannot be missed.
    let mut reader = desk.log.reader(&results, ReadFrom::End).await?;
    let request = DocumentControl {
        document_id: name.document.clone(),
        tenant: name.tenant.clone(),
        action: ControlAction::Cancel,
        requested_at: desk.clock.now_ms(),
        reason: args.reason.clone(),
        // A revision that is submitted later is another matter.
        revision: known.revision,
    };
    let mut writer = desk.writer(&format!("cancel-{}", std::process::id())).await?;
    let headers = Headers::new()
        .with(headers::DOCUMENT_ID, name.document.as_str())
        .with(headers::TENANT, name.tenant.as_str())
        .with(headers::CONTENT_TYPE, headers::AVRO);
    writer
        .commit(vec![OutRecord {
            topic: control,
            partition: None,
            key: Some(Bytes::from(docmill_contracts::Contract::key(&request))),
            value: Some(Bytes::from(desk.codec.encode(&request)?)),
            headers,
        }])
        .await?;
    let wait = Duration::from_secs(args.wait);
    match tokio::time::timeout(wait, ended(desk, &mut *reader, &name, known.revision)).await {
        Ok(Ok(ResultStatus::Cancelled)) => Ok((name, Outcome::Cancelled)),
        Ok(Ok(status)) => Ok((name, Outcome::TooLate(status))),
        Ok(Err(e)) => Err(e),
        Err(_) => Ok((name, Outcome::Asked)),
    }
}

/// The outcome of the document's revision, once it is there.
async fn ended(
    desk: &Desk,
    reader: &mut dyn Reader,
    name: &Name,
    revision: i32,
) -> Result<ResultStatus, OpsError> {
    loop {
        let Read::Records { records, .. } = reader.next().await? else { continue };
        for record in records.iter().filter(|r| Name::of(&r.headers).is_none_or(|n| n == *name)) {
            let Some(value) = &record.value else { continue };
            let result = desk.read::<DocumentResult>(value).await?;
            let mine = |r: &DocumentResult| {
                r.document_id == name.document && r.tenant == name.tenant && r.revision >= revision
            };
            if let Some(result) = result.filter(mine) {
                return Ok(result.status);
            }
        }
    }
}

#[cfg(test)]
mod tests;
