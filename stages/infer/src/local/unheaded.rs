//! Item tables without a header: rows whose quantity times price is their amount, and amounts that add up to a total.
//!
//! Owns the columns of such a table and where it begins. Knows no word of a header. Rule: only arithmetic makes a table; a
//! column of numbers that come to nothing is none.

use super::asides;
use super::cells::factors;
use super::guess::{Number, equal, numbers};
use super::heads::Head;
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::{Concept, Lexicon, plain};
use super::table::Column;
use docmill_document::unit;
use rust_decimal::Decimal;

/// Amounts of one column begin or end so many points apart at most.
const ALIGNED: f32 = 4.0;
/// Rows of one table stand so many line heights apart at most.
const FAR: f32 = 6.0;

/// Most numbers of a line that are multiplied with each other.
const MOST_NUMBERS: usize = 16;

/// Words of payments, in plain form: what was given and returned adds up, too.
#[rustfmt::skip]
const PAID: [&str; 20] = [
    "cash", "change", "card", "visa", "mastercard", "amex", "maestro", "tendered", "paid", "payment", "bar", "gegeben", "karte",
    "zuruck", "ruckgeld", "especes", "rendu", "contanti", "efectivo", "rounding",
];

/// The columns of a table without a header, and its first line.
pub(crate) fn find(layout: &Layout, lexicon: &Lexicon) -> Option<(Head, usize)> {
    by_products(layout).or_else(|| by_sum(layout, lexicon))
}

/// A row whose quantity times price is its amount.
struct Proven {
    line: usize,
    quantity: Box4,
    price: Box4,
    total: Box4,
    /// Neither factor is one: no chance.
    sure: bool,
}

fn by_products(layout: &Layout) -> Option<(Head, usize)> {
    let lines = 0..layout.lines.len();
    let all: Vec<Proven> = lines.filter_map(|line| product(layout, line)).collect();
    // The rows of a table are those whose amounts end where most end.
    let in_column = |p: &Proven| {
        let place = p.total;
        all.iter().filter(move |o| aligned(&o.total, &place))
    };
    let model = all.iter().max_by_key(|p| (in_column(p).count(), p.sure))?;
    let rows: Vec<&Proven> = in_column(model).collect();
    if rows.len() < 2 && !rows.iter().any(|r| r.sure) {
        return None;
    }
    let first = rows.first()?.line;
    let column = |of: fn(&Proven) -> Box4| rows.iter().map(|r| of(r)).reduce(union);
    let (quantity, price, total) = (column(|r| r.quantity)?, column(|r| r.price)?, column(|r| r.total)?);
    let fixed = [(Column::Quantity, quantity), (Column::UnitPrice, price), (Column::LineTotal, total)];
    let lines: Vec<usize> = rows.iter().map(|r| r.line).collect();
    let head = head_of(layout, &lines, &fixed)?;
    let total_ends = |line: usize| {
        let segments = &layout.segments[layout.lines[line].clone()];
        let amount = numbers(segments).last().is_some_and(|n| n.cents && aligned(&n.bbox, &model.total));
        amount && segments.iter().any(|s| s.text.chars().filter(|c| c.is_alphabetic()).count() >= 3)
    };
    // Rows with an amount alone may stand before the first one that is proven.
    let begin = (0..first).rev().take_while(|l| total_ends(*l) && near(layout, *l)).last().unwrap_or(first);
    Some((head, begin))
}

/// The columns of rows in which some are known: what else stands in them, one below the other, is a column each.
fn head_of(layout: &Layout, lines: &[usize], fixed: &[(Column, Box4)]) -> Option<Head> {
    let taken = |b: &Box4| fixed.iter().any(|(_, c)| b[0] < c[2] && b[2] > c[0]);
    let mut others: Vec<(Box4, usize, bool)> = Vec::new();
    for segment in lines.iter().flat_map(|l| &layout.segments[layout.lines[*l].clone()]) {
        for (text, bbox) in runs(segment, &taken) {
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            let is_unit = unit::code(&text).is_some();
            match others.iter_mut().find(|(b, ..)| bbox[0] < b[2] && bbox[2] > b[0]) {
                Some((b, n, u)) => (*b, *n, *u) = (union(*b, bbox), *n + letters, *u && is_unit),
                None => others.push((bbox, letters, is_unit)),
            }
        }
    }
    let widest = others.iter().enumerate().max_by_key(|(_, o)| o.1).filter(|(_, o)| o.1 >= 3)?.0;
    let named = others.iter().enumerate().map(|(i, (b, _, is_unit))| {
        let column = match i {
            i if i == widest => Column::Description,
            _ if *is_unit => Column::Unit,
            _ => Column::Other,
        };
        (column, b[0], b[2])
    });
    let mut columns: Vec<(Column, f32, f32)> =
        fixed.iter().map(|(c, b)| (*c, b[0], b[2])).chain(named).collect();
    columns.sort_by(|a, b| a.1.total_cmp(&b.1));
    Some(Head { columns, end: None })
}

