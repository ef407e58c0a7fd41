//! A Belgian invoice that is XML alone: UBL 2.1 by Peppol BIS Billing 3.0, with two VAT rates and a delivery charge.

use crate::model::{Charge, Invoice, Line, Party, plain};

fn invoice() -> Invoice {
    let line = |article, description, quantity, unit_code, price, vat_rate| Line {
        article,
        description,
        quantity,
        unit_code,
        unit: "",
        price,
        vat_rate,
    };
    Invoice {
        number: "2025-V-00731",
        issue_date: "2025-05-06",
        due_date: "2025-06-05",
        delivery_date: "2025-05-02",
        order_ref: "4711-BXL",
        currency: "EUR",
        seller: Party {
            name: "Atelier Lumen SRL",
            street: "Rue de l'Exemple 12",
            postcode: "1999",
            city: "Villefictive",
            country: "BE",
            vat_id: "BE0741362882",
        },
        buyer: Party {
            name: "Maison Quercus SA",
            street: "Avenue du Modèle 88",
            postcode: "1998",
            city: "Bourg-Exemple",
            country: "BE",
            vat_id: "BE0826519776",
        },
        iban: "BE68539007547034",
        bic: "LUMEBEBBXXX",
        lines: vec![
            line("LP-12", "Pendant lamp, brushed brass", 14, "C62", 13_890, 21),
            line("LW-03", "Wall lamp, opal glass", 22, "C62", 6_425, 21),
            line("LB-E27", "LED bulb E27, 806 lm, box of 10", 9, "XBX", 3_950, 21),
            line("BK-LUX", "Handbook of interior lighting", 3, "C62", 4_200, 6),
        ],
        charge: Some(Charge { reason: "Delivery", amount: 8_500, vat_rate: 21 }),
    }
}

