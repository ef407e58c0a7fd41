//! Made-up invoices, credit notes, orders and order responses on sheets.
//!
//! Owns their layouts. Rule: each part of a page has several forms, chosen independently.

mod facts;
mod foot;
mod head;
mod pages;

use super::Dice;
use super::canvas::Canvas;
use super::speech::{Party, Style, Tongue};
use crate::extract::PageText;
use crate::train::truth::Truth;
use jiff::ToSpan as _;
use jiff::civil::Date;
use pages::Articles;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

struct Item {
    text: String,
    article: String,
    quantity: Decimal,
    price: Decimal,
    total: Decimal,
    rate: Decimal,
}

/// Everything that the document says.
struct Plan {
    kind: &'static str,
    style: Style,
    seller: Party,
    buyer: Party,
    number: String,
    date: Date,
    due: Option<Date>,
    delivery: Option<Date>,
    po: Option<String>,
    /// The buyer wrote it: an order.
    swapped: bool,
    /// What the letterhead calls the issuer.
    brand: String,
    /// Its web site.
    site: String,
    /// What it was for, instead of a day of delivery.
    period: Option<(Date, Date)>,
    /// The invoice that is credited.
    original: Option<(String, Date)>,
    /// A day of something else.
    other_date: Option<Date>,
    /// The VAT id of whom it is addressed to stands below the address.
    other_vat: bool,
    items: Vec<Item>,
    net: Decimal,
    tax: Decimal,
    gross: Decimal,
    /// What is taken off the sum of the items.
    discount: Decimal,
    paid: Decimal,
    /// The day of print, on the edge of the paper, where the day of issue has a label.
    printed: Option<Date>,
    /// When to pay is said in a sentence.
    due_said: bool,
    /// Its day stands alone, as on a letter.
    letter: bool,
    /// Each item has a day of its own.
    daily: bool,
    size: f32,
}

impl Plan {
    fn issuer(&self) -> &Party {
        if self.swapped { &self.buyer } else { &self.seller }
    }

    fn addressee(&self) -> &Party {
        if self.swapped { &self.seller } else { &self.buyer }
    }
}

pub(crate) fn make(dice: &mut Dice) -> (Truth, Vec<PageText>) {
    let plan = plan(dice);
    let truth = truth(&plan);
    let wide = [0.86, 0.95, 1.0, 1.08][dice.below(4)];
    let mut canvas = Canvas::new(595.0, 842.0, wide, [1.0, 1.15, 1.3][dice.below(3)]);
    if let Some(printed) = plan.printed {
        // On the day of print, as browsers and print programs set it.
        canvas.left([20.0, 480.0][dice.below(2)], 12.0, plan.size * 0.8, &plan.style.date(printed));
    }
    let head = head::make(&plan, &mut canvas, dice);
    let mut y = table(&plan, &mut canvas, head.y, dice);
    y = totals(&plan, &mut canvas, y, dice);
    foot::make(&plan, &mut canvas, y, head.named, dice);
    pages::run(&plan, &mut canvas, dice);
    (truth, canvas.into_pages())
}

