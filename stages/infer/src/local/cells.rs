//! Words of a row in the columns of its table, and the numbers in them.
//!
//! Owns which word stands in which column. Knows no row before or after. Rule: what stands right below the name of a column
//! is in it; a text is not cut where no column begins.

use super::guess::equal;
use super::heads::Head;
use super::layout::{Box4, Segment, union};
use super::table::{Cell, Column};
use docmill_document::money;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

fn below((_, x0, x1): &(Column, f32, f32), bbox: &Box4) -> bool {
    bbox[2].min(*x1) > bbox[0].max(*x0)
}

/// What a line has in the columns of a table; columns without a name are left out.
pub(crate) fn of_line(head: &Head, segments: &[Segment]) -> BTreeMap<Column, Cell> {
    let mut cells: BTreeMap<Column, Cell> = BTreeMap::new();
    let inside = segments.iter().filter(|s| !is_beside(head, s, segments));
    let mut own: Vec<Vec<(String, Box4, usize)>> = inside.map(|s| of_segment(head, s)).collect();
    // A text that reaches into a column that has a text of its own does not end there.
    let begins: Vec<usize> = own.iter().filter_map(|s| Some(s.first()?.2)).collect();
    for pieces in &mut own {
        let Some(first) = pieces.first().map(|p| p.2) else { continue };
        for piece in pieces.iter_mut().skip(1) {
            let text = head.columns[piece.2].0 == Column::Description;
            if text && piece.2 != first && begins.contains(&piece.2) {
                piece.2 = first;
            }
        }
    }
    for (text, bbox, index) in own.into_iter().flatten() {
        let column = head.columns[index].0;
        make_room(head, index, &bbox, &mut cells);
        match cells.get_mut(&column) {
            Some(cell) => {
                cell.raw.push(' ');
                cell.raw.push_str(&text);
                cell.bbox = union(cell.bbox, bbox);
            }
            None => {
                cells.insert(column, Cell { value: String::new(), raw: text, bbox });
            }
        }
    }
    // Where no column is for texts, a line of text alone is one.
    if !head.columns.iter().any(|c| c.0 == Column::Description)
        && segments.len() == 1
        && segments[0].text.chars().filter(|c| c.is_alphabetic()).count() >= 3
        && segments[0]
            .words
            .iter()
            .filter_map(|w| index_at(head, w.1))
            .any(|i| head.columns[i].0 == Column::Other)
    {
        let Segment { text, bbox, .. } = &segments[0];
        cells.clear();
        cells.insert(Column::Description, Cell { value: String::new(), raw: text.clone(), bbox: *bbox });
    }
    split_unit(&mut cells);
    for (column, cell) in &mut cells {
        cell.value = match column {
            Column::Quantity | Column::UnitPrice | Column::LineTotal => number(&cell.raw).unwrap_or_default(),
            Column::VatRate => rate(&cell.raw).unwrap_or_default(),
            _ => cell.raw.trim().to_owned(),
        };
    }
    multiply(&mut cells);
    by_order(head, segments, &mut cells);
    cells.retain(|column, cell| !cell.value.is_empty() && *column != Column::Other);
    cells
}

/// The pieces of a segment; a sentence over several columns is one text.
fn of_segment(head: &Head, segment: &Segment) -> Vec<(String, Box4, usize)> {
    let Some(text) = head.columns.iter().position(|c| c.0 == Column::Description) else {
        return pieces(head, segment);
    };
    let mut indices = segment.words.iter().map(|w| index_at(head, w.1));
    let begins = indices.next().flatten() == Some(text);
    let worded = |word: &str| word.chars().filter(|c| c.is_alphabetic()).count() > 2;
    let elsewhere = |place: Box4| {
        let column = index_at(head, place).map(|i| (i, head.columns[i].0));
        column.is_some_and(|(i, c)| i != text && c != Column::Unit && below(&head.columns[i], &place))
    };
    let strays =
        segment.read().zip(&segment.words).filter(|((t, _), (_, place))| worded(t) && elsewhere(*place));
    if begins && strays.count() > 1 {
        return vec![(segment.text.clone(), segment.bbox, text)];
    }
    pieces(head, segment)
}

/// Whether a segment stands on the left of a table whose first column has its own text: what is beside a table is not in it.
fn is_beside(head: &Head, segment: &Segment, segments: &[Segment]) -> bool {
    let Some((column, left, right)) = head.columns.first() else { return false };
    let inside = |s: &Segment| {
        s.bbox[0] < *right && s.bbox[2] > *left && s.bbox[0] - segment.bbox[2] > 1.5 * s.height()
    };
    *column == Column::Description && segment.bbox[2] < *left && segments.iter().any(inside)
}

