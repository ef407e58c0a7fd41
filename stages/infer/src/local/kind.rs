//! Document type: type words in several languages, how often, where and how large they stand.
//!
//! Owns the words. Knows no field. Rule: a document that says nothing of the kind is `other`.

use super::candidate::{Candidate, Kind};
use super::layout::Layout;
use super::lexicon::plain;
use docmill_contracts::{DocumentType, TextSource};

/// Type, words that make a title, words that are counted.
const WORDS: &[(&str, &[&str], &[&str])] = &[
    (
        "credit_note",
        &[
            "credit note",
            "credit memo",
            "gutschrift",
            "avoir",
            "rechnungskorrektur",
            "storno rechnung",
            "korrektur rechnung",
            "facture d avoir",
            "nota de credito",
            "storno",
        ],
        &["credit note", "gutschrift", "avoir", "rechnungskorrektur"],
    ),
    (
        "order_response",
        &[
            "order response",
            "order confirmation",
            "auftragsbestatigung",
            "confirmation de commande",
            "order acknowledgement",
            "bestellbestatigung",
            "visszaigazolas",
            "order agreement",
            "order_response",
            "reponse a la commande",
            "reponse de commande",
            "bestellantwort",
        ],
        &["order response", "auftragsbestatigung", "order confirmation"],
    ),
    (
        "delivery_note",
        &["delivery note", "lieferschein", "bon de livraison", "packing slip", "szallitolevel"],
        &["lieferschein", "delivery note"],
    ),
    (
        "statement",
        &["statement of account", "account statement", "kontoauszug", "releve de compte"],
        &["statement of account", "kontoauszug"],
    ),
    (
        "invoice",
        &[
            "invoice",
            "rechnung",
            "facture",
            "szamla",
            "tax invoice",
            "schluss rechnung",
            "teil rechnung",
            "abschlags rechnung",
            "fattura",
            "factura",
            "commercial invoice",
            "facture commerciale",
            "proforma invoice",
            "verbrauchsab rechnung",
            "einfache rechnung",
        ],
        &[
            "invoice",
            "rechnung",
            "rechnungs",
            "facture",
            "szamla",
            "rechnungssumme",
            "rechnungsbetrag",
            "rechnungsempfanger",
        ],
    ),
    (
        "order",
        &[
            "order",
            "purchase order",
            "contract",
            "bestellung",
            "bon de commande",
            "commande",
            "insertion order",
            "broadcast order",
            "contract agreement",
            "confirmation contract",
            "agreement",
            "auftrag",
            "megrendeles",
            "contract agreement between",
            "sales order",
            "io",
            "station order",
            "order worksheet",
            "buy detail report",
            "advertising contract",
            "electronic order",
            "order change",
            "anderungsbestellung",
            "bestellanderung",
        ],
        &["order", "contract", "bestellung", "commande", "flight", "spots"],
    ),
    (
        "receipt",
        &[
            "receipt",
            "cash bill",
            "cash receipt",
            "kassenbon",
            "quittung",
            "bon",
            "ticket de caisse",
            "sales receipt",
            "official receipt",
            "nyugta",
        ],
        &[
            "receipt",
            "cash",
            "change",
            "cashier",
            "thank you",
            "table",
            "visa",
            "tendered",
            "kassenbon",
            "bar",
            "goods sold",
            "please come again",
            "pax",
        ],
    ),
];

