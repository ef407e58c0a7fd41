//! A document between the steps: laid out, its candidates found and measured.
//!
//! Owns what is computed once for all fields. Knows no value that was chosen. Rule: rules and trained scorers see the same
//! candidates.

use super::blocks::{self, Block};
use super::candidate::{self, Candidate, Kind};
use super::decide::{Judged, Pick, Scored};
use super::describe::{self, Scene};
use super::features::{self, Features};
use super::fields::{Role, Want};
use super::joint::Ranked;
use super::layout::{Layout, Segment};
use super::lexicon::{self, Concept, Lexicon};
use super::model::{Model, Scorer};
use super::own::{self, Side};
use super::parties::{self, Hint};
use super::recap::{self, Recap};
use super::relations::{self, Relations};
use super::{addresses, currency, domestic, items, kind, novelty, references, repeats, score, titles};
use docmill_contracts::{DocumentType, TextSource};
use docmill_document::date::{Evidence, Form};
use docmill_learn::{Linear, Row};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Rows of one field: what each was read from, the form in which it is compared, its features.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// What each row was read from.
    pub picks: Vec<Pick>,
    /// Values.
    pub values: Vec<String>,
    /// Features.
    pub rows: Vec<Row>,
    /// Scores of the rules.
    pub rules: Vec<f32>,
}

/// The type of document whose writer is the seller, of which most examples are.
const WRITTEN: &str = "invoice";

/// A document between the steps.
pub struct Work {
    pub(crate) pages: Vec<Layout>,
    pub(crate) candidates: Vec<Candidate>,
    pub(crate) features: Vec<Features>,
    pub(crate) kind: DocumentType,
    pub(crate) blocks: Vec<Block>,
    /// How the document writes its dates.
    pub(crate) evidence: Evidence,
    hints: Vec<Hint>,
    totals: BTreeMap<Decimal, f32>,
    rows: Vec<Row>,
    /// Rows of net, tax and gross, and the taxes of those that others add up to.
    pub(crate) recaps: Vec<Recap>,
    taxes_of_sums: BTreeSet<usize>,
    /// The largest amount of money, without its sign.
    largest: Decimal,
    /// The rows of parties where the buyer wrote the document, as if it were the seller's: who wrote it stands where who
    /// writes stands.
    of_writer: Option<Vec<Row>>,
}

