//! What was bought, on the slips of tills: names, counts and prices in whatever order of lines.
//!
//! Owns which lines of a slip make an item. Knows no column. Rule: the amounts of all items come to the sum that the slip
//! states, or nothing is said.

use super::asides;
use super::guess::equal;
use super::layout::{Box4, Layout, union};
use super::lexicon::{Concept, Lexicon, plain};
use super::straight::on_page;
use super::table::{Cell, Column, Row};
use docmill_document::money;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Lines below that of a sum on which its amount may stand.
const BELOW: usize = 2;

/// A word with its place.
type Word<'a> = (&'a str, Box4);

/// A piece of a line.
#[derive(Debug, Clone)]
struct Piece {
    text: String,
    bbox: Box4,
}

/// How many at which price.
#[derive(Debug, Clone)]
struct Factors {
    /// In all readings, since `1,184` may be one and some; none where it stands before the name: `2 Kaffee` over `à 4.90`.
    count: Option<(Vec<Decimal>, Piece)>,
    price: (Decimal, Piece),
}

/// What a line says.
#[derive(Debug, Default)]
struct Line {
    text: Option<Piece>,
    factors: Option<Factors>,
    amount: Option<(Decimal, Piece)>,
}

/// One thing that was bought.
#[derive(Debug)]
struct Item {
    name: Option<Piece>,
    factors: Option<Factors>,
    amount: (Decimal, Piece),
}

/// The items of a slip; none where their amounts do not come to its sum.
pub(crate) fn rows(page: &Layout, lexicon: &Lexicon) -> Option<Vec<Row>> {
    let mut items: Vec<Item> = Vec::new();
    let mut name: Option<Piece> = None;
    let mut factors: Option<Factors> = None;
    for at in 0..page.lines.len() {
        let line = read(page, at);
        if ends(&line, lexicon) {
            let sums: Vec<Decimal> = (at..=at + BELOW)
                .filter(|l| *l < page.lines.len())
                .filter_map(|l| read(page, l).amount.map(|a| a.0))
                .collect();
            if let Some(first) = (0..items.len()).find(|k| sums.contains(&sum(&items[*k..]))) {
                return Some(items.drain(first..).map(|item| row(page, item)).collect());
            }
            continue;
        }
        match (line.amount, line.factors, line.text) {
            (Some(amount), Some(own), text) => {
                items.push(Item { name: text.or_else(|| name.take()), factors: Some(own), amount });
                factors = None;
            }
            (Some(amount), None, text) => {
                let fits = |f: &Factors| f.count_of(amount.0).is_some();
                let factors = factors.take().filter(fits);
                items.push(Item { name: text.or_else(|| name.take()), factors, amount });
            }
            (None, Some(own), text) => {
                let last = items
                    .last_mut()
                    .filter(|i| text.is_none() && i.factors.is_none() && own.count_of(i.amount.0).is_some());
                if let Some(item) = last {
                    item.factors = Some(own);
                } else {
                    name = text.or(name);
                    factors = Some(own);
                    continue;
                }
            }
            (None, None, Some(text)) => {
                name = Some(text);
                continue;
            }
            (None, None, None) => {}
        }
        name = None;
    }
    None
}

impl Factors {
    /// The reading of the count with which they come to an amount.
    fn count_of(&self, amount: Decimal) -> Option<Decimal> {
        let fits = |n: &&Decimal| n.checked_mul(self.price.0).is_some_and(|p| equal(p.round_dp(2), amount));
        self.count.as_ref()?.0.iter().find(fits).copied()
    }
}

fn sum(items: &[Item]) -> Decimal {
    items.iter().fold(Decimal::ZERO, |sum, item| sum.saturating_add(item.amount.0))
}

/// Whether a line is that of a sum.
fn ends(line: &Line, lexicon: &Lexicon) -> bool {
    let Some(text) = &line.text else { return false };
    let words = plain(text.text.split([':', '(']).next().unwrap_or_default());
    let strengths = lexicon.strengths(&words);
    let sums = [Concept::Net, Concept::Gross, Concept::Due];
    asides::is_sum(&words) || sums.iter().any(|c| strengths[*c as usize] > 0.84)
}

