//! Units of measure: the words of pages as codes of UN/ECE Recommendation 20, with packages of Recommendation 21.
//!
//! Owns the words in English, German, French and Hungarian. Rule: a word that means two units in trade has no code.

/// Codes, each with the words for it in lower case without accents and points.
const UNITS: &[(&str, &[&str])] = &[
    (
        "H87",
        &[
            "piece",
            "pieces",
            "pc",
            "pcs",
            "pce",
            "stk",
            "stck",
            "stuck",
            "st",
            "piece(s)",
            "pieces(s)",
            "db",
            "ea",
            "each",
            "item",
            "items",
            "unite",
            "unites",
        ],
    ),
    ("C62", &["one", "unit", "units", "unit(s)", "einheit", "einheiten"]),
    ("HUR", &["hour", "hours", "hr", "hrs", "h", "std", "stunde", "stunden", "heure", "heures", "ora"]),
    ("DAY", &["day", "days", "tag", "tage", "jour", "jours", "nap", "pt", "personentag"]),
    ("WEE", &["week", "weeks", "woche", "wochen", "semaine", "semaines", "het"]),
    ("MON", &["month", "months", "monat", "monate", "mois", "honap"]),
    ("ANN", &["year", "years", "jahr", "jahre", "an", "ans", "annee", "annees", "ev"]),
    ("MIN", &["minute", "minutes", "minuten", "perc"]),
    ("KGM", &["kg", "kilogram", "kilograms", "kilogramm", "kilo", "kilogramme", "kilogrammes"]),
    ("GRM", &["g", "gr", "gram", "grams", "gramm", "gramme", "grammes"]),
    ("TNE", &["t", "to", "tonne", "tonnes", "tonnen"]),
    ("LTR", &["l", "ltr", "liter", "liters", "litre", "litres", "liter(s)", "litre(s)"]),
    ("MLT", &["ml", "milliliter", "millilitre"]),
    ("MTR", &["m", "meter", "meters", "metre", "metres", "lfm", "lfdm", "laufmeter"]),
    ("CMT", &["cm", "centimeter", "zentimeter", "centimetre"]),
    ("MMT", &["mm", "millimeter", "millimetre"]),
    ("KMT", &["km", "kilometer", "kilometre", "kilometres"]),
    ("MTK", &["m2", "m²", "qm", "sqm", "quadratmeter"]),
    ("MTQ", &["m3", "m³", "cbm", "kubikmeter"]),
    ("KWH", &["kwh", "kilowattstunde", "kilowattstunden"]),
    ("SET", &["set", "sets", "satz", "jeu", "keszlet"]),
    ("PR", &["pair", "pairs", "paar", "paire", "paires", "par"]),
    ("DZN", &["dozen", "dutzend", "douzaine"]),
    ("LS", &["lump sum", "ls", "pauschal", "pauschale", "psch", "forfait", "atalany"]),
    ("XBX", &["box", "boxes", "kiste", "kisten", "boite", "boites", "doboz"]),
    ("XCT", &["carton", "cartons", "karton", "kartons", "ctn"]),
    ("XPX", &["pallet", "pallets", "palette", "paletten", "palettes", "raklap"]),
    ("XBO", &["bottle", "bottles", "flasche", "flaschen", "bouteille", "bouteilles"]),
    ("XBG", &["bag", "bags", "sack", "sacke", "beutel", "sac", "sacs"]),
    (
        "XPK",
        &[
            "package",
            "packages",
            "pack",
            "packs",
            "packung",
            "packungen",
            "paket",
            "pakete",
            "pck",
            "pkg",
            "vpe",
            "paquet",
            "csomag",
        ],
    ),
    ("XRO", &["roll", "rolls", "rolle", "rollen", "rouleau", "rouleaux", "tekercs"]),
];

/// The code of a unit as it stands on a page; a code is its own.
pub fn code(text: &str) -> Option<&'static str> {
    let text = text.trim().trim_end_matches('.');
    let own = UNITS.iter().map(|u| u.0).find(|code| *code == text);
    // `g`, `h` and `m` are units, `H` and `M` may be sizes.
    let short_capital = text.len() == 1 && text.chars().all(char::is_uppercase);
    let word: String = text.chars().flat_map(char::to_lowercase).map(plain).filter(|c| *c != '.').collect();
    own.or_else(|| UNITS.iter().find(|u| !short_capital && u.1.contains(&word.as_str())).map(|u| u.0))
}

fn plain(c: char) -> char {
    match c {
        'ä' | 'á' => 'a',
        'ö' => 'o',
        'ü' => 'u',
        'é' | 'è' | 'ê' => 'e',
        'î' => 'i',
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_of_pages_have_codes_and_codes_are_their_own() {
        for (text, expected) in [
            ("Stk", "H87"),
            ("Stück", "H87"),
            ("Stk.", "H87"),
            ("pcs", "H87"),
            ("Unit(s)", "C62"),
            ("Std.", "HUR"),
            ("m²", "MTK"),
            ("Liter(s)", "LTR"),
            ("KGM", "KGM"),
            ("boîte", "XBX"),
            ("pauschal", "LS"),
        ] {
            assert_eq!(code(text), Some(expected), "{text}");
        }
        for text in ["", "M", "Schreibtisch", "12"] {
            assert_eq!(code(text), None, "{text}");
        }
    }

    #[test]
    fn no_word_means_two_units() {
        let mut seen = std::collections::BTreeMap::new();
        for (code, words) in UNITS {
            for word in *words {
                assert_eq!(seen.insert(*word, *code), None, "{word}");
            }
        }
    }
}
