//! The business rules: what a rule is, which sets there are, and how they are applied.
//!
//! A rule is a row of a table: its public id, its severity, its text and a function that says whether it holds. The
//! function looks at one thing: the invoice, a line, an allowance, or the elements of a name where the rule is about the
//! syntax. Rule: a rule says nothing about what is not there, unless its text does.

mod answers;
mod catalogue;
mod common;
mod core_document;
mod core_lines;
mod core_totals;
mod despatch_advice;
mod facts;
mod germany;
mod identifier_facts;
mod identifiers;
mod invoice_response;
mod lists_cii;
mod lists_ubl;
mod national_facts;
mod north;
mod order_agreement;
mod order_cancellation;
mod order_change;
mod order_facts;
mod order_response;
mod order_response_advanced;
mod orders;
mod peppol;
mod peppol_cii;
mod peppol_facts;
mod peppol_ubl;
mod plan;
mod punch_out;
mod set;
mod south;
mod syntax;
mod syntax_cii;
mod syntax_facts;
mod syntax_ubl;
mod vat_facts;
mod vat_outside;
mod vat_taxed;
mod vat_untaxed;
mod xrechnung;
mod xrechnung_facts;
mod xrechnung_lists;

use crate::model::{Allowance, Breakdown, Invoice, Line, Payment, Period, Text, Totals};
use crate::{Document, Node};
use plan::PLANS;
pub use set::Set;
use std::borrow::Cow;

/// What a rule that does not hold means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The document is not valid.
    Error,
    /// The document is valid.
    Warning,
}

/// A business rule.
#[derive(Debug, Clone)]
pub struct Rule {
    /// Its public id.
    pub id: &'static str,
    /// What it means that it does not hold.
    pub severity: Severity,
    /// What it asks for.
    pub text: Cow<'static, str>,
    check: Check,
}