impl Work {
    /// Lays out and measures. `described`: rows for trained scorers are made, too.
    pub fn of(
        pages: Vec<Layout>,
        lexicon: &Lexicon,
        hint: Option<&str>,
        described: bool,
        kinds: Option<&Linear>,
    ) -> Self {
        let mut candidates: Vec<Candidate> =
            pages.iter().enumerate().flat_map(|(i, page)| candidate::find(page, i)).collect();
        candidates.extend(own::candidates(&pages, lexicon.profiles(), &candidates));
        if !lexicon.profiles().is_empty() {
            own::point(&mut candidates);
        }
        currency::thousandths(&pages, &mut candidates);
        if let Some(first) = pages.first().filter(|p| p.source == TextSource::Ocr) {
            parties::join_names(first, &mut candidates);
        }
        let mut evidence = read_dates(&pages, &mut candidates);
        let kind = match kinds {
            Some(scorer) => kind::classify_by(scorer, &pages, &candidates, hint),
            None => kind::classify(&pages, &candidates, hint),
        };
        let mut features = features::measure(&pages, &candidates, lexicon);
        if let Some(form) = due_after_issue(&evidence, &candidates, &features) {
            evidence.due = Some(form);
            choose_dates(&evidence, &mut candidates);
            features = features::measure(&pages, &candidates, lexicon);
        }
        features.iter_mut().for_each(|f| f.of_delivery_note(kind.value == "delivery_note"));
        if kind.value.starts_with("order") {
            features.iter_mut().for_each(Features::of_order);
        }
        let receipt = kind.value == "receipt";
        let hints = parties::suggest(&pages, &candidates, &features, lexicon, receipt);
        let totals = if receipt { relations::receipt_total(&candidates, &features) } else { BTreeMap::new() };
        let money = candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary);
        let largest = money.map(|c| c.amount.abs()).max().unwrap_or_default();
        let mut work = Self {
            pages,
            candidates,
            features,
            kind,
            blocks: Vec::new(),
            evidence,
            hints,
            totals,
            rows: Vec::new(),
            recaps: Vec::new(),
            taxes_of_sums: BTreeSet::new(),
            largest,
            of_writer: None,
        };
        if described {
            work.describe(lexicon);
        }
        work
    }

    fn describe(&mut self, lexicon: &Lexicon) {
        self.recaps = recap::find(&self.pages, &self.candidates);
        self.taxes_of_sums = self.recaps.iter().filter(|r| r.rows > 0).map(|r| r.at[1]).collect();
        let relations = Relations::of_all(&self.pages, &self.candidates, &self.features, &self.recaps);
        let repeats = repeats::find(&self.pages, &self.candidates);
        // A slip is all rows.
        let in_rows = if self.is_slip() {
            vec![false; self.candidates.len()]
        } else {
            items::find(&self.pages, &self.candidates, &self.kind.value, lexicon)
        };
        let scene = Scene {
            pages: &self.pages,
            candidates: &self.candidates,
            features: &self.features,
            kind: &self.kind.value,
            lexicon,
            hints: &self.hints,
            repeats: &repeats,
            relations: &relations,
            in_rows: &in_rows,
        };
        self.rows = describe::shared(&scene);
        let written = self.pages.first().is_some_and(|p| kind::is_by_buyer(p, &self.kind.value));
        if written && !self.has_headings() {
            self.of_writer = Some(describe::shared(&Scene { kind: WRITTEN, ..scene }));
        }
        if self.is_slip()
            && let Some(first) = self.pages.first()
        {
            self.blocks = blocks::find(first);
        }
    }

    /// Whether a heading names a party of the document: what it says counts more than who wrote it.
    fn has_headings(&self) -> bool {
        let to = |c: &Candidate| {
            let page = &self.pages[c.page];
            let before = page.left_of(c.bbox).next().map(|s| s.plain.clone()).unwrap_or_default();
            let own = page.segments[c.segment].text.get(..c.span.0).map(lexicon::plain).unwrap_or_default();
            [before, own]
                .iter()
                .any(|label| matches!(label.as_str(), "to" | "an" | "a" | "aan" | "till" | "til"))
        };
        self.candidates.iter().zip(&self.features).any(|(c, f)| {
            let heading = f.of(Concept::Seller).max(f.of(Concept::Buyer)) > 0.8;
            c.kind == Kind::Name && c.page == 0 && heading && !to(c)
        })
    }

    /// The field as that of which one is scored: the buyer who wrote a document stands where sellers do who write one.
    pub(crate) fn as_written<'a>(&self, wants: &'a [Want], want: &'a Want) -> &'a Want {
        let other = match want.role {
            Role::SellerName => Role::BuyerName,
            Role::BuyerName => Role::SellerName,
            Role::SellerVat => Role::BuyerVat,
            Role::BuyerVat => Role::SellerVat,
            _ => return want,
        };
        let swapped = self.of_writer.is_some() && want.own.is_none();
        wants.iter().find(|w| swapped && w.role == other && w.own.is_none()).unwrap_or(want)
    }

    /// What makes the layout of its first page.
    pub fn signature(&self) -> Vec<u32> {
        self.pages.first().map(novelty::signature).unwrap_or_default()
    }

    /// How unlike known layouts it is; none where none are known.
    pub fn novelty(&self, known: &[Vec<u32>]) -> Option<f64> {
        novelty::novelty(&self.signature(), known)
    }

    /// The types, each with what is known for it.
    pub fn kind_rows(&self) -> Vec<(&'static str, Row)> {
        kind::rows(&self.pages, &self.candidates, None)
    }

    /// Receipts are one column, read by whole lines.
    pub(crate) fn is_slip(&self) -> bool {
        self.kind.value == "receipt"
    }

    /// Whether a field is read by runs of lines.
    fn by_blocks(&self, want: &Want) -> bool {
        self.is_slip() && matches!(want.role, Role::SellerName | Role::SellerAddress)
    }

    /// Name of the scorer of a field for this document.
    pub fn scorer_name(&self, want: &Want) -> String {
        // What is paid stands among what was given and returned, as on no invoice.
        let own = self.by_blocks(want) || (self.is_slip() && want.role == Role::Gross);
        if own { format!("{}@slip", want.name) } else { want.name.clone() }
    }

    /// The scorer of a field for this document; that of other documents where slips have none of their own.
    pub(crate) fn scorer<'a>(&self, want: &Want, model: &'a Model) -> Option<&'a Scorer> {
        let other = || if self.by_blocks(want) { None } else { model.scorer(&want.name) };
        model.scorer(&self.scorer_name(want)).or_else(other)
    }

    /// The value of a candidate: a credit note states what is credited, with or without a minus.
    fn value(&self, want: &Want, i: usize) -> String {
        let value = &self.candidates[i].value;
        let total = matches!(want.role, Role::Net | Role::Tax | Role::Gross | Role::Due);
        if total && self.kind.value == "credit_note" {
            value.trim_start_matches('-').to_owned()
        } else {
            value.clone()
        }
    }

    /// The row of "none of them".
    pub fn none_row(&self) -> Row {
        describe::none(&self.kind.value)
    }

    /// Fit of a candidate by rules alone.
    /// `by_words`: as a feature of a trained scorer.
    pub(crate) fn rule(&self, want: &Want, i: usize, by_words: bool) -> f32 {
        let (c, f) = (&self.candidates[i], &self.features[i]);
        let receipt = self.is_slip();
        let by_label = score::score(want, c, f, score::Document { kind: &self.kind.value, by_words });
        match want.role {
            Role::SellerName if receipt => self.hints[i].seller * 1.1,
            Role::SellerName => by_label.max(self.hints[i].seller),
            Role::BuyerName => by_label.max(self.hints[i].buyer),
            Role::Gross => by_label + self.totals.get(&c.amount).copied().unwrap_or_default(),
            _ => by_label,
        }
    }

    /// The party that stands where a paper's issuer or addressee does, and that no other field was given.
    pub(crate) fn by_place(&self, side: Side, taken: &[usize]) -> Option<usize> {
        const LEAST: f32 = 0.3;
        let named: Vec<&str> = taken.iter().map(|i| self.candidates[*i].value.as_str()).collect();
        let fit = |i: &usize| match side {
            Side::Issuer => self.hints[*i].seller,
            Side::Addressee => self.hints[*i].buyer,
        };
        let free = |i: &usize| {
            let c = &self.candidates[*i];
            c.kind == Kind::Name
                && c.page == 0
                && !named.contains(&c.value.as_str())
                && !own::pairs::is_key(&c.value)
        };
        let best =
            (0..self.candidates.len()).filter(free).max_by(|a, b| fit(a).total_cmp(&fit(b)).then(b.cmp(a)));
        best.filter(|i| fit(i) >= LEAST)
    }

    /// Candidates of a field, best first, by rules.
    pub(crate) fn ranked(&self, want: &Want) -> Ranked {
        let usable = (0..self.candidates.len()).filter(|i| self.may_be(want, *i));
        let list = usable.map(|i| (i, self.rule(want, i, false))).filter(|(_, fit)| *fit > 0.0);
        Ranked::of(list.collect(), &self.candidates)
    }

    /// The rows of a field, for training.
    pub fn asked(&self, want: &Want) -> Asked {
        let mut asked = Asked::default();
        if self.by_blocks(want) {
            for (i, block) in self.blocks.iter().enumerate() {
                asked.picks.push(Pick::Block(i));
                asked.values.push(block.value.clone());
                asked.rows.push(block.row.clone());
                asked.rules.push(0.0);
            }
            return asked;
        }
        let usable: Vec<usize> =
            (0..self.rows.len()).filter(|i| score::takes(want.role, self.candidates[*i].kind)).collect();
        let rules: Vec<f32> = usable.iter().map(|i| self.rule(want, *i, true)).collect();
        let best = rules.iter().copied().fold(f32::MIN, f32::max);
        for (i, rule) in usable.into_iter().zip(rules) {
            let mut row = self.rows[i].clone();
            row.extend(describe::own(want, &self.features[i], rule, best));
            asked.picks.push(Pick::Candidate(i));
            asked.values.push(self.value(want, i));
            asked.rows.push(row);
            asked.rules.push(rule);
        }
        asked
    }

    /// Scores of a field's possible values; `key` is the form in which they are compared.
    pub(crate) fn judge(&self, want: &Want, scorer: &Scorer, key: impl Fn(&str) -> String) -> Judged {
        let party =
            matches!(want.role, Role::SellerName | Role::BuyerName | Role::SellerVat | Role::BuyerVat);
        let of_writer = self.of_writer.as_ref().filter(|_| party && want.own.is_none());
        let rows = of_writer.unwrap_or(&self.rows);
        let none = match of_writer {
            Some(_) => scorer.linear.score(&describe::none(WRITTEN)),
            None => scorer.linear.score(&self.none_row()),
        };
        let mut all = Vec::new();
        if self.by_blocks(want) {
            for (i, block) in self.blocks.iter().enumerate() {
                let score = scorer.linear.score(&block.row);
                all.push(Scored { pick: Pick::Block(i), key: key(&block.value), score });
            }
            return Judged::of(all, none);
        }
        let usable: Vec<usize> = (0..self.rows.len()).filter(|i| self.may_be(want, *i)).collect();
        let rules: Vec<f32> = usable.iter().map(|i| self.rule(want, *i, true)).collect();
        let best = rules.iter().copied().fold(f32::MIN, f32::max);
        for (i, rule) in usable.into_iter().zip(rules) {
            let own = describe::own(want, &self.features[i], rule, best);
            let score = scorer.linear.score(&rows[i]) + scorer.linear.score(&own);
            all.push(Scored { pick: Pick::Candidate(i), key: key(&self.value(want, i)), score });
        }
        Judged::of(all, none)
    }
}

