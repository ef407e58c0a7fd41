//! What on a page could be a value.
//!
//! Owns which texts are dates, amounts, numbers of documents, account numbers and names. Knows no field. Rule: better
//! one candidate too many than the right one missing; scoring decides.

mod make;
mod names;

pub(crate) use names::is_rest_of_name;

use super::domestic;
use super::layout::{Box4, Layout, Segment};
use docmill_contracts::TextSource;
use docmill_document::{date, iban, money, vat_id};
use jiff::civil::Date;
use rust_decimal::Decimal;

/// What a candidate looks like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A calendar day.
    Date,
    /// An amount of money.
    Amount,
    /// A number of a document.
    Id,
    /// An IBAN with valid check digits, or a number that a label calls an account.
    Iban,
    /// A bank's code.
    Bic,
    /// A VAT id.
    Vat,
    /// Text without much of a number: a name.
    Name,
    /// One of the values that a schema lists.
    Choice,
}

/// A text that could be a value.
#[derive(Debug, Clone)]
pub struct Candidate {
    /// What it looks like.
    pub kind: Kind,
    /// Normalised value.
    pub value: String,
    /// As it stands on the page.
    pub raw: String,
    /// Index of the page layout.
    pub page: usize,
    /// Segment on that page.
    pub segment: usize,
    /// Bytes of the segment's text.
    pub span: (usize, usize),
    /// Its place.
    pub bbox: Box4,
    /// The amount; zero for other kinds.
    pub amount: Decimal,
    /// True for an amount with two decimals, a currency sign or groups.
    pub monetary: bool,
    /// ISO 4217 code beside it.
    pub currency: Option<&'static str>,
    /// The readings of a date.
    pub dates: Vec<date::Reading>,
    /// The chosen reading of a date.
    pub date: Option<Date>,
    /// Other half of a range such as `02/26/20 - 03/03/20`: this is the first (true) or the last (false).
    pub range: Option<bool>,
    /// Whether the box at it is ticked, where it has one.
    pub ticked: Option<bool>,
}

/// Most candidates of one page.
const MAX_CANDIDATES: usize = 4_000;

/// All candidates of a page.
pub fn find(layout: &Layout, page: usize) -> Vec<Candidate> {
    let mut found = Vec::new();
    let spaced = layout.source == TextSource::Ocr && super::odd::has_spaced_amounts(layout);
    for (index, segment) in layout.segments.iter().enumerate() {
        if found.len() > MAX_CANDIDATES {
            break;
        }
        let at = At { page, index, segment, layout, spaced };
        let taken = at.dates(&mut found);
        at.amounts(&taken, &mut found);
        at.ids(&taken, &mut found);
        at.bank_and_tax(&mut found);
        at.domestic(&mut found);
        at.names(&mut found);
    }
    mark_ranges(layout, &mut found);
    found
}

struct At<'a> {
    page: usize,
    index: usize,
    segment: &'a Segment,
    layout: &'a Layout,
    /// The page is a scan whose amounts have spaces between their thousands.
    spaced: bool,
}

