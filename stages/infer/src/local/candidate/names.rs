//! Texts that could be names.
//!
//! Owns where a name begins and ends in a segment, and which lines it goes on in. Knows no field.

use super::{At, Candidate, Kind, clean_name};
use crate::local::layout::{self, Segment};
use crate::local::lexicon::plain;
use crate::local::{addresses, legal, parties, titles};
use docmill_document::date;

/// What stands between a brand and whose it is.
const TRADING: [&str; 4] =
    [" is a trading name of ", " is a trading style of ", " is a brand of ", " ist eine Marke der "];

impl At<'_> {
    pub(super) fn names(&self, found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if letters < 2 || text.len() > 400 {
            return;
        }
        if text.len() > 120 {
            // A line of small print may begin with who issued it.
            self.shorter_names(found);
            return;
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if let Some(name) = self.spaced_out() {
            found.push(self.candidate(Kind::Name, name, 0, text.len()));
        } else if digits <= letters {
            found.push(self.candidate(Kind::Name, clean_name(text), 0, text.len()));
        }
        self.longer_names(found);
        self.shorter_names(found);
        if let Some(at) = titles::after_label(text).filter(|at| !text[..*at].contains(':')) {
            found.push(self.candidate(Kind::Name, clean_name(&text[at..]), at, text.len()));
        }
        // `Au bon moulin SARL - 1242 chemin de l'olive - 84340 Malaucène`: the first part.
        let cut = [" - ", " – ", " · ", " • ", " ● ", " | "].iter().filter_map(|mark| text.find(mark)).min();
        if let Some(end) = cut.filter(|end| *end >= 3) {
            let part = &text[..end];
            let letters = part.chars().filter(|c| c.is_alphabetic()).count();
            if letters >= 3 && part.chars().filter(char::is_ascii_digit).count() < letters {
                found.push(self.candidate(Kind::Name, clean_name(part), 0, end));
            }
        }
        // `Muster is a trading name of Muster Tickets Ltd, Canal Road`
        let whole = |c: &Candidate| {
            c.segment == self.index && c.kind == Kind::Name && TRADING.iter().any(|t| c.value.contains(t))
        };
        found.retain(|c| !whole(c));
        if let Some((at, said)) = TRADING.iter().find_map(|t| Some((text.find(t)?, t.len()))) {
            let start = at + said;
            let rest = &text[start..];
            let end = rest.find([',', ';', '(']).map_or(text.len(), |end| start + end);
            found.push(self.candidate(Kind::Name, clean_name(&text[start..end]), start, end));
        }
        // `Advertiser: Warren For President`: the part after the label.
        for (at, _) in text.match_indices(':') {
            let rest = &text[at + 1..];
            if rest.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !rest.starts_with("//") {
                found.push(self.candidate(Kind::Name, clean_name(rest), at + 1, text.len()));
            }
        }
    }

    /// A name with what follows it on its line cut off: `Muster Ltd, Company No. 123`, `Muster & Co., 12 High Street`.
    fn shorter_names(&self, found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let mut ends = Vec::new();
        let words = self.words();
        for (i, (start, end)) in words.iter().enumerate().skip(1) {
            let form = |k: usize| words.get(k).and_then(|w| text.get(w.0..w.1)).is_some_and(ends_a_name);
            // `GmbH & Co. KG` ends with its last word.
            let goes_on = form(i + 1) || words.get(i + 1).is_some_and(|w| text.get(w.0..w.1) == Some("&"));
            if text.get(*start..*end).is_some_and(ends_a_name) && !goes_on && *end < text.len() {
                ends.push(*end);
            }
        }
        // `Remit to: Muster Inc., 12 High Street`: the name begins after the label.
        let from = titles::after_label(text).unwrap_or(0);
        let comma = text.match_indices(", ").find(|(at, _)| {
            let rest = &text[at + 2..];
            // `Wroclaw, 2025-07-08`: where it was written.
            let day =
                date::find(rest).first().is_some_and(|d| d.start < 4 && text[..*at].split(' ').count() < 3);
            let number = rest.contains(|c: char| c.is_ascii_digit());
            number && !day && !rest.split(' ').next().is_some_and(ends_a_name)
        });
        ends.extend(comma.map(|(at, _)| at));
        for end in ends.into_iter().filter(|end| *end >= from + 3) {
            let part = &text[from..end];
            if !part.contains(|c: char| c.is_ascii_digit() || c == ':') {
                found.push(self.candidate(Kind::Name, clean_name(part), from, end));
            }
        }
    }

    /// A name set with a space after each letter: `M U S T E R   L T D`.
    fn spaced_out(&self) -> Option<String> {
        let words: Vec<(&str, f32, f32)> = {
            let places = self.segment.words.iter().map(|(_, b)| (b[0], b[2]));
            self.segment.read().zip(places).map(|((w, _), (a, b))| (w, a, b)).collect()
        };
        let single = words.iter().filter(|w| w.0.chars().count() == 1).count();
        if words.len() < 5 || single * 10 < words.len() * 9 {
            return None;
        }
        let mut gaps: Vec<f32> = words.windows(2).map(|w| w[1].1 - w[0].2).collect();
        let all = gaps.clone();
        gaps.sort_by(f32::total_cmp);
        let usual = gaps[gaps.len() / 2].max(0.5);
        let mut name = String::new();
        for (i, word) in words.iter().enumerate() {
            if i > 0 && all[i - 1] > 1.6 * usual {
                name.push(' ');
            }
            name.push_str(word.0);
        }
        Some(name)
    }

    /// A name that goes on in the next line, or after a gap that is a little too wide.
    fn longer_names(&self, found: &mut Vec<Candidate>) {
        let (own, height) = (self.segment, self.segment.height());
        let wordy = |text: &str| {
            let letters = text.chars().filter(|c| c.is_alphabetic()).count();
            letters >= 2 && text.len() <= 60 && !text.contains(':') && !parties::is_address_of_web(text)
        };
        // `Advertiser: Congressional`: the name begins after the label.
        let from = own.text.rfind(':').map_or(0, |at| at + 1);
        let name = own.text.get(from..).unwrap_or_default().trim();
        if !wordy(name) {
            return;
        }
        let place = own.place(from + 1, own.text.len());
        let mut join = |other: &Segment| {
            let text = format!("{name} {}", other.text);
            let mut c = self.candidate(Kind::Name, clean_name(&text), from, own.text.len());
            c.bbox = layout::union(place, other.bbox);
            c.raw = text;
            found.push(c);
        };
        let beside = self.layout.segments.get(self.index + 1).filter(|s| s.line == own.line);
        if let Some(beside) = beside.filter(|s| wordy(&s.text) && s.bbox[0] - own.bbox[2] < 2.2 * height) {
            join(beside);
        }
        // Only what stands under a label or beside one is wrapped as a rule.
        let labelled = from > 0
            || self.layout.left_of(own.bbox).next().is_some_and(|l| l.text.contains(':'))
            || self.index.checked_sub(1).is_some_and(|i| self.layout.segments[i].text.ends_with(':'));
        let below = self.layout.segments.iter().skip(self.index + 1).take(40).find(|s| {
            s.line > own.line
                && (s.bbox[0] - place[0]).abs() < 0.5 * height
                && s.bbox[1] - own.bbox[3] < 0.9 * height
        });
        let goes_on = |s: &Segment| {
            name.ends_with(['&', '-', '/'])
                || name.ends_with(" und")
                || name.ends_with(" and")
                || is_rest_of_name(&s.text)
                || self.shouts(s)
        };
        // `Ecke 12` above `12345 Stadt` is where the name is at home, and no rest of it.
        let street = |s: &Segment| {
            let next = self.layout.segments.iter().skip(self.index + 2).take(40).find(|n| {
                n.line > s.line
                    && (n.bbox[0] - s.bbox[0]).abs() < 0.5 * height
                    && n.bbox[1] - s.bbox[3] < 0.9 * height
            });
            addresses::is_street(&s.text) && next.is_some_and(|n| parties::has_postcode(&n.text))
        };
        if let Some(below) = below.filter(|s| wordy(&s.text) && !street(s) && (labelled || goes_on(s))) {
            join(below);
        }
    }
}

