//! An invoice as UN/CEFACT Cross Industry Invoice, profile EN 16931.

use crate::model::{Invoice, Line, Party, plain};

/// The XML of an invoice.
pub(crate) fn xml(invoice: &Invoice) -> String {
    let lines: String = invoice.lines.iter().enumerate().map(|(i, l)| line(i + 1, l)).collect();
    let vat: String = invoice
        .vat()
        .iter()
        .map(|v| {
            format!(
                r"
   <ram:ApplicableTradeTax>
    <ram:CalculatedAmount>{}</ram:CalculatedAmount>
    <ram:TypeCode>VAT</ram:TypeCode>
    <ram:BasisAmount>{}</ram:BasisAmount>
    <ram:CategoryCode>S</ram:CategoryCode>
    <ram:RateApplicablePercent>{}</ram:RateApplicablePercent>
   </ram:ApplicableTradeTax>",
                plain(v.tax),
                plain(v.base),
                v.rate
            )
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<rsm:CrossIndustryInvoice xmlns:rsm="urn:un:unece:uncefact:data:standard:CrossIndustryInvoice:100" xmlns:ram="urn:un:unece:uncefact:data:standard:ReusableAggregateBusinessInformationEntity:100" xmlns:udt="urn:un:unece:uncefact:data:standard:UnqualifiedDataType:100">
 <rsm:ExchangedDocumentContext>
  <ram:GuidelineSpecifiedDocumentContextParameter>
   <ram:ID>urn:cen.eu:en16931:2017</ram:ID>
  </ram:GuidelineSpecifiedDocumentContextParameter>
 </rsm:ExchangedDocumentContext>
 <rsm:ExchangedDocument>
  <ram:ID>{number}</ram:ID>
  <ram:TypeCode>380</ram:TypeCode>
  <ram:IssueDateTime>{issued}</ram:IssueDateTime>
 </rsm:ExchangedDocument>
 <rsm:SupplyChainTradeTransaction>{lines}
  <ram:ApplicableHeaderTradeAgreement>
   <ram:SellerTradeParty>{seller}
   </ram:SellerTradeParty>
   <ram:BuyerTradeParty>{buyer}
   </ram:BuyerTradeParty>
   <ram:BuyerOrderReferencedDocument>
    <ram:IssuerAssignedID>{order}</ram:IssuerAssignedID>
   </ram:BuyerOrderReferencedDocument>
  </ram:ApplicableHeaderTradeAgreement>
  <ram:ApplicableHeaderTradeDelivery>
   <ram:ActualDeliverySupplyChainEvent>
    <ram:OccurrenceDateTime>{delivered}</ram:OccurrenceDateTime>
   </ram:ActualDeliverySupplyChainEvent>
  </ram:ApplicableHeaderTradeDelivery>
  <ram:ApplicableHeaderTradeSettlement>
   <ram:PaymentReference>{number}</ram:PaymentReference>
   <ram:InvoiceCurrencyCode>{currency}</ram:InvoiceCurrencyCode>
   <ram:SpecifiedTradeSettlementPaymentMeans>
    <ram:TypeCode>58</ram:TypeCode>
    <ram:PayeePartyCreditorFinancialAccount>
     <ram:IBANID>{iban}</ram:IBANID>
    </ram:PayeePartyCreditorFinancialAccount>
    <ram:PayeeSpecifiedCreditorFinancialInstitution>
     <ram:BICID>{bic}</ram:BICID>
    </ram:PayeeSpecifiedCreditorFinancialInstitution>
   </ram:SpecifiedTradeSettlementPaymentMeans>{vat}
   <ram:SpecifiedTradePaymentTerms>
    <ram:DueDateDateTime>{due}</ram:DueDateDateTime>
   </ram:SpecifiedTradePaymentTerms>
   <ram:SpecifiedTradeSettlementHeaderMonetarySummation>
    <ram:LineTotalAmount>{line_total}</ram:LineTotalAmount>
    <ram:TaxBasisTotalAmount>{net}</ram:TaxBasisTotalAmount>
    <ram:TaxTotalAmount currencyID="{currency}">{tax}</ram:TaxTotalAmount>
    <ram:GrandTotalAmount>{grand}</ram:GrandTotalAmount>
    <ram:DuePayableAmount>{grand}</ram:DuePayableAmount>
   </ram:SpecifiedTradeSettlementHeaderMonetarySummation>
  </ram:ApplicableHeaderTradeSettlement>
 </rsm:SupplyChainTradeTransaction>
</rsm:CrossIndustryInvoice>
"#,
        number = invoice.number,
        issued = date(invoice.issue_date),
        delivered = date(invoice.delivery_date),
        due = date(invoice.due_date),
        order = invoice.order_ref,
        currency = invoice.currency,
        iban = invoice.iban,
        bic = invoice.bic,
        seller = party(&invoice.seller),
        buyer = party(&invoice.buyer),
        line_total = plain(invoice.line_total()),
        net = plain(invoice.net()),
        tax = plain(invoice.tax()),
        grand = plain(invoice.grand_total()),
    )
}

fn date(iso: &str) -> String {
    format!(r#"<udt:DateTimeString format="102">{}</udt:DateTimeString>"#, iso.replace('-', ""))
}

fn party(p: &Party) -> String {
    format!(
        r#"
    <ram:Name>{}</ram:Name>
    <ram:PostalTradeAddress>
     <ram:PostcodeCode>{}</ram:PostcodeCode>
     <ram:LineOne>{}</ram:LineOne>
     <ram:CityName>{}</ram:CityName>
     <ram:CountryID>{}</ram:CountryID>
    </ram:PostalTradeAddress>
    <ram:SpecifiedTaxRegistration>
     <ram:ID schemeID="VA">{}</ram:ID>
    </ram:SpecifiedTaxRegistration>"#,
        p.name, p.postcode, p.street, p.city, p.country, p.vat_id
    )
}

fn line(number: usize, l: &Line) -> String {
    format!(
        r#"
  <ram:IncludedSupplyChainTradeLineItem>
   <ram:AssociatedDocumentLineDocument>
    <ram:LineID>{number}</ram:LineID>
   </ram:AssociatedDocumentLineDocument>
   <ram:SpecifiedTradeProduct>
    <ram:SellerAssignedID>{}</ram:SellerAssignedID>
    <ram:Name>{}</ram:Name>
   </ram:SpecifiedTradeProduct>
   <ram:SpecifiedLineTradeAgreement>
    <ram:NetPriceProductTradePrice>
     <ram:ChargeAmount>{}</ram:ChargeAmount>
    </ram:NetPriceProductTradePrice>
   </ram:SpecifiedLineTradeAgreement>
   <ram:SpecifiedLineTradeDelivery>
    <ram:BilledQuantity unitCode="{}">{}</ram:BilledQuantity>
   </ram:SpecifiedLineTradeDelivery>
   <ram:SpecifiedLineTradeSettlement>
    <ram:ApplicableTradeTax>
     <ram:TypeCode>VAT</ram:TypeCode>
     <ram:CategoryCode>S</ram:CategoryCode>
     <ram:RateApplicablePercent>{}</ram:RateApplicablePercent>
    </ram:ApplicableTradeTax>
    <ram:SpecifiedTradeSettlementLineMonetarySummation>
     <ram:LineTotalAmount>{}</ram:LineTotalAmount>
    </ram:SpecifiedTradeSettlementLineMonetarySummation>
   </ram:SpecifiedLineTradeSettlement>
  </ram:IncludedSupplyChainTradeLineItem>"#,
        l.article,
        l.description,
        plain(l.price),
        l.unit_code,
        l.quantity,
        l.vat_rate,
        plain(l.total())
    )
}
