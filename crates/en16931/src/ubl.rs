//! From OASIS UBL 2.1 to business terms, by the syntax binding CEN/TS 16931-3-2.

use crate::Node;
use crate::model::{
    Address, Allowance, Amount, Breakdown, Contact, Delivery, Identifier, Invoice, Line, Party, Payment,
    Period, Supporting, Syntax, TaxTotal, Text, Totals, VatCategory,
};

/// Reads an Invoice or CreditNote; none for another root.
pub(crate) fn read(root: Node<'_>) -> Option<Invoice<'_>> {
    let syntax = match root.name() {
        "Invoice" => Syntax::UblInvoice,
        "CreditNote" => Syntax::UblCreditNote,
        _ => return None,
    };
    let totals = root.one("LegalMonetaryTotal");
    let tax_totals = root.all("TaxTotal");
    let mut parts = 0;
    let periods: Vec<Period<'_>> = root.all("InvoicePeriod").into_iter().map(period).collect();
    Some(Invoice {
        syntax,
        root,
        number: text(root, "ID"),
        issue_date: text(root, "IssueDate"),
        type_code: text(root, "InvoiceTypeCode|CreditNoteTypeCode"),
        currency: text(root, "DocumentCurrencyCode"),
        tax_currency: text(root, "TaxCurrencyCode"),
        tax_point_date: text(root, "TaxPointDate"),
        tax_point_code: periods.iter().find_map(|p| p.code),
        due_date: text(root, "DueDate").or_else(|| text(root, "PaymentMeans/PaymentDueDate")),
        buyer_reference: text(root, "BuyerReference"),
        project_reference: text(root, "ProjectReference/ID"),
        contract_reference: text(root, "ContractDocumentReference/ID"),
        order_reference: text(root, "OrderReference/ID"),
        sales_order_reference: text(root, "OrderReference/SalesOrderID"),
        accounting_reference: text(root, "AccountingCost"),
        payment_terms: root.all("PaymentTerms/Note").into_iter().map(Node::text).collect(),
        notes: root.all("Note").into_iter().map(Node::trimmed).collect(),
        process: text(root, "ProfileID"),
        specification: text(root, "CustomizationID"),
        preceding: root
            .all("BillingReference")
            .into_iter()
            .map(|r| text(r, "InvoiceDocumentReference/ID"))
            .collect(),
        seller: root.one("AccountingSupplierParty/Party").map(party),
        buyer: root.one("AccountingCustomerParty/Party").map(party),
        payee: root.one("PayeeParty").map(|node| named(node, party(node))),
        representative: root.one("TaxRepresentativeParty").map(|node| named(node, party(node))),
        delivery: root.one("Delivery").map(delivery),
        periods,
        payments: root.all("PaymentMeans").into_iter().map(payment).collect(),
        allowances: root.all("AllowanceCharge").into_iter().map(allowance).collect(),
        totals: totals.map(|t| Totals {
            lines: amount(t, "LineExtensionAmount"),
            allowances: amount(t, "AllowanceTotalAmount"),
            charges: amount(t, "ChargeTotalAmount"),
            net: amount(t, "TaxExclusiveAmount"),
            gross: amount(t, "TaxInclusiveAmount"),
            paid: amount(t, "PrepaidAmount"),
            rounding: amount(t, "PayableRoundingAmount"),
            due: amount(t, "PayableAmount"),
        }),
        breakdown: tax_totals.iter().flat_map(|t| t.all("TaxSubtotal")).map(breakdown).collect(),
        taxes: tax_totals.iter().map(|t| tax_total(*t, &mut parts)).collect(),
        documents: root.all("AdditionalDocumentReference").into_iter().map(supporting).collect(),
        lines: root.all("InvoiceLine|CreditNoteLine").into_iter().map(line).collect(),
    })
}

fn text<'d>(node: Node<'d>, path: &str) -> Text<'d> {
    node.one(path).map(Node::trimmed)
}

fn amount<'d>(node: Node<'d>, path: &str) -> Option<Amount<'d>> {
    node.one(path).map(Amount::of)
}

