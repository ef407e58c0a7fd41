//! How well a candidate fits a field: rules with hand-set weights.
//!
//! Owns weights, and nothing else: a trained scorer replaces this module alone. Rule: the label decides; place and value
//! break ties.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::fields::{Role, Want};
use super::lexicon::{CONCEPTS, Concept as C};
use super::own::Form;

/// What is known about the document before its fields.
#[derive(Debug, Clone, Copy)]
pub struct Document<'a> {
    /// Document type.
    pub kind: &'a str,
    /// Of fields that have a built-in role, only the very words of a schema's labels count: a trained scorer learns the others from examples.
    pub by_words: bool,
}

/// The kinds of candidates that a role takes.
pub fn takes(role: Role, kind: Kind) -> bool {
    use Role as R;
    match role {
        R::Number | R::PurchaseOrder => kind == Kind::Id,
        R::IssueDate | R::DueDate | R::DeliveryDate | R::PeriodFrom | R::PeriodTo | R::OwnDate => {
            kind == Kind::Date
        }
        R::Net | R::Tax | R::Gross | R::Due | R::OwnAmount => kind == Kind::Amount,
        R::SellerName | R::BuyerName => kind == Kind::Name,
        R::SellerVat | R::BuyerVat => kind == Kind::Vat,
        R::Iban => kind == Kind::Iban,
        R::Bic => kind == Kind::Bic,
        R::OwnChoice => kind == Kind::Choice,
        R::OwnText => matches!(kind, Kind::Id | Kind::Name | Kind::Iban | Kind::Vat),
        R::SellerAddress | R::BuyerAddress | R::Currency => false,
    }
}

