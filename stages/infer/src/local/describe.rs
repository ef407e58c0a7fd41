//! Candidates as rows of features for a trained scorer.
//!
//! Owns which features there are. Knows no weight. Rule: a feature says something that holds on pages of suppliers that
//! were never seen: words of labels, classes of labels, shapes, places, relations; never a place in points or a file name.

use super::candidate::{Candidate, Kind};
use super::features::Features;
use super::fields::{Role, Want};
use super::layout::{Box4, Layout, Segment};
use super::legal;
use super::lexicon::{CONCEPTS, Lexicon, plain};
use super::parties::Hint;
use super::relations::Relations;
use super::repeats::Repeats;
use docmill_contracts::TextSource;
use docmill_learn::{Row, mix, rows_hash};

/// What is known about a document when its candidates are described.
pub struct Scene<'a> {
    /// Pages that are looked at.
    pub pages: &'a [Layout],
    /// What could be a value.
    pub candidates: &'a [Candidate],
    /// Parallel to the candidates.
    pub features: &'a [Features],
    /// Document type.
    pub kind: &'a str,
    /// Labels.
    pub lexicon: &'a Lexicon,
    /// Seller and buyer by place and shape, parallel to the candidates.
    pub hints: &'a [Hint],
    /// Where else names stand, parallel to the candidates.
    pub repeats: &'a [Repeats],
    /// What amounts have to do with each other.
    pub relations: &'a Relations,
    /// Whether each stands in a row of the item table, parallel to the candidates.
    pub in_rows: &'a [bool],
}

/// Collects the features of one candidate.
pub(crate) struct Sheet(Row);

impl Sheet {
    pub(crate) fn new() -> Self {
        Self(Vec::with_capacity(96))
    }

    /// A feature that is there or not.
    pub(crate) fn flag(&mut self, space: &str, key: u64) {
        self.put(space, key, 1.0);
    }

    /// A feature with a value.
    pub(crate) fn put(&mut self, space: &str, key: u64, value: f32) {
        if value != 0.0 {
            self.0.push((mix(rows_hash(space.as_bytes()) ^ key.wrapping_mul(0x9e37_79b9)) as u32, value));
        }
    }

    /// A word.
    pub(crate) fn word(&mut self, space: &str, word: &str, value: f32) {
        self.put(space, rows_hash(word.as_bytes()), value);
    }

    /// A number as its place among `cuts`.
    pub(crate) fn step(&mut self, space: &str, number: f32, cuts: &[f32]) {
        self.flag(space, cuts.iter().filter(|c| number > **c).count() as u64);
    }

    pub(crate) fn into_row(self) -> Row {
        self.0
    }
}

/// The features of every candidate that hold for any field.
pub fn shared(scene: &Scene<'_>) -> Vec<Row> {
    let order = Order::of(scene);
    (0..scene.candidates.len()).map(|i| one(scene, &order, i)).collect()
}

/// The features that depend on the field: what its own labels and the rules say. `score` is that of the rules, `best` the
/// best one among the candidates.
pub fn own(want: &Want, f: &Features, score: f32, best: f32) -> Row {
    let mut sheet = Sheet::new();
    let score = score.clamp(-0.5, 1.6);
    sheet.put("rule", 0, 6.0 * score);
    sheet.put("rule top", 0, f32::from(u8::from(score >= best - 1e-4)));
    sheet.put("rule gap", 0, 2.0 * (best - score).clamp(0.0, 1.0));
    sheet.step("rule step", score, &[0.0, 0.2, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1, 1.2]);
    if let Some(own) = want.own.and_then(|i| f.said.get(i).copied()) {
        sheet.put("own", 0, 6.0 * own);
        sheet.step("own step", own, &[0.01, 0.3, 0.5, 0.7, 0.85, 0.95]);
    }
    // What only its own labels describe may be called by other words.
    let plays = !matches!(want.role, Role::OwnDate | Role::OwnAmount | Role::OwnText | Role::OwnChoice);
    if let Some(like) = want.own.filter(|_| !plays).map(|i| f.own(i)) {
        sheet.put("like", 0, 6.0 * like);
        sheet.step("like step", like, &[0.01, 0.3, 0.5, 0.7, 0.85, 0.95]);
    }
    sheet.into_row()
}

