//! The worker `validate`.

use crate::duplicates::{self, Claimed, claimed};
use crate::lines::Lines;
use crate::schema::{MAX_SCHEMA_BYTES, TenantSchema};
use crate::subject::Subject;
use crate::{Config, STAGE, ValidateError, outcome, rules};
use docmill_blobs::Blobs;
use docmill_contracts::public::row_of_line;
use docmill_contracts::{
    Artifact, BlobRef, Class, Classify, Cost, DocumentExtracted, DocumentPart, DocumentResult,
    DocumentValidated, ErrorInfo, Fields, PageSummary, Problem, ResultStatus, Severity, StageTrace, Trace,
};
use docmill_runtime::{Cx, Outputs, Stage, Unreadable};
use std::time::Instant;

/// Most problems of the documents of one packet behind its first.
const MOST_OF_PARTS: usize = 200;

/// Decides what becomes of a document.
pub struct Validate {
    config: Config,
    blobs: Blobs,
}

impl Validate {
    /// The stage; schemas of tenants come from `blobs`.
    pub fn new(config: Config, blobs: Blobs) -> Result<Self, ValidateError> {
        config.check()?;
        Ok(Self { config, blobs })
    }

    async fn problems(
        &self,
        input: &DocumentExtracted,
        config: &Config,
    ) -> Result<Vec<Problem>, ValidateError> {
        let file = Artifact::find_rows(&input.artifacts, 0);
        let mut lines = Lines::new(&input.fields);
        let Some(blob) = &input.head.options.schema else {
            match file {
                Some(file) => self.each_row(input, file, |row| lines.add(&row)).await?,
                None => input.line_items.iter().for_each(|row| lines.add(row)),
            }
            return Ok(rules::check(Subject { document: input, lines: &lines }, config));
        };
        let wrong = |why| ValidateError::Schema {
            name: input.head.source.name.clone(),
            schema: blob.sha256.chars().take(64).collect(),
            why,
        };
        if blob.bytes > MAX_SCHEMA_BYTES {
            return Err(wrong("has more than 1048576 bytes".to_owned()));
        }
        let bytes = self
            .blobs
            .get(blob)
            .await
            .map_err(|source| ValidateError::Blobs { name: input.head.source.name.clone(), source })?;
        let schema = TenantSchema::parse(&bytes).map_err(wrong)?;
        // A schema sees a document as a whole. The engines that read by schemas hold their rows, too.
        let whole;
        let document = match file.filter(|_| schema.has_rows()) {
            None => input,
            Some(file) => {
                let mut line_items = Vec::new();
                self.each_row(input, file, |row| line_items.push(row)).await?;
                whole = DocumentExtracted { line_items, ..input.clone() };
                &whole
            }
        };
        Ok(schema.check(Subject { document, lines: &lines }, config))
    }

    /// What is wrong with the documents of a packet behind the first, whose values are the result's own.
    async fn problems_of_parts(
        &self,
        input: &DocumentExtracted,
        config: &Config,
    ) -> Result<Vec<Problem>, ValidateError> {
        let mut all = Vec::new();
        for (number, part) in input.parts.iter().enumerate().skip(1) {
            // Rows of the result itself have number 0, those of the first part 1.
            let document = as_document(input, part, number + 1);
            let problems = self.problems(&document, config).await?;
            all.extend(problems.into_iter().map(|problem| of_part(problem, part)));
        }
        // A packet of a thousand slips is one trouble. What keeps it from being accepted comes before what does not.
        if all.len() > MOST_OF_PARTS {
            all.sort_by_key(|problem| problem.severity != Severity::Error);
            all.truncate(MOST_OF_PARTS);
        }
        Ok(all)
    }

    /// Calls `take` with every row of a table that is in a file.
    async fn each_row(
        &self,
        input: &DocumentExtracted,
        file: &BlobRef,
        mut take: impl FnMut(Fields),
    ) -> Result<(), ValidateError> {
        let name = || input.head.source.name.clone();
        let failed = |source| ValidateError::Rows { name: name(), source };
        let mut reader = self.blobs.reader(file).await.map_err(failed)?;
        let mut number = 0;
        while let Some(line) = reader.next_line().await.map_err(failed)? {
            number += 1;
            take(row_of_line(line).map_err(|source| ValidateError::Row { name: name(), number, source })?);
        }
        Ok(())
    }
}

impl Stage for Validate {
    type In = DocumentExtracted;
    type Err = ValidateError;

    /// One document's revisions come out in the order in which they went in.
    const ORDERED: bool = true;

