//! A born-digital English invoice of one page.

use crate::model::{Invoice, Line, Party, grouped_iban, long_date, money};
use crate::pdf::metrics::Font::{Bold, Regular};
use crate::pdf::{Document, Page};

fn invoice() -> Invoice {
    let line = |article, description, quantity, unit, unit_code, price| Line {
        article,
        description,
        quantity,
        unit_code,
        unit,
        price,
        vat_rate: 20,
    };
    Invoice {
        number: "HF-20417",
        issue_date: "2025-03-12",
        due_date: "2025-04-11",
        delivery_date: "2025-03-10",
        order_ref: "PO-88213",
        currency: "GBP",
        seller: Party {
            name: "Harrow & Finch Instruments Ltd",
            street: "14 Kiln Lane",
            postcode: "EX4 9ZZ",
            city: "Exampleton",
            country: "GB",
            vat_id: "GB419730250",
        },
        buyer: Party {
            name: "Northmoor Dairy Cooperative Ltd",
            street: "Unit 7, Creamery Road",
            postcode: "NM12 3ZZ",
            city: "Northmoor",
            country: "GB",
            vat_id: "GB882043135",
        },
        iban: "GB82WEST12345698765432",
        bic: "WESTGB2LXXX",
        lines: vec![
            line("TP-400", "Temperature probe, PT100, 4-wire, 400 mm", 6, "pcs", "C62", 8_450),
            line("TX-22", "Temperature transmitter 4-20 mA, head mounted", 6, "pcs", "C62", 11_900),
            line("FM-80S", "Electromagnetic flow meter DN80, sanitary", 1, "pcs", "C62", 128_000),
            line("CB-4X", "Screened cable 4 x 0.5 mm, per metre", 120, "m", "MTR", 165),
            line("SV-CAL", "Calibration on site, with certificate", 9, "h", "HUR", 7_200),
        ],
        charge: None,
    }
}

/// The file; with a password it cannot be opened without.
pub(crate) fn pdf(password: Option<&str>) -> Vec<u8> {
    let invoice = invoice();
    Document {
        title: "Invoice HF-20417",
        language: "en-GB",
        pages: vec![page(&invoice)],
        attachment: None,
        metadata: None,
        password,
    }
    .bytes()
}

