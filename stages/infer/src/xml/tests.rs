use super::*;

const CII: &str = r#"<?xml version="1.0"?><rsm:CrossIndustryInvoice xmlns:rsm="r" xmlns:ram="a" xmlns:udt="u">
<rsm:ExchangedDocument><ram:ID>R &amp; 1</ram:ID><ram:TypeCode>381</ram:TypeCode>
<ram:IssueDateTime><udt:DateTimeString format="102">20240229</udt:DateTimeString></ram:IssueDateTime></rsm:ExchangedDocument>
<rsm:SupplyChainTradeTransaction>
<ram:IncludedSupplyChainTradeLineItem><ram:SpecifiedTradeProduct><ram:Name>Stuhl</ram:Name></ram:SpecifiedTradeProduct>
<ram:SpecifiedLineTradeDelivery><ram:BilledQuantity unitCode="H87">3.0000</ram:BilledQuantity></ram:SpecifiedLineTradeDelivery>
</ram:IncludedSupplyChainTradeLineItem>
<ram:ApplicableHeaderTradeAgreement><ram:SellerTradeParty><ram:Name>Müller
 GmbH</ram:Name><ram:SpecifiedTaxRegistration><ram:ID schemeID="VA">DE1</ram:ID></ram:SpecifiedTaxRegistration></ram:SellerTradeParty></ram:ApplicableHeaderTradeAgreement>
<ram:ApplicableHeaderTradeSettlement><ram:InvoiceCurrencyCode>EUR</ram:InvoiceCurrencyCode>
<ram:SpecifiedTradeSettlementHeaderMonetarySummation><ram:TaxTotalAmount currencyID="USD">9</ram:TaxTotalAmount>
<ram:TaxTotalAmount currencyID="EUR">1.90</ram:TaxTotalAmount><ram:GrandTotalAmount>1.19E1</ram:GrandTotalAmount>
</ram:SpecifiedTradeSettlementHeaderMonetarySummation></ram:ApplicableHeaderTradeSettlement>
</rsm:SupplyChainTradeTransaction></rsm:CrossIndustryInvoice>"#;

fn value<'a>(fields: &'a Fields, name: &str) -> &'a str {
    fields.get(name).map_or("", |f| f.value.as_str())
}

#[test]
fn a_cross_industry_invoice_is_read_as_it_stands() {
    let out = extract(CII.as_bytes()).unwrap();
    assert_eq!(out.kind.value, "credit_note");
    assert_eq!(value(&out.fields, "invoice_number"), "R & 1");
    assert_eq!(value(&out.fields, "issue_date"), "2024-02-29");
    assert_eq!(value(&out.fields, "seller_name"), "Müller GmbH");
    assert_eq!(value(&out.fields, "tax_total"), "1.90");
    assert_eq!(value(&out.fields, "grand_total"), "11.9");
    assert_eq!(value(&out.line_items[0], "quantity"), "3.0000");
    assert_eq!(value(&out.line_items[0], "unit"), "H87");
}

#[test]
fn a_ubl_credit_note_is_read() {
    let xml = r#"<CreditNote xmlns="x" xmlns:c="y"><c:ID>C1</c:ID><c:DocumentCurrencyCode>EUR</c:DocumentCurrencyCode>
        <c:TaxTotal><c:TaxAmount currencyID="EUR">19.00</c:TaxAmount><c:TaxSubtotal><c:TaxableAmount>100.00</c:TaxableAmount>
        <c:TaxCategory><c:ID>S</c:ID><c:Percent>19</c:Percent></c:TaxCategory></c:TaxSubtotal></c:TaxTotal>
        <c:LegalMonetaryTotal><c:PayableAmount>119.00</c:PayableAmount></c:LegalMonetaryTotal></CreditNote>"#;
    let out = extract(xml.as_bytes()).unwrap();
    assert_eq!(out.kind.value, "credit_note");
    assert_eq!(value(&out.fields, "due_payable"), "119.00");
    assert_eq!(value(&out.vat_breakdown[0], "vat_rate"), "19");
}

