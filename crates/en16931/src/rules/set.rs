//! The sets of rules: which tables each has, and which of them a document says that it follows.

use super::{
    Rule, answers, catalogue, common, core_document, core_lines, core_totals, despatch_advice, germany,
    identifiers, invoice_response, lists_cii, lists_ubl, north, order_agreement, order_cancellation,
    order_change, order_response, order_response_advanced, orders, peppol, peppol_cii, peppol_ubl, punch_out,
    south, syntax, syntax_cii, syntax_ubl, vat_outside, vat_taxed, vat_untaxed, xrechnung, xrechnung_lists,
};
use crate::{Document, Node};

/// A set of rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Set {
    /// EN 16931: semantic rules and code lists.
    En16931,
    /// What the binding of EN 16931 leaves of UBL and CII.
    Syntax,
    /// Peppol BIS Billing 3 with the rules of its countries.
    Peppol,
    /// XRechnung 3.0.
    XRechnung,
    /// Peppol BIS: what holds for all documents but invoices.
    Common,
    /// Peppol BIS order (T01).
    Order,
    /// Peppol BIS order change (T114).
    OrderChange,
    /// Peppol BIS order agreement (T110).
    OrderAgreement,
    /// Peppol BIS order response (T76).
    OrderResponse,
    /// Peppol BIS advanced ordering, order response (T116).
    OrderResponseAdvanced,
    /// Peppol BIS advanced ordering, order cancellation (T115).
    OrderCancellation,
    /// Peppol BIS catalogue (T19).
    Catalogue,
    /// Peppol BIS punch out (T77).
    PunchOut,
    /// Peppol BIS despatch advice (T16).
    DespatchAdvice,
    /// Peppol BIS invoice response (T111).
    InvoiceResponse,
    /// Peppol BIS catalogue response (T58), message level response (T71).
    Answers,
}