impl At<'_> {
    fn candidate(&self, kind: Kind, value: String, start: usize, end: usize) -> Candidate {
        Candidate::new(kind, value, (self.page, self.index), self.segment, (start, end))
    }

    fn dates(&self, found: &mut Vec<Candidate>) -> Vec<(usize, usize)> {
        let mut taken = Vec::new();
        for hit in date::find(&self.segment.text) {
            let first = hit.readings.first().map(|r| r.date);
            let mut c = self.candidate(
                Kind::Date,
                first.map(|d| d.to_string()).unwrap_or_default(),
                hit.start,
                hit.end,
            );
            c.date = first;
            c.dates = hit.readings;
            found.push(c);
            taken.push((hit.start, hit.end));
        }
        let free = |a: usize, b: usize| !taken.iter().any(|(x, y)| *x < b && *y > a);
        let mut odd = super::odd::dates(&self.segment.text, self.layout.source == TextSource::Ocr);
        odd.retain(|o| free(o.start, o.end));
        for hit in odd {
            let first = hit.readings.first().map(|r| r.date);
            let value = first.map(|d| d.to_string()).unwrap_or_default();
            let mut c = self.candidate(Kind::Date, value, hit.start, hit.end);
            c.date = first;
            c.dates = hit.readings;
            found.push(c);
        }
        taken
    }

    /// Byte ranges of the words.
    fn words(&self) -> Vec<(usize, usize)> {
        let starts = self.segment.words.iter().map(|w| w.0);
        let ends = self.segment.words.iter().skip(1).map(|w| w.0 - 1).chain([self.segment.text.len()]);
        starts.zip(ends).collect()
    }

    fn amount(&self, value: Decimal, start: usize, end: usize) -> Candidate {
        let mut c = self.candidate(Kind::Amount, value.to_string(), start, end);
        c.amount = value;
        c.monetary = true;
        c
    }

    fn amounts(&self, taken: &[(usize, usize)], found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let words = self.words();
        let mut i = 0;
        while i < words.len() {
            let mut advance = 1;
            for size in [4, 3, 2, 1] {
                let Some(last) = words.get(i + size - 1) else { continue };
                let (start, end) = (words[i].0, last.1);
                if taken.iter().any(|(a, b)| *a < end && *b > start) {
                    continue;
                }
                let Some(raw) = text.get(start..end) else { continue };
                let trimmed = raw.trim_end_matches([':', ';', ',', '.']).trim_start_matches(':').trim();
                let trimmed =
                    if self.layout.source == TextSource::Ocr { without_speck(trimmed) } else { trimmed };
                if trimmed.ends_with('%') || text.get(end..).is_some_and(|r| r.trim_start().starts_with('%'))
                {
                    continue;
                }
                let readings = money::readings(trimmed);
                let Some(amount) = readings.first() else { continue };
                if size > 1
                    && !(amount.currency.is_some() || amount.grouped || trimmed.starts_with(['-', '$', '€']))
                {
                    continue;
                }
                let cents = amount.decimal_mark.is_some() && amount.value.scale() == 2;
                let mut c = self.candidate(Kind::Amount, amount.value.to_string(), start, end);
                c.amount = amount.value;
                c.currency = amount.currency;
                c.monetary = cents || amount.currency.is_some();
                found.push(c);
                advance = size;
                break;
            }
            if let Some(glued) = words.get(i).and_then(|(a, b)| super::odd::glued_amount(text, *a, *b))
                && let Some(amount) = money::parse(&text[glued..words[i].1])
            {
                found.push(self.amount(amount.value, glued, words[i].1));
            }
            if self.spaced
                && let Some(next) = words.get(i + 1)
                && let Some(plain) =
                    super::odd::lost_space(&text[words[i].0..words[i].1], &text[next.0..next.1])
                && let Some(amount) = money::parse(&plain)
            {
                let mut c = self.amount(amount.value, words[i].0, next.1);
                c.monetary = false;
                found.push(c);
            }
            // Amounts stand at the end of what a slip has on a line.
            let (start, end) = words[i];
            if self.layout.source == TextSource::Ocr
                && i + 1 == words.len()
                && !taken.iter().any(|(a, b)| *a < end && *b > start)
                && let Some(plain) = super::odd::misread_amount(&text[start..end])
                && let Some(amount) = money::parse(&plain)
            {
                found.push(self.amount(amount.value, start, end));
            }
            i += advance;
        }
    }

    fn ids(&self, taken: &[(usize, usize)], found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let words = self.words();
        let pairs = words.windows(2).map(|w| (w[0].0, w[1].1));
        let postcodes = pairs.filter(|(a, b)| text.get(*a..*b).is_some_and(domestic::is_british_postcode));
        let counts = super::paging::spans(text);
        let taken: Vec<(usize, usize)> = taken.iter().copied().chain(postcodes).chain(counts).collect();
        for (i, (start, end)) in words.iter().enumerate() {
            let free = |a: usize, b: usize| !taken.iter().any(|(x, y)| *x < b && *y > a);
            if let Some((a, b)) = id_core(text, *start, *end).filter(|(a, b)| free(*a, *b)) {
                let core = &text[a..b];
                // `#14086` and `Nr.103767`: the number without its label.
                let after = core.rfind(['#', ':']).map_or(a, |at| a + at + 1);
                if after > a && after < b && text[after..b].contains(|c: char| c.is_ascii_digit()) {
                    found.push(self.candidate(Kind::Id, text[after..b].to_owned(), after, b));
                } else if plausible_id(core) {
                    found.push(self.candidate(Kind::Id, core.to_owned(), a, b));
                }
                // A number that is written in groups, the first of which may be letters: `VK 900 331 207`.
                for size in [2, 3, 4] {
                    let Some(last) = words.get(i + size - 1) else { continue };
                    let Some((_, to)) = id_core(text, *start, last.1).filter(|(x, y)| free(*x, *y)) else {
                        continue;
                    };
                    let whole = &text[a..to];
                    let groups = whole.split(' ').enumerate().all(|(i, g)| {
                        let capitals = |b: u8| b.is_ascii_uppercase() || b == b'-';
                        let code = i == 0 && g.len() <= 5 && g.bytes().all(capitals);
                        let letter = size > 3 && g.len() == 1 && g.bytes().all(|b| b.is_ascii_uppercase());
                        code || letter || g.contains(|c: char| c.is_ascii_digit()) || matches!(g, "/" | "-")
                    });
                    if groups && plausible_id(whole) && whole.len() <= 30 {
                        found.push(self.candidate(Kind::Id, whole.to_owned(), a, to));
                    }
                }
            }
        }
    }

    fn bank_and_tax(&self, found: &mut Vec<Candidate>) {
        let text = &self.segment.text;
        let words = self.words();
        for (i, (start, end)) in words.iter().enumerate() {
            let begins = |s: &str| {
                let b = s.as_bytes();
                b.len() >= 2 && b[..2].iter().all(u8::is_ascii_uppercase)
            };
            // A label may be glued to the number: `USt-ID:DE136695976`.
            let glued = text[*start..*end].rfind(':').map_or(*start, |at| start + at + 1);
            if !begins(&text[glued..*end]) {
                continue;
            }
            let (mut vat, mut account) = (None, None);
            let labelled = self.labelled_iban(glued);
            for size in 1..=9 {
                let Some(last) = words.get(i + size - 1) else { break };
                let raw = text[glued..last.1].trim_end_matches([',', '.', ';']);
                let joined: String = raw.chars().filter(|c| !c.is_whitespace()).collect();
                if joined.len() > 34 {
                    break;
                }
                if joined.len() >= 15 && iban::is_valid(&joined) {
                    // Its first groups are no VAT id.
                    (account, vat) = (None, None);
                    found.push(self.candidate(Kind::Iban, raw.to_owned(), glued, last.1));
                    break;
                }
                // One that OCR misread or that is wrong on the page is still what stands there; validate says so.
                if labelled && like_iban(&joined) {
                    account = Some(self.candidate(Kind::Iban, raw.to_owned(), glued, last.1));
                }
                // `BE 0123.456.789`, `CHE-116.281.710`
                let whole = vat_id::normalize(&joined);
                let pointed = whole.len() != joined.len();
                let joined = whole;
                let digits = joined.chars().filter(char::is_ascii_digit).count();
                let shaped = joined.chars().skip(2).all(|c| c.is_ascii_uppercase() || c.is_ascii_digit());
                // Irish ones have seven digits and a letter or two.
                let enough = digits >= 8 || (digits == 7 && joined.starts_with("IE"));
                if (10..=14).contains(&joined.len()) && shaped && enough && vat_id::has_known_prefix(&joined)
                {
                    // The longest, unless the check digits speak for a shorter one.
                    let checked = vat_id::check(&joined);
                    let valid = checked == vat_id::VatCheck::Valid;
                    // What has not the form of its country is one only by its label: `FR62810447` is any number.
                    let odd = pointed || checked == vat_id::VatCheck::WrongFormat;
                    if odd && !valid && !domestic::says_vat(self.layout, self.index, glued) {
                        continue;
                    }
                    if valid || !matches!(vat, Some((_, true))) {
                        vat = Some((self.candidate(Kind::Vat, raw.to_owned(), glued, last.1), valid));
                    }
                }
                if size == 1
                    && !pointed
                    && matches!(joined.len(), 8 | 11)
                    && iban::bic_is_well_formed(&joined)
                {
                    found.push(self.candidate(Kind::Bic, joined, glued, last.1));
                }
            }
            if let Some(wrapped) = self.wrapped_iban(glued) {
                (vat, account) = (None, Some(wrapped));
            }
            found.extend(vat.filter(|_| account.is_none()).map(|v| v.0));
            found.extend(account);
        }
    }

    fn domestic(&self, found: &mut Vec<Candidate>) {
        for (number, start, end) in domestic::find(self.layout, self.index) {
            let kind = match number {
                domestic::Number::Vat => Kind::Vat,
                domestic::Number::Account => Kind::Iban,
            };
            found.push(self.candidate(kind, self.segment.text[start..end].to_owned(), start, end));
        }
    }

    /// An account number that begins at a byte of the segment and goes on in the line below it, in a narrow column; only with
    /// valid check digits.
    fn wrapped_iban(&self, from: usize) -> Option<Candidate> {
        let joined = |text: &str| -> String { text.chars().filter(|c| !c.is_whitespace()).collect() };
        // Only what can be the beginning of one is looked at.
        let own = joined(self.segment.text.get(from..).filter(|t| t.len() < 60)?);
        let begins = own.len() < 30 && own.len() >= 4 && own.bytes().all(|b| b.is_ascii_alphanumeric());
        if !begins || iban::is_valid(&own) || !own.bytes().skip(2).take(2).all(|b| b.is_ascii_digit()) {
            return None;
        }
        let (place, height) = (self.segment.place(from, self.segment.text.len()), self.segment.height());
        let below = self.layout.segments.iter().skip(self.index + 1).take(60).find(|s| {
            let aligned = [place[0], self.segment.bbox[0]].iter().any(|x| (s.bbox[0] - x).abs() < height);
            s.line > self.segment.line && aligned && s.bbox[1] - place[3] < 1.2 * height
        })?;
        let ends = below.words.iter().skip(1).map(|w| w.0.saturating_sub(1)).chain([below.text.len()]);
        let (end, whole) = ends
            .take(8)
            .map(|end| (end, format!("{own}{}", joined(below.text.get(..end).unwrap_or_default()))))
            .find(|(_, whole)| whole.len() >= 15 && iban::is_valid(whole))?;
        let mut c = self.candidate(Kind::Iban, whole, from, self.segment.text.len());
        c.raw = format!("{} {}", c.raw, below.text.get(..end).unwrap_or_default());
        c.bbox = super::layout::union(place, below.place(0, end));
        Some(c)
    }

    /// Whether `IBAN` stands before a byte of the segment, or before it on its line.
    fn labelled_iban(&self, at: usize) -> bool {
        let said = |text: &str| text.split(' ').any(|w| w.trim_end_matches(':').eq_ignore_ascii_case("iban"));
        let before = self.segment.text.get(..at).unwrap_or_default();
        let line = self.layout.lines.get(self.segment.line).cloned().unwrap_or(0..0);
        before.to_ascii_lowercase().contains("iban")
            || self.layout.segments.get(line.start..self.index).into_iter().flatten().any(|s| said(&s.text))
    }
}