impl At<'_> {
    /// Whether this line and the one below it are set alike, larger than what follows: a name in two lines.
    fn shouts(&self, below: &Segment) -> bool {
        let height = self.segment.height();
        if (below.height() - height).abs() > 0.08 * height || titles::is_title(&below.text) {
            return false;
        }
        let next = self.layout.segments.iter().skip(self.index + 1).take(40).find(|s| {
            s.line > below.line
                && (s.bbox[0] - below.bbox[0]).abs() < 0.5 * height
                && s.bbox[1] - below.bbox[3] < 1.5 * height
        });
        next.is_some_and(|s| s.height() < 0.9 * height)
    }
}

/// Whether a word ends a company's name wherever it stands; not those that are words of their own, too.
fn ends_a_name(word: &str) -> bool {
    const ALONE: [&str; 7] = ["co", "company", "sa", "se", "bt", "lp", "sas"];
    let plain = plain(word);
    legal::is_written(word) && !ALONE.contains(&plain.as_str())
}

/// Whether a line can only be the rest of a name that begins above it: `& Söhne GmbH`, `GmbH & Co. KG`, `(Schweiz) AG`.
pub(crate) fn is_rest_of_name(text: &str) -> bool {
    let plain = plain(text);
    let mut words = plain.split(' ').filter(|w| !w.is_empty()).peekable();
    let form = |w: &str| legal::is_word(w) || matches!(w, "haftungsbeschrankt" | "i" | "l");
    let joined = ["& ", "und ", "and ", "et "].iter().any(|w| text.starts_with(w));
    let bracketed = text.starts_with('(') && plain.split(' ').any(form);
    joined || bracketed || (words.peek().is_some() && words.all(form))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rest_of_a_name_is_told_from_an_address() {
        for rest in ["& Söhne GmbH", "GmbH & Co. KG", "(Schweiz) AG", "Ltd", "und Partner mbB"] {
            assert!(is_rest_of_name(rest), "{rest}");
        }
        for other in ["Muster GmbH", "12 High Street", "", "(Filiale Nord)", "Andover"] {
            assert!(!is_rest_of_name(other), "{other}");
        }
    }

    fn names(lines: &[&str]) -> Vec<String> {
        let at = |(line, text)| (50.0, 100.0 + 12.0 * line as f32, text);
        let lines: Vec<(f32, f32, &str)> = lines.iter().copied().enumerate().map(at).collect();
        let page = crate::local::tests::drawn(&lines);
        let all = crate::local::candidate::find(&page, 0);
        all.into_iter().filter(|c| c.kind == Kind::Name).map(|c| c.value).collect()
    }

    #[test]
    fn a_line_of_small_print_begins_with_who_issued_it() {
        let print = "Muster Power & Gas DAC. Registered in Ireland no. 618840. Registered office: Muster House, Muster Road, \
                     Dublin 17, and more of it until it is long enough.";
        assert_eq!(names(&[print]), ["Muster Power & Gas DAC."]);
    }

    #[test]
    fn a_name_behind_a_label_ends_before_its_address() {
        let found = names(&["Remit to: Muster Lines, Inc., Dept 4470, Carol Stream, IL 60122"]);
        assert!(found.iter().any(|n| n == "Muster Lines, Inc."), "{found:?}");
        let found = names(&["REMIT TO: MUSTER LINES, P.O. BOX 640220, CITY OH 45264"]);
        assert!(found.iter().any(|n| n == "MUSTER LINES"), "{found:?}");
        let found = names(&["Suministros Ejemplo S.L., Calle Mayor 3"]);
        assert!(
            found.iter().any(|n| n.starts_with("Suministros Ejemplo S.L") && !n.contains("Calle")),
            "{found:?}"
        );
    }

    #[test]
    fn a_street_is_no_rest_of_the_name_above_it() {
        let found = names(&["Kunde:", "Bakkerij Muster", "Dorpsstraat 8", "12345 Hasselt"]);
        assert!(!found.iter().any(|n| n.contains("Muster Dorpsstraat")), "{found:?}");
        let found = names(&["Kunde:", "Hotel Muster", "Haus 8"]);
        assert!(found.iter().any(|n| n == "Hotel Muster Haus 8"), "{found:?}");
    }
}
