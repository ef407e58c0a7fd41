//! From chosen values to the fields of a result.
//!
//! Owns which value a field gets, by trained scorers where there are some and by rules elsewhere, and what it says about
//! itself. Rule: a field has one value, with the place that it was read from.

use super::asides::Summed;
use super::decide::{self, Decided, Judged, Pick};
use super::fields::{Role, Want};
use super::joint::{self, Choice, Ranked};
use super::layout::Box4;
use super::model::{self, Model};
use super::own::Form;
use super::table::Column;
use super::work::Work;
use super::{MODEL_VERSION, addresses, candidate, own, parties, references, score};
use crate::extract::ENGINE_LOCAL;
use candidate::{Candidate, Kind};
use docmill_contracts::{Field, Fields, Problem, Reading, Severity};
use docmill_document::date::Why;
use docmill_document::unit;
use std::collections::HashMap;

impl Work {
    fn rank(&self, wants: &[Want]) -> Vec<Ranked> {
        wants.iter().map(|want| self.ranked(want)).collect()
    }

    /// The best candidates of each field, for people who tune rules.
    pub(crate) fn explain(&self, wants: &[Want]) -> String {
        let mut out = format!("type {:?}\n", self.kind);
        for (want, ranked) in wants.iter().zip(self.rank(wants)) {
            for (i, score) in ranked.list.iter().take(6) {
                let (c, f) = (&self.candidates[*i], &self.features[*i]);
                let mut labels: Vec<(usize, f32)> =
                    f.label.iter().copied().enumerate().filter(|l| l.1 > 0.3).collect();
                labels.sort_by(|a, b| b.1.total_cmp(&a.1));
                labels.truncate(4);
                let (page, y) = (c.page + 1, c.bbox[1]);
                let line = format!(
                    "{:16} {score:.3} {:30} p{page} y{y:.0} {:?} {labels:?}\n",
                    want.name, c.value, c.range
                );
                out.push_str(&line);
            }
        }
        out
    }

    /// The fields of the document; `trained` has scorers for some or all of them.
    pub(crate) fn fields(&self, wants: &[Want], trained: Option<&Model>) -> Fields {
        let mut fields = self.by_rules(wants);
        if let Some(model) = trained {
            let judged = self.judged(wants, model);
            let decided = self.decided(wants, &judged, &model.layouts);
            if !self.is_slip() {
                let named = |role: Role| {
                    let i = wants.iter().position(|w| w.role == role)?;
                    let want = self.as_written(wants, &wants[i]);
                    let (decided, scorer) = (decided[i].as_ref()?, self.scorer(want, model)?);
                    match decided.pick {
                        Pick::Candidate(c) => Some((c, scorer.platt.probability(&decided.numbers()))),
                        Pick::Block(_) => None,
                    }
                };
                self.addresses(wants, named, &mut fields);
            }
            for (want, (judged, decided)) in wants.iter().zip(judged.iter().zip(&decided)) {
                // The address is the one that belongs to the name; only slips have scorers of their own for it.
                if matches!(want.role, Role::SellerAddress | Role::BuyerAddress) && !self.is_slip() {
                    continue;
                }
                let scored_as = self.as_written(wants, want);
                let (Some(judged), Some(scorer)) = (judged, self.scorer(scored_as, model)) else {
                    continue;
                };
                match decided {
                    Some(decided) => {
                        let mut confidence = scorer.platt.probability(&decided.numbers());
                        if let (Role::Number, None, Pick::Candidate(i)) = (want.role, want.own, decided.pick)
                            && self.is_of_another(i)
                        {
                            confidence = confidence.min(OF_ANOTHER);
                        }
                        fields.insert(
                            want.name.clone(),
                            self.told(want, decided, judged, confidence, &model.version),
                        );
                    }
                    None => {
                        fields.remove(&want.name);
                    }
                }
            }
        }
        self.spoken_reference(wants, &mut fields);
        if self.kind.value == "credit_note" {
            positive(&mut fields);
        }
        self.currency(wants, &mut fields);
        self.whole_tax(wants, &mut fields);
        self.due(wants, &mut fields);
        fields
    }

