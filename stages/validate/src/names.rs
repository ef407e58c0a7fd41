//! Names that settings may use: docmill's codes and public rule ids, and the fields of the built-in document.
//!
//! Owns what is known. Rule: a code that nothing has can only be a mistake; a field may be one of a tenant's schema.

use docmill_en16931::rules::Set;

/// docmill's own codes, in order.
const CODES: &[&str] = include!(concat!(env!("OUT_DIR"), "/codes.rs"));

/// Fields of the built-in business document, from pages or from an e-invoice.
const FIELDS: &[&str] = &[
    "account_name",
    "accounting_ref",
    "allowance_total",
    "bic",
    "buyer_address",
    "buyer_contact",
    "buyer_email",
    "buyer_legal_id",
    "buyer_name",
    "buyer_phone",
    "buyer_reference",
    "buyer_vat_id",
    "charge_total",
    "contract_ref",
    "currency",
    "delivery_address",
    "delivery_date",
    "delivery_name",
    "due_date",
    "due_payable",
    "grand_total",
    "iban",
    "invoice_number",
    "issue_date",
    "line_total",
    "mandate_ref",
    "net_total",
    "note",
    "payee_name",
    "payment_means",
    "payment_ref",
    "payment_terms",
    "period_from",
    "period_to",
    "preceding_invoice_ref",
    "prepaid",
    "project_ref",
    "purchase_order_ref",
    "quotation_ref",
    "requested_delivery_from",
    "requested_delivery_to",
    "rounding",
    "sales_order_ref",
    "seller_address",
    "seller_contact",
    "seller_email",
    "seller_legal_id",
    "seller_name",
    "seller_phone",
    "seller_tax_no",
    "seller_vat_id",
    "tax_currency",
    "tax_total",
    "tax_total_accounting",
    "valid_until",
];

/// Ends of fields that the scheme of an identifier makes.
const ENDS: [&str; 3] = ["_gln", "_siren", "_siret"];

/// Whether any rule, engine or stage reports problems of this code.
pub(crate) fn is_code(code: &str) -> bool {
    let of_rule = || {
        let sets = Set::ALL.into_iter().flat_map(|set| [false, true].map(|cii| set.rules(cii)));
        sets.flatten().any(|rule| rule.id == code)
    };
    CODES.binary_search(&code).is_ok() || of_rule()
}

/// Whether the built-in document has a field of this name.
pub(crate) fn is_built_in_field(name: &str) -> bool {
    FIELDS.contains(&name) || ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_those_of_the_pages_and_of_the_rules() {
        for code in ["VALIDATE-0003", "INFER-0040", "BR-CO-15", "PEPPOL-EN16931-R120", "BR-DE-1", "BR-27"] {
            assert!(is_code(code), "{code}");
        }
        for code in ["", "NO-SUCH-CODE", "VALIDATE-9999", "validate-0003", "README"] {
            assert!(!is_code(code), "{code}");
        }
    }

    #[test]
    fn the_fields_of_the_documentation_are_known() {
        let page = include_str!("../../../docs/e-invoices.md");
        let (_, after) = page.split_once("## Fields").unwrap();
        let (fields, _) = after.split_once("`vat_breakdown`").unwrap();
        let mut seen = 0;
        for row in fields.lines().filter(|line| line.starts_with('|')) {
            let cells: Vec<&str> = row.split('|').map(str::trim).collect();
            for name in [cells[1], cells[3]].into_iter().flat_map(|cell| cell.split(", ")) {
                let names = name.strip_prefix('…').map(|end| [format!("seller{end}"), format!("buyer{end}")]);
                for name in names.unwrap_or_else(|| [name.to_owned(), name.to_owned()]) {
                    let heading = name == "field" || name.starts_with('-');
                    assert!(heading || is_built_in_field(&name), "{name}");
                    seen += usize::from(!heading);
                }
            }
        }
        assert!(seen > 60, "{seen}");
        assert!(!is_built_in_field("seler_name"));
    }
}
