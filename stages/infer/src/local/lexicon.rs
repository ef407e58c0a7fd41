//! The words that stand beside values, in English, German, French and Hungarian, and fewer in ten other languages.
//!
//! Owns which phrase names which concept. Knows no geometry. Rule: phrases are general vocabulary of business documents;
//! a phrase that only one supplier uses does not belong here.

use super::own::Profile;
use foldhash::fast::RandomState;
use std::collections::{HashMap, HashSet};
use std::sync::{LazyLock, Mutex};

/// What a label can say about a value. The last ones say what a value is *not*.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub enum Concept {
    /// Number of an invoice, receipt or credit note.
    InvoiceNo,
    /// Number of an order.
    OrderNo,
    /// Number of a contract.
    ContractNo,
    /// The buyer's order that an invoice refers to.
    PurchaseOrder,
    /// Day of issue.
    IssueDate,
    /// Day by which to pay.
    DueDate,
    /// Day of delivery.
    DeliveryDate,
    /// A period as a whole.
    Period,
    /// First day of a period.
    PeriodFrom,
    /// Last day of a period.
    PeriodTo,
    /// Total without VAT.
    Net,
    /// VAT.
    Tax,
    /// Total with VAT.
    Gross,
    /// Amount to be paid.
    Due,
    /// Seller.
    Seller,
    /// Buyer.
    Buyer,
    /// VAT id, whoever's.
    VatId,
    /// Account number.
    Iban,
    /// Bank's code.
    Bic,
    /// Currency.
    Currency,
    /// A party that is neither seller nor buyer.
    OtherParty,
    /// A number of something else.
    OtherNo,
    /// A day of something else.
    OtherDate,
    /// An amount of something else.
    OtherAmount,
    /// Number of a delivery note: that of the document, where it is one.
    DeliveryNoteNo,
    /// Day of a delivery note.
    DeliveryNoteDate,
}

/// Number of built-in concepts.
pub const CONCEPTS: usize = Concept::DeliveryNoteDate as usize + 1;

use Concept as C;

/// Phrases in the [`plain`] form, with how surely they name their concept.
const PHRASES: &str = include_str!("phrases.txt");

/// Names of the concepts in the file of phrases.
const NAMES: [(&str, C); CONCEPTS] = [
    ("InvoiceNo", C::InvoiceNo),
    ("OrderNo", C::OrderNo),
    ("ContractNo", C::ContractNo),
    ("PurchaseOrder", C::PurchaseOrder),
    ("IssueDate", C::IssueDate),
    ("DueDate", C::DueDate),
    ("DeliveryDate", C::DeliveryDate),
    ("Period", C::Period),
    ("PeriodFrom", C::PeriodFrom),
    ("PeriodTo", C::PeriodTo),
    ("Net", C::Net),
    ("Tax", C::Tax),
    ("Gross", C::Gross),
    ("Due", C::Due),
    ("Seller", C::Seller),
    ("Buyer", C::Buyer),
    ("VatId", C::VatId),
    ("Iban", C::Iban),
    ("Bic", C::Bic),
    ("Currency", C::Currency),
    ("OtherParty", C::OtherParty),
    ("OtherNo", C::OtherNo),
    ("OtherDate", C::OtherDate),
    ("OtherAmount", C::OtherAmount),
    ("DeliveryNoteNo", C::DeliveryNoteNo),
    ("DeliveryNoteDate", C::DeliveryNoteDate),
];

/// Lines of the file: concept, weight, phrases.
fn built_in() -> impl Iterator<Item = (C, f32, Vec<&'static str>)> {
    PHRASES.lines().filter(|l| !l.starts_with('#')).filter_map(|line| {
        let mut parts = line.splitn(3, ' ');
        let name = parts.next()?;
        let concept = NAMES.iter().find(|(n, _)| *n == name)?.1;
        let weight = parts.next()?.parse().ok()?;
        Some((concept, weight, parts.next()?.split(" | ").collect()))
    })
}

/// The phrases that surely name a concept, in the [`plain`] form, in all languages.
pub(crate) fn phrases(of: Concept) -> Vec<&'static str> {
    let sure = built_in().filter(|(concept, weight, _)| *concept == of && *weight > 0.7);
    sure.flat_map(|(_, _, phrases)| phrases).collect()
}

/// Words that tell fields of a schema apart too little to stand for a label alone.
const COMMON: &[&str] = &[
    "start", "end", "from", "to", "date", "no", "name", "amount", "total", "of", "the", "id", "code",
    "value", "day", "first", "last", "and", "or", "for", "invoice", "order", "document", "price", "sum",
    "type", "by", "in", "on", "a", "an", "de", "der", "die", "das", "la", "le",
];

/// Currencies that stand in labels of amounts.
const CURRENCIES: [&str; 11] = ["eur", "euro", "usd", "gbp", "chf", "sek", "nok", "dkk", "czk", "pln", "huf"];