/// Parts a number and its unit that stand in one column: `2 Std`, with or without a column of its own for the unit.
fn split_unit(cells: &mut BTreeMap<Column, Cell>) {
    let parts = |cell: &Cell| {
        let (number, unit) = cell.raw.trim().split_once(' ')?;
        unit.chars().any(char::is_alphabetic).then(|| (number.to_owned(), unit.to_owned()))
    };
    if let Some((cell, (_, unit))) = cells.get(&Column::Quantity).and_then(|c| Some((c.clone(), parts(c)?))) {
        cells.entry(Column::Unit).or_insert(Cell { value: unit.clone(), raw: unit, bbox: cell.bbox });
    } else if !cells.contains_key(&Column::Quantity)
        && let Some((cell, (first, unit))) =
            cells.get(&Column::Unit).and_then(|c| Some((c.clone(), parts(c)?)))
        && money::parse(&first).is_some()
    {
        cells.insert(Column::Quantity, Cell { value: String::new(), raw: first, bbox: cell.bbox });
        cells.insert(Column::Unit, Cell { value: String::new(), raw: unit, bbox: cell.bbox });
    }
}

/// Numbers that are set to the right below names that are set to the left may stand nearer to the next name: where three
/// numbers in the order of their columns are quantity, price and amount and their places say otherwise, the order counts.
fn by_order(head: &Head, segments: &[Segment], cells: &mut BTreeMap<Column, Cell>) {
    const FACTORS: [Column; 3] = [Column::Quantity, Column::UnitPrice, Column::LineTotal];
    let number = |c: &Column| cells.get(c).and_then(|cell| cell.value.parse::<Decimal>().ok());
    let holds =
        |[q, p, t]: [Decimal; 3]| q.checked_mul(p).is_some_and(|product| equal(product.round_dp(2), t));
    if let [Some(q), Some(p), Some(t)] = FACTORS.each_ref().map(number)
        && holds([q, p, t])
    {
        return;
    }
    let order: Vec<Column> = head.columns.iter().map(|c| c.0).filter(|c| FACTORS.contains(c)).collect();
    let Some(left) = head.columns.iter().find(|c| FACTORS.contains(&c.0)).map(|c| c.1) else { return };
    let words = segments.iter().flat_map(|s| s.read().zip(&s.words).map(|((t, _), (_, b))| (t, *b)));
    let found: Vec<(Decimal, &str, Box4)> = words
        .filter(|(_, b)| b[2] > left)
        .filter_map(|(t, b)| Some((money::parse(t)?.value, t, b)))
        .collect();
    if order.len() != FACTORS.len() || found.len() != FACTORS.len() {
        return;
    }
    let of = |column: &Column| order.iter().position(|c| c == column).map_or(Decimal::ZERO, |i| found[i].0);
    let values = FACTORS.each_ref().map(of);
    if values.iter().any(Decimal::is_zero) || !holds(values) {
        return;
    }
    for (column, (value, raw, bbox)) in order.into_iter().zip(found) {
        cells.insert(column, Cell { value: value.to_string(), raw: raw.to_owned(), bbox });
    }
}

/// Of the ways to read quantity and price, the one whose product is the amount: `19.400` may be nineteen or thousands.
fn multiply(cells: &mut BTreeMap<Column, Cell>) {
    let read = |column: Column| {
        let cell = cells.get(&column).filter(|c| !c.value.is_empty())?;
        let all = money::readings(cell.raw.trim()).into_iter().map(|a| a.value);
        let own = cell.value.parse::<Decimal>().ok()?;
        Some(std::iter::once(own).chain(all).chain(grouped(&cell.raw)).collect::<Vec<_>>())
    };
    let (Some(quantities), Some(prices), Some(totals)) =
        (read(Column::Quantity), read(Column::UnitPrice), read(Column::LineTotal))
    else {
        return;
    };
    let total = totals[0];
    let fits = |q: &Decimal, p: &Decimal| q.checked_mul(*p).is_some_and(|product| equal(product, total));
    let pairs = quantities.iter().flat_map(|q| prices.iter().map(move |p| (*q, *p)));
    let Some((quantity, price)) = pairs.into_iter().find(|(q, p)| fits(q, p)) else { return };
    for (column, value) in [(Column::Quantity, quantity), (Column::UnitPrice, price)] {
        if let Some(cell) = cells.get_mut(&column).filter(|c| c.value.parse() != Ok(value)) {
            cell.value = value.to_string();
        }
    }
}

/// Quantity and price that a text consists of, where their product is the amount: `2 x 3.50`, `3 pc @ 1.20`.
pub(crate) fn factors(text: &str, total: Decimal) -> Option<[String; 2]> {
    let parts: Vec<&str> = text.split([' ', 'x', 'X', '×', '*', '@']).filter(|p| !p.is_empty()).collect();
    let signed = text.contains(['×', '*', '@'])
        || text.to_lowercase().split(' ').any(|w| w == "x" || w.ends_with('x'));
    let found: Vec<Decimal> = parts.iter().filter_map(|p| money::parse(p)).map(|a| a.value).collect();
    let words = parts.iter().filter(|p| money::parse(p).is_none());
    let [quantity, price] = found[..] else { return None };
    let fits = quantity.checked_mul(price).is_some_and(|p| equal(p, total));
    (signed && fits && words.count() <= 2).then(|| [quantity.to_string(), price.to_string()])
}

