//! From a model's answer (plain text, Markdown, HTML tables, boxes between them) to lines of words.
//!
//! Rule: marks are taken off, words are never changed.

/// A line of an answer.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct AnswerLine {
    /// Its words.
    pub(super) words: Vec<String>,
    /// Where the model says that it stands, in shares of the page: x0, y0, x1, y1. Of a block, for all of its lines.
    pub(super) region: Option<[f32; 4]>,
}

/// Names that models give to kinds of blocks; anything else between reference marks is text of the page.
const KINDS: [&str; 18] = [
    "text",
    "title",
    "sub_title",
    "table",
    "image",
    "figure",
    "header",
    "footer",
    "equation",
    "formula",
    "list",
    "caption",
    "table_caption",
    "image_caption",
    "figure_caption",
    "page_number",
    "footnote",
    "reference",
];

/// Elements whose content describes a picture and stands nowhere on the page.
const DESCRIPTIONS: [(&str, &str); 2] = [("<img>", "</img>"), ("<think>", "</think>")];

/// Longest line that is taken, in words: what is longer is a model in a loop.
const MOST_WORDS: usize = 400;

/// The lines of an answer.
pub(super) fn lines(answer: &str) -> Vec<AnswerLine> {
    let mut text = answer.replace("\r\n", "\n");
    for (open, close) in DESCRIPTIONS {
        text = without(&text, open, close);
    }
    // Rows and cells of HTML tables become lines and columns.
    for (tag, with) in
        [("</tr>", "\n"), ("</td>", " | "), ("</th>", " | "), ("<br>", "\n"), ("<br/>", "\n"), ("</p>", "\n")]
    {
        text = text.replace(tag, with);
    }
    let (mut out, mut region) = (Vec::new(), None);
    for raw in text.lines() {
        let mut rest = raw;
        // A reference and its boxes may be followed by text on the same line.
        while let Some((before, reference, boxes, after)) = grounding(rest) {
            push(&mut out, before, region);
            region = boxes;
            if !KINDS.contains(&reference.trim().to_ascii_lowercase().as_str()) {
                push(&mut out, reference, region);
            }
            rest = after;
        }
        push(&mut out, rest, region);
    }
    out
}

/// Appends the words of a line, if it has any.
fn push(out: &mut Vec<AnswerLine>, line: &str, region: Option<[f32; 4]>) {
    let line = unmarked(line);
    let words: Vec<String> = line.split_whitespace().take(MOST_WORDS).map(str::to_owned).collect();
    if !words.is_empty() {
        out.push(AnswerLine { words, region });
    }
}

/// The text before a reference, the reference, its box and what follows.
#[allow(clippy::type_complexity, reason = "four parts of one line")]
fn grounding(line: &str) -> Option<(&str, &str, Option<[f32; 4]>, &str)> {
    let (before, rest) = line.split_once("<|ref|>")?;
    let (reference, rest) = rest.split_once("<|/ref|>")?;
    match rest.strip_prefix("<|det|>").and_then(|r| r.split_once("<|/det|>")) {
        Some((boxes, after)) => Some((before, reference, region(boxes), after)),
        None => Some((before, reference, None, rest)),
    }
}

/// The box around `[[x0, y0, x1, y1], …]` in thousandths of the page.
fn region(boxes: &str) -> Option<[f32; 4]> {
    let mut numbers = Vec::new();
    for part in boxes.split(|c: char| !c.is_ascii_digit() && c != '.').filter(|p| !p.is_empty()) {
        numbers.push(part.parse::<f32>().ok().filter(|n| (0.0..=1100.0).contains(n))? / 999.0);
    }
    let (quads, rest) = numbers.as_chunks::<4>();
    if !rest.is_empty() {
        return None;
    }
    let all = quads
        .iter()
        .copied()
        .reduce(|a, b| [a[0].min(b[0]), a[1].min(b[1]), a[2].max(b[2]), a[3].max(b[3])])?;
    (all[0] < all[2] && all[1] < all[3]).then_some(all)
}

/// Everything outside of `open` … `close`; an opening without its end takes nothing with it.
fn without(text: &str, open: &str, close: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    while let Some((before, after)) = rest.split_once(open) {
        let Some((_, after)) = after.split_once(close) else { break };
        out.push_str(before);
        rest = after;
    }
    out.push_str(rest);
    out
}

