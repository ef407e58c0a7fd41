//! The words that stand beside values, in English, German, French and Hungarian.
//!
//! Owns which phrase names which concept. Knows no geometry. Rule: phrases are general vocabulary of business documents;
//! a phrase that only one supplier uses does not belong here.

use std::collections::HashMap;
use std::sync::Mutex;

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
}

/// Number of built-in concepts.
pub const CONCEPTS: usize = Concept::OtherAmount as usize + 1;

use Concept as C;

/// Phrases in the [`plain`] form, with how surely they name their concept.
const PHRASES: &[(C, f32, &[&str])] = &[
    (C::InvoiceNo, 1.0, &["invoice no", "inv no", "tax invoice no", "invoice id", "rechnung no", "rechnungs no", "facture no",
        "no de facture", "no facture", "credit note no", "credit memo no", "gutschrift no", "gutschrifts no", "avoir no", "szamlaszam",
        "szamla sorszama", "szamla szama", "sorszam", "receipt no", "bill no", "rechnungskorrektur no", "storno no", "beleg no", "fattura no",
        "factura no", "factuur no", "handelsrechnung no", "faktura no", "facture commerciale no"]),
    (C::InvoiceNo, 0.75, &["document no", "doc no", "document id", "dokument no", "cash bill no", "cash bill", "slip no", "trans no", "transaction no", "bon no", "cs no", "belegs no",
        "bizonylatszam", "no de document", "vorgangs no"]),
    (C::InvoiceNo, 0.6, &["invoice", "rechnung", "facture", "credit note", "gutschrift", "avoir", "szamla", "tax invoice", "receipt", "korrekturrechnung", "schlussrechnung", "bill"]),
    (C::OrderNo, 1.0, &["order no", "order id", "order number", "bestell no", "bestellung no", "auftrags no", "auftrag no", "commande no", "no de commande", "order rev", "order confirmation no",
        "bon de commande no", "io no", "insertion order no", "broadcast order no", "auftragsbestatigung no"]),
    (C::OrderNo, 0.6, &["order", "bestellung", "commande", "auftrag", "purchase order", "bon de commande", "worksheet no"]),
    (C::ContractNo, 1.0, &["contract no", "contract id", "contract number", "contract revision", "vertrags no", "vertrag no", "contrat no", "no de contrat", "agreement no", "contract order no", "contract no rev", "kontrakt no"]),
    (C::ContractNo, 0.6, &["contract", "vertrag", "contrat", "agreement"]),
    (C::PurchaseOrder, 1.0, &["purchase order no", "po no", "your order no", "your order", "customer order no", "ihre bestellung", "ihre bestell no", "bestell no", "bestellung no", "bestellung no kunde",
        "bestellung", "bestellreferenz", "purchase order", "customer po", "buyer order", "votre commande", "no de commande", "commande no", "no commande client", "bon de commande", "ihre auftrags no",
        "order reference", "p o no", "purchase order reference", "bon de commande acheteur", "votre reference"]),
    (C::PurchaseOrder, 0.7, &["your reference", "your ref", "ihr zeichen", "order no", "order ref", "commande", "auftrags no", "buyer reference", "ref commande", "auftrag", "reference"]),
    (C::IssueDate, 1.0, &["invoice date", "date of invoice", "rechnungs datum", "rechnungsdatum", "date de facture", "date de la facture", "date facture", "issue date", "date of issue", "bill date", "belegdatum",
        "beleg datum", "ausstellungsdatum", "date d emission", "date emission", "szamla kelte", "kelt", "kiallitas datuma", "szamla kiallitasanak kelte", "document date", "credit note date", "gutschrifts datum", "receipt date",
        "dokumentdatum", "rechnungsdatum bt 2", "bestelldatum", "order date", "date de commande", "date de la commande", "bestell datum", "auftragsdatum", "avoir date", "date issued", "tax invoice date", "statement date"]),
    (C::IssueDate, 0.8, &["date", "datum", "dated", "le", "du", "vom", "von", "dtd", "kelte", "date time", "datum uhrzeit", "en date du", "datum zeit"]),
    (C::DueDate, 1.0, &["due date", "payment due", "due", "payable by", "pay by", "zahlbar bis", "fallig am", "falligkeit", "falligkeits datum", "falligkeitsdatum", "falligkeitstermin", "zahlungsziel", "date d echeance", "echeance", "fizetesi hatarido",
        "esedekesseg", "payment due date", "due by", "bis zum", "zahlungstermin", "payment due by", "date echeance", "spatestens", "ohne abzug bis", "a payer avant le", "bezahlen bis", "teljesites hatarideje", "spatestens bis zum", "fallig"]),
    (C::DeliveryDate, 1.0, &["delivery date", "date of delivery", "date of supply", "liefer datum", "lieferdatum", "leistungs datum", "leistungsdatum", "date de livraison", "service date", "ship date", "shipment date", "teljesites", "teljesites kelte",
        "teljesites datuma", "liefer und leistungs datum", "liefer und leistungsdatum", "liefer leistungsdatum", "liefertermin", "liefertag", "livraison", "date livraison", "requested delivery date", "leistungszeitpunkt", "leistung am", "lieferung am", "lieferung vom",
        "tatsachliches lieferdatum", "geliefert am", "date prestation", "date de prestation", "liefer leistungs datum", "erbracht am"]),
    (C::Period, 1.0, &["invoice period", "billing period", "service period", "period", "flight", "order flight", "flight period", "run period", "campaign period", "schedule", "flight dates", "flight date", "contract dates", "schedule dates", "contract period", "leistungszeitraum", "abrechnungszeitraum", "lieferzeitraum", "zeitraum",
        "periode de facturation", "periode", "run dates", "campaign dates", "schedule period", "order dates", "air dates", "contract date range", "dates", "idoszak", "rechnungszeitraum"]),
    (C::PeriodFrom, 1.0, &["start date", "flight start", "flight start date", "period start", "begin date", "from", "start", "contract start", "contract start date", "von", "beginn", "date de debut", "first air date", "order start date", "begin", "flight from", "period from", "ab"]),
    (C::PeriodTo, 1.0, &["end date", "flight end", "flight end date", "period end", "to", "through", "end", "contract end", "contract end date", "bis", "ende", "date de fin", "last air date", "order end date", "flight to", "period to", "until"]),
    (C::Net, 1.0, &["net total", "total net", "net amount", "subtotal", "sub total", "net", "netto", "netto betrag", "nettobetrag", "nettosumme", "netto summe", "gesamt netto", "gesamtnetto", "netto gesamt", "summe netto", "gesamtbetrag netto", "rechnungsbetrag netto",
        "total ht", "montant ht", "total hors taxe", "total hors taxes", "netto osszeg", "total excl vat", "total without vat", "total excluding gst", "total amount excl gst", "taxable amount", "total net ht", "base ht", "zwischensumme", "total before tax", "total amount without vat", "total without tax", "amount without vat", "amount without tax", "taxable total", "total ht net", "montant total ht", "total net ht", "total excl gst", "net total amount", "net invoice amount", "zwischensumme netto", "steuerbasisbetrag",
        "total excluding vat", "amount excluding vat", "gesamtsumme netto", "warenwert netto", "total net value", "rechnungssumme ohne ust", "summe ohne ust", "gesamtbetrag ohne umsatzsteuer", "total exclusive of vat", "amount before tax", "nettowert", "netto warenwert", "net value", "sous total", "rechnungsbetrag ohne umsatzsteuer", "summe ohne umsatzsteuer"]),
    (C::Tax, 1.0, &["vat", "tax", "total tax", "total vat", "vat amount", "sales tax", "gst", "total gst", "mwst", "ust", "umsatzsteuer", "mehrwertsteuer", "gesamt ust", "ust gesamt", "summe umsatzsteuer", "summe ust", "mwst betrag", "ust betrag", "steuer betrag", "steuerbetrag", "zzgl mwst", "zzgl ust",
        "zuzuglich umsatzsteuer", "tva", "total tva", "montant tva", "total taxes", "montant de tva", "afa", "afa osszege", "afa osszesen", "tax amount", "tax total", "gst payable", "gst amt", "total amount vat", "total vat amount", "total tax amount", "vat total amount", "montant total tva", "steuerbetrag in eur", "summe steuern", "enthaltene mwst", "gst amount", "umsatzsteuerbetrag", "summe mwst", "gesamtbetrag umsatzsteuer", "vat total", "gesamtsteuerbetrag", "total de la tva"]),
    (C::Gross, 1.0, &["grand total", "total amount", "gross total", "total gross", "gross amount", "invoice total", "total", "totals", "total incl vat", "total including vat", "total with vat", "amount due total", "gesamtbetrag", "gesamt betrag", "gesamtsumme", "gesamt summe", "brutto", "bruttobetrag",
        "brutto betrag", "bruttosumme", "endbetrag", "end betrag", "rechnungsbetrag", "rechnungs betrag", "rechnungssumme", "summe", "gesamt", "gesamt brutto", "summe brutto", "total ttc", "montant ttc", "total a payer ttc", "net a payer", "brutto osszeg", "osszesen", "vegosszeg", "mindosszesen", "fizetendo", "total sales",
        "total inclusive of gst", "total amount incl gst", "total incl gst", "total rm", "nett total", "total due", "total payable", "total inclusive gst", "total sales inclusive gst", "total sales inclusive of gst", "total rounded", "total order", "order total", "total cost", "total value", "gross", "gesamtbetrag brutto", "rechnungsbetrag brutto", "total charges", "contract total",
        "total gross amount", "gross billing", "total billing", "total contract", "total inc gst", "rounded total", "total after rounding", "total including gst", "total eur", "total incl 6 gst", "gesamtbetrag inkl mwst", "montant total", "montant total ttc", "rechnungsendbetrag", "total order amount", "zu zahlen", "nettamt", "total incl", "total inclusive"]),
    (C::Due, 1.0, &["amount due", "balance due", "due payable", "payable amount", "amount payable", "total due", "zahlbetrag", "zu zahlen", "zahlbarer betrag", "falliger betrag", "offener betrag", "net a payer", "reste a payer", "a payer", "fizetendo", "fizetendo osszeg", "please pay", "total payable", "balance", "pay this amount",
        "zahlungsbetrag", "montant a payer", "montant du", "restbetrag", "uberweisungsbetrag", "zu zahlender betrag", "amount to pay", "ausstehender betrag", "fallige zahlung", "total a payer", "auszahlungsbetrag", "net amount due", "solde du", "noch zu zahlen"]),
    (C::Seller, 1.0, &["seller", "vendor", "supplier", "from", "remit to", "pay to", "send payment to", "verkaufer", "lieferant", "rechnungssteller", "vendeur", "fournisseur", "emetteur", "elado", "szallito", "szamla kibocsatoja", "payee", "billed by", "issued by", "verkaufer name", "leistungserbringer", "seller name", "supplier name", "absender"]),
    (C::Seller, 0.4, &["kontoinhaber", "account holder", "titulaire du compte", "iban owner"]),
    (C::Buyer, 1.0, &["buyer", "bill to", "billed to", "sold to", "customer", "client", "advertiser", "invoice to", "kaufer", "kunde", "rechnungsempfanger", "rechnungsanschrift", "rechnungsadresse", "auftraggeber", "leistungsempfanger", "acheteur", "facture a", "destinataire", "adresse de facturation", "vevo", "customer name", "advertiser name", "buyer name", "client name", "billing address", "kunde name",
        "besteller", "rechnung an", "client facture", "invoicee", "to", "an", "kaufer leistungsempfanger", "erwerber", "invoiced to", "billing to", "customer address", "facturer a", "empfanger", "m s", "messrs", "attn", "vevo neve"]),
    (C::VatId, 1.0, &["vat id", "vat no", "vat reg no", "vat registration no", "ust id", "ust id no", "ust idno", "ustid", "ust id nr", "umsatzsteuer id", "umsatzsteuer identifikations no", "umsatzsteueridentifikations no", "tva", "no tva", "tva intracommunautaire", "no tva intracommunautaire", "no de tva", "adoszam", "vat", "vat identifier", "tva client", "no tva client", "ust no", "uid", "mwst no", "vat identification no", "id tva", "ust ident no", "kozossegi adoszam"]),
    (C::Iban, 1.0, &["iban", "bankszamlaszam", "account no", "konto no", "bankverbindung", "compte"]),
    (C::Bic, 1.0, &["bic", "swift", "bic swift", "swift code", "bic code", "swift bic"]),
    (C::Currency, 1.0, &["currency", "wahrung", "devise", "penznem", "monnaie", "rechnungswahrung", "invoice currency", "document currency", "waehrung", "code devise"]),
    (C::OtherParty, 1.0, &["agency", "ship to", "deliver to", "delivery address", "lieferadresse", "lieferanschrift", "adresse de livraison", "livre a", "station", "salesperson", "sales rep", "account executive", "primary ae", "sales office", "product", "product desc", "brand", "contact", "agency name", "rep", "sales region", "buying contact", "billing contact",
        "buyer name", "market", "prepared by", "entered by", "estimate", "comments", "demo", "demographic", "ansprechpartner", "cashier", "server", "attention", "warenempfanger", "lieferung an", "contact commercial", "bearbeiter", "salesman", "member", "special handling", "rep firm", "office", "property", "lieferempfanger", "shipping address", "delivered to"]),
    (C::OtherNo, 0.9, &["no", "id", "ref", "reference"]),
    (C::OtherNo, 1.0, &["customer no", "client no", "kunden no", "no client", "account no", "phone", "tel", "telephone", "fax", "page", "alt order no", "agency code", "advertiser code", "estimate no", "est no", "vat no", "gst no", "gst id", "gst reg no", "reg no", "co no", "company no", "company reg no", "external no", "agency ref", "advertiser ref", "deal no", "line no", "line",
        "artikel no", "article no", "item no", "pos", "hrb", "steuer no", "siret", "siren", "lieferanten no", "supplier no", "vendor no", "gln", "global no", "ust id", "iban", "bic", "delivery note no", "lieferschein no", "table no", "table", "roc no", "version", "station id", "fon", "mobile", "no of spots", "spots", "zip", "postcode", "adoszam", "handelsregister", "globale no",
        "lieferavis", "vertriebs no", "reference no", "ref no", "product code", "cpe", "terminal", "pos no", "cashier", "card no", "approval", "tax no", "s no", "gst", "commission", "rc", "qty", "hsn", "till no", "member", "batch no", "trace no", "bankverbindung", "konto no", "blz", "est", "no of", "advertiser", "agency", "product", "packages", "tax id", "no tva", "siren siret", "kunde no", "vertragskonto", "debitor no", "personal no", "filiale", "naf", "ape", "billing cycle"]),
    (C::OtherDate, 1.0, &["print date", "printed", "printed on", "printed at", "date entered", "last modified", "original date", "original date rev", "revision date", "order date", "date of birth", "air date", "week", "weeks", "mod date", "created", "entered", "expiry", "exp date", "valid until", "gultig bis", "sent", "received", "stand", "version", "changes", "original order date", "order entered",
        "new business thru", "run date", "accepted", "approval", "time", "lieferschein datum", "delivery note date", "skonto", "bestellt am", "contract date", "vertragsdatum", "as of", "closed", "version vom", "stylesheet version", "discount until", "lieferschein vom", "bestellung vom", "date of order", "erstellt", "druckdatum", "report date"]),
    (C::OtherAmount, 1.0, &["rate", "unit price", "price", "commission", "agency commission", "discount", "rabatt", "change", "cash", "tendered", "paid", "cash received", "deposit", "prepaid", "anzahlung", "preis", "einzelpreis", "prix unitaire", "rounding", "rounding adj", "rounding adjustment", "cpp", "cpm", "cpe", "rating", "grp", "capital", "kapital", "au capital de", "gst summary", "visa", "mastercard", "card",
        "payment", "tender", "amount tendered", "cash tendered", "bar", "gegeben", "ruckgeld", "remise", "acompte", "egysegar", "total qty", "qty", "total quantity", "total items", "item count", "no of items", "spots", "total spots", "saving", "points", "total discount", "total savings", "quantity", "menge", "skonto", "versandkosten", "shipping", "freight", "bezahlt", "bereits gezahlt", "vorauszahlung", "total prepaid", "rundung",
        "agency comm", "menny", "debit", "credit card", "master", "paid amount", "total paid", "zuschlage", "abschlage", "nachlass", "rate per spot", "less commission", "less discount", "stammkapital", "disc", "round adj", "total saving", "tips", "service charge", "svc chg", "balance forward", "previous balance"]),
];