/// Moves the number that stands in a column already to the free column on its left where another number follows far from
/// it: two numbers apart are not one, and the last one is right below the header.
fn make_room(head: &Head, index: usize, next: &Box4, cells: &mut BTreeMap<Column, Cell>) {
    let column = head.columns[index].0;
    let Some((left, ..)) = index.checked_sub(1).and_then(|i| head.columns.get(i)) else { return };
    let numbers = |c: Column| matches!(c, Column::UnitPrice | Column::LineTotal | Column::VatRate);
    let apart = |cell: &Cell| next[0] - cell.bbox[2] > 1.5 * (next[3] - next[1]);
    if numbers(column)
        && numbers(*left)
        && !cells.contains_key(left)
        && cells.get(&column).is_some_and(apart)
        && let Some(cell) = cells.remove(&column)
    {
        cells.insert(*left, cell);
    }
}

/// A segment's words, cut where a column begins in between.
pub(crate) fn pieces(head: &Head, segment: &Segment) -> Vec<(String, Box4, usize)> {
    let mut out: Vec<(String, Box4, Option<usize>)> = Vec::new();
    for (i, (at, bbox)) in segment.words.iter().enumerate() {
        let until = segment.words.get(i + 1).map_or(segment.text.len(), |w| w.0);
        let text = segment.text.get(*at..until).unwrap_or_default().trim().to_owned();
        let mut column = index_at(head, *bbox);
        // A number that ends a long text reaches towards the next column: `…, ref. 1003`.
        if let Some((.., before)) = out.last()
            && column_kind(head, *before) == Column::Description
            && column.is_some_and(|i| !below(&head.columns[i], bbox))
        {
            column = *before;
        }
        let numeric = |s: &str| s.chars().any(|c| c.is_ascii_digit()) && !s.chars().any(char::is_alphabetic);
        match out.last_mut() {
            Some((before, place, c))
                if *c == column
                    || (!numeric(&text)
                        && !numeric(before)
                        && column_kind(head, *c) == Column::Description) =>
            {
                before.push(' ');
                before.push_str(&text);
                *place = union(*place, *bbox);
            }
            _ => out.push((text, *bbox, column)),
        }
    }
    out.into_iter().filter_map(|(text, bbox, column)| Some((text, bbox, column?))).collect()
}

fn column_kind(head: &Head, index: Option<usize>) -> Column {
    index.and_then(|i| head.columns.get(i)).map_or(Column::Other, |c| c.0)
}

/// The column whose header a place overlaps most, or is nearest to.
pub(crate) fn index_at(head: &Head, bbox: Box4) -> Option<usize> {
    let distance = |(_, x0, x1): &(Column, f32, f32)| {
        let overlap = bbox[2].min(*x1) - bbox[0].max(*x0);
        // A text column spreads to the right of its header; a number column to the left of it.
        if overlap > 0.0 { -overlap } else { (bbox[0] - x1).max(x0 - bbox[2]) }
    };
    (0..head.columns.len()).min_by(|a, b| distance(&head.columns[*a]).total_cmp(&distance(&head.columns[*b])))
}

pub(crate) fn number(raw: &str) -> Option<String> {
    let raw = raw.trim();
    if raw.contains('%') {
        return None;
    }
    let whole = money::parse(raw).or_else(|| money::parse(raw.split(' ').next().unwrap_or_default()));
    let lead = || {
        let end = raw.find(|c: char| c.is_alphabetic())?;
        money::parse(raw.get(..end)?)
    };
    let last = || money::parse(raw.rsplit(' ').next()?).filter(|_| raw.starts_with('('));
    whole.or_else(lead).or_else(last).map(|a| a.value.to_string())
}

/// A number whose thousands are set apart, with a unit behind it: `2 140 kWh`.
pub(crate) fn grouped(raw: &str) -> Option<Decimal> {
    let digits = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
    let words: Vec<&str> = raw.split_whitespace().collect();
    let groups = words.iter().skip(1).take_while(|w| w.len() == 3 && digits(w)).count();
    let first = words.first().filter(|w| digits(w) && w.len() <= 3)?;
    if groups == 0 { None } else { format!("{first}{}", words[1..=groups].concat()).parse().ok() }
}

pub(crate) fn rate(raw: &str) -> Option<String> {
    let core = raw.split('%').next()?.trim();
    let value = money::parse(core.rsplit(' ').next()?)?.value;
    (value >= Decimal::ZERO && value <= Decimal::from(60)).then(|| value.normalize().to_string())
}
