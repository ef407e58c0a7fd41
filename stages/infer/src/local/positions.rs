//! Numbers of rows that stand before their texts, `1 Pump`, `2 Cable`; and lines that tell what the rows below them belong to.
//!
//! Owns nothing but those. Rule: only where the rows of a page have the next number each; a number that belongs to the text stays.

use super::lexicon::plain;
use super::table::{Cell, Column, Row};

/// Takes the numbers off the texts of rows, the first of which is the `before`-th and one more, or begins anew.
pub(crate) fn strip(rows: &mut [Row], before: usize) {
    if rows.len() < 2 {
        return;
    }
    let leading = |row: &Row| -> Option<(usize, usize)> {
        let text = row.cells.get(&Column::Description)?.value.as_str();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text.get(digits..)?.trim_start_matches(['.', ')']);
        let worded = rest.starts_with(' ') && rest.chars().filter(|c| c.is_alphabetic()).count() >= 3;
        (worded && digits <= 4)
            .then(|| text[..digits].parse().ok())
            .flatten()
            .map(|n| (n, text.len() - rest.len()))
    };
    let found: Vec<(usize, usize)> = rows.iter().map_while(leading).collect();
    // What follows without a number is a charge or a tax.
    if found.len() < 2 || rows[found.len()..].iter().any(|row| leading(row).is_some()) {
        return;
    }
    let steps = [1, 10];
    let counts =
        |step: usize, first: usize| found.iter().enumerate().all(|(i, (n, _))| *n == (first + i) * step);
    if steps.iter().any(|step| counts(*step, 1) || counts(*step, before + 1)) {
        for (row, (_, at)) in rows.iter_mut().zip(found) {
            if let Some(cell) = row.cells.get_mut(&Column::Description) {
                cell.value = cell.value[at..].trim_start().to_owned();
            }
        }
    }
}

/// Takes how many there are off the texts of rows without a quantity: `2 x Pump`, and `2 Pump` where all rows begin so and their
/// numbers do not count the rows.
pub(crate) fn counted(rows: &mut [Row]) {
    /// More is part of a name.
    const MOST: u32 = 200;
    let leading = |row: &Row| -> Option<(String, usize, bool)> {
        let cells = &row.cells;
        if cells.contains_key(&Column::Quantity) || cells.contains_key(&Column::UnitPrice) {
            return None;
        }
        let text = cells.get(&Column::Description)?.value.as_str();
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let rest = text.get(digits..)?.trim_start();
        let times = rest.strip_prefix(['x', 'X', '×', '*']).filter(|r| r.starts_with(' '));
        let name = times.unwrap_or(rest).trim_start();
        let apart = text.as_bytes().get(digits) == Some(&b' ') || times.is_some();
        let named = name.starts_with(char::is_alphabetic)
            && name.split(' ').next().is_some_and(|w| w.chars().count() >= 3)
            && name.chars().filter(|c| c.is_alphabetic()).count() >= 3;
        let count = text[..digits].parse::<u32>().ok().filter(|n| (1..=MOST).contains(n))?;
        (apart && named).then(|| (count.to_string(), text.len() - name.len(), times.is_some()))
    };
    let found: Vec<Option<(String, usize, bool)>> = rows.iter().map(leading).collect();
    let all = found.len() > 1 && found.iter().all(Option::is_some);
    for (row, found) in rows.iter_mut().zip(found) {
        let Some((count, at, times)) = found else { continue };
        if let Some(cell) = row.cells.get_mut(&Column::Description).filter(|_| all || times) {
            let quantity = Cell { value: count.clone(), raw: count, bbox: cell.bbox };
            cell.value = cell.value[at..].to_owned();
            row.cells.insert(Column::Quantity, quantity);
        }
    }
}

/// Words for what goods came with, in plain form.
const SLIPS: [&str; 26] = [
    "lieferschein",
    "lieferung",
    "ls",
    "lfs",
    "werkbon",
    "bon",
    "pakbon",
    "delivery note",
    "delivery",
    "dn",
    "docket",
    "ticket",
    "albaran",
    "ddt",
    "bl",
    "bon de livraison",
    "auftrag",
    "order",
    "your order",
    "bestellung",
    "commande",
    "baustelle",
    "chantier",
    "project",
    "projekt",
    "wz",
];

/// Whether a line tells what the rows below it came with, and so is no part of a text: `Werkbon 88140 d.d. 28-10-2025`.
pub(crate) fn is_group(text: &str) -> bool {
    const LONGEST: usize = 8;
    if text.split(' ').count() > LONGEST || !text.contains(|c: char| c.is_ascii_digit()) {
        return false;
    }
    let plain = plain(text);
    let padded = format!(" {plain} ");
    let number = |w: &str| w.len() >= 4 && w.bytes().filter(u8::is_ascii_digit).count() >= 4;
    SLIPS.iter().any(|s| padded.contains(&format!(" {s} "))) && text.split(' ').any(number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::local::table::Cell;

    fn texts(texts: &[&str], before: usize) -> Vec<String> {
        let row = |text: &&str| {
            let cell = Cell { value: (*text).to_owned(), raw: (*text).to_owned(), bbox: [0.0; 4] };
            Row { page_no: 1, cells: [(Column::Description, cell)].into() }
        };
        let mut rows: Vec<Row> = texts.iter().map(row).collect();
        strip(&mut rows, before);
        rows.iter().map(|r| r.cells[&Column::Description].value.clone()).collect()
    }

    #[test]
    fn a_line_that_names_a_slip_belongs_to_no_row() {
        assert!(is_group("Werkbon 88140 d.d. 28-10-2025") && is_group("SURGELES bon 5501872"));
        assert!(!is_group("Bon chocolat 200 g") && !is_group("Pump 12345678") && !is_group("Delivery"));
    }

    #[test]
    fn numbers_in_a_row_are_no_texts() {
        assert_eq!(texts(&["1 Pump", "2 Cable"], 0), ["Pump", "Cable"]);
        assert_eq!(texts(&["10 Pump", "20 Cable"], 0), ["Pump", "Cable"]);
        assert_eq!(texts(&["3. Pump", "4. Cable"], 2), ["Pump", "Cable"]);
        assert_eq!(texts(&["2 Bars", "2 Plates"], 0), ["2 Bars", "2 Plates"]);
        assert_eq!(texts(&["1 Pump", "Cable"], 0), ["1 Pump", "Cable"]);
        assert_eq!(texts(&["1 Pump", "2 Cable", "Freight"], 0), ["Pump", "Cable", "Freight"]);
    }
}
