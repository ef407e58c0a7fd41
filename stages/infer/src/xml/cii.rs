//! UN/CEFACT Cross Industry Invoice D16B (Factur-X, ZUGFeRD 2), its forerunner in ZUGFeRD 1.0, and Order-X.

use super::{Node, address, day, note, number, registered, text, total, type_of};
use crate::extract::Extraction;
use docmill_contracts::Fields;
use docmill_document::iban;

pub(super) const DOCUMENT: &str = "ExchangedDocument|HeaderExchangedDocument";
const TRADE: &str = "SupplyChainTradeTransaction|SpecifiedSupplyChainTradeTransaction";
const AGREEMENT: &str = "ApplicableHeaderTradeAgreement|ApplicableSupplyChainTradeAgreement";
const DELIVERY: &str = "ApplicableHeaderTradeDelivery|ApplicableSupplyChainTradeDelivery";
const SETTLEMENT: &str = "ApplicableHeaderTradeSettlement|ApplicableSupplyChainTradeSettlement";
const SUMMATION: &str =
    "SpecifiedTradeSettlementHeaderMonetarySummation|SpecifiedTradeSettlementMonetarySummation";
const LINE_AGREEMENT: &str = "SpecifiedLineTradeAgreement|SpecifiedSupplyChainTradeAgreement";
const LINE_DELIVERY: &str = "SpecifiedLineTradeDelivery|SpecifiedSupplyChainTradeDelivery";
const LINE_SETTLEMENT: &str = "SpecifiedLineTradeSettlement|SpecifiedSupplyChainTradeSettlement";
const LINE_SUMMATION: &str =
    "SpecifiedTradeSettlementLineMonetarySummation|SpecifiedTradeSettlementMonetarySummation";
const DATE: &str = "DateTimeString|DateString|DateTime|Date";

