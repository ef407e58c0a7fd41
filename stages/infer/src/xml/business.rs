//! The business rules on an embedded e-invoice, as problems of the result.
//!
//! They are applied here, where the XML is read, and not in validate: validate has the values of a result and no XML,
//! and most rules are about what stands in no field. Rule: every rule that does not hold is said by its public id.

use docmill_contracts::{Problem, Severity};
use docmill_en16931::rules::{self, Finding, Set};
use docmill_en16931::{Document, invoice};

/// Most problems of the business rules that a result lists.
const MOST: usize = 100;
/// Most warnings among them.
const MOST_WARNINGS: usize = 10;

/// Fields of a result by the number of their business term.
const TERMS: &[(&str, &str)] = &[
    ("BT-1", "invoice_number"),
    ("BT-2", "issue_date"),
    ("BT-5", "currency"),
    ("BT-9", "due_date"),
    ("BT-10", "buyer_reference"),
    ("BT-12", "contract_ref"),
    ("BT-13", "purchase_order_ref"),
    ("BT-20", "payment_terms"),
    ("BT-27", "seller_name"),
    ("BT-31", "seller_vat_id"),
    ("BT-32", "seller_tax_no"),
    ("BG-5", "seller_address"),
    ("BT-40", "seller_address"),
    ("BT-44", "buyer_name"),
    ("BT-48", "buyer_vat_id"),
    ("BG-8", "buyer_address"),
    ("BT-55", "buyer_address"),
    ("BT-72", "delivery_date"),
    ("BT-73", "period_from"),
    ("BT-74", "period_to"),
    ("BT-83", "payment_ref"),
    ("BT-84", "iban"),
    ("BT-86", "bic"),
    ("BT-106", "line_total"),
    ("BT-107", "allowance_total"),
    ("BT-108", "charge_total"),
    ("BT-109", "net_total"),
    ("BT-110", "tax_total"),
    ("BT-112", "grand_total"),
    ("BT-113", "prepaid"),
    ("BT-114", "rounding"),
    ("BT-115", "due_payable"),
    ("BG-23", "vat_breakdown"),
    ("BT-116", "vat_breakdown"),
    ("BT-117", "vat_breakdown"),
    ("BT-118", "vat_breakdown"),
];

/// Problems of an XML document under the rules that it says it follows; none where it is no invoice or order.
pub(super) fn problems(document: &Document) -> Vec<Problem> {
    let sets = Set::of_document(document);
    let invoice = invoice(document);
    let mut found = rules::check(document, invoice.as_ref(), &sets);
    found.sort_by_key(|f| f.rule.severity == rules::Severity::Warning);
    let errors = found.iter().filter(|f| f.rule.severity == rules::Severity::Error).count();
    let shown = found.len().min(MOST).min(errors + MOST_WARNINGS);
    let left_out = found.len() - shown;
    let mut problems: Vec<Problem> = found.iter().take(shown).map(problem).collect();
    if left_out > 0 {
        problems.push(Problem {
            code: "INFER-0145".to_owned(),
            severity: Severity::Warning,
            message: format!("{left_out} more business rules do not hold"),
            fields: Vec::new(),
            page: None,
        });
    }
    problems
}

fn problem(finding: &Finding) -> Problem {
    let place = match (finding.line, finding.count) {
        (Some(line), 1) => format!(" (line {line})"),
        (Some(line), n) => format!(" (line {line}, {n} times)"),
        (None, 1) => String::new(),
        (None, n) => format!(" ({n} times)"),
    };
    Problem {
        code: finding.rule.id.to_owned(),
        severity: match finding.rule.severity {
            rules::Severity::Error => Severity::Error,
            rules::Severity::Warning => Severity::Warning,
        },
        message: format!("{}{place}", finding.rule.text),
        fields: fields(&finding.rule.text),
        page: None,
    }
}

/// The fields whose business terms a text names.
fn fields(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for word in text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '-')) {
        if let Some((_, name)) = TERMS.iter().find(|(term, _)| *term == word)
            && !found.iter().any(|f| f == name)
        {
            found.push((*name).to_owned());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(xml: &str) -> Vec<Problem> {
        super::problems(&Document::parse(xml.as_bytes()).unwrap())
    }

    #[test]
    fn rules_that_do_not_hold_are_problems_with_their_fields() {
        let xml = "<Invoice><DocumentCurrencyCode>EUR</DocumentCurrencyCode><LegalMonetaryTotal>\
            <LineExtensionAmount currencyID='EUR'>10.00</LineExtensionAmount><TaxExclusiveAmount currencyID='EUR'>10.00</TaxExclusiveAmount>\
            <TaxInclusiveAmount currencyID='EUR'>11.90</TaxInclusiveAmount><PayableAmount currencyID='EUR'>12.00</PayableAmount>\
            </LegalMonetaryTotal></Invoice>";
        let problems = problems(xml);
        let due = problems.iter().find(|p| p.code == "BR-CO-16").unwrap();
        assert_eq!(due.severity, Severity::Error);
        assert_eq!(due.fields, ["due_payable", "grand_total", "prepaid", "rounding"]);
        assert!(problems.iter().all(|p| !p.message.is_empty()));
    }

    #[test]
    fn of_many_warnings_only_the_first_are_listed() {
        let names =
            ["UUID", "CopyIndicator", "IssueTime", "LineCountNumeric", "Signature", "BuyerCustomerParty"];
        let other =
            ["SellerSupplierParty", "OriginatorCustomerParty", "StatementDocumentReference", "DeliveryTerms"];
        let more = [
            "PrepaidPayment",
            "TaxExchangeRate",
            "PricingExchangeRate",
            "PaymentExchangeRate",
            "UBLExtensions",
        ];
        let last = [
            "PaymentAlternativeExchangeRate",
            "WithholdingTaxTotal",
            "AccountingCostCode",
            "PaymentCurrencyCode",
        ];
        let inside = [&names[..], &other, &more, &last].concat().join("/><");
        let xml =
            format!("<Invoice><{inside}/><PricingCurrencyCode/><PaymentAlternativeCurrencyCode/></Invoice>");
        let problems = problems(&xml);
        let warnings = problems.iter().filter(|p| p.severity == Severity::Warning).count();
        assert_eq!(warnings, MOST_WARNINGS + 1);
        assert_eq!(problems.last().unwrap().code, "INFER-0145");
    }

    #[test]
    fn what_is_no_invoice_has_no_problems() {
        assert_eq!(problems("<Song/>"), []);
    }
}
