//! Names and addresses of seller and buyer where no label says who is who.
//!
//! Owns letterheads, address blocks and the first lines of receipts. Knows no field. Rule: place and shape only suggest;
//! a label beside a name always says more.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::{Lexicon, plain};
use super::{legal, titles};

/// Words that are usual in the names of shops.
pub(crate) const TRADE: &[&str] = &[
    "trading",
    "enterprise",
    "enterprises",
    "restaurant",
    "restoran",
    "store",
    "stores",
    "mart",
    "market",
    "supermarket",
    "hardware",
    "cafe",
    "bistro",
    "bakery",
    "pharmacy",
    "books",
    "stationery",
    "shop",
    "hotel",
    "motors",
    "services",
    "industries",
    "holdings",
    "group",
    "marketing",
    "kitchen",
    "house",
    "center",
    "centre",
    "petrol",
    "station",
];

/// What place and shape say about a name.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Hint {
    /// How likely it is the seller's, 0..=1.2.
    pub seller: f32,
    /// How likely it is the buyer's, 0..=1.
    pub buyer: f32,
    /// How many lines below it a postcode stands, 0 for none within five.
    pub postcode: u64,
    /// Whether nothing stands right above it in its column.
    pub top: bool,
    /// Whether it begins a small return address.
    pub sender: bool,
}

/// How likely each candidate is the seller's and the buyer's name by place and shape.
pub fn suggest(
    pages: &[Layout],
    candidates: &[Candidate],
    features: &[Features],
    lexicon: &Lexicon,
    receipt: bool,
) -> Vec<Hint> {
    let Some(first) = pages.first() else { return vec![Hint::default(); candidates.len()] };
    let plains: Vec<&str> =
        pages.iter().take(2).flat_map(|p| &p.segments).map(|s| s.plain.as_str()).collect();
    let all_text = format!(" {} ", plains.join("  "));
    let senders: Vec<String> = spread_lines(first).iter().filter_map(|l| sender(l)).collect();
    candidates
        .iter()
        .zip(features)
        .map(|(c, f)| {
            if c.kind != Kind::Name || c.page != 0 {
                return Hint::default();
            }
            let text = plain(&c.value);
            let mut block = first.block(c.segment, 7);
            if !block.iter().skip(1).any(|i| has_postcode(&first.segments[*i].text)) {
                // A widely spaced address, in exactly one column.
                block = wide_block(first, c.segment);
            }
            let place = block.iter().skip(1).take(5).position(|i| has_postcode(&first.segments[*i].text));
            let above = first.segments[..c.segment].iter().rev().find(|s| {
                (s.bbox[0] - c.bbox[0]).abs() < 6.0
                    && c.bbox[1] - s.bbox[3] < 0.9 * s.height()
                    && c.bbox[1] > s.bbox[1] + 1.0
            });
            let mut hint = Hint {
                postcode: place.map_or(0, |at| at as u64 + 1),
                top: above.is_none_or(|s| titles::is_title(&s.text)),
                sender: senders.contains(&text),
                ..Hint::default()
            };
            let words: Vec<&str> = text.split(' ').collect();
            let label = lexicon.strengths(&text).iter().copied().fold(0.0_f32, f32::max);
            let digits = c.value.chars().filter(char::is_ascii_digit).count();
            let letters = c.value.chars().filter(|ch| ch.is_alphabetic()).count();
            if c.span.0 > 0 || label > 0.9 || letters < 3 || digits > 8 || words.len() > 9 || stops(&c.value)
            {
                return hint;
            }
            let legal = legal::has(&text);
            let trade = words.iter().any(|w| TRADE.contains(w));
            if receipt {
                hint.seller = receipt_name(first, c, legal, trade);
                return hint;
            }
            let mut seller = 0.12 + if legal { 0.2 } else { 0.0 } + 0.12 * (f.size - 1.0).clamp(0.0, 1.5);
            seller += if f.y < 0.12 {
                0.12
            } else if f.y < 0.25 {
                0.05
            } else if f.y > 0.88 {
                0.06
            } else {
                -0.1
            };
            let repeats = all_text.matches(&format!(" {text} ")).count();
            seller += 0.06 * ((repeats + repeats.min(1)).saturating_sub(2).min(3) as f32);
            let mut buyer = 0.0;
            if let Some(at) = place.filter(|at| *at >= 1) {
                buyer = 0.45 + if legal { 0.06 } else { 0.0 };
                buyer += if (0.1..0.42).contains(&f.y) { 0.1 } else { -0.15 };
                buyer += if f.x < 0.5 { 0.06 } else { -0.02 };
                // The first line of its block; the line above may be a small return address.
                let higher = above.filter(|s| s.height() > 0.85 * (c.bbox[3] - c.bbox[1]));
                if higher.is_some_and(|s| !has_postcode(&s.text) && !titles::is_title(&s.text)) {
                    buyer -= 0.25;
                }
                buyer -= 0.02 * (at as f32);
                seller += if f.y < 0.15 { 0.15 } else { 0.0 };
            }
            if hint.sender {
                seller += 0.45;
                buyer -= 0.4;
            }
            Hint { seller: seller.clamp(0.0, 0.8), buyer: buyer.clamp(0.0, 0.8), ..hint }
        })
        .collect()
}