/// Words that tell fields of a schema apart too little to stand for a label alone.
const COMMON: &[&str] = &[
    "start", "end", "from", "to", "date", "no", "name", "amount", "total", "of", "the", "id", "code", "value", "day", "first", "last", "and", "or", "for", "invoice", "order",
    "document", "price", "sum", "type", "by", "in", "on", "a", "an", "de", "der", "die", "das", "la", "le",
];

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
            'ä' | 'á' | 'à' | 'â' | 'ã' | 'å' => word.push('a'),
            'ö' | 'ó' | 'ò' | 'ô' | 'õ' | 'ő' | 'ø' => word.push('o'),
            'ü' | 'ú' | 'ù' | 'û' | 'ű' => word.push('u'),
            'é' | 'è' | 'ê' | 'ë' => word.push('e'),
            'í' | 'î' | 'ï' | 'ì' => word.push('i'),
            'ç' => word.push('c'),
            'ñ' => word.push('n'),
            'ß' => word.push_str("ss"),
            'œ' => word.push_str("oe"),
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
        "nr" | "number" | "num" | "nummer" | "numero" | "nro" | "numbers" => out.push_str("no"),
        // German compounds: `rechnungsnummer`, `kundennr`.
        w if w.len() > 10 && w.is_ascii() && w.ends_with("rechnung") => {
            out.push_str(&w[..w.len() - 8]);
            out.push_str(" rechnung");
        }
        w => match ["nummer", "nr"].iter().find_map(|end| w.strip_suffix(end).filter(|stem| stem.len() > 2)) {
            Some(stem) if stem.is_ascii() && stem.chars().all(char::is_alphabetic) => {
                out.push_str(stem);
                out.push_str(" no");
            }
            _ => out.push_str(w),
        },
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
    by_token: HashMap<String, Vec<usize>>,
    concepts: usize,
    seen: Mutex<HashMap<String, std::sync::Arc<[f32]>>>,
}

