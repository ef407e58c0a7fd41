//! What is added to a whole document or taken off it: charges and allowances (BG-21 and BG-20 of EN 16931) as pages show them.
//!
//! Owns which words name one, and which of them the totals of a document count. Knows no table. Rule: an amount that stands
//! among the items and is no item is never left out without a word: it becomes part of a sum in the result, or a problem
//! names it. What stands below the items counts only where the totals prove it: discounts for early payment stand there, too.

use super::layout::{Box4, Segment, union};
use super::lexicon::plain;
use docmill_contracts::{Problem, Severity};
use docmill_document::money;
use rust_decimal::Decimal;

/// Code of an amount among the items that the result does not count.
const LEFT_OUT: &str = "INFER-0036";
/// Most amounts that are kept: a table of a thousand pages can have one on each.
const MOST: usize = 64;
/// Most problems of one document.
const MOST_PROBLEMS: usize = 10;
/// Longest text of a row in a problem, in characters.
const MOST_CHARS: usize = 120;

/// Whether it is taken off or added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    /// BG-20.
    Allowance,
    /// BG-21.
    Charge,
}

/// Where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// Among the items.
    Items,
    /// After them.
    Below,
    /// Anywhere, and it says that it is the sum of all.
    Whole,
}

/// An amount that is no item.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Aside {
    /// None where nothing says which it is.
    pub(crate) side: Option<Side>,
    pub(crate) place: Place,
    /// Without a sign where it has a side.
    pub(crate) amount: Decimal,
    pub(crate) raw: String,
    pub(crate) page_no: i32,
    pub(crate) bbox: Box4,
}

/// What was found in a document so far.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asides {
    all: Vec<Aside>,
    /// More than are kept.
    more: usize,
}

/// What a document's items and totals come to.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Sums {
    /// Of the items.
    pub(crate) lines: Decimal,
    pub(crate) net: Option<Decimal>,
    pub(crate) tax: Option<Decimal>,
    pub(crate) gross: Option<Decimal>,
}

/// A sum of allowances or of charges.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Summed {
    pub(crate) side: Side,
    pub(crate) amount: Decimal,
    pub(crate) raw: String,
    pub(crate) page_no: i32,
    pub(crate) bbox: Box4,
    /// The totals count it.
    pub(crate) proven: bool,
}

impl Asides {
    /// An amount that stands among the items.
    pub(crate) fn among(&mut self, amount: Decimal, segments: &[Segment], page_no: i32) {
        let raw = text_of(segments);
        let side = side(&plain(&raw), amount);
        // A bare number that nothing names is that of a page or of a line.
        if side.is_none() && amount.scale() < 2 {
            return;
        }
        let amount = if side.is_some() { amount.abs() } else { amount };
        self.push(Aside { side, place: Place::Items, amount, raw, page_no, bbox: place_of(segments) });
    }

    /// The amount whose line begins there belongs to an item after all.
    pub(crate) fn take_back(&mut self, page_no: i32, top: f32) {
        let there = |a: &Aside| a.page_no == page_no && a.bbox[1] <= top && a.bbox[3] >= top;
        self.all.pop_if(|a| a.place == Place::Items && there(a));
    }

    /// Puts what was found on a page where it is on the page as it was scanned.
    pub(crate) fn put_back(&mut self, page_no: i32, place: &dyn Fn(Box4) -> Box4) {
        self.all.iter_mut().filter(|a| a.page_no == page_no).for_each(|a| a.bbox = place(a.bbox));
    }

