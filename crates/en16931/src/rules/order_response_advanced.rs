//! Peppol BIS advanced ordering: order response (T116), order cancellation (T115).

use super::Severity::Error;
use super::order_facts::{ends_after_start, in_currency, siblings, unique_line};
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T116-R006",
        Error,
        "Specification identifier MUST start with the value 'urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:order_response_advanced:3"),
    ),
    node(
        "PEPPOL-T116-R005",
        Error,
        "An order response MUST be stated in a single currency.",
        "PriceAmount",
        |n| n.attribute("currencyID").is_some() && in_currency(n),
    ),
    node(
        "PEPPOL-T116-R001",
        Error,
        "An order response MUST have the buyer party official name or a buyer party identifier.",
        "BuyerCustomerParty/Party",
        |n| n.has("PartyLegalEntity/RegistrationName") || n.has("PartyIdentification/ID"),
    ),
    node(
        "PEPPOL-T116-R002",
        Error,
        "An order response MUST have the seller party official name or a seller party identifier.",
        "SellerSupplierParty/Party",
        |n| n.has("PartyLegalEntity/RegistrationName") || n.has("PartyIdentification/ID"),
    ),
    node(
        "PEPPOL-T116-R004",
        Error,
        "If both delivery period start date and delivery period end date are given then the end date MUST be later or equal to the start date.",
        "PromisedDeliveryPeriod",
        ends_after_start,
    ),
    node(
        "PEPPOL-T116-R003",
        Error,
        "Each order response line MUST have a document line identifier that is unique within the order.",
        "OrderLine/LineItem",
        unique_line,
    ),
    node(
        "PEPPOL-T116-R007",
        Error,
        "An order response with code CA (Conditionally accepted) must provide order lines.",
        "OrderResponseCode",
        |n| n.trimmed() != "CA" || siblings(n, "OrderLine") > 0,
    ),
    node(
        "PEPPOL-T116-R008",
        Error,
        "An order response with code AP (Accepted) must NOT provide order lines.",
        "OrderResponseCode",
        |n| n.trimmed() != "AP" || siblings(n, "OrderLine") == 0,
    ),
    node(
        "PEPPOL-T116-R009",
        Error,
        "An order response with code RE (Rejected) must NOT provide order lines.",
        "OrderResponseCode",
        |n| n.trimmed() != "RE" || siblings(n, "OrderLine") == 0,
    ),
    node(
        "PEPPOL-T116-R010",
        Error,
        "An order response with code AB (Acknowledged) must NOT provide order lines.",
        "OrderResponseCode",
        |n| n.trimmed() != "AB" || siblings(n, "OrderLine") == 0,
    ),
];