/// The texts of lines, cut only at gaps that are wide even for a line with signs between its parts.
fn spread_lines(layout: &Layout) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for line in &layout.lines {
        let mut right = f32::NEG_INFINITY;
        for segment in &layout.segments[line.clone()] {
            match out.last_mut().filter(|_| segment.bbox[0] - right < 2.2 * segment.height()) {
                Some(text) => {
                    text.push(' ');
                    text.push_str(&segment.text);
                }
                None => out.push(segment.text.clone()),
            }
            right = segment.bbox[2];
        }
    }
    out
}

/// The name in a line such as `Bei Spiel GmbH · Ecke 12 · 12345 Stadthausen`, in [`plain`] form.
fn sender(line: &str) -> Option<String> {
    // Any sign that stands alone between the parts, else commas.
    let sign = |w: &&str| !w.contains(char::is_alphanumeric);
    let parts: Vec<String> = if line.split(' ').filter(sign).count() >= 2 {
        let words: Vec<&str> = line.split(' ').collect();
        words.split(|w| sign(w)).map(|p| p.join(" ")).collect()
    } else {
        line.split(", ").map(str::to_owned).collect()
    };
    let name = parts.first()?.trim();
    let address = parts.len() >= 3 && parts.iter().skip(1).any(|p| has_postcode(p));
    (address && !name.contains(|c: char| c.is_ascii_digit()) && name.len() >= 3).then(|| plain(name))
}

fn wide_block(layout: &Layout, from: usize) -> Vec<usize> {
    let mut block = vec![from];
    for (i, s) in layout.segments.iter().enumerate().skip(from + 1) {
        let last = &layout.segments[block[block.len() - 1]];
        if s.bbox[1] - last.bbox[3] > 4.5 * last.height() || block.len() > 4 {
            break;
        }
        if s.line > last.line && (s.bbox[0] - last.bbox[0]).abs() < 2.0 {
            block.push(i);
        }
    }
    block
}

fn receipt_name(first: &Layout, c: &Candidate, legal: bool, trade: bool) -> f32 {
    let line = first.segments[c.segment].line;
    let order = first.lines.iter().take(line).filter(|l| {
        first.segments[(*l).clone()]
            .iter()
            .any(|s| s.text.chars().filter(|ch| ch.is_alphabetic()).count() >= 3)
    });
    let order = order.count() as f32;
    if order > 7.0 {
        return 0.0;
    }
    let mut score = 0.7 - 0.08 * order;
    score += if legal {
        0.3
    } else if trade {
        0.16
    } else {
        0.0
    };
    let text = plain(&c.value);
    if [
        "no ", "lot ", "jalan ", "jln ", "invoice", "receipt", "tax ", "tel ", "level ", "unit ", "gst",
        "welcome", "taman ",
    ]
    .iter()
    .any(|w| format!("{text} ").starts_with(w))
        || has_postcode(&c.value)
    {
        score -= 0.5;
    }
    let digits = c.value.chars().filter(char::is_ascii_digit).count();
    score -= 0.06 * (digits.min(6) as f32);
    // The longer of two readings of one name.
    score += 0.012 * (text.split(' ').count().min(8) as f32);
    score.clamp(0.0, 1.2)
}

