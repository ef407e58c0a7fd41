//! Engine `local`: fields from words by candidates, labels, geometry and relations; no model, no network.
//!
//! Owns the order of the steps. Knows no blob and no topic. Steps: words → lines and segments ([`layout`]) → typed
//! candidates ([`candidate`]) → features ([`features`]) → a score per field, by rules ([`score`]) or by a trained model
//! ([`describe`], [`model`]) → one value per field, chosen together ([`joint`], [`decide`]). Rule: what the rules say is
//! a feature of the trained scorers, so that few examples never make it worse.

mod addresses;
mod answer;
mod asides;
pub mod blocks;
pub mod candidate;
pub mod categories;
mod cells;
mod currency;
pub mod decide;
mod decks;
pub mod describe;
mod domestic;
pub mod features;
pub mod fields;
mod guess;
mod heads;
pub mod items;
pub mod joint;
pub mod kind;
pub mod layout;
pub(crate) mod legal;
pub mod lexicon;
pub mod model;
pub mod novelty;
mod odd;
pub mod own;
pub mod packet;
mod paging;
pub mod parties;
mod positions;
pub mod recap;
mod references;
pub mod relations;
pub mod repeats;
mod rows;
pub mod score;
mod slips;
mod spelling;
pub(crate) mod straight;
pub mod table;
mod taxes;
mod texts;
mod titles;
mod unheaded;
pub mod work;
mod wrap;

use crate::config::Config;
use crate::error::InferError;
use crate::extract::{ENGINE_LOCAL, Extraction, Extractor, Pages, Wanted};
use crate::rows::left_out;
use crate::schema::SchemaRows;
use docmill_contracts::{DocumentPart, Fields, Problem, Severity};
use layout::Layout;
use lexicon::Lexicon;
use model::Model;
use std::borrow::Cow;
use straight::laid_out;
use work::Work;

/// Version of the rules.
pub const MODEL_VERSION: &str = "rules-1";

/// Reads words with hand-written rules.
pub struct LocalExtractor {
    header_pages: usize,
    closing_pages: usize,
    max_line_items: usize,
    built_in: Lexicon,
    /// The built-in model; none where there is none in this build.
    trained: Option<Model>,
}

impl LocalExtractor {
    /// With the settings of the stage.
    pub fn new(config: &Config) -> Self {
        Self {
            header_pages: usize::from(config.header_pages).max(1),
            closing_pages: usize::from(config.closing_pages),
            max_line_items: config.max_line_items as usize,
            built_in: Lexicon::new(&[]),
            trained: Model::built_in(),
        }
    }

    /// With another model in the place of the built-in one.
    #[must_use]
    pub fn with_built_in(self, model: Model) -> Self {
        Self { trained: Some(model), ..self }
    }

    fn table(&self, kind: &str) -> table::Reader<'_> {
        table::Reader::new(&self.built_in, self.max_line_items).of_kind(kind)
    }

    /// The items of a slip, where those that the item table has do not come to its sum and others do.
    fn bought(&self, work: &Work, rows: &[Fields]) -> Option<Vec<Fields>> {
        let slip = work.pages.first().filter(|_| work.is_slip())?;
        let bought: Vec<Fields> =
            slips::rows(slip, &self.built_in)?.into_iter().map(answer::line_item).collect();
        let sum = |rows: &[Fields]| {
            let totals =
                rows.iter().filter_map(|r| r.get("line_total")?.value.parse::<rust_decimal::Decimal>().ok());
            totals.fold(rust_decimal::Decimal::ZERO, rust_decimal::Decimal::saturating_add)
        };
        (rows.len() < bought.len() || sum(rows) != sum(&bought)).then_some(bought)
    }

    /// The built-in scorers, for the fields of the built-in business document.
    fn model(&self, wanted: &Wanted) -> Option<&Model> {
        self.trained.as_ref().filter(|_| wanted.schema.is_none())
    }
}

