//! Made-up receipts of shops and restaurants on narrow slips.
//!
//! Owns their layouts. Rule: a slip is one column; what is paid, given and returned stands below what is due.

mod head;

use super::Dice;
use super::canvas::Canvas;
use super::speech::{Party, Style, Tongue};
use crate::extract::PageText;
use crate::train::truth::Truth;
use jiff::ToSpan as _;
use jiff::civil::Date;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

pub(crate) fn make(dice: &mut Dice) -> (Truth, Vec<PageText>) {
    let style = Style::any(dice);
    let shop = Party::any(&style, dice);
    let (width, size) = (260.0, dice.between(85, 115) as f32 / 10.0);
    let mut canvas = Canvas::new(width, 700.0, 0.92, 0.85);
    let pitch = size * [1.15, 1.4, 1.6][dice.below(3)];
    let mut y = 20.0;
    let centred = dice.chance(75);
    let mut set = |canvas: &mut Canvas, text: &str, big: f32| {
        if centred {
            canvas.centre(width / 2.0, y, size * big, text);
        } else {
            canvas.left(12.0, y, size * big, text);
        }
        y += pitch * big;
    };
    let head = head::make(&style, &shop, dice);
    for (line, big) in &head.lines {
        set(&mut canvas, line, *big);
    }
    let words = Words::of(style.tongue);
    if dice.chance(50) {
        set(&mut canvas, dice.pick(words.title), 1.1);
    }
    let base = Date::constant(2015, 1, 1);
    let date = base.checked_add(dice.between(0, 4300).days()).unwrap_or(base);
    y += pitch * 0.5;
    let time = format!("{:02}:{:02}", dice.between(8, 22), dice.between(0, 59));
    let number = dice.digits(6);
    let day = style.date(date);
    match dice.below(3) {
        0 => {
            canvas.left(12.0, y, size, &format!("{}: {day} {time}", dice.pick(words.date)));
        }
        1 => {
            canvas.left(12.0, y, size, &day);
            canvas.right(width - 12.0, y, size, &time);
        }
        _ => {
            canvas.left(12.0, y, size, dice.pick(words.date));
            canvas.left(90.0, y, size, &format!(": {day}"));
        }
    }
    y += pitch;
    canvas.left(12.0, y, size, &format!("{} {number}", dice.pick(words.number)));
    y += pitch * 1.6;
    let (mut sum, mut pieces) = (Decimal::ZERO, 0);
    for _ in 0..dice.between(1, 9) {
        let count = dice.between(1, 4);
        let quantity = Decimal::from(count);
        let total = quantity * Decimal::new(dice.between(50, 4500), 2);
        sum += total;
        pieces += count;
        canvas.left(12.0, y, size, style.labels.word("goods", dice));
        if dice.chance(50) {
            y += pitch;
            canvas.left(30.0, y, size, &format!("{quantity} x {}", style.number(total / quantity, 2)));
        }
        canvas.right(width - 12.0, y, size, &style.number(total, 2));
        y += pitch;
    }
    y += pitch * 0.4;
    let tail = Tail::any(sum, pieces, &style, &words, dice);
    let money = dice.chance(50);
    for (label, value) in &tail.rows {
        canvas.left(12.0, y, size, label);
        let text = match value {
            Shown::Money(v) if money => style.money(*v),
            Shown::Money(v) => style.number(*v, 2),
            Shown::Text(t) => t.clone(),
        };
        canvas.right(width - 12.0, y, size, &text);
        y += pitch * if dice.chance(15) { 1.5 } else { 1.0 };
    }
    if dice.chance(35) {
        // What the tax is of, by rate: its totals are not the slip's.
        y += pitch * 0.5;
        canvas.left(
            12.0,
            y,
            size,
            &format!("{} {}", style.labels.word("tax", dice), dice.pick(words.summary)),
        );
        y += pitch;
        let net = tail.total - tail.tax;
        for label in [
            format!("{} {}%", dice.pick(&["SR", "A", "B", "S ="]), tail.rate),
            dice.pick(words.total).to_owned(),
        ] {
            canvas.left(12.0, y, size, &label);
            canvas.right(0.66 * width, y, size, &style.number(net, 2));
            canvas.right(width - 12.0, y, size, &style.number(tail.tax, 2));
            y += pitch;
            if dice.chance(50) {
                break;
            }
        }
    }
    y += pitch;
    canvas.centre(width / 2.0, y, size, dice.pick(words.thanks));
    canvas.height = y + 40.0;
    let mut fields = BTreeMap::new();
    let pairs = [
        ("seller_name", head.name),
        ("seller_address", head.address),
        ("issue_date", date.to_string()),
        ("grand_total", tail.total.to_string()),
        ("invoice_number", number),
    ];
    fields.extend(pairs.map(|(k, v)| (k.to_owned(), v)));
    let kind = Some("receipt".to_owned());
    let absent =
        ["due_date", "delivery_date", "purchase_order_ref", "buyer_name", "buyer_vat_id", "iban", "bic"];
    let absent = absent.map(str::to_owned).into();
    (Truth { kind, fields, absent, ..Truth::default() }, canvas.into_pages())
}