/// `12345`, `DE-12345`, `NW1 6XE`, `H-1051`, `1017 AB`, `114 55`: what may be a postcode.
pub fn has_postcode(line: &str) -> bool {
    let words: Vec<&str> = line.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    let letters = line.chars().filter(|c| c.is_alphabetic()).count();
    letters >= 3
        && (words.windows(2).any(|pair| of_two_parts(pair[0], pair[1]))
            || words.iter().enumerate().any(|(i, w)| {
                let core = w.rsplit('-').next().unwrap_or(w).trim_end_matches('.');
                let prefix = w.len() - core.len();
                let digits = core.len();
                let all = core.chars().all(|c| c.is_ascii_digit());
                let zip = w
                    .split('-')
                    .next()
                    .is_some_and(|z| z.len() == 5 && z.chars().all(|c| c.is_ascii_digit()));
                let glued = w.len() > 8
                    && w.chars().take(5).all(|c| c.is_ascii_digit())
                    && w.chars().skip(5).all(char::is_alphabetic);
                // `00-950` in Poland, `1000-205` in Portugal.
                let halves = matches!(shape(w).as_str(), "99-999" | "9999-999");
                glued
                    || halves
                    || (all && (digits == 5 || (digits == 4 && (prefix > 0 || i == 0))) && prefix <= 3)
                    || zip
            }))
}

/// `NW1 6XE`, `T12 X2Y3`, `M5V 2T6`, `1017 AB`, `114 55`: British, Irish, Canadian, Dutch, Swedish and Czech ones.
fn of_two_parts(a: &str, b: &str) -> bool {
    let (a, b) = (shape(a), shape(b));
    let british = matches!(a.as_str(), "A9" | "A99" | "AA9" | "AA99" | "A9A" | "AA9A") && b == "9AA";
    let irish = a == "A99" && b.len() == 4 && b.starts_with('A');
    british || irish || matches!((a.as_str(), b.as_str()), ("A9A", "9A9") | ("9999", "AA") | ("999", "99"))
}

/// `A` for capitals, `9` for digits, at most eight characters.
fn shape(word: &str) -> String {
    let class = |c: char| match c {
        'A'..='Z' => 'A',
        '0'..='9' => '9',
        other => other,
    };
    word.trim_end_matches(['.', ';']).chars().take(9).map(class).collect()
}

/// Whether a line has an American state and its ZIP code: `DAYTON, OH 45404`.
pub(crate) fn is_american(line: &str) -> bool {
    const STATES: &str = " AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK \
                          OR PA RI SC SD TN TX UT VT VA WA WV WI WY DC ";
    let words: Vec<&str> = line.split([' ', ',']).filter(|w| !w.is_empty()).collect();
    words.windows(2).any(|pair| {
        pair[0].len() == 2
            && STATES.contains(&format!(" {} ", pair[0]))
            && matches!(shape(pair[1]).get(..5), Some("99999"))
            && matches!(pair[1].len(), 5 | 10)
    })
}

/// `www.…`, `http…`, `…@…`.
pub(crate) fn is_address_of_web(text: &str) -> bool {
    text.contains('@') || text.contains("www.") || text.contains("http")
}

/// A line that is no part of an address any more.
pub(crate) fn stops(line: &str) -> bool {
    let text = format!(" {} ", plain(line));
    is_address_of_web(line)
        || [
            " tel ",
            " fax ",
            " phone ",
            " telefon ",
            " telephone ",
            " fon ",
            " gst ",
            " ust ",
            " vat ",
            " tva ",
            " siret ",
            " reg ",
            " iban ",
            " invoice ",
            " receipt ",
            " date ",
            " datum ",
            " email ",
            " e mail ",
            " hotline ",
            " gst id ",
            " steuer no ",
            " tax ",
            " cashier ",
            " page ",
            " roc ",
            " bill ",
            " licensee ",
            " franchisee ",
            " owned by ",
        ]
        .iter()
        .any(|w| text.contains(w))
}