/// Whether two amounts stand in one column, which may be set to the right or to the left.
fn aligned(a: &Box4, b: &Box4) -> bool {
    (a[2] - b[2]).abs() < ALIGNED || (a[0] - b[0]).abs() < ALIGNED
}

/// Whether the next line is near enough to be of the same table.
fn near(layout: &Layout, line: usize) -> bool {
    let of = |line: usize| layout.segments.get(layout.lines.get(line)?.start);
    of(line).zip(of(line + 1)).is_some_and(|(a, b)| b.bbox[1] - a.bbox[3] < FAR * a.height())
}

/// Runs of words of a segment that stand in no column yet.
fn runs(segment: &Segment, taken: &dyn Fn(&Box4) -> bool) -> Vec<(String, Box4)> {
    let mut out: Vec<(String, Box4)> = Vec::new();
    let mut open = false;
    for ((text, _), (_, bbox)) in segment.read().zip(&segment.words) {
        if taken(bbox) {
            open = false;
            continue;
        }
        match out.last_mut().filter(|_| open) {
            Some((before, place)) => {
                before.push(' ');
                before.push_str(text);
                *place = union(*place, *bbox);
            }
            None => out.push((text.to_owned(), *bbox)),
        }
        open = true;
    }
    out
}

/// What discounts of so many per cent leave.
fn percents(segments: &[Segment]) -> impl Iterator<Item = Decimal> {
    let all = segments.iter().filter_map(|s| s.text.trim().strip_suffix('%')?.trim().parse::<Decimal>().ok());
    all.filter(|p| *p > Decimal::ZERO && *p < Decimal::ONE_HUNDRED)
        .map(|p| Decimal::ONE - p / Decimal::ONE_HUNDRED)
}

/// The product that a line states.
fn product(layout: &Layout, line: usize) -> Option<Proven> {
    let segments = &layout.segments[layout.lines[line].clone()];
    if !segments.iter().any(|s| s.text.chars().filter(|c| c.is_alphabetic()).count() >= 3) {
        return None;
    }
    // What a row says of itself stands at its end; a line of thousands of numbers is no row.
    let mut all = numbers(segments);
    all.drain(..all.len().saturating_sub(MOST_NUMBERS));
    let zero = |n: &Number| n.value.is_zero();
    let (k, total) = all.iter().enumerate().rfind(|(_, n)| n.cents && !zero(n))?;
    // What is left of a price after a discount.
    let left: Vec<Decimal> = std::iter::once(Decimal::ONE).chain(percents(segments).take(4)).collect();
    for j in (0..k).rev() {
        for i in (0..j).rev() {
            let (a, b) = (all[i], all[j]);
            let whole = a.value.checked_mul(b.value);
            let fits = whole.is_some_and(|p| left.iter().any(|l| equal((p * l).round_dp(2), total.value)));
            // Of two numbers the one with cents is the price; a day and a year are neither.
            if !fits || zero(&a) || zero(&b) || (!a.cents && !b.cents && b.value.scale() == 0) {
                continue;
            }
            let (quantity, price) = if a.cents && b.value.scale() == 0 { (b, a) } else { (a, b) };
            let sure = quantity.value.abs() != Decimal::ONE && price.value.abs() != Decimal::ONE;
            return Some(Proven {
                line,
                quantity: quantity.bbox,
                price: price.bbox,
                total: total.bbox,
                sure,
            });
        }
    }
    None
}

/// Texts with an amount each, above a total that they add up to.
fn by_sum(layout: &Layout, lexicon: &Lexicon) -> Option<(Head, usize)> {
    let mut entries: Vec<Option<Entry>> =
        (0..layout.lines.len()).map(|line| entry(layout, line, lexicon)).collect();
    mark_sums(layout, &mut entries);
    for (at, sum) in
        entries.iter().enumerate().filter_map(|(i, e)| Some((i, e.as_ref().filter(|e| e.is_sum)?)))
    {
        let mut items: Vec<(usize, &Entry)> = Vec::new();
        let mut left = sum.amount;
        for line in (0..at).rev() {
            if !near(layout, line) {
                break;
            }
            let Some(item) = &entries[line] else { continue };
            if item.is_tax && items.is_empty() {
                left = left.saturating_sub(item.amount);
                continue;
            }
            if item.is_sum || item.is_tax || !aligned(&item.bbox, &sum.bbox) {
                break;
            }
            left = left.saturating_sub(item.amount);
            items.push((line, item));
            if left.is_zero() {
                break;
            }
        }
        let first = items.last().map(|i| i.0);
        if let Some(first) =
            first.filter(|_| left.is_zero() && items.iter().filter(|i| !i.1.amount.is_zero()).count() >= 2)
        {
            let amount = items.iter().map(|i| i.1.bbox).reduce(union)?;
            let lines: Vec<usize> = items.iter().map(|i| i.0).collect();
            let mut head = head_of(layout, &lines, &[(Column::LineTotal, amount)])?;
            head.end = Some(at);
            let above = usize::from(entries[first].as_ref().is_some_and(|e| e.bare));
            return Some((head, first.saturating_sub(above)));
        }
    }
    by_sum_elsewhere(layout, &entries)
}

