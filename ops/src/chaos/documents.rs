//! What is submitted: documents of many kinds, tenants and revisions, and records that are none.
//!
//! Rule: the same seed gives the same bytes, names and times.

use super::rng::Rng;
use crate::OpsError;
use bytes::Bytes;
use docmill_contracts::{content_sha256, derive_document_id};
use std::time::Duration;

const TENANTS: [&str; 4] = ["acme", "borealis", "cirrus", "delta"];

/// What becomes of a submission.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    /// One result, no dead letter.
    Result,
    /// One result that says why, and one dead letter of the worker `plan`.
    DeadInRender,
    /// No document at all: one dead letter of the worker `ingest`, no result.
    Undecodable,
}

/// One record for documents.submitted.
#[derive(Debug, Clone)]
pub(super) struct Submission {
    /// Since the start.
    pub(super) at: Duration,
    /// Its name in a header, which no other has.
    pub(super) mark: String,
    /// File name; unique but for further revisions of the same document.
    pub(super) name: String,
    pub(super) tenant: &'static str,
    pub(super) revision: i32,
    pub(super) bytes: Bytes,
    /// In the record itself, instead of in the blob store.
    pub(super) inline: bool,
    pub(super) fate: Fate,
}

impl Submission {
    /// The id that its document has.
    pub(super) fn document_id(&self) -> String {
        derive_document_id(self.tenant, &self.name, &content_sha256(&self.bytes))
    }
}

/// The samples that everything is made of.
struct Samples(Vec<docmill_samples::Sample>);

impl Samples {
    fn bytes(&self, name: &str) -> &[u8] {
        self.0.iter().find(|s| s.name == name).map_or(&[], |s| s.bytes.as_slice())
    }

    /// The sample with other text of the same length, so that every offset in the file stays right.
    fn with(&self, name: &str, text: &str, other: &str) -> Vec<u8> {
        let (bytes, text, other) = (self.bytes(name), text.as_bytes(), other.as_bytes());
        let mut out = Vec::with_capacity(bytes.len());
        let mut rest = bytes;
        while let Some((first, tail)) = rest.split_first() {
            if text.len() == other.len() && rest.starts_with(text) {
                out.extend(other);
                rest = rest.get(text.len()..).unwrap_or_default();
            } else {
                out.push(*first);
                rest = tail;
            }
        }
        out
    }

    /// The sample with something behind its end, which no reader of it minds.
    fn ending(&self, name: &str, number: usize) -> Vec<u8> {
        [self.bytes(name), format!("\n% {number}\n").as_bytes()].concat()
    }
}

/// `count` submissions, spread over `over`, in order of time.
pub(super) fn submissions(seed: u64, count: usize, over: Duration) -> Result<Vec<Submission>, OpsError> {
    let samples = Samples(docmill_samples::all().map_err(|e| OpsError::Sample(Box::new(e)))?);
    let mut rng = Rng::new(seed ^ 0x00d0_c5ed);
    // One in ten is a second revision.
    let first = count - count / 10;
    let step = over.as_secs_f64() / first.max(1) as f64;
    let mut all: Vec<Submission> = (0..first)
        .map(|number| Submission {
            at: Duration::from_secs_f64(step * number as f64),
            mark: format!("chaos-{number:05}.1"),
            ..make(&samples, number, &mut rng)
        })
        .collect();
    let mut again: Vec<usize> =
        (0..first).filter(|n| all.get(*n).is_some_and(|s| s.fate != Fate::Undecodable)).collect();
    for _ in 0..count / 10 {
        if again.is_empty() {
            break;
        }
        let number = again.swap_remove(usize::try_from(rng.below(again.len() as u64)).unwrap_or(0));
        let Some(original) = all.get(number) else { break };
        // Right behind the first, or a while later; never after the end.
        let later = if rng.below(2) == 0 { 0 } else { rng.between(500, 20_000) };
        let at = (original.at + Duration::from_millis(later)).min(over.max(original.at));
        let mark = format!("chaos-{number:05}.2");
        let second = Submission { at, mark, revision: 2, ..original.clone() };
        all.push(second);
    }
    // Stable: a second revision never comes before the first.
    all.sort_by_key(|s| s.at);
    Ok(all)
}

