//! Check digits and forms of identifiers, by their scheme (Peppol; all its documents).

use super::Severity::{Error, Warning};
use super::identifier_facts::{
    abn, belgian, codice_fiscale, codice_ipa, danish, digits, dutch_vat, gln, has_digits, luhn, mod_11, of,
    of_text, partita_iva,
};
use super::syntax_facts::sibling_is;
use super::{Rule, node};

/// The rules.
pub(super) const RULES: &[Rule] = &[
    node(
        "PEPPOL-COMMON-R040",
        Error,
        "GLN must have a valid format according to GS1 rules.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0088", |id| digits(id).is_some() && gln(id)),
    ),
    node(
        "PEPPOL-COMMON-R041",
        Error,
        "Norwegian organization number MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0192", |id| has_digits(id, 9) && mod_11(id)),
    ),
    node(
        "PEPPOL-COMMON-R042",
        Error,
        "Danish organization number (CVR) MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of_text(n, "0184", danish),
    ),
    node(
        "PEPPOL-COMMON-R043",
        Error,
        "Belgian enterprise number MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0208", |id| has_digits(id, 10) && belgian(id)),
    ),
    node(
        "PEPPOL-COMMON-R044",
        Warning,
        "IPA Code (Codice Univoco Unità Organizzativa) must be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0201", codice_ipa),
    ),
    node(
        "PEPPOL-COMMON-R045",
        Warning,
        "Tax Code (Codice Fiscale) must be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0210", codice_fiscale),
    ),
    node(
        "PEPPOL-COMMON-R046",
        Warning,
        "Tax Code (Codice Fiscale) must be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "9907", codice_fiscale),
    ),
    node(
        "PEPPOL-COMMON-R047",
        Warning,
        "Italian VAT Code (Partita Iva) must be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0211", partita_iva),
    ),
    node(
        "PEPPOL-COMMON-R048",
        Warning,
        "Italian VAT Code (Partita Iva) must be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| n.name() != "EndpointID" || of(n, "9906", partita_iva),
    ),
    node(
        "PEPPOL-COMMON-R049",
        Error,
        "Swedish organization number MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0007", |id| has_digits(id, 10) && luhn(id)),
    ),
    node(
        "PEPPOL-COMMON-R050",
        Error,
        "Australian Business Number (ABN) MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0151", |id| has_digits(id, 11) && abn(id)),
    ),
    node(
        "PEPPOL-COMMON-R052",
        Error,
        "Danish chamber of commerce number (P) MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of_text(n, "0096", |id| has_digits(id, 10)),
    ),
    node(
        "PEPPOL-COMMON-R053",
        Error,
        "Danish ERSTORG number (SE) MUST be stated in the correct format.",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of_text(n, "0198", |id| id.len() == 10 && danish(id)),
    ),
    node(
        "PEPPOL-COMMON-R054",
        Warning,
        "Dutch Chamber of Commerce (KVK) numbers (0106) MUST be stated in the correct format (12345678).",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0106", |id| has_digits(id, 8)),
    ),
    node(
        "PEPPOL-COMMON-R055",
        Warning,
        "Dutch organization identification numbers (0190) MUST be stated in the correct format (12345678901234567890).",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0190", |id| has_digits(id, 20)),
    ),
    node(
        "PEPPOL-COMMON-R056-1",
        Warning,
        "Dutch VAT numbers (9944) MUST be stated in the correct format (NL123456789B12).",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "9944", dutch_vat),
    ),
    node(
        "PEPPOL-COMMON-R057",
        Warning,
        "Dutch Chamber of Commerce Establishment numbers (0217) MUST be stated in the correct format (123456789012).",
        "EndpointID|PartyIdentification/ID|CompanyID|URIUniversalCommunication/URIID|SellerTradeParty/ID|SellerTradeParty/GlobalID|BuyerTradeParty/ID|BuyerTradeParty/GlobalID|PayeeTradeParty/ID|PayeeTradeParty/GlobalID|SpecifiedLegalOrganization/ID",
        |n| of(n, "0217", |id| has_digits(id, 12)),
    ),
    node(
        "PEPPOL-COMMON-R056-2",
        Warning,
        "Dutch VAT numbers MUST have the format (NL123456789B12).",
        "PartyTaxScheme/CompanyID",
        |n| !sibling_is(n, "TaxScheme/ID", "VAT") || !n.trimmed().starts_with("NL") || dutch_vat(n.trimmed()),
    ),
];