/// What two lines or more right above it add up to is their sum, whatever it is called: `Together`, `Totale onorari`.
fn mark_sums(layout: &Layout, entries: &mut [Option<Entry>]) {
    for at in 2..entries.len() {
        let Some(own) = entries[at].as_ref().filter(|e| !e.is_sum && !e.is_tax && !e.amount.is_zero()) else {
            continue;
        };
        let mut sum = Decimal::ZERO;
        let mut count = 0;
        for line in (0..at).rev().take_while(|line| near(layout, *line)) {
            // Between two lines may stand what one of them is about.
            let Some(item) = &entries[line] else { continue };
            if item.is_sum || !aligned(&item.bbox, &own.bbox) {
                break;
            }
            sum = sum.saturating_add(item.amount);
            count += 1;
            if count > 1 && sum == own.amount {
                break;
            }
        }
        let found = count > 1 && sum == own.amount;
        if let Some(own) = entries[at].as_mut().filter(|_| found) {
            own.is_sum = true;
        }
    }
}

/// Lines in a row with a text and an amount each, whose sum is stated somewhere else on the page.
fn by_sum_elsewhere(layout: &Layout, entries: &[Option<Entry>]) -> Option<(Head, usize)> {
    let item = |line: usize| entries[line].as_ref().filter(|e| !e.is_sum && !e.is_tax && !e.bare);
    let sums: Vec<Decimal> = entries.iter().flatten().filter(|e| e.is_sum).map(|e| e.amount).collect();
    let mut first = 0;
    while first < entries.len() {
        let Some(start) = item(first) else {
            first += 1;
            continue;
        };
        let goes_on = |line: &usize| {
            near(layout, line - 1) && item(*line).is_some_and(|e| aligned(&e.bbox, &start.bbox))
        };
        let end = (first + 1..entries.len()).take_while(goes_on).last().unwrap_or(first) + 1;
        let rows: Vec<&Entry> = (first..end).filter_map(item).collect();
        let sum = rows.iter().fold(Decimal::ZERO, |sum, e| sum.saturating_add(e.amount));
        if rows.len() > 1 && sums.contains(&sum) {
            let amount = rows.iter().map(|e| e.bbox).reduce(union)?;
            let lines: Vec<usize> = (first..end).collect();
            return Some((head_of(layout, &lines, &[(Column::LineTotal, amount)])?, first));
        }
        first = end;
    }
    None
}

/// A text and its amount at the end of a line.
struct Entry {
    amount: Decimal,
    bbox: Box4,
    is_sum: bool,
    is_tax: bool,
    /// The text is quantity and price; what they are of stands above.
    bare: bool,
}

fn entry(layout: &Layout, line: usize, lexicon: &Lexicon) -> Option<Entry> {
    let segments = &layout.segments[layout.lines[line].clone()];
    let last = *numbers(segments).last().filter(|n| n.cents)?;
    let end = segments.last()?.bbox[2];
    let texts: Vec<&Segment> = segments.iter().filter(|s| s.bbox[2] < last.bbox[0]).collect();
    let letters = |s: &str| s.chars().filter(|c| c.is_alphabetic()).count();
    // `Subtotal $265.00` may be one text.
    let own = segments.last().filter(|_| texts.is_empty()).and_then(|s| {
        let at = s.words.iter().find(|w| w.1[0] <= last.bbox[0] && w.1[2] > last.bbox[0])?.0;
        Some((s.text.get(..at)?.trim_end().to_owned(), s.height()))
    });
    // A position may stand before it.
    let text = texts.iter().find(|s| letters(&s.text) >= 3).or(texts.first());
    let alone = text.is_none();
    let (text, height) = text.map(|s| (s.text.clone(), s.height())).or(own)?;
    let letters = letters(&text);
    // A currency may follow the amount, but no other text.
    let bare = letters < 3;
    if (bare && factors(&text, last.value).is_none()) || end - last.bbox[2] > 4.0 * height {
        return None;
    }
    let label = plain(text.split([':', '(']).next().unwrap_or_default());
    let strengths = lexicon.strengths(&label);
    let strong = |c: Concept| strengths[c as usize] > 0.84;
    // A letterhead may stand on the line of the total.
    let right = texts.last().map(|s| lexicon.strengths(&s.plain));
    let total = [Concept::Net, Concept::Gross, Concept::Due];
    let far = right.is_some_and(|s| total.into_iter().any(|c| s[c as usize] > 0.84));
    if label.split(' ').count() <= 3 && label.split(' ').next().is_some_and(|w| PAID.contains(&w)) {
        return None;
    }
    let is_sum = far || total.into_iter().any(strong) || asides::is_sum(&label);
    let is_tax = strong(Concept::Tax);
    // An amount in a sentence is none of a column.
    (!alone || is_sum || is_tax).then_some(Entry {
        amount: last.value,
        bbox: last.bbox,
        is_sum,
        is_tax,
        bare,
    })
}
