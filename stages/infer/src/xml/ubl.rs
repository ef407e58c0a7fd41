//! OASIS UBL 2.x: Invoice, CreditNote, Order, OrderResponse.

use super::{Node, address, day, note, number, registered, text, total, type_of};
use crate::extract::Extraction;
use docmill_contracts::Fields;

pub(super) fn read(root: Node<'_>) -> Extraction {
    let mut out = Extraction::of_engine(super::ENGINE_XML, super::MODEL_VERSION);
    let declared = root.text_at("InvoiceTypeCode|CreditNoteTypeCode|OrderTypeCode");
    let usual = match root.name() {
        "CreditNote" => "381",
        "Order" => "220",
        "OrderChange" => "230",
        "OrderResponse" => "231",
        _ => "380",
    };
    // The root element decides between orders and invoices; the code only inside of them.
    out.kind = match (root.name(), declared) {
        ("Invoice" | "CreditNote" | "Order", Some(code)) => type_of(&code, "document type code"),
        _ => type_of(usual, "root element, document type code"),
    };

    let f = &mut out.fields;
    text(f, "invoice_number", root.text_at("ID"));
    day(f, "issue_date", root.text_at("IssueDate"));
    let due = root.text_at("DueDate");
    day(f, "due_date", due.or_else(|| root.text_at("PaymentMeans/PaymentDueDate")));
    text(f, "currency", root.text_at("DocumentCurrencyCode"));
    text(f, "buyer_reference", root.text_at("BuyerReference|CustomerReference"));
    text(f, "project_ref", root.text_at("ProjectReference/ID"));
    text(f, "purchase_order_ref", root.text_at("OrderReference/ID"));
    text(f, "sales_order_ref", root.text_at("OrderReference/SalesOrderID"));
    text(f, "quotation_ref", root.text_at("QuotationDocumentReference/ID"));
    text(f, "preceding_invoice_ref", root.text_at("BillingReference/InvoiceDocumentReference/ID"));
    text(f, "payee_name", root.text_at("PayeeParty/PartyName/Name"));
    text(f, "accounting_ref", root.text_at("AccountingCost"));
    text(f, "payment_terms", root.text_at("PaymentTerms/Note"));
    note(f, &root.all("Note").map(|n| n.text().to_owned()).collect::<Vec<_>>());
    text(f, "contract_ref", root.text_at("ContractDocumentReference|Contract/ID"));
    day(f, "period_from", root.text_at("InvoicePeriod/StartDate"));
    day(f, "period_to", root.text_at("InvoicePeriod/EndDate"));
    let delivered = root.text_at("Delivery/ActualDeliveryDate");
    let requested = root.text_at("Delivery/RequestedDeliveryPeriod/StartDate");
    day(f, "delivery_date", delivered.or_else(|| requested.clone()));
    day(f, "requested_delivery_from", requested);
    day(f, "requested_delivery_to", root.text_at("Delivery/RequestedDeliveryPeriod/EndDate"));
    day(f, "valid_until", root.text_at("ValidityPeriod/EndDate"));
    text(f, "delivery_name", root.text_at("Delivery/DeliveryParty/PartyName/Name"));
    place(f, "delivery", root.at("Delivery/DeliveryLocation/Address"));
    let seller = root.at("AccountingSupplierParty|SellerSupplierParty/Party");
    let buyer = root.at("AccountingCustomerParty|BuyerCustomerParty/Party");
    party(f, "seller", seller);
    party(f, "buyer", buyer);
    for means in root.all("PaymentMeans") {
        if !f.contains_key("iban") {
            text(f, "iban", means.text_at("PayeeFinancialAccount/ID"));
            text(f, "bic", means.text_at("PayeeFinancialAccount/FinancialInstitutionBranch/ID"));
            text(f, "payment_ref", means.text_at("PaymentID"));
            text(f, "payment_means", means.text_at("PaymentMeansCode"));
            text(f, "account_name", means.text_at("PayeeFinancialAccount/Name"));
            text(f, "mandate_ref", means.text_at("PaymentMandate/ID"));
        }
    }
    let sums =
        root.at("LegalMonetaryTotal|AnticipatedMonetaryTotal|RequestedMonetaryTotal").unwrap_or_default();
    number(f, "line_total", sums.text_at("LineExtensionAmount"));
    number(f, "allowance_total", sums.text_at("AllowanceTotalAmount"));
    number(f, "charge_total", sums.text_at("ChargeTotalAmount"));
    number(f, "net_total", sums.text_at("TaxExclusiveAmount"));
    number(f, "grand_total", sums.text_at("TaxInclusiveAmount"));
    number(f, "prepaid", sums.text_at("PrepaidAmount"));
    number(f, "rounding", sums.text_at("PayableRoundingAmount"));
    number(f, "due_payable", sums.text_at("PayableAmount"));

    let currency = f.get("currency").map(|c| c.value.clone());
    let totals: Vec<Node<'_>> = root.all("TaxTotal").collect();
    let in_currency =
        |t: &&Node<'_>| t.at("TaxAmount").and_then(|a| a.attribute("currencyID")) == currency.as_deref();
    let total = totals.iter().find(in_currency).or(totals.first()).copied();
    number(f, "tax_total", total.and_then(|t| t.text_at("TaxAmount")));
    let other = root.text_at("TaxCurrencyCode").filter(|c| Some(c) != currency.as_ref());
    let in_other =
        |t: &&Node<'_>| t.at("TaxAmount").and_then(|a| a.attribute("currencyID")) == other.as_deref();
    let accounting = totals.iter().find(in_other).filter(|_| other.is_some());
    number(f, "tax_total_accounting", accounting.and_then(|t| t.text_at("TaxAmount")));
    text(f, "tax_currency", other);
    for part in total.into_iter().flat_map(|t| t.all("TaxSubtotal")) {
        let mut row = Fields::new();
        text(&mut row, "vat_category", part.text_at("TaxCategory/ID"));
        number(&mut row, "vat_rate", part.text_at("TaxCategory/Percent"));
        number(&mut row, "taxable_amount", part.text_at("TaxableAmount"));
        number(&mut row, "tax_amount", part.text_at("TaxAmount"));
        text(&mut row, "exemption_reason", part.text_at("TaxCategory/TaxExemptionReason"));
        text(&mut row, "exemption_reason_code", part.text_at("TaxCategory/TaxExemptionReasonCode"));
        if !row.is_empty() {
            out.vat_breakdown.push(row);
        }
    }
    for name in ["InvoiceLine", "CreditNoteLine", "OrderLine"] {
        for item in root.all(name) {
            let row = line(item.at("LineItem").unwrap_or(item));
            if !row.is_empty() {
                out.line_items.push(row);
            }
        }
    }
    out
}

