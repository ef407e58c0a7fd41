//! Records about documents that may be the same one twice: what a document claims, and who claimed it before.

use super::{DocumentHead, DocumentResult, Problem, ResultStatus, document_key};
use serde::{Deserialize, Serialize};

/// What is asked of the holder of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClaimKind {
    /// Has another document claimed this number and total? From now on this one has.
    Claim,
    /// A later revision of the document does not claim it any more.
    Withdraw,
    /// A later revision: what did earlier ones claim?
    Revise,
    /// The claims of a document's first revision, to be known when it is revised.
    Register,
}

/// Who made a document out and in which currency, so that it can be compared and tells nobody who it is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Party {
    /// Hash of the VAT id; 0 where none was read.
    pub vat_id: i64,
    /// Hashes of the words of the name, without legal forms, in order.
    pub name: Vec<i64>,
    /// ISO 4217 code of the total; empty where none was read.
    pub currency: String,
}

/// One step of a document through the keys that it claims.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is asked.
    pub kind: ClaimKind,
    /// What is claimed, or of which document claims are kept; a hash, so that no key tells what is on a document.
    pub key: String,
    /// First page of the part of the file that claims it; none for a file that is one document.
    pub page: Option<i32>,
    /// Who made the document out.
    pub party: Party,
}

/// A validated document on its way through the keys that it claims.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DocumentClaimed {
    /// The document.
    pub head: DocumentHead,
    /// The step that is next.
    pub claim: Claim,
    /// Steps after it.
    pub pending: Vec<Claim>,
    /// Everything that this revision claims.
    pub claims: Vec<String>,
    /// What becomes of the document where another one was there before.
    pub if_duplicate: ResultStatus,
    /// Why, where that is more than being a duplicate.
    pub reasons: Vec<Problem>,
    /// The result, as it is if no other document was there before; none for a step that nobody waits for.
    pub result: Option<DocumentResult>,
}

impl DocumentClaimed {
    /// Key of a step of a tenant, as its record and the state that it is about have it.
    pub fn key_of(tenant: &str, key: &str) -> String {
        document_key(tenant, key)
    }
}

/// A document that claims a key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claimant {
    /// Id.
    pub document_id: String,
    /// Its revision that claimed last.
    pub revision: i32,
    /// When it was submitted, milliseconds since 1970 UTC.
    pub submitted_at: i64,
    /// Who made it out.
    pub party: Party,
}

/// Who claims a key, or what a document claims (changelog of the worker `duplicates`, compacted).
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ClaimState {
    /// Tenant.
    pub tenant: String,
    /// The key.
    pub key: String,
    /// Who claims it, the first one first. Empty for a state about a document.
    pub claimants: Vec<Claimant>,
    /// What the document claims. Empty for a state about a claimed key.
    pub claims: Vec<String>,
    /// Revision of the document that claims it; 0 for a state about a claimed key.
    pub revision: i32,
    /// When something was claimed last, milliseconds since 1970 UTC.
    pub touched_at: i64,
}
