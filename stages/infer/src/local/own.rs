//! A tenant's fields without examples: what a schema says about them, and how well what stands beside a value fits it.
//!
//! Owns the likeness of labels and fields. Rule: a label counts as far as its words are said of the field, in whatever words of the
//! same meaning, and as far as it says all of the field's name; what the description excludes speaks against it.

pub(crate) mod choices;
pub(crate) mod choose;
mod forms;
pub(crate) mod labels;
pub(crate) mod pairs;
pub(crate) mod prose;
pub(crate) mod rows;
pub(crate) mod thesaurus;

use super::candidate::{Candidate, Kind};
use super::layout::Layout;
use super::lexicon::plain;
use crate::llm::form::FLAGS;
use crate::schema::{SchemaField, ValueKind};
pub(crate) use forms::looks;
use forms::{form, side};
use thesaurus::{Unit, means, opposed, units};

/// What the values of a field look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Form {
    /// Nothing is said.
    #[default]
    Any,
    /// A number of something, with digits.
    Id,
    /// A person or a company.
    Party,
    /// A text that is neither.
    Text,
    /// A day.
    Date,
    /// An amount of money.
    Money,
    /// A number that is no money, with decimals or without.
    Number,
    /// A whole number.
    Count,
    /// One of a few values.
    Choice,
}

/// Where a party stands on a paper without a label.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// It wrote the paper: its letterhead.
    Issuer,
    /// It was written to: its window.
    Addressee,
}

/// What a schema says about a field.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// What its values look like.
    pub form: Form,
    /// Title, name and aliases, each taken apart.
    names: Vec<Vec<Unit>>,
    /// What else is said of it.
    said: Vec<Unit>,
    /// What it is said not to be.
    denied: Vec<Unit>,
    /// The only values there are.
    pub(crate) allowed: Vec<String>,
    /// Where it stands where no label names it.
    pub side: Option<Side>,
    /// It is of the document itself: the number of a certificate, where the schema is that of a certificate.
    of_document: bool,
}

/// What could be values of a schema's fields, besides what could be one of any document.
pub(crate) fn candidates(pages: &[Layout], profiles: &[Profile], known: &[Candidate]) -> Vec<Candidate> {
    let mut lists: Vec<&[String]> =
        profiles.iter().map(|p| p.allowed.as_slice()).filter(|l| !l.is_empty()).collect();
    lists.sort_unstable();
    lists.dedup();
    let of_page = |(i, page): (usize, &Layout)| {
        let mut found = prose::candidates(page, i, profiles, known);
        found.extend(lists.iter().flat_map(|list| choices::candidates(page, i, list)));
        found
    };
    if profiles.is_empty() { Vec::new() } else { pages.iter().enumerate().flat_map(of_page).collect() }
}

/// Reads `5.375` as five and some where the document writes its decimals behind a point: elsewhere these are thousands.
pub(crate) fn point(candidates: &mut [Candidate]) {
    let ends = |raw: &str, sign: char| {
        raw.rsplit_once(sign)
            .is_some_and(|(_, cents)| cents.len() == 2 && cents.bytes().all(|b| b.is_ascii_digit()))
    };
    let count = |sign: char| {
        candidates
            .iter()
            .filter(|c| c.kind == Kind::Amount && ends(c.raw.trim_end_matches(['-', ' ']), sign))
            .count()
    };
    if count('.') <= count(',') {
        return;
    }
    for c in candidates.iter_mut().filter(|c| c.kind == Kind::Amount && c.currency.is_none()) {
        let raw = c.raw.trim();
        let one = raw.split_once('.').filter(|(whole, rest)| {
            let digits = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
            digits(whole) && digits(rest) && whole.len() <= 3 && rest.len() == 3
        });
        if one.is_some()
            && let Ok(amount) = raw.parse::<rust_decimal::Decimal>()
        {
            c.amount = amount;
            c.value = amount.to_string();
        }
    }
}

/// A label whose words only tell that there is a number or a day is hardly one.
const COMMON: f32 = 0.35;