/// Fit of a candidate, about 0..=1.3; below [`THRESHOLD`] it is not the value.
pub fn score(want: &Want, c: &Candidate, f: &Features, document: Document<'_>) -> f32 {
    let plays = matches!(want.role, Role::OwnDate | Role::OwnAmount | Role::OwnText | Role::OwnChoice);
    let said: &[f32] =
        if document.by_words && !plays { &f.said } else { f.label.get(CONCEPTS..).unwrap_or_default() };
    let own = want.own.and_then(|i| said.get(i).copied()).unwrap_or_default();
    let order = matches!(document.kind, "order" | "order_response");
    let receipt = document.kind == "receipt";
    let early = if f.page == 0 { 0.06 } else { 0.0 } + 0.05 * (1.0 - f.y);
    let late = 0.1 * f.y + if f.from_last == 0 { 0.06 } else { 0.0 };
    let (base, friends): (f32, &[C]) = match want.role {
        Role::Number if order => {
            let weak = own.max(f.of(C::InvoiceNo) * 0.7);
            (
                f.of(C::OrderNo).max(f.of(C::ContractNo)).max(weak),
                &[C::OrderNo, C::ContractNo, C::InvoiceNo, C::PurchaseOrder],
            )
        }
        Role::Number => {
            let weak = (f.of(C::ContractNo) * if own > 0.3 { 0.93 } else { 0.7 })
                .max(f.of(C::OrderNo) * 0.55)
                .max(own * 0.75);
            (f.of(C::InvoiceNo).max(weak), &[C::InvoiceNo, C::OrderNo, C::ContractNo])
        }
        Role::PurchaseOrder => (f.of(C::PurchaseOrder).max(own), &[C::PurchaseOrder, C::OrderNo]),
        Role::IssueDate => (f.of(C::IssueDate).max(own), &[C::IssueDate, C::InvoiceNo, C::PeriodFrom]),
        Role::DueDate => (f.of(C::DueDate).max(own), &[C::DueDate, C::IssueDate, C::PeriodTo, C::Due]),
        Role::DeliveryDate => (f.of(C::DeliveryDate).max(own), &[C::DeliveryDate, C::IssueDate]),
        Role::PeriodFrom => {
            let first = if c.range == Some(true) { f.of(C::Period) } else { 0.6 * f.of(C::Period) };
            (
                f.of(C::PeriodFrom).max(first).max(own),
                &[C::Period, C::PeriodFrom, C::DeliveryDate, C::IssueDate],
            )
        }
        Role::PeriodTo => {
            let last = if c.range == Some(false) { f.of(C::Period) } else { 0.6 * f.of(C::Period) };
            (
                f.of(C::PeriodTo).max(last).max(own),
                &[C::Period, C::PeriodFrom, C::PeriodTo, C::DeliveryDate, C::IssueDate],
            )
        }
        Role::Net => (f.of(C::Net).max(own), &[C::Net]),
        Role::Tax => (f.of(C::Tax).max(own), &[C::Tax]),
        Role::Gross => (f.of(C::Gross).max(f.of(C::Due) * 0.85).max(own), &[C::Gross, C::Due]),
        Role::Due => (f.of(C::Due).max(own), &[C::Due, C::Gross]),
        // What a schema calls the party comes before what parties are called in general.
        Role::SellerName if want.own.is_some() => (own.max(f.of(C::Seller) * 0.8), &[C::Seller]),
        Role::SellerName => (f.of(C::Seller), &[C::Seller]),
        Role::BuyerName if want.own.is_some() => (own.max(f.of(C::Buyer) * 0.8), &[C::Buyer]),
        Role::BuyerName => (f.of(C::Buyer), &[C::Buyer]),
        Role::SellerVat => (0.5 + 0.4 * f.of(C::Seller), &[C::Seller, C::VatId, C::OtherNo, C::Tax]),
        Role::BuyerVat => (f.of(C::Buyer), &[C::Buyer, C::VatId, C::OtherNo, C::Tax]),
        Role::Iban => (0.8 + 0.2 * f.of(C::Iban), &[C::Iban, C::Bic, C::OtherNo, C::Seller]),
        Role::Bic => (f.of(C::Bic), &[C::Iban, C::Bic, C::OtherNo]),
        Role::OwnDate | Role::OwnAmount | Role::OwnText | Role::OwnChoice => (own, &[]),
        Role::SellerAddress | Role::BuyerAddress | Role::Currency => return 0.0,
    };
    // A label that names something else better than this field.
    let enemy = (0..CONCEPTS)
        .filter(|i| !friends.iter().any(|fr| *fr as usize == *i))
        .map(|i| f.label[i])
        .fold(0.0_f32, f32::max);
    let name = matches!(want.role, Role::SellerName | Role::BuyerName);
    // Another field of the schema that its label names better.
    let others =
        said.iter().enumerate().filter(|(i, _)| (plays || !document.by_words) && want.own != Some(*i));
    let other = if want.own.is_some() { others.map(|(_, s)| *s).fold(0.0_f32, f32::max) } else { 0.0 };
    let rival = if own > 0.9 {
        0.0
    } else if plays {
        if base < 0.5 { 0.25 * (enemy - base).max(0.0) } else { 0.0 }
    } else {
        (if name || want.role == Role::IssueDate { 1.0 } else { 0.6 }) * (enemy - base + 0.05).max(0.0)
    };
    let value = match want.role {
        Role::Number | Role::PurchaseOrder => number_value(c, f) + early,
        // `Rechnung Nr. 17 vom 1.2.2020`
        Role::IssueDate => early + 0.12 * f.of(C::InvoiceNo).max(f.of(C::OrderNo)),
        Role::PeriodFrom | Role::PeriodTo => early + 0.35 * own + if c.range.is_some() { 0.05 } else { 0.0 },
        Role::Gross => {
            let paid = if receipt { 0.05 } else { 0.25 };
            amount_value(c) + late + paid * (1.0 - f.rank) + 0.03 * (f.count.min(4) as f32)
        }
        Role::Due => amount_value(c) + late + 0.1 * (1.0 - f.rank),
        // No VAT is a usual amount of VAT.
        Role::Tax => amount_value(c) + late + if c.amount.is_zero() { 0.25 } else { 0.0 },
        Role::Net => amount_value(c) + late,
        Role::OwnAmount => number_of_form(want.form, c) + 0.5 * early,
        Role::OwnText => text_of_form(want.form, c, f) + early,
        Role::OwnChoice => 0.5 * early + c.ticked.map_or(0.0, |ticked| if ticked { 0.7 } else { -1.0 }),
        Role::SellerName | Role::BuyerName if want.form == Form::Party => {
            let address = c.value.contains(',') && c.value.contains(|ch: char| ch.is_ascii_digit());
            name_value(c, f) + early - if address || ends_inside(&c.value) { 0.1 } else { 0.0 }
        }
        Role::SellerName | Role::BuyerName => name_value(c, f) + early,
        Role::Bic => {
            if f.of(C::Bic) > 0.3 {
                0.0
            } else {
                -0.5
            }
        }
        _ => early,
    };
    let listed = want.allowed.is_empty() || want.allowed.iter().any(|a| a.eq_ignore_ascii_case(&c.value));
    let other = if other > 0.0 { (other - base + 0.02).max(0.0) } else { 0.0 };
    base - rival - other + value - if listed { 0.0 } else { 1.0 }
}

/// Least score of a value.
pub const THRESHOLD: f32 = 0.42;

