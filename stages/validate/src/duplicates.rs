//! Worker `duplicates`: has another document the same seller, number and total?
//!
//! Owns who claims what. Knows nothing of how values were read or when a document may be accepted: validate has decided
//! what becomes of a document in either case. Rule: of the documents that claim the same, each but the first is told
//! of one before it, and a document is never its own duplicate, whatever its revision.

mod claims;
mod party;

pub(crate) use claims::{Claimed, claimed};

use crate::Config;
use crate::error::code;
use docmill_contracts::{
    Claim, ClaimKind, ClaimState, Claimant, Contract, DocumentClaimed, DocumentValidated, ErrorInfo, Party,
    Problem, ResultStatus, Severity,
};
use docmill_runtime::{Gather, Outputs, Part, Step, Unreadable};
use jiff::Timestamp;

/// Documents remembered for one number and total: sellers that share them, and their duplicates.
const MOST_CLAIMANTS: usize = 64;

/// Leads documents through the keys that they claim.
#[derive(Debug, Clone)]
pub struct Duplicates {
    remembered_ms: i64,
}

impl Duplicates {
    /// With the settings of the stage.
    pub fn new(config: &Config) -> Self {
        Self { remembered_ms: i64::from(config.duplicates_within_days) * 24 * 60 * 60 * 1000 }
    }

    /// Takes a claim; says whose it was before.
    fn claim(state: &mut ClaimState, input: &DocumentClaimed, now_ms: i64) -> Option<Claimant> {
        let (head, claim) = (&input.head, &input.claim);
        let mine = |c: &Claimant| c.document_id == head.document_id;
        // Read under another name than before it is one more of those who claim the same, and the last of them.
        state
            .claimants
            .retain(|c| !mine(c) || c.revision > head.revision || party::same(&claim.party, &c.party));
        let place = state.claimants.iter().position(mine);
        let before = place.unwrap_or(state.claimants.len());
        let found = state.claimants[..before].iter().find(|c| party::same(&claim.party, &c.party)).cloned();
        if found.is_some() && input.if_duplicate == ResultStatus::Rejected {
            return found;
        }
        state.touched_at = now_ms;
        let claimant = Claimant {
            document_id: head.document_id.clone(),
            revision: head.revision,
            submitted_at: head.submitted_at,
            party: claim.party.clone(),
        };
        let known = &mut state.claimants;
        match place {
            Some(place) if known[place].revision > head.revision => {}
            Some(place) => known[place] = Claimant { submitted_at: known[place].submitted_at, ..claimant },
            None if known.len() < MOST_CLAIMANTS => known.push(claimant),
            // Whoever is told of one before is no loss.
            None if found.is_some() => {}
            None => {
                known.remove(0);
                known.push(claimant);
            }
        }
        found
    }

    /// Keeps what a revision claims; says what an earlier one claimed and this one does not.
    fn revise(state: &mut ClaimState, input: &DocumentClaimed, now_ms: i64) -> Vec<String> {
        if input.head.revision < state.revision {
            return Vec::new();
        }
        state.revision = input.head.revision;
        state.touched_at = now_ms;
        let mut old = std::mem::replace(&mut state.claims, input.claims.clone());
        old.retain(|key| !input.claims.contains(key));
        old
    }
}

/// A document on its way to the sinks, past the keys that it claims. A later revision first asks what the earlier ones
/// claimed.
pub fn ask(
    validated: DocumentValidated,
    mut claims: Vec<Claim>,
    if_duplicate: ResultStatus,
    reasons: Vec<Problem>,
) -> Outputs {
    let DocumentValidated { head, result } = validated;
    let keys = claims.iter().map(|c| c.key.clone()).collect();
    if head.revision > 1 {
        let (kind, key) = (ClaimKind::Revise, claims::of_document(&head.document_id));
        claims.insert(0, Claim { kind, key, page: None, party: Party::default() });
    }
    if claims.is_empty() {
        return Outputs::one(DocumentValidated { head, result });
    }
    let claim = claims.remove(0);
    let result = Some(result);
    Outputs::one(DocumentClaimed {
        head,
        claim,
        pending: claims,
        claims: keys,
        if_duplicate,
        reasons,
        result,
    })
}

/// The same document, one step on; its result where there is none.
fn go_on(mut input: DocumentClaimed, now_ms: i64) -> Outputs {
    let Some(mut result) = input.result.take() else { return Outputs::none() };
    if !input.pending.is_empty() {
        input.claim = input.pending.remove(0);
        return Outputs::one(DocumentClaimed { result: Some(result), ..input });
    }
    result.trace.finished_at = now_ms;
    let mut outputs = Outputs::none();
    // Nobody waits for this: a second revision is not taken up before the first one has its result.
    if input.head.revision == 1 && !input.claims.is_empty() {
        outputs.push(aside(&input, ClaimKind::Register, claims::of_document(&input.head.document_id)));
    }
    outputs.and(DocumentValidated { head: input.head, result })
}

/// A step that nobody waits for.
fn aside(input: &DocumentClaimed, kind: ClaimKind, key: String) -> DocumentClaimed {
    DocumentClaimed {
        head: input.head.clone(),
        claim: Claim { kind, key, page: None, party: Party::default() },
        pending: Vec::new(),
        claims: input.claims.clone(),
        if_duplicate: input.if_duplicate,
        reasons: Vec::new(),
        result: None,
    }
}

