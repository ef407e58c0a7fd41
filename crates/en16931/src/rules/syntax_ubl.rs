//! Restrictions of the UBL binding that need more than a count (the others stand in `syntax/ubl.tsv`).

use super::Severity::{Error, Warning};
use super::syntax_facts::{
    bare, creditor_ids, decimals, distinct, in_price_allowance, object_only_with_its_code, objects,
    payee_ids, payee_is_another, schemes, sibling_is, sibling_of,
};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node("UBL-SR-51", Error, "An address can only have one third line.", "PostalAddress|Address", |n| {
        n.count("AddressLine") <= 1
    }),
    node(
        "UBL-SR-43",
        Error,
        "Scheme identifier shall only be used for invoiced object (document type code with value 130 or 50).",
        "AdditionalDocumentReference",
        object_only_with_its_code,
    ),
    node("UBL-DT-01", Error, "Amounts shall be decimal up to two fraction digits.", "*Amount", |n| {
        n.name().ends_with("PriceAmount") || in_price_allowance(n) || decimals(n.text()) <= 2
    }),
    node(
        "UBL-DT-06",
        Error,
        "Binary object elements shall contain the mime code attribute.",
        "*BinaryObject",
        |n| n.attribute("mimeCode").is_some(),
    ),
    node(
        "UBL-DT-07",
        Error,
        "Binary object elements shall contain the file name attribute.",
        "*BinaryObject",
        |n| n.attribute("filename").is_some(),
    ),
    node(
        "UBL-SR-30",
        Error,
        "Document level allowance reason shall occur maximum once.",
        "AllowanceCharge",
        |n| !sibling_of(n, "ChargeIndicator", false) || n.count("AllowanceChargeReason") <= 1,
    ),
    node(
        "UBL-SR-31",
        Error,
        "Document level charge reason shall occur maximum once.",
        "AllowanceCharge",
        |n| !sibling_of(n, "ChargeIndicator", true) || n.count("AllowanceChargeReason") <= 1,
    ),
    node(
        "UBL-SR-53",
        Error,
        "CompanyID (VAT Identifier) must be stated when providing the PartyTaxScheme/TaxScheme/ID.",
        "PartyTaxScheme",
        |n| n.has("TaxScheme/ID") && n.has("CompanyID"),
    ),
    node(
        "UBL-CR-002",
        Warning,
        "A UBL invoice should not include the UBLVersionID or it should be 2.1.",
        "/*",
        |n| n.one("UBLVersionID").is_none_or(|v| v.trimmed() == "2.1"),
    ),
    node(
        "UBL-CR-412",
        Warning,
        "A UBL invoice should not include the PaymentMeans PaymentDueDate.",
        "/*",
        |n| n.name() == "CreditNote" || !n.has("PaymentMeans/PaymentDueDate"),
    ),
    node(
        "UBL-CR-648",
        Warning,
        "A UBL invoice should not include the CustomizationID scheme identifier.",
        "/*",
        |n| bare(n, "CustomizationID", "schemeID"),
    ),
    node(
        "UBL-CR-649",
        Warning,
        "A UBL invoice should not include the ProfileID scheme identifier.",
        "/*",
        |n| bare(n, "ProfileID", "schemeID"),
    ),
    node(
        "UBL-CR-650",
        Warning,
        "A UBL invoice shall not include the Invoice ID scheme identifier.",
        "/*",
        |n| bare(n, "ID", "schemeID"),
    ),
    node(
        "UBL-CR-651",
        Warning,
        "A UBL invoice should not include the SalesOrderID scheme identifier.",
        "/*",
        |n| bare(n, "SalesOrderID", "schemeID"),
    ),
    node(
        "UBL-CR-653",
        Warning,
        "A UBL invoice should not include the PaymentID scheme identifier.",
        "/*",
        |n| bare(n, "PaymentMeans/PaymentID", "schemeID"),
    ),
    node(
        "UBL-CR-654",
        Warning,
        "A UBL invoice should not include the PayeeFinancialAccount scheme identifier.",
        "/*",
        |n| bare(n, "PaymentMeans/PayeeFinancialAccount/ID", "schemeID"),
    ),
    node(
        "UBL-CR-655",
        Warning,
        "A UBL invoice shall not include the FinancialInstitutionBranch ID scheme identifier.",
        "/*",
        |n| bare(n, "PaymentMeans/PayeeFinancialAccount/FinancialInstitutionBranch/ID", "schemeID"),
    ),
    node("UBL-CR-656", Warning, "A UBL invoice should not include the InvoiceTypeCode listID.", "/*", |n| {
        bare(n, "InvoiceTypeCode", "listID")
    }),
    node(
        "UBL-CR-657",
        Warning,
        "A UBL invoice should not include the DocumentCurrencyCode listID.",
        "/*",
        |n| bare(n, "DocumentCurrencyCode", "listID"),
    ),
    node("UBL-CR-658", Warning, "A UBL invoice should not include the TaxCurrencyCode listID.", "/*", |n| {
        bare(n, "TaxCurrencyCode", "listID")
    }),
    node(
        "UBL-CR-659",
        Warning,
        "A UBL invoice shall not include the AdditionalDocumentReference DocumentTypeCode listID.",
        "/*",
        |n| bare(n, "AdditionalDocumentReference/DocumentTypeCode", "listID"),
    ),
    node("UBL-CR-661", Warning, "A UBL invoice should not include the PaymentMeansCode listID.", "/*", |n| {
        bare(n, "PaymentMeans/PaymentMeansCode", "listID")
    }),
    node(
        "UBL-CR-672",
        Warning,
        "A UBL credit note should not include the CreditNoteTypeCode listID.",
        "/*",
        |n| bare(n, "CreditNoteTypeCode", "listID"),
    ),
    node("UBL-DT-18", Warning, "Name attribute should not be present.", "/*", |n| {
        !n.descendants().any(|e| e.name() != "PaymentMeansCode" && e.attribute("name").is_some())
    }),
    node("UBL-SR-04", Error, "Invoice object identifier shall occur maximum once.", "/*", |n| {
        objects(n) <= 1
    }),
    node("UBL-SR-12", Error, "Seller VAT identifier shall occur maximum once.", "/*", |n| {
        schemes(n, "AccountingSupplierParty", true) <= 1
    }),
    node("UBL-SR-13", Error, "Seller tax registration shall occur maximum once.", "/*", |n| {
        schemes(n, "AccountingSupplierParty", false) <= 1
    }),
    node("UBL-SR-18", Error, "Buyer VAT identifier shall occur maximum once.", "/*", |n| {
        schemes(n, "AccountingCustomerParty", true) <= 1
    }),
    node("UBL-SR-29", Error, "Bank creditor reference shall occur maximum once.", "/*", |n| {
        creditor_ids(n) <= 1
    }),
    node(
        "UBL-SR-44",
        Error,
        "An Invoice may only have one unique PaymentID, but the PaymentID may be used for multiple PaymentMeans.",
        "/*",
        |n| distinct(n, "PaymentID") <= 1,
    ),
    node("UBL-SR-46", Error, "Payment means text shall occur maximum once.", "/*", |n| {
        n.all("PaymentMeans/PaymentMeansCode").iter().filter(|c| c.attribute("name").is_some()).count() <= 1
    }),
    node(
        "UBL-SR-47",
        Error,
        "When there are more than one payment means code, they shall be equal.",
        "/*",
        |n| distinct(n, "PaymentMeansCode") <= 1,
    ),
    node(
        "UBL-CR-652",
        Warning,
        "A UBL invoice should not include the PartyTaxScheme CompanyID scheme identifier.",
        "PartyTaxScheme/CompanyID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-660",
        Warning,
        "A UBL invoice should not include the Country Identification code listID.",
        "Country/IdentificationCode",
        |n| n.attribute("listID").is_none(),
    ),
    node(
        "UBL-CR-662",
        Warning,
        "A UBL invoice should not include the AllowanceChargeReasonCode listID.",
        "AllowanceChargeReasonCode",
        |n| n.attribute("listID").is_none(),
    ),
    node(
        "UBL-CR-665",
        Warning,
        "A UBL invoice should not include the AdditionalDocumentReference ID schemeID unless the DocumentTypeCode equals '130'.",
        "AdditionalDocumentReference/ID",
        |n| sibling_is(n, "DocumentTypeCode", "130") || n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-666",
        Error,
        "A UBL invoice shall not include an AdditionalDocumentReference simultaneously referring an Invoice Object Identifier and an Attachment.",
        "AdditionalDocumentReference/Attachment",
        |n| !sibling_is(n, "DocumentTypeCode", "130"),
    ),
    node(
        "UBL-CR-673",
        Error,
        "A UBL invoice shall not include an AdditionalDocumentReference simultaneously referring an Invoice Object Identifier and an Document Description.",
        "AdditionalDocumentReference/DocumentDescription",
        |n| !sibling_is(n, "DocumentTypeCode", "130"),
    ),
    node(
        "UBL-CR-667",
        Warning,
        "A UBL invoice should not include a Buyer Item Identification schemeID.",
        "BuyersItemIdentification/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-668",
        Warning,
        "A UBL invoice should not include a Sellers Item Identification schemeID.",
        "SellersItemIdentification/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-674",
        Warning,
        "A UBL invoice should not include the PrimaryAccountNumber schemeID.",
        "PrimaryAccountNumberID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-675",
        Warning,
        "A UBL invoice should not include the NetworkID schemeID.",
        "CardAccount/NetworkID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-676",
        Warning,
        "A UBL invoice should not include the PaymentMandate/ID schemeID.",
        "PaymentMandate/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-677",
        Warning,
        "A UBL invoice should not include the PayerFinancialAccount/ID schemeID.",
        "PaymentMandate/PayerFinancialAccount/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-678",
        Warning,
        "A UBL invoice should not include the TaxCategory/ID schemeID.",
        "TaxCategory/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-CR-679",
        Warning,
        "A UBL invoice should not include the ClassifiedTaxCategory/ID schemeID.",
        "ClassifiedTaxCategory/ID",
        |n| n.attribute("schemeID").is_none(),
    ),
    node(
        "UBL-SR-19",
        Error,
        "Payee name shall occur maximum once, if the Payee is different from the Seller.",
        "PayeeParty",
        |n| n.count("PartyName/Name") <= 1 && payee_is_another(n),
    ),
    node(
        "UBL-SR-20",
        Error,
        "Payee identifier shall occur maximum once, if the Payee is different from the Seller.",
        "PayeeParty",
        |n| payee_ids(n) <= 1 && payee_is_another(n),
    ),
    node(
        "UBL-SR-21",
        Error,
        "Payee legal registration identifier shall occur maximum once, if the Payee is different from the Seller.",
        "PayeeParty",
        |n| n.count("PartyLegalEntity/CompanyID") <= 1 && payee_is_another(n),
    ),
];
