//! Tables for people, of any columns.

/// Rows under a heading; columns as wide as their content, at most `MAX` characters but for the last.
pub(crate) fn render<const N: usize>(head: [&str; N], rows: &[[String; N]]) -> String {
    const MAX: usize = 48;
    let clean: Vec<[String; N]> = rows.iter().map(|r| r.clone().map(|c| printable(&c))).collect();
    let mut width = head.map(str::len);
    for row in &clean {
        for (w, cell) in width.iter_mut().zip(row) {
            *w = (*w).max(cell.chars().count().min(MAX));
        }
    }
    let mut text = String::new();
    line(&mut text, &head.map(str::to_owned), &width);
    line(&mut text, &width.map(|w| "─".repeat(w)), &width);
    clean.iter().for_each(|row| line(&mut text, row, &width));
    text.truncate(text.trim_end().len());
    text
}

/// Without what would drive the terminal.
pub(crate) fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn line<const N: usize>(text: &mut String, cells: &[String; N], width: &[usize; N]) {
    let mut row = String::new();
    for (i, (cell, w)) in cells.iter().zip(width).enumerate() {
        if i > 0 {
            row.push_str("  ");
        }
        let count = cell.chars().count();
        // The last column is where messages stand.
        if count > *w && i + 1 < N {
            row.extend(cell.chars().take(w.saturating_sub(1)));
            row.push('…');
        } else {
            row.push_str(cell);
            row.extend(std::iter::repeat_n(' ', w.saturating_sub(count)));
        }
    }
    text.push_str(row.trim_end());
    text.push('\n');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other_and_the_last_is_whole() {
        let long = "x".repeat(80);
        let text = render(["a", "b"], &[["1".into(), long.clone()], [long.clone(), "\u{1b}[31m".into()]]);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 4);
        assert!(lines[2].ends_with(&long) && lines[3].contains('…') && !text.contains('\u{1b}'), "{text}");
    }
}