    /// The customer's order where it is no number: somebody called.
    fn spoken_reference(&self, wants: &[Want], fields: &mut Fields) {
        const CONFIDENCE: f64 = 0.5;
        let asked = wants.iter().find(|w| w.role == Role::PurchaseOrder && w.own.is_none());
        let Some(want) = asked.filter(|w| !self.is_slip() && !fields.contains_key(&w.name)) else { return };
        if let Some(i) = references::spoken(&self.pages, &self.candidates, &self.features) {
            let c = &self.candidates[i];
            let page = self.pages[c.page].page_no;
            fields.insert(want.name.clone(), local(c.value.clone(), c.raw.clone(), CONFIDENCE, page, c.bbox));
        }
    }

    /// Days that can be read in two ways: both stay, and why one was chosen is said.
    pub(crate) fn days_in_doubt(&self, wants: &[Want], fields: &mut Fields) -> Vec<Problem> {
        let mut problems = Vec::new();
        for want in wants {
            let Some(field) = fields.get_mut(&want.name) else { continue };
            let read_from = |c: &&Candidate| {
                c.kind == Kind::Date
                    && c.dates.len() > 1
                    && c.value == field.value
                    && Some(c.raw.as_str()) == field.raw.as_deref()
                    && Some(self.pages[c.page].page_no) == field.page
            };
            let Some(c) = self.candidates.iter().find(read_from) else { continue };
            let others: Vec<String> =
                c.dates.iter().map(|r| r.date.to_string()).filter(|d| *d != field.value).collect();
            let why = match self.evidence.choose(&c.dates) {
                Some((_, Why::OtherDates)) => "other dates of the document are written so",
                Some((_, Why::DueAfterIssue)) => "only so it is due after it was issued",
                Some((_, Why::Locale)) => "that is usual where the document comes from",
                Some((_, Why::Only | Why::Default)) | None => "nothing says otherwise",
            };
            problems.push(Problem {
                code: "INFER-0035".to_owned(),
                severity: Severity::Warning,
                message: format!(
                    "`{}` can be {} or {}; read as {} since {why}",
                    c.raw,
                    field.value,
                    others.join(" or "),
                    field.value
                ),
                fields: vec![want.name.clone()],
                page: field.page,
            });
            for value in others {
                if field.other_readings.iter().all(|r| r.value != value) {
                    field.other_readings.push(Reading {
                        value,
                        raw: field.raw.clone(),
                        confidence: thousandth((1.0 - field.confidence) * 0.5),
                        page: field.page,
                        bbox: field.bbox.clone(),
                        engine: field.engine.clone(),
                        model_version: field.model_version.clone(),
                    });
                }
            }
        }
        problems
    }

    /// Scores of all fields that have a scorer.
    pub(crate) fn judged(&self, wants: &[Want], model: &Model) -> Vec<Option<Judged>> {
        wants
            .iter()
            .map(|want| {
                let want = self.as_written(wants, want);
                let scorer = self.scorer(want, model)?;
                Some(self.judge(want, scorer, |value| model::key(want.role, value)))
            })
            .collect()
    }

    /// The choices, with what else says how sure they are. `known`: layouts that the scorers know.
    pub(crate) fn decided(
        &self,
        wants: &[Want],
        judged: &[Option<Judged>],
        known: &[Vec<u32>],
    ) -> Vec<Option<Decided>> {
        let mut all =
            decide::decide(wants, judged, &self.candidates, &self.blocks, &self.recaps, self.is_slip());
        let novelty = self.novelty(known).unwrap_or(1.0);
        for decided in all.iter_mut().flatten() {
            decided.novelty = novelty;
            decided.read = match decided.pick {
                Pick::Candidate(i) => {
                    self.pages[self.candidates[i].page].surely_read(self.candidates[i].bbox)
                }
                Pick::Block(i) => self.pages.first().map_or(1.0, |p| p.surely_read(self.blocks[i].bbox)),
            };
        }
        all
    }

