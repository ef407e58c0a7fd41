//! An in-memory log and the conformance suite that every transport passes.
