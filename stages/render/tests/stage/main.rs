//! The stages over documents made by hand, with real children and a real PDFium.
#![allow(clippy::unwrap_used)]

mod hidden;
mod images;
mod limits;
mod pdf;
mod rules;
mod support;
mod text;
