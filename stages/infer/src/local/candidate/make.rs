//! A candidate as it stands on the page, before anything is known of its kind.
//!
//! Owns nothing. Rule: every candidate is made here, so that none lacks its place.

use super::{Candidate, Kind};
use crate::local::layout::Segment;
use rust_decimal::Decimal;

impl Candidate {
    /// The text of a segment's bytes `span`, without what only some kinds have; `at`: page and segment.
    pub(crate) fn new(
        kind: Kind,
        value: String,
        at: (usize, usize),
        segment: &Segment,
        span: (usize, usize),
    ) -> Self {
        Self {
            kind,
            value,
            raw: segment.text.get(span.0..span.1).unwrap_or_default().trim().to_owned(),
            page: at.0,
            segment: at.1,
            span,
            bbox: segment.place(span.0, span.1),
            amount: Decimal::ZERO,
            monetary: false,
            currency: None,
            dates: Vec::new(),
            date: None,
            range: None,
            ticked: None,
        }
    }
}