impl LocalExtractor {
    /// Why a document reads as it does: the type, and the best candidates of each field with their scores.
    pub fn explain(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<String, InferError> {
        let (wants, lexicon) = match &wanted.schema {
            Some(schema) => fields::of_schema(schema),
            None => (fields::built_in(), Lexicon::new(&[])),
        };
        let kept: Result<Vec<Layout>, InferError> =
            (0..pages.len().min(self.header_pages)).map(|i| Ok(laid_out(&pages.page(i)?))).collect();
        let kept = kept?;
        let mut table = table::Reader::new(&self.built_in, self.max_line_items);
        kept.iter().for_each(|page| table.feed(page));
        let mut lines: Vec<String> = kept
            .iter()
            .map(|page| {
                straight::Straight::of(page)
                    .map_or_else(|| heads::explain(page), |s| heads::explain(&s.layout))
            })
            .collect();
        lines.extend(table.take_rows().iter().map(|row| format!("row {row:?}")));
        let table = lines.join("\n");
        Ok(format!("{}{table}\n", Work::of(kept, &lexicon, None, false, None).explain(&wants)))
    }
}

impl Extractor for LocalExtractor {
    fn engine(&self) -> &str {
        ENGINE_LOCAL
    }

    fn version(&self) -> &str {
        self.trained.as_ref().map_or(MODEL_VERSION, |m| m.version.as_str())
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        let own;
        let (wants, lexicon) = match &wanted.schema {
            Some(schema) => {
                let (wants, lexicon) = fields::of_schema(schema);
                own = lexicon;
                (wants, &own)
            }
            None => (fields::built_in(), &self.built_in),
        };
        // The pages between the first and the last ones are only read for rows of the item table, and dropped.
        let count = pages.len();
        let is_kept = |index: &usize| *index < self.header_pages || index + self.closing_pages >= count;
        let kept: Result<Vec<Layout>, InferError> =
            (0..count).filter(is_kept).map(|index| Ok(laid_out(&pages.page(index)?))).collect();
        let kept = kept?;
        let model = wanted.model.as_deref().or(self.model(wanted));
        let kinds = self.trained.as_ref().and_then(|m| m.kinds.get(model::KINDS));
        let hint = wanted.type_hint.as_deref();
        let whole = kept.len() == count;
        let schema_rows =
            wanted.schema.as_ref().and_then(|s| s.rows.as_ref()).filter(|_| !wanted.without_rows);
        let reader =
            Reader { wants: &wants, lexicon, model, kinds, schema: wanted.schema.is_some(), schema_rows };
        let work = Work::of(kept, lexicon, hint, model.is_some(), kinds);
        let version = model.map_or(MODEL_VERSION, |m| m.version.as_str());
        let mut out = Extraction::of_engine(ENGINE_LOCAL, version);
        out.kind = work.kind.clone();
        out.layout_novelty = model.and_then(|m| work.novelty(&m.layouts));
        if let Some(chosen) = wanted.categories.as_ref().and_then(|set| set.choose(&work.pages)) {
            let because = format!("category by {}", chosen.words.join(", "));
            out.kind.reason = Some(out.kind.reason.map_or(because.clone(), |r| format!("{r}; {because}")));
            out.kind.category = Some(chosen.name);
        }
        out.fields = reader.fields(&work);
        out.problems = work.days_in_doubt(&wants, &mut out.fields);
        let proforma =
            !reader.schema && work.pages.first().is_some_and(|p| kind::is_proforma(p, &work.kind.value));
        out.problems.extend(proforma.then(proforma_problem));
        let mut seen = repeats::Pages::default();
        if let Some(schema) = reader.schema_rows.filter(|_| !wanted.without_rows) {
            let mut own = own::rows::Reader::new(schema, &work.evidence, self.max_line_items);
            let mut table = own.standard().map(|names| (self.table(&work.kind.value), names));
            let mut kept = work.pages.iter();
            for index in 0..count {
                let held = if is_kept(&index) { kept.next() } else { None };
                let layout = held_or_read(held, pages, index)?;
                if seen.before(&layout) {
                    continue;
                }
                own.feed(&layout);
                if let Some((table, _)) = &mut table {
                    table.feed(&layout);
                }
            }
            let full = own.is_full() || table.as_ref().is_some_and(|(t, _)| t.is_full());
            out.problems.extend(full.then(|| left_out(self.max_line_items)));
            out.line_items = rows_of_schema(own, table);
        } else if !wanted.without_rows && reader.has_rows(&work.kind.value) {
            let mut table = self.table(&work.kind.value);
            let mut rows = rows::Found::new(&work.kind.value);
            let mut kept = work.pages.iter();
            for index in 0..count {
                let held = if is_kept(&index) { kept.next() } else { None };
                let layout = held_or_read(held, pages, index)?;
                if !seen.before(&layout) {
                    table.feed(&layout);
                }
                rows.take(&mut table, &|| pages.row_writer())?;
            }
            (out.line_items, out.long_table) = rows.finish()?;
            let bought = self.bought(&work, &out.line_items).filter(|_| count == 1);
            if let Some(bought) = bought {
                // They come to the total: nothing is left to be settled.
                out.line_items = bought;
            } else {
                out.problems.extend(table.is_full().then(|| left_out(self.max_line_items)));
                out.problems.extend(rows::settle(table, &mut out.fields));
            }
        }
        out.problems.extend(seen.again().map(repeated));
        let starts =
            if whole { packet::starts(&work.pages, &work.candidates, &work.features) } else { vec![0] };
        if starts.len() > 1 {
            // What was noticed in all pages together is told of each document by itself.
            let (parts, problems): (Vec<_>, Vec<_>) =
                self.parts(&work.pages, &starts, &reader)?.into_iter().unzip();
            out.problems = std::iter::once(several(&parts)).chain(problems.into_iter().flatten()).collect();
            if let Some(first) = parts.first() {
                out.kind.value.clone_from(&first.kind.value);
                out.fields.clone_from(&first.fields);
                out.line_items.clone_from(&first.line_items);
                out.long_table = None;
            }
            out.parts = parts;
        }
        Ok(out)
    }
}

/// What a document is read with.
struct Reader<'a> {
    wants: &'a [fields::Want],
    lexicon: &'a Lexicon,
    model: Option<&'a Model>,
    kinds: Option<&'a docmill_learn::Linear>,
    schema: bool,
    /// The list of objects of a tenant's schema.
    schema_rows: Option<&'a SchemaRows>,
}