impl Work {
    /// Whether a candidate may be a field's value, by rules or by a scorer.
    fn may_be(&self, want: &Want, i: usize) -> bool {
        let (c, f) = (&self.candidates[i], &self.features[i]);
        if !score::takes(want.role, c.kind) {
            return false;
        }
        if c.kind == Kind::Choice && !want.allowed.contains(&c.value) {
            return false;
        }
        match want.role {
            // A tenant may have a field for what is a title to others.
            Role::SellerName | Role::BuyerName => {
                let title = || titles::is_title(&c.value) || titles::after_label(&c.value).is_some();
                let address = || addresses::is_address(&c.value) || domestic::ends_with_postcode(&c.value);
                want.own.is_some() || !title() && !address()
            }
            Role::Tax => {
                // What a tenant's own label names is what the tenant calls so; the tax of a row that others add up to needs no label.
                want.own.map_or(0.0, |own| f.own(own)) > 0.6
                    || !self.is_no_tax(i) && !self.is_too_much(i)
                    || self.taxes_of_sums.contains(&i)
            }
            Role::PurchaseOrder => {
                want.own.is_some() || references::may_be(&self.pages[c.page].segments[c.segment], c)
            }
            // `10g 65mm` is a size.
            Role::Number => want.own.is_some() || !is_size(&c.value),
            Role::DueDate => want.own.is_some() || !self.is_for_discount(i),
            // Nothing is to be paid on an order.
            // What is delivered is counted, not paid.
            Role::Net | Role::Gross if self.kind.value == "delivery_note" => want.own.is_some() || c.monetary,
            Role::Due => {
                want.own.is_some() || !matches!(self.kind.value.as_str(), "order" | "order_response")
            }
            _ => true,
        }
    }

