//! Made-up receipts of shops and restaurants on narrow slips.
//!
//! Owns their layouts. Rule: a slip is one column; what is paid, given and returned stands below what is due.

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
    let name = if dice.chance(70) { shop.name.to_uppercase() } else { shop.name.clone() };
    let centred = dice.chance(75);
    let mut set = |canvas: &mut Canvas, text: &str, big: f32| {
        if centred {
            canvas.centre(width / 2.0, y, size * big, text);
        } else {
            canvas.left(12.0, y, size * big, text);
        }
        y += pitch * big;
    };
    set(&mut canvas, &name, [1.0, 1.2, 1.5][dice.below(3)]);
    if dice.chance(40) {
        set(&mut canvas, &format!("({}-{})", dice.digits(6), dice.pick(&["A", "D", "K", "X", "T"])), 1.0);
    }
    let address = match dice.below(3) {
        0 => vec![format!("{}, {}", shop.street, shop.city)],
        1 => vec![format!("{},", shop.street), shop.city.clone()],
        _ => vec![shop.street.clone(), shop.city.clone()],
    };
    for line in &address {
        let line = if name == shop.name { line.clone() } else { line.to_uppercase() };
        set(&mut canvas, &line, 1.0);
    }
    if dice.chance(60) {
        set(&mut canvas, &format!("{}: {}", style.labels.word("phone", dice), shop.phone), 1.0);
    }
    if !shop.vat.is_empty() && dice.chance(50) {
        set(&mut canvas, &format!("{}: {}", style.labels.word("vat", dice), shop.vat), 1.0);
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
    let mut sum = Decimal::ZERO;
    for _ in 0..dice.between(1, 9) {
        let quantity = Decimal::from(dice.between(1, 4));
        let total = quantity * Decimal::new(dice.between(50, 4500), 2);
        sum += total;
        canvas.left(12.0, y, size, style.labels.word("goods", dice));
        if dice.chance(50) {
            y += pitch;
            canvas.left(30.0, y, size, &format!("{quantity} x {}", style.number(total / quantity, 2)));
        }
        canvas.right(width - 12.0, y, size, &style.number(total, 2));
        y += pitch;
    }
    y += pitch * 0.4;
    let rate = Decimal::from([6, 7, 19, 20][dice.below(4)]);
    let tax = (sum * rate / (Decimal::ONE_HUNDRED + rate)).round_dp(2);
    let mut rows: Vec<(String, Decimal)> = Vec::new();
    let rounded = (sum * Decimal::from(20)).round() / Decimal::from(20);
    let rounding = dice.chance(25) && rounded != sum;
    if dice.chance(55) || rounding {
        rows.push((dice.pick(words.subtotal).to_owned(), sum));
    }
    if rounding {
        rows.push((dice.pick(words.rounding).to_owned(), rounded - sum));
    }
    let total = if rounding { rounded } else { sum };
    rows.push((dice.pick(words.total).to_owned(), total));
    if dice.chance(60) {
        let note = [10, 20, 50, 100, 200, 500, 1000].into_iter().map(Decimal::from).find(|n| *n >= total);
        let given = note.unwrap_or(total);
        rows.push((dice.pick(words.given).to_owned(), given));
        rows.push((dice.pick(words.change).to_owned(), given - total));
    } else if dice.chance(55) {
        rows.push((dice.pick(words.card).to_owned(), total));
    }
    if dice.chance(60) {
        rows.push((format!("{} {rate}%", style.labels.word("tax", dice)), tax));
    }
    for (label, value) in &rows {
        canvas.left(12.0, y, size, label);
        canvas.right(width - 12.0, y, size, &style.money(*value));
        y += pitch;
    }
    y += pitch;
    canvas.centre(width / 2.0, y, size, dice.pick(words.thanks));
    canvas.height = y + 40.0;
    let joined = address.iter().map(|l| l.trim_end_matches(',')).collect::<Vec<_>>().join(", ");
    let mut fields = BTreeMap::new();
    let pairs = [
        ("seller_name", shop.name.clone()),
        ("seller_address", joined),
        ("issue_date", date.to_string()),
        ("grand_total", total.to_string()),
        ("invoice_number", number),
    ];
    fields.extend(pairs.map(|(k, v)| (k.to_owned(), v)));
    let kind = Some("receipt".to_owned());
    (Truth { kind, fields, ..Truth::default() }, canvas.into_pages())
}

struct Words {
    title: &'static [&'static str],
    date: &'static [&'static str],
    number: &'static [&'static str],
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
                subtotal: &["Subtotal", "SUB TOTAL", "Total Sales"],
                rounding: &["Rounding", "Rounding Adj", "Round"],
                total: &["TOTAL", "Total", "Grand Total", "TOTAL AMOUNT", "Amount Due", "Nett Total"],
                given: &["CASH", "Cash Tendered", "Paid", "Tender"],
                change: &["CHANGE", "Change", "Change Due"],
                card: &["VISA", "MASTERCARD", "Card"],
                thanks: &["THANK YOU", "Please come again", "Goods sold are not returnable"],
            },
            Tongue::German => Self {
                title: &["QUITTUNG", "Kassenbon", "RECHNUNG", "Beleg"],
                date: &["Datum", "DATUM"],
                number: &["Bon-Nr.", "Beleg-Nr.", "Rechnung Nr.", "Bon"],
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
