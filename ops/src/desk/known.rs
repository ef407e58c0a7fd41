//! What the log knows of documents: their highest revision and where they stand.
//!
//! Rule: a document is named by tenant and id, for two tenants may choose the same id.

use super::Desk;
use crate::OpsError;
use docmill_contracts::{
    Contract, DocumentResult, DocumentState, DocumentStatus, DocumentSubmitted, Headers, RecordKind,
    ResultStatus, headers,
};
use docmill_ingest::head_of;
use docmill_runtime::transport::{ReadFrom, Record};
use std::collections::BTreeMap;

/// Tenant and id of a document.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Name {
    pub(crate) tenant: String,
    pub(crate) document: String,
}

impl Name {
    pub(crate) fn new(tenant: &str, document: &str) -> Self {
        Self { tenant: tenant.to_owned(), document: document.to_owned() }
    }

    /// As the headers of a stage's record say it.
    pub(crate) fn of(headers: &Headers) -> Option<Self> {
        let document = headers.text(headers::DOCUMENT_ID).filter(|d| !d.is_empty())?;
        Some(Self::new(headers.text(headers::TENANT)?, document))
    }
}

/// Revision that the headers say.
pub(crate) fn revision_of(headers: &Headers) -> Option<i32> {
    headers.text(headers::REVISION)?.parse().ok()
}

/// What is known of one document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Known {
    /// Highest revision that anything says.
    pub(crate) revision: i32,
    /// Progress of the highest revision that has any.
    pub(crate) state: Option<(i32, DocumentState)>,
    /// Outcome of the highest revision that has one.
    pub(crate) outcome: Option<(i32, ResultStatus)>,
}

impl Known {
    fn seen(&mut self, revision: i32) {
        self.revision = self.revision.max(revision);
    }

    fn ended(&mut self, revision: i32, status: ResultStatus) {
        self.seen(revision);
        if self.outcome.is_none_or(|(r, _)| r <= revision) {
            self.outcome = Some((revision, status));
        }
    }
}

impl Desk {
    /// What submissions, status and results say of the documents that `wanted` wants.
    pub(crate) async fn known(
        &self,
        wanted: impl Fn(&Name) -> bool,
    ) -> Result<BTreeMap<Name, Known>, OpsError> {
        let mut known: BTreeMap<Name, Known> = BTreeMap::new();
        let topics = [RecordKind::DocumentSubmitted, RecordKind::DocumentStatus, RecordKind::DocumentResult];
        for (kind, topic) in topics.into_iter().filter_map(|k| Some((k, self.topic_of(k)?))) {
            let mut scan = self.scan(&topic, ReadFrom::Beginning).await?;
            while let Some((_, records)) = scan.next().await? {
                for record in records {
                    let Some(value) = &record.value else { continue };
                    let named = match kind {
                        RecordKind::DocumentSubmitted => self.submission_name(&record).await?,
                        _ => Name::of(&record.headers),
                    };
                    let Some(name) = named.filter(|n| wanted(n)) else { continue };
                    match kind {
                        RecordKind::DocumentSubmitted => {
                            if let Some(s) = self.read::<DocumentSubmitted>(value).await? {
                                known.entry(name).or_default().seen(s.revision());
                            }
                        }
                        RecordKind::DocumentStatus => {
                            if let Some(s) = self.read::<DocumentStatus>(value).await? {
                                let entry = known.entry(name).or_default();
                                entry.seen(s.revision);
                                if entry.state.is_none_or(|(r, _)| r <= s.revision) {
                                    entry.state = Some((s.revision, s.state));
                                }
                                if let Some(outcome) = s.outcome {
                                    entry.ended(s.revision, outcome);
                                }
                            }
                        }
                        _ => {
                            if let Some(r) = self.read::<DocumentResult>(value).await? {
                                known.entry(name).or_default().ended(r.revision, r.status);
                            }
                        }
                    }
                }
            }
        }
        Ok(known)
    }

    /// Whose submission a record is: ingest derives the id where the submitter gave none.
    pub(crate) async fn submission_name(&self, record: &Record) -> Result<Option<Name>, OpsError> {
        if let Some(name) = Name::of(&record.headers) {
            return Ok(Some(name));
        }
        let Some(value) = &record.value else { return Ok(None) };
        let submitted = self.read::<DocumentSubmitted>(value).await?;
        Ok(submitted.map(|s| Name::new(&s.tenant, &head_of(&s).document_id)))
    }

    /// The one document of that id; without a tenant, the log must know it of one tenant only.
    pub(crate) async fn one(&self, document: &str, tenant: Option<&str>) -> Result<(Name, Known), OpsError> {
        let found = self.known(|n| n.document == document && tenant.is_none_or(|t| n.tenant == t)).await?;
        if found.len() > 1 {
            let tenants = found.keys().map(|n| n.tenant.clone()).collect();
            return Err(OpsError::SeveralTenants { document: document.to_owned(), tenants });
        }
        found.into_iter().next().ok_or_else(|| OpsError::UnknownDocument { document: document.to_owned() })
    }
}
