//! The semantic model of EN 16931-1: an electronic invoice by its business groups (BG) and business terms (BT).
//!
//! Owns the names. Knows no syntax. Rule: a value is kept as it stands in the document; `None` means that the element is
//! missing, `Some("")` that it is there and empty, because the business rules tell the two apart.

use crate::Node;
use rust_decimal::Decimal;

/// A text, code, date or identifier as it stands, without space around it.
pub type Text<'d> = Option<&'d str>;

/// Where an invoice stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Syntax {
    /// OASIS UBL 2.1 Invoice.
    UblInvoice,
    /// OASIS UBL 2.1 CreditNote.
    UblCreditNote,
    /// UN/CEFACT Cross Industry Invoice D16B.
    Cii,
}

/// An amount, a quantity, a price or a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Amount<'d> {
    /// As it stands.
    pub raw: &'d str,
    /// As a number; none where it is not one.
    pub value: Option<Decimal>,
    /// Currency or unit.
    pub unit: Text<'d>,
}

/// An identifier with its scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Identifier<'d> {
    /// The identifier.
    pub value: &'d str,
    /// Identification scheme.
    pub scheme: Text<'d>,
    /// Version of the scheme, where it has one.
    pub version: Text<'d>,
}

/// An invoice or credit note.
#[derive(Debug, Clone)]
pub struct Invoice<'d> {
    /// Where it stands.
    pub syntax: Syntax,
    /// Its root element.
    pub root: Node<'d>,
    /// BT-1 Invoice number.
    pub number: Text<'d>,
    /// BT-2 Invoice issue date.
    pub issue_date: Text<'d>,
    /// BT-3 Invoice type code.
    pub type_code: Text<'d>,
    /// BT-5 Invoice currency code.
    pub currency: Text<'d>,
    /// BT-6 VAT accounting currency code.
    pub tax_currency: Text<'d>,
    /// BT-7 Value added tax point date.
    pub tax_point_date: Text<'d>,
    /// BT-8 Value added tax point date code.
    pub tax_point_code: Text<'d>,
    /// BT-9 Payment due date.
    pub due_date: Text<'d>,
    /// BT-10 Buyer reference.
    pub buyer_reference: Text<'d>,
    /// BT-11 Project reference.
    pub project_reference: Text<'d>,
    /// BT-12 Contract reference.
    pub contract_reference: Text<'d>,
    /// BT-13 Purchase order reference.
    pub order_reference: Text<'d>,
    /// BT-14 Sales order reference.
    pub sales_order_reference: Text<'d>,
    /// BT-19 Buyer accounting reference.
    pub accounting_reference: Text<'d>,
    /// BT-20 Payment terms.
    pub payment_terms: Vec<&'d str>,
    /// BG-1 Invoice note.
    pub notes: Vec<&'d str>,
    /// BT-23 Business process type.
    pub process: Text<'d>,
    /// BT-24 Specification identifier.
    pub specification: Text<'d>,
    /// BG-3 Preceding invoice reference: BT-25.
    pub preceding: Vec<Text<'d>>,
    /// BG-4 Seller.
    pub seller: Option<Party<'d>>,
    /// BG-7 Buyer.
    pub buyer: Option<Party<'d>>,
    /// BG-10 Payee.
    pub payee: Option<Party<'d>>,
    /// BG-11 Seller tax representative party.
    pub representative: Option<Party<'d>>,
    /// BG-13 Delivery information.
    pub delivery: Option<Delivery<'d>>,
    /// BG-14 Invoicing period.
    pub periods: Vec<Period<'d>>,
    /// BG-16 Payment instructions.
    pub payments: Vec<Payment<'d>>,
    /// BG-20 Document level allowances and BG-21 Document level charges.
    pub allowances: Vec<Allowance<'d>>,
    /// BG-22 Document totals.
    pub totals: Option<Totals<'d>>,
    /// BT-110 Invoice total VAT amount, BT-111 the same in accounting currency.
    pub taxes: Vec<TaxTotal<'d>>,
    /// BG-23 VAT breakdown.
    pub breakdown: Vec<Breakdown<'d>>,
    /// BG-24 Additional supporting documents.
    pub documents: Vec<Supporting<'d>>,
    /// BG-25 Invoice line.
    pub lines: Vec<Line<'d>>,
}