    /// A line that stands outside the items; `below`: after them.
    pub(crate) fn outside(&mut self, segments: &[Segment], page_no: i32, below: bool) {
        // What stands in a column on the left of it is something else.
        let names = |s: &Segment| side(&s.plain, Decimal::ONE).is_some();
        let Some(own) = segments.iter().rposition(names).and_then(|first| segments.get(first..)) else {
            return;
        };
        let Some(amount) = last_amount(own) else { return };
        let raw = text_of(own);
        let words = plain(&raw);
        if has(&words, &CONDITIONS) {
            return;
        }
        let Some(side) = side(&words, amount) else { return };
        let whole = has(&words, &WHOLES);
        if whole || below {
            let place = if whole { Place::Whole } else { Place::Below };
            let (amount, bbox) = (amount.abs(), place_of(own));
            self.push(Aside { side: Some(side), place, amount, raw, page_no, bbox });
        }
    }

    fn push(&mut self, aside: Aside) {
        // The head of a document, repeated on each page, is told once.
        let again = |a: &Aside| a.side.is_none() && (a.amount, &a.raw) == (aside.amount, &aside.raw);
        if aside.amount.is_zero() || self.all.iter().any(again) {
            return;
        }
        if self.all.len() < MOST { self.all.push(aside) } else { self.more += 1 }
    }

    /// The sums that belong into the result, and the amounts that are in none.
    pub(crate) fn settle(self, sums: &Sums) -> (Vec<Summed>, Vec<Problem>) {
        let (allowances, charges) = (self.choices(Side::Allowance), self.choices(Side::Charge));
        // Nothing is tried first: where the items alone come to the total, no more is counted.
        let nothing = (Vec::new(), Vec::new());
        let pairs = || {
            let all = allowances.iter().flat_map(|a| charges.iter().map(move |c| (a, c)));
            std::iter::once((&nothing.0, &nothing.1)).chain(all)
        };
        let proven = sums.goals().into_iter().find_map(|goal| {
            pairs().find(|(a, c)| {
                let after = sums.lines.saturating_sub(total(a)).saturating_add(total(c));
                after.saturating_sub(goal).abs() <= Decimal::new(1, 2)
            })
        });
        // Where the totals prove nothing, what stands among the items is told all the same.
        let among: Vec<&Aside> = self.all.iter().filter(|a| a.place == Place::Items).collect();
        let of = |side: Side| among.iter().copied().filter(|a| a.side == Some(side)).collect::<Vec<_>>();
        let (off, on) = match proven {
            Some((a, c)) => (a.clone(), c.clone()),
            None => (of(Side::Allowance), of(Side::Charge)),
        };
        let counted = |aside: &Aside| {
            let list = if aside.side == Some(Side::Allowance) { &off } else { &on };
            // A sum of all counts each.
            aside.side.is_some() && list.iter().any(|a| *a == aside || a.place == Place::Whole)
        };
        let left_out = among.iter().filter(|a| !counted(a)).copied();
        let mut problems: Vec<Problem> = left_out.map(Aside::problem).take(MOST_PROBLEMS).collect();
        if self.more > 0 {
            problems.push(warning(format!("{} more amounts among the items are no items", self.more), None));
        }
        let summed = [(Side::Allowance, &off), (Side::Charge, &on)];
        let summed = summed.into_iter().filter_map(|(side, list)| Summed::of(side, list, proven.is_some()));
        (summed.collect(), problems)
    }

    /// What the sum of one side can be made of, the likeliest first.
    fn choices(&self, side: Side) -> Vec<Vec<&Aside>> {
        let of = |places: &[Place]| -> Vec<&Aside> {
            self.all.iter().filter(|a| a.side == Some(side) && places.contains(&a.place)).collect()
        };
        let wholes = of(&[Place::Whole]).into_iter().rev().map(|a| vec![a]);
        let parts = of(&[Place::Items, Place::Below]);
        let single = parts.iter().map(|a| vec![*a]).collect::<Vec<_>>();
        let together = [parts, of(&[Place::Items]), of(&[Place::Below])];
        let mut choices: Vec<Vec<&Aside>> = wholes.chain(together).chain(single).collect();
        choices.retain(|c| !c.is_empty());
        choices.push(Vec::new());
        choices
    }
}

