//! A purchase order of twelve pages: too long for the short way.

use crate::model::{long_date, money};
use crate::pdf::metrics::Font::{Bold, Regular};
use crate::pdf::{Document, Page};

const PAGES: usize = 12;
const LINES_PER_PAGE: usize = 32;
const LAST_PAGE_LINES: usize = 21;
const NUMBER: &str = "PO-2025-004711";
const ISSUED: &str = "2025-02-03";
const DELIVERY: &str = "2025-02-24";

const THINGS: [&str; 12] = [
    "Nitrile gloves, powder free",
    "Surgical mask type IIR",
    "Gauze swab, sterile",
    "Elastic bandage 8 cm x 4 m",
    "Infusion set with filter",
    "Syringe 10 ml, Luer lock",
    "Cannula 21G x 38 mm",
    "Disinfectant for surfaces",
    "Adhesive plaster, roll",
    "Examination couch paper",
    "Specimen container 60 ml",
    "Safety lancet 28G",
];
const PACKS: [&str; 4] = ["box", "pack", "case", "pcs"];

struct Item {
    number: usize,
    article: String,
    description: String,
    quantity: i64,
    unit: &'static str,
    price: i64,
}

fn items(pages: usize) -> Vec<Item> {
    (1..=(pages - 1) * LINES_PER_PAGE + LAST_PAGE_LINES)
        .map(|number| {
            let n = number as i64;
            Item {
                number,
                article: format!("MED-{:05}", 10_000 + n * 37),
                description: format!("{}, ref. {}", THINGS[number * 5 % THINGS.len()], 100 + number),
                quantity: 5 * (1 + n * 7 % 24),
                unit: PACKS[number * 3 % PACKS.len()],
                price: 185 + n * 7919 % 4_800,
            }
        })
        .collect()
}

/// The file.
pub(crate) fn pdf() -> Vec<u8> {
    numbered(NUMBER, PAGES)
}

/// The same order with another number, and as many pages.
pub(crate) fn numbered(order: &str, of: usize) -> Vec<u8> {
    let of = of.max(1);
    let items = items(of);
    let net: i64 = items.iter().map(|i| i.quantity * i.price).sum();
    let pages = items
        .chunks(LINES_PER_PAGE)
        .enumerate()
        .map(|(index, items)| page(order, (index + 1, of), items, net))
        .collect();
    Document {
        title: &format!("Purchase order {order}"),
        language: "en",
        pages,
        attachment: None,
        metadata: None,
        password: None,
    }
    .bytes()
}

fn page(order: &str, (number, of): (usize, usize), items: &[Item], net: i64) -> Page {
    let mut p = Page::default();
    let amount = |cents| money(cents, ",", ".");
    p.text(45.0, 46.0, Bold, 13.0, "Ostara Hospital Group plc");
    p.text_right(550.0, 46.0, Bold, 13.0, "PURCHASE ORDER");
    p.rule(45.0, 550.0, 54.0, 1.0);
    p.text(45.0, 70.0, Regular, 9.0, &format!("Order number: {order}"));
    p.text(230.0, 70.0, Regular, 9.0, &format!("Order date: {}", long_date(ISSUED)));
    p.text_right(550.0, 70.0, Regular, 9.0, &format!("Page {number} of {of}"));

    let mut y = 100.0;
    if number == 1 {
        let block = |p: &mut Page, x: f64, lines: &[&str]| {
            for (i, text) in lines.iter().enumerate() {
                p.text(x, 96.0 + 12.0 * i as f64, if i == 0 { Bold } else { Regular }, 9.0, text);
            }
        };
        block(
            &mut p,
            45.0,
            &[
                "Buyer",
                "Ostara Hospital Group plc",
                "Central Purchasing, 3 Ward Street",
                "Exampleton D99 X000, Ireland",
            ],
        );
        block(
            &mut p,
            230.0,
            &[
                "Supplier",
                "Kestrel Medical Supplies BV",
                "Voorbeeldweg 210",
                "9999 ZZ Nergenshuizen, Netherlands",
            ],
        );
        let delivery = format!("Delivery date: {}", long_date(DELIVERY));
        block(&mut p, 410.0, &["Delivery", &delivery, "Central Store, Gate 2", "Currency: EUR"]);
        y = 160.0;
    }

    p.colour(0.92, 0.92, 0.92);
    p.fill(45.0, y - 12.0, 505.0, 17.0);
    p.black();
    p.text_right(66.0, y, Bold, 8.5, "Line");
    p.text(76.0, y, Bold, 8.5, "Article no.");
    p.text(140.0, y, Bold, 8.5, "Description");
    p.text_right(390.0, y, Bold, 8.5, "Quantity");
    p.text(400.0, y, Bold, 8.5, "Unit");
    p.text_right(475.0, y, Bold, 8.5, "Unit price");
    p.text_right(546.0, y, Bold, 8.5, "Line total");
    for item in items {
        y += 18.0;
        p.text_right(66.0, y, Regular, 8.5, &item.number.to_string());
        p.text(76.0, y, Regular, 8.5, &item.article);
        p.text(140.0, y, Regular, 8.5, &item.description);
        p.text_right(390.0, y, Regular, 8.5, &item.quantity.to_string());
        p.text(400.0, y, Regular, 8.5, item.unit);
        p.text_right(475.0, y, Regular, 8.5, &amount(item.price));
        p.text_right(546.0, y, Regular, 8.5, &amount(item.quantity * item.price));
    }

    if number == of {
        let tax = (net * 23 + 50) / 100;
        y += 30.0;
        for (label, value, font) in
            [("Total net", net, Regular), ("VAT 23 %", tax, Regular), ("Order total EUR", net + tax, Bold)]
        {
            p.text(370.0, y, font, 10.0, label);
            p.text_right(546.0, y, font, 10.0, &amount(value));
            y += 16.0;
        }
        p.text(
            45.0,
            y + 20.0,
            Regular,
            9.0,
            "Please confirm this order within two working days and quote the order number on your invoice.",
        );
        p.text(45.0, y + 34.0, Regular, 9.0, "Payment terms: 30 days after receipt of invoice.");
    } else {
        p.text_right(546.0, 800.0, Regular, 8.0, "continued on next page");
    }
    p
}