impl Profile {
    /// What a property of a schema says.
    pub fn of(field: &SchemaField, title: &str) -> Self {
        let name = field.name.replace(['_', '-', '.'], " ");
        let texts =
            [field.title.as_str(), name.as_str()].into_iter().chain(field.aliases.iter().map(String::as_str));
        let names: Vec<Vec<Unit>> = texts.map(|t| units(&plain(t))).filter(|u| !u.is_empty()).collect();
        let (said, denied) = described(&field.description);
        let form = form(field, &names, &said);
        let title = units(&plain(title));
        let telling = |name: &Vec<Unit>| name.iter().filter(|u| u.weight > 0.5).count() > 0;
        let of_document = names
            .iter()
            .take(2)
            .filter(|n| telling(n))
            .any(|name| name.iter().filter(|u| u.weight > 0.5).all(|u| title.iter().any(|t| t.same(u))));
        let side = if form == Form::Party { side(&names) } else { None };
        let allowed = match field.kind {
            ValueKind::Flag => FLAGS.map(str::to_owned).to_vec(),
            _ => field.allowed.clone(),
        };
        Self { form, names, said, denied, allowed, side, of_document }
    }

    /// Whether a name says what the field asks for: `Muster Insurance Company` where an insurer is asked for.
    pub(crate) fn is_said_by(&self, name: &str) -> bool {
        self.form == Form::Party
            && units(&plain(name))
                .iter()
                .any(|u| u.weight > 0.5 && self.names.iter().take(2).flatten().any(|n| n.same(u)))
    }

    /// How well a label fits the field, 0..=1.
    pub(crate) fn likeness(&self, label: &Label) -> f32 {
        let denied = label.denied.iter().any(|u| self.names.iter().flatten().any(|n| n.same(u)));
        let label = label.said.as_slice();
        let all: f32 = label.iter().map(|u| u.weight).sum();
        if all <= 0.0 {
            return 0.0;
        }
        // What every value of the form has says nothing.
        let implied = |u: &Unit| match self.form {
            Form::Date => means(u, "date"),
            Form::Id => means(u, "number"),
            Form::Party => means(u, "name"),
            Form::Money => means(u, "amount") || means(u, "total"),
            Form::Number => means(u, "total") || means(u, "unit"),
            Form::Count => means(u, "total") || means(u, "unit") || means(u, "quantity"),
            Form::Any | Form::Text | Form::Choice => false,
        };
        let mut told = 0.0;
        let mut right = 0.0;
        for unit in label {
            let named = self.names.iter().flatten().any(|n| n.same(unit));
            let worth = if named {
                told += f32::from(u8::from(unit.weight > 0.5)) * unit.weight;
                1.0
            } else if self.said.iter().any(|n| n.same(unit)) {
                told += 0.5 * f32::from(u8::from(unit.weight > 0.5)) * unit.weight;
                0.75
            } else if implied(unit) {
                told += if unit.weight > 0.5 { 0.5 } else { 0.0 };
                0.9
            } else {
                0.0
            };
            right += worth * unit.weight;
        }
        let whole = self
            .names
            .iter()
            .map(|name| {
                let weight = |u: &Unit| if implied(u) { 0.4 * u.weight } else { u.weight };
                let sum: f32 = name.iter().map(weight).sum();
                let found: f32 = name.iter().filter(|n| label.iter().any(|l| l.same(n))).map(weight).sum();
                found / sum.max(0.01)
            })
            .fold(0.0_f32, f32::max);
        // `Nett` for a net weight: all that it says is said of the field.
        let bare = label.iter().all(|u| !implied(u) && self.names.iter().flatten().any(|n| n.same(u)));
        let mut likeness = (right / all) * (0.55 + 0.45 * whole);
        // `Date` alone is the label of a field that is called so, and hardly of another.
        if told <= 0.0 && whole < 0.99 {
            let own = self.of_document && label.iter().any(implied) && label.iter().all(|u| u.weight < 0.5);
            // `Brutto` for a field of gross pay says more than `Date` for one of a date.
            let said = COMMON + 0.5 * (whole - 0.2).max(0.0);
            likeness = if own { OF_DOCUMENT } else { likeness.min(if bare { said.max(BARE) } else { said }) };
        }
        let known = |u: &Unit| self.names.iter().flatten().chain(&self.said).any(|n| n.same(u));
        let against = |u: &Unit| {
            let excluded = u.weight > 0.5 && self.denied.iter().any(|d| d.same(u));
            let opposite = self.names.iter().flatten().chain(&self.said).any(|n| opposed(n, u));
            (excluded || opposite) && !known(u)
        };
        // `Gage ID` is none for what kind of gage it is.
        let worded = matches!(self.form, Form::Text | Form::Party);
        if worded && label.iter().any(|u| means(u, "number") && u.weight < 0.5 && !known(u)) {
            likeness *= 0.6;
        }
        // `Form CMR/IRU 2007`: an edition of the paper.
        let edition = |u: &Unit| EDITIONS.contains(&u.text.as_str()) && !known(u);
        if denied || label.iter().any(against) || label.iter().any(edition) {
            0.4 * likeness
        } else {
            likeness
        }
    }
}

