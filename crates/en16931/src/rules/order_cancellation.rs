//! Peppol BIS advanced ordering: order cancellation (T115).

use super::Severity::Error;
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-T115-R031",
        Error,
        "An order cancellation transaction MUST use profile advanced_ordering.",
        "ProfileID",
        |n| n.trimmed() == "urn:fdc:peppol.eu:poacc:bis:advanced_ordering:3",
    ),
    node(
        "PEPPOL-T115-R034",
        Error,
        "Specification identifier MUST start with the value 'urn:fdc:peppol.eu:poacc:trns:order_cancellation:3'.",
        "CustomizationID",
        |n| n.trimmed().starts_with("urn:fdc:peppol.eu:poacc:trns:order_cancellation:3"),
    ),
    node(
        "PEPPOL-T115-R001",
        Error,
        "An order cancellation SHALL have the buyer party official name or a buyer party identifier.",
        "BuyerCustomerParty/Party",
        |n| n.has("PartyLegalEntity/RegistrationName") || n.has("PartyIdentification/ID"),
    ),
    node(
        "PEPPOL-T115-R002",
        Error,
        "An order cancellation SHALL have the seller party official name or a seller party identifier.",
        "SellerSupplierParty/Party",
        |n| n.has("PartyLegalEntity/RegistrationName") || n.has("PartyIdentification/ID"),
    ),
];