/// What stands beside a label.
enum Shown {
    Money(Decimal),
    Text(String),
}

/// What stands below the items.
struct Tail {
    rows: Vec<(String, Shown)>,
    total: Decimal,
    rate: Decimal,
    tax: Decimal,
}

impl Tail {
    fn any(sum: Decimal, pieces: i64, style: &Style, words: &Words, dice: &mut Dice) -> Self {
        let rate = Decimal::from([6, 7, 19, 20][dice.below(4)]);
        let tax = (sum * rate / (Decimal::ONE_HUNDRED + rate)).round_dp(2);
        let mut rows: Vec<(String, Shown)> = Vec::new();
        let mut put = |label: &str, value: Shown| rows.push((label.to_owned(), value));
        let money = Shown::Money;
        if dice.chance(25) {
            put(dice.pick(words.pieces), Shown::Text(pieces.to_string()));
        }
        let rounded = (sum * Decimal::from(20)).round() / Decimal::from(20);
        let rounding = dice.chance(30);
        if dice.chance(25) {
            put(dice.pick(words.net), money(sum - tax));
            if dice.chance(30) {
                put(dice.pick(words.discount), money(Decimal::ZERO));
            }
            put(&format!("{} {rate}%", style.labels.word("tax", dice)), money(tax));
        }
        if dice.chance(50) || (rounding && rounded != sum) {
            put(dice.pick(words.subtotal), money(sum));
        }
        if rounding {
            put(dice.pick(words.rounding), money(rounded - sum));
        }
        let total = if rounding { rounded } else { sum };
        let note =
            [1, 5, 10, 20, 50, 100, 200, 500, 1000].into_iter().map(Decimal::from).find(|n| *n >= total);
        let given = if dice.chance(18) { total } else { note.unwrap_or(total) };
        let cash = dice.chance(65);
        // Some slips have no label that can be read: what is given and returned says what was paid.
        if !(cash && dice.chance(6)) {
            put(dice.pick(words.total), money(total));
        }
        if cash {
            put(dice.pick(words.given), money(given));
            put(dice.pick(words.change), money(given - total));
        } else if dice.chance(60) {
            put(dice.pick(words.card), money(total));
        }
        if dice.chance(45) {
            put(&format!("{} {rate}%", style.labels.word("tax", dice)), money(tax));
        }
        Self { rows, total, rate, tax }
    }
}

struct Words {
    title: &'static [&'static str],
    date: &'static [&'static str],
    number: &'static [&'static str],
    pieces: &'static [&'static str],
    net: &'static [&'static str],
    discount: &'static [&'static str],
    summary: &'static [&'static str],
    subtotal: &'static [&'static str],
    rounding: &'static [&'static str],
    total: &'static [&'static str],
    given: &'static [&'static str],
    change: &'static [&'static str],
    card: &'static [&'static str],
    thanks: &'static [&'static str],
}

