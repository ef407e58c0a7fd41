//! The documents in `samples/`, made by code: the same bytes every time, on every machine.
//!
//! Owns what stands on the sample pages. Knows nothing of the pipeline. Every firm, person and number is invented; IBANs and
//! VAT ids are published examples or made up, with right check digits.
//! Rule: no clock, no randomness, no floating-point function that differs between machines.

#![allow(clippy::format_collect, reason = "small documents; templates read better")]
#![allow(clippy::cast_possible_wrap, reason = "pages and tables of known small size")]

mod crypt;
mod documents;
mod model;
mod pdf;
mod raster;

use thiserror::Error;

/// A sample document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// File name in `samples/`.
    pub name: &'static str,
    /// The whole file.
    pub bytes: Vec<u8>,
}

/// A picture could not be encoded.
#[derive(Debug, Error)]
pub enum SampleError {
    /// PNG.
    #[error("PNG of a sample cannot be encoded: {0}")]
    Png(#[from] image::ImageError),
    /// TIFF.
    #[error("TIFF of a sample cannot be encoded: {0}")]
    Tiff(#[from] tiff::TiffError),
}

/// All samples, in the order of their names.
pub fn all() -> Result<Vec<Sample>, SampleError> {
    let invoice = documents::invoice_en::pdf(None);
    let truncated = invoice[..invoice.len() * 6 / 10].to_vec();
    let sample = |name, bytes| Sample { name, bytes };
    Ok(vec![
        sample("encrypted.pdf", documents::invoice_en::pdf(Some("docmill"))),
        sample("invoice-de-facturx.pdf", documents::invoice_de::pdf()),
        sample("invoice-en.pdf", invoice),
        sample("invoice-scan-2-pages.tiff", documents::invoice_scan::tiff()?),
        sample("invoice-ubl.xml", documents::invoice_ubl::xml().into_bytes()),
        sample("order-12-pages.pdf", documents::order::pdf()),
        sample("receipt-scan.png", documents::receipt::png()?),
        sample("truncated.pdf", truncated),
    ])
}

/// A purchase order as in `order-12-pages.pdf`, with another number and as many pages.
pub fn order(number: &str, pages: usize) -> Vec<u8> {
    documents::order::numbered(number, pages)
}

/// Scanned pages of an invoice in one TIFF; no two are the same, whatever the seed.
pub fn scan(seed: u64, pages: usize) -> Result<Vec<u8>, SampleError> {
    documents::invoice_scan::many(seed, pages)
}