fn page(invoice: &Invoice) -> Page {
    let mut p = Page::default();
    let amount = |cents| money(cents, ",", ".");
    let (seller, buyer) = (&invoice.seller, &invoice.buyer);

    // Letterhead.
    p.colour(0.08, 0.27, 0.42);
    p.fill(0.0, 0.0, 595.0, 12.0);
    p.fill(50.0, 38.0, 30.0, 30.0);
    p.colour(1.0, 1.0, 1.0);
    p.text(55.0, 59.0, Bold, 17.0, "HF");
    p.colour(0.08, 0.27, 0.42);
    p.text(90.0, 52.0, Bold, 15.0, seller.name);
    p.black();
    p.text(90.0, 66.0, Regular, 8.5, "Process instruments for dairies and breweries since 1987");
    for (i, text) in [
        format!("{}, {} {}", seller.street, seller.city, seller.postcode),
        "Telephone +44 1632 960 417".to_owned(),
        "accounts@harrow-finch.example".to_owned(),
        format!("VAT Reg. No. {}", seller.vat_id),
    ]
    .iter()
    .enumerate()
    {
        p.text_right(545.0, 44.0 + 11.0 * i as f64, Regular, 8.0, text);
    }

    p.text(50.0, 128.0, Bold, 22.0, "INVOICE");

    // Whom it goes to.
    p.text(50.0, 160.0, Bold, 9.0, "Bill to");
    for (i, text) in
        [buyer.name, buyer.street, &format!("{} {}", buyer.city, buyer.postcode), "United Kingdom"]
            .iter()
            .enumerate()
    {
        p.text(50.0, 175.0 + 13.0 * i as f64, Regular, 10.0, text);
    }
    p.text(50.0, 231.0, Regular, 9.0, &format!("VAT No. {}", buyer.vat_id));

    // What it refers to.
    for (i, (label, value)) in [
        ("Invoice number", invoice.number.to_owned()),
        ("Invoice date", long_date(invoice.issue_date)),
        ("Delivery date", long_date(invoice.delivery_date)),
        ("Your order", invoice.order_ref.to_owned()),
        ("Payment due", long_date(invoice.due_date)),
        ("Currency", invoice.currency.to_owned()),
    ]
    .iter()
    .enumerate()
    {
        let y = 160.0 + 15.0 * i as f64;
        p.text(350.0, y, Bold, 9.0, label);
        p.text(445.0, y, Regular, 10.0, value);
    }

    // Lines.
    p.colour(0.90, 0.93, 0.96);
    p.fill(50.0, 268.0, 495.0, 20.0);
    p.black();
    p.text(56.0, 281.0, Bold, 9.0, "Item");
    p.text(106.0, 281.0, Bold, 9.0, "Description");
    p.text_right(360.0, 281.0, Bold, 9.0, "Qty");
    p.text(368.0, 281.0, Bold, 9.0, "Unit");
    p.text_right(446.0, 281.0, Bold, 9.0, "Unit price");
    p.text_right(486.0, 281.0, Bold, 9.0, "VAT %");
    p.text_right(539.0, 281.0, Bold, 9.0, "Amount");
    let mut y = 304.0;
    for line in &invoice.lines {
        p.text(56.0, y, Regular, 9.5, line.article);
        p.text(106.0, y, Regular, 9.5, line.description);
        p.text_right(360.0, y, Regular, 9.5, &line.quantity.to_string());
        p.text(368.0, y, Regular, 9.5, line.unit);
        p.text_right(446.0, y, Regular, 9.5, &amount(line.price));
        p.text_right(486.0, y, Regular, 9.5, &line.vat_rate.to_string());
        p.text_right(539.0, y, Regular, 9.5, &amount(line.total()));
        y += 19.0;
        p.rule(50.0, 545.0, y - 13.0, 0.3);
    }

    // Totals.
    y += 12.0;
    for vat in invoice.vat() {
        for (label, value) in [
            ("Subtotal".to_owned(), invoice.net()),
            (format!("VAT {} % on {}", vat.rate, amount(vat.base)), vat.tax),
        ] {
            p.text(350.0, y, Regular, 10.0, &label);
            p.text_right(539.0, y, Regular, 10.0, &amount(value));
            y += 16.0;
        }
    }
    p.rule(345.0, 545.0, y - 10.0, 1.0);
    p.text(350.0, y + 4.0, Bold, 12.0, "Total GBP");
    p.text_right(539.0, y + 4.0, Bold, 12.0, &format!("£{}", amount(invoice.grand_total())));

    // How to pay.
    y += 50.0;
    p.text(50.0, y, Bold, 10.0, "Payment details");
    for (label, value) in [
        ("Account name", seller.name.to_owned()),
        ("IBAN", grouped_iban(invoice.iban)),
        ("BIC", invoice.bic.to_owned()),
        ("Reference", invoice.number.to_owned()),
    ] {
        y += 15.0;
        p.text(50.0, y, Regular, 9.5, label);
        p.text(130.0, y, Regular, 9.5, &value);
    }
    y += 30.0;
    p.text(50.0, y, Regular, 9.0, "Terms: 30 days net. Goods remain our property until paid in full.");

    p.rule(50.0, 545.0, 795.0, 0.5);
    p.text(
        50.0,
        808.0,
        Regular,
        7.5,
        "Harrow & Finch Instruments Ltd. Registered in England No. 00000417. Registered office as above.",
    );
    p.text_right(545.0, 808.0, Regular, 7.5, "Page 1 of 1");
    p
}
