//! Texts that could be names.
//!
//! Owns where a name begins and ends in a segment, and which lines it goes on in. Knows no field.

use super::{At, Candidate, Kind, clean_name};
use crate::local::layout::{self, Segment};
use crate::local::{parties, titles};

impl At<'_> {
    pub(super) fn names(&self, found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        if letters < 2 || text.len() > 120 {
            return;
        }
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if digits <= letters {
            found.push(self.candidate(Kind::Name, clean_name(text), 0, text.len()));
        }
        self.longer_names(found);
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
        // `Advertiser: Warren For President`: the part after the label.
        for (at, _) in text.match_indices(':') {
            let rest = &text[at + 1..];
            if rest.chars().filter(|c| c.is_alphabetic()).count() >= 2 && !rest.starts_with("//") {
                found.push(self.candidate(Kind::Name, clean_name(rest), at + 1, text.len()));
            }
        }
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
        if let Some(below) = below.filter(|s| labelled && wordy(&s.text)) {
            join(below);
        }
    }
}