/// The row of "none of them".
pub fn none(kind: &str) -> Row {
    let mut sheet = Sheet::new();
    sheet.flag("none", 0);
    sheet.word("none kind", kind, 1.0);
    sheet.into_row()
}

/// Places of candidates among those of their kind.
struct Order {
    of_kind: Vec<usize>,
    last: std::collections::HashMap<Kind, usize>,
    dates: Vec<jiff::civil::Date>,
    /// How many days stand in each column of a page.
    columns: std::collections::HashMap<(usize, i32), usize>,
}

/// The column of a page that a candidate stands in, by its left edge.
fn column(c: &Candidate) -> (usize, i32) {
    (c.page, (c.bbox[0] / 4.0).round() as i32)
}

impl Order {
    fn of(scene: &Scene<'_>) -> Self {
        let mut last = std::collections::HashMap::new();
        let mut of_kind = Vec::with_capacity(scene.candidates.len());
        for c in scene.candidates {
            let n = last.entry(c.kind).or_insert(0);
            of_kind.push(*n);
            *n += 1;
        }
        let mut columns = std::collections::HashMap::new();
        for c in scene.candidates.iter().filter(|c| c.kind == Kind::Date) {
            *columns.entry(column(c)).or_insert(0) += 1;
        }
        let mut dates: Vec<_> = scene.candidates.iter().filter_map(|c| c.date).collect();
        dates.sort_unstable();
        dates.dedup();
        Self { of_kind, last, dates, columns }
    }
}

fn one(scene: &Scene<'_>, order: &Order, i: usize) -> Row {
    let (c, f) = (&scene.candidates[i], &scene.features[i]);
    let layout = &scene.pages[c.page];
    let mut sheet = Sheet::new();
    surroundings(&mut sheet, scene, layout, c);
    for (concept, strength) in f.label.iter().enumerate().take(CONCEPTS) {
        if *strength > 0.15 {
            sheet.put("concept", concept as u64, 2.0 * strength);
            let step = [0.4, 0.6, 0.8, 0.92].iter().filter(|s| strength > *s).count() as u64;
            sheet.flag("concept step", concept as u64 * 8 + step);
        }
    }
    let top = (0..CONCEPTS).max_by(|a, b| f.label[*a].total_cmp(&f.label[*b])).filter(|t| f.label[*t] > 0.3);
    let top = top.map_or(99, |t| t as u64);
    sheet.flag("top", top);
    sheet.flag("top kind", top ^ rows_hash(scene.kind.as_bytes()));
    place(&mut sheet, scene, layout, c, f);
    let n = order.of_kind[i];
    sheet.step("order", n as f32, &[0.5, 1.5, 2.5, 4.5, 8.5, 16.5]);
    let all = order.last.get(&c.kind).copied().unwrap_or(1);
    sheet.step("order back", (all - 1 - n) as f32, &[0.5, 1.5, 2.5, 4.5, 8.5, 16.5]);
    sheet.step("count", f.count as f32, &[1.5, 2.5, 4.5, 8.5]);
    // An article's number is none of the document; of days and amounts their columns say enough.
    if scene.in_rows[i] && c.kind == Kind::Id {
        sheet.put("in row", 0, 2.0);
        sheet.flag("in row top", top);
    }
    match c.kind {
        Kind::Date => date(&mut sheet, order, c),
        Kind::Amount => amount(&mut sheet, scene, c, f, top),
        Kind::Id => id(&mut sheet, c),
        Kind::Name => name(&mut sheet, scene, c, f, (scene.hints[i], scene.repeats[i])),
        Kind::Choice => sheet.put("ticked", u64::from(c.ticked == Some(true)), 2.0),
        Kind::Iban | Kind::Bic | Kind::Vat => sheet.word("country", country(&c.value), 1.0),
    }
    sheet.into_row()
}