/// `100.00Ç`: a speck that was read as a sign after the cents.
fn without_speck(text: &str) -> &str {
    let Some((at, sign)) = text.char_indices().next_back().filter(|(_, c)| !c.is_ascii_alphanumeric()) else {
        return text;
    };
    let known = matches!(sign, '€' | '$' | '£' | '¥' | ')' | '-' | '%');
    let cents = &text.as_bytes()[..at];
    let ends = cents.len() >= 4
        && matches!(cents[cents.len() - 3], b'.' | b',')
        && cents[cents.len() - 2..].iter().all(u8::is_ascii_digit);
    if ends && !known { &text[..at] } else { text }
}

/// Two letters, two digits, and as much as an account number needs.
fn like_iban(text: &str) -> bool {
    let bytes = text.as_bytes();
    (15..=34).contains(&bytes.len())
        && bytes[..2].iter().all(u8::is_ascii_uppercase)
        && bytes[2..4].iter().all(u8::is_ascii_digit)
        && bytes[4..].iter().all(u8::is_ascii_alphanumeric)
        && bytes[4..].iter().filter(|b| b.is_ascii_digit()).count() >= 8
}

/// Labels of a next column that stand as close to a name as its own words.
const GLUED: [&str; 5] = [" Invoice Date", " Invoice #", " Order #", " Contract #", " Rechnungsdatum"];

