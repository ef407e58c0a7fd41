//! The docmill command.
