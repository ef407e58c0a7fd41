//! A German invoice of one page with its data inside: Factur-X / ZUGFeRD 2, profile EN 16931.

mod cii;

use crate::model::{Invoice, Line, Party, german_date, grouped_iban, money};
use crate::pdf::metrics::Font::{Bold, Regular};
use crate::pdf::{Attachment, Document, Page};

fn invoice() -> Invoice {
    let line = |article, description, quantity, (unit, unit_code), price, vat_rate| Line {
        article,
        description,
        quantity,
        unit_code,
        unit,
        price,
        vat_rate,
    };
    let piece = ("Stk", "H87");
    Invoice {
        number: "RE-2025-0318",
        issue_date: "2025-03-18",
        due_date: "2025-04-01",
        delivery_date: "2025-03-14",
        order_ref: "B-4500117",
        currency: "EUR",
        seller: Party {
            name: "Grünwald Büromöbel GmbH",
            street: "Lindenstraße 23",
            postcode: "99998",
            city: "Musterhausen",
            country: "DE",
            vat_id: "DE281647536",
        },
        buyer: Party {
            name: "Stadtbücherei Beispielstadt eG",
            street: "Schloßplatz 4",
            postcode: "99997",
            city: "Beispielstadt",
            country: "DE",
            vat_id: "DE315072949",
        },
        iban: "DE89370400440532013000",
        bic: "MUSTDEFFXXX",
        lines: vec![
            line("ST-1180", "Schreibtisch höhenverstellbar, Eiche, 180 cm", 4, piece, 64_900, 19),
            line("DS-220", "Bürodrehstuhl ergonomisch, Stoff grau", 8, piece, 28_950, 19),
            line("RG-90", "Bücherregal, 5 Böden, 90 × 200 cm", 12, piece, 18_475, 19),
            line("BU-17", "Handbuch Ergonomie am Arbeitsplatz", 5, piece, 2_490, 7),
            line("MO-01", "Lieferung und Montage vor Ort", 11, ("Std", "HUR"), 5_200, 19),
        ],
        charge: None,
    }
}

/// The file.
pub(crate) fn pdf() -> Vec<u8> {
    let invoice = invoice();
    Document {
        title: "Rechnung RE-2025-0318",
        language: "de-DE",
        pages: vec![page(&invoice)],
        attachment: Some(Attachment {
            name: "factur-x.xml",
            description: "Factur-X invoice data",
            subtype: "text#2Fxml",
            relationship: "Alternative",
            modified: "D:20250318080000Z",
            bytes: cii::xml(&invoice).into_bytes(),
        }),
        metadata: Some(XMP.to_owned()),
        password: None,
    }
    .bytes()
}