    /// A number whose label says that it is another one's: of the customer, of the project, of the delivery. Where it
    /// stands in for a number that the document has not, a person should see it.
    pub(crate) fn is_of_another(&self, i: usize) -> bool {
        let f = &self.features[i];
        let invoice = matches!(self.kind.value.as_str(), "invoice" | "credit_note");
        let another = f.of(Concept::OtherNo).max(if invoice {
            f.of(Concept::PurchaseOrder).max(f.of(Concept::ContractNo))
        } else {
            0.0
        });
        another > 0.85 && f.of(Concept::InvoiceNo) < 0.4
    }

    /// `11.07.2026 mit 2 % Skonto`: until then less is to be paid, which is not until when to pay.
    fn is_for_discount(&self, i: usize) -> bool {
        const WORDS: [&str; 6] = ["skonto", "discount", "escompte", "sconto", "korting", "descuento"];
        let c = &self.candidates[i];
        let text = &self.pages[c.page].segments[c.segment].text;
        let rest: String = text.get(c.span.1..).unwrap_or_default().chars().take(32).collect();
        // What is behind another day belongs to that one.
        let rest = match rest.find([';', '/']) {
            Some(at) => rest[..at].to_lowercase(),
            None => rest.to_lowercase(),
        };
        rest.contains('%') && WORDS.iter().any(|w| rest.contains(w))
    }