    /// Value, raw text, page and place of what was picked.
    fn picked(&self, want: &Want, pick: Pick) -> (String, String, i32, Box4) {
        match pick {
            Pick::Candidate(i) => {
                let c = &self.candidates[i];
                (value_of(want, c), c.raw.clone(), self.pages[c.page].page_no, c.bbox)
            }
            Pick::Block(i) => {
                let block = &self.blocks[i];
                let page = self.pages.first().map_or(1, |p| p.page_no);
                (block.value.clone(), block.raw.clone(), page, block.bbox)
            }
        }
    }

    fn told(&self, want: &Want, decided: &Decided, judged: &Judged, confidence: f64, version: &str) -> Field {
        let (value, raw, page, place) = self.picked(want, decided.pick);
        let mut field = local(value, raw, thousandth(confidence), page, place);
        version.clone_into(&mut field.model_version);
        let own = judged.all.iter().find(|s| s.pick == decided.pick).map_or("", |s| s.key.as_str());
        let mut seen = std::collections::HashSet::from([own]);
        let others = judged.all.iter().filter(|s| s.score > judged.none - 2.0 && seen.insert(s.key.as_str()));
        for other in others.take(2) {
            let (value, raw, page, place) = self.picked(want, other.pick);
            field.other_readings.push(Reading {
                value,
                raw: Some(raw),
                confidence: thousandth((1.0 - confidence) * 0.5),
                page: Some(page),
                bbox: Some(boxed(place)),
                engine: ENGINE_LOCAL.to_owned(),
                model_version: version.to_owned(),
            });
        }
        field
    }

    fn by_rules(&self, wants: &[Want]) -> Fields {
        let ranked = self.rank(wants);
        let mut chosen =
            joint::choose(wants, &ranked, &self.candidates, self.kind.value.starts_with("order"));
        own::choose::apart(wants, &ranked, &self.candidates, &mut chosen);
        self.fall_back(wants, &ranked, &mut chosen);
        let mut fields = Fields::new();
        for (i, want) in wants.iter().enumerate() {
            if let Some(choice) = chosen.get(&i) {
                fields.insert(want.name.clone(), self.field(want, choice, &ranked[i]));
            }
        }
        let named = |role: Role| {
            let choice = wants.iter().position(|w| w.role == role).and_then(|i| chosen.get(&i))?;
            Some((choice.candidate, score::confidence(choice.score, choice.margin)))
        };
        self.addresses(wants, named, &mut fields);
        fields
    }

    /// The addresses of the parties whose names were chosen.
    fn addresses(&self, wants: &[Want], named: impl Fn(Role) -> Option<(usize, f64)>, fields: &mut Fields) {
        for (role, name) in [(Role::SellerAddress, Role::SellerName), (Role::BuyerAddress, Role::BuyerName)] {
            let Some(want) = wants.iter().find(|w| w.role == role) else { continue };
            let Some((candidate, confidence)) = named(name) else { continue };
            let name = &self.candidates[candidate];
            let found = if self.is_slip() {
                let page = &self.pages[name.page];
                parties::address_below(page, name, true).map(|(value, place)| (value, page.page_no, place))
            } else {
                // Who issued it may name its address apart from its name.
                let issuer = (role == Role::BuyerAddress) == (self.kind.value == "order");
                let apart = || addresses::of_paper(&self.pages[0]).filter(|_| issuer);
                let found = addresses::of(&self.pages, name).or_else(apart);
                found.map(|a| (a.value, self.pages[a.page].page_no, a.bbox))
            };
            match found {
                Some((value, page, place)) => {
                    let confidence = thousandth(confidence * 0.9);
                    fields.insert(want.name.clone(), local(value.clone(), value, confidence, page, place));
                }
                None => {
                    fields.remove(&want.name);
                }
            }
        }
    }