/// Whether a word in [`plain`] form is one that labels are made of.
pub(crate) fn is_label_word(word: &str) -> bool {
    static WORDS: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
        const OTHER: [&str; 14] = [
            "brand",
            "product",
            "revision",
            "original",
            "print",
            "page",
            "agency",
            "comments",
            "terms",
            "status",
            "contact",
            "phone",
            "email",
            "attention",
        ];
        let phrases = built_in().flat_map(|(_, _, phrases)| phrases).flat_map(|p| p.split(' '));
        phrases.chain(COMMON.iter().copied()).chain(OTHER).collect()
    });
    WORDS.contains(word)
}

/// The form in which labels are compared: lower case without accents, words apart, all words for "number" alike.
pub fn plain(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        match c {
            '#' | '№' => {
                flush(&mut word, &mut out);
                word.push_str("no");
                flush(&mut word, &mut out);
            }
            'ä' | 'á' | 'à' | 'â' | 'ã' | 'å' | 'ā' | 'ă' | 'ą' => word.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ő' | 'ø' | 'ō' => word.push('o'),
            'ü' | 'ú' | 'ù' | 'û' | 'ű' | 'ū' | 'ů' => word.push('u'),
            'é' | 'è' | 'ê' | 'ë' | 'ē' | 'ė' | 'ę' | 'ě' => word.push('e'),
            'í' | 'î' | 'ï' | 'ì' | 'ī' | 'į' => word.push('i'),
            'ç' | 'ć' | 'č' => word.push('c'),
            'ś' | 'š' | 'ş' | 'ș' => word.push('s'),
            'ź' | 'ż' | 'ž' => word.push('z'),
            'ñ' | 'ń' | 'ň' | 'ņ' => word.push('n'),
            'ř' => word.push('r'),
            'ł' => word.push('l'),
            'ý' => word.push('y'),
            'ť' | 'ţ' | 'ț' => word.push('t'),
            'ď' => word.push('d'),
            'ß' => word.push_str("ss"),
            'œ' => word.push_str("oe"),
            'æ' => word.push_str("ae"),
            '°' | 'º' if word == "n" => word.push('o'),
            c if c.is_alphanumeric() => word.push(c),
            _ => flush(&mut word, &mut out),
        }
    }
    flush(&mut word, &mut out);
    out
}

fn flush(word: &mut String, out: &mut String) {
    if word.is_empty() {
        return;
    }
    if !out.is_empty() {
        out.push(' ');
    }
    match word.as_str() {
        "nr" | "number" | "num" | "nummer" | "numero" | "nro" | "numbers" | "numer" | "cislo" | "numar" => {
            out.push_str("no");
        }
        // German compounds: `rechnungsnummer`, `kundennr`.
        w if w.len() > 10 && w.is_ascii() && w.ends_with("rechnung") => {
            out.push_str(&w[..w.len() - 8]);
            out.push_str(" rechnung");
        }
        w => {
            match ["nummer", "numero", "nr"]
                .iter()
                .find_map(|end| w.strip_suffix(end).filter(|stem| stem.len() > 2))
            {
                Some(stem) if stem.is_ascii() && stem.chars().all(char::is_alphabetic) => {
                    out.push_str(stem);
                    out.push_str(" no");
                }
                _ => out.push_str(w),
            }
        }
    }
    word.clear();
}

struct Phrase {
    concept: usize,
    weight: f32,
    tokens: Vec<String>,
}

/// Phrases by concept; a schema's own labels are concepts after the built-in ones.
pub struct Lexicon {
    phrases: Vec<Phrase>,
    by_token: HashMap<String, Vec<usize>, RandomState>,
    concepts: usize,
    /// What a schema says about its fields, parallel to the concepts after the built-in ones.
    profiles: Vec<Profile>,
    seen: Mutex<HashMap<String, std::sync::Arc<[f32]>, RandomState>>,
}

impl Lexicon {
    /// The built-in phrases, and labels for each of a schema's fields.
    pub fn new(own: &[Vec<String>]) -> Self {
        let mut phrases = Vec::new();
        for (concept, weight, texts) in built_in() {
            for text in texts {
                phrases.push(Phrase { concept: concept as usize, weight, tokens: tokens(text) });
            }
        }
        for (i, labels) in own.iter().enumerate() {
            for label in labels {
                let tokens = tokens(label);
                // One telling word of a label is a hint: `Flight dates` for `Flight start`.
                for word in tokens.iter().filter(|t| tokens.len() > 1 && !COMMON.contains(&t.as_str())) {
                    phrases.push(Phrase { concept: CONCEPTS + i, weight: 0.5, tokens: vec![word.clone()] });
                }
                phrases.push(Phrase { concept: CONCEPTS + i, weight: 1.0, tokens });
            }
        }
        phrases.retain(|p| !p.tokens.is_empty());
        let mut by_token: HashMap<String, Vec<usize>, RandomState> = HashMap::default();
        for (i, phrase) in phrases.iter().enumerate() {
            by_token.entry(phrase.tokens[0].clone()).or_default().push(i);
        }
        Self {
            phrases,
            by_token,
            concepts: CONCEPTS + own.len(),
            profiles: Vec::new(),
            seen: Mutex::default(),
        }
    }

