//! The accounts of an e-invoice and those of its pages.
//!
//! Rule: what counts is the account that is given on as `iban`, since it is paid to. That the pages show another of the
//! e-invoice's accounts does not clear it.

use super::find::{self, Seen};
use super::problem;
use crate::extract::Extraction;
use crate::xml::Known;
use docmill_contracts::{Problem, Severity};
use std::collections::BTreeSet;

/// The pages show another account.
const ANOTHER: &str = "INFER-0141";
/// An account stands on one side alone.
const ONE_SIDE: &str = "INFER-0146";

/// Codes of means of payment by which the seller gets its money without an account of its own in the e-invoice.
const DEBITED: [&str; 5] = ["48", "49", "54", "55", "59"];
/// Most accounts that a message names.
const MOST_NAMED: usize = 5;

/// What is wrong with the accounts; nothing where the pages show none.
pub(super) fn problem_of(xml: &Extraction, known: &Known, seen: &Seen) -> Option<Problem> {
    let compact = |accounts: &[String]| -> BTreeSet<String> {
        accounts.iter().map(|a| find::compact(a)).filter(|a| !a.is_empty()).collect()
    };
    let (ours, debited) = (compact(&known.accounts), compact(&known.debited));
    // The page's account that a message names: rather one that the e-invoice does not know at all.
    let foreign = seen.accounts.iter().find(|(a, _)| !ours.contains(a) && !debited.contains(a));
    let (shown, page) = foreign.or(seen.accounts.first())?;
    let another = |mine: &str| {
        let message = format!("the pages show the account {shown}, the e-invoice has {mine}");
        problem(ANOTHER, Severity::Error, message, &["iban"], Some(*page))
    };
    let Some(field) = xml.fields.get("iban") else {
        // One that is debited is the buyer's.
        foreign?;
        return match known.accounts.first() {
            Some(_) if ours.iter().any(|a| seen.account_is_shown(a)) => None,
            Some(mine) => Some(another(mine)),
            None if is_paid(xml) => {
                let message = format!("the pages show the account {shown}, the e-invoice has none");
                Some(problem(ONE_SIDE, Severity::Warning, message, &["iban"], Some(*page)))
            }
            None => None,
        };
    };
    let mine = find::compact(&field.value);
    if seen.place("iban").is_none() && !seen.account_is_shown(&mine) {
        return Some(another(&field.value));
    }
    let unseen: Vec<&str> =
        ours.iter().filter(|a| **a != mine && !seen.account_is_shown(a)).map(String::as_str).collect();
    if unseen.is_empty() {
        return None;
    }
    let named: Vec<&str> = unseen.iter().copied().take(MOST_NAMED).collect();
    let message = format!("the pages do not show all accounts of the e-invoice: {}", named.join(", "));
    Some(problem(ONE_SIDE, Severity::Warning, message, &["iban"], None))
}

/// Whether the buyer is to transfer money to the seller: not by card, and not by a debit.
fn is_paid(xml: &Extraction) -> bool {
    if xml.fields.get("payment_means").is_some_and(|m| DEBITED.contains(&m.value.as_str())) {
        return false;
    }
    xml.kind.value == "invoice" && xml.fields.get("due_payable").is_none_or(|due| !find::is_zero(&due.value))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{HONEST, compared_xml, invoice};
    use super::*;
    use docmill_contracts::Severity::{Error, Warning};

    const REAL: &str = "DE89370400440532013000";
    const OTHER: &str = "DE75512108001245126199";

    /// Codes of an honest page whose e-invoice has these accounts, the first as `iban`.
    fn codes(accounts: &[&str], text: &str) -> Vec<(String, Severity)> {
        let (mut xml, mut known) = invoice();
        match accounts.first() {
            Some(first) => xml.fields.get_mut("iban").unwrap().value = (*first).to_owned(),
            None => drop(xml.fields.remove("iban")),
        }
        known.accounts = accounts.iter().map(|a| (*a).to_owned()).collect();
        compared_xml(xml, &known, text)
    }

    fn one(code: &str, severity: Severity) -> Vec<(String, Severity)> {
        vec![(code.to_owned(), severity)]
    }

    #[test]
    fn a_second_account_does_not_clear_the_first() {
        assert_eq!(codes(&[REAL], HONEST), []);
        assert_eq!(codes(&[OTHER, REAL], HONEST), one("INFER-0141", Error));
        assert_eq!(codes(&[REAL, OTHER], HONEST), one("INFER-0146", Warning));
        let both = format!("{HONEST} | oder {OTHER}");
        assert_eq!(codes(&[REAL, OTHER], &both), []);
        assert_eq!(codes(&[OTHER, REAL], &both), []);
    }

    #[test]
    fn accounts_that_are_no_iban_are_compared_too() {
        let codes = |account: &str, text: &str| {
            let (mut xml, mut known) = invoice();
            xml.fields.remove("iban");
            known.accounts = vec![account.to_owned()];
            compared_xml(xml, &known, text)
        };
        assert_eq!(codes("1234567", HONEST), one("INFER-0141", Error));
        assert_eq!(codes("1234567", &format!("{HONEST} | Konto 1234567")), []);
        assert_eq!(codes("1234567", &HONEST.replace("DE89 3704 0044 0532 0130 00", "keine")), []);
    }

    #[test]
    fn an_account_that_only_the_page_has_is_a_warning_where_money_is_due() {
        assert_eq!(codes(&[], HONEST), one("INFER-0146", Warning));
        let (mut xml, mut known) = invoice();
        xml.fields.remove("iban");
        known.accounts.clear();
        known.debited = vec![REAL.to_owned()];
        assert_eq!(compared_xml(xml.clone(), &known, HONEST), [], "the buyer's");
        known.debited.clear();
        let mut by_card = xml.clone();
        by_card.fields.get_mut("payment_means").unwrap().value = "54".to_owned();
        assert_eq!(compared_xml(by_card, &known, HONEST), []);
        xml.fields.get_mut("due_payable").unwrap().value = "0.00".to_owned();
        assert_eq!(compared_xml(xml, &known, HONEST), []);
    }

    #[test]
    fn a_debited_account_does_not_clear_the_one_that_is_paid_to() {
        let (mut xml, mut known) = invoice();
        xml.fields.get_mut("iban").unwrap().value = OTHER.to_owned();
        (known.accounts, known.debited) = (vec![OTHER.to_owned()], vec![REAL.to_owned()]);
        assert_eq!(compared_xml(xml, &known, HONEST), one("INFER-0141", Error));
    }
}
