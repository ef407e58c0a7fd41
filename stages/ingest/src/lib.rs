//! ingest: admits documents, stores their bytes, rejects what cannot be processed.
