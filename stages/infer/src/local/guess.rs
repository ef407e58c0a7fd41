//! Columns that no known word names, by what stands in them.
//!
//! Owns the arithmetic of rows: quantity times price is the amount. Knows no word of any language. Rule: one row proves
//! nothing that others contradict; a column is what it is in most rows.

use super::cells;
use super::heads::{Head, Named};
use super::layout::{Box4, Layout, Segment, union};
use super::table::Column;
use docmill_document::money;
use rust_decimal::Decimal;

/// Most lines below a header that are looked at.
const MOST_LINES: usize = 40;
/// A gap of so many line heights ends a table.
const FAR: f32 = 12.0;

/// What stands in each column of one line.
type Texts = Vec<String>;

/// Names columns of a header by the lines from `next` on.
pub(crate) fn complete(cells: &mut [Named], layout: &Layout, next: usize) {
    let rows = rows_below(cells, layout, next);
    if rows.is_empty() {
        return;
    }
    let most = |count: usize| 2 * count > rows.len();
    let count = |fits: &dyn Fn(&Texts) -> bool| rows.iter().filter(|r| fits(r)).count();
    let find = |cells: &[Named], column| cells.iter().position(|c| c.0 == Some(column));
    if find(cells, Column::Description).is_none() {
        let letters =
            |i: usize| rows.iter().map(|r| r[i].chars().filter(|c| c.is_alphabetic()).count()).sum::<usize>();
        let open = (0..cells.len()).filter(|i| cells[*i].0.is_none() && most(count(&|r| worded(&r[*i]))));
        if let Some(i) = open.max_by_key(|i| letters(*i)) {
            cells[i].0 = Some(Column::Description);
        }
    }
    let open = |cells: &[Named], fits: &dyn Fn(&Texts, usize) -> bool| {
        (0..cells.len()).rfind(|i| cells[*i].0.is_none() && most(count(&|r| fits(r, *i))))
    };
    let (quantity, price) = (find(cells, Column::Quantity), find(cells, Column::UnitPrice));
    if find(cells, Column::LineTotal).is_none() {
        let proven = quantity.zip(price).and_then(|(q, p)| {
            open(cells, &|r, i| product(&r[q], &r[p]).zip(value(&r[i])).is_some_and(|(a, b)| equal(a, b)))
        });
        let price_of_all = price.filter(|p| quantity.is_none() || adds_up(&rows, *p, layout, next));
        // What is written with the tax is the amount where there is no other.
        let with_tax = || {
            let last = cells.len().checked_sub(1)?;
            (cells[last].0 == Some(Column::Other) && most(count(&|r| is_amount(&r[last])))).then_some(last)
        };
        let unnamed = || open(cells, &|r, i| is_amount(&r[i]));
        if let Some(i) = proven.or_else(unnamed).or(price_of_all).or_else(with_tax) {
            cells[i].0 = Some(Column::LineTotal);
        }
    }
    net_of_rows(cells, &rows);
    let Some(total) = find(cells, Column::LineTotal) else { return };
    let factor = |known: usize| {
        move |r: &Texts, i: usize| {
            product(&r[known], &r[i]).zip(value(&r[total])).is_some_and(|(a, b)| equal(a, b))
        }
    };
    // `Unit` above amounts is what is left of `Unit price`.
    let unit = |q: usize| {
        let fits = factor(q);
        find(cells, Column::Unit).filter(|u| most(count(&|r| is_amount(&r[*u]) && fits(r, *u))))
    };
    let (found, column) = match (quantity, price.filter(|p| *p != total)) {
        // Discounts come between a price and its product.
        (Some(q), None) => {
            let between = || {
                let amount = |r: &Texts, i: usize| i > q && i < total && is_amount(&r[i]);
                open(cells, &amount)
            };
            (unit(q).or_else(|| open(cells, &factor(q))).or_else(between), Column::UnitPrice)
        }
        (None, Some(p)) => (open(cells, &factor(p)), Column::Quantity),
        _ => return,
    };
    if let Some(i) = found {
        cells[i].0 = Some(column);
    }
}

