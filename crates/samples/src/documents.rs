//! One module a document: what stands on it and how it is laid out.

pub(crate) mod invoice_de;
pub(crate) mod invoice_en;
pub(crate) mod invoice_scan;
pub(crate) mod invoice_ubl;
pub(crate) mod order;
pub(crate) mod receipt;