/// BG-4 Seller, BG-7 Buyer, BG-10 Payee, BG-11 Seller tax representative.
#[derive(Debug, Clone)]
pub struct Party<'d> {
    /// Its element.
    pub node: Node<'d>,
    /// BT-27, BT-44, BT-59, BT-62 Name.
    pub name: Text<'d>,
    /// BT-28, BT-45 Trading name.
    pub trading_name: Text<'d>,
    /// BT-29, BT-46, BT-60 Identifier.
    pub ids: Vec<Identifier<'d>>,
    /// BT-30, BT-47, BT-61 Legal registration identifier.
    pub legal_id: Option<Identifier<'d>>,
    /// BT-31, BT-48, BT-63 VAT identifier.
    pub vat_ids: Vec<&'d str>,
    /// BT-32 Tax registration identifier, with the name of its scheme.
    pub tax_ids: Vec<Identifier<'d>>,
    /// BT-33 Additional legal information.
    pub legal_form: Text<'d>,
    /// BT-34, BT-49 Electronic address.
    pub endpoint: Option<Identifier<'d>>,
    /// BG-5, BG-8, BG-12 Postal address.
    pub address: Option<Address<'d>>,
    /// BG-6, BG-9 Contact.
    pub contact: Option<Contact<'d>>,
}

/// BG-5, BG-8, BG-12, BG-15 Postal address.
#[derive(Debug, Clone, Copy)]
pub struct Address<'d> {
    /// Line 1: BT-35, BT-50, BT-64, BT-75.
    pub street: Text<'d>,
    /// Line 2: BT-36, BT-51, BT-65, BT-76.
    pub street2: Text<'d>,
    /// Line 3: BT-162 to BT-165.
    pub street3: Text<'d>,
    /// City: BT-37, BT-52, BT-66, BT-77.
    pub city: Text<'d>,
    /// Post code: BT-38, BT-53, BT-67, BT-78.
    pub post_code: Text<'d>,
    /// Country subdivision: BT-39, BT-54, BT-68, BT-79.
    pub subdivision: Text<'d>,
    /// Country code: BT-40, BT-55, BT-69, BT-80.
    pub country: Text<'d>,
}

/// BG-6 Seller contact, BG-9 Buyer contact.
#[derive(Debug, Clone, Copy)]
pub struct Contact<'d> {
    /// Contact point: BT-41, BT-56.
    pub name: Text<'d>,
    /// Telephone: BT-42, BT-57.
    pub telephone: Text<'d>,
    /// Electronic mail: BT-43, BT-58.
    pub email: Text<'d>,
}

/// BG-13 Delivery information.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'d> {
    /// BT-70 Deliver to party name.
    pub name: Text<'d>,
    /// BT-71 Deliver to location identifier.
    pub location: Option<Identifier<'d>>,
    /// BT-72 Actual delivery date.
    pub date: Text<'d>,
    /// BG-15 Deliver to address.
    pub address: Option<Address<'d>>,
}

/// BG-14 Invoicing period, BG-26 Invoice line period.
#[derive(Debug, Clone, Copy)]
pub struct Period<'d> {
    /// BT-73, BT-134 Start date.
    pub from: Text<'d>,
    /// BT-74, BT-135 End date.
    pub to: Text<'d>,
    /// BT-8 in UBL.
    pub code: Text<'d>,
}

/// BG-16 Payment instructions.
#[derive(Debug, Clone)]
pub struct Payment<'d> {
    /// Its element.
    pub node: Node<'d>,
    /// BT-81 Payment means type code.
    pub code: Text<'d>,
    /// BT-82 Payment means text.
    pub text: Text<'d>,
    /// BT-83 Remittance information.
    pub reference: Text<'d>,
    /// BG-17 Credit transfer: whether it is there.
    pub transfer: bool,
    /// BT-84 Payment account identifier.
    pub account: Text<'d>,
    /// BT-85 Payment account name.
    pub account_name: Text<'d>,
    /// BT-86 Payment service provider identifier.
    pub provider: Text<'d>,
    /// BG-18 Payment card information: whether it is there.
    pub card: bool,
    /// BT-87 Payment card primary account number.
    pub card_number: Text<'d>,
    /// BG-19 Direct debit: whether it is there.
    pub debit: bool,
    /// BT-89 Mandate reference identifier.
    pub mandate: Text<'d>,
    /// BT-91 Debited account identifier.
    pub debited_account: Text<'d>,
}

