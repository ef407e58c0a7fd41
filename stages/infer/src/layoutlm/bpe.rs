//! Byte-level BPE, as LayoutLMv3 and RoBERTa use it: from words to token ids.
//!
//! Owns the reading of a `tokenizer.json` and the merging of symbols. Knows no page. Rule: the ids are those of the reference
//! implementation, word by word; a file that asks for anything else is refused by name.

use super::LayoutLmError;
use regex::Regex;
use serde_json::Value;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::path::Path;

/// Largest file that is read, in bytes.
const MAX_FILE: u64 = 64 << 20;
/// Longest piece of a word that is merged, in bytes; what is over is split.
const MAX_PIECE: usize = 512;

/// Tokens of words.
#[derive(Debug)]
pub(crate) struct Bpe {
    /// Rank and result of merging two symbols.
    merges: HashMap<(u32, u32), (u32, u32)>,
    /// Symbol of each byte.
    bytes: Vec<u32>,
    pieces: Regex,
    unknown: u32,
    pub(crate) start: u32,
    pub(crate) end: u32,
    pub(crate) pad: u32,
}

/// The printable character by which byte-level BPE names each byte.
fn byte_chars() -> [char; 256] {
    let mut table = ['\0'; 256];
    let mut next = 256;
    for (byte, slot) in table.iter_mut().enumerate() {
        let printable = matches!(byte, 33..=126 | 161..=172 | 174..=255);
        let code = if printable { byte as u32 } else { next };
        next += u32::from(!printable);
        *slot = char::from_u32(code).unwrap_or('\u{fffd}');
    }
    table
}

impl Bpe {
    /// Reads a `tokenizer.json`.
    pub(crate) fn load(path: &Path) -> Result<Self, LayoutLmError> {
        let wrong = |reason| LayoutLmError::Tokenizer { path: path.to_owned(), reason };
        let size = std::fs::metadata(path).map_err(|_| wrong("the file cannot be read"))?.len();
        if size > MAX_FILE {
            return Err(wrong("the file has more than 64 MiB"));
        }
        let text = std::fs::read(path).map_err(|_| wrong("the file cannot be read"))?;
        let root: Value = serde_json::from_slice(&text).map_err(|_| wrong("the file is no JSON"))?;
        Self::of(&root).map_err(wrong)
    }

