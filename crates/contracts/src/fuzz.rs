//! What fuzzers call: records and words of any bytes.

use crate::public::{row_line, row_of_line};
use crate::{
    ClaimState, Codec, Contract, DocumentAssembled, DocumentClaimed, DocumentExtracted, DocumentResult,
    DocumentSubmitted, GatherState, PackedRules, PageRecognized, PagesPlanned, SchemaCatalog,
};
use std::sync::{Arc, OnceLock};

/// Reads bytes as records, as the words of a page, and as a row of a table. What is read is written and read again.
pub fn records(bytes: &[u8]) {
    static CODEC: OnceLock<Option<Codec>> = OnceLock::new();
    let codec = CODEC.get_or_init(|| SchemaCatalog::built_in().ok().map(|c| Codec::new(Arc::new(c))));
    let Some(codec) = codec else { return };
    twice::<DocumentSubmitted>(codec, bytes);
    twice::<PagesPlanned>(codec, bytes);
    twice::<PageRecognized>(codec, bytes);
    twice::<GatherState>(codec, bytes);
    twice::<DocumentAssembled>(codec, bytes);
    twice::<DocumentExtracted>(codec, bytes);
    twice::<DocumentResult>(codec, bytes);
    twice::<DocumentClaimed>(codec, bytes);
    twice::<ClaimState>(codec, bytes);
    if let Ok((words, rules)) = Codec::page_from_blob(bytes)
        && let Ok(unpacked) = words.unpack()
    {
        assert_eq!(PackedRules::pack(&rules.unpack()).unpack(), rules.unpack(), "rules stay what they are");
        assert_eq!(usize::try_from(words.count), Ok(unpacked.len()), "columns belong together");
    }
    if let Ok(row) = row_of_line(bytes) {
        let line = row_line(&row);
        assert_eq!(line.matches('\n').count(), 1, "a row is one line");
        assert!(row_of_line(line.as_bytes()).is_ok(), "{line}");
    }
}

fn twice<T: Contract>(codec: &Codec, bytes: &[u8]) {
    let Ok(record) = codec.decode::<T>(bytes) else { return };
    // A field of an older writer may be one that today's schema has no place for.
    let Ok(written) = codec.encode(&record) else { return };
    assert!(codec.decode::<T>(&written).is_ok(), "{} cannot be read again", T::KIND.name());
}

#[cfg(test)]
mod tests {
    use docmill_testkit::fuzz::smoke;
    use std::path::Path;

    #[test]
    fn no_bytes_make_the_codec_panic() {
        let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
        let mut seeds: Vec<Vec<u8>> = std::fs::read_dir(golden)
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.is_file())
            .map(|path| std::fs::read(path).unwrap())
            .collect();
        // Folders list their files in any order.
        seeds.sort();
        seeds.push(
            br#"{"a": {"value": "1", "confidence": null, "engine": "x", "model_version": "1"}}"#.to_vec(),
        );
        smoke(&seeds, 3000, super::records);
    }
}
