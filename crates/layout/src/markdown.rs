//! A layout as Markdown (GitHub's flavour): headings, paragraphs, lists, pipe tables.

use crate::model::{Block, Kind, PageLayout, Row, Table};

/// One page as Markdown.
pub fn markdown(page: &PageLayout) -> String {
    let mut out = String::new();
    self::page(page, &|_| false, &mut out);
    out
}

/// Appends a page, without the blocks that `left_out` names.
pub(crate) fn page(page: &PageLayout, left_out: &dyn Fn(&Block) -> bool, out: &mut String) {
    let mut last = None;
    for block in page.blocks.iter().filter(|b| !left_out(b)) {
        // Items of one list stand close together.
        if last.is_some_and(|kind| kind != Kind::ListItem || block.kind != Kind::ListItem) {
            out.push('\n');
        }
        last = Some(block.kind);
        match (&block.table, block.kind) {
            (Some(table), _) => self::table(table, out),
            (None, Kind::Heading) => {
                let level = usize::from(block.level.unwrap_or(1).clamp(1, 6));
                out.push_str(&"#".repeat(level));
                out.push(' ');
                out.push_str(&escape(&block.text()));
                out.push('\n');
            }
            (None, Kind::ListItem) => list_item(block, out),
            (None, _) => paragraph(block, out),
        }
    }
}

/// Lines of a paragraph end with a backslash: on forms and in addresses the line ends say something.
fn paragraph(block: &Block, out: &mut String) {
    for (at, line) in block.lines.iter().enumerate() {
        if at > 0 {
            out.push_str("\\\n");
        }
        out.push_str(&start(&escape(&line.text)));
    }
    out.push('\n');
}

fn list_item(block: &Block, out: &mut String) {
    let text = block.text();
    let (first, rest) = text.split_once(' ').unwrap_or((text.as_str(), ""));
    let number = first.strip_suffix(['.', ')']).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    if let Some(number) = number.filter(|n| !n.is_empty()) {
        out.push_str(number);
        out.push_str(". ");
    } else {
        out.push_str("- ");
        if !crate::segment::is_bullet(first) {
            out.push_str(&escape(first));
            out.push(' ');
        }
    }
    out.push_str(&escape(rest));
    out.push('\n');
}

fn table(table: &Table, out: &mut String) {
    let n = table.columns.len();
    let (head, body) = table.rows.split_at(table.rows.iter().take_while(|r| r.header).count());
    // A pipe table has one row of names, be it empty.
    let mut names = vec![String::new(); n];
    for row in head {
        for (name, more) in names.iter_mut().zip(cells(row, n)) {
            if !name.is_empty() && !more.is_empty() {
                name.push(' ');
            }
            name.push_str(&more);
        }
    }
    push_row(&names, out);
    push_row(&vec!["---".to_owned(); n], out);
    for row in body {
        push_row(&cells(row, n), out);
    }
}

/// Texts by column; a cell that covers several stands in its first.
fn cells(row: &Row, n: usize) -> Vec<String> {
    let mut cells = vec![String::new(); n];
    for cell in &row.cells {
        if let Some(text) = cells.get_mut(cell.column as usize) {
            *text = escape(&cell.text());
        }
    }
    cells
}

fn push_row(cells: &[String], out: &mut String) {
    out.push('|');
    for cell in cells {
        out.push(' ');
        out.push_str(cell);
        out.push_str(if cell.is_empty() { "|" } else { " |" });
    }
    out.push('\n');
}

/// Signs that Markdown would take for its own.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '|' | '~' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

/// What means something only at the start of a line.
fn start(text: &str) -> String {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let numbered = digits > 0 && text[digits..].starts_with(['.', ')']);
    if text.starts_with(['#', '+', '-', '=']) {
        format!("\\{text}")
    } else if numbered {
        format!("{}\\{}", &text[..digits], &text[digits..])
    } else {
        text.to_owned()
    }
}