impl Set {
    /// All of them.
    pub const ALL: [Self; 16] = [
        Self::En16931,
        Self::Syntax,
        Self::Peppol,
        Self::XRechnung,
        Self::Common,
        Self::Order,
        Self::OrderChange,
        Self::OrderAgreement,
        Self::OrderResponse,
        Self::OrderResponseAdvanced,
        Self::OrderCancellation,
        Self::Catalogue,
        Self::PunchOut,
        Self::DespatchAdvice,
        Self::InvoiceResponse,
        Self::Answers,
    ];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::En16931 => "EN 16931",
            Self::Syntax => "EN 16931 syntax binding",
            Self::Peppol => "Peppol BIS Billing 3",
            Self::XRechnung => "XRechnung 3.0",
            Self::Common => "Peppol BIS, all documents",
            Self::Order => "Peppol BIS order (T01)",
            Self::OrderChange => "Peppol BIS order change (T114)",
            Self::OrderAgreement => "Peppol BIS order agreement (T110)",
            Self::OrderResponse => "Peppol BIS order response (T76)",
            Self::OrderResponseAdvanced => "Peppol BIS order response advanced (T116)",
            Self::OrderCancellation => "Peppol BIS order cancellation (T115)",
            Self::Catalogue => "Peppol BIS catalogue (T19)",
            Self::PunchOut => "Peppol BIS punch out (T77)",
            Self::DespatchAdvice => "Peppol BIS despatch advice (T16)",
            Self::InvoiceResponse => "Peppol BIS invoice response (T111)",
            Self::Answers => "Peppol BIS catalogue response (T58), message level response (T71)",
        }
    }

    /// The sets that there are for a root element, whatever the document says that it follows.
    pub fn of_root(name: &str) -> &'static [Self] {
        match name {
            "Invoice" | "CreditNote" | "CrossIndustryInvoice" => {
                &[Self::En16931, Self::Syntax, Self::Peppol, Self::XRechnung]
            }
            "Order" => &[Self::Common, Self::Order],
            "OrderChange" => &[Self::Common, Self::OrderChange],
            "OrderResponse" => {
                &[Self::Common, Self::OrderAgreement, Self::OrderResponse, Self::OrderResponseAdvanced]
            }
            "OrderCancellation" => &[Self::Common, Self::OrderCancellation],
            "Catalogue" => &[Self::Common, Self::Catalogue, Self::PunchOut],
            "DespatchAdvice" => &[Self::Common, Self::DespatchAdvice],
            "ApplicationResponse" => &[Self::Common, Self::InvoiceResponse, Self::Answers],
            _ => &[],
        }
    }

    /// The sets that a document says that it follows.
    pub fn of_document(document: &Document) -> Vec<Self> {
        let root = document.root();
        let cii = "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID";
        let said = root.one("CustomizationID").or_else(|| root.one(cii)).map_or("", Node::trimmed);
        let follows = |set: &Self| match set {
            // Factur-X MINIMUM and BASIC WL are no invoices in the sense of EN 16931.
            Self::En16931 | Self::Syntax => {
                !said.contains(":minimum") && !said.contains(":basicwl") && !said.contains("#conformant#")
                    || (*set == Self::En16931 && said.contains("#conformant#"))
            }
            Self::Peppol => said.contains("urn:fdc:peppol.eu:2017:poacc:billing:3"),
            Self::XRechnung => said.contains("xrechnung"),
            Self::Common => said.contains("urn:fdc:peppol.eu:poacc:trns:"),
            Self::Order => said.contains(":trns:order:"),
            Self::OrderChange => said.contains(":trns:order_change:"),
            Self::OrderAgreement => said.contains(":trns:order_agreement:"),
            Self::OrderResponse => said.contains(":trns:order_response:"),
            Self::OrderResponseAdvanced => said.contains(":trns:order_response_advanced:"),
            Self::OrderCancellation => said.contains(":trns:order_cancellation:"),
            Self::Catalogue => said.contains(":trns:catalogue:"),
            Self::PunchOut => said.contains(":trns:punch_out:"),
            Self::DespatchAdvice => said.contains(":trns:despatch_advice:"),
            Self::InvoiceResponse => said.contains(":trns:invoice_response:"),
            Self::Answers => said.contains(":trns:catalogue_response:") || said.contains(":trns:mlr:"),
        };
        Self::of_root(root.name()).iter().copied().filter(follows).collect()
    }

    fn tables(self, cii: bool) -> Vec<&'static [Rule]> {
        match (self, cii) {
            (Self::En16931, _) => vec![
                core_document::RULES,
                core_lines::RULES,
                core_totals::RULES,
                vat_taxed::RULES,
                vat_untaxed::RULES,
                vat_outside::RULES,
                if cii { lists_cii::RULES } else { lists_ubl::RULES },
            ],
            (Self::Syntax, true) => vec![syntax_cii::RULES, &syntax::CII],
            (Self::Syntax, false) => vec![syntax_ubl::RULES, &syntax::UBL],
            (Self::Peppol, _) => vec![
                peppol::RULES,
                if cii { peppol_cii::RULES } else { peppol_ubl::RULES },
                identifiers::RULES,
                north::RULES,
                south::RULES,
                germany::RULES,
            ],
            (Self::XRechnung, _) => vec![xrechnung::RULES, xrechnung_lists::RULES],
            (_, true) => Vec::new(),
            (Self::Common, _) => vec![common::RULES, identifiers::RULES],
            (Self::Order, _) => vec![orders::RULES],
            (Self::OrderChange, _) => vec![order_change::RULES],
            (Self::OrderAgreement, _) => vec![order_agreement::RULES],
            (Self::OrderResponse, _) => vec![order_response::RULES],
            (Self::OrderResponseAdvanced, _) => vec![order_response_advanced::RULES],
            (Self::OrderCancellation, _) => vec![order_cancellation::RULES],
            (Self::Catalogue, _) => vec![catalogue::RULES],
            (Self::PunchOut, _) => vec![punch_out::RULES],
            (Self::DespatchAdvice, _) => vec![despatch_advice::RULES],
            (Self::InvoiceResponse, _) => vec![invoice_response::RULES],
            (Self::Answers, _) => vec![answers::RULES],
        }
    }

    /// Its rules for a syntax.
    pub fn rules(self, cii: bool) -> impl Iterator<Item = &'static Rule> {
        self.tables(cii).into_iter().flatten()
    }
}