fn plan(dice: &mut Dice) -> Plan {
    let style = Style::any(dice);
    let kind =
        ["invoice", "invoice", "invoice", "invoice", "credit_note", "order", "order_response"][dice.below(7)];
    let (seller, buyer) = (Party::any(&style, dice), Party::any(&style, dice));
    let base = Date::constant(2015, 1, 1);
    let date = base.checked_add(dice.between(0, 4300).days()).unwrap_or(base);
    let later = |dice: &mut Dice, days: i64| date.checked_add(dice.between(7, days).days()).ok();
    let number = number(dice, date);
    let due = if dice.chance(75) && kind == "invoice" { later(dice, 60) } else { None };
    let period = if dice.chance(22) && kind == "invoice" {
        let from = date.checked_sub(dice.between(25, 100).days()).unwrap_or(date);
        from.checked_add(dice.between(6, 31).days()).ok().map(|to| (from, to))
    } else {
        None
    };
    let delivery = if period.is_none() && dice.chance(40) {
        date.checked_sub(dice.between(0, 12).days()).ok()
    } else {
        None
    };
    let own = dice.between(4, 8) as usize;
    let po = if dice.chance(40) && kind != "order" {
        Some(if dice.chance(70) {
            dice.digits(own)
        } else {
            format!("{}-{}", dice.pick(&["PO", "B", "45"]), dice.digits(own))
        })
    } else {
        None
    };
    let original = if kind == "credit_note" && dice.chance(75) {
        let on = date.checked_sub(dice.between(5, 60).days()).unwrap_or(date);
        Some((self::number(dice, on), on))
    } else {
        None
    };
    let other_date = if dice.chance(25) { date.checked_sub(dice.between(1, 40).days()).ok() } else { None };
    let swapped = kind == "order" && dice.chance(85);
    let issuer = if swapped { &buyer } else { &seller };
    let (brand, site) = issuer.brand(&style, dice);
    let other_vat = dice.chance(20) && !(if swapped { &seller } else { &buyer }).vat.is_empty();
    let rate = match style.tongue {
        Tongue::German => [19, 19, 7][dice.below(3)],
        Tongue::French => [20, 20, 10][dice.below(3)],
        Tongue::English => [20, 0, 8][dice.below(3)],
    };
    let count = pages::items(dice);
    let articles = Articles::any(dice);
    let rate = Decimal::from(rate);
    let items: Vec<Item> = (0..count).map(|_| item(&style, rate, &articles, dice)).collect();
    let sum: Decimal = items.iter().map(|i| i.total).sum();
    let discount = if dice.chance(10) {
        (sum * Decimal::new(dice.between(2, 15), 2)).round_dp(2)
    } else {
        Decimal::ZERO
    };
    let net = sum - discount;
    let tax = (net * rate / Decimal::ONE_HUNDRED).round_dp(2);
    let gross = net + tax;
    let paid = match dice.below(36) {
        _ if kind != "invoice" => Decimal::ZERO,
        0 => gross,
        1 => (gross / Decimal::from(4)).round_dp(2),
        2 => (gross / Decimal::TWO).round_dp(2),
        3 => (gross * Decimal::new(dice.between(5, 95), 2)).round_dp(0),
        4 => (gross * Decimal::new(dice.between(5, 95), 2)).round_dp(2),
        _ => Decimal::ZERO,
    };
    let daily = dice.chance(9);
    let letter = dice.chance(5);
    let printed =
        if !letter && dice.chance(7) { date.checked_add(dice.between(0, 700).days()).ok() } else { None };
    let due_said = dice.chance(20);
    let size = dice.between(75, 110) as f32 / 10.0;
    Plan {
        kind,
        style,
        seller,
        buyer,
        number,
        date,
        due,
        delivery,
        po,
        swapped,
        brand,
        site,
        period,
        original,
        other_date,
        other_vat,
        items,
        net,
        tax,
        gross,
        discount,
        paid,
        printed,
        due_said,
        letter,
        daily,
        size,
    }
}

fn number(dice: &mut Dice, date: Date) -> String {
    let year = date.year();
    match dice.below(13) {
        0 => format!("RE-{year}-{}", dice.digits(4)),
        7 => format!("{}/{}", dice.digits(3), year % 100),
        8 => {
            format!("{}-{year}-{:02}-{}", dice.pick(&["INV", "R", "FC", "KR"]), date.month(), dice.digits(3))
        }
        9 => format!("{} {} {}", dice.digits(3), dice.digits(3), dice.digits(4)),
        10 => format!("{} {}-{}", dice.pick(&["AB", "VK", "GS", "RG"]), dice.digits(3), dice.digits(4)),
        11 => format!("{}{}", dice.pick(&["CN-", "SI-", "#", "IN-"]).trim_start_matches('#'), dice.digits(5)),
        1 => format!("{year}/{}", dice.digits(3)),
        2 => format!("INV{}", dice.digits(5)),
        3 => format!("{}-{}", dice.digits(4), dice.digits(2)),
        4 => format!("F{}{}", year % 100, dice.digits(5)),
        5 => format!("{}{}", dice.between(1, 9), dice.digits(7)),
        6 => format!("{}{}", dice.between(1, 9), dice.digits(4)),
        _ => format!("{}{}-{}", dice.pick(&["A", "R", "SI", "FA", "K"]), dice.digits(4), dice.digits(3)),
    }
}

fn item(style: &Style, rate: Decimal, articles: &Articles, dice: &mut Dice) -> Item {
    let quantity = match dice.below(6) {
        0..=2 => Decimal::from(dice.between(1, 5)),
        3 | 4 => Decimal::from(dice.between(6, 120)),
        _ => Decimal::new(dice.between(105, 4050), 2),
    };
    let price = Decimal::new(dice.between(99, 40_000), 2);
    let total = (quantity * price).round_dp(2);
    Item {
        text: style.labels.word("goods", dice).to_owned(),
        article: articles.number(dice),
        quantity,
        price,
        total,
        rate,
    }
}

#[derive(Clone, Copy, PartialEq)]
enum Column {
    Position,
    Day,
    Article,
    Text,
    Quantity,
    Unit,
    Price,
    Rate,
    Total,
}