impl Sums {
    /// What the items come to with all that is added and taken off: the net total, or the gross one where prices include VAT.
    fn goals(&self) -> Vec<Decimal> {
        let less_tax = self.gross.zip(self.tax).map(|(gross, tax)| gross.saturating_sub(tax));
        [less_tax, self.net, self.gross].into_iter().flatten().collect()
    }
}

impl Aside {
    fn problem(&self) -> Problem {
        let text: String = self.raw.chars().take(MOST_CHARS).collect();
        let message =
            format!("`{text}` among the items is none, and no total counts its {}: left out", self.amount);
        warning(message, Some(self.page_no))
    }
}

impl Summed {
    fn of(side: Side, list: &[&Aside], proven: bool) -> Option<Self> {
        let first = *list.first()?;
        let here = list.iter().filter(|a| a.page_no == first.page_no);
        let raws: Vec<&str> = list.iter().map(|a| a.raw.as_str()).collect();
        Some(Self {
            side,
            amount: total(list),
            raw: raws.join(" + "),
            page_no: first.page_no,
            bbox: here.fold(first.bbox, |b, a| union(b, a.bbox)),
            proven,
        })
    }

    /// Name of the field.
    pub(crate) fn name(&self) -> &'static str {
        match self.side {
            Side::Allowance => "allowance_total",
            Side::Charge => "charge_total",
        }
    }
}

/// Whether a text in [`plain`] form says that what stands beside it is a sum of what is above.
pub(crate) fn is_sum(words: &str) -> bool {
    has(words, &SUMS)
}

/// Whether a text in [`plain`] form says that a sum is not the last one: the items go on after it.
pub(crate) fn goes_on(words: &str) -> bool {
    has(words, &PARTIAL) || is_carried(words) || words.contains("sub total") || words.contains("sous total")
}

/// Whether a text in [`plain`] form says how many things are above: `Total qty`.
pub(crate) fn is_count(words: &str) -> bool {
    COUNTS.iter().any(|w| words == *w || words.strip_prefix(w).is_some_and(|rest| rest.starts_with(' ')))
}

/// Whether a text in [`plain`] form names what was brought from the page before, or goes to the next one.
pub(crate) fn is_carried(words: &str) -> bool {
    has(words, &CARRIED) || ["report", "a reporter", "transport a reporter"].contains(&words)
}

/// Whether a text in [`plain`] form names something that is added to or taken off the whole document, or a sum.
pub(crate) fn is_named(words: &str) -> bool {
    is_sum(words) || has(words, &CONDITIONS[..2]) || allows(words) || has(words, &CHARGES) || charges(words)
}

fn warning(message: String, page: Option<i32>) -> Problem {
    Problem {
        code: LEFT_OUT.to_owned(),
        severity: Severity::Warning,
        message,
        fields: vec!["line_items".to_owned()],
        page,
    }
}

fn total(list: &[&Aside]) -> Decimal {
    list.iter().fold(Decimal::ZERO, |sum, a| sum.saturating_add(a.amount))
}

fn text_of(segments: &[Segment]) -> String {
    segments.iter().map(|s| s.text.as_str()).collect::<Vec<_>>().join(" ")
}

fn place_of(segments: &[Segment]) -> Box4 {
    let first = segments.first().map_or([0.0; 4], |s| s.bbox);
    segments.iter().fold(first, |b, s| union(b, s.bbox))
}

/// The last amount with cents of a line; a percentage is none.
fn last_amount(segments: &[Segment]) -> Option<Decimal> {
    let text = text_of(segments);
    let words: Vec<&str> = text.split(' ').collect();
    let percent = |i: usize| words[i].contains('%') || words.get(i + 1).is_some_and(|w| w.starts_with('%'));
    let at = |i: usize| {
        let found = money::parse(words[i]).filter(|a| a.decimal_mark.is_some() && a.value.scale() == 2)?;
        let minus = i.checked_sub(1).is_some_and(|b| matches!(words[b], "-" | "−" | "–"));
        Some(if minus { -found.value } else { found.value })
    };
    (0..words.len()).rev().filter(|i| !percent(*i)).find_map(at)
}