/// Takes a line apart from its end: the amount, how many at which price, the rest.
fn read(page: &Layout, line: usize) -> Line {
    let segments = &page.segments[page.lines[line].clone()];
    let mut words: Vec<Word<'_>> =
        segments.iter().flat_map(|s| s.read().zip(&s.words).map(|((t, _), (_, b))| (t, *b))).collect();
    let mut out = Line::default();
    // `2,12 B`, `5.90 *`, `9,49 $`: a class of tax, a sign of money.
    let aside = |w: &str| {
        let class = w.len() == 1 && w.chars().all(|c| c.is_ascii_uppercase() || c == '*');
        class || money::currency(w).is_some()
    };
    let whole = words.clone();
    while words.last().is_some_and(|w| aside(w.0)) {
        words.pop();
    }
    out.amount = words.last().and_then(|(text, bbox)| {
        let amount = money::parse(text).filter(|a| a.value.scale() == 2)?;
        Some((amount.value, Piece { text: (*text).to_owned(), bbox: *bbox }))
    });
    match out.amount {
        Some(_) => _ = words.pop(),
        None => words = whole,
    }
    // `CHF 133.30`
    while out.amount.is_some() && words.last().is_some_and(|w| money::currency(w.0).is_some()) {
        words.pop();
    }
    out.factors = factors(&mut words);
    if out.factors.is_none() && out.amount.is_none() && words.len() > 1 {
        // `2 x 1,19` has no amount of its own; what looked like one was the price.
        out.factors = factors(&mut words);
    }
    let letters = words.iter().flat_map(|w| w.0.chars()).filter(|c| c.is_alphabetic()).count();
    if letters >= 3 {
        out.text = joined(&words);
    }
    // The price alone was taken for the amount: `2 x 1,19`.
    if out.factors.is_none() && out.text.is_none() && out.amount.is_some() {
        let mut all = whole_words(page, line);
        if let Some(found) = factors(&mut all).filter(|f| f.count.is_some()) {
            return Line { text: None, factors: Some(found), amount: None };
        }
    }
    out
}

fn whole_words(page: &Layout, line: usize) -> Vec<Word<'_>> {
    let segments = &page.segments[page.lines[line].clone()];
    segments.iter().flat_map(|s| s.read().zip(&s.words).map(|((t, _), (_, b))| (t, *b))).collect()
}

/// `1,184 kg x 1,79`, `3 @ $4.20`, `à 36.50` at the end of a line; they are taken off it.
fn factors(words: &mut Vec<Word<'_>>) -> Option<Factors> {
    const TIMES: [&str; 7] = ["x", "X", "×", "*", "@", "à", "a"];
    let signed = |w: &str| TIMES.contains(&w);
    let end = words.iter().rposition(|w| money::currency(w.0).is_none())? + 1;
    let (text, bbox) = *words.get(end.checked_sub(1)?)?;
    // `x 1,79` and `x1,79`, `@ $4.20` and `@$4.20`.
    let bare = text.trim_start_matches(|c: char| TIMES.iter().any(|t| t.starts_with(c)));
    let price = money::parse(bare).filter(|p| p.value.scale() > 0)?;
    let glued = bare.len() < text.len();
    let sign = if glued {
        end - 1
    } else {
        (end - 1).checked_sub(1).filter(|i| words.get(*i).is_some_and(|w| signed(w.0)))?
    };
    let price = (price.value, Piece { text: bare.to_owned(), bbox });
    // A unit may stand before the sign.
    let number = |i: usize| {
        let (text, bbox) = *words.get(i)?;
        let values: Vec<Decimal> = money::readings(text).into_iter().map(|a| a.value).collect();
        (!values.is_empty()).then(|| (i, (values, Piece { text: text.to_owned(), bbox })))
    };
    let unit =
        |i: usize| words.get(i).is_some_and(|w| w.0.len() <= 4 && w.0.chars().all(char::is_alphabetic));
    let before = sign.checked_sub(1);
    let count = before
        .and_then(|i| number(i).or_else(|| if unit(i) { i.checked_sub(1).and_then(number) } else { None }));
    let from = count.as_ref().map_or(sign, |c| c.0);
    // `a 4.90` behind a text is no price of one.
    if count.is_none() && from > 0 {
        return None;
    }
    words.truncate(from);
    Some(Factors { count: count.map(|c| c.1), price })
}