fn truth(plan: &Plan) -> Truth {
    let mut fields = BTreeMap::new();
    let mut put = |name: &str, value: String| {
        if !value.is_empty() {
            fields.insert(name.to_owned(), value);
        }
    };
    put("invoice_number", plan.number.clone());
    put("issue_date", plan.date.to_string());
    put("due_date", plan.due.map(|d| d.to_string()).unwrap_or_default());
    put("delivery_date", plan.delivery.map(|d| d.to_string()).unwrap_or_default());
    put("purchase_order_ref", plan.po.clone().unwrap_or_default());
    put("seller_name", plan.seller.name.clone());
    put("buyer_name", plan.buyer.name.clone());
    let (issuers, others) =
        if plan.swapped { ("buyer_vat_id", "seller_vat_id") } else { ("seller_vat_id", "buyer_vat_id") };
    put(issuers, plan.issuer().vat.clone());
    put(others, if plan.other_vat { plan.addressee().vat.clone() } else { String::new() });
    put("currency", plan.style.currency.to_owned());
    put("net_total", plan.net.to_string());
    put("tax_total", plan.tax.to_string());
    put("grand_total", plan.gross.to_string());
    put(
        "due_payable",
        match plan.kind {
            "invoice" | "credit_note" => (plan.gross - plan.paid).to_string(),
            _ => String::new(),
        },
    );
    put("iban", if plan.swapped { String::new() } else { plan.seller.iban.clone() });
    let missing = [
        "due_date",
        "delivery_date",
        "purchase_order_ref",
        "seller_vat_id",
        "buyer_vat_id",
        "iban",
        "due_payable",
    ];
    let missing = missing.into_iter().map(str::to_owned);
    let absent = missing.filter(|name| !fields.contains_key(name)).collect();
    let rows = plan.items.iter().map(|i| {
        [
            ("description", i.text.clone()),
            ("quantity", i.quantity.to_string()),
            ("unit_price", i.price.to_string()),
            ("line_total", i.total.to_string()),
        ]
        .map(|(k, v)| (k.to_owned(), v))
        .into()
    });
    Truth {
        name: String::new(),
        group: String::new(),
        kind: Some(plan.kind.to_owned()),
        fields,
        absent,
        line_items: rows.collect(),
    }
}

fn table(plan: &Plan, canvas: &mut Canvas, mut y: f32, dice: &mut Dice) -> f32 {
    let labels = &plan.style.labels;
    let mut columns = Vec::new();
    if dice.chance(45) {
        columns.push((Column::Position, 28.0));
    }
    if plan.daily {
        columns.push((Column::Day, 58.0));
    }
    if dice.chance(40) {
        columns.push((Column::Article, 62.0));
    }
    let early = dice.chance(25);
    if early {
        columns.push((Column::Quantity, 45.0));
    }
    columns.push((Column::Text, 190.0));
    if !early {
        columns.push((Column::Quantity, 50.0));
    }
    if dice.chance(35) {
        columns.push((Column::Unit, 35.0));
    }
    columns.push((Column::Price, 70.0));
    if dice.chance(35) {
        columns.push((Column::Rate, 45.0));
    }
    columns.push((Column::Total, 75.0));
    let all: f32 = columns.iter().map(|c| c.1).sum();
    let scale = 505.0 / all;
    let mut x = 45.0;
    let places: Vec<(Column, f32, f32)> = columns
        .iter()
        .map(|(c, w)| {
            let place = (*c, x, x + w * scale - 6.0);
            x += w * scale;
            place
        })
        .collect();
    let names: Vec<&str> = places
        .iter()
        .map(|(c, ..)| match c {
            Column::Position => dice.pick(&["Pos", "Pos.", "#", "Nr."]),
            Column::Day => labels.word("day", dice),
            Column::Article => labels.word("article", dice),
            Column::Text => labels.word("description", dice),
            Column::Quantity => labels.word("quantity", dice),
            Column::Unit => labels.word("unit", dice),
            Column::Price => labels.word("price", dice),
            Column::Rate => labels.word("rate", dice),
            Column::Total => labels.word("total", dice),
        })
        .collect();
    let size = plan.size.min(9.5);
    let pitch = size * [1.4, 1.7, 2.2][dice.below(3)];
    let heading = |canvas: &mut Canvas, y: f32| {
        for ((column, left, right), name) in places.iter().zip(&names) {
            match column {
                Column::Position | Column::Day | Column::Article | Column::Text | Column::Unit => {
                    canvas.left(*left, y, size, name);
                }
                _ => canvas.right(*right, y, size, name),
            }
        }
    };
    heading(canvas, y);
    y += pitch * 1.3;
    let signed = dice.chance(30);
    for (i, item) in plan.items.iter().enumerate() {
        if y > 745.0 {
            canvas.next_page();
            y = 60.0;
            heading(canvas, y);
            y += pitch * 1.3;
        }
        let mut below = y;
        for (column, left, right) in &places {
            let money = |v| if signed { plan.style.money(v) } else { plan.style.number(v, 2) };
            match column {
                Column::Position => {
                    canvas.left(*left, y, size, &(i + 1).to_string());
                }
                Column::Day => {
                    let ago = plan.items.len() - i;
                    let day =
                        plan.date.checked_sub(i64::try_from(ago).unwrap_or(0).days()).unwrap_or(plan.date);
                    canvas.left(*left, y, size, &plan.style.date(day));
                }
                Column::Article => {
                    canvas.left(*left, y, size, &item.article);
                }
                Column::Unit => {
                    canvas.left(*left, y, size, "Stk");
                }
                Column::Quantity => {
                    let places = if item.quantity.fract().is_zero() { 0 } else { 2 };
                    canvas.right(*right, y, size, &plan.style.number(item.quantity, places));
                }
                Column::Price => canvas.right(*right, y, size, &money(item.price)),
                Column::Rate => canvas.right(*right, y, size, &format!("{} %", item.rate)),
                Column::Total => canvas.right(*right, y, size, &money(item.total)),
                Column::Text => {
                    // A text wraps where its column ends.
                    let mut line = String::new();
                    for word in item.text.split(' ') {
                        let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
                        if canvas.measure(size, &longer) > right - left && !line.is_empty() {
                            canvas.left(*left, below, size, &line);
                            below += size * 1.2;
                            word.clone_into(&mut line);
                        } else {
                            line = longer;
                        }
                    }
                    canvas.left(*left, below, size, &line);
                }
            }
        }
        y = below + pitch;
    }
    y + pitch * 0.6
}