/// Words beside, above and below.
fn surroundings(sheet: &mut Sheet, scene: &Scene<'_>, layout: &Layout, c: &Candidate) {
    let segment = &layout.segments[c.segment];
    let height = segment.height();
    let inside = plain(segment.text.get(..c.span.0).unwrap_or_default());
    let left = layout.left_of(c.bbox).find(|s| !std::ptr::eq(*s, segment));
    let near = if inside.is_empty() { left.map_or("", |s| s.tail.as_str()) } else { inside.as_str() };
    label(sheet, scene.lexicon, "left", near);
    if inside.is_empty() {
        if let Some(left) = left {
            sheet.step("left gap", (c.bbox[0] - left.bbox[2]) / height, &[0.5, 1.0, 2.0, 4.0, 8.0, 16.0]);
            sheet.flag("left colon", u64::from(left.text.ends_with(':')));
            sheet.flag("left digits", u64::from(left.text.contains(|ch: char| ch.is_ascii_digit())));
        }
    } else {
        sheet.flag("inside", 1);
        if let Some(left) = left {
            label(sheet, scene.lexicon, "left2", &left.tail);
        }
    }
    let mut above = layout.above(c.bbox);
    if let Some(first) = above.next() {
        let gap = (c.bbox[1] - first.bbox[3]) / height;
        sheet.step("above gap", gap, &[0.3, 0.8, 1.5, 3.0, 8.0]);
        label(sheet, scene.lexicon, "above", &first.plain_within(c.bbox[0] - height, c.bbox[2] + height));
        sheet.flag("above digits", u64::from(first.text.contains(|ch: char| ch.is_ascii_digit())));
        // The header of a column stands above its first number.
        let worded = |s: &&Segment| !s.text.contains(|ch: char| ch.is_ascii_digit());
        let header = if worded(&first) { Some(first) } else { above.take(30).find(worded) };
        if let Some(header) = header {
            label(sheet, scene.lexicon, "head", &header.plain_within(c.bbox[0] - height, c.bbox[2] + height));
        }
    } else {
        sheet.flag("top of page", 1);
    }
    let after = segment.text.get(c.span.1..).unwrap_or_default();
    let next = layout.segments.get(c.segment + 1).filter(|n| n.line == segment.line);
    let right =
        if after.trim().is_empty() { next.map_or(String::new(), |n| n.plain.clone()) } else { plain(after) };
    for word in right.split(' ').filter(|w| !w.is_empty()).take(2) {
        sheet.word("right", &masked(word), 0.7);
    }
    if let Some(below) = below(layout, c.bbox) {
        for word in below.plain.split(' ').take(3) {
            sheet.word("below", &masked(word), 0.5);
        }
    } else {
        sheet.flag("nothing below", 1);
    }
}

/// The nearest segment below that overlaps from left to right, within three lines.
pub(crate) fn below(layout: &Layout, place: Box4) -> Option<&Segment> {
    let height = (place[3] - place[1]).max(1.0);
    let under = layout.segments.iter().filter(|s| {
        s.bbox[1] >= place[3] - 0.4 * height
            && s.bbox[1] - place[3] < 3.0 * height
            && s.bbox[2] > place[0]
            && s.bbox[0] < place[2]
    });
    under.min_by(|a, b| a.bbox[1].total_cmp(&b.bbox[1]))
}

fn label(sheet: &mut Sheet, lexicon: &Lexicon, space: &str, text: &str) {
    if text.is_empty() {
        sheet.word(space, "", 1.0);
        return;
    }
    let words: Vec<String> = text.split(' ').map(masked).collect();
    for word in words.iter().rev().take(4) {
        sheet.word(space, word, 0.6);
    }
    let tail = words[words.len().saturating_sub(2)..].join(" ");
    sheet.put(space, rows_hash(tail.as_bytes()) ^ 2, 0.8);
    if words.len() <= 5 {
        sheet.put(space, rows_hash(words.join(" ").as_bytes()) ^ 3, 1.0);
    }
    let strengths = lexicon.strengths(text);
    let top = (0..CONCEPTS).max_by(|a, b| strengths[*a].total_cmp(&strengths[*b]));
    let top = top.filter(|t| strengths[*t] > 0.4).map_or(99, |t| t as u64);
    sheet.put(space, top ^ 0xc000_0000, 1.0);
}

/// Digits of a word say only how many there are.
pub(crate) fn masked(word: &str) -> String {
    if word.contains(|c: char| c.is_ascii_digit()) {
        word.chars().take(12).map(|c| if c.is_ascii_digit() { '9' } else { c }).collect()
    } else {
        word.to_owned()
    }
}

