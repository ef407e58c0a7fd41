//! File names, made harmless to show, to log and to sort.

/// Longest name that is kept, in bytes.
const MAX_NAME_BYTES: usize = 512;
/// Longest part between two slashes, in bytes.
const MAX_PART_BYTES: usize = 200;
/// Longest ending that is kept when a part is cut, in bytes.
const MAX_ENDING_BYTES: usize = 16;

/// The name without control and direction-changing characters, without a way out of the submitted folder, and not
/// over-long: a relative path with `/`, or a file name. Never empty.
pub fn sanitise(name: &str) -> String {
    let mut parts: Vec<String> = Vec::new();
    for part in name.split(['/', '\\']) {
        let clean: String = part.chars().filter(|&c| shown(c)).collect();
        let clean = clean.trim();
        let is_drive = parts.is_empty() && clean.len() == 2 && clean.ends_with(':');
        if clean.is_empty() || clean.chars().all(|c| c == '.') || is_drive {
            continue;
        }
        parts.push(shorten(clean, MAX_PART_BYTES));
    }
    let mut length = parts.iter().map(|p| p.len() + 1).sum::<usize>();
    let mut first = 0;
    while length > MAX_NAME_BYTES && first + 1 < parts.len() {
        length -= parts.get(first).map_or(0, |p| p.len() + 1);
        first += 1;
    }
    let name = parts.split_off(first).join("/");
    if name.is_empty() { "unnamed".to_owned() } else { name }
}

/// Whether a character may stand in a name: no control, line or direction character, none that is invisible.
fn shown(c: char) -> bool {
    !c.is_control()
        && !matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Cuts in the middle: the beginning and the ending stay.
fn shorten(part: &str, limit: usize) -> String {
    if part.len() <= limit {
        return part.to_owned();
    }
    let ending = part
        .rfind('.')
        .and_then(|at| part.get(at..))
        .filter(|e| e.len() <= MAX_ENDING_BYTES)
        .unwrap_or_default();
    let mut cut = limit - ending.len() - '…'.len_utf8();
    while !part.is_char_boundary(cut) {
        cut -= 1;
    }
    format!("{}…{ending}", part.get(..cut).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn names_are_made_harmless() {
        for (name, want) in [
            ("invoice-17.pdf", "invoice-17.pdf"),
            ("Rechnung Nr. 5 – Müller & Söhne.pdf", "Rechnung Nr. 5 – Müller & Söhne.pdf"),
            ("请求.pdf", "请求.pdf"),
            ("2026/march/a.pdf", "2026/march/a.pdf"),
            ("../../etc/passwd", "etc/passwd"),
            ("..\\..\\windows\\win.ini", "windows/win.ini"),
            ("/home/me/a.pdf", "home/me/a.pdf"),
            ("C:\\Users\\me\\a.pdf", "Users/me/a.pdf"),
            ("a\u{0}b\nc\r\td.pdf", "abcd.pdf"),
            ("invoice\u{202e}fdp.exe", "invoicefdp.exe"),
            ("\u{2066}a\u{2069}\u{200f}.pdf", "a.pdf"),
            ("a/./b/../c.pdf", "a/b/c.pdf"),
            ("....", "unnamed"),
            ("", "unnamed"),
            ("  \u{feff} ", "unnamed"),
        ] {
            assert_eq!(sanitise(name), want, "{name:?}");
        }
    }

    #[test]
    fn long_names_keep_their_beginning_and_their_ending() {
        let name = sanitise(&format!("{}.pdf", "ü".repeat(400)));
        assert!(name.starts_with("üüü") && name.ends_with("….pdf") && name.len() <= MAX_PART_BYTES, "{name}");
        let path = sanitise(&format!("{}z.pdf", "folder/".repeat(300)));
        assert!(path.ends_with("/z.pdf") && path.len() <= MAX_NAME_BYTES, "{path}");
    }

    proptest! {
        #[test]
        fn every_name_becomes_a_short_relative_path_and_stays_it(name in any::<String>()) {
            let clean = sanitise(&name);
            prop_assert!(!clean.is_empty() && clean.len() <= MAX_NAME_BYTES);
            prop_assert!(clean.split('/').all(|p| !p.is_empty() && p != "." && p != ".."));
            prop_assert!(!clean.starts_with('/') && clean.chars().all(shown));
            prop_assert_eq!(sanitise(&clean), clean);
        }
    }
}