fn page(invoice: &Invoice) -> Page {
    let mut p = Page::default();
    let amount = |cents| money(cents, ".", ",");
    let (seller, buyer) = (&invoice.seller, &invoice.buyer);

    p.colour(0.15, 0.42, 0.24);
    p.text(57.0, 62.0, Bold, 20.0, "Grünwald");
    p.rule(57.0, 538.0, 72.0, 1.5);
    p.black();
    p.text_right(538.0, 62.0, Regular, 9.0, "Büromöbel für helle Köpfe");

    // The window of the envelope, DIN 5008.
    p.text(
        57.0,
        130.0,
        Regular,
        7.0,
        &format!("{} · {} · {} {}", seller.name, seller.street, seller.postcode, seller.city),
    );
    for (i, text) in
        [buyer.name, buyer.street, &format!("{} {}", buyer.postcode, buyer.city)].iter().enumerate()
    {
        p.text(57.0, 150.0 + 14.0 * i as f64, Regular, 10.5, text);
    }

    for (i, (label, value)) in [
        ("Rechnungsnummer:", invoice.number.to_owned()),
        ("Rechnungsdatum:", german_date(invoice.issue_date)),
        ("Lieferdatum:", german_date(invoice.delivery_date)),
        ("Ihre Bestellung:", invoice.order_ref.to_owned()),
        ("Ihre USt-IdNr.:", buyer.vat_id.to_owned()),
    ]
    .iter()
    .enumerate()
    {
        let y = 150.0 + 14.0 * i as f64;
        p.text(350.0, y, Regular, 9.5, label);
        p.text_right(538.0, y, Regular, 9.5, value);
    }

    p.text(57.0, 262.0, Bold, 14.0, &format!("Rechnung Nr. {}", invoice.number));
    p.text(57.0, 284.0, Regular, 10.0, "Sehr geehrte Damen und Herren,");
    p.text(57.0, 298.0, Regular, 10.0, "für unsere Lieferung berechnen wir Ihnen wie vereinbart:");

    let mut y = 326.0;
    p.text(57.0, y, Bold, 9.0, "Pos.");
    p.text(84.0, y, Bold, 9.0, "Art.-Nr.");
    p.text(134.0, y, Bold, 9.0, "Bezeichnung");
    p.text_right(364.0, y, Bold, 9.0, "Menge");
    p.text(370.0, y, Bold, 9.0, "Einh.");
    p.text_right(456.0, y, Bold, 9.0, "Einzelpreis");
    p.text_right(486.0, y, Bold, 9.0, "USt.");
    p.text_right(538.0, y, Bold, 9.0, "Gesamt");
    p.rule(57.0, 538.0, y + 5.0, 0.8);
    y += 20.0;
    for (i, line) in invoice.lines.iter().enumerate() {
        p.text(57.0, y, Regular, 9.0, &(i + 1).to_string());
        p.text(84.0, y, Regular, 9.0, line.article);
        p.text(134.0, y, Regular, 9.0, line.description);
        p.text_right(364.0, y, Regular, 9.0, &line.quantity.to_string());
        p.text(370.0, y, Regular, 9.0, line.unit);
        p.text_right(456.0, y, Regular, 9.0, &amount(line.price));
        p.text_right(486.0, y, Regular, 9.0, &format!("{} %", line.vat_rate));
        p.text_right(538.0, y, Regular, 9.0, &amount(line.total()));
        y += 18.0;
    }
    p.rule(57.0, 538.0, y - 10.0, 0.8);

    y += 8.0;
    let mut total = |label: &str, value: i64, font| {
        p.text(330.0, y, font, 10.0, label);
        p.text_right(538.0, y, font, 10.0, &format!("{} €", amount(value)));
        y += 16.0;
    };
    total("Summe netto", invoice.net(), Regular);
    for vat in invoice.vat() {
        total(&format!("zzgl. {} % USt. auf {} €", vat.rate, amount(vat.base)), vat.tax, Regular);
    }
    total("Rechnungsbetrag", invoice.grand_total(), Bold);
    p.rule(330.0, 538.0, y - 11.0, 1.2);

    y += 24.0;
    p.text(57.0, y, Regular, 10.0, &terms(invoice));
    p.text(57.0, y + 14.0, Regular, 10.0, "auf das unten genannte Konto. Verwendungszweck: RE-2025-0318");
    p.text(57.0, y + 42.0, Regular, 10.0, "Mit freundlichen Grüßen");
    p.text(57.0, y + 70.0, Regular, 10.0, "Änne Öttinger, Buchhaltung");

    p.rule(57.0, 538.0, 768.0, 0.5);
    let column = |p: &mut Page, x: f64, lines: [&str; 3]| {
        for (i, text) in lines.iter().enumerate() {
            p.text(x, 780.0 + 10.0 * i as f64, Regular, 7.5, text);
        }
    };
    column(&mut p, 57.0, [seller.name, seller.street, &format!("{} {}", seller.postcode, seller.city)]);
    column(
        &mut p,
        215.0,
        ["Amtsgericht Musterhausen HRB 00318", "Geschäftsführerin: Änne Öttinger", "USt-IdNr. DE281647536"],
    );
    column(
        &mut p,
        385.0,
        [
            "Musterbank Musterhausen",
            &format!("IBAN {}", grouped_iban(invoice.iban)),
            &format!("BIC {}", invoice.bic),
        ],
    );
    p
}

fn terms(invoice: &Invoice) -> String {
    format!(
        "Bitte überweisen Sie den Betrag von {} € ohne Abzug bis zum {}",
        money(invoice.grand_total(), ".", ","),
        german_date(invoice.due_date)
    )
}

/// Says what the attachment is, as Factur-X 1.0 asks. The fonts are not embedded, so the file claims no PDF/A.
const XMP: &str = r#"<?xpacket begin="" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/">
   <dc:title><rdf:Alt><rdf:li xml:lang="x-default">Rechnung RE-2025-0318</rdf:li></rdf:Alt></dc:title>
  </rdf:Description>
  <rdf:Description rdf:about="" xmlns:fx="urn:factur-x:pdfa:CrossIndustryDocument:invoice:1p0#">
   <fx:DocumentType>INVOICE</fx:DocumentType>
   <fx:DocumentFileName>factur-x.xml</fx:DocumentFileName>
   <fx:Version>1.0</fx:Version>
   <fx:ConformanceLevel>EN 16931</fx:ConformanceLevel>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="r"?>"#;