/// Which side the words of a line name; where they name both, the sign says.
fn side(words: &str, amount: Decimal) -> Option<Side> {
    let off = allows(words);
    let on = has(words, &CHARGES) || has(words, &FEES) || charges(words);
    match (off, on) {
        (true, false) => Some(Side::Allowance),
        // What is given back of a charge is taken off.
        (false, true) if amount.is_sign_negative() => Some(Side::Allowance),
        (false, true) => Some(Side::Charge),
        (true, true) => Some(if amount.is_sign_negative() { Side::Allowance } else { Side::Charge }),
        (false, false) => None,
    }
}

fn has(words: &str, list: &[&str]) -> bool {
    words.split(' ').any(|w| list.contains(&w))
}

fn ends(words: &str, ends: &[&str]) -> bool {
    words.split(' ').any(|w| ends.iter().any(|e| w.ends_with(e)))
}

fn allows(words: &str) -> bool {
    has(words, &ALLOWANCES) || ends(words, &["rabatt", "rabatte", "nachlass", "abschlag", "abschlage"])
}

fn charges(words: &str) -> bool {
    ends(words, &["zuschlag", "zuschlage", "versandkosten", "frachtkosten", "transportkosten"])
}

/// Words for what is taken off, in [`plain`] form.
#[rustfmt::skip]
const ALLOWANCES: [&str; 20] = [
    "allowance", "allowances", "discount", "discounts", "rebate", "rebates", "voucher", "coupon", "gutschein", "abzug",
    "remise", "remises", "rabais", "ristourne", "reduction", "reductions", "rabattbetrag", "kedvezmeny", "engedmeny",
    "deduction",
];

/// Words for what is added.
#[rustfmt::skip]
const CHARGES: [&str; 17] = [
    "charge", "charges", "surcharge", "surcharges", "freight", "shipping", "postage", "handling", "fracht", "frachtbetrag",
    "porto", "versand", "frais", "majoration", "majorations", "felar", "szallitas",
];

/// Words for what is added where a total proves it: items are called so, too.
const FEES: [&str; 8] =
    ["fee", "fees", "packing", "packaging", "verpackung", "transport", "port", "supplement"];

/// Words for sums of what stands above.
#[rustfmt::skip]
const SUMS: [&str; 20] = [
    "subtotal", "total", "summe", "zwischensumme", "positionssumme", "warenwert", "gesamt", "gesamtbetrag", "ubertrag",
    "uebertrag", "forward", "report", "sous", "netto", "net", "brutto", "gross", "montant", "betrag", "sum",
];

/// Words for sums that more items may follow.
const PARTIAL: [&str; 7] =
    ["subtotal", "subtotale", "subtotaal", "zwischensumme", "zws", "mezisoucet", "delsumma"];

/// What is counted on slips.
#[rustfmt::skip]
const COUNTS: [&str; 9] = [
    "total qty", "total quantity", "tot qty", "totqty", "total items", "total item", "no of items", "item count", "anzahl artikel",
];

/// Words for sums that go from one page to the next.
const CARRIED: [&str; 8] =
    ["ubertrag", "uebertrag", "forward", "riporto", "transporteren", "przeniesienie", "prenos", "transporte"];

/// Words for the sum of all allowances or all charges.
#[rustfmt::skip]
const WHOLES: [&str; 11] = [
    "total", "totals", "sum", "amount", "summe", "gesamt", "gesamtbetrag", "somme", "montant", "totale", "totaux",
];

/// Words of what may be taken off under a condition: a term of payment.
#[rustfmt::skip]
const CONDITIONS: [&str; 14] = [
    "skonto", "escompte", "within", "innerhalb", "days", "day", "tage", "tagen", "jours", "if", "bei", "wenn", "binnen",
    "early",
];

#[cfg(test)]
mod tests;