/// The address below a name, on one line, and its place.
pub fn address_below(layout: &Layout, name: &Candidate, receipt: bool) -> Option<(String, Box4)> {
    let block: Vec<usize> = if receipt {
        // Receipts are one column: whole lines, however they are set.
        let from = layout.segments[name.segment].line;
        (name.segment + 1..layout.segments.len())
            .filter(|i| layout.segments[*i].line > from && layout.segments[*i].line <= from + 8)
            .collect()
    } else {
        layout.block(name.segment, 8).into_iter().skip(1).collect()
    };
    let mut parts: Vec<&str> = Vec::new();
    let mut place: Option<Box4> = None;
    let mut found = false;
    for index in block {
        let segment = &layout.segments[index];
        let text = segment.text.trim();
        // A telephone number alone.
        let digits = text.chars().filter(char::is_ascii_digit).count();
        if digits >= 7 && !text.contains(char::is_alphabetic) {
            if parts.is_empty() {
                continue;
            }
            break;
        }
        let legal = legal::has(&plain(text));
        let registration = (legal && receipt && parts.is_empty())
            || text.starts_with('(') && text.ends_with(')')
            || bare_registration(text);
        if stops(text) || (registration && !parts.is_empty()) {
            if parts.is_empty() && receipt && !text.contains('@') {
                continue;
            }
            break;
        }
        if registration || (text.contains(':') && parts.is_empty() && receipt) {
            continue;
        }
        let ended = found
            && !text.contains(|c: char| c.is_ascii_digit())
            && parts.last().is_some_and(|p| p.ends_with('.'));
        if ended || text.contains(':') {
            break;
        }
        let evidence = has_postcode(text);
        if receipt
            && parts.is_empty()
            && !evidence
            && !text.contains(|c: char| c.is_ascii_digit())
            && !text.contains(',')
        {
            // The name may go on in a second line.
            continue;
        }
        found |= evidence;
        parts.push(text);
        place = Some(place.map_or(segment.bbox, |p| union(p, segment.bbox)));
    }
    let enough = found || (receipt && !parts.is_empty());
    let value = parts.iter().map(|p| p.trim_end_matches(',')).collect::<Vec<_>>().join(", ");
    place.filter(|_| enough && value.len() >= 8).map(|p| (value, p))
}

/// `789417-W`, `(860671-D)`: a company's number and nothing else.
pub(crate) fn bare_registration(text: &str) -> bool {
    let core: String = text.chars().filter(|c| !matches!(c, '(' | ')' | ' ' | '.')).collect();
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let letters = core.chars().filter(|c| c.is_alphabetic()).count();
    digits >= 5 && letters <= 3 && core.contains('-') && !text.trim().contains(' ')
}

/// Whether segments stand too far from each other for words of one name: two parties side by side.
fn spread(segments: &[Segment]) -> bool {
    segments.windows(2).any(|pair| pair[1].bbox[0] - pair[0].bbox[2] > 6.0 * pair[0].height())
}

/// Names at the top of a slip that are set over a whole line, or over two lines: `SWC ENTERPRISE SDN` `BHD`.
pub fn join_names(layout: &Layout, candidates: &mut Vec<Candidate>) {
    let name_like = |text: &str| {
        let letters = text.chars().filter(|c| c.is_alphabetic()).count();
        letters >= 3 && !text.contains(|c: char| c.is_ascii_digit() || c == ':' || c == ',')
    };
    let has_legal = |text: &str| legal::has(&plain(text));
    let whole = |line: &std::ops::Range<usize>| {
        let texts: Vec<&str> = layout.segments[line.clone()].iter().map(|s| s.text.as_str()).collect();
        texts.join(" ")
    };
    let mut joined = Vec::new();
    for (i, line) in layout.lines.iter().take(6).enumerate() {
        let text = whole(line);
        if line.len() > 1 && name_like(&text) && !spread(&layout.segments[line.clone()]) {
            joined.push((line.clone(), text.clone()));
        }
        let before = i.checked_sub(1).map(|b| &layout.lines[b]);
        let Some((before, above)) = before.map(|b| (b, whole(b))) else { continue };
        let short = text.split(' ').count() <= 3 && has_legal(&text);
        if short && name_like(&text) && name_like(&above) && !has_legal(&above) {
            joined.push((before.start..line.end, format!("{above} {text}")));
        }
    }
    for (segments, text) in joined {
        // The last line: the address begins below it.
        let last = segments.end - 1;
        let like = candidates
            .iter()
            .find(|c| c.kind == Kind::Name && c.page == 0 && c.segment == last && c.span.0 == 0);
        let Some(mut name) = like.cloned() else { continue };
        name.bbox = layout.segments[segments].iter().fold(name.bbox, |b, s| union(b, s.bbox));
        name.value.clone_from(&text);
        name.raw = text;
        candidates.push(name);
    }
}
