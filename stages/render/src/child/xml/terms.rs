//! What two e-invoices of one document must say alike.

use crate::protocol::Unread;
use docmill_en16931::{Document, Node, decimal};
use std::collections::BTreeSet;

/// The terms that decide who is paid, and what.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    is_order: bool,
    number: String,
    kind: String,
    currency: String,
    total: String,
    due: String,
    accounts: BTreeSet<String>,
    tax_ids: BTreeSet<String>,
    seller: String,
}

impl Terms {
    /// Those of an e-invoice or order; why there are none where it is refused, or says nothing of all this.
    pub(super) fn of(bytes: &[u8]) -> Result<Self, Unread> {
        let document = Document::parse(bytes).map_err(|_| Unread::Refused)?;
        let root = document.root();
        // A draft of ZUGFeRD 1.0 shares its root's name with UBL.
        let terms = if root.has(CII_DOCUMENT) { Self::of_cii(root) } else { Self::of_ubl(root) };
        if terms.number.is_empty() && terms.total.is_empty() && terms.due.is_empty() {
            return Err(Unread::Second);
        }
        Ok(terms)
    }

    fn of_cii(root: Node<'_>) -> Self {
        let inside =
            |node: Option<Node<'_>>, path: &str| node.map_or(String::new(), |n| compact(n.text_at(path)));
        let document = root.one(CII_DOCUMENT);
        let trade = root.one("SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction");
        let part = |path: &str| trade.and_then(|t| t.one(path));
        let settlement = part("ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement");
        let sums = settlement.and_then(|s| s.one(CII_SUMS));
        let seller = part(CII_SELLER);
        let accounts = settlement.map_or_else(Vec::new, |s| s.all(CII_ACCOUNTS));
        let registered = seller.map_or_else(Vec::new, |s| s.all("SpecifiedTaxRegistration/ID"));
        Self {
            is_order: root.name().starts_with("SCRDM"),
            number: inside(document, "ID"),
            kind: inside(document, "TypeCode"),
            currency: inside(settlement, "InvoiceCurrencyCode|OrderCurrencyCode"),
            total: sums.map_or(String::new(), |s| number(s.text_at("GrandTotalAmount"))),
            due: sums.map_or(String::new(), |s| number(s.text_at("DuePayableAmount"))),
            accounts: texts(accounts),
            tax_ids: texts(registered.into_iter().filter(|id| id.attribute("schemeID") == Some("VA"))),
            seller: inside(seller, "Name"),
        }
    }

    fn of_ubl(root: Node<'_>) -> Self {
        let text = |path: &str| compact(root.text_at(path));
        let party = "AccountingSupplierParty|SellerSupplierParty/Party";
        let schemes = root.all(&format!("{party}/PartyTaxScheme")).into_iter();
        let vat = schemes.filter(|s| s.any_is("TaxScheme/ID", "VAT"));
        let sums = "LegalMonetaryTotal|AnticipatedMonetaryTotal";
        Self {
            is_order: root.name().starts_with("Order"),
            number: text("ID"),
            kind: text("InvoiceTypeCode|CreditNoteTypeCode"),
            currency: text("DocumentCurrencyCode"),
            total: number(root.text_at(&format!("{sums}/TaxInclusiveAmount"))),
            due: number(root.text_at(&format!("{sums}/PayableAmount"))),
            accounts: texts(root.all("PaymentMeans/PayeeFinancialAccount/ID")),
            tax_ids: texts(vat.filter_map(|s| s.one("CompanyID"))),
            seller: text(&format!("{party}/PartyLegalEntity/RegistrationName")),
        }
    }

    /// Whether they are of the same sort of document: an order among the attachments of an invoice is no second invoice.
    pub(super) fn are_comparable(&self, other: &Self) -> bool {
        self.is_order == other.is_order
    }

    /// What the two say differently. What one of them leaves out is no difference: there are profiles with few terms.
    pub(super) fn differ(&self, other: &Self) -> Vec<String> {
        let texts = |a: &String, b: &String| !a.is_empty() && !b.is_empty() && a != b;
        let sets = |a: &BTreeSet<String>, b: &BTreeSet<String>| !a.is_empty() && !b.is_empty() && a != b;
        // The same company writes its name in several ways, but has one VAT id.
        let seller = if self.tax_ids.is_empty() || other.tax_ids.is_empty() {
            texts(&self.seller, &other.seller)
        } else {
            self.tax_ids.is_disjoint(&other.tax_ids)
        };
        let found = [
            ("number", texts(&self.number, &other.number)),
            ("type", texts(&self.kind, &other.kind)),
            ("currency", texts(&self.currency, &other.currency)),
            ("total", texts(&self.total, &other.total) || texts(&self.due, &other.due)),
            ("account", sets(&self.accounts, &other.accounts)),
            ("seller", seller),
        ];
        found.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name.to_owned()).collect()
    }
}

const CII_DOCUMENT: &str = "ExchangedDocument|HeaderExchangedDocument";
const CII_SELLER: &str =
    "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement/SellerTradeParty";
const CII_SUMS: &str =
    "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation";
const CII_ACCOUNTS: &str =
    "SpecifiedTradeSettlementPaymentMeans/PayeePartyCreditorFinancialAccount/IBANID|ProprietaryID";