fn line(node: Node<'_>) -> Fields {
    let mut row = Fields::new();
    let item = node.at("Item").unwrap_or_default();
    text(&mut row, "line_id", node.text_at("ID"));
    text(&mut row, "description", item.text_at("Name").or_else(|| item.text_at("Description")));
    text(&mut row, "article_no", item.text_at("SellersItemIdentification/ID"));
    text(&mut row, "standard_article_no", item.text_at("StandardItemIdentification/ID"));
    text(&mut row, "order_line_ref", node.text_at("OrderLineReference/LineID"));
    for (name, charge) in [("discount", "false"), ("charge", "true")] {
        let of = node.all("AllowanceCharge");
        let of = of.filter(|p| p.text_at("ChargeIndicator").as_deref() == Some(charge));
        total(&mut row, name, of.filter_map(|p| p.text_at("Amount")));
    }
    text(&mut row, "buyer_article_no", item.text_at("BuyersItemIdentification/ID"));
    if let Some(quantity) = node.at("InvoicedQuantity|CreditedQuantity|Quantity") {
        number(&mut row, "quantity", Some(quantity.text().to_owned()));
        text(&mut row, "unit", quantity.attribute("unitCode").map(str::to_owned));
    }
    number(&mut row, "unit_price", node.text_at("Price/PriceAmount"));
    number(&mut row, "price_basis", node.text_at("Price/BaseQuantity"));
    number(&mut row, "line_total", node.text_at("LineExtensionAmount"));
    let tax = item.at("ClassifiedTaxCategory").unwrap_or_default();
    number(&mut row, "vat_rate", tax.text_at("Percent"));
    text(&mut row, "vat_category", tax.text_at("ID"));
    row
}

fn party(f: &mut Fields, role: &str, party: Option<Node<'_>>) {
    let Some(party) = party else { return };
    let legal = party.text_at("PartyLegalEntity/RegistrationName");
    text(f, &format!("{role}_name"), legal.or_else(|| party.text_at("PartyName/Name")));
    place(f, role, party.at("PostalAddress"));
    let legal = party.at("PartyLegalEntity/CompanyID");
    let ids = party.all("PartyIdentification").filter_map(|p| p.at("ID"));
    for id in ids.chain(party.at("EndpointID")).chain(legal) {
        registered(f, role, id.attribute("schemeID"), id.text());
    }
    text(f, &format!("{role}_legal_id"), legal.map(|id| id.text().to_owned()));
    text(f, &format!("{role}_contact"), party.text_at("Contact/Name"));
    text(f, &format!("{role}_phone"), party.text_at("Contact/Telephone"));
    text(f, &format!("{role}_email"), party.text_at("Contact/ElectronicMail"));
    for scheme in party.all("PartyTaxScheme") {
        let name = match scheme.text_at("TaxScheme/ID").as_deref() {
            Some("VAT") => "vat_id",
            _ => "tax_no",
        };
        text(f, &format!("{role}_{name}"), scheme.text_at("CompanyID"));
    }
}

fn place(f: &mut Fields, role: &str, place: Option<Node<'_>>) {
    let Some(place) = place else { return };
    let city = [place.text_at("PostalZone"), place.text_at("CityName")];
    let city = city.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let [street, more, line] =
        ["StreetName", "AdditionalStreetName", "AddressLine/Line"].map(|p| place.text_at(p));
    let country = place.text_at("Country/IdentificationCode");
    address(f, &format!("{role}_address"), &[street, more, line, Some(city), country]);
}