fn place(sheet: &mut Sheet, scene: &Scene<'_>, layout: &Layout, c: &Candidate, f: &Features) {
    sheet.step("x", f.x, &[0.15, 0.3, 0.45, 0.6, 0.75, 0.9]);
    sheet.step("y", f.y, &[0.06, 0.12, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]);
    sheet.flag("page", f.page.min(3) as u64);
    sheet.flag("page back", f.from_last.min(3) as u64);
    sheet.step("size", f.size, &[0.8, 1.1, 1.3, 1.7, 2.5]);
    sheet.flag("ocr", u64::from(layout.source == TextSource::Ocr));
    sheet.flag("kind", rows_hash(scene.kind.as_bytes()));
    sheet.flag("alone", u64::from(f.alone));
    sheet.flag("bracketed", u64::from(f.bracketed));
    let line = layout.segments[c.segment].line;
    let on_line = layout.lines.get(line).map_or(1, ExactSizeIterator::len);
    sheet.step("on line", on_line as f32, &[1.5, 2.5, 3.5, 5.5]);
    sheet.step("line", line as f32, &[0.5, 1.5, 2.5, 4.5, 7.5, 12.5, 20.5]);
    let back = layout.lines.len().saturating_sub(line + 1);
    sheet.step("line back", back as f32, &[0.5, 2.5, 5.5, 10.5, 20.5]);
}

fn date(sheet: &mut Sheet, order: &Order, c: &Candidate) {
    sheet.flag(
        "range",
        match c.range {
            None => 0,
            Some(true) => 1,
            Some(false) => 2,
        },
    );
    let Some(date) = c.date else { return };
    let n = order.dates.partition_point(|d| *d < date);
    sheet.step("earlier", n as f32, &[0.5, 1.5, 2.5, 4.5]);
    sheet.step("later", order.dates.len().saturating_sub(n + 1) as f32, &[0.5, 1.5, 2.5, 4.5]);
    sheet.flag("readings", c.dates.len() as u64);
    let beside = order.columns.get(&column(c)).copied().unwrap_or(1);
    sheet.step("dates of column", beside as f32, &[1.5, 2.5, 4.5]);
    sheet.step("dates", order.dates.len() as f32, &[1.5, 2.5, 4.5, 10.5]);
}

fn amount(sheet: &mut Sheet, scene: &Scene<'_>, c: &Candidate, f: &Features, top: u64) {
    sheet.flag("monetary", u64::from(c.monetary));
    sheet.flag("cents", u64::from(c.amount.scale() == 2));
    sheet.flag("sign", u64::from(c.amount.is_sign_negative()) + 2 * u64::from(c.amount.is_zero()));
    sheet.flag("currency", u64::from(c.currency.is_some()));
    sheet.step("rank", f.rank, &[0.001, 0.05, 0.12, 0.25, 0.5, 0.8]);
    for relation in scene.relations.of(c) {
        sheet.put("relation", relation, super::relations::weight(relation));
        sheet.flag("relation top", relation * 100 + top);
    }
    sheet.flag("rank top", u64::from(f.rank < 0.001) * 100 + top);
}

fn id(sheet: &mut Sheet, c: &Candidate) {
    let mut shape = String::new();
    for ch in c.value.chars().take(24) {
        let class = if ch.is_ascii_digit() {
            '9'
        } else if ch.is_alphabetic() {
            'A'
        } else {
            ch
        };
        if !shape.ends_with(class) {
            shape.push(class);
        }
    }
    sheet.word("shape", &shape, 1.0);
    let digits = c.value.chars().filter(char::is_ascii_digit).count();
    sheet.step("digits", digits as f32, &[1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 8.5, 10.5, 14.5]);
    sheet.word("long shape", &masked(&c.value), 0.5);
    let letters: String = c.value.chars().take_while(|ch| ch.is_alphabetic()).take(4).collect();
    sheet.word("prefix", &letters, 0.5);
    let cents = c.value.len() > 3 && matches!(c.value.as_bytes().get(c.value.len() - 3), Some(b'.' | b','));
    sheet.flag("like money", u64::from(cents));
}

/// The country's letters of an account or a VAT id; none where it is written as at home.
fn country(value: &str) -> &str {
    value.get(..2).filter(|c| c.bytes().all(|b| b.is_ascii_alphabetic())).unwrap_or("")
}