fn joined(words: &[Word<'_>]) -> Option<Piece> {
    let texts: Vec<&str> = words.iter().map(|w| w.0).collect();
    let bbox = words.iter().map(|w| w.1).reduce(union)?;
    Some(Piece { text: texts.join(" "), bbox })
}

/// An item as a row; how many there are may stand before the name.
fn row(page: &Layout, item: Item) -> Row {
    let mut cells = BTreeMap::new();
    let mut put = |column: Column, value: String, piece: &Piece| {
        let bbox = on_page(page.slope, piece.bbox);
        cells.insert(column, Cell { value, raw: piece.text.clone(), bbox });
    };
    let mut name = item.name;
    let mut count = item.factors.as_ref().and_then(|f| {
        let (readings, piece) = f.count.clone()?;
        let value = f.count_of(item.amount.0).or_else(|| readings.first().copied())?;
        Some((value, piece))
    });
    if let Some(piece) = &mut name
        && count.is_none()
        && let Some((lead, rest)) = piece.text.split_once(' ').map(|(l, r)| (l.to_owned(), r.to_owned()))
        && let Ok(number) = lead.parse::<Decimal>()
    {
        let price = item.factors.as_ref().map(|f| f.price.0);
        if price.and_then(|p| p.checked_mul(number)).is_some_and(|p| p.round_dp(2) == item.amount.0) {
            count = Some((number, Piece { text: lead, bbox: piece.bbox }));
            piece.text = rest;
        }
    }
    if let Some(piece) = &name {
        put(Column::Description, piece.text.trim().to_owned(), piece);
    }
    if let Some((value, piece)) = &count {
        put(Column::Quantity, value.to_string(), piece);
    }
    if let Some(Factors { price: (value, piece), .. }) = &item.factors {
        put(Column::UnitPrice, value.to_string(), piece);
    }
    put(Column::LineTotal, item.amount.0.to_string(), &item.amount.1);
    Row { page_no: page.page_no, cells }
}

#[cfg(test)]
mod tests {
    use super::rows;
    use crate::local::lexicon::Lexicon;
    use crate::local::table::Column;
    use crate::local::tests::drawn;

    fn read(lines: &[&str]) -> Option<Vec<[String; 4]>> {
        let placed: Vec<(f32, f32, &str)> = lines
            .iter()
            .enumerate()
            .flat_map(|(n, line)| {
                let y = 40.0 + 14.0 * n as f32;
                line.split('|')
                    .enumerate()
                    .filter(|(_, t)| !t.is_empty())
                    .map(move |(i, t)| (20.0 + 170.0 * i as f32, y, t))
            })
            .collect();
        let rows = rows(&drawn(&placed), &Lexicon::new(&[]))?;
        let columns = [Column::Description, Column::Quantity, Column::UnitPrice, Column::LineTotal];
        let of = |c| {
            move |r: &crate::local::table::Row| r.cells.get(&c).map(|c| c.value.clone()).unwrap_or_default()
        };
        Some(rows.iter().map(|r| columns.map(|c| of(c)(r))).collect())
    }

    #[test]
    fn names_counts_and_prices_in_any_order_of_lines() {
        let found = read(&[
            "Tel. 0221/3409118",
            "Bananen lose",
            "1,184 kg x 1,79|2,12 B",
            "Brot 750g|3,29 B",
            "2 x 1,19",
            "H-Milch|2,38 B",
            "2 Kaffee",
            "à 4,90|9,80",
            "Wasser|1,50",
            "3 @ 0,50",
            "Pfand|-2,25 A",
            "SUMME EUR|16,84",
        ])
        .unwrap();
        let row = |cells: [&str; 4]| cells.map(str::to_owned);
        assert_eq!(
            found,
            [
                row(["Bananen lose", "1.184", "1.79", "2.12"]),
                row(["Brot 750g", "", "", "3.29"]),
                row(["H-Milch", "2", "1.19", "2.38"]),
                row(["Kaffee", "2", "4.90", "9.80"]),
                row(["Wasser", "3", "0.50", "1.50"]),
                row(["Pfand", "", "", "-2.25"]),
            ]
        );
    }

    #[test]
    fn what_does_not_come_to_the_sum_is_nothing() {
        assert_eq!(read(&["Brot|3,29", "Milch|2,38", "SUMME EUR|9,99"]), None);
        assert_eq!(read(&["Danke"]), None);
    }
}
