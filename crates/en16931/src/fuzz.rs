//! What fuzzers call: XML of any bytes under every rule.

use crate::rules::{self, Set};
use crate::{Document, invoice};

/// Reads bytes as an electronic invoice and applies all rules to it, whatever it says that it follows.
pub fn invoices(bytes: &[u8]) {
    let Ok(document) = Document::parse(bytes) else { return };
    let found = rules::check(&document, invoice(&document).as_ref(), &Set::ALL);
    let lines = document.nodes().count();
    for finding in found {
        assert!(finding.count > 0, "{} holds, and is found", finding.rule.id);
        assert!(
            finding.line.is_none_or(|line| (1..=lines).contains(&line)),
            "{}: {finding:?}",
            finding.rule.id
        );
    }
    drop(Set::of_document(&document));
}

#[cfg(test)]
mod tests {
    use docmill_testkit::fuzz::smoke;

    #[test]
    fn no_xml_makes_a_rule_panic() {
        let ubl = "<Invoice xmlns='urn:oasis:names:specification:ubl:schema:xsd:Invoice-2'><ID>1</ID><IssueDate>2026-01-31</IssueDate>\
            <DocumentCurrencyCode>EUR</DocumentCurrencyCode><TaxTotal><TaxAmount currencyID='EUR'>1.9</TaxAmount><TaxSubtotal>\
            <TaxableAmount currencyID='EUR'>10</TaxableAmount><TaxAmount currencyID='EUR'>1.90</TaxAmount><TaxCategory><ID>S</ID>\
            <Percent>19</Percent></TaxCategory></TaxSubtotal></TaxTotal><InvoiceLine><ID>1</ID><InvoicedQuantity unitCode='C62'>\
            79228162514264337593543950335</InvoicedQuantity><LineExtensionAmount currencyID='EUR'>-0.0000000000000000000000000001\
            </LineExtensionAmount><Price><PriceAmount currencyID='EUR'>1</PriceAmount><BaseQuantity>0</BaseQuantity></Price>\
            </InvoiceLine></Invoice>";
        let cii = "<CrossIndustryInvoice><ExchangedDocument><ID>1</ID><IssueDateTime><DateTimeString format='102'>20260131\
            </DateTimeString></IssueDateTime></ExchangedDocument><SupplyChainTradeTransaction><ApplicableHeaderTradeSettlement>\
            <ApplicableTradeTax><CalculatedAmount>1.9</CalculatedAmount><BasisAmount>10</BasisAmount><CategoryCode>S</CategoryCode>\
            <RateApplicablePercent>19</RateApplicablePercent></ApplicableTradeTax></ApplicableHeaderTradeSettlement>\
            </SupplyChainTradeTransaction></CrossIndustryInvoice>";
        smoke(
            &[ubl, cii, "<Order><ID>&#x1F600;</ID></Order>"].map(|xml| xml.as_bytes().to_vec()),
            2000,
            super::invoices,
        );
    }
}