/// Document `number`, without time and mark.
fn make(samples: &Samples, number: usize, rng: &mut Rng) -> Submission {
    let five = 10_000 + number % 90_000;
    let mut fate = Fate::Result;
    let (name, bytes) = match rng.below(100) {
        0..48 => ("invoice-en.pdf", samples.with("invoice-en.pdf", "HF-20417", &format!("HF-{five}"))),
        48..58 => {
            ("invoice-ubl.xml", samples.with("invoice-ubl.xml", "2025-V-00731", &format!("2025-V-{five}")))
        }
        58..66 => {
            let number = format!("RE-2025-{:04}", number % 10_000);
            ("invoice-de.pdf", samples.with("invoice-de-facturx.pdf", "RE-2025-0318", &number))
        }
        66..84 => {
            let pages = usize::try_from(rng.between(2, 6)).unwrap_or(2);
            ("order.pdf", docmill_samples::order(&format!("PO-2025-{number:06}"), pages))
        }
        84..85 => ("long-order.pdf", docmill_samples::order(&format!("PO-2025-{number:06}"), 12)),
        85..86 => ("receipt.png", samples.ending("receipt-scan.png", number)),
        86..89 => {
            fate = Fate::DeadInRender;
            ("encrypted.pdf", samples.ending("encrypted.pdf", number))
        }
        89..92 => {
            fate = Fate::DeadInRender;
            let bytes = samples.bytes("truncated.pdf");
            ("truncated.pdf", bytes.get(..bytes.len() - number % 500).unwrap_or(bytes).to_vec())
        }
        92..95 => ("notes.txt", format!("no document, number {number}").into_bytes()),
        95..97 => {
            fate = Fate::Undecodable;
            ("undecodable", format!("\u{0}\u{0}\u{0}\u{0}\u{1}garbage {number}").into_bytes())
        }
        _ => ("invoice-en.pdf", samples.with("invoice-en.pdf", "HF-20417", &format!("HX-{five}"))),
    };
    let tenant = TENANTS.get(usize::try_from(rng.below(4)).unwrap_or(0)).copied().unwrap_or(TENANTS[0]);
    Submission {
        at: Duration::ZERO,
        mark: String::new(),
        name: format!("{number:05}-{name}"),
        tenant,
        revision: 1,
        inline: bytes.len() < 32 * 1024 && rng.below(3) == 0,
        bytes: Bytes::from(bytes),
        fate,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn documents_differ_and_second_revisions_follow_the_first() {
        let all = submissions(3, 500, Duration::from_secs(60)).unwrap();
        assert_eq!(all.len(), 500);
        let ids: BTreeSet<_> = all.iter().map(|s| (s.document_id(), s.revision)).collect();
        assert_eq!(ids.len(), 500);
        let hashes: BTreeSet<_> = all.iter().map(|s| content_sha256(&s.bytes)).collect();
        assert!(hashes.len() > 440, "{}", hashes.len());
        assert!(all.windows(2).all(|w| w[0].at <= w[1].at));
        for (place, second) in all.iter().enumerate().filter(|(_, s)| s.revision == 2) {
            let first = all.iter().position(|s| s.revision == 1 && s.name == second.name).unwrap();
            assert!(first < place);
        }
        for fate in [Fate::Result, Fate::DeadInRender, Fate::Undecodable] {
            assert!(all.iter().any(|s| s.fate == fate), "{fate:?}");
        }
        let again = submissions(3, 500, Duration::from_secs(60)).unwrap();
        assert!(all.iter().zip(&again).all(|(a, b)| a.mark == b.mark && a.bytes == b.bytes && a.at == b.at));
    }
}
