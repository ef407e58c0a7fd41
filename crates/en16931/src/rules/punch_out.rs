//! Peppol BIS punch out (T77).

use super::Severity::Error;
use super::order_facts::{
    above_zero, batches, ends_after_issue, not_negative, number, rated, standard_above_zero,
};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T77-R010",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:punch_out:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:punch_out:3"),
    ),
    node(
        "PEPPOL-T77-R001",
        Error,
        "The validity period end date SHALL NOT be earlier than the issue date.",
        "/Catalogue/ValidityPeriod",
        ends_after_issue,
    ),
    node(
        "PEPPOL-T77-R003",
        Error,
        "Prices of items SHALL not be negative.",
        "RequiredItemLocationQuantity/Price",
        |n| number(n, "PriceAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T77-R004",
        Error,
        "Each item in a shopping cart line SHALL be identifiable by either \"item sellers identifier\" or \"item standard identifier\".",
        "Item",
        |n| n.has("StandardItemIdentification/ID") || n.has("SellersItemIdentification/ID"),
    ),
    node("PEPPOL-T77-R005", Error, "Only one attachment may be identified as main image.", "Item", |n| {
        n.all("ItemSpecificationDocumentReference")
            .iter()
            .filter(|d| d.any_is("DocumentTypeCode", "PRODUCT_IMAGE"))
            .count()
            <= 1
    }),
    node(
        "PEPPOL-T77-R006",
        Error,
        "Unit code for price base quantity SHALL be same as for batch quantity.",
        "CatalogueLine/RequiredItemLocationQuantity",
        |n| {
            batches(n).is_none_or(|(base, batch)| {
                base.attribute("unitCode").is_some()
                    && base.attribute("unitCode") == batch.attribute("unitCode")
            })
        },
    ),
    node(
        "PEPPOL-T77-R002",
        Error,
        "Shopping cart line quantities SHALL be greater than ZERO.",
        "CatalogueLine/RequiredItemLocationQuantity",
        |n| batches(n).is_none_or(|(base, batch)| above_zero(base) && above_zero(batch)),
    ),
    node(
        "PEPPOL-T77-R007",
        Error,
        "For AdditionalItemProperties where name is ServiceIndicator the value may only be \"true\" or \"false\".",
        "Item/AdditionalItemProperty",
        |n| !n.any_is("Name", "ServiceIndicator") || n.any_is("Value", "true") || n.any_is("Value", "false"),
    ),
    node(
        "PEPPOL-T77-R008",
        Error,
        "Each Tax Category SHALL have a TAX category rate, except if the shopping cart is not subject to TAX.",
        "ClassifiedTaxCategory",
        rated,
    ),
    node(
        "PEPPOL-T77-R009",
        Error,
        "When TAX category code is \"Standard rated\" (S) the TAX rate SHALL be greater than zero.",
        "ClassifiedTaxCategory",
        standard_above_zero,
    ),
];