#[test]
fn hostile_or_broken_xml_is_refused_with_a_reason() {
    let code = |xml: &str| extract(xml.as_bytes()).unwrap_err().code().0;
    assert_eq!(code("<!DOCTYPE a [<!ENTITY b 'c'>]><Invoice>&b;</Invoice>"), "INFER-0003");
    assert_eq!(code("<Invoice>&b;</Invoice>"), "INFER-0003");
    assert_eq!(code(&"<a>".repeat(100)), "INFER-0003");
    assert_eq!(code("<Invoice><ID>1</ID>"), "INFER-0002");
    assert_eq!(code("<Invoice><ID>1</Invoice>"), "INFER-0002");
    assert_eq!(code("no xml"), "INFER-0002");
    assert_eq!(code(""), "INFER-0002");
    assert_eq!(code("<html></html>"), "INFER-0004");
}

#[test]
fn latin_1_and_utf_16_are_decoded() {
    let latin = b"<?xml version='1.0' encoding='ISO-8859-1'?><Invoice><ID>\xfc1</ID></Invoice>";
    assert_eq!(value(&extract(latin).unwrap().fields, "invoice_number"), "ü1");
    let wide: Vec<u8> = [0xff, 0xfe]
        .into_iter()
        .chain("<Invoice><ID>ü1</ID></Invoice>".encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    assert_eq!(value(&extract(&wide).unwrap().fields, "invoice_number"), "ü1");
}

#[test]
fn a_number_that_is_too_large_is_kept_as_it_stands() {
    let huge = "1".repeat(40);
    let read = |amount: &str| {
        let xml = format!(
            "<Invoice><ID>1</ID><LegalMonetaryTotal><TaxInclusiveAmount>{amount}</TaxInclusiveAmount></LegalMonetaryTotal></Invoice>"
        );
        extract(xml.as_bytes()).unwrap().fields.get("grand_total").map(|f| f.value.clone())
    };
    assert_eq!(read(&huge), Some(huge.clone()));
    assert_eq!(read("1e400").as_deref(), Some("1e400"));
    assert_eq!(read("-1.5").as_deref(), Some("-1.5"));
    for none in ["NaN", "1,5", "1.2.3", "e5", "--1", "1e", "twelve"] {
        assert_eq!(read(none), None, "{none}");
    }
}

#[test]
fn an_iban_is_an_account_wherever_it_stands_and_all_accounts_are_known() {
    let xml = "<CrossIndustryInvoice><ExchangedDocument><ID>1</ID><TypeCode>380</TypeCode></ExchangedDocument>\
        <SupplyChainTradeTransaction><ApplicableHeaderTradeSettlement>\
        <SpecifiedTradeSettlementPaymentMeans><PayeePartyCreditorFinancialAccount><ProprietaryID>1234567</ProprietaryID>\
        </PayeePartyCreditorFinancialAccount><PayerPartyDebtorFinancialAccount><IBANID>FR1420041010050500013M02606</IBANID>\
        </PayerPartyDebtorFinancialAccount></SpecifiedTradeSettlementPaymentMeans>\
        <SpecifiedTradeSettlementPaymentMeans><PayeePartyCreditorFinancialAccount><ProprietaryID>DE89 3704 0044 0532 0130 00</ProprietaryID>\
        </PayeePartyCreditorFinancialAccount></SpecifiedTradeSettlementPaymentMeans>\
        </ApplicableHeaderTradeSettlement></SupplyChainTradeTransaction></CrossIndustryInvoice>";
    let (out, known) = read(xml.as_bytes()).unwrap();
    assert_eq!(value(&out.fields, "iban"), "DE89 3704 0044 0532 0130 00");
    assert_eq!(known.accounts, ["1234567", "DE89 3704 0044 0532 0130 00"]);
    assert_eq!(known.debited, ["FR1420041010050500013M02606"]);
    assert_eq!(known.type_code.as_deref(), Some("380"));
}
