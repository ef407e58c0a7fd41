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

const EXTENSION: &str = "urn:cen.eu:en16931:2017#compliant#urn:xeinkauf.de:kosit:xrechnung_3.0#conformant#\
                         urn:xeinkauf.de:kosit:extension:xrechnung_3.0";

fn lists_of(xml: &str) -> Vec<&'static str> {
    let of = |set, starts: &'static [&'static str]| {
        let ids = failed(xml, set).into_iter().map(|f| f.0);
        ids.filter(move |id| starts.iter().any(|s| id.starts_with(s)))
    };
    of(Set::En16931, &["BR-CL-", "BR-CO-16"]).chain(of(Set::XRechnung, &["BR-DEX-", "BR-TMP-CVD-"])).collect()
}

#[test]
fn lists_of_the_extension_stand_in_for_those_of_the_standard() {
    let ubl = |said: &str, scheme: &str, media: &str| {
        let xml = format!(
            "<Invoice><CustomizationID>{said}</CustomizationID><AdditionalDocumentReference><Attachment>\
             <EmbeddedDocumentBinaryObject mimeCode='{media}'/></Attachment></AdditionalDocumentReference>\
             <AccountingSupplierParty><Party><EndpointID schemeID='{scheme}'>1</EndpointID><PartyIdentification>\
             <ID schemeID='{scheme}'>1</ID></PartyIdentification><PartyIdentification><ID schemeID='SEPA'>1</ID>\
             </PartyIdentification><PartyLegalEntity><CompanyID schemeID='{scheme}'>1</CompanyID></PartyLegalEntity></Party>\
             </AccountingSupplierParty><Delivery><DeliveryLocation><ID schemeID='{scheme}'>1</ID></DeliveryLocation></Delivery>\
             <InvoiceLine><Item><StandardItemIdentification><ID schemeID='{scheme}'>1</ID></StandardItemIdentification></Item>\
             </InvoiceLine></Invoice>"
        );
        lists_of(&xml)
    };
    let dex = ["BR-DEX-01", "BR-DEX-04", "BR-DEX-05", "BR-DEX-06", "BR-DEX-07", "BR-DEX-08"];
    let cl = ["BR-CL-10", "BR-CL-11", "BR-CL-21", "BR-CL-24", "BR-CL-25", "BR-CL-26"];
    let sorted = |mut ids: Vec<&'static str>| {
        ids.sort_unstable();
        ids
    };
    let none: [&str; 0] = [];
    assert_eq!(sorted(ubl(EXTENSION, "ZZZ", "application/msword")), dex);
    assert_eq!(sorted(ubl(EXTENSION, "XR02", "application/xml")), none);
    let plain = EXTENSION.split("#conformant").next().unwrap();
    assert_eq!(sorted(ubl(plain, "XR02", "application/xml")), cl);
    assert_eq!(sorted(ubl(plain, "0088", "text/csv")), none);

    let cii = |said: &str, scheme: &str, more: &str| {
        let id = format!("schemeID='{scheme}'>1<");
        let xml = format!(
            "<CrossIndustryInvoice><ExchangedDocumentContext><GuidelineSpecifiedDocumentContextParameter><ID>{said}</ID>\
             </GuidelineSpecifiedDocumentContextParameter></ExchangedDocumentContext><SupplyChainTradeTransaction>\
             <IncludedSupplyChainTradeLineItem><AssociatedDocumentLineDocument>{more}</AssociatedDocumentLineDocument>\
             <SpecifiedTradeProduct><GlobalID {id}/GlobalID></SpecifiedTradeProduct></IncludedSupplyChainTradeLineItem>\
             <ApplicableHeaderTradeAgreement><SellerTradeParty><GlobalID {id}/GlobalID><SpecifiedLegalOrganization><ID {id}/ID>\
             </SpecifiedLegalOrganization><URIUniversalCommunication><URIID {id}/URIID></URIUniversalCommunication>\
             <SpecifiedTaxRegistration><ID schemeID='VA'>1</ID></SpecifiedTaxRegistration></SellerTradeParty>\
             </ApplicableHeaderTradeAgreement><ApplicableHeaderTradeDelivery><ShipToTradeParty><GlobalID {id}/GlobalID>\
             </ShipToTradeParty></ApplicableHeaderTradeDelivery></SupplyChainTradeTransaction></CrossIndustryInvoice>"
        );
        sorted(lists_of(&xml))
    };
    assert_eq!(cii(EXTENSION, "ZZZ", ""), &dex[1..]);
    assert_eq!(cii(EXTENSION, "XR01", ""), none);
    assert_eq!(cii(EXTENSION, "0088", "<ParentLineID>1</ParentLineID>"), ["BR-DEX-15"]);
    assert_eq!(cii(plain, "0088", "<ParentLineID>1</ParentLineID>"), none);
}

#[test]
fn clean_vehicles_have_a_class_of_their_own() {
    let classed = |said: &str, list: &str| {
        lists_of(&format!(
            "<Invoice><CustomizationID>{said}</CustomizationID><InvoiceLine><Item><CommodityClassification>\
             <ItemClassificationCode listID='{list}'>M1</ItemClassificationCode></CommodityClassification></Item></InvoiceLine></Invoice>"
        ))
    };
    let plain = EXTENSION.split("#conformant").next().unwrap();
    let cvd = format!("{plain}#compliant#urn:xeinkauf.de:kosit:xrechnung:cvd_0.9");
    assert_eq!(classed(&cvd, "CVD"), [] as [&str; 0]);
    assert_eq!(classed(&cvd, "XYZ"), ["BR-TMP-CVD-01"]);
    assert_eq!(classed(plain, "CVD"), ["BR-CL-13"]);
}

#[test]
fn third_parties_pay_in_the_extension_only() {
    let due = |said: &str, due: &str| {
        lists_of(&format!(
            "<Invoice><CustomizationID>{said}</CustomizationID><DocumentCurrencyCode>EUR</DocumentCurrencyCode><PrepaidPayment>\
             <ID>x</ID><PaidAmount currencyID='EUR'>5.00</PaidAmount><InstructionID>x</InstructionID></PrepaidPayment>\
             <LegalMonetaryTotal><TaxInclusiveAmount currencyID='EUR'>10.00</TaxInclusiveAmount><PayableAmount \
             currencyID='EUR'>{due}</PayableAmount></LegalMonetaryTotal></Invoice>"
        ))
    };
    let plain = EXTENSION.split("#conformant").next().unwrap();
    assert_eq!(due(EXTENSION, "15.00"), [] as [&str; 0]);
    assert_eq!(due(EXTENSION, "10.00"), ["BR-DEX-09"]);
    assert_eq!(due(plain, "10.00"), [] as [&str; 0]);
    assert_eq!(due(plain, "15.00"), ["BR-CO-16"]);
}