fn texts<'d>(nodes: impl IntoIterator<Item = Node<'d>>) -> BTreeSet<String> {
    nodes.into_iter().map(|n| compact(n.trimmed())).filter(|t| !t.is_empty()).collect()
}

/// A number however it is written; what is none as it stands.
fn number(text: &str) -> String {
    decimal::parse(text).map_or_else(|| text.to_owned(), |value| value.normalize().to_string())
}

/// Letters and digits alone, in capitals.
fn compact(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same invoice in both syntaxes.
    const UBL: &str = "<Invoice><ID>R-1</ID><InvoiceTypeCode>380</InvoiceTypeCode><DocumentCurrencyCode>EUR</DocumentCurrencyCode>\
        <AccountingSupplierParty><Party><PartyTaxScheme><CompanyID>DE136695976</CompanyID><TaxScheme><ID>VAT</ID></TaxScheme>\
        </PartyTaxScheme><PartyLegalEntity><RegistrationName>Blumen Sommer</RegistrationName></PartyLegalEntity></Party>\
        </AccountingSupplierParty><PaymentMeans><PaymentMeansCode>58</PaymentMeansCode><PayeeFinancialAccount>\
        <ID>DE89370400440532013000</ID></PayeeFinancialAccount></PaymentMeans><LegalMonetaryTotal>\
        <TaxInclusiveAmount>119.00</TaxInclusiveAmount><PayableAmount>119.00</PayableAmount></LegalMonetaryTotal></Invoice>";
    const CII: &str = "<CrossIndustryInvoice><ExchangedDocument><ID>R-1</ID><TypeCode>380</TypeCode></ExchangedDocument>\
        <SupplyChainTradeTransaction><ApplicableHeaderTradeAgreement><SellerTradeParty><Name>Blumen Sommer GmbH</Name>\
        <SpecifiedTaxRegistration><ID schemeID='VA'>DE136695976</ID></SpecifiedTaxRegistration></SellerTradeParty>\
        </ApplicableHeaderTradeAgreement><ApplicableHeaderTradeSettlement><InvoiceCurrencyCode>EUR</InvoiceCurrencyCode>\
        <SpecifiedTradeSettlementPaymentMeans><TypeCode>58</TypeCode><PayeePartyCreditorFinancialAccount>\
        <IBANID>DE89 3704 0044 0532 0130 00</IBANID></PayeePartyCreditorFinancialAccount></SpecifiedTradeSettlementPaymentMeans>\
        <SpecifiedTradeSettlementHeaderMonetarySummation><GrandTotalAmount>119</GrandTotalAmount>\
        <DuePayableAmount>119.0</DuePayableAmount></SpecifiedTradeSettlementHeaderMonetarySummation>\
        </ApplicableHeaderTradeSettlement></SupplyChainTradeTransaction></CrossIndustryInvoice>";

    fn terms(xml: &str) -> Terms {
        Terms::of(xml.as_bytes()).unwrap()
    }

    #[test]
    fn one_invoice_in_two_syntaxes_says_the_same() {
        assert_eq!(terms(UBL).differ(&terms(CII)), Vec::<String>::new());
        assert_eq!(terms(UBL).differ(&Terms::default()), Vec::<String>::new());
    }

    #[test]
    fn every_term_that_differs_is_named() {
        let differs = |from: &str, to: &str| terms(UBL).differ(&terms(&UBL.replace(from, to)));
        assert_eq!(differs("R-1", "R-2"), ["number"]);
        assert_eq!(differs(">380", ">381"), ["type"]);
        assert_eq!(differs("EUR", "USD"), ["currency"]);
        assert_eq!(differs("<PayableAmount>119.00", "<PayableAmount>11.90"), ["total"]);
        assert_eq!(differs("DE89370400440532013000", "DE75512108001245126199"), ["account"]);
        assert_eq!(differs("DE136695976", "DE129273398"), ["seller"]);
        assert_eq!(differs("Blumen Sommer", "Holz Winter"), Vec::<String>::new(), "the VAT id tells");
    }

    #[test]
    fn what_is_refused_or_no_invoice_has_no_terms() {
        assert_eq!(Terms::of(b"<!DOCTYPE a><Invoice/>"), Err(Unread::Refused));
        assert_eq!(Terms::of(b"<Order/>"), Err(Unread::Second));
    }

    #[test]
    fn the_older_zugferd_is_compared_and_an_order_is_no_second_invoice() {
        let older = CII
            .replace("CrossIndustryInvoice", "CrossIndustryDocument")
            .replace("ExchangedDocument", "HeaderExchangedDocument")
            .replace("SupplyChainTradeTransaction", "SpecifiedSupplyChainTradeTransaction")
            .replace("ApplicableHeader", "ApplicableSupplyChain")
            .replace("HeaderMonetarySummation", "MonetarySummation");
        assert_eq!(terms(&older).differ(&terms(UBL)), Vec::<String>::new());
        assert_eq!(terms(&older.replace("R-1", "R-2")).differ(&terms(UBL)), ["number"]);
        assert_eq!(terms(&older), terms(CII));
        assert!(terms(UBL).are_comparable(&terms(CII)));
        assert!(!terms(UBL).are_comparable(&terms("<Order><ID>R-1</ID></Order>")));
    }
}