/// A label taken apart: what it says, and what it says that is not meant: `Net cost excl. VAT`.
#[derive(Debug, Clone, Default)]
pub(crate) struct Label {
    said: Vec<Unit>,
    denied: Vec<Unit>,
}

impl Label {
    /// Takes a text apart.
    pub(crate) fn of(text: &str) -> Self {
        let plain = plain(text);
        let words: Vec<&str> = plain.split(' ').collect();
        let at = words.iter().skip(1).position(|w| NOT.contains(w)).map_or(words.len(), |at| at + 1);
        let denied = units(&words[at..].join(" ")).into_iter().filter(|u| !NOT.contains(&u.text.as_str()));
        Self { said: units(&words[..at].join(" ")), denied: denied.filter(|u| u.weight > 0.5).collect() }
    }
}

/// One word of a field's name that other fields have, too.
const BARE: f32 = 0.52;
/// `No.` and `Date` alone, where the field is of the document itself.
const OF_DOCUMENT: f32 = 0.66;
/// What is printed on all copies of a form.
const EDITIONS: [&str; 8] = ["form", "formular", "formblatt", "edition", "ed", "rev", "revision", "version"];
/// What follows is not meant.
const NOT: [&str; 16] = [
    "not",
    "without",
    "excluding",
    "excl",
    "except",
    "before",
    "nicht",
    "ohne",
    "exkl",
    "sans",
    "hors",
    "sin",
    "plus",
    "zzgl",
    "zuzuglich",
    "senza",
];

/// What a description says of a field, and what it says that it is not: `of the tractor, not of the trailer`.
fn described(text: &str) -> (Vec<Unit>, Vec<Unit>) {
    let (mut said, mut denied) = (Vec::new(), Vec::new());
    for part in text.split([',', ';', '.', '(', ')']) {
        let part = plain(part);
        let words: Vec<&str> = part.split(' ').collect();
        let at = words.iter().position(|w| NOT.contains(w)).unwrap_or(words.len());
        said.extend(units(&words[..at].join(" ")));
        denied.extend(units(&words[at..].join(" ")).into_iter().filter(|u| !NOT.contains(&u.text.as_str())));
    }
    (said, denied)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::Schema;

    fn profiles(json: &str) -> Vec<Profile> {
        Schema::parse(json.as_bytes()).unwrap().fields.iter().map(|f| Profile::of(f, "")).collect()
    }

    #[test]
    fn a_label_fits_the_field_that_means_the_same() {
        let all = profiles(
            r#"{"properties": {
            "shipper": {"type": "string", "description": "company that sends the goods"},
            "consignee": {"type": "string"},
            "calibration_date": {"type": "string", "format": "date", "title": "Calibration date"},
            "next_due": {"type": "string", "format": "date", "title": "Next calibration due"},
            "plate": {"type": "string", "title": "Truck registration", "description": "plate of the tractor, not of the trailer"}}}"#,
        );
        for (label, best) in [
            ("Consignor", 0),
            ("Absender", 0),
            ("Ship to", 1),
            ("Date of calibration", 2),
            ("Cal due", 3),
            ("Kennzeichen der Zugmaschine", 4),
        ] {
            let label = Label::of(label);
            let fits: Vec<f32> = all.iter().map(|p| p.likeness(&label)).collect();
            let top = (0..fits.len()).max_by(|a, b| fits[*a].total_cmp(&fits[*b]));
            assert!(top == Some(best) && fits[best] > 0.6, "{label:?} {fits:?}");
        }
        let trailer = all[4].likeness(&Label::of("trailer registration"));
        assert!(trailer < 0.45, "what is denied is no label: {trailer}");
        assert!(all[2].likeness(&Label::of("date")) < 0.4);
    }

    #[test]
    fn a_field_has_the_form_that_its_words_say() {
        let all = profiles(
            r#"{"properties": {
            "policy_number": {"type": "string"}, "insurer": {"type": "string", "title": "Insurance company"},
            "instrument": {"type": "string"}, "gross_weight": {"type": "number"}, "monthly_rent": {"type": "number"},
            "packages": {"type": "integer"}, "result": {"type": "string", "enum": ["PASS", "FAIL"]},
            "employee_name": {"type": "string"}}}"#,
        );
        let forms: Vec<Form> = all.iter().map(|p| p.form).collect();
        let expected = [
            Form::Id,
            Form::Party,
            Form::Text,
            Form::Number,
            Form::Money,
            Form::Count,
            Form::Choice,
            Form::Party,
        ];
        assert_eq!(forms, expected);
    }
}
