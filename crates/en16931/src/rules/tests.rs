use super::*;
use crate::{Document, invoice};
use std::collections::HashSet;

fn failed(xml: &str, set: Set) -> Vec<(&'static str, usize, Option<usize>)> {
    let document = Document::parse(xml.as_bytes()).unwrap();
    let invoice = invoice(&document);
    check(&document, invoice.as_ref(), &[set]).into_iter().map(|f| (f.rule.id, f.count, f.line)).collect()
}

#[test]
fn every_rule_has_an_id_of_its_own_and_a_text() {
    for cii in [false, true] {
        for set in Set::ALL {
            let mut seen = HashSet::new();
            for rule in set.rules(cii) {
                assert!(rule.text.len() > 10 && rule.text.ends_with('.'), "{}: {}", rule.id, rule.text);
                // One id may stand for several elements.
                let path = match rule.check {
                    Check::Node(path, _) | Check::Row(path, _) => path,
                    _ => "",
                };
                assert!(seen.insert((rule.id, path)), "{} stands twice in {}", rule.id, set.name());
            }
        }
    }
}

#[test]
fn lines_say_where_a_rule_does_not_hold() {
    let line = |id: &str| {
        format!(
            "<InvoiceLine><ID>{id}</ID><InvoicedQuantity unitCode='C62'>1</InvoicedQuantity><LineExtensionAmount \
             currencyID='EUR'>1.00</LineExtensionAmount><Item><Name>x</Name><ClassifiedTaxCategory><ID>O</ID><TaxScheme>\
             <ID>VAT</ID></TaxScheme></ClassifiedTaxCategory></Item><Price><PriceAmount currencyID='EUR'>1</PriceAmount>\
             </Price></InvoiceLine>"
        )
    };
    let xml = format!("<Invoice>{}{}{}</Invoice>", line("1"), line(""), line(" "));
    let found: Vec<_> = failed(&xml, Set::En16931).into_iter().filter(|f| f.0 == "BR-21").collect();
    assert_eq!(found, [("BR-21", 2, Some(2))]);
}

#[test]
fn elements_are_looked_for_where_the_rule_says() {
    let bad = "<Invoice><DocumentCurrencyCode>XXY</DocumentCurrencyCode><Delivery><DeliveryLocation><Address><Country>\
               <IdentificationCode>ZZ</IdentificationCode></Country></Address></DeliveryLocation></Delivery></Invoice>";
    let found: Vec<_> =
        failed(bad, Set::En16931).into_iter().map(|f| f.0).filter(|id| id.starts_with("BR-CL")).collect();
    assert_eq!(found, ["BR-CL-04", "BR-CL-14"]);
    let copy = "<Invoice><CopyIndicator>true</CopyIndicator></Invoice>";
    assert!(failed(copy, Set::Syntax).iter().any(|f| f.0 == "UBL-CR-004"));
    let deeper = "<Invoice><Delivery><CopyIndicator>true</CopyIndicator></Delivery></Invoice>";
    assert!(!failed(deeper, Set::Syntax).iter().any(|f| f.0 == "UBL-CR-004"));
}

#[test]
fn a_document_says_which_sets_it_follows() {
    let sets = |root: &str, said: &str| {
        let xml = format!("<{root}><CustomizationID>{said}</CustomizationID></{root}>");
        Set::of_document(&Document::parse(xml.as_bytes()).unwrap())
    };
    let en = "urn:cen.eu:en16931:2017";
    assert_eq!(sets("Invoice", en), [Set::En16931, Set::Syntax]);
    let peppol = format!("{en}#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0");
    assert_eq!(sets("CreditNote", &peppol), [Set::En16931, Set::Syntax, Set::Peppol]);
    let xrechnung = format!("{en}#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0");
    assert_eq!(sets("Invoice", &xrechnung), [Set::En16931, Set::Syntax, Set::XRechnung]);
    assert_eq!(sets("Order", "urn:fdc:peppol.eu:poacc:trns:order:3"), [Set::Common, Set::Order]);
    assert_eq!(sets("Order", "x"), []);
    assert_eq!(sets("Song", en), []);
    let cii = "<CrossIndustryInvoice><ExchangedDocumentContext><GuidelineSpecifiedDocumentContextParameter><ID>\
               urn:factur-x.eu:1p0:minimum</ID></GuidelineSpecifiedDocumentContextParameter></ExchangedDocumentContext></CrossIndustryInvoice>";
    assert_eq!(Set::of_document(&Document::parse(cii.as_bytes()).unwrap()), []);
}

#[test]
fn what_is_no_number_is_no_panic() {
    for amount in ["", "x", "1e9", "79228162514264337593543950335", "-79228162514264337593543950335", "0"] {
        let xml = format!(
            "<Invoice><DocumentCurrencyCode>EUR</DocumentCurrencyCode><AllowanceCharge><ChargeIndicator>true</ChargeIndicator>\
             <Amount>{amount}</Amount><BaseAmount>{amount}</BaseAmount><MultiplierFactorNumeric>{amount}</MultiplierFactorNumeric>\
             </AllowanceCharge><TaxTotal><TaxAmount currencyID='EUR'>{amount}</TaxAmount><TaxSubtotal><TaxableAmount>{amount}\
             </TaxableAmount><TaxAmount>{amount}</TaxAmount><TaxCategory><ID>S</ID><Percent>{amount}</Percent><TaxScheme><ID>VAT\
             </ID></TaxScheme></TaxCategory></TaxSubtotal></TaxTotal><LegalMonetaryTotal><LineExtensionAmount>{amount}\
             </LineExtensionAmount><TaxExclusiveAmount>{amount}</TaxExclusiveAmount><TaxInclusiveAmount>{amount}</TaxInclusiveAmount>\
             <PayableAmount>{amount}</PayableAmount></LegalMonetaryTotal><InvoiceLine><LineExtensionAmount>{amount}\
             </LineExtensionAmount><InvoicedQuantity>{amount}</InvoicedQuantity><Price><PriceAmount>{amount}</PriceAmount>\
             <BaseQuantity>{amount}</BaseQuantity></Price></InvoiceLine></Invoice>"
        );
        for set in Set::ALL {
            drop(failed(&xml, set));
        }
        let order =
            xml.replace("Invoice>", "Order>").replace("LegalMonetaryTotal", "AnticipatedMonetaryTotal");
        for set in Set::ALL {
            drop(failed(&order, set));
        }
    }
}