fn name(sheet: &mut Sheet, scene: &Scene<'_>, c: &Candidate, f: &Features, (hint, repeats): (Hint, Repeats)) {
    let text = plain(&c.value);
    let words: Vec<&str> = text.split(' ').collect();
    for word in words.iter().take(8) {
        sheet.word("name", &masked(word), 0.5);
    }
    if let (Some(first), Some(last)) = (words.first(), words.last()) {
        sheet.word("name first", first, 0.5);
        sheet.word("name last", last, 0.5);
    }
    sheet.flag("legal", u64::from(legal::has(&text)));
    sheet.put("bank", 0, if words.iter().any(|w| legal::is_bank(w)) { 2.0 } else { 0.0 });
    sheet.step("words", words.len() as f32, &[1.5, 2.5, 3.5, 5.5, 8.5]);
    // What consists of words of labels is one, whatever it is a label of: `Order Brand`.
    let labels = words.iter().filter(|w| super::lexicon::is_label_word(w)).count();
    let share = labels as f32 / words.len().max(1) as f32;
    sheet.step("label words", share, &[0.01, 0.4, 0.7, 0.99]);
    sheet.put("all label words", 0, if share > 0.99 { 3.0 } else { 0.0 });
    let digits = c.value.chars().filter(char::is_ascii_digit).count();
    sheet.step("name digits", digits as f32, &[0.5, 2.5, 4.5, 8.5]);
    sheet.flag("caps", u64::from(!c.value.chars().any(char::is_lowercase)));
    sheet.step("labelness", f.labelness, &[0.3, 0.6, 0.8, 0.95]);
    sheet.flag("postcode inside", u64::from(super::parties::has_postcode(&c.value)));
    sheet.flag("colon", u64::from(c.raw.contains(':')));
    sheet.flag("slash", u64::from(c.value.contains('/')));
    sheet.flag("closed", u64::from(c.value.ends_with(')')));
    sheet.flag("opened", u64::from(c.value.contains('(') != c.value.contains(')')));
    let segment = &scene.pages[c.page].segments[c.segment];
    sheet.flag("from start", u64::from(c.span.0 == 0));
    sheet.flag("to end", u64::from(c.span.1 >= segment.text.trim_end().len()));
    sheet.flag("joined", u64::from(c.raw.len() > segment.text.len()));
    sheet.put("seller hint", 0, 2.0 * hint.seller);
    sheet.put("buyer hint", 0, 2.0 * hint.buyer);
    sheet.step("seller step", hint.seller, &[0.01, 0.2, 0.35, 0.5, 0.65, 0.8, 1.0]);
    sheet.step("buyer step", hint.buyer, &[0.01, 0.2, 0.35, 0.5, 0.65]);
    sheet.flag("postcode at", hint.postcode);
    sheet.flag("top of block", u64::from(hint.top) + 2 * u64::from(hint.postcode > 0));
    // What holds whoever issued it counts for more than its words and its place.
    sheet.put("sender", u64::from(hint.sender), 2.0);
    sheet.put("brand", u64::from(repeats.brand), 2.0);
    sheet.put("fuller", u64::from(repeats.fuller), 2.0);
    sheet.put("web", repeats.web, 2.0);
    sheet.flag("said", repeats.said);
    // The letterhead of an order is the buyer's.
    if scene.kind == "order" {
        sheet.put("order seller hint", 0, 2.0 * hint.seller);
        sheet.put("order buyer hint", 0, 2.0 * hint.buyer);
        sheet.put("order brand", u64::from(repeats.brand), 2.0);
        sheet.put("order fuller", u64::from(repeats.fuller), 2.0);
        sheet.put("order sender", u64::from(hint.sender), 2.0);
        sheet.put("order web", repeats.web, 2.0);
        sheet.flag("order block", u64::from(hint.top) + 2 * u64::from(hint.postcode > 0));
        sheet.step("order y", f.y, &[0.06, 0.12, 0.2, 0.3, 0.5, 0.85]);
    }
    if let Some(below) = below(&scene.pages[c.page], c.bbox) {
        sheet.flag("postcode below", u64::from(super::parties::has_postcode(&below.text)));
    }
}