    fn of(root: &Value) -> Result<Self, &'static str> {
        let model = &root["model"];
        if model["type"].as_str().is_some_and(|t| t != "BPE") || !model["merges"].is_array() {
            return Err("only byte-level BPE is supported (`model.type` is not BPE)");
        }
        let says = |what: &Value| what.to_string().contains("ByteLevel");
        if !says(&root["pre_tokenizer"]) {
            return Err("only byte-level BPE is supported (`pre_tokenizer` is not ByteLevel)");
        }
        if !root["normalizer"].is_null() {
            return Err("a normalizer is not supported");
        }
        let vocabulary = model["vocab"].as_object().ok_or("it has no vocabulary")?;
        let mut ids: HashMap<String, u32> = HashMap::with_capacity(vocabulary.len());
        for (token, id) in vocabulary {
            let id = id.as_u64().and_then(|id| u32::try_from(id).ok()).ok_or("an id is no number")?;
            ids.insert(token.clone(), id);
        }
        for added in root["added_tokens"].as_array().into_iter().flatten() {
            let id = added["id"].as_u64().and_then(|id| u32::try_from(id).ok());
            if let (Some(token), Some(id)) = (added["content"].as_str(), id) {
                ids.insert(token.to_owned(), id);
            }
        }
        let of = |names: [&str; 2]| names.iter().find_map(|n| ids.get(*n)).copied();
        let start = of(["<s>", "[CLS]"]).ok_or("it has no token <s>")?;
        let end = of(["</s>", "[SEP]"]).ok_or("it has no token </s>")?;
        let pad = of(["<pad>", "[PAD]"]).ok_or("it has no token <pad>")?;
        let unknown = of(["<unk>", "[UNK]"]).unwrap_or(end);
        let mut merges = HashMap::new();
        for (rank, merge) in model["merges"].as_array().into_iter().flatten().enumerate() {
            let pair = match merge {
                Value::String(text) => text.split_once(' '),
                Value::Array(two) => {
                    two.first().and_then(Value::as_str).zip(two.get(1).and_then(Value::as_str))
                }
                _ => None,
            };
            let (a, b) = pair.ok_or("a merge is no pair")?;
            let (Some(x), Some(y), Some(xy)) = (ids.get(a), ids.get(b), ids.get(&format!("{a}{b}"))) else {
                return Err("a merge names a token that is not in the vocabulary");
            };
            merges.insert((*x, *y), (u32::try_from(rank).unwrap_or(u32::MAX), *xy));
        }
        let byte = |c: char| ids.get(c.encode_utf8(&mut [0; 4]) as &str).copied().unwrap_or(unknown);
        let bytes = byte_chars().into_iter().map(byte).collect();
        // The pattern of GPT-2 without its look-ahead, which matters only for runs of spaces: words have none.
        let pieces = Regex::new(r"'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+");
        let pieces = pieces.map_err(|_| "its pattern is not supported")?;
        Ok(Self { merges, bytes, pieces, unknown, start, end, pad })
    }

    /// Tokens of one word, as if a space stood before it.
    pub(crate) fn word(&self, word: &str) -> Vec<u32> {
        let spaced = format!(" {word}");
        let mut out = Vec::new();
        for piece in self.pieces.find_iter(&spaced) {
            for part in piece.as_str().as_bytes().chunks(MAX_PIECE) {
                self.merge(part, &mut out);
            }
        }
        if out.is_empty() {
            out.push(self.unknown);
        }
        out
    }

    /// Merges the pair of the lowest rank, the leftmost first, until none is left.
    fn merge(&self, bytes: &[u8], out: &mut Vec<u32>) {
        let mut symbols: Vec<Option<u32>> = bytes.iter().map(|b| Some(self.bytes[*b as usize])).collect();
        let n = symbols.len();
        let mut next: Vec<usize> = (1..=n).collect();
        let mut prev: Vec<usize> = (0..n).map(|i| i.wrapping_sub(1)).collect();
        let mut queue = BinaryHeap::new();
        let offer = |queue: &mut BinaryHeap<_>, symbols: &[Option<u32>], i: usize, j: usize| {
            if let (Some(Some(a)), Some(Some(b))) = (symbols.get(i), symbols.get(j))
                && let Some((rank, merged)) = self.merges.get(&(*a, *b))
            {
                queue.push(Reverse((*rank, i, j, *a, *b, *merged)));
            }
        };
        for i in 0..n.saturating_sub(1) {
            offer(&mut queue, &symbols, i, i + 1);
        }
        while let Some(Reverse((_, i, j, a, b, merged))) = queue.pop() {
            // What has been merged since is passed over.
            if symbols[i] != Some(a) || symbols[j] != Some(b) || next[i] != j {
                continue;
            }
            (symbols[i], symbols[j]) = (Some(merged), None);
            next[i] = next[j];
            if next[i] < n {
                prev[next[i]] = i;
                offer(&mut queue, &symbols, i, next[i]);
            }
            if prev[i] < n {
                offer(&mut queue, &symbols, prev[i], i);
            }
        }
        out.extend(symbols.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn tiny() -> (Bpe, serde_json::Map<String, Value>) {
        let mut vocabulary = serde_json::Map::new();
        for (id, token) in ["<s>", "<pad>", "</s>", "<unk>"].into_iter().enumerate() {
            vocabulary.insert(token.into(), id.into());
        }
        for c in byte_chars() {
            let id = vocabulary.len();
            vocabulary.insert(c.to_string(), id.into());
        }
        for token in ["Ġa", "ab", "Ġab", "bb"] {
            let id = vocabulary.len();
            vocabulary.insert(token.into(), id.into());
        }
        let merges = json!([["Ġ", "a"], ["a", "b"], ["Ġa", "b"], ["b", "b"]]);
        let root = json!({"model": {"type": "BPE", "vocab": vocabulary, "merges": merges},
            "pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": true}});
        (Bpe::of(&root).unwrap(), vocabulary)
    }

    #[test]
    fn pairs_are_merged_by_rank() {
        let (bpe, vocabulary) = tiny();
        let spelled = |word: &str| {
            let name = |id: &u32| vocabulary.iter().find(|(_, i)| **i == *id).unwrap().0.clone();
            bpe.word(word).iter().map(name).collect::<Vec<_>>()
        };
        assert_eq!(spelled("ab"), ["Ġab"]);
        assert_eq!(spelled("abb"), ["Ġab", "b"]);
        assert_eq!(spelled("bbbb"), ["Ġ", "bb", "bb"]);
        assert_eq!(spelled("a-1"), ["Ġa", "-", "1"]);
        assert_eq!(spelled("é"), ["Ġ", "Ã", "©"]);
    }

    #[test]
    fn other_tokenizers_are_refused_by_name() {
        let wrong = |json: Value| Bpe::of(&json).unwrap_err();
        assert!(wrong(json!({"model": {"type": "WordPiece", "vocab": {}}})).contains("not BPE"));
        assert!(
            wrong(json!({"model": {"merges": []}, "pre_tokenizer": {"type": "Metaspace"}}))
                .contains("ByteLevel")
        );
        let vocabulary = json!({"<s>": 0, "</s>": 1, "<pad>": 2});
        let root = json!({"model": {"vocab": vocabulary, "merges": ["x y"]}, "pre_tokenizer": {"type": "ByteLevel"}});
        assert!(wrong(root).contains("not in the vocabulary"));
    }

    proptest! {
        #[test]
        fn every_word_has_tokens_that_are_in_the_vocabulary(word in "\\PC{0,60}") {
            let (bpe, vocabulary) = tiny();
            let ids = bpe.word(&word);
            prop_assert!(!ids.is_empty());
            prop_assert!(ids.iter().all(|id| (*id as usize) < vocabulary.len()));
        }
    }
}