    /// An amount that is too much for a tax: the highest rates are some 27 % of the net total, which is less than a fourth of the gross.
    fn is_too_much(&self, i: usize) -> bool {
        const PARTS: i64 = 3;
        self.candidates[i].amount.abs() * Decimal::from(PARTS) > self.largest
    }

    /// An amount that nothing calls a tax, or whose label says that it is something else that net and gross differ by: an
    /// agency's commission, a discount, a rebate.
    fn is_no_tax(&self, i: usize) -> bool {
        let (c, f) = (&self.candidates[i], &self.features[i]);
        // Where amounts are written with cents, a bare `2` beside `Tax` is a code or a page.
        let bare = !c.monetary && !c.amount.is_zero() && self.candidates.iter().any(|c| c.monetary);
        bare || f.of(Concept::Tax) < 0.3 || (f.of(Concept::OtherAmount) > 0.6 && f.of(Concept::Tax) < 0.6)
    }
}

/// Whether what looks like a number of something says how large or how much something is.
fn is_size(value: &str) -> bool {
    const UNITS: [&str; 10] = ["mm", "cm", "ml", "cl", "dl", "kg", "gr", "g", "l", "m"];
    let lower = value.to_lowercase();
    let digits = |rest: &str| rest.ends_with(|c: char| c.is_ascii_digit());
    let ends = UNITS.iter().any(|unit| lower.strip_suffix(unit).is_some_and(digits));
    ends && value.chars().filter(char::is_ascii_digit).count() < 6
}

/// Decides between the readings of dates by the other dates of the document and by where it seems to come from.
fn read_dates(pages: &[Layout], candidates: &mut [Candidate]) -> Evidence {
    let dollars = candidates.iter().filter(|c| c.currency == Some("USD")).count();
    let others = candidates.iter().filter(|c| c.currency.is_some_and(|c| c != "USD")).count();
    let american = dollars > others
        || (others <= dollars && {
            const WORDS: [&str; 4] = ["zip", "advertiser", "sales tax", "po box"];
            let said =
                |s: &Segment| WORDS.iter().any(|w| s.plain.contains(w)) || parties::is_american(&s.text);
            pages.iter().take(1).any(|p| p.segments.iter().any(said))
        });
    let locale = if american { Form::MonthFirst } else { Form::DayFirst };
    let evidence = {
        let dates = candidates.iter().filter(|c| c.kind == Kind::Date).map(|c| c.dates.as_slice());
        Evidence::of(dates, Some(locale))
    };
    choose_dates(&evidence, candidates);
    evidence
}

fn choose_dates(evidence: &Evidence, candidates: &mut [Candidate]) {
    for c in candidates.iter_mut().filter(|c| c.kind == Kind::Date) {
        if let Some((reading, _)) = evidence.choose(&c.dates) {
            c.date = Some(reading.date);
            c.value = reading.date.to_string();
        }
    }
}

/// The order of parts in which a day of payment is not before the day of issue, where only one of the two orders is so
/// and no other date says how dates are written.
fn due_after_issue(evidence: &Evidence, candidates: &[Candidate], features: &[Features]) -> Option<Form> {
    if evidence.day_first != evidence.month_first {
        return None;
    }
    let labelled = |concept: Concept| {
        let of = candidates
            .iter()
            .zip(features)
            .filter(move |(c, f)| c.kind == Kind::Date && f.of(concept) > 0.85);
        of.max_by(|a, b| a.1.of(concept).total_cmp(&b.1.of(concept))).map(|(c, _)| c)
    };
    let (issue, due) = (labelled(Concept::IssueDate)?, labelled(Concept::DueDate)?);
    if issue.dates.len() < 2 && due.dates.len() < 2 {
        return None;
    }
    let day = |c: &Candidate, form: Form| {
        c.dates
            .iter()
            .find(|r| r.form == form)
            .or(c.dates.first().filter(|_| c.dates.len() == 1))
            .map(|r| r.date)
    };
    let holds = |form: Form| Some(day(due, form)? >= day(issue, form)?);
    match (holds(Form::DayFirst)?, holds(Form::MonthFirst)?) {
        (true, false) => Some(Form::DayFirst),
        (false, true) => Some(Form::MonthFirst),
        _ => None,
    }
}