/// Where a known header has more columns than one that may be the amount, takes the one without the tax.
pub(crate) fn net_first(cells: &mut [Named], layout: &Layout, next: usize) {
    let price = cells.iter().position(|c| c.0 == Some(Column::UnitPrice));
    let total = cells.iter().rposition(|c| c.0 == Some(Column::LineTotal));
    if price.zip(total).is_some_and(|(price, total)| price + 1 < total) {
        let rows = rows_below(cells, layout, next);
        if !rows.is_empty() {
            net_of_rows(cells, &rows);
        }
    }
}

/// Of two columns whose names are those of amounts, the first is the price where quantity times it is the other: `Prix HT`, `Total HT`.
pub(crate) fn price_first(cells: &mut [Named], layout: &Layout, next: usize) {
    let find = |column| cells.iter().position(|c| c.0 == Some(column));
    let amounts: Vec<usize> = (0..cells.len()).filter(|i| cells[*i].0 == Some(Column::LineTotal)).collect();
    let (Some(quantity), None, &[first, last]) =
        (find(Column::Quantity), find(Column::UnitPrice), amounts.as_slice())
    else {
        return;
    };
    let rows = rows_below(cells, layout, next);
    let fits = |r: &&Texts| {
        let grouped = cells::grouped(&r[quantity]).zip(value(&r[first])).and_then(|(a, b)| a.checked_mul(b));
        let total = value(&r[last]);
        [product(&r[quantity], &r[first]), grouped]
            .into_iter()
            .flatten()
            .any(|p| total.is_some_and(|t| equal(p, t)))
    };
    if 2 * rows.iter().filter(fits).count() > rows.len() {
        cells[first].0 = Some(Column::UnitPrice);
    }
}

/// Of several amounts in most rows, one quantity times price and larger ones with the tax, the first is the row's.
fn net_of_rows(cells: &mut [Named], rows: &[Texts]) {
    let find = |column| cells.iter().position(|c| c.0 == Some(column));
    let totals: Vec<usize> = (0..cells.len()).filter(|i| cells[*i].0 == Some(Column::LineTotal)).collect();
    let (Some(q), Some(p), Some(last)) =
        (find(Column::Quantity), find(Column::UnitPrice), totals.last().copied())
    else {
        return;
    };
    let is = |r: &Texts, i: usize| product(&r[q], &r[p]).zip(value(&r[i])).is_some_and(|(a, b)| equal(a, b));
    let more = |r: &Texts, i: usize| {
        i == last || value(&r[last]).zip(value(&r[i])).is_some_and(|(a, b)| a.abs() > b.abs())
    };
    let most = |fits: &dyn Fn(&Texts) -> bool| 2 * rows.iter().filter(|r| fits(r)).count() > rows.len();
    let Some(net) = (p + 1..=last).find(|i| most(&|r| is(r, *i) && more(r, *i))) else { return };
    for total in totals {
        cells[total].0 = Some(Column::Other);
    }
    cells[net].0 = Some(Column::LineTotal);
}

/// Whether the amounts of a column come to one that is stated below their header.
fn adds_up(rows: &[Texts], column: usize, layout: &Layout, next: usize) -> bool {
    let amounts = rows.iter().filter_map(|r| value(&r[column]));
    let sum = amounts.fold(Decimal::ZERO, Decimal::saturating_add);
    // No more rows than these were read, so that the total of longer tables is none of theirs.
    let lines = layout.lines.iter().skip(next).take(2 * MOST_LINES);
    let stated = lines.flat_map(|l| numbers(&layout.segments[l.clone()])).filter(|n| n.value == sum);
    // The only row's own amount is one of them.
    !sum.is_zero() && stated.count() > usize::from(rows.len() == 1)
}

/// Whether the lines below a header are rows of its table, and no fewer than `least`: most have a text and an amount where it says.
pub(crate) fn holds(cells: &[Named], layout: &Layout, next: usize, least: usize) -> bool {
    let rows = rows_below(cells, layout, next);
    let at = |column| cells.iter().position(|c| c.0 == Some(column));
    let (Some(text), Some(total)) = (at(Column::Description), at(Column::LineTotal)) else { return false };
    let fit = rows.iter().filter(|r| worded(&r[text]) && is_amount(&r[total])).count();
    // The line right below a header belongs to it: two far apart are a label and what stands beside it.
    fit >= least && 2 * fit >= rows.len()
}

