//! The code lists that the rules look into.
//!
//! Rule: a code is compared as it stands, space around it aside; a code with a space in it is in no list.

use std::collections::HashSet;
use std::sync::LazyLock;

/// A code list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum List {
    /// ISO 3166-1 alpha-2.
    Country,
    /// ISO 3166-1 alpha-2 and `EL`: prefixes of VAT identifiers.
    VatPrefix,
    /// ISO 4217.
    Currency,
    /// UNTDID 1001, invoices.
    InvoiceType,
    /// UNTDID 1001, credit notes.
    CreditNoteType,
    /// UNTDID 1153.
    Reference,
    /// UNTDID 4451.
    TextSubject,
    /// UNTDID 4461.
    PaymentMeans,
    /// UNTDID 5189.
    AllowanceReason,
    /// UNTDID 7143.
    ItemClass,
    /// UNTDID 7161.
    ChargeReason,
    /// UNTDID 5305 as EN 16931 uses it.
    VatCategory,
    /// ISO/IEC 6523.
    Icd,
    /// Electronic address schemes.
    ElectronicAddress,
    /// Electronic address schemes that Peppol knows.
    PeppolAddress,
    /// VATEX.
    ExemptionReason,
    /// UN/ECE Recommendation 20 with 21.
    Unit,
    /// Media types of attachments.
    MimeType,
}

type Codes = LazyLock<HashSet<&'static str>>;

fn read(text: &'static str) -> HashSet<&'static str> {
    text.lines().filter(|l| !l.starts_with('#')).flat_map(str::split_whitespace).collect()
}

macro_rules! lists {
    ($($name:ident = $file:literal;)*) => {
        $(static $name: Codes = LazyLock::new(|| read(include_str!(concat!("../codelists/", $file, ".txt"))));)*
    };
}

lists! {
    COUNTRY = "iso3166";
    CURRENCY = "iso4217";
    INVOICE_TYPE = "untdid1001_invoice";
    CREDIT_NOTE_TYPE = "untdid1001_credit";
    REFERENCE = "untdid1153";
    TEXT_SUBJECT = "untdid4451";
    PAYMENT_MEANS = "untdid4461";
    ALLOWANCE_REASON = "untdid5189";
    ITEM_CLASS = "untdid7143";
    CHARGE_REASON = "untdid7161";
    ICD = "iso6523";
    ELECTRONIC_ADDRESS = "eas";
    PEPPOL_ADDRESS = "eas_peppol";
    EXEMPTION_REASON = "vatex";
    UNIT = "unece20";
}

impl List {
    /// Whether a code stands in the list.
    pub fn has(self, code: &str) -> bool {
        let code = code.trim();
        let list = match self {
            Self::VatPrefix => return code == "EL" || COUNTRY.contains(code),
            Self::VatCategory => {
                return matches!(code, "AE" | "L" | "M" | "E" | "S" | "Z" | "G" | "O" | "K" | "B");
            }
            Self::MimeType => {
                return matches!(
                    code,
                    "application/pdf"
                        | "image/png"
                        | "image/jpeg"
                        | "text/csv"
                        | "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
                        | "application/vnd.oasis.opendocument.spreadsheet"
                );
            }
            Self::Country => &COUNTRY,
            Self::Currency => &CURRENCY,
            Self::InvoiceType => &INVOICE_TYPE,
            Self::CreditNoteType => &CREDIT_NOTE_TYPE,
            Self::Reference => &REFERENCE,
            Self::TextSubject => &TEXT_SUBJECT,
            Self::PaymentMeans => &PAYMENT_MEANS,
            Self::AllowanceReason => &ALLOWANCE_REASON,
            Self::ItemClass => &ITEM_CLASS,
            Self::ChargeReason => &CHARGE_REASON,
            Self::Icd => &ICD,
            Self::ElectronicAddress => &ELECTRONIC_ADDRESS,
            Self::PeppolAddress => &PEPPOL_ADDRESS,
            Self::ExemptionReason => &EXEMPTION_REASON,
            Self::Unit => &UNIT,
        };
        list.contains(code)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_found_as_they_stand() {
        assert!(List::Currency.has("EUR") && !List::Currency.has("eur") && !List::Currency.has("EUR USD"));
        assert!(List::VatPrefix.has("EL") && !List::Country.has("EL") && List::Country.has("XI"));
        assert!(List::Unit.has("H87") && List::Unit.has("XBX") && !List::Unit.has("Stk"));
        assert!(List::Icd.has("0088") && List::ExemptionReason.has("VATEX-EU-AE") && !List::Icd.has(""));
    }
}
