//! From UN/CEFACT Cross Industry Invoice D16B to business terms, by the syntax binding CEN/TS 16931-3-3.

use crate::Node;
use crate::model::{
    Address, Allowance, Amount, Breakdown, Contact, Delivery, Identifier, Invoice, Line, Party, Payment,
    Period, Supporting, Syntax, TaxTotal, Text, Totals, VatCategory,
};

/// Reads a CrossIndustryInvoice; none for another root.
pub(crate) fn read(root: Node<'_>) -> Option<Invoice<'_>> {
    if root.name() != "CrossIndustryInvoice" {
        return None;
    }
    let trade = root.one("SupplyChainTradeTransaction");
    let agreement = trade.and_then(|t| t.one("ApplicableHeaderTradeAgreement"));
    let settlement = trade.and_then(|t| t.one("ApplicableHeaderTradeSettlement"));
    let sums = settlement.and_then(|s| s.one("SpecifiedTradeSettlementHeaderMonetarySummation"));
    let agreed = |path: &str| agreement.and_then(|a| text(a, path));
    let settled = |path: &str| settlement.and_then(|s| text(s, path));
    let taxes = settlement.map(|s| s.all("ApplicableTradeTax")).unwrap_or_default();
    Some(Invoice {
        syntax: Syntax::Cii,
        root,
        number: text(root, "ExchangedDocument/ID"),
        issue_date: text(root, "ExchangedDocument/IssueDateTime/DateTimeString"),
        type_code: text(root, "ExchangedDocument/TypeCode"),
        currency: settled("InvoiceCurrencyCode"),
        tax_currency: settled("TaxCurrencyCode"),
        tax_point_date: settled("ApplicableTradeTax/TaxPointDate/DateString"),
        tax_point_code: settled("ApplicableTradeTax/DueDateTypeCode"),
        due_date: settled("SpecifiedTradePaymentTerms/DueDateDateTime/DateTimeString"),
        buyer_reference: agreed("BuyerReference"),
        project_reference: agreed("SpecifiedProcuringProject/ID"),
        contract_reference: agreed("ContractReferencedDocument/IssuerAssignedID"),
        order_reference: agreed("BuyerOrderReferencedDocument/IssuerAssignedID"),
        sales_order_reference: agreed("SellerOrderReferencedDocument/IssuerAssignedID"),
        accounting_reference: settled("ReceivableSpecifiedTradeAccountingAccount/ID"),
        payment_terms: settlement
            .map(|s| s.all("SpecifiedTradePaymentTerms/Description"))
            .unwrap_or_default()
            .into_iter()
            .map(Node::text)
            .collect(),
        notes: root.all("ExchangedDocument/IncludedNote").into_iter().map(|n| n.text_at("Content")).collect(),
        process: text(root, "ExchangedDocumentContext/BusinessProcessSpecifiedDocumentContextParameter/ID"),
        specification: text(root, "ExchangedDocumentContext/GuidelineSpecifiedDocumentContextParameter/ID"),
        preceding: settlement
            .map(|s| s.all("InvoiceReferencedDocument"))
            .unwrap_or_default()
            .into_iter()
            .map(|r| text(r, "IssuerAssignedID"))
            .collect(),
        seller: agreement.and_then(|a| a.one("SellerTradeParty")).map(party),
        buyer: agreement.and_then(|a| a.one("BuyerTradeParty")).map(party),
        payee: settlement.and_then(|s| s.one("PayeeTradeParty")).map(party),
        representative: agreement.and_then(|a| a.one("SellerTaxRepresentativeTradeParty")).map(party),
        delivery: trade.and_then(|t| t.one("ApplicableHeaderTradeDelivery")).map(delivery),
        periods: settlement
            .map(|s| s.all("BillingSpecifiedPeriod"))
            .unwrap_or_default()
            .into_iter()
            .map(period)
            .collect(),
        payments: settlement
            .map(|s| {
                s.all("SpecifiedTradeSettlementPaymentMeans")
                    .into_iter()
                    .map(|node| payment(node, s))
                    .collect()
            })
            .unwrap_or_default(),
        allowances: settlement
            .map(|s| s.all("SpecifiedTradeAllowanceCharge"))
            .unwrap_or_default()
            .into_iter()
            .map(allowance)
            .collect(),
        totals: sums.map(|s| Totals {
            lines: amount(s, "LineTotalAmount"),
            allowances: amount(s, "AllowanceTotalAmount"),
            charges: amount(s, "ChargeTotalAmount"),
            net: amount(s, "TaxBasisTotalAmount"),
            gross: amount(s, "GrandTotalAmount"),
            paid: amount(s, "TotalPrepaidAmount"),
            rounding: amount(s, "RoundingAmount"),
            due: amount(s, "DuePayableAmount"),
        }),
        taxes: sums
            .map(|s| s.all("TaxTotalAmount"))
            .unwrap_or_default()
            .into_iter()
            .map(|node| TaxTotal {
                amount: Some(Amount::of(node)),
                broken_down: !taxes.is_empty(),
                parts: 0..taxes.len(),
            })
            .collect(),
        breakdown: taxes
            .iter()
            .map(|t| Breakdown {
                taxable: amount(*t, "BasisAmount"),
                tax: amount(*t, "CalculatedAmount"),
                vat: vec![category(*t)],
            })
            .collect(),
        documents: agreement
            .map(|a| a.all("AdditionalReferencedDocument"))
            .unwrap_or_default()
            .into_iter()
            .map(supporting)
            .collect(),
        lines: trade
            .map(|t| t.all("IncludedSupplyChainTradeLineItem"))
            .unwrap_or_default()
            .into_iter()
            .map(line)
            .collect(),
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
    let date = |name: &str| node.one(name).map(|d| d.one("DateTimeString").map_or("", Node::trimmed));
    Period { from: date("StartDateTime"), to: date("EndDateTime"), code: None }
}

fn address(node: Node<'_>) -> Address<'_> {
    Address {
        street: text(node, "LineOne"),
        street2: text(node, "LineTwo"),
        street3: text(node, "LineThree"),
        city: text(node, "CityName"),
        post_code: text(node, "PostcodeCode"),
        subdivision: text(node, "CountrySubDivisionName"),
        country: text(node, "CountryID"),
    }
}

fn party(node: Node<'_>) -> Party<'_> {
    let (mut vat_ids, mut tax_ids) = (Vec::new(), Vec::new());
    for id in node.all("SpecifiedTaxRegistration/ID") {
        match id.attribute("schemeID") {
            Some("VA") => vat_ids.push(id.trimmed()),
            _ => tax_ids.push(identifier(id)),
        }
    }
    Party {
        node,
        name: text(node, "Name"),
        trading_name: text(node, "SpecifiedLegalOrganization/TradingBusinessName"),
        ids: node.all("ID|GlobalID").into_iter().map(identifier).collect(),
        legal_id: node.one("SpecifiedLegalOrganization/ID").map(identifier),
        vat_ids,
        tax_ids,
        legal_form: text(node, "Description"),
        endpoint: node.one("URIUniversalCommunication").map(|c| {
            let nothing = Identifier { value: "", scheme: None, version: None };
            c.one("URIID").map_or(nothing, identifier)
        }),
        address: node.one("PostalTradeAddress").map(address),
        contact: node.one("DefinedTradeContact").map(|c| Contact {
            name: text(c, "PersonName|DepartmentName"),
            telephone: text(c, "TelephoneUniversalCommunication/CompleteNumber"),
            email: text(c, "EmailURIUniversalCommunication/URIID"),
        }),
    }
}

fn delivery(node: Node<'_>) -> Delivery<'_> {
    Delivery {
        name: text(node, "ShipToTradeParty/Name"),
        location: node.one("ShipToTradeParty/GlobalID|ID").map(identifier),
        date: text(node, "ActualDeliverySupplyChainEvent/OccurrenceDateTime/DateTimeString"),
        address: node.one("ShipToTradeParty/PostalTradeAddress").map(address),
    }
}

fn payment<'d>(node: Node<'d>, settlement: Node<'d>) -> Payment<'d> {
    let account = node.one("PayeePartyCreditorFinancialAccount");
    Payment {
        node,
        code: text(node, "TypeCode"),
        text: text(node, "Information"),
        reference: text(settlement, "PaymentReference"),
        transfer: account.is_some(),
        account: account.and_then(|a| text(a, "IBANID").or_else(|| text(a, "ProprietaryID"))),
        account_name: account.and_then(|a| text(a, "AccountName")),
        provider: text(node, "PayeeSpecifiedCreditorFinancialInstitution/BICID"),
        card: node.has("ApplicableTradeSettlementFinancialCard"),
        card_number: text(node, "ApplicableTradeSettlementFinancialCard/ID"),
        debit: node.has("PayerPartyDebtorFinancialAccount/IBANID")
            || settlement.has("SpecifiedTradePaymentTerms/DirectDebitMandateID")
            || settlement.has("CreditorReferenceID"),
        mandate: text(settlement, "SpecifiedTradePaymentTerms/DirectDebitMandateID")
            .or_else(|| text(node, "SpecifiedTradePaymentTerms/DirectDebitMandateID")),
        debited_account: text(node, "PayerPartyDebtorFinancialAccount/IBANID"),
    }
}

fn allowance(node: Node<'_>) -> Allowance<'_> {
    Allowance {
        indicator: text(node, "ChargeIndicator/Indicator").or_else(|| text(node, "ChargeIndicator")),
        amount: amount(node, "ActualAmount"),
        base: amount(node, "BasisAmount"),
        percent: amount(node, "CalculationPercent"),
        vat: node.all("CategoryTradeTax").into_iter().map(category).collect(),
        reason: text(node, "Reason"),
        reason_code: text(node, "ReasonCode"),
    }
}

fn category(node: Node<'_>) -> VatCategory<'_> {
    VatCategory {
        is_vat: node.text_at("TypeCode").eq_ignore_ascii_case("VAT"),
        code: text(node, "CategoryCode"),
        rate: amount(node, "RateApplicablePercent"),
        reason: text(node, "ExemptionReason"),
        reason_code: text(node, "ExemptionReasonCode"),
    }
}

fn supporting(node: Node<'_>) -> Supporting<'_> {
    Supporting {
        id: text(node, "IssuerAssignedID"),
        scheme: text(node, "ReferenceTypeCode"),
        code: text(node, "TypeCode"),
        description: text(node, "Name"),
        filename: node.one("AttachmentBinaryObject").and_then(|b| b.attribute("filename")),
        uri: text(node, "URIID"),
    }
}

fn line(node: Node<'_>) -> Line<'_> {
    let settlement = node.one("SpecifiedLineTradeSettlement");
    let all = |path: &str| settlement.map(|s| s.all(path)).unwrap_or_default();
    let net_base = "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/BasisQuantity";
    let gross_base = "SpecifiedLineTradeAgreement/GrossPriceProductTradePrice/BasisQuantity";
    Line {
        node,
        id: text(node, "AssociatedDocumentLineDocument/LineID"),
        note: text(node, "AssociatedDocumentLineDocument/IncludedNote/Content"),
        quantity: amount(node, "SpecifiedLineTradeDelivery/BilledQuantity"),
        net: amount(
            node,
            "SpecifiedLineTradeSettlement/SpecifiedTradeSettlementLineMonetarySummation/LineTotalAmount",
        ),
        order_line: text(node, "SpecifiedLineTradeAgreement/BuyerOrderReferencedDocument/LineID"),
        periods: all("BillingSpecifiedPeriod").into_iter().map(period).collect(),
        allowances: all("SpecifiedTradeAllowanceCharge").into_iter().map(allowance).collect(),
        price: amount(node, "SpecifiedLineTradeAgreement/NetPriceProductTradePrice/ChargeAmount"),
        gross_price: amount(node, "SpecifiedLineTradeAgreement/GrossPriceProductTradePrice/ChargeAmount"),
        price_base: amount(node, net_base).or_else(|| amount(node, gross_base)),
        price_allowances: node
            .all("SpecifiedLineTradeAgreement/GrossPriceProductTradePrice/AppliedTradeAllowanceCharge")
            .into_iter()
            .map(allowance)
            .collect(),
        vat: all("ApplicableTradeTax").into_iter().map(category).collect(),
        name: text(node, "SpecifiedTradeProduct/Name"),
        description: text(node, "SpecifiedTradeProduct/Description"),
        sellers_id: text(node, "SpecifiedTradeProduct/SellerAssignedID"),
        buyers_id: text(node, "SpecifiedTradeProduct/BuyerAssignedID"),
        standard_id: node.one("SpecifiedTradeProduct/GlobalID").map(identifier),
        classes: node
            .all("SpecifiedTradeProduct/DesignatedProductClassification/ClassCode")
            .into_iter()
            .map(identifier)
            .collect(),
        attributes: node
            .all("SpecifiedTradeProduct/ApplicableProductCharacteristic")
            .iter()
            .map(|p| (p.has("Description"), p.has("Value")))
            .collect(),
    }
}