/// Tells a document of the one before it.
fn tell(input: &mut DocumentClaimed, other: &Claimant) {
    let Some(result) = &mut input.result else { return };
    let when = Timestamp::from_millisecond(other.submitted_at);
    let when = when.map_or_else(|_| String::new(), |at| format!(", submitted at {at}"));
    let message = format!(
        "seller, number and total are those of document {} (revision {}{when})",
        other.document_id, other.revision
    );
    result.problems.push(Problem {
        code: code::DUPLICATE.to_owned(),
        severity: Severity::Error,
        message,
        fields: claims::FIELDS.map(str::to_owned).to_vec(),
        page: input.claim.page,
    });
    result.status = input.if_duplicate;
    result.problems.append(&mut input.reasons);
    if result.status == ResultStatus::Rejected {
        input.pending.clear();
    }
}

impl Gather for Duplicates {
    type In = DocumentClaimed;
    type State = ClaimState;

    fn key(&self, input: &DocumentClaimed) -> String {
        input.key()
    }

    /// Whoever claims the same comes to the partition of its key, today and in a year.
    fn awaits(&self, state: &ClaimState) -> Option<String> {
        Some(state.key())
    }

    fn apply(&self, state: Option<ClaimState>, input: &DocumentClaimed, now_ms: i64) -> Step<ClaimState> {
        // What was given up on the way claims nothing.
        if let Some(result) = input.result.as_ref().filter(|r| r.error.is_some()) {
            let validated = DocumentValidated { head: input.head.clone(), result: result.clone() };
            return Step { state, outputs: Outputs::one(validated) };
        }
        let mut input = input.clone();
        let mut state = state.unwrap_or_else(|| ClaimState {
            tenant: input.head.tenant.clone(),
            key: input.claim.key.clone(),
            ..ClaimState::default()
        });
        let mut outputs = Outputs::none();
        match input.claim.kind {
            ClaimKind::Claim => {
                if let Some(other) = Self::claim(&mut state, &input, now_ms) {
                    tell(&mut input, &other);
                }
            }
            ClaimKind::Withdraw => {
                let head = &input.head;
                state.claimants.retain(|c| c.document_id != head.document_id || c.revision >= head.revision);
            }
            ClaimKind::Register => drop(Self::revise(&mut state, &input, now_ms)),
            ClaimKind::Revise => {
                for key in Self::revise(&mut state, &input, now_ms) {
                    outputs.push(aside(&input, ClaimKind::Withdraw, key));
                }
            }
        }
        for record in go_on(input, now_ms).into_records() {
            outputs.push(record);
        }
        let nothing = state.claimants.is_empty() && state.claims.is_empty();
        Step { state: (!nothing).then_some(state), outputs }
    }

    fn changes(
        &self,
        before: Option<&ClaimState>,
        after: Option<&ClaimState>,
        _input: Option<&DocumentClaimed>,
    ) -> Vec<Part<ClaimState>> {
        if before == after {
            return Vec::new();
        }
        vec![Part { name: String::new(), state: after.cloned() }]
    }

    fn failed(&self, input: &DocumentClaimed, error: ErrorInfo) -> DocumentClaimed {
        let ended = |_| DocumentValidated::ended(&input.head, error, Vec::new()).result;
        DocumentClaimed { result: input.result.as_ref().map(ended), ..nothing_claimed(input) }
    }

    fn unreadable(&self, record: Unreadable) -> Option<DocumentClaimed> {
        let head = record.head();
        let result = Some(DocumentValidated::ended(&head, record.error, Vec::new()).result);
        let (kind, key) = (ClaimKind::Withdraw, String::new());
        let claim = Claim { kind, key, page: None, party: Party::default() };
        let (pending, claims, reasons) = (Vec::new(), Vec::new(), Vec::new());
        let if_duplicate = ResultStatus::Failed;
        Some(DocumentClaimed { head, claim, pending, claims, if_duplicate, reasons, result })
    }

    fn keeps_long(&self) -> bool {
        true
    }

    fn expires_at(&self, state: &ClaimState) -> i64 {
        state.touched_at.saturating_add(self.remembered_ms)
    }

    /// Nobody remembers for ever.
    fn expire(&self, _state: ClaimState, _now_ms: i64) -> Step<ClaimState> {
        Step { state: None, outputs: Outputs::none() }
    }

    fn give_up(
        &self,
        state: Option<ClaimState>,
        input: Option<&DocumentClaimed>,
        error: ErrorInfo,
        _now_ms: i64,
    ) -> Step<ClaimState> {
        let waited_for = input.filter(|i| i.result.is_some());
        let outputs = waited_for
            .map(|i| Outputs::one(DocumentValidated::ended(&i.head, error, Vec::new())))
            .unwrap_or_default();
        Step { state, outputs }
    }
}

/// The same document at no key.
fn nothing_claimed(input: &DocumentClaimed) -> DocumentClaimed {
    DocumentClaimed { claims: Vec::new(), ..aside(input, ClaimKind::Withdraw, String::new()) }
}

#[cfg(test)]
mod tests;
