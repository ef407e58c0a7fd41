//! Whether pages are headed as an invoice or as a credit note, and whether the e-invoice is one too.
//!
//! Rule: only what cannot be meant otherwise contradicts. An invoice that corrects another one, and the credit note that a
//! buyer writes in the seller's name, are called both on paper: their codes are left alone.

use super::problem;
use crate::extract::{Extraction, PageText};
use crate::xml::Known;
use docmill_contracts::{Problem, Severity, Word};

/// The pages are headed as another kind of document.
const CODE: &str = "INFER-0148";

/// Codes of UNTDID 1001 that stand for an invoice and nothing else.
const INVOICES: &[&str] = &["380", "325", "326", "386", "388", "393", "875", "876", "877"];
/// Codes that stand for a credit note to the buyer.
const CREDIT_NOTES: &[&str] = &["81", "83", "381", "396", "532"];

/// Headings of invoices.
const INVOICE_WORDS: &[&str] = &[
    "rechnung", "invoice", "facture", "factura", "fattura", "factuur", "faktura", "fatura", "számla", "lasku",
];
/// Headings of credit notes, of one word.
const CREDIT_WORDS: &[&str] = &[
    "gutschrift",
    "stornorechnung",
    "rechnungskorrektur",
    "avoir",
    "creditnota",
    "creditnote",
    "kreditnota",
    "kreditfaktura",
    "hyvityslasku",
];
/// Headings of credit notes, of several words.
const CREDIT_PHRASES: &[&str] = &[
    "credit note",
    "credit memo",
    "nota di credito",
    "nota de crédito",
    "nota de credito",
    "note de crédit",
];
/// What pages of credit notes say somewhere.
const CREDIT_MARKS: &[&str] = &[
    "gutschrift",
    "storn",
    "korrektur",
    "korrigier",
    "berichtig",
    "erstattung",
    "credit note",
    "credit-note",
    "creditnote",
    "credit memo",
    "credit invoice",
    "credited",
    "refund",
    "reversal",
    "correct",
    "avoir",
    "rectificat",
    "note de crédit",
    "note de credit",
    "nota de cr",
    "nota di cr",
    "nota cr",
    "creditnota",
    "creditfact",
    "kredit",
    "korekt",
    "korygu",
    "abono",
    "hyvitys",
    "jóváír",
    "helyesb",
    "dobropis",
];

/// How much higher than other words a heading is.
const HIGH: f32 = 1.25;
/// Share of a page, from its top, where a heading of ordinary size stands.
const TOP: f32 = 0.45;
/// Most words of the line of such a heading.
const MOST_WORDS: usize = 4;

/// What the pages are headed as.
#[derive(Debug, Default)]
pub(super) struct Titles {
    looked: bool,
    /// Heading of an invoice, with its page.
    invoice: Option<(String, i32)>,
    /// Heading of a credit note, with its page.
    credit: Option<(String, i32)>,
    /// Whether any page speaks of a credit or a correction.
    says_credit: bool,
}

impl Titles {
    /// Looks at a page; headings count on the first one.
    pub(super) fn page(&mut self, page: &PageText) {
        let words: Vec<String> = page.words.iter().map(|w| core(&w.text)).collect();
        let text = words.join(" ");
        self.says_credit |= CREDIT_MARKS.iter().any(|mark| text.contains(mark));
        if std::mem::replace(&mut self.looked, true) {
            return;
        }
        let median = median_height(&page.words);
        for (at, word) in words.iter().enumerate() {
            let Some(place) = page.words.get(at) else { continue };
            let high = height(place) >= HIGH * median;
            let first =
                at.checked_sub(1).and_then(|i| page.words.get(i)).is_none_or(|w| w.line != place.line);
            if !high && !first {
                continue;
            }
            if self.invoice.is_none() && is_invoice(word) {
                self.invoice = Some((word.clone(), page.page_no));
            }
            // A line of the item table or of a footnote may begin with a credit: that is no heading.
            let line =
                page.words.iter().skip(at).take(MOST_WORDS + 1).filter(|w| w.line == place.line).count();
            let heading = high || (place.bbox[1] <= TOP * page.height && line <= MOST_WORDS);
            if self.credit.is_none()
                && heading
                && let Some(name) = credit(&words, at)
            {
                self.credit = Some((name, page.page_no));
            }
        }
    }