pub(super) fn read(root: Node<'_>) -> Extraction {
    let document = root.at(DOCUMENT).unwrap_or_default();
    let trade = root.at(TRADE).unwrap_or_default();
    let agreement = trade.at(AGREEMENT).unwrap_or_default();
    let delivery = trade.at(DELIVERY).unwrap_or_default();
    let settlement = trade.at(SETTLEMENT).unwrap_or_default();
    let sums = settlement.at(SUMMATION).unwrap_or_default();
    let order = root.name() == "SCRDMCCBDACIOMessageStructure";

    let mut out = Extraction::of_engine(super::ENGINE_XML, super::MODEL_VERSION);
    let code = document.text_at("TypeCode").unwrap_or_else(|| if order { "220" } else { "380" }.to_owned());
    out.kind = type_of(&code, "document type code");

    let f = &mut out.fields;
    text(f, "invoice_number", document.text_at("ID"));
    day(f, "issue_date", date(document, "IssueDateTime"));
    party(f, "seller", agreement.at("SellerTradeParty"));
    party(f, "buyer", agreement.at("BuyerTradeParty"));
    text(f, "buyer_reference", agreement.text_at("BuyerReference"));
    text(f, "project_ref", agreement.text_at("SpecifiedProcuringProject/ID"));
    text(f, "purchase_order_ref", reference(agreement, "BuyerOrderReferencedDocument"));
    text(f, "sales_order_ref", reference(agreement, "SellerOrderReferencedDocument"));
    text(f, "quotation_ref", reference(agreement, "QuotationReferencedDocument"));
    text(f, "contract_ref", reference(agreement, "ContractReferencedDocument"));
    let event = "ActualDeliverySupplyChainEvent|RequestedDeliverySupplyChainEvent/OccurrenceDateTime";
    day(f, "delivery_date", date(delivery, event));
    let requested = "RequestedDeliverySupplyChainEvent";
    let wanted = delivery.at(&format!("{requested}/OccurrenceSpecifiedPeriod")).unwrap_or_default();
    day(f, "requested_delivery_from", date(wanted, "StartDateTime"));
    day(f, "requested_delivery_to", date(wanted, "EndDateTime"));
    place(f, "delivery", delivery.at("ShipToTradeParty"));
    text(f, "preceding_invoice_ref", reference(settlement, "InvoiceReferencedDocument"));
    text(f, "payee_name", settlement.text_at("PayeeTradeParty/Name"));
    text(f, "accounting_ref", settlement.text_at("ReceivableSpecifiedTradeAccountingAccount/ID"));
    let notes = document.all("IncludedNote").filter_map(|n| n.text_at("Content"));
    note(f, &notes.collect::<Vec<_>>());
    let currency = settlement.text_at("InvoiceCurrencyCode|OrderCurrencyCode");
    text(f, "payment_ref", settlement.text_at("PaymentReference"));
    let period = settlement.at("BillingSpecifiedPeriod").unwrap_or_default();
    day(f, "period_from", date(period, "StartDateTime"));
    day(f, "period_to", date(period, "EndDateTime"));
    for terms in settlement.all("SpecifiedTradePaymentTerms") {
        if !f.contains_key("payment_terms") {
            text(f, "payment_terms", terms.text_at("Description"));
            text(f, "mandate_ref", terms.text_at("DirectDebitMandateID"));
        }
        if !f.contains_key("due_date") {
            day(f, "due_date", date(terms, "DueDateDateTime"));
        }
    }
    for means in settlement.all("SpecifiedTradeSettlementPaymentMeans") {
        if !f.contains_key("iban") {
            let account = "PayeePartyCreditorFinancialAccount";
            text(f, "payment_means", means.text_at("TypeCode"));
            text(f, "account_name", means.text_at(&format!("{account}/AccountName")));
            // BT-84 has two elements: an IBAN is one wherever it stands.
            let iban = means.text_at(&format!("{account}/IBANID"));
            let other = means.text_at(&format!("{account}/ProprietaryID"));
            text(f, "iban", iban.or_else(|| other.filter(|id| iban::is_valid(&iban::normalize(id)))));
            text(f, "bic", means.text_at("PayeeSpecifiedCreditorFinancialInstitution/BICID"));
        }
    }
    number(f, "line_total", sums.text_at("LineTotalAmount"));
    number(f, "allowance_total", sums.text_at("AllowanceTotalAmount"));
    number(f, "charge_total", sums.text_at("ChargeTotalAmount"));
    number(f, "net_total", sums.text_at("TaxBasisTotalAmount"));
    let taxes: Vec<Node<'_>> = sums.all("TaxTotalAmount").collect();
    let tax = taxes.iter().find(|t| t.attribute("currencyID") == currency.as_deref()).or(taxes.first());
    number(f, "tax_total", tax.map(|t| t.text().to_owned()));
    let other = settlement.text_at("TaxCurrencyCode").filter(|c| Some(c) != currency.as_ref());
    let accounting = taxes.iter().find(|t| other.is_some() && t.attribute("currencyID") == other.as_deref());
    number(f, "tax_total_accounting", accounting.map(|t| t.text().to_owned()));
    text(f, "tax_currency", other);
    number(f, "rounding", sums.text_at("RoundingAmount"));
    number(f, "grand_total", sums.text_at("GrandTotalAmount"));
    number(f, "prepaid", sums.text_at("TotalPrepaidAmount"));
    number(f, "due_payable", sums.text_at("DuePayableAmount"));
    text(f, "currency", currency);

    for tax in settlement.all("ApplicableTradeTax") {
        let mut row = Fields::new();
        text(&mut row, "vat_category", tax.text_at("CategoryCode"));
        number(&mut row, "vat_rate", tax.text_at("RateApplicablePercent|ApplicablePercent"));
        number(&mut row, "taxable_amount", tax.text_at("BasisAmount"));
        number(&mut row, "tax_amount", tax.text_at("CalculatedAmount"));
        text(&mut row, "exemption_reason", tax.text_at("ExemptionReason"));
        text(&mut row, "exemption_reason_code", tax.text_at("ExemptionReasonCode"));
        if !row.is_empty() {
            out.vat_breakdown.push(row);
        }
    }
    for item in trade.all("IncludedSupplyChainTradeLineItem") {
        let row = line(item);
        if !row.is_empty() {
            out.line_items.push(row);
        }
    }
    out
}