    /// What is taken where no label helps.
    fn fall_back(&self, wants: &[Want], ranked: &[Ranked], chosen: &mut HashMap<usize, Choice>) {
        for (i, want) in wants.iter().enumerate() {
            if chosen.contains_key(&i) {
                continue;
            }
            // What stands alone of its kind, or where its like stands, is right more often than not.
            let score = if matches!(want.role, Role::OwnChoice | Role::OwnText) { 0.85 } else { 0.4 };
            let weak = |candidate: usize| Choice { candidate, score, margin: 0.0 };
            let usable = |c: &&Candidate| score::takes(want.role, c.kind);
            let found = match want.role {
                // The first date of the document.
                Role::IssueDate => self.candidates.iter().position(|c| c.kind == Kind::Date && c.page == 0),
                // The largest amount.
                Role::Gross => {
                    let amounts = self.candidates.iter().enumerate().filter(|(_, c)| usable(c) && c.monetary);
                    amounts.max_by(|a, b| a.1.amount.cmp(&b.1.amount).then(b.0.cmp(&a.0))).map(|(i, _)| i)
                }
                // A tenant's period: the earliest and the latest day of a range.
                Role::PeriodFrom if want.own.is_some() => {
                    let first = self.candidates.iter().enumerate().filter(|(_, c)| c.range == Some(true));
                    first.min_by_key(|(_, c)| c.date).map(|(i, _)| i)
                }
                Role::PeriodTo if want.own.is_some() => {
                    let last = self.candidates.iter().enumerate().filter(|(_, c)| c.range == Some(false));
                    last.max_by_key(|(_, c)| c.date).map(|(i, _)| i)
                }
                Role::Number | Role::BuyerName if want.own.is_some() => {
                    ranked[i].list.first().filter(|f| f.1 > 0.25).map(|f| f.0)
                }
                Role::OwnChoice => own::choose::only(want, &self.candidates),
                Role::OwnText => {
                    let taken: Vec<usize> = chosen.values().map(|c| c.candidate).collect();
                    want.side.and_then(|side| self.by_place(side, &taken))
                }
                _ => None,
            };
            if let Some(candidate) = found {
                chosen.insert(i, weak(candidate));
            }
        }
    }

    fn field(&self, want: &Want, choice: &Choice, ranked: &Ranked) -> Field {
        let c = &self.candidates[choice.candidate];
        let page = &self.pages[c.page];
        let told = if want.own.is_some() { score::confidence_of_own } else { score::confidence };
        let confidence = told(choice.score, choice.margin);
        let mut field = local(value_of(want, c), c.raw.clone(), confidence, page.page_no, c.bbox);
        let others = ranked.list.iter().filter(|(i, s)| *i != choice.candidate && *s >= score::THRESHOLD);
        for (i, s) in others.take(2) {
            let other = &self.candidates[*i];
            field.other_readings.push(Reading {
                value: value_of(want, other),
                raw: Some(other.raw.clone()),
                confidence: (score::confidence(*s, 0.0) * 0.5 * 1000.0).round() / 1000.0,
                page: Some(self.pages[other.page].page_no),
                bbox: Some(boxed(other.bbox)),
                engine: ENGINE_LOCAL.to_owned(),
                model_version: MODEL_VERSION.to_owned(),
            });
        }
        field
    }

    /// Nothing said otherwise, the whole of an invoice is to be paid.
    fn due(&self, wants: &[Want], fields: &mut Fields) {
        let Some(want) = wants.iter().find(|w| w.role == Role::Due && w.own.is_none()) else { return };
        if fields.contains_key(&want.name) || !matches!(self.kind.value.as_str(), "invoice" | "credit_note") {
            return;
        }
        let gross = wants.iter().find(|w| w.role == Role::Gross).and_then(|w| fields.get(&w.name)).cloned();
        if let Some(mut gross) = gross {
            gross.confidence = (gross.confidence * 0.8 * 1000.0).round() / 1000.0;
            gross.other_readings.clear();
            fields.insert(want.name.clone(), gross);
        }
    }
}

/// Confidence of a document's number whose label is that of another one.
const OF_ANOTHER: f64 = 0.6;

/// A credit note states what is credited; a minus before every total says the same once more.
fn positive(fields: &mut Fields) {
    const TOTALS: [&str; 4] = ["net_total", "tax_total", "grand_total", "due_payable"];
    let negative = |f: &Field| f.value.starts_with('-') || f.value.trim_matches(['0', '.']).is_empty();
    if TOTALS.iter().filter_map(|t| fields.get(*t)).all(negative) {
        for name in TOTALS {
            if let Some(field) = fields.get_mut(name) {
                field.value = field.value.trim_start_matches('-').to_owned();
            }
        }
    }
}

