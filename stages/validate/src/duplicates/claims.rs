//! What a document claims: a number and a total under the name of whoever made it out.

use super::party;
use crate::error::code;
use crate::subject::decimal;
use docmill_contracts::{
    Claim, ClaimKind, DocumentExtracted, DocumentPart, Fields, Problem, Severity, content_sha256,
};

/// Most documents of one file that are compared with others.
const MOST_CLAIMS: usize = 256;
/// The fields that duplicates share.
pub(super) const FIELDS: [&str; 3] = ["seller_name", "invoice_number", "grand_total"];

/// What a file claims, and what is to be said of that before others are asked.
#[derive(Debug, Default)]
pub(crate) struct Claimed {
    pub(crate) claims: Vec<Claim>,
    pub(crate) problems: Vec<Problem>,
}

/// Key of what is kept about a document.
pub(super) fn of_document(document_id: &str) -> String {
    format!("document/{document_id}")
}

/// Claims of the document, or of each of those in its file. None where number, total, or whoever made it out was not read.
pub(crate) fn claimed(document: &DocumentExtracted) -> Claimed {
    if document.parts.is_empty() {
        let claim = claim(&document.kind.value, &document.fields, None);
        return Claimed { claims: claim.into_iter().collect(), problems: Vec::new() };
    }
    let of_part = |part: &DocumentPart| claim(&part.kind.value, &part.fields, Some(part.first_page));
    let mut found = Claimed::default();
    for new in document.parts.iter().filter_map(of_part) {
        let twice = found.claims.iter().find(|c| c.key == new.key && party::same(&c.party, &new.party));
        if let Some(first) = twice {
            let page = first.page.unwrap_or(1);
            let message =
                format!("seller, number and total are those of the document on page {page} of this file");
            found.problems.push(problem(code::DUPLICATE, Severity::Error, message, new.page));
        } else {
            found.claims.push(new);
        }
    }
    let count = found.claims.len();
    if let Some(first) = found.claims.get(MOST_CLAIMS) {
        let message = format!(
            "of {count} documents in this file only the first {MOST_CLAIMS} were compared with others"
        );
        found.problems.push(problem(code::NOT_ALL_COMPARED, Severity::Warning, message, first.page));
        found.claims.truncate(MOST_CLAIMS);
    }
    found
}

fn problem(code: &str, severity: Severity, message: String, page: Option<i32>) -> Problem {
    let fields = FIELDS.map(str::to_owned).to_vec();
    Problem { code: code.to_owned(), severity, message, fields, page }
}

/// An order is made out by its buyer, all else by the seller.
fn claim(kind: &str, fields: &Fields, page: Option<i32>) -> Option<Claim> {
    let (group, who) = match kind {
        "invoice" | "receipt" => ("invoice", "seller"),
        "credit_note" => ("credit_note", "seller"),
        "order" => ("order", "buyer"),
        _ => return None,
    };
    let number = party::plain(&fields.get("invoice_number")?.value);
    let total = decimal(&fields.get("grand_total")?.value)?.normalize();
    let party = party::of(fields, who)?;
    if number.is_empty() {
        return None;
    }
    let hash = content_sha256(format!("{group}\n{number}\n{total}").as_bytes());
    let key = format!("number/{}", hash.get(..32).unwrap_or_default());
    Some(Claim { kind: ClaimKind::Claim, key, page, party })
}