impl Words {
    fn of(tongue: Tongue) -> Self {
        match tongue {
            Tongue::English => Self {
                title: &["RECEIPT", "TAX INVOICE", "CASH RECEIPT", "SALES RECEIPT"],
                date: &["Date", "DATE", "Date/Time"],
                number: &["Receipt No:", "Bill No:", "Trans:", "Invoice No:"],
                pieces: &["Total Qty:", "No of items", "Item Count", "TOTAL QTY", "Items:"],
                net: &[
                    "Total Excl. GST",
                    "Total Sales (Excluding GST)",
                    "Total (Excl VAT)",
                    "Net Total",
                    "Taxable Amount",
                ],
                discount: &["Discount", "Disc", "Total Discount"],
                summary: &["Summary   Amount   Tax", "SUMMARY"],
                subtotal: &["Subtotal", "SUB TOTAL", "Total Sales"],
                rounding: &["Rounding", "Rounding Adj", "Round"],
                total: &[
                    "TOTAL",
                    "Total",
                    "Grand Total",
                    "TOTAL AMOUNT",
                    "Amount Due",
                    "Nett Total",
                    "Total Sales (Inclusive of GST)",
                    "Total Incl. GST",
                    "TOTAL DUE",
                    "Rounded Total",
                ],
                given: &[
                    "CASH",
                    "Cash Tendered",
                    "Paid",
                    "Tender",
                    "Cash Received",
                    "Accepted total",
                    "Amount Paid",
                ],
                change: &["CHANGE", "Change", "Change Due"],
                card: &["VISA", "MASTERCARD", "Card"],
                thanks: &["THANK YOU", "Please come again", "Goods sold are not returnable"],
            },
            Tongue::German => Self {
                title: &["QUITTUNG", "Kassenbon", "RECHNUNG", "Beleg"],
                date: &["Datum", "DATUM"],
                number: &["Bon-Nr.", "Beleg-Nr.", "Rechnung Nr.", "Bon"],
                pieces: &["Anzahl Artikel", "Posten:", "Menge gesamt"],
                net: &["Netto", "Nettobetrag", "Summe netto"],
                discount: &["Rabatt", "Nachlass"],
                summary: &["Netto   Steuer", "Aufstellung"],
                subtotal: &["Zwischensumme", "Warenwert"],
                rounding: &["Rundung"],
                total: &["SUMME", "Summe", "Gesamt", "GESAMTBETRAG", "Total", "Zu zahlen"],
                given: &["BAR", "Gegeben", "Bar"],
                change: &["Rückgeld", "RÜCKGELD"],
                card: &["EC-Karte", "girocard", "VISA"],
                thanks: &["Vielen Dank für Ihren Einkauf", "Danke für Ihren Besuch"],
            },
            Tongue::French => Self {
                title: &["TICKET DE CAISSE", "REÇU", "Ticket"],
                date: &["Date", "Le"],
                number: &["Ticket N°", "N°", "Facture N°"],
                pieces: &["Nombre d'articles", "Articles :", "Qté totale"],
                net: &["Total HT", "Net HT", "Montant HT"],
                discount: &["Remise", "Réduction"],
                summary: &["HT   TVA", "Détail"],
                subtotal: &["Sous-total", "Total HT"],
                rounding: &["Arrondi"],
                total: &["TOTAL", "TOTAL TTC", "A PAYER", "Net à payer", "Total"],
                given: &["ESPECES", "Espèces", "Reçu"],
                change: &["RENDU", "Monnaie rendue"],
                card: &["CB", "Carte bancaire"],
                thanks: &["Merci de votre visite", "A bientôt"],
            },
        }
    }
}