    pub(super) fn problem(
        &self,
        xml: &Extraction,
        known: &Known,
        read: Option<&Extraction>,
    ) -> Option<Problem> {
        let code = known.type_code.as_deref();
        let (shown, mine) = match xml.kind.value.as_str() {
            // Less than nothing on an invoice is a credit.
            "credit_note" if code.is_none_or(|c| CREDIT_NOTES.contains(&c)) => {
                let negative = read.is_some_and(|r| {
                    ["grand_total", "due_payable"]
                        .iter()
                        .any(|n| r.fields.get(*n).is_some_and(|f| f.value.starts_with('-')))
                });
                (self.invoice.as_ref().filter(|_| !self.says_credit && !negative)?, "a credit note")
            }
            "invoice" if code.is_none_or(|c| INVOICES.contains(&c)) => {
                (self.credit.as_ref().filter(|_| self.invoice.is_none())?, "an invoice")
            }
            _ => return None,
        };
        let ((title, page), code) = (shown, code.map_or(String::new(), |c| format!(" (type code {c})")));
        let message = format!("the pages are headed `{title}`, the e-invoice is {mine}{code}");
        Some(problem(CODE, Severity::Error, message, &[], Some(*page)))
    }
}

fn is_invoice(word: &str) -> bool {
    let compound =
        word.ends_with("rechnung") && !word.ends_with("abrechnung") && !CREDIT_WORDS.contains(&word);
    INVOICE_WORDS.contains(&word) || compound
}

/// The heading of a credit note that begins with a word.
fn credit(words: &[String], at: usize) -> Option<String> {
    let word = words.get(at)?;
    if CREDIT_WORDS.contains(&word.as_str()) {
        return Some(word.clone());
    }
    let joined = |n: usize| words.get(at..at + n).map(|w| w.join(" "));
    [joined(2), joined(3)].into_iter().flatten().find(|phrase| CREDIT_PHRASES.contains(&phrase.as_str()))
}

/// A word in small letters, without marks around it.
fn core(word: &str) -> String {
    word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase()
}

fn height(word: &Word) -> f32 {
    word.bbox[3] - word.bbox[1]
}

fn median_height(words: &[Word]) -> f32 {
    let mut heights: Vec<f32> = words.iter().map(height).collect();
    heights.sort_by(f32::total_cmp);
    heights.get(heights.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HONEST, compared_xml, invoice};

    fn codes(kind: &str, code: &str, text: &str) -> Vec<String> {
        let (mut xml, mut known) = invoice();
        xml.kind.value = kind.to_owned();
        known.type_code = Some(code.to_owned());
        compared_xml(xml, &known, text).into_iter().map(|(code, _)| code).collect()
    }

    const NONE: Vec<String> = Vec::new();

    #[test]
    fn a_credit_note_whose_page_is_headed_as_an_invoice_is_told() {
        assert_eq!(codes("invoice", "380", HONEST), NONE);
        assert_eq!(codes("credit_note", "381", HONEST), ["INFER-0148"]);
        let commercial = HONEST.replace("Rechnung Nr.", "Schlussrechnung Nr.");
        assert_eq!(codes("credit_note", "381", &commercial), ["INFER-0148"]);
        for says in ["Gutschrift", "Stornorechnung", "Credit note", "Avoir", "Rechnungskorrektur"] {
            assert_eq!(codes("credit_note", "381", &format!("{HONEST} | {says} zu 17")), NONE, "{says}");
        }
        assert_eq!(codes("credit_note", "381", &HONEST.replace("Rechnung", "Beleg")), NONE);
    }

    #[test]
    fn an_invoice_whose_page_is_headed_as_a_credit_note_is_told() {
        let credit = |title: &str| HONEST.replace("Rechnung Nr.", title);
        for title in ["Gutschrift", "Credit Note", "Avoir", "Nota di credito"] {
            assert_eq!(
                codes("invoice", "380", &credit(title).replace(" vom 1.3.2026", " | 1.3.2026")),
                ["INFER-0148"],
                "{title}"
            );
        }
        assert_eq!(
            codes("invoice", "380", &format!("{HONEST} | Gutschrift Pfand")),
            NONE,
            "an invoice, and a line of it"
        );
    }

    #[test]
    fn credit_notes_by_the_buyer_and_corrections_are_left_alone() {
        let credit = HONEST.replace("Rechnung Nr.", "Gutschrift").replace(" vom 1.3.2026", " | 1.3.2026");
        assert_eq!(codes("invoice", "389", &credit), NONE);
        assert_eq!(codes("invoice", "384", &credit), NONE);
        assert_eq!(codes("credit_note", "261", HONEST), NONE);
        assert_eq!(codes("order", "220", HONEST), NONE);
    }
}
