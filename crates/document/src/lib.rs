//! Values of business documents: money, dates, units, identifiers and their check digits; pure, no I/O.
//!
//! Rule: a reading is never guessed silently: where two are possible, both are given.

pub mod currency;
pub mod date;
pub mod gln;
pub mod iban;
pub mod money;
pub mod unit;
pub mod vat_id;
pub mod vat_rate;
