//! The stages over documents made by hand, with real children and a real PDFium.
#![allow(clippy::unwrap_used)]

mod images;
mod pdf;
mod support;