/// BG-20, BG-21, BG-27, BG-28 Allowances and charges; also those of a price (BT-147).
#[derive(Debug, Clone)]
pub struct Allowance<'d> {
    /// The indicator as it stands.
    pub indicator: Text<'d>,
    /// BT-92, BT-99, BT-136, BT-141 Amount.
    pub amount: Option<Amount<'d>>,
    /// BT-93, BT-100, BT-137, BT-142 Base amount.
    pub base: Option<Amount<'d>>,
    /// BT-94, BT-101, BT-138, BT-143 Percentage.
    pub percent: Option<Amount<'d>>,
    /// BT-95, BT-96, BT-102, BT-103 VAT category and rate.
    pub vat: Vec<VatCategory<'d>>,
    /// BT-97, BT-104, BT-139, BT-144 Reason.
    pub reason: Text<'d>,
    /// BT-98, BT-105, BT-140, BT-145 Reason code.
    pub reason_code: Text<'d>,
}

/// A VAT category with its rate.
#[derive(Debug, Clone, Copy)]
pub struct VatCategory<'d> {
    /// Whether the tax is VAT.
    pub is_vat: bool,
    /// BT-95, BT-102, BT-118, BT-151 Category code.
    pub code: Text<'d>,
    /// BT-96, BT-103, BT-119, BT-152 Rate.
    pub rate: Option<Amount<'d>>,
    /// BT-120 VAT exemption reason text.
    pub reason: Text<'d>,
    /// BT-121 VAT exemption reason code.
    pub reason_code: Text<'d>,
}

/// BG-22 Document totals.
#[derive(Debug, Clone, Copy)]
pub struct Totals<'d> {
    /// BT-106 Sum of invoice line net amount.
    pub lines: Option<Amount<'d>>,
    /// BT-107 Sum of allowances on document level.
    pub allowances: Option<Amount<'d>>,
    /// BT-108 Sum of charges on document level.
    pub charges: Option<Amount<'d>>,
    /// BT-109 Invoice total amount without VAT.
    pub net: Option<Amount<'d>>,
    /// BT-112 Invoice total amount with VAT.
    pub gross: Option<Amount<'d>>,
    /// BT-113 Paid amount.
    pub paid: Option<Amount<'d>>,
    /// BT-114 Rounding amount.
    pub rounding: Option<Amount<'d>>,
    /// BT-115 Amount due for payment.
    pub due: Option<Amount<'d>>,
}

/// BT-110, BT-111 Invoice total VAT amount.
#[derive(Debug, Clone)]
pub struct TaxTotal<'d> {
    /// The amount.
    pub amount: Option<Amount<'d>>,
    /// Whether VAT breakdowns stand in it.
    pub broken_down: bool,
    /// Which of the invoice's VAT breakdowns stand in it.
    pub parts: std::ops::Range<usize>,
}

/// BG-23 VAT breakdown.
#[derive(Debug, Clone)]
pub struct Breakdown<'d> {
    /// BT-116 VAT category taxable amount.
    pub taxable: Option<Amount<'d>>,
    /// BT-117 VAT category tax amount.
    pub tax: Option<Amount<'d>>,
    /// BT-118 to BT-121.
    pub vat: Vec<VatCategory<'d>>,
}

/// BG-24 Additional supporting document, and the invoiced object (BT-18).
#[derive(Debug, Clone, Copy)]
pub struct Supporting<'d> {
    /// BT-122, BT-18.
    pub id: Text<'d>,
    /// Scheme of BT-18.
    pub scheme: Text<'d>,
    /// Code that tells what it is.
    pub code: Text<'d>,
    /// BT-123.
    pub description: Text<'d>,
    /// File name of BT-125.
    pub filename: Text<'d>,
    /// BT-124.
    pub uri: Text<'d>,
}

