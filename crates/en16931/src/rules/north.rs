//! Peppol: rules of Norway, Denmark, Sweden and Iceland.

use super::Severity::{Error, Warning};
use super::facts::{day, value};
use super::identifier_facts::{digits, luhn};
use super::national_facts::{
    begins, danish_tax, debited, from, giro, icelandic_account, in_company_register, is_number, last_days,
    length, norwegian_vat, other_registrations, swedish_number, swedish_rate, swedish_vat_seller, vat_id,
};
use super::peppol_facts::{domestic, seated};
use super::{Rule, each_allowance, filled, invoice, payment};
use rust_decimal::Decimal;

/// The rules.
pub(super) const RULES: &[Rule] = &[
    invoice(
        "NO-R-001",
        Error,
        "For Norwegian suppliers, a VAT number MUST be the country code prefix NO followed by a valid Norwegian organization number (nine numbers) followed by the letters MVA.",
        |i| !from(i, "NO") || i.seller.as_ref().is_none_or(|p| norwegian_vat(p)),
    ),
    invoice(
        "NO-R-002",
        Warning,
        "For Norwegian suppliers, most invoice issuers are required to append \"Foretaksregisteret\" to their invoice. \"Dersom selger er aksjeselskap, allmennaksjeselskap eller filial av utenlandsk selskap skal også ordet «Foretaksregisteret» fremgå av salgsdokumentet, jf. foretaksregisterloven § 10-2.\".",
        |i| !from(i, "NO") || i.seller.as_ref().is_none_or(|p| in_company_register(p)),
    ),
    invoice("DK-R-002", Error, "Danish suppliers MUST provide legal entity (CVR-number).", |i| {
        !seated(i, "DK") || i.seller.as_ref().and_then(|p| p.legal_id).is_some_and(|id| !id.value.is_empty())
    }),
    invoice(
        "DK-R-003",
        Error,
        "If ItemClassification is provided from Danish suppliers, UNSPSC version 19.05.01 or 26.08.01 should be used.",
        |i| {
            !domestic(i, "DK")
                || i.lines.iter().all(|l| {
                    l.classes.iter().all(|c| c.scheme != Some("TST"))
                        || l.classes.iter().any(|c| {
                            matches!(c.version, Some("19.05.01" | "19.0501" | "26.08.01" | "26.0801"))
                        })
                })
        },
    ),
    invoice(
        "DK-R-013",
        Error,
        "For Danish Suppliers it is mandatory to use schemeID when PartyIdentification/ID is used for AccountingCustomerParty or AccountingSupplierParty.",
        |i| {
            !domestic(i, "DK")
                || [&i.seller, &i.buyer]
                    .into_iter()
                    .flatten()
                    .flat_map(|p| &p.ids)
                    .all(|id| filled(id.scheme))
        },
    ),
    invoice(
        "DK-R-014",
        Error,
        "For Danish Suppliers it is mandatory to specify schemeID as \"0184\" (DK CVR-number) when PartyLegalEntity/CompanyID is used for AccountingSupplierParty.",
        |i| {
            !seated(i, "DK")
                || i.seller.as_ref().and_then(|p| p.legal_id).is_none_or(|id| id.scheme == Some("0184"))
        },
    ),
    invoice(
        "DK-R-016",
        Error,
        "For Danish Suppliers, a Credit note cannot have a negative total (PayableAmount).",
        |i| {
            !domestic(i, "DK")
                || !i.is_credit_note()
                || i.totals.and_then(|t| value(t.due)).is_none_or(|v| v >= Decimal::ZERO)
        },
    ),
    invoice(
        "DK-R-017",
        Error,
        "For Danish Customers it is mandatory to specify schemeID as \"0184\" (DK CVR-number) when PartyLegalEntity/CompanyID is used for AccountingCustomerParty.",
        |i| {
            !domestic(i, "DK")
                || i.buyer.as_ref().and_then(|p| p.legal_id).is_none_or(|id| id.scheme == Some("0184"))
        },
    ),
    invoice(
        "IS-R-001",
        Warning,
        "If seller is icelandic then invoice type should be 380 or 381 — Ef seljandi er íslenskur þá ætti gerð reiknings (BT-3) að vera sölureikningur (380) eða kreditreikningur (381).",
        |i| !seated(i, "IS") || matches!(i.type_code, Some("380" | "381")),
    ),
    invoice(
        "IS-R-002",
        Error,
        "If seller is icelandic then it shall contain sellers legal id — Ef seljandi er íslenskur þá skal reikningur innihalda íslenska kennitölu seljanda (BT-30).",
        |i| {
            !seated(i, "IS")
                || i.seller.as_ref().and_then(|p| p.legal_id).is_some_and(|id| id.scheme == Some("0196"))
        },
    ),
    invoice(
        "IS-R-003",
        Error,
        "If seller is icelandic then it shall contain his address with street name and zip code — Ef seljandi er íslenskur þá skal heimilisfang seljanda innihalda götuheiti og póstnúmer (BT-35 og BT-38).",
        |i| {
            !seated(i, "IS")
                || i.seller
                    .as_ref()
                    .and_then(|p| p.address)
                    .is_some_and(|a| a.street.is_some() && a.post_code.is_some())
        },
    ),
    invoice(
        "IS-R-004",
        Error,
        "If seller and buyer are icelandic then the invoice shall contain the buyers icelandic legal identifier — Ef seljandi og kaupandi eru íslenskir þá skal reikningurinn innihalda íslenska kennitölu kaupanda (BT-47).",
        |i| {
            !domestic(i, "IS")
                || i.buyer.as_ref().and_then(|p| p.legal_id).is_some_and(|id| id.scheme == Some("0196"))
        },
    ),
    invoice(
        "IS-R-005",
        Error,
        "If seller and buyer are icelandic then the invoice shall contain the buyers address with street name and zip code — Ef seljandi og kaupandi eru íslenskir þá skal heimilisfang kaupanda innihalda götuheiti og póstnúmer (BT-50 og BT-53).",
        |i| {
            !domestic(i, "IS")
                || i.buyer
                    .as_ref()
                    .and_then(|p| p.address)
                    .is_some_and(|a| a.street.is_some() && a.post_code.is_some())
        },
    ),
    invoice(
        "IS-R-006",
        Error,
        "If seller is icelandic and payment means code is 9 then a 12 digit account id must exist — Ef seljandi er íslenskur og greiðslumáti (BT-81) er krafa (kóti 9) þá skal koma fram 12 stafa númer (bankanúmer, höfuðbók 66 og reikningsnúmer) (BT-84).",
        |i| !seated(i, "IS") || icelandic_account(i, "9"),
    ),
    invoice(
        "IS-R-007",
        Error,
        "If seller is icelandic and payment means code is 42 then a 12 digit account id must exist — Ef seljandi er íslenskur og greiðslumáti (BT-81) er millifærsla (kóti 42) þá skal koma fram 12 stafa reikningnúmer (BT-84).",
        |i| !seated(i, "IS") || icelandic_account(i, "42"),
    ),
    invoice(
        "IS-R-008",
        Error,
        "If seller is icelandic and invoice contains supporting description EINDAGI then the id form must be YYYY-MM-DD — Ef seljandi er íslenskur þá skal eindagi (BT-122, DocumentDescription = EINDAGI) vera á forminu YYYY-MM-DD.",
        |i| !seated(i, "IS") || last_days(i).all(|d| d.len() == 10 && day(d).is_some()),
    ),
    invoice(
        "IS-R-009",
        Error,
        "If seller is icelandic and invoice contains supporting description EINDAGI invoice must have due date — Ef seljandi er íslenskur þá skal reikningur sem inniheldur eindaga (BT-122, DocumentDescription = EINDAGI) einnig hafa gjalddaga (BT-9).",
        |i| !seated(i, "IS") || last_days(i).next().is_none() || i.due_date.is_some(),
    ),
    invoice(
        "IS-R-010",
        Error,
        "If seller is icelandic and invoice contains supporting description EINDAGI the id date must be same or later than due date — Ef seljandi er íslenskur þá skal eindagi (BT-122, DocumentDescription = EINDAGI) skal vera sami eða síðar en gjalddagi (BT-9) ef eindagi er til staðar.",
        |i| {
            !seated(i, "IS")
                || last_days(i).next().is_none()
                || last_days(i).any(|d| i.due_date.is_some_and(|due| due <= d))
        },
    ),
    invoice(
        "SE-R-001",
        Error,
        "For Swedish suppliers, Swedish VAT-numbers must consist of 14 characters.",
        |i| !swedish_vat_seller(i) || vat_id(i).is_some_and(|id| id.chars().count() == 14),
    ),
    invoice(
        "SE-R-002",
        Error,
        "For Swedish suppliers, the Swedish VAT-numbers must have the trailing 12 characters in numeric form.",
        |i| !swedish_vat_seller(i) || vat_id(i).is_some_and(|id| is_number(id.get(2..14).unwrap_or(""))),
    ),
    invoice("SE-R-003", Error, "Swedish organisation numbers should be numeric.", |i| {
        swedish_number(i).is_none_or(is_number)
    }),
    invoice("SE-R-004", Error, "Swedish organisation numbers consist of 10 characters.", |i| {
        swedish_number(i).is_none_or(|id| id.chars().count() == 10)
    }),
    invoice(
        "SE-R-013",
        Error,
        "The last digit of a Swedish organization number must be valid according to the Luhn algorithm.",
        |i| swedish_number(i).is_none_or(|id| digits(id).is_some() && luhn(id)),
    ),
    invoice(
        "SE-R-005",
        Error,
        "For Swedish suppliers, when using Seller tax registration identifier, 'Godkänd för F-skatt' must be stated.",
        |i| {
            swedish_number(i).is_none()
                || other_registrations(i).all(|id| id.value.to_uppercase() == "GODKÄND FÖR F-SKATT")
        },
    ),
    invoice(
        "SE-R-006",
        Error,
        "For Swedish suppliers, only standard VAT rate of 6, 12 or 25 are used.",
        |i| {
            !swedish_vat_seller(i)
                || i.item_categories()
                    .chain(i.breakdown.iter().flat_map(|b| &b.vat))
                    .filter(|v| v.code == Some("S"))
                    .all(|v| swedish_rate(v))
        },
    ),
    invoice(
        "SE-R-007",
        Warning,
        "For Swedish suppliers using Plusgiro, the Account ID must be numeric.",
        |i| giro(i, "SE:PLUSGIRO").all(is_number),
    ),
    invoice(
        "SE-R-008",
        Warning,
        "For Swedish suppliers using Bankgiro, the Account ID must be numeric.",
        |i| giro(i, "SE:BANKGIRO").all(is_number),
    ),
    invoice(
        "SE-R-009",
        Warning,
        "For Swedish suppliers using Bankgiro, the Account ID must have 7-8 characters.",
        |i| giro(i, "SE:BANKGIRO").all(|a| matches!(a.chars().count(), 7 | 8)),
    ),
    invoice(
        "SE-R-010",
        Warning,
        "For Swedish suppliers using Plusgiro, the Account ID must have 2-8 characters.",
        |i| giro(i, "SE:PLUSGIRO").all(|a| (2..=8).contains(&a.chars().count())),
    ),
    invoice(
        "SE-R-011",
        Warning,
        "For Swedish suppliers using Swedish Bankgiro or Plusgiro, the proper way to indicate this is to use Code 30 for PaymentMeans and FinancialInstitutionBranch ID with code SE:BANKGIRO or SE:PLUSGIRO.",
        |i| !seated(i, "SE") || i.payments.iter().all(|p| !matches!(p.code, Some("50" | "56"))),
    ),
    invoice(
        "SE-R-012",
        Warning,
        "For domestic transactions between Swedish trading partners, credit transfer should be indicated by PaymentMeansCode=\"30\".",
        |i| !domestic(i, "SE") || i.payments.iter().all(|p| p.code != Some("31")),
    ),
    each_allowance(
        "DK-R-004",
        Error,
        "When specifying non-VAT Taxes for Danish customers, Danish suppliers MUST use the AllowanceChargeReasonCode=\"ZZZ\" and MUST be specified in AllowanceChargeReason; Either as the 4-digit Tax category or must include a #, but the # is not allowed as first and last character.",
        |a, i| !domestic(i, "DK") || a.reason_code != Some("ZZZ") || danish_tax(a.reason.unwrap_or("")),
    ),
    payment(
        "DK-R-005",
        Error,
        "For Danish suppliers the following Payment means codes are allowed: 1, 10, 31, 42, 48, 49, 50, 58, 59, 93 and 97.",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || matches!(
                    p.code,
                    Some("1" | "10" | "31" | "42" | "48" | "49" | "50" | "58" | "59" | "93" | "97")
                )
        },
    ),
    payment(
        "DK-R-006",
        Error,
        "For Danish suppliers bank account and registration account is mandatory if payment means is 31 or 42.",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || !matches!(p.code, Some("31" | "42"))
                || (filled(p.account) && (filled(p.provider)))
        },
    ),
    payment(
        "DK-R-007",
        Error,
        "For Danish suppliers PaymentMandate/ID and PayerFinancialAccount/ID are mandatory when payment means is 49.",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || p.code != Some("49")
                || (filled(p.mandate) && debited(p, i))
        },
    ),
    payment(
        "DK-R-008",
        Error,
        "For Danish Suppliers PaymentID is mandatory and MUST start with 01#, 04# or 15# (kortartkode), and PayeeFinancialAccount/ID (Giro kontonummer) is mandatory and must be 7 or 8 numerical characters long, when payment means equals 50 (Giro).",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || p.code != Some("50")
                || (begins(p.reference, &["01#", "04#", "15#"])
                    && p.account.is_some_and(|a| matches!(a.len(), 7 | 8) && digits(a).is_some()))
        },
    ),
    payment(
        "DK-R-009",
        Error,
        "For Danish Suppliers if the PaymentID is prefixed with 04# or 15# the 16 digits instruction Id must be added to the PaymentID eg. \"04#1234567890123456\" when Payment means equals 50 (Giro).",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || p.code != Some("50")
                || !begins(p.reference, &["04#", "15#"])
                || length(p.reference) == 19
        },
    ),
    payment(
        "DK-R-010",
        Error,
        "For Danish Suppliers using PaymentMeansCode 93, PaymentID is mandatory. The first three characters of the PaymentID MUST be 71#, 73# or 75# (kortartskode), and PayeeFinancialAccount/ID MUST be exactly 8 characters long.",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || p.code != Some("93")
                || (begins(p.reference, &["71#", "73#", "75#"]) && length(p.account) == 8)
        },
    ),
    payment(
        "DK-R-011",
        Error,
        "For Danish Suppliers if the PaymentID is prefixed with 71# or 75# the 15-16 digits instruction Id must be added to the PaymentID eg. \"71#1234567890123456\" when payment Method equals 93 (FIK).",
        |p, i| {
            !domestic(i, "DK")
                || i.is_credit_note()
                || p.code != Some("93")
                || !begins(p.reference, &["71#", "75#"])
                || matches!(length(p.reference), 18 | 19)
        },
    ),
];