/// Lines with amounts below a header, until they end.
fn rows_below(cells: &[Named], layout: &Layout, next: usize) -> Vec<Texts> {
    let columns: Vec<(Column, f32, f32)> =
        cells.iter().map(|c| (c.0.unwrap_or(Column::Description), c.1, c.2)).collect();
    let head = Head { columns, end: None };
    let mut rows = Vec::new();
    let mut bottom: Option<f32> = None;
    for line in layout.lines.iter().skip(next).take(MOST_LINES) {
        let segments = &layout.segments[line.clone()];
        let top = segments.iter().map(|s| s.bbox[1]).fold(f32::MAX, f32::min);
        let height = segments.first().map_or(10.0, Segment::height);
        if bottom.is_some_and(|b| top - b > FAR * height) {
            break;
        }
        bottom = Some(top + height);
        let mut texts = vec![String::new(); cells.len()];
        for (text, _, index) in segments.iter().flat_map(|s| cells::pieces(&head, s)) {
            let own = &mut texts[index];
            if !own.is_empty() {
                own.push(' ');
            }
            own.push_str(&text);
        }
        // Sums have a label and an amount, and nothing in the other columns.
        let filled = texts.iter().filter(|t| !t.is_empty()).count();
        if texts.iter().any(|t| is_amount(t)) && filled >= cells.len().min(3) {
            rows.push(texts);
        } else if !rows.is_empty() && texts.iter().any(|t| is_amount(t)) {
            break;
        }
    }
    rows
}

fn worded(text: &str) -> bool {
    text.chars().filter(|c| c.is_alphabetic()).count() >= 3
}

/// An amount of money with cents, with or without its currency.
fn is_amount(text: &str) -> bool {
    !text.contains('%')
        && cells::number(text).and_then(|n| n.parse::<Decimal>().ok()).is_some_and(|d| d.scale() >= 2)
}

fn value(text: &str) -> Option<Decimal> {
    cells::number(text)?.parse().ok()
}

fn product(a: &str, b: &str) -> Option<Decimal> {
    value(a)?.checked_mul(value(b)?)
}

/// Equal but for rounding.
pub(crate) fn equal(a: Decimal, b: Decimal) -> bool {
    a.checked_sub(b).is_some_and(|rest| rest.abs() <= Decimal::new(1, 2))
}

/// A number of a line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number {
    pub(crate) value: Decimal,
    pub(crate) cents: bool,
    pub(crate) bbox: Box4,
}

/// The numbers of a line from left to right; percentages are none.
pub(crate) fn numbers(segments: &[Segment]) -> Vec<Number> {
    let words = words_of(segments);
    let at = |i: usize| {
        let (text, bbox) = &words[i];
        let percent = text.contains('%') || words.get(i + 1).is_some_and(|w| w.0.starts_with('%'));
        let core = text.trim_end_matches(['x', '×', 'T', '*']);
        let found = money::parse(core).filter(|_| !percent && core.contains(|c: char| c.is_ascii_digit()))?;
        let minus = i.checked_sub(1).is_some_and(|b| matches!(words[b].0.as_str(), "-" | "−" | "–"));
        let value = if minus { -found.value } else { found.value };
        Some(Number { value, cents: found.value.scale() == 2, bbox: *bbox })
    };
    (0..words.len()).filter_map(at).collect()
}

/// Words of a line; groups of thousands are one: `1 192,00`.
fn words_of(segments: &[Segment]) -> Vec<(String, Box4)> {
    let digits = |s: &str| !s.is_empty() && s.chars().all(|c| c.is_ascii_digit());
    let group = |s: &str| {
        let more = s.chars().nth(3);
        s.get(..3).is_some_and(digits) && !more.is_some_and(char::is_alphanumeric)
    };
    let mut out: Vec<(String, Box4)> = Vec::new();
    for ((text, _), (_, bbox)) in segments.iter().flat_map(|s| s.read().zip(&s.words)) {
        let near = |b: &Box4| bbox[0] - b[2] < 0.45 * (bbox[3] - bbox[1]);
        let last = out.last_mut().filter(|(t, b)| group(text) && t.len() <= 3 && digits(t) && near(b));
        match last {
            Some((before, place)) => {
                before.push_str(text);
                *place = union(*place, *bbox);
            }
            None => out.push((text.to_owned(), *bbox)),
        }
    }
    out
}
