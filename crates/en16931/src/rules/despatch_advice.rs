//! Peppol BIS despatch advice (T16).

use super::Severity::{Error, Warning};
use super::order_facts::{named_or_identified, not_negative, number};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T16-R011",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:despatch_advice:3'.",
        "/DespatchAdvice/CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:despatch_advice:3"),
    ),
    node(
        "PEPPOL-T16-R008",
        Error,
        "A despatch advice buyer party SHALL contain the name or an identifier.",
        "/DespatchAdvice/BuyerCustomerParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T16-R009",
        Error,
        "A despatch advice seller party SHALL contain the name or an identifier.",
        "/DespatchAdvice/SellerSupplierParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T16-R010",
        Error,
        "A despatch advice originator customer party SHALL contain the name or an identifier.",
        "/DespatchAdvice/OriginatorCustomerParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T16-R003",
        Error,
        "Each item in a Despatch Advice line SHALL be identifiable by either \"item sellers identifier\" or \"item standard identifier\".",
        "DespatchLine",
        |n| n.has("Item/StandardItemIdentification/ID") || n.has("Item/SellersItemIdentification/ID"),
    ),
    node(
        "PEPPOL-T16-R004",
        Error,
        "Each Despatch Advice SHALL contain the item name.",
        "DespatchLine",
        |n| n.has("Item/Name"),
    ),
    node(
        "PEPPOL-T16-R005",
        Warning,
        "Each despatch advice line SHOULD have a delivered quantity.",
        "DespatchLine",
        |n| n.has("DeliveredQuantity"),
    ),
    node(
        "PEPPOL-T16-R006",
        Error,
        "Each despatch advice line delivered quantity SHALL not be negative.",
        "DespatchLine",
        |n| number(n, "DeliveredQuantity").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T16-R007",
        Warning,
        "An outstanding quantity reason SHOULD be provided if the despatch line contains an outstanding quantity.",
        "DespatchLine",
        |n| !n.has("OutstandingQuantity") || n.has("OutstandingReason"),
    ),
];