/// A line without Markdown's and HTML's marks.
fn unmarked(line: &str) -> String {
    let line = line.trim();
    // Fences, rules, and the row under a table's head.
    if line.starts_with("```")
        || (line.len() >= 3 && line.chars().all(|c| matches!(c, '|' | '-' | ':' | ' ' | '=')))
    {
        return String::new();
    }
    let line = strip_tags(line);
    let line = line.trim_start_matches(['#', '>']).trim_start();
    let line = line
        .strip_prefix("* ")
        .or_else(|| line.strip_prefix("- "))
        .or_else(|| line.strip_prefix("+ "))
        .unwrap_or(line);
    let (mut out, mut chars) = (String::with_capacity(line.len()), line.chars().peekable());
    while let Some(c) = chars.next() {
        match c {
            // An escaped sign is that sign.
            '\\' if chars.peek().is_some_and(char::is_ascii_punctuation) => out.extend(chars.next()),
            '*' if chars.peek() == Some(&'*') => {
                chars.next();
            }
            '|' => out.push(' '),
            '`' => {}
            c => out.push(c),
        }
    }
    out
}

/// Takes off elements `<name …>` and `</name>`, and the few entities that models write.
fn strip_tags(line: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(line.len()), line);
    while let Some(at) = rest.find('<') {
        let (before, tag) = rest.split_at(at);
        out.push_str(before);
        let name = tag[1..].trim_start_matches('/');
        match tag.find('>') {
            Some(end) if name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '|') && end < 200 => {
                rest = &tag[end + 1..];
            }
            _ => {
                out.push('<');
                rest = &tag[1..];
            }
        }
    }
    out.push_str(rest);
    [("&lt;", "<"), ("&gt;", ">"), ("&nbsp;", " "), ("&quot;", "\""), ("&#39;", "'"), ("&amp;", "&")]
        .iter()
        .fold(out, |text, (entity, sign)| text.replace(entity, sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(answer: &str) -> Vec<String> {
        lines(answer).into_iter().map(|l| l.words.join(" ")).collect()
    }

    #[test]
    fn markdown_loses_its_marks_and_keeps_its_words() {
        let answer = "```markdown\n# Invoice **4711**\n\n- 5 * 3 = 15\n> quoted\n\n| Pos | Price |\n|---|:--|\n| 1 | 9,90 \\* |\n\n---\na < b & c\n```";
        assert_eq!(
            said(answer),
            ["Invoice 4711", "5 * 3 = 15", "quoted", "Pos Price", "1 9,90 *", "a < b & c"]
        );
    }

    #[test]
    fn tags_and_pictures_of_nanonets_are_understood() {
        let answer = "<watermark>COPY</watermark>\n<table><thead><tr><th>Qty</th><th>Sum</th></tr></thead>\n<tr><td colspan=\"2\">1</td><td>5 &amp; 6</td></tr></table>\n<img>A logo with a bird</img>\n☑ paid\n<page_number>9/22</page_number>";
        assert_eq!(said(answer), ["COPY", "Qty Sum", "1 5 & 6", "☑ paid", "9/22"]);
    }

    #[test]
    fn boxes_of_deepseek_go_with_their_text() {
        let answer = "<|ref|>title<|/ref|><|det|>[[83, 102, 442, 130]]<|/det|>\n# Tax Invoice\n\n<|ref|>text<|/ref|><|det|>[[83, 150, 500, 200], [80, 210, 400, 220]]<|/det|>\nfirst line\nsecond line\n<|ref|>Total 9<|/ref|><|det|>[[1,2,999,4]]<|/det|>";
        let lines = lines(answer);
        assert_eq!(said(answer), ["Tax Invoice", "first line", "second line", "Total 9"]);
        let thousand = |r: Option<[f32; 4]>| r.map(|r| r.map(|v| (v * 999.0).round() as i32));
        assert_eq!(thousand(lines[0].region), Some([83, 102, 442, 130]));
        assert_eq!(thousand(lines[2].region), Some([80, 150, 500, 220]));
        assert_eq!(thousand(lines[3].region), Some([1, 2, 999, 4]));
        assert_eq!(said("<|ref|>text<|/ref|><|det|>[[9,9,1]]<|/det|>\nx"), ["x"]);
    }

    #[test]
    fn what_is_broken_is_text() {
        assert_eq!(said("<img>no end\nok"), ["no end", "ok"]);
        assert_eq!(said("a <|ref|>b\n< c"), ["a b", "< c"]);
        assert!(said("\n\n```\n```\n").is_empty());
        assert_eq!(lines(&"la ".repeat(5000))[0].words.len(), MOST_WORDS);
    }
}
