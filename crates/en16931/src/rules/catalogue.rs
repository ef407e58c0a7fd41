//! Peppol BIS catalogue (T19).

use super::Severity::Error;
use super::order_facts::{
    Span, named_or_identified, not_negative, number, one_of, rated, standard_above_zero,
};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T19-R017",
        Error,
        "An order transaction SHALL use profile catalogue only or catalogue without response.",
        "ProfileID",
        |n| {
            one_of(
                n,
                &[
                    "urn:fdc:peppol.eu:poacc:bis:catalogue_only:3",
                    "urn:fdc:peppol.eu:poacc:bis:catalogue_wo_response:3",
                ],
            )
        },
    ),
    node(
        "PEPPOL-T19-R018",
        Error,
        "Specification identifier SHALL start with the value 'urn:fdc:peppol.eu:poacc:trns:catalogue:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:catalogue:3"),
    ),
    node(
        "PEPPOL-T19-R001",
        Error,
        "A validity period end date SHALL be later or equal to a validity period start date.",
        "/Catalogue/ValidityPeriod",
        |n| Span::of_catalogue(n).in_order(),
    ),
    node(
        "PEPPOL-T19-R004",
        Error,
        "A catalogue supplier SHALL contain the full name or an identifier.",
        "SellerSupplierParty",
        named_or_identified,
    ),
    node(
        "PEPPOL-T19-R005",
        Error,
        "A catalogue customer SHALL contain the full name or an identifier.",
        "ContractorCustomerParty",
        named_or_identified,
    ),
    node("PEPPOL-T19-R008", Error, "Maximum quantity SHALL be greater than zero.", "CatalogueLine", |n| {
        !n.has("MaximumOrderQuantity") || number(n, "MaximumOrderQuantity").is_some_and(not_negative)
    }),
    node("PEPPOL-T19-R009", Error, "Minimum quantity SHALL be greater than zero.", "CatalogueLine", |n| {
        !n.has("MinimumOrderQuantity") || number(n, "MinimumOrderQuantity").is_some_and(not_negative)
    }),
    node(
        "PEPPOL-T19-R010",
        Error,
        "Maximum quantity SHALL be greater or equal to the Minimum quantity.",
        "CatalogueLine",
        |n| {
            !n.has("MaximumOrderQuantity")
                || !n.has("MinimumOrderQuantity")
                || number(n, "MaximumOrderQuantity") >= number(n, "MinimumOrderQuantity")
        },
    ),
    node(
        "PEPPOL-T19-R007",
        Error,
        "Catalogue line validity period SHALL be within the range of the whole catalogue validity period.",
        "CatalogueLine",
        |n| Span::of_line(n).within(Span::of_catalogue(n)),
    ),
    node(
        "PEPPOL-T19-R013",
        Error,
        "A line validity period end date SHALL be later or equal to the line validity period start date.",
        "CatalogueLine",
        |n| Span::of_line(n).in_order(),
    ),
    node(
        "PEPPOL-T19-R006",
        Error,
        "Prices of items SHALL not be negative.",
        "RequiredItemLocationQuantity",
        |n| number(n, "Price/PriceAmount").is_some_and(not_negative),
    ),
    node(
        "PEPPOL-T19-R011",
        Error,
        "Price validity start date SHALL be within the range of the catalogue line or catalogue validity period.",
        "RequiredItemLocationQuantity",
        |n| Span::of_price(n).within(Span::around(n)),
    ),
    node(
        "PEPPOL-T19-R016",
        Error,
        "A price validity period end date SHALL be later or equal to the price validity period start date.",
        "RequiredItemLocationQuantity",
        |n| Span::of_price(n).in_order(),
    ),
    node(
        "PEPPOL-T19-R014",
        Error,
        "Each Tax Category SHALL have a TAX category rate, except if the catalogue line is not subject to TAX.",
        "ClassifiedTaxCategory",
        rated,
    ),
    node(
        "PEPPOL-T19-R015",
        Error,
        "When TAX category code is \"Standard rated\" (S) the TAX rate SHALL be greater than zero.",
        "ClassifiedTaxCategory",
        standard_above_zero,
    ),
    node(
        "PEPPOL-T19-R012",
        Error,
        "Each item in a Catalogue line SHALL be identifiable by either \"item sellers identifier\" or \"item standard identifier\".",
        "Item",
        |n| n.has("StandardItemIdentification/ID") || n.has("SellersItemIdentification/ID"),
    ),
];