fn number_value(c: &Candidate, f: &Features) -> f32 {
    let digits = c.value.chars().filter(char::is_ascii_digit).count();
    let mut value = 0.0;
    if digits < 3 {
        value -= 0.25;
    }
    if c.value.chars().any(char::is_alphabetic) && digits >= 2 {
        value += 0.03;
    }
    let money = c.value.len() > 3 && matches!(c.value.as_bytes()[c.value.len() - 3], b'.' | b',');
    if money {
        value -= 0.4;
    }
    // The whole of a number with spaces is better than its parts, if it all stands there.
    if c.value.contains(' ') {
        value -= 0.04;
    }
    if f.alone {
        value += 0.04;
    }
    if f.bracketed {
        value -= 0.25;
    }
    value
}

fn amount_value(c: &Candidate) -> f32 {
    let mut value = 0.0;
    if !c.monetary {
        value -= 0.35;
    }
    if c.amount.is_zero() {
        value -= 0.3;
    }
    value
}

/// Whether a number is one of the form that a field has.
fn number_of_form(form: Form, c: &Candidate) -> f32 {
    match form {
        Form::Count if !c.amount.fract().is_zero() => -1.0,
        Form::Count if c.monetary && c.amount.scale() > 0 => -0.6,
        Form::Number if c.currency.is_some() => -0.5,
        Form::Count | Form::Number => 0.0,
        _ => amount_value(c),
    }
}

/// Whether a text is one of the form that a field has.
fn text_of_form(form: Form, c: &Candidate, f: &Features) -> f32 {
    let digits = c.value.chars().filter(char::is_ascii_digit).count();
    let letters = c.value.chars().filter(|ch| ch.is_alphabetic()).count();
    match form {
        // `12` is what stands in a box of a form more often than the number of anything.
        Form::Id if digits == 0 || c.kind == Kind::Name => -1.0,
        Form::Id => {
            // The whole of a number in groups; a year is hardly one.
            let groups = 0.05 * c.value.matches(' ').count() as f32;
            let year = c.value.len() == 4 && digits == 4 && matches!(&c.value[..2], "19" | "20");
            let part = if f.alone { 0.1 } else { 0.0 };
            number_value(c, f).max(-0.3) + groups + part - if year { 0.25 } else { 0.0 }
        }
        Form::Party if c.kind != Kind::Name || digits > letters || letters < 3 => -1.0,
        Form::Party | Form::Text if [":", "__", "..."].iter().any(|sign| c.raw.contains(sign)) => -1.0,
        // Where a sentence ends, a value does.
        Form::Party | Form::Text if ends_inside(&c.value) => -0.2,
        Form::Party => {
            // A sentence is no name.
            let long = 0.15 * c.value.split(' ').count().saturating_sub(7) as f32;
            let whole = 0.006 * c.value.split(' ').count().min(5) as f32;
            name_value(c, f).max(-0.3) + whole - 0.1 * f32::from(u8::from(digits > 0)) - long.min(1.0)
        }
        _ if c.kind == Kind::Name => 0.05,
        // A number in a text is a part of it.
        _ if !f.alone => -0.3,
        _ => 0.0,
    }
}

/// `hail. Roof inspected`: a sentence ends in the middle; no abbreviation does.
fn ends_inside(text: &str) -> bool {
    text.match_indices(". ").any(|(at, _)| {
        let word = text[..at].rsplit(' ').next().unwrap_or_default();
        word.len() > 3 && text[at + 2..].starts_with(char::is_uppercase)
    })
}

fn name_value(c: &Candidate, f: &Features) -> f32 {
    let letters = c.value.chars().filter(|ch| ch.is_alphabetic()).count();
    let mut value = 0.0;
    // A name that is itself a label, such as the next field's.
    if f.labelness > 0.85 && c.span.0 == 0 {
        value -= 0.5;
    }
    if letters < 3 {
        value -= 0.3;
    }
    if c.raw.ends_with(':') {
        value -= 0.6;
    }
    if f.alone {
        value += 0.03;
    }
    value
}

/// The same for a field of a schema, of which nothing was learned: its values are right a little less often than the rules believe.
pub fn confidence_of_own(score: f32, margin: f32) -> f64 {
    const LESS: f64 = 0.55;
    let p = confidence(score, margin);
    let z = (p / (1.0 - p)).ln() - LESS;
    (1000.0 / (1.0 + (-z).exp())).round() / 1000.0
}

/// Confidence of a value by its score and its margin to the next other value.
pub fn confidence(score: f32, margin: f32) -> f64 {
    let z = 5.0 * (score - 0.62) + 3.0 * margin.clamp(0.0, 0.5);
    let p = 1.0 / (1.0 + (-f64::from(z)).exp());
    (p.clamp(0.05, 0.97) * 1000.0).round() / 1000.0
}