fn identifier(node: Node<'_>) -> Identifier<'_> {
    Identifier {
        value: node.trimmed(),
        scheme: node.attribute("schemeID").or_else(|| node.attribute("listID")),
        version: node.attribute("listVersionID"),
    }
}

fn period(node: Node<'_>) -> Period<'_> {
    Period { from: text(node, "StartDate"), to: text(node, "EndDate"), code: text(node, "DescriptionCode") }
}

fn address(node: Node<'_>) -> Address<'_> {
    Address {
        street: text(node, "StreetName"),
        street2: text(node, "AdditionalStreetName"),
        street3: text(node, "AddressLine/Line"),
        city: text(node, "CityName"),
        post_code: text(node, "PostalZone"),
        subdivision: text(node, "CountrySubentity"),
        country: text(node, "Country/IdentificationCode"),
    }
}

fn party(node: Node<'_>) -> Party<'_> {
    let (mut vat_ids, mut tax_ids) = (Vec::new(), Vec::new());
    for scheme in node.all("PartyTaxScheme") {
        let kind = scheme.text_at("TaxScheme/ID");
        let Some(id) = scheme.one("CompanyID") else { continue };
        if is_vat(kind) {
            vat_ids.push(id.trimmed());
        } else {
            tax_ids.push(Identifier { value: id.trimmed(), scheme: Some(kind), version: None });
        }
    }
    Party {
        node,
        name: text(node, "PartyLegalEntity/RegistrationName"),
        trading_name: text(node, "PartyName/Name"),
        ids: node.all("PartyIdentification/ID").into_iter().map(identifier).collect(),
        legal_id: node.one("PartyLegalEntity/CompanyID").map(identifier),
        vat_ids,
        tax_ids,
        legal_form: text(node, "PartyLegalEntity/CompanyLegalForm"),
        endpoint: node.one("EndpointID").map(identifier),
        address: node.one("PostalAddress").map(address),
        contact: node.one("Contact").map(|c| Contact {
            name: text(c, "Name"),
            telephone: text(c, "Telephone"),
            email: text(c, "ElectronicMail"),
        }),
    }
}

/// Payee and tax representative have their name in `PartyName`.
fn named<'d>(node: Node<'d>, party: Party<'d>) -> Party<'d> {
    Party { name: text(node, "PartyName/Name"), ..party }
}

fn delivery(node: Node<'_>) -> Delivery<'_> {
    Delivery {
        name: text(node, "DeliveryParty/PartyName/Name"),
        location: node.one("DeliveryLocation/ID").map(identifier),
        date: text(node, "ActualDeliveryDate"),
        address: node.one("DeliveryLocation/Address").map(address),
    }
}

fn payment(node: Node<'_>) -> Payment<'_> {
    let code = node.one("PaymentMeansCode");
    Payment {
        node,
        code: code.map(Node::trimmed),
        text: code.and_then(|c| c.attribute("name")),
        reference: text(node, "PaymentID"),
        transfer: node.has("PayeeFinancialAccount"),
        account: text(node, "PayeeFinancialAccount/ID"),
        account_name: text(node, "PayeeFinancialAccount/Name"),
        provider: text(node, "PayeeFinancialAccount/FinancialInstitutionBranch/ID"),
        card: node.has("CardAccount"),
        card_number: text(node, "CardAccount/PrimaryAccountNumberID"),
        debit: node.has("PaymentMandate"),
        mandate: text(node, "PaymentMandate/ID"),
        debited_account: text(node, "PaymentMandate/PayerFinancialAccount/ID"),
    }
}

fn allowance(node: Node<'_>) -> Allowance<'_> {
    Allowance {
        indicator: text(node, "ChargeIndicator"),
        amount: amount(node, "Amount"),
        base: amount(node, "BaseAmount"),
        percent: amount(node, "MultiplierFactorNumeric"),
        vat: node.all("TaxCategory").into_iter().map(category).collect(),
        reason: text(node, "AllowanceChargeReason"),
        reason_code: text(node, "AllowanceChargeReasonCode"),
    }
}

fn category(node: Node<'_>) -> VatCategory<'_> {
    VatCategory {
        is_vat: node.all("TaxScheme").iter().any(|s| is_vat(s.text_at("ID"))),
        code: text(node, "ID"),
        rate: amount(node, "Percent"),
        reason: text(node, "TaxExemptionReason"),
        reason_code: text(node, "TaxExemptionReasonCode"),
    }
}

fn tax_total<'d>(node: Node<'d>, before: &mut usize) -> TaxTotal<'d> {
    let from = *before;
    *before += node.count("TaxSubtotal");
    TaxTotal { amount: amount(node, "TaxAmount"), broken_down: *before > from, parts: from..*before }
}

fn breakdown(node: Node<'_>) -> Breakdown<'_> {
    Breakdown {
        taxable: amount(node, "TaxableAmount"),
        tax: amount(node, "TaxAmount"),
        vat: node.all("TaxCategory").into_iter().map(category).collect(),
    }
}

fn supporting(node: Node<'_>) -> Supporting<'_> {
    let id = node.one("ID");
    Supporting {
        id: id.map(Node::trimmed),
        scheme: id.and_then(|i| i.attribute("schemeID")),
        code: text(node, "DocumentTypeCode"),
        description: text(node, "DocumentDescription"),
        filename: node.one("Attachment/EmbeddedDocumentBinaryObject").and_then(|b| b.attribute("filename")),
        uri: text(node, "Attachment/ExternalReference/URI"),
    }
}

fn line(node: Node<'_>) -> Line<'_> {
    let properties = node.all("Item/AdditionalItemProperty");
    Line {
        node,
        id: text(node, "ID"),
        note: text(node, "Note"),
        quantity: amount(node, "InvoicedQuantity|CreditedQuantity"),
        net: amount(node, "LineExtensionAmount"),
        order_line: text(node, "OrderLineReference/LineID"),
        periods: node.all("InvoicePeriod").into_iter().map(period).collect(),
        allowances: node.all("AllowanceCharge").into_iter().map(allowance).collect(),
        price: amount(node, "Price/PriceAmount"),
        gross_price: amount(node, "Price/AllowanceCharge/BaseAmount"),
        price_base: amount(node, "Price/BaseQuantity"),
        price_allowances: node.all("Price/AllowanceCharge").into_iter().map(allowance).collect(),
        vat: node.all("Item/ClassifiedTaxCategory").into_iter().map(category).collect(),
        name: text(node, "Item/Name"),
        description: text(node, "Item/Description"),
        sellers_id: text(node, "Item/SellersItemIdentification/ID"),
        buyers_id: text(node, "Item/BuyersItemIdentification/ID"),
        standard_id: node.one("Item/StandardItemIdentification/ID").map(identifier),
        classes: node
            .all("Item/CommodityClassification/ItemClassificationCode")
            .into_iter()
            .map(identifier)
            .collect(),
        attributes: properties.iter().map(|p| (p.has("Name"), p.has("Value"))).collect(),
    }
}

fn is_vat(scheme: &str) -> bool {
    scheme.eq_ignore_ascii_case("VAT")
}