/// The type of a document by its first pages.
pub fn classify(pages: &[Layout], candidates: &[Candidate], hint: Option<&str>) -> DocumentType {
    let Some(first) = pages.first() else { return DocumentType::unknown() };
    let mut heights: Vec<f32> = first.segments.iter().map(super::layout::Segment::height).collect();
    heights.sort_by(f32::total_cmp);
    let usual = heights.get(heights.len() / 2).copied().unwrap_or(10.0);
    let text = format!(" {} ", first.segments.iter().map(|s| s.plain.as_str()).collect::<Vec<_>>().join(" "));
    let amounts = candidates.iter().filter(|c| c.kind == Kind::Amount && c.monetary).count();
    let slip =
        first.source == TextSource::Ocr && first.height > 1.2 * first.width && first.segments.len() < 160;
    let mut scores: Vec<(f32, &str, String)> = Vec::new();
    for (kind, titles, counted) in WORDS {
        let mut best = (0.0_f32, String::new());
        for segment in first.segments.iter().take(400) {
            for title in *titles {
                // `R E C H N U N G`
                let spaced = segment.plain.split(' ').count() > 4
                    && segment.plain.split(' ').all(|w| w.chars().count() == 1);
                let joined = if spaced { plain(&segment.plain.replace(' ', "")) } else { String::new() };
                let text = if spaced { &joined } else { &segment.plain };
                let text =
                    text.strip_prefix("waren ").or_else(|| text.strip_prefix("handels ")).unwrap_or(text);
                let Some(rest) = text.strip_prefix(title) else { continue };
                if !(rest.is_empty() || rest.starts_with(' ')) {
                    continue;
                }
                let words = rest.split(' ').filter(|w| !w.is_empty()).count() as f32;
                let top = 1.0 - segment.bbox[1] / first.height;
                let large = (segment.height() / usual).clamp(0.8, 2.5);
                // `Rechnung # RE-1 vom …` is a title with a number; `Invoice Date` is a label.
                let number = segment.text.chars().filter(char::is_ascii_digit).count() >= 3;
                let alone = if rest.is_empty() {
                    1.0
                } else if number {
                    0.8
                } else {
                    0.35 / (1.0 + 0.2 * words)
                };
                let capitals = if segment.text.chars().any(char::is_lowercase) { 0.0 } else { 0.4 };
                let score = alone * (0.9 + 0.9 * (large - 0.8) + 0.8 * top + capitals);
                if score > best.0 {
                    best = (score, segment.text.chars().take(60).collect());
                }
            }
        }
        let occurrences: usize = counted.iter().map(|w| text.matches(&format!(" {w} ")).count()).sum();
        let weight = match *kind {
            "receipt" => 0.45,
            "order" => 0.16,
            _ => 0.42,
        };
        let mut score = best.0 + weight * (occurrences.min(6) as f32);
        let mut reason = if best.1.is_empty() {
            format!("{occurrences} words of the type")
        } else {
            format!("title \"{}\", {occurrences} words of the type", best.1)
        };
        if *kind == "delivery_note" {
            // Invoices name the delivery note that they are for.
            score *= 0.7;
        }
        if *kind == "receipt" {
            if slip && amounts > 0 {
                score += 2.2;
                reason.push_str(", a narrow slip");
            } else {
                score *= 0.55;
            }
        }
        scores.push((score, kind, reason));
    }
    if amounts < 2 {
        for (score, kind, _) in &mut scores {
            if *kind != "delivery_note" && !slip {
                *score *= 0.45;
            }
        }
    }
    if let Some(hint) = hint.map(plain) {
        for (score, kind, _) in &mut scores {
            if kind.replace('_', " ") == hint {
                *score += 0.8;
            }
        }
    }
    scores.sort_by(|a, b| b.0.total_cmp(&a.0));
    let (score, kind, reason) = &scores[0];
    let margin = score - scores.get(1).map_or(0.0, |s| s.0);
    if *score < 1.15 {
        let confidence = f64::from((0.9 - 0.3 * score).clamp(0.3, 0.9));
        return DocumentType {
            value: "other".to_owned(),
            confidence,
            reason: Some("hardly any word of a known type".to_owned()),
            category: None,
        };
    }
    DocumentType {
        value: (*kind).to_owned(),
        confidence: f64::from((0.55 + 0.25 * margin).clamp(0.4, 0.98)),
        reason: Some(reason.clone()),
        category: None,
    }
}