    async fn run(&self, input: &Self::In, cx: &Cx) -> Result<Outputs, Self::Err> {
        let started = Instant::now();
        if let Some(error) = nothing_there(input) {
            return Ok(ended(input, error, started, cx.now_ms));
        }
        let config = self.config.of_tenant(&input.head.tenant);
        let problems = match self.problems(input, &config).await {
            Ok(problems) => problems,
            // The tenant's schema is at fault: that is a result, not a dead letter.
            Err(error) if error.class() == Class::Input => {
                return Ok(ended(input, ErrorInfo::of(&error, STAGE, None), started, cx.now_ms));
            }
            Err(error) => return Err(error),
        };
        let of_parts = match self.problems_of_parts(input, &config).await {
            Ok(problems) => problems,
            Err(error) if error.class() == Class::Input => {
                return Ok(ended(input, ErrorInfo::of(&error, STAGE, None), started, cx.now_ms));
            }
            Err(error) => return Err(error),
        };
        let head = &input.head;
        // Where an e-invoice was read, its business rules were applied to the XML itself.
        let said = |problem: &Problem| input.problems.iter().any(|p| p.code == problem.code);
        let own = problems.into_iter().filter(|problem| !said(problem));
        let mut problems: Vec<Problem> = input.problems.iter().cloned().chain(own).collect();
        let claimed = if config.find_duplicates { claimed(input) } else { Claimed::default() };
        problems.extend(of_parts);
        problems.extend(claimed.problems);
        // What follows from problems does not depend on rows.
        let lines = Lines::new(&input.fields);
        let subject = Subject { document: input, lines: &lines };
        let (status, why) = outcome::of(subject, &problems, &config);
        let (if_duplicate, reasons) = outcome::of_duplicate(subject, &problems, &config);
        problems.extend(why);
        let mut source = head.source.clone();
        source.pages = source.pages.or_else(|| count(&input.pages));
        let result = DocumentResult {
            document_id: head.document_id.clone(),
            revision: head.revision,
            tenant: head.tenant.clone(),
            content_sha256: head.content_sha256.clone(),
            source,
            status,
            kind: input.kind.clone(),
            fields: ranked(&input.fields),
            line_items: input.line_items.iter().map(ranked).collect(),
            vat_breakdown: input.vat_breakdown.iter().map(ranked).collect(),
            problems,
            pages: input.pages.clone(),
            error: None,
            trace: Trace {
                submitted_at: head.submitted_at,
                finished_at: cx.now_ms,
                stages: stages(input, started),
                cost: input.cost.clone(),
            },
            parts: input.parts.iter().map(part_ranked).collect(),
            artifacts: input.artifacts.clone(),
            layout_novelty: input.layout_novelty,
        };
        let claims = if status == ResultStatus::Rejected { Vec::new() } else { claimed.claims };
        let validated = DocumentValidated { head: head.clone(), result };
        Ok(duplicates::ask(validated, claims, if_duplicate, reasons.into_iter().collect()))
    }

    fn dead(&self, input: &Self::In, error: ErrorInfo) -> Outputs {
        Outputs::one(DocumentValidated::ended(&input.head, error, input.stages.clone()))
    }

    fn unreadable(&self, record: Unreadable) -> Outputs {
        Outputs::one(DocumentValidated::ended(&record.head(), record.error, Vec::new()))
    }
}

/// Values whose other readings are no surer than they are: an engine that chose one was surer of it, whatever it had counted before.
/// Readings of other engines stay as they are, since a value that stands on the page is taken before a surer one that does not.
fn ranked(fields: &Fields) -> Fields {
    let mut fields = fields.clone();
    for field in fields.values_mut() {
        for other in field.other_readings.iter_mut().filter(|other| other.engine == field.engine) {
            other.confidence = other.confidence.min(field.confidence);
        }
    }
    fields
}

fn part_ranked(part: &DocumentPart) -> DocumentPart {
    let table = |rows: &[Fields]| rows.iter().map(ranked).collect();
    DocumentPart {
        fields: ranked(&part.fields),
        line_items: table(&part.line_items),
        vat_breakdown: table(&part.vat_breakdown),
        ..part.clone()
    }
}

/// A document of a packet as if it were alone. Pages that could not be read are told of the whole file.
fn as_document(input: &DocumentExtracted, part: &DocumentPart, rows: usize) -> DocumentExtracted {
    let file = Artifact::find_rows(&input.artifacts, rows);
    DocumentExtracted {
        head: input.head.clone(),
        kind: part.kind.clone(),
        fields: part.fields.clone(),
        line_items: part.line_items.clone(),
        vat_breakdown: part.vat_breakdown.clone(),
        problems: Vec::new(),
        pages: Vec::new(),
        error: None,
        stages: Vec::new(),
        cost: Cost::default(),
        parts: Vec::new(),
        artifacts: file.map(|blob| Artifact::rows(0, blob.clone())).into_iter().collect(),
        layout_novelty: None,
    }
}

/// The problem of a document of a packet: its pages stand before what is wrong.
fn of_part(problem: Problem, part: &DocumentPart) -> Problem {
    let message = format!("pages {}-{}: {}", part.first_page, part.last_page, problem.message);
    Problem { message, page: problem.page.or(Some(part.first_page)), ..problem }
}

/// Why the document ends here: it could not be read at all, or not one of its pages could and nothing was found.
fn nothing_there(input: &DocumentExtracted) -> Option<ErrorInfo> {
    if input.error.is_some() {
        return input.error.clone();
    }
    let no_rows = input.line_items.is_empty() && Artifact::find_rows(&input.artifacts, 0).is_none();
    let empty = input.fields.is_empty() && no_rows;
    let unread = !input.pages.is_empty() && input.pages.iter().all(|page| page.error.is_some());
    (empty && unread).then(|| input.pages.iter().find_map(|page| page.error.clone())).flatten()
}

fn ended(input: &DocumentExtracted, error: ErrorInfo, started: Instant, now_ms: i64) -> Outputs {
    let mut ended = DocumentValidated::ended(&input.head, error, stages(input, started));
    let result = &mut ended.result;
    result.kind = input.kind.clone();
    result.problems.clone_from(&input.problems);
    result.pages.clone_from(&input.pages);
    result.source.pages = result.source.pages.or_else(|| count(&input.pages));
    result.trace.finished_at = now_ms;
    result.trace.cost = input.cost.clone();
    Outputs::one(ended)
}

fn count(pages: &[PageSummary]) -> Option<i32> {
    i32::try_from(pages.len()).ok().filter(|count| *count > 0)
}

fn stages(input: &DocumentExtracted, started: Instant) -> Vec<StageTrace> {
    let mut stages = input.stages.clone();
    stages.push(StageTrace {
        stage: STAGE.to_owned(),
        ms: i64::try_from(started.elapsed().as_millis()).unwrap_or(i64::MAX),
        engine: String::new(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
    });
    stages
}

#[cfg(test)]
mod tests;