fn line(item: Node<'_>) -> Fields {
    let mut row = Fields::new();
    let product = item.at("SpecifiedTradeProduct").unwrap_or_default();
    let agreement = item.at(LINE_AGREEMENT).unwrap_or_default();
    let settlement = item.at(LINE_SETTLEMENT).unwrap_or_default();
    text(&mut row, "line_id", item.text_at("AssociatedDocumentLineDocument/LineID"));
    text(&mut row, "description", product.text_at("Name").or_else(|| product.text_at("Description")));
    text(&mut row, "article_no", product.text_at("SellerAssignedID"));
    text(&mut row, "standard_article_no", product.text_at("GlobalID"));
    text(&mut row, "order_line_ref", agreement.text_at("BuyerOrderReferencedDocument/LineID"));
    text(&mut row, "buyer_article_no", product.text_at("BuyerAssignedID"));
    let delivery = item.at(LINE_DELIVERY).unwrap_or_default();
    if let Some(quantity) = delivery.at("BilledQuantity|AgreedQuantity|RequestedQuantity") {
        number(&mut row, "quantity", Some(quantity.text().to_owned()));
        text(&mut row, "unit", quantity.attribute("unitCode").map(str::to_owned));
    }
    let price = agreement
        .at("NetPriceProductTradePrice")
        .filter(|p| p.text_at("ChargeAmount").is_some())
        .or_else(|| agreement.at("GrossPriceProductTradePrice"))
        .unwrap_or_default();
    number(&mut row, "unit_price", price.text_at("ChargeAmount"));
    number(&mut row, "price_basis", price.text_at("BasisQuantity"));
    number(&mut row, "line_total", settlement.at(LINE_SUMMATION).and_then(|s| s.text_at("LineTotalAmount")));
    let parts: Vec<Node<'_>> = settlement.all("SpecifiedTradeAllowanceCharge").collect();
    for (name, charge) in [("discount", "false"), ("charge", "true")] {
        let of = parts.iter().filter(|p| p.text_at("ChargeIndicator/Indicator").as_deref() == Some(charge));
        total(&mut row, name, of.filter_map(|p| p.text_at("ActualAmount")));
    }
    let tax = settlement.at("ApplicableTradeTax").unwrap_or_default();
    number(&mut row, "vat_rate", tax.text_at("RateApplicablePercent|ApplicablePercent"));
    text(&mut row, "vat_category", tax.text_at("CategoryCode"));
    row
}

fn party(f: &mut Fields, role: &str, party: Option<Node<'_>>) {
    let Some(party) = party else { return };
    let trading = party.text_at("SpecifiedLegalOrganization/TradingBusinessName");
    text(f, &format!("{role}_name"), party.text_at("Name").or(trading));
    place(f, role, Some(party));
    let legal = party.at("SpecifiedLegalOrganization/ID");
    for id in party.all("GlobalID").chain(party.all("ID")).chain(legal) {
        registered(f, role, id.attribute("schemeID"), id.text());
    }
    text(f, &format!("{role}_legal_id"), legal.map(|id| id.text().to_owned()));
    let contact = party.at("DefinedTradeContact").unwrap_or_default();
    text(f, &format!("{role}_contact"), contact.text_at("PersonName|DepartmentName"));
    text(f, &format!("{role}_phone"), contact.text_at("TelephoneUniversalCommunication/CompleteNumber"));
    text(f, &format!("{role}_email"), contact.text_at("EmailURIUniversalCommunication/URIID"));
    for registration in party.all("SpecifiedTaxRegistration") {
        let Some(id) = registration.at("ID") else { continue };
        let name = match id.attribute("schemeID") {
            Some("VA") => "vat_id",
            Some("FC") => "tax_no",
            _ => continue,
        };
        text(f, &format!("{role}_{name}"), Some(id.text().to_owned()));
    }
}

/// Name and address of where something stands.
fn place(f: &mut Fields, role: &str, party: Option<Node<'_>>) {
    let Some(party) = party else { return };
    if role == "delivery" {
        text(f, "delivery_name", party.text_at("Name"));
    }
    let place = party.at("PostalTradeAddress").unwrap_or_default();
    let city = [place.text_at("PostcodeCode"), place.text_at("CityName")];
    let city = city.into_iter().flatten().collect::<Vec<_>>().join(" ");
    let lines = ["LineOne", "LineTwo", "LineThree"].map(|l| place.text_at(l));
    let [one, two, three] = lines;
    address(f, &format!("{role}_address"), &[one, two, three, Some(city), place.text_at("CountryID")]);
}

fn reference(agreement: Node<'_>, name: &str) -> Option<String> {
    let found = agreement.at(name)?;
    found.text_at("IssuerAssignedID").or_else(|| found.text_at("ID"))
}

fn date(node: Node<'_>, path: &str) -> Option<String> {
    let found = node.at(path)?;
    found.text_at(DATE).or_else(|| Some(found.text().to_owned()).filter(|t| !t.is_empty()))
}