impl Lexicon {
    /// The built-in phrases, and labels for each of a schema's fields.
    pub fn new(own: &[Vec<String>]) -> Self {
        let mut phrases = Vec::new();
        for (concept, weight, texts) in PHRASES {
            for text in *texts {
                phrases.push(Phrase { concept: *concept as usize, weight: *weight, tokens: tokens(text) });
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
        let mut by_token: HashMap<String, Vec<usize>> = HashMap::new();
        for (i, phrase) in phrases.iter().enumerate() {
            by_token.entry(phrase.tokens[0].clone()).or_default().push(i);
        }
        Self { phrases, by_token, concepts: CONCEPTS + own.len(), seen: Mutex::default() }
    }

    /// Number of concepts, those of a schema included.
    pub fn concepts(&self) -> usize {
        self.concepts
    }

    /// How surely a label names each concept, 0..=1. `plain`: see [`plain`].
    pub fn strengths(&self, plain: &str) -> std::sync::Arc<[f32]> {
        if let Ok(seen) = self.seen.lock() {
            if let Some(known) = seen.get(plain) {
                return std::sync::Arc::clone(known);
            }
        }
        // Numbers inside a label say nothing: `Rechnung (380) Nr.`.
        let number = |w: &str| w.bytes().all(|b| b.is_ascii_digit());
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
                    let strength = phrase.weight * fit(start, end, words.len());
                    let slot = &mut strengths[phrase.concept];
                    *slot = slot.max(strength);
                }
            }
        }
        let strengths: std::sync::Arc<[f32]> = strengths.into();
        if let Ok(mut seen) = self.seen.lock() {
            if seen.len() < 20_000 {
                seen.insert(plain.to_owned(), std::sync::Arc::clone(&strengths));
            }
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
    fn the_whole_label_counts_more_than_a_part_of_it() {
        let lexicon = Lexicon::new(&[vec!["Contract number".into()]]);
        let of = |label: &str, concept: usize| lexicon.strengths(&plain(label))[concept];
        assert!(of("Invoice No.", C::InvoiceNo as usize) > 0.99);
        assert!(of("Alt Order #", C::OtherNo as usize) > of("Alt Order #", C::OrderNo as usize));
        assert!(of("Due Date", C::DueDate as usize) > of("Due Date", C::IssueDate as usize));
        assert!(of("Contract #", CONCEPTS) > 0.99);
    }
}