fn totals(plan: &Plan, canvas: &mut Canvas, mut y: f32, dice: &mut Dice) -> f32 {
    if y > 700.0 {
        canvas.next_page();
        y = 60.0;
    }
    let (labels, style) = (&plan.style.labels, &plan.style);
    let rate = plan.items.first().map_or(Decimal::ZERO, |i| i.rate);
    let mut rows: Vec<(String, String)> = Vec::new();
    if plan.discount.is_zero() {
        rows.push((labels.word("net", dice).to_owned(), style.money(plan.net)));
    } else {
        rows.push((labels.word("subtotal", dice).to_owned(), style.money(plan.net + plan.discount)));
        rows.push((labels.word("discount", dice).to_owned(), style.money(-plan.discount)));
        rows.push((labels.word("net_after", dice).to_owned(), style.money(plan.net)));
    }
    let tax = labels.word("tax", dice);
    let tax = if dice.chance(60) { format!("{tax} {rate} %") } else { tax.to_owned() };
    rows.push((tax, style.money(plan.tax)));
    rows.push((labels.word("gross", dice).to_owned(), style.money(plan.gross)));
    if dice.chance(15) {
        // What is in the sum of the items already.
        let part = plan.items.first().map_or(Decimal::ZERO, |i| i.total);
        rows.insert(0, (labels.word("shipping", dice).to_owned(), style.money(part)));
    }
    if !plan.paid.is_zero() {
        let sign = if dice.chance(70) { -Decimal::ONE } else { Decimal::ONE };
        rows.push((labels.word("paid", dice).to_owned(), style.money(sign * plan.paid)));
        rows.push((labels.word("payable", dice).to_owned(), style.money(plan.gross - plan.paid)));
    } else if dice.chance(40) && plan.kind == "invoice" {
        rows.push((labels.word("payable", dice).to_owned(), style.money(plan.gross)));
    }
    let (size, pitch) = (plan.size, plan.size * 1.5);
    if dice.chance(15) {
        // Side by side, the labels above.
        let step = 500.0 / rows.len() as f32;
        for (i, (label, value)) in rows.iter().enumerate() {
            canvas.left(50.0 + step * i as f32, y, size, label);
            canvas.left(50.0 + step * i as f32, y + pitch, size, value);
        }
        return y + pitch * 3.0;
    }
    let x = [330.0, 380.0, 45.0][dice.below(3)];
    let colon = if dice.chance(40) { ":" } else { "" };
    for (label, value) in &rows {
        canvas.left(x, y, size, &format!("{label}{colon}"));
        canvas.right(544.0, y, size, value);
        y += pitch;
    }
    y + pitch
}
