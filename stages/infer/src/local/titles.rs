//! What documents call themselves and their parts: no party has a name of such words alone.
//!
//! Owns these words, in the languages of the built-in model and some others. Knows no place. Rule: a word that a company may be
//! called by, alone or with others of these, is none of them.

use super::lexicon::plain;
use std::collections::HashSet;
use std::sync::LazyLock;

/// In their plain form.
static WORDS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| LIST.split_whitespace().chain(COUNTRIES.split_whitespace()).collect());
const LIST: &str = "
    invoice invoices order orders contract receipt statement quotation quote estimate proposal credit debit note memo slip bill
    confirmation acknowledgement delivery packing remittance remit purchase sales tax vat gst duplicate original copy revised
    revision version draft proforma pro forma final page pages of to from no number nr num date dated due terms address billing shipping
    payment total amount description customer vendor supplier account details information ref reference the and for id
    agreement between with agency advertiser
    rechnung rechnungen bestellung auftrag auftragsbestatigung vertrag quittung beleg kassenbon lieferschein gutschrift angebot
    mahnung duplikat kopie entwurf seite von nummer datum kunde kundennummer lieferant steuer betrag summe gesamt
    facture factures commande bon de livraison contrat recu avoir devis duplicata copie page sur numero client fournisseur montant
    factura recibo pedido albaran fattura ordine ricevuta factuur bestelbon bonnetje pakbon faktura objednavka zamowienie paragon
    szamla nyugta rendeles oldal
    firma herrn herr frau familie eheleute an die der den das messrs mr mrs ms miss monsieur madame mme attn attention deliver delivered ship shipped sold bill billed invoiced by accounts payable receivable
    abt abteilung einkauf buchhaltung kreditorenbuchhaltung rechnungsempfanger leistungsempfanger auftraggeber empfanger absender
    lieferanschrift rechnungsanschrift rechnungsadresse lieferadresse kaufer verkaufer acheteur vendeur destinataire adresse
    facturado faturado fatturato fatturata emessa emitido emitida adresse adressee facturee ausgestellt issued prepared created
    gefactureerd fakturerad faktureret fakturert cedente cessionario prestatore committente fornitore emittente emisor receptor
    comprador vendedor proveedor destinatario fornecedor adquirente leverancier koper klant afzender ontvanger nabywca sprzedawca
    odbiorca dodavatel odberatel zakaznik saljare kopare mottagare leverandor modtager datos dati dados del della dei di do dos
    fattura ricevuta nota credito kreditnota creditnota recibo fatura
    facturation kennzeichen km stand unit price qty quantity item items subtotal exporter importer consignee consignor shipper
";

/// Names of countries, in their plain form.
const COUNTRIES: &str = "
    deutschland germany allemagne austria osterreich schweiz switzerland suisse svizzera france italia italy italie espana spain
    nederland netherlands belgie belgique belgium luxembourg luxemburg polska poland portugal ireland irland united kingdom states
    england scotland wales usa uk danmark sverige norge suomi cesko ceska republika denmark sweden norway finland czechia czech republic
    slovensko slovenska slovakia magyarorszag hungary ungarn slovenija slovenia hrvatska croatia romania rumanien bulgaria eesti estonia
    latvija latvia lietuva lithuania hellas greece turkiye turkey osterreich autriche canada australia mexico brasil argentina chile
";

/// What stands before a name, without a colon.
const BEFORE: [&str; 12] = [
    "remit to ",
    "bill to ",
    "billed to ",
    "sold to ",
    "ship to ",
    "invoice to ",
    "c/o ",
    "rechnung an ",
    "lieferung an ",
    "lieferanschrift ",
    "firma ",
    "fa. ",
];

/// Where the name begins in a text that begins with a label: `REMIT TO Muster Ltd.`, `Agency: Muster Ltd.`
pub(super) fn after_label(text: &str) -> Option<usize> {
    let begins = |label: &str| {
        text.get(..label.len()).is_some_and(|start| start.eq_ignore_ascii_case(label))
            && text[label.len()..].starts_with(char::is_alphanumeric)
    };
    let colon = || {
        let at = text.find(": ")?;
        let words = text[..at].split(' ').count();
        (at >= 3 && words <= 3 && text[at + 2..].starts_with(char::is_alphanumeric)).then_some(at + 2)
    };
    BEFORE.iter().find(|label| begins(label)).map(|label| label.len()).or_else(colon)
}

/// Whether a text is the name of a country: `Deutschland`, `United Kingdom`.
pub(super) fn is_country(text: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| COUNTRIES.split_whitespace().collect());
    let plain = plain(text);
    let mut words = plain.split(' ').filter(|w| !w.is_empty()).peekable();
    words.peek().is_some() && words.all(|w| NAMES.contains(w))
}

/// Words that no name ends with, in their plain form: what follows is the name.
const TOWARDS: [&str; 17] = [
    "a", "to", "an", "aan", "for", "fur", "fuer", "voor", "pour", "para", "til", "von", "from", "by", "par",
    "por", "dla",
];

/// Whether a text is a title or a label rather than a name: `DUPLICATE INVOICE`, `Page 1 of 2`, `Remit Address`, `Facturado a`.
pub(super) fn is_title(text: &str) -> bool {
    let plain = plain(text);
    // `ADRESSÉ À`, but no `Société A`.
    let no_initial = |w: &str| w.chars().count() > 1 || w.chars().all(char::is_lowercase) || w == "À";
    if let Some((before, last)) = plain.rsplit_once(' ')
        && TOWARDS.contains(&last)
        && before.split(' ').count() <= 3
        && text.trim_end().rsplit(' ').next().is_some_and(no_initial)
    {
        return true;
    }
    let mut words = plain.split(' ').filter(|w| !w.is_empty()).peekable();
    words.peek().is_some() && words.all(|w| w.bytes().all(|b| b.is_ascii_digit()) || WORDS.contains(w))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn titles_and_labels_are_no_names() {
        for title in [
            "DUPLICATE INVOICE",
            "CONTRACT",
            "Version: Original Order",
            "Original Date / Revision",
            "Remit Address",
            "Page 1 of 2",
            "Auftragsbestätigung Nr. 4711",
            "FACTURE N° 12",
            "Facturado a",
            "ADRESSÉ À",
            "Factuur aan",
        ] {
            assert!(is_title(title), "{title}");
        }
        for name in [
            "",
            "Invoice Ninja",
            "Order of Malta",
            "Contract Flooring Ltd",
            "Rechnungshof",
            "CO-OP",
            "Tax Free Ltd.",
            "Société A",
            "Clean Pro",
        ] {
            assert!(!is_title(name), "{name}");
        }
        for (text, name) in [
            ("REMIT TO Muster Ltd.", Some("Muster Ltd.")),
            ("Agency: Muster Ltd.", Some("Muster Ltd.")),
            ("Bill Tonks & Sons", None),
            ("Muster Ltd.", None),
            ("12: 30", None),
            ("ABC", None),
        ] {
            assert_eq!(after_label(text).and_then(|at| text.get(at..)), name, "{text}");
        }
    }
}
