//! validate: arithmetic, dates, check digits and thresholds decide accepted, review or rejected.
