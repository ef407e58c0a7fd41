//! Labels as texts: what stands in brackets, beside slashes, before boxes and hours.
//!
//! Owns how a label is written. Knows no field and no page.

/// What a label says in other words or another language: `Sender (name, address) / Expéditeur`.
pub(crate) fn alternatives(text: &str) -> Vec<String> {
    let bare = without_brackets(text);
    let mut found: Vec<String> = Vec::new();
    if bare.contains(['/', '|', '·']) {
        found.extend(bare.split(['/', '|', '·']).map(str::to_owned));
    }
    if bare.len() != text.len() {
        let inner = text.split(['(', '[']).nth(1).and_then(|t| t.split([')', ']']).next());
        found.extend(inner.map(str::to_owned));
        found.push(bare);
    }
    found.retain(|part| part.chars().filter(|c| c.is_alphabetic()).count() >= 3);
    found
}

/// `until 12:01 a.m. on February 23, 2026`: the hour is no other value.
pub(crate) fn without_time(text: &str) -> &str {
    let Some(at) = text.rfind(':') else { return text };
    let bytes = text.as_bytes();
    let digit = |i: Option<usize>| i.and_then(|i| bytes.get(i)).is_some_and(u8::is_ascii_digit);
    if !(digit(at.checked_sub(1)) && digit(Some(at + 1)) && digit(Some(at + 2))) || text.len() > at + 14 {
        return text;
    }
    text[..at].trim_end_matches(|c: char| c.is_ascii_digit()).trim_end()
}

/// What is asked before the boxes of its answers: `Fasting: [ ] Yes [x]`.
pub(crate) fn without_boxes(text: &str) -> &str {
    let first = ["[", "☐", "☒", "☑", "□"].iter().filter_map(|mark| text.find(mark)).min();
    first.map_or(text, |at| &text[..at])
}

pub(crate) fn without_brackets(text: &str) -> String {
    let mut depth = 0_u32;
    let kept = text.chars().filter(|c| match c {
        '(' | '[' => {
            depth += 1;
            false
        }
        ')' | ']' => {
            depth = depth.saturating_sub(1);
            false
        }
        _ => depth == 0,
    });
    kept.collect::<String>().trim().to_owned()
}

/// How many digits number a label: `7. Commencement Date`, `16 Carrier`.
pub(crate) fn numbering(text: &str) -> usize {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.get(digits..).unwrap_or_default().trim_start_matches(['.', ')']);
    let worded = rest.strip_prefix(' ').is_some_and(|l| l.starts_with(char::is_uppercase));
    if (1..=2).contains(&digits) && worded { digits } else { 0 }
}
