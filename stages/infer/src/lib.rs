//! infer: gathers pages, reads embedded e-invoices, extracts fields locally.