impl Reader<'_> {
    /// A document of no known kind has no fields of a business document.
    fn fields(&self, work: &Work) -> Fields {
        if !self.schema && work.kind.value == "other" {
            return Fields::new();
        }
        let mut fields = work.fields(self.wants, self.model);
        for page in work.pages.iter().filter(|p| p.slope != 0.0) {
            let places = fields.values_mut().flat_map(|field| {
                let others = field.other_readings.iter_mut().map(|other| (other.page, &mut other.bbox));
                std::iter::once((field.page, &mut field.bbox)).chain(others)
            });
            for (_, place) in places.filter(|(no, _)| *no == Some(page.page_no)) {
                answer::put_back(page.slope, place);
            }
        }
        fields
    }

    /// Whether there is an item table to be read.
    fn has_rows(&self, kind: &str) -> bool {
        !self.schema && kind != "other"
    }
}

impl LocalExtractor {
    /// Each document of a file, read by itself, with what was noticed in it.
    fn parts(
        &self,
        pages: &[Layout],
        starts: &[usize],
        reader: &Reader<'_>,
    ) -> Result<Vec<(DocumentPart, Vec<Problem>)>, InferError> {
        let ends = starts.iter().skip(1).copied().chain([pages.len()]);
        let ranges = starts.iter().copied().zip(ends);
        ranges
            .map(|(first, end)| {
                let own = pages[first..end].to_vec();
                let (first_page, last_page) = (own[0].page_no, own[own.len() - 1].page_no);
                let work = Work::of(own, reader.lexicon, None, reader.model.is_some(), reader.kinds);
                let mut fields = reader.fields(&work);
                let mut problems = work.days_in_doubt(reader.wants, &mut fields);
                let mut rows = rows::Found::new(&work.kind.value);
                if reader.has_rows(&work.kind.value) {
                    let mut table = self.table(&work.kind.value);
                    work.pages.iter().for_each(|page| table.feed(page));
                    // A part is no longer than the pages that are held anyway.
                    rows.take(&mut table, &|| None)?;
                    problems.extend(table.is_full().then(|| left_out(self.max_line_items)));
                    problems.extend(rows::settle(table, &mut fields));
                }
                let mut line_items = rows.finish()?.0;
                if let Some(schema) = reader.schema_rows {
                    let mut own = own::rows::Reader::new(schema, &work.evidence, self.max_line_items);
                    let mut table = own.standard().map(|names| (self.table(&work.kind.value), names));
                    for page in &work.pages {
                        own.feed(page);
                        if let Some((table, _)) = &mut table {
                            table.feed(page);
                        }
                    }
                    line_items = rows_of_schema(own, table);
                }
                for problem in &mut problems {
                    problem.message = format!("pages {first_page}-{last_page}: {}", problem.message);
                }
                let part = DocumentPart {
                    first_page,
                    last_page,
                    fields,
                    line_items,
                    kind: work.kind,
                    vat_breakdown: Vec::new(),
                };
                Ok((part, problems))
            })
            .collect()
    }
}