/// BG-25 Invoice line.
#[derive(Debug, Clone)]
pub struct Line<'d> {
    /// Its element.
    pub node: Node<'d>,
    /// BT-126 Invoice line identifier.
    pub id: Text<'d>,
    /// BT-127 Invoice line note.
    pub note: Text<'d>,
    /// BT-129 Invoiced quantity with its unit (BT-130).
    pub quantity: Option<Amount<'d>>,
    /// BT-131 Invoice line net amount.
    pub net: Option<Amount<'d>>,
    /// BT-132 Referenced purchase order line reference.
    pub order_line: Text<'d>,
    /// BG-26 Invoice line period.
    pub periods: Vec<Period<'d>>,
    /// BG-27 Invoice line allowances and BG-28 Invoice line charges.
    pub allowances: Vec<Allowance<'d>>,
    /// BT-146 Item net price.
    pub price: Option<Amount<'d>>,
    /// BT-148 Item gross price.
    pub gross_price: Option<Amount<'d>>,
    /// BT-149 Item price base quantity, with its unit (BT-150).
    pub price_base: Option<Amount<'d>>,
    /// BT-147 Item price discount.
    pub price_allowances: Vec<Allowance<'d>>,
    /// BG-30 Line VAT information.
    pub vat: Vec<VatCategory<'d>>,
    /// BT-153 Item name.
    pub name: Text<'d>,
    /// BT-154 Item description.
    pub description: Text<'d>,
    /// BT-155 Item seller's identifier.
    pub sellers_id: Text<'d>,
    /// BT-156 Item buyer's identifier.
    pub buyers_id: Text<'d>,
    /// BT-157 Item standard identifier.
    pub standard_id: Option<Identifier<'d>>,
    /// BT-158 Item classification identifier.
    pub classes: Vec<Identifier<'d>>,
    /// BG-32 Item attributes: whether name and value are there.
    pub attributes: Vec<(bool, bool)>,
}

impl<'d> Amount<'d> {
    /// The number in an element, and its currency or unit.
    pub fn of(node: Node<'d>) -> Self {
        let raw = node.trimmed();
        let unit = node.attribute("currencyID").or_else(|| node.attribute("unitCode"));
        Self { raw, value: crate::decimal::parse(raw), unit }
    }

    /// How many decimals are written.
    pub fn decimals(&self) -> usize {
        self.raw.split_once('.').map_or(0, |(_, after)| after.chars().count())
    }
}

impl Allowance<'_> {
    /// Whether it is a charge; none where that is not said.
    pub fn is_charge(&self) -> Option<bool> {
        match self.indicator? {
            "true" | "1" => Some(true),
            "false" | "0" => Some(false),
            _ => None,
        }
    }
}

impl<'d> Invoice<'d> {
    /// Whether it stands in CII.
    pub fn is_cii(&self) -> bool {
        self.syntax == Syntax::Cii
    }

    /// Whether it is a credit note: by its root in UBL, by its type code in CII.
    pub fn is_credit_note(&self) -> bool {
        match self.syntax {
            Syntax::UblCreditNote => true,
            Syntax::UblInvoice => false,
            Syntax::Cii => matches!(
                self.type_code,
                Some(
                    "81" | "83"
                        | "261"
                        | "262"
                        | "296"
                        | "308"
                        | "381"
                        | "396"
                        | "420"
                        | "458"
                        | "502"
                        | "503"
                        | "532"
                )
            ),
        }
    }

    /// Whether the root says that it is a credit note; never in CII.
    pub fn is_credit_note_by_root(&self) -> bool {
        self.syntax == Syntax::UblCreditNote
    }

    /// Document level allowances (BG-20).
    pub fn document_allowances(&self) -> impl Iterator<Item = &Allowance<'d>> {
        self.allowances.iter().filter(|a| a.is_charge() == Some(false))
    }

    /// Document level charges (BG-21).
    pub fn document_charges(&self) -> impl Iterator<Item = &Allowance<'d>> {
        self.allowances.iter().filter(|a| a.is_charge() == Some(true))
    }

    /// The total VAT amount (BT-110): the one in the invoice currency, else the first.
    pub fn tax_total(&self) -> Option<Amount<'d>> {
        let amounts = || self.taxes.iter().filter_map(|t| t.amount);
        amounts().find(|a| a.unit == self.currency).or_else(|| amounts().next())
    }

    /// VAT categories of lines, document level allowances and charges.
    pub fn item_categories(&self) -> impl Iterator<Item = &VatCategory<'d>> {
        self.lines.iter().flat_map(|l| &l.vat).chain(self.allowances.iter().flat_map(|a| &a.vat))
    }
}
