//! Who made a document out, in a form that can be compared and tells nobody who it is.

use docmill_contracts::{Fields, Party, content_sha256};

/// Words of names that say what kind of company it is, or join others.
const IDLE: [&str; 47] = [
    "ab",
    "ag",
    "and",
    "aps",
    "as",
    "bhd",
    "bv",
    "co",
    "company",
    "corp",
    "corporation",
    "doo",
    "et",
    "gmbh",
    "inc",
    "incorporated",
    "kft",
    "kg",
    "lda",
    "limited",
    "llc",
    "llp",
    "lp",
    "ltd",
    "mbh",
    "nv",
    "ohg",
    "oy",
    "plc",
    "pte",
    "pty",
    "sa",
    "sarl",
    "sas",
    "sdn",
    "se",
    "sl",
    "sp",
    "spa",
    "srl",
    "sro",
    "the",
    "ug",
    "und",
    "y",
    "zoo",
    "zrt",
];
/// Most words of a name that count.
const MOST_WORDS: usize = 8;

/// The first 8 bytes of the SHA-256, as a number; never 0.
fn hash(text: &str) -> i64 {
    let digits = content_sha256(text.as_bytes());
    let number = u64::from_str_radix(digits.get(..16).unwrap_or_default(), 16).unwrap_or(1);
    number.max(1).cast_signed()
}

/// Of the fields of a document, `who` made it out; none where neither name nor VAT id was read.
pub(super) fn of(fields: &Fields, who: &str) -> Option<Party> {
    let text = |name: String| fields.get(&name).map(|f| f.value.as_str()).unwrap_or_default();
    let id = plain(text(format!("{who}_vat_id")));
    let vat_id = if id.is_empty() { 0 } else { hash(&id) };
    let name = words(text(format!("{who}_name")));
    let currency = text("currency".to_owned()).chars().take(3).collect();
    (vat_id != 0 || !name.is_empty()).then_some(Party { vat_id, name, currency })
}

/// Words of one letter are legal forms with points, for the most part.
fn words(name: &str) -> Vec<i64> {
    let name = name.to_lowercase();
    let words = name.split(|c: char| !c.is_alphanumeric());
    words.filter(|w| w.chars().count() > 1 && !IDLE.contains(w)).take(MOST_WORDS).map(hash).collect()
}

/// Letters and digits alone, in capitals: what is the same however it is printed.
pub(super) fn plain(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_uppercase).collect()
}

/// Whether both are the same one. A name may be printed shorter or longer; a currency that was not read fits every other.
pub(super) fn same(one: &Party, other: &Party) -> bool {
    if !one.currency.is_empty() && !other.currency.is_empty() && one.currency != other.currency {
        return false;
    }
    if one.vat_id != 0 && one.vat_id == other.vat_id {
        return true;
    }
    let (short, long) = if one.name.len() <= other.name.len() { (one, other) } else { (other, one) };
    !short.name.is_empty() && short.name.iter().all(|word| long.name.contains(word))
}