    /// The same with what a schema says about its fields.
    #[must_use]
    pub fn with_profiles(self, profiles: Vec<Profile>) -> Self {
        Self { profiles, ..self }
    }

    /// What a schema says about its fields; none for the built-in document.
    pub(crate) fn profiles(&self) -> &[Profile] {
        &self.profiles
    }

    /// Number of concepts, those of a schema included.
    pub fn concepts(&self) -> usize {
        self.concepts
    }

    /// How surely a label names each concept, 0..=1. `plain`: see [`plain`].
    pub fn strengths(&self, plain: &str) -> std::sync::Arc<[f32]> {
        if let Ok(seen) = self.seen.lock()
            && let Some(known) = seen.get(plain)
        {
            return std::sync::Arc::clone(known);
        }
        // Numbers and currencies inside a label say nothing: `Rechnung (380) Nr.`, `Summe EUR`.
        let number = |w: &str| w.bytes().all(|b| b.is_ascii_digit()) || CURRENCIES.contains(&w);
        let mut words: Vec<&str> = plain.split(' ').filter(|w| !w.is_empty()).collect();
        if words.iter().any(|w| !number(w)) {
            words.retain(|w| !number(w));
        }
        let mut strengths = vec![0.0_f32; self.concepts];
        if words.len() <= 14 {
            for start in 0..words.len() {
                for i in self.by_token.get(words[start]).into_iter().flatten() {
                    let phrase = &self.phrases[*i];
                    let end = start + phrase.tokens.len();
                    if end > words.len() || !phrase.tokens.iter().zip(&words[start..]).all(|(a, b)| a == b) {
                        continue;
                    }
                    // `P.O. Box` is no P.O.
                    if words.get(end) == Some(&"box") {
                        continue;
                    }
                    let strength = phrase.weight * fit(start, end, words.len());
                    let slot = &mut strengths[phrase.concept];
                    *slot = slot.max(strength);
                }
            }
        }
        let strengths: std::sync::Arc<[f32]> = strengths.into();
        if let Ok(mut seen) = self.seen.lock()
            && seen.len() < 20_000
        {
            seen.insert(plain.to_owned(), std::sync::Arc::clone(&strengths));
        }
        strengths
    }
}

/// How well a phrase at `start..end` of `all` words stands for the whole label: the last words say most.
fn fit(start: usize, end: usize, all: usize) -> f32 {
    let extra = (all - (end - start)) as f32;
    match (start == 0, end == all) {
        (true, true) => 1.0,
        (false, true) => (0.85 - 0.06 * extra).max(0.4),
        (true, false) => (0.78 - 0.06 * extra).max(0.3),
        (false, false) => (0.6 - 0.05 * extra).max(0.2),
    }
}

fn tokens(text: &str) -> Vec<String> {
    plain(text).split(' ').filter(|t| !t.is_empty()).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_compared_in_one_form() {
        assert_eq!(plain("Rechnungsnummer:"), "rechnungs no");
        assert_eq!(plain("Invoice #"), "invoice no");
        assert_eq!(plain("N° de Facture"), "no de facture");
        assert_eq!(plain("Fälligkeits-Datum"), "falligkeits datum");
    }

    #[test]
    fn every_line_of_the_phrases_is_read_and_every_concept_has_some() {
        let lines = PHRASES.lines().filter(|l| !l.starts_with('#')).count();
        assert_eq!(built_in().count(), lines);
        for (name, concept) in NAMES {
            assert!(built_in().any(|(c, _, phrases)| c == concept && !phrases.is_empty()), "{name}");
        }
    }

    #[test]
    fn the_whole_label_counts_more_than_a_part_of_it() {
        let lexicon = Lexicon::new(&[vec!["Contract number".into()]]);
        let of = |label: &str, concept: usize| lexicon.strengths(&plain(label))[concept];
        assert!(of("Invoice No.", C::InvoiceNo as usize) > 0.99);
        assert!(of("P.O.", C::PurchaseOrder as usize) > 0.9);
        assert!(of("P.O. Box", C::PurchaseOrder as usize) < 0.1, "a box at the post");
        assert!(of("Alt Order #", C::OtherNo as usize) > of("Alt Order #", C::OrderNo as usize));
        assert!(of("Due Date", C::DueDate as usize) > of("Due Date", C::IssueDate as usize));
        assert!(of("Contract #", CONCEPTS) > 0.99);
    }
}
