//! Code lists of XRechnung's extension and of its clean vehicles profile, where they are longer than those of EN 16931.
//!
//! In these documents the rules here stand in for BR-CL-10, -11, -13, -21, -24, -25 and -26.

use super::Severity::{Error, Warning};
use super::syntax_facts::{in_cvd, in_extension, listed_with, may_have_creditor_id};
use super::xrechnung_facts::is_extension;
use super::{Rule, invoice, node};
use crate::Node;
use crate::codes::List;

/// Schemes of digital health applications.
const DIGA: &[&str] = &["XR01", "XR02", "XR03"];

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "BR-DEX-01",
        Error,
        "The media type of an attached document (BT-125) shall be one of the list of EN 16931 or application/xml.",
        "EmbeddedDocumentBinaryObject|AttachmentBinaryObject",
        |n| {
            let typed = n.attribute("mimeCode").is_some();
            (typed && listed_with(n, "mimeCode", List::MimeType, &["application/xml"])) || !in_extension(n)
        },
    ),
    node(
        "BR-DEX-04",
        Error,
        "The scheme of an identifier of a party shall be one of the ISO 6523 ICD list, XR01, XR02 or XR03; SEPA that of a seller or payee in UBL.",
        "PartyIdentification/ID|GlobalID",
        party_id,
    ),
    node(
        "BR-DEX-05",
        Error,
        "The scheme of a registration identifier (BT-30, BT-47) shall be one of the ISO 6523 ICD list, XR01, XR02 or XR03.",
        "PartyLegalEntity/CompanyID|ID",
        |n| {
            let other = n.name() == "ID" && (!in_cii(n) || n.is_inside("SpecifiedTaxRegistration"));
            other || scheme(n)
        },
    ),
    node(
        "BR-DEX-06",
        Error,
        "The scheme of a standard identifier of an item (BT-157) shall be one of the ISO 6523 ICD list, XR01, XR02 or XR03.",
        "StandardItemIdentification/ID|SpecifiedTradeProduct/GlobalID",
        scheme,
    ),
    node(
        "BR-DEX-07",
        Error,
        "The scheme of an electronic address (BT-34, BT-49) shall be one of the CEF EAS list, XR01, XR02 or XR03.",
        "EndpointID|URIUniversalCommunication/URIID",
        |n| listed_with(n, "schemeID", List::ElectronicAddress, DIGA) || !in_extension(n),
    ),
    node(
        "BR-DEX-08",
        Error,
        "The scheme of an identifier of a delivery location (BT-71) shall be one of the ISO 6523 ICD list, XR01, XR02 or XR03.",
        "DeliveryLocation/ID|ApplicableHeaderTradeDelivery/ShipToTradeParty/GlobalID",
        scheme,
    ),
    invoice(
        "BR-DEX-15",
        Warning,
        "An invoice in CII should have no lines under lines (ParentLineID), which XRechnung does not know there.",
        |i| !i.is_cii() || !is_extension(i) || !i.root.descendants().any(|n| n.name() == "ParentLineID"),
    ),
    node(
        "BR-TMP-CVD-01",
        Error,
        "The scheme of an item classification (BT-158) shall be one of UNTDID 7143 or CVD.",
        "CommodityClassification/ItemClassificationCode|ClassCode",
        |n| listed_with(n, "listID", List::ItemClass, &["CVD"]) || !in_cvd(n),
    ),
];

fn scheme(n: Node<'_>) -> bool {
    listed_with(n, "schemeID", List::Icd, DIGA) || !in_extension(n)
}

fn party_id(n: Node<'_>) -> bool {
    let elsewhere = n.is_inside("SpecifiedTradeProduct") || n.is_inside("ShipToTradeParty");
    let sepa = n.name() == "ID" && n.attribute("schemeID").map(str::trim) == Some("SEPA");
    elsewhere || (sepa && may_have_creditor_id(n)) || scheme(n)
}

fn in_cii(n: Node<'_>) -> bool {
    n.root().name() == "CrossIndustryInvoice"
}