pub(crate) fn clean_name(text: &str) -> String {
    let text = GLUED.iter().find_map(|label| text.strip_suffix(label)).unwrap_or(text);
    let bare =
        |t: &str| t.trim().trim_matches(|c| matches!(c, ',' | ';' | '|' | '*' | ':')).trim().to_owned();
    let name = bare(text);
    // A code whose bracket was cut off: `Supreme Court(136553`.
    let name = match name.rfind('(') {
        Some(at) if at > 3 && name.len() - at > 4 && name[at + 1..].bytes().all(|b| b.is_ascii_digit()) => {
            bare(&name[..at])
        }
        _ => name,
    };
    // A company's registration number after its name: `(139386 X)`, `169609-A`, `(Co. No: 20154-T)`.
    let Some(at) = name.rfind('(').or_else(|| name.rfind(' ')).filter(|at| *at > 3) else { return name };
    let tail: String = name[at..].chars().filter(|c| c.is_alphanumeric()).collect();
    let digits = tail.chars().filter(char::is_ascii_digit).count();
    let letter = tail.ends_with(|c: char| c.is_ascii_uppercase());
    let bracketed = name[at..].starts_with('(');
    let registration = letter && digits >= 5 && (bracketed || tail.len() == digits + 1);
    if registration { bare(&name[..at]) } else { name }
}

