//! docs/rules.md lists the rules as the tables have them. `DOCMILL_BLESS=1 cargo test -p docmill-en16931` writes it.

#![allow(clippy::unwrap_used)]

use docmill_en16931::rules::{Rule, Set, Severity};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

const HEAD: &str = "\
# Business rules

What docmill checks on an electronic invoice, order or other document of Peppol, by the public ids of the rules. The table is written
from the rules in `crates/en16931` (`DOCMILL_BLESS=1 cargo test -p docmill-en16931`); a test keeps it in step. The texts are those of
the authors, CEN/TC 434 and the European Commission (EN 16931), OpenPEPPOL (Peppol BIS) and KoSIT (XRechnung); the functions behind
them are docmill's.

* Which sets apply, the document says itself (BT-24): EN 16931 always, but not to Factur-X MINIMUM and BASIC WL, which are no invoices
  in its sense; the syntax binding unless an extension says that it conforms only; Peppol and XRechnung where they are named.
* BR-IG-* and BR-IP-* of the standard have the ids BR-AF-* and BR-AG-* of the published artefacts.
* BR-CO-05 to -08 compare the meaning of two texts; as in the published artefacts they always hold.
* In documents of XRechnung's extension BR-DEX-01 and -04 to -09 stand in for BR-CL-24, -10, -11, -21, -25, -26 and, in UBL, BR-CO-16, whose
  lists and sums they extend; under its clean vehicles profile BR-TMP-CVD-01 for BR-CL-13.
* The rules of Peppol that only ask whether an element of the data model is there (`PEPPOL-T…-B…`) are not checked.
* Tolerances are those of the rules: none for totals (BR-CO-10 to -16), less than 1.00 for VAT of a category (BR-CO-17, BR-S-08, -09),
  0.02 for percentages and line amounts of Peppol (R040, R120, T01-R022, -R024).
* Agreement with the published cases: `docmill bench rules PATH…` (docs/benchmarks.md).
";

fn table(page: &mut String, rules: &mut dyn Iterator<Item = &'static Rule>) {
    let mut rows: BTreeMap<(String, &str), &Rule> = BTreeMap::new();
    for rule in rules {
        rows.entry((sortable(rule.id), rule.id)).or_insert(rule);
    }
    page.push_str("\n| rule | severity | text |\n|---|---|---|\n");
    for ((_, id), rule) in rows {
        let severity = if rule.severity == Severity::Error { "error" } else { "warning" };
        let text = rule.text.replace('|', "\\|").split_whitespace().collect::<Vec<_>>().join(" ");
        writeln!(page, "| {id} | {severity} | {text} |").unwrap();
    }
}

/// Numbers in ids sort as numbers.
fn sortable(id: &str) -> String {
    let mut out = String::new();
    let mut digits = String::new();
    for c in id.chars() {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            if !digits.is_empty() {
                write!(out, "{digits:0>6}").unwrap();
                digits.clear();
            }
            out.push(c);
        }
    }
    if digits.is_empty() { out } else { format!("{out}{digits:0>6}") }
}

#[test]
fn the_page_of_rules_is_true() {
    let mut page = HEAD.to_owned();
    let (mut all, mut seen) = (0, std::collections::BTreeSet::new());
    for set in Set::ALL {
        writeln!(page, "\n## {}", set.name()).unwrap();
        if set == Set::Syntax {
            for (syntax, cii) in [("UBL", false), ("CII", true)] {
                writeln!(page, "\n### {syntax}").unwrap();
                table(&mut page, &mut set.rules(cii));
            }
        } else {
            table(&mut page, &mut set.rules(false).chain(set.rules(true)));
        }
        for rule in set.rules(false).chain(set.rules(true)) {
            all += usize::from(seen.insert(rule.id));
        }
    }
    writeln!(page, "\n{all} rules.").unwrap();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/rules.md");
    if std::env::var_os("DOCMILL_BLESS").is_some() {
        std::fs::write(&path, &page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(written == page, "docs/rules.md is not what the tables say: run with DOCMILL_BLESS=1");
    assert!(all > 1900, "{all}");
}