fn value_of(want: &Want, c: &Candidate) -> String {
    match want.role {
        // Both are written with spaces for people.
        Role::Iban | Role::SellerVat | Role::BuyerVat => {
            c.value.chars().filter(|ch| !ch.is_whitespace()).collect()
        }
        // Whom a letter calls Mr is asked for by name.
        _ if want.form == Form::Party => {
            let rest = SALUTATIONS.iter().find_map(|s| c.value.strip_prefix(s)?.strip_prefix(' '));
            rest.unwrap_or(&c.value).trim().to_owned()
        }
        _ => c.value.clone(),
    }
}

/// What stands before names in letters.
const SALUTATIONS: [&str; 15] = [
    "Mr", "Mr.", "Mrs", "Mrs.", "Ms", "Ms.", "Miss", "Herr", "Herrn", "Frau", "M.", "Mme", "Monsieur",
    "Madame", "Messrs",
];

/// The row of a credit note with the other sign: of its amount, and of its quantity, else of its price, where these have
/// the same minus: `-2 x 12.50 = -25.00` is two that are credited.
pub(crate) fn credited(row: &Fields) -> Fields {
    let mut row = row.clone();
    let turn = |field: &mut Field| {
        let zero = field.value.trim_matches(['0', '.']).is_empty();
        match field.value.strip_prefix('-') {
            Some(rest) => field.value = rest.to_owned(),
            None if !zero => field.value.insert(0, '-'),
            None => {}
        }
    };
    let minus = |row: &Fields, name: &str| row.get(name).is_some_and(|f| f.value.starts_with('-'));
    let factor = ["quantity", "unit_price"].into_iter().find(|name| minus(&row, name));
    let product = minus(&row, "quantity") != minus(&row, "unit_price");
    let total = minus(&row, "line_total");
    row.get_mut("line_total").map(turn);
    // Of a row that is charged among those that are credited the quantity gets the minus.
    let factor = if total { factor.filter(|_| product) } else { Some("quantity") };
    factor.and_then(|name| row.get_mut(name)).map(turn);
    row
}

pub(crate) fn line_item(row: super::table::Row) -> Fields {
    let mut fields = Fields::new();
    for (column, cell) in row.cells {
        if let Some(name) = column.name() {
            let code = if column == Column::Unit { unit::code(&cell.value) } else { None };
            let value = code.map_or(cell.value, str::to_owned);
            fields.insert(name.to_owned(), local(value, cell.raw, 0.7, row.page_no, cell.bbox));
        }
    }
    fields
}

/// A sum of allowances or charges: sure where the totals count it.
pub(crate) fn summed(sum: Summed) -> Field {
    let confidence = if sum.proven { 0.95 } else { 0.4 };
    local(sum.amount.to_string(), sum.raw, confidence, sum.page_no, sum.bbox)
}

pub(crate) fn local(value: String, raw: String, confidence: f64, page: i32, place: Box4) -> Field {
    Field {
        value,
        raw: Some(raw),
        confidence,
        page: Some(page),
        bbox: Some(boxed(place)),
        engine: ENGINE_LOCAL.to_owned(),
        model_version: MODEL_VERSION.to_owned(),
        other_readings: Vec::new(),
    }
}

/// Puts the place of a value on a level page where it is on the page itself.
pub(crate) fn put_back(slope: f32, place: &mut Option<Vec<f64>>) {
    if let Some([x0, y0, x1, y1]) = place.as_deref() {
        let level = [*x0, *y0, *x1, *y1].map(|v| v as f32);
        *place = Some(boxed(super::straight::on_page(slope, level)));
    }
}

/// Tenths of a point are enough.
fn boxed(place: Box4) -> Vec<f64> {
    place.iter().map(|v| (f64::from(*v) * 10.0).round() / 10.0).collect()
}

fn thousandth(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}