/// Whether a rule holds, of what it looks at.
#[derive(Debug, Clone)]
enum Check {
    Invoice(fn(&Invoice<'_>) -> bool),
    Line(fn(&Line<'_>, &Invoice<'_>) -> bool),
    Allowance(fn(&Allowance<'_>, &Invoice<'_>) -> bool),
    Charge(fn(&Allowance<'_>, &Invoice<'_>) -> bool),
    /// Of the document and of its lines, whatever the indicator says.
    EachAllowance(fn(&Allowance<'_>, &Invoice<'_>) -> bool),
    LineAllowance(fn(&Allowance<'_>) -> bool),
    LineCharge(fn(&Allowance<'_>) -> bool),
    Breakdown(fn(&Breakdown<'_>, &Invoice<'_>) -> bool),
    Totals(fn(&Totals<'_>, &Invoice<'_>) -> bool),
    Payment(fn(&Payment<'_>, &Invoice<'_>) -> bool),
    Period(fn(&Period<'_>) -> bool),
    LinePeriod(fn(&Period<'_>) -> bool),
    /// Elements at a path, and a function of them.
    Node(&'static str, fn(Node<'_>) -> bool),
    /// Elements at a path, and a row of a table.
    Row(&'static str, syntax::Row),
}

macro_rules! constructors {
    ($($name:ident $variant:ident ($($arg:ty),*);)*) => {
        $(const fn $name(id: &'static str, severity: Severity, text: &'static str, check: fn($($arg),*) -> bool) -> Rule {
            Rule { id, severity, text: Cow::Borrowed(text), check: Check::$variant(check) }
        })*
    };
}

constructors! {
    invoice Invoice (&Invoice<'_>);
    line Line (&Line<'_>, &Invoice<'_>);
    allowance Allowance (&Allowance<'_>, &Invoice<'_>);
    charge Charge (&Allowance<'_>, &Invoice<'_>);
    each_allowance EachAllowance (&Allowance<'_>, &Invoice<'_>);
    line_allowance LineAllowance (&Allowance<'_>);
    line_charge LineCharge (&Allowance<'_>);
    breakdown Breakdown (&Breakdown<'_>, &Invoice<'_>);
    totals Totals (&Totals<'_>, &Invoice<'_>);
    payment Payment (&Payment<'_>, &Invoice<'_>);
    period Period (&Period<'_>);
    line_period LinePeriod (&Period<'_>);
}

const fn node(
    id: &'static str,
    severity: Severity,
    text: &'static str,
    path: &'static str,
    check: fn(Node<'_>) -> bool,
) -> Rule {
    Rule { id, severity, text: Cow::Borrowed(text), check: Check::Node(path, check) }
}

/// Whether a text is there and not empty.
fn filled(text: Text<'_>) -> bool {
    text.is_some_and(|t| !t.is_empty())
}

/// A rule that does not hold.
#[derive(Debug, Clone, Copy)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
    /// How often it does not hold.
    pub count: usize,
    /// Number of the invoice line, from 1, where it does not hold first; none outside of lines.
    pub line: Option<usize>,
}

/// Applies sets of rules to a document; the invoice in it is read once, by the caller.
pub fn check(document: &Document, invoice: Option<&Invoice<'_>>, sets: &[Set]) -> Vec<Finding> {
    let cii = document.root().name() == "CrossIndustryInvoice";
    let mut findings = Vec::new();
    for plan in sets.iter().filter_map(|set| PLANS.get(&(*set, cii))) {
        if let Some(invoice) = invoice {
            findings.extend(plan.invoice.iter().filter_map(|rule| apply(rule, invoice)));
        }
        let mut counts: Vec<Finding> = Vec::new();
        let mut hit = |rule: &'static Rule| match counts.iter_mut().find(|f| std::ptr::eq(f.rule, rule)) {
            Some(finding) => finding.count += 1,
            None => counts.push(Finding { rule, count: 1, line: None }),
        };
        for node in document.nodes() {
            if node.parent().is_none() {
                plan.root.iter().filter(|rule| !holds(rule, node)).for_each(|rule| hit(rule));
            }
            plan.any.iter().filter(|rule| !holds(rule, node)).for_each(|rule| hit(rule));
            for (path, rule) in plan.nodes.get(node.name()).into_iter().flatten() {
                if path.holds(node) && !holds(rule, node) {
                    hit(rule);
                }
            }
            for (end, path, rule) in &plan.suffixes {
                if node.name().ends_with(end) && path.holds(node) && !holds(rule, node) {
                    hit(rule);
                }
            }
        }
        findings.extend(counts);
    }
    findings
}

fn holds(rule: &Rule, node: Node<'_>) -> bool {
    match rule.check {
        Check::Node(_, check) => check(node),
        Check::Row(_, row) => row.holds(node),
        _ => true,
    }
}

fn line_allowances<'i, 'd>(i: &'i Invoice<'d>) -> impl Iterator<Item = (usize, &'i Allowance<'d>)> {
    i.lines.iter().enumerate().flat_map(|(n, line)| line.allowances.iter().map(move |a| (n, a)))
}

fn apply(rule: &'static Rule, i: &Invoice<'_>) -> Option<Finding> {
    let mut line = None;
    let mut count = |failed: &mut dyn Iterator<Item = Option<usize>>| {
        let first = failed.next();
        line = first.flatten();
        first.map_or(0, |_| 1 + failed.count())
    };
    let allowances = |charge: bool| i.allowances.iter().filter(move |a| a.is_charge() == Some(charge));
    let inside = |charge: bool| line_allowances(i).filter(move |(_, a)| a.is_charge() == Some(charge));
    let count = match &rule.check {
        Check::Invoice(f) => usize::from(!f(i)),
        Check::Line(f) => {
            count(&mut i.lines.iter().enumerate().filter(|(_, l)| !f(l, i)).map(|(n, _)| Some(n + 1)))
        }
        Check::Allowance(f) => allowances(false).filter(|a| !f(a, i)).count(),
        Check::Charge(f) => allowances(true).filter(|a| !f(a, i)).count(),
        Check::EachAllowance(f) => {
            let on_lines = line_allowances(i).filter(|(_, a)| !f(a, i)).map(|(n, _)| Some(n + 1));
            count(&mut i.allowances.iter().filter(|a| !f(a, i)).map(|_| None).chain(on_lines))
        }
        Check::LineAllowance(f) => count(&mut inside(false).filter(|(_, a)| !f(a)).map(|(n, _)| Some(n + 1))),
        Check::LineCharge(f) => count(&mut inside(true).filter(|(_, a)| !f(a)).map(|(n, _)| Some(n + 1))),
        Check::Breakdown(f) => i.breakdown.iter().filter(|b| !f(b, i)).count(),
        Check::Totals(f) => i.totals.iter().filter(|t| !f(t, i)).count(),
        Check::Payment(f) => i.payments.iter().filter(|p| !f(p, i)).count(),
        Check::Period(f) => i.periods.iter().filter(|p| !f(p)).count(),
        Check::LinePeriod(f) => {
            let periods = i.lines.iter().enumerate().flat_map(|(n, l)| l.periods.iter().map(move |p| (n, p)));
            count(&mut periods.filter(|(_, p)| !f(p)).map(|(n, _)| Some(n + 1)))
        }
        Check::Node(..) | Check::Row(..) => 0,
    };
    (count > 0).then_some(Finding { rule, count, line })
}

#[cfg(test)]
mod tests;