/// Takes brackets and punctuation off the ends of a word.
fn id_core(text: &str, start: usize, end: usize) -> Option<(usize, usize)> {
    let raw = text.get(start..end)?;
    let left = raw.trim_start_matches(|c: char| !c.is_alphanumeric() && c != '#');
    let core = left.trim_end_matches(|c: char| !c.is_alphanumeric());
    let a = start + (raw.len() - left.len());
    (!core.is_empty()).then_some((a, a + core.len()))
}

fn plausible_id(core: &str) -> bool {
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let legal = core
        .chars()
        .all(|c| c.is_alphanumeric() || matches!(c, '-' | '/' | '.' | '_' | ' ' | '\\' | '+' | '#'));
    // Times, percentages and the like.
    digits >= 1 && core.len() >= 2 && core.len() <= 40 && legal
}

/// Two dates with only `-`, `to`, `bis` or the like between them.
fn mark_ranges(layout: &Layout, found: &mut [Candidate]) {
    let dates: Vec<usize> = (0..found.len()).filter(|i| found[*i].kind == Kind::Date).collect();
    for pair in dates.windows(2) {
        let &[i, j] = pair else { continue };
        let (a, b) = (&found[i], &found[j]);
        if layout.segments[a.segment].line != layout.segments[b.segment].line {
            continue;
        }
        let between = if a.segment == b.segment {
            layout.segments[a.segment].text.get(a.span.1..b.span.0).unwrap_or_default().to_owned()
        } else if b.segment - a.segment <= 2 {
            let tail = layout.segments[a.segment].text.get(a.span.1..).unwrap_or_default();
            let head = layout.segments[b.segment].text.get(..b.span.0).unwrap_or_default();
            let middle =
                (a.segment + 1..b.segment).map(|s| layout.segments[s].text.as_str()).collect::<String>();
            // Two dates in neighbouring columns of a table are a pair only with a word or a dash between them.
            let words = format!("{tail}{middle}{head}");
            if words.trim().is_empty() {
                continue;
            }
            words
        } else {
            continue;
        };
        let between = between.trim().to_lowercase();
        let joined = matches!(
            between.as_str(),
            "-" | "–" | "—" | "to" | "bis" | "thru" | "through" | "au" | "until" | "- -" | "–to" | "bis zum"
        );
        if joined && found[i].range.is_none() {
            found[i].range = Some(true);
            found[j].range = Some(false);
        }
    }
}

#[cfg(test)]
mod tests;