/// Rows of a tenant's schema: those of the item table under the schema's names where that is what it describes and it has
/// some, else those of any table whose header says what the schema's columns are.
fn rows_of_schema(
    own: own::rows::Reader<'_>,
    table: Option<(table::Reader<'_>, Vec<(table::Column, &str)>)>,
) -> Vec<Fields> {
    let Some((mut table, names)) = table else { return own.finish() };
    let named = |row: table::Row| {
        let page = row.page_no;
        let cell = |(column, name): &(table::Column, &str)| {
            let cell = row.cells.get(column)?;
            let field = answer::local(cell.value.clone(), cell.raw.clone(), 0.7, page, cell.bbox);
            Some(((*name).to_owned(), field))
        };
        names.iter().filter_map(cell).collect::<Fields>()
    };
    let rows: Vec<Fields> = table.take_rows().into_iter().map(named).collect();
    let own = own.finish();
    if own.len() > rows.len() { own } else { rows }
}

/// Nothing is posted by a pro forma invoice.
fn proforma_problem() -> Problem {
    Problem {
        code: "INFER-0154".to_owned(),
        severity: Severity::Error,
        message: "the document calls itself pro forma: it is no invoice that can be posted or paid"
            .to_owned(),
        fields: Vec::new(),
        page: Some(1),
    }
}

/// A page as it is held, or read anew.
fn held_or_read<'a>(
    held: Option<&'a Layout>,
    pages: &mut dyn Pages,
    index: usize,
) -> Result<Cow<'a, Layout>, InferError> {
    match held {
        Some(layout) => Ok(Cow::Borrowed(layout)),
        None => Ok(Cow::Owned(laid_out(&pages.page(index)?))),
    }
}

/// Pages that were scanned twice: how many, the first of them, and the page that it repeats.
fn repeated((count, page, first): (usize, i32, i32)) -> Problem {
    let others = if count > 1 { format!(", as do {} more with others", count - 1) } else { String::new() };
    Problem {
        code: "INFER-0155".to_owned(),
        severity: Severity::Warning,
        message: format!("page {page} says the same as page {first}{others}: rows are counted once"),
        fields: vec!["line_items".to_owned()],
        page: Some(page),
    }
}

/// A packet cannot be posted as one document.
fn several(parts: &[DocumentPart]) -> Problem {
    let ranges: Vec<String> = parts.iter().map(|p| format!("{}-{}", p.first_page, p.last_page)).collect();
    Problem {
        code: "INFER-0034".to_owned(),
        severity: Severity::Error,
        message: format!("the file holds {} documents: pages {}", parts.len(), ranges.join(", ")),
        fields: Vec::new(),
        page: parts.get(1).map(|p| p.first_page),
    }
}

#[cfg(test)]
mod tests;
