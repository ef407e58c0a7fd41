//! Electronic invoices: the business terms of EN 16931, read from UBL and CII, and the business rules by their public ids.
//!
//! Owns the semantic model, the two syntax bindings, the code lists and the rules. Pure: no I/O, no clock. Must not know
//! pages, tenants or what becomes of an invoice. Rule: values are kept as they stand; a rule that does not hold is said,
//! never repaired.

mod cii;
pub mod codes;
pub mod decimal;
mod encoding;
mod error;
pub mod fuzz;
pub mod model;
pub mod rules;
mod tree;
mod ubl;

pub use error::ReadError;
pub use model::Invoice;
pub use tree::{Children, Document, MAX_ATTRIBUTES, MAX_BYTES, MAX_DEPTH, MAX_ELEMENTS, Node};

/// The invoice in a document: a UBL Invoice or CreditNote, or a CrossIndustryInvoice.
pub fn invoice(document: &Document) -> Option<Invoice<'_>> {
    let root = document.root();
    ubl::read(root).or_else(|| cii::read(root))
}
