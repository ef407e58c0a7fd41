//! The runtime's transport over one SQLite file, for one process.