/// The XML.
pub(crate) fn xml() -> String {
    let invoice = invoice();
    let currency = invoice.currency;
    let amount = |name: &str, cents: i64| {
        format!(r#"<cbc:{name} currencyID="{currency}">{}</cbc:{name}>"#, plain(cents))
    };
    let charge: String = invoice
        .charge
        .iter()
        .map(|c| {
            format!(
                r"
 <cac:AllowanceCharge>
  <cbc:ChargeIndicator>true</cbc:ChargeIndicator>
  <cbc:AllowanceChargeReasonCode>DL</cbc:AllowanceChargeReasonCode>
  <cbc:AllowanceChargeReason>{}</cbc:AllowanceChargeReason>
  {}
  {}
 </cac:AllowanceCharge>",
                c.reason,
                amount("Amount", c.amount),
                category("TaxCategory", c.vat_rate)
            )
        })
        .collect();
    let vat: String = invoice
        .vat()
        .iter()
        .map(|v| {
            format!(
                r"
  <cac:TaxSubtotal>
   {}
   {}
   {}
  </cac:TaxSubtotal>",
                amount("TaxableAmount", v.base),
                amount("TaxAmount", v.tax),
                category("TaxCategory", v.rate)
            )
        })
        .collect();
    let lines: String = invoice
        .lines
        .iter()
        .enumerate()
        .map(|(i, l)| {
            format!(
                r#"
 <cac:InvoiceLine>
  <cbc:ID>{}</cbc:ID>
  <cbc:InvoicedQuantity unitCode="{}">{}</cbc:InvoicedQuantity>
  {}
  <cac:Item>
   <cbc:Name>{}</cbc:Name>
   <cac:SellersItemIdentification><cbc:ID>{}</cbc:ID></cac:SellersItemIdentification>
   {}
  </cac:Item>
  <cac:Price>{}</cac:Price>
 </cac:InvoiceLine>"#,
                i + 1,
                l.unit_code,
                l.quantity,
                amount("LineExtensionAmount", l.total()),
                l.description,
                l.article,
                category("ClassifiedTaxCategory", l.vat_rate),
                amount("PriceAmount", l.price)
            )
        })
        .collect();
    format!(
        r#"<?xml version="1.0" encoding="UTF-8"?>
<Invoice xmlns="urn:oasis:names:specification:ubl:schema:xsd:Invoice-2" xmlns:cac="urn:oasis:names:specification:ubl:schema:xsd:CommonAggregateComponents-2" xmlns:cbc="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2">
 <cbc:CustomizationID>urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0</cbc:CustomizationID>
 <cbc:ProfileID>urn:fdc:peppol.eu:2017:poacc:billing:01:1.0</cbc:ProfileID>
 <cbc:ID>{number}</cbc:ID>
 <cbc:IssueDate>{issued}</cbc:IssueDate>
 <cbc:DueDate>{due}</cbc:DueDate>
 <cbc:InvoiceTypeCode>380</cbc:InvoiceTypeCode>
 <cbc:DocumentCurrencyCode>{currency}</cbc:DocumentCurrencyCode>
 <cac:OrderReference><cbc:ID>{order}</cbc:ID></cac:OrderReference>
 <cac:AccountingSupplierParty>{seller}
 </cac:AccountingSupplierParty>
 <cac:AccountingCustomerParty>{buyer}
 </cac:AccountingCustomerParty>
 <cac:Delivery><cbc:ActualDeliveryDate>{delivered}</cbc:ActualDeliveryDate></cac:Delivery>
 <cac:PaymentMeans>
  <cbc:PaymentMeansCode name="SEPA credit transfer">58</cbc:PaymentMeansCode>
  <cbc:PaymentID>{number}</cbc:PaymentID>
  <cac:PayeeFinancialAccount>
   <cbc:ID>{iban}</cbc:ID>
   <cac:FinancialInstitutionBranch><cbc:ID>{bic}</cbc:ID></cac:FinancialInstitutionBranch>
  </cac:PayeeFinancialAccount>
 </cac:PaymentMeans>
 <cac:PaymentTerms><cbc:Note>30 days net</cbc:Note></cac:PaymentTerms>{charge}
 <cac:TaxTotal>
  {tax}{vat}
 </cac:TaxTotal>
 <cac:LegalMonetaryTotal>
  {line_total}
  {net}
  {grand}
  {charges}
  {due_payable}
 </cac:LegalMonetaryTotal>{lines}
</Invoice>
"#,
        number = invoice.number,
        issued = invoice.issue_date,
        due = invoice.due_date,
        delivered = invoice.delivery_date,
        order = invoice.order_ref,
        seller = party(&invoice.seller),
        buyer = party(&invoice.buyer),
        iban = invoice.iban,
        bic = invoice.bic,
        tax = amount("TaxAmount", invoice.tax()),
        line_total = amount("LineExtensionAmount", invoice.line_total()),
        net = amount("TaxExclusiveAmount", invoice.net()),
        grand = amount("TaxInclusiveAmount", invoice.grand_total()),
        charges = amount("ChargeTotalAmount", invoice.charges()),
        due_payable = amount("PayableAmount", invoice.grand_total()),
    )
}

fn category(element: &str, rate: i64) -> String {
    format!(
        "<cac:{element}><cbc:ID>S</cbc:ID><cbc:Percent>{rate}</cbc:Percent>\
         <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme></cac:{element}>"
    )
}

fn party(p: &Party) -> String {
    // 0208: the number of the Belgian register of enterprises, which is the VAT id without its letters.
    format!(
        r#"
  <cac:Party>
   <cbc:EndpointID schemeID="0208">{enterprise}</cbc:EndpointID>
   <cac:PartyName><cbc:Name>{name}</cbc:Name></cac:PartyName>
   <cac:PostalAddress>
    <cbc:StreetName>{street}</cbc:StreetName>
    <cbc:CityName>{city}</cbc:CityName>
    <cbc:PostalZone>{postcode}</cbc:PostalZone>
    <cac:Country><cbc:IdentificationCode>{country}</cbc:IdentificationCode></cac:Country>
   </cac:PostalAddress>
   <cac:PartyTaxScheme>
    <cbc:CompanyID>{vat}</cbc:CompanyID>
    <cac:TaxScheme><cbc:ID>VAT</cbc:ID></cac:TaxScheme>
   </cac:PartyTaxScheme>
   <cac:PartyLegalEntity>
    <cbc:RegistrationName>{name}</cbc:RegistrationName>
    <cbc:CompanyID schemeID="0208">{enterprise}</cbc:CompanyID>
   </cac:PartyLegalEntity>
  </cac:Party>"#,
        name = p.name,
        street = p.street,
        city = p.city,
        postcode = p.postcode,
        country = p.country,
        vat = p.vat_id,
        enterprise = &p.vat_id[2..],
    )
}
