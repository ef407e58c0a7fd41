//! The upper part of a made-up document: letterhead, parties, title, and the labels of the whole.
//!
//! Owns where they stand. Rule: what a plan says stands on the page, once.

use super::super::Dice;
use super::super::canvas::Canvas;
use super::super::speech::Party;
use super::super::speech::Tongue;
use super::Plan;

/// Letterhead, parties, title and the labels of the document; returns where the table may begin.
pub(super) fn make(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> f32 {
    let size = plan.size;
    let pitch = size * 1.35;
    let (seller, buyer, labels) = (&plan.seller, &plan.buyer, &plan.style.labels);
    let right_head = dice.chance(45);
    let x = if right_head { 350.0 } else { 45.0 };
    let mut y = dice.between(25, 50) as f32;
    canvas.left(x, y, size * [1.0, 1.4, 1.9][dice.below(3)], &seller.name);
    y += pitch * 1.9;
    let contact = format!("{} {}", labels.word("phone", dice), seller.phone);
    let mut lines = vec![seller.street.clone(), seller.city.clone()];
    if dice.chance(50) {
        lines.push(contact);
    }
    if dice.chance(25) && !seller.vat.is_empty() {
        lines.push(format!("{}: {}", labels.word("vat", dice), seller.vat));
    }
    for line in &lines {
        canvas.left(x, y, size, line);
        y += pitch;
    }
    // The buyer, under a small return address, under a heading, or alone.
    let mut by = dice.between(115, 160) as f32;
    let bx = if dice.chance(80) { 50.0 } else { 330.0 };
    match dice.below(3) {
        0 => {
            let mark = dice.pick(&[" · ", " - ", " | ", ", "]);
            let sender = [seller.name.as_str(), &seller.street, &seller.city].join(mark);
            canvas.left(bx, by - pitch * 1.5, size * 0.7, &sender);
        }
        1 => {
            let colon = if dice.chance(50) { ":" } else { "" };
            canvas.left(bx, by, size, &format!("{}{colon}", labels.word("buyer", dice)));
            by += pitch * 1.1;
        }
        _ => {}
    }
    for line in [&buyer.name, &buyer.street, &buyer.city] {
        canvas.left(bx, by, size, line);
        by += pitch;
    }
    if dice.chance(20) && bx < 100.0 {
        canvas.left(330.0, by - pitch * 4.1, size, labels.word("shipto", dice));
        let other = Party::any(&plan.style, dice);
        for (i, line) in [&other.name, &other.street, &other.city].into_iter().enumerate() {
            canvas.left(330.0, by - pitch * (3.0 - i as f32), size, line);
        }
    }
    y = y.max(by) + pitch * 2.0;
    let title = labels.word(plan.kind, dice);
    let big = size * [1.1, 1.5, 2.2][dice.below(3)];
    let inline = dice.chance(18);
    if inline {
        let of = match plan.style.tongue {
            Tongue::English => "dated",
            Tongue::German => "vom",
            Tongue::French => "du",
        };
        let no = dice.pick(&["Nr.", "No.", "#", "N°"]);
        canvas.left(
            50.0,
            y,
            big,
            &format!("{title} {no} {} {of} {}", plan.number, plan.style.date(plan.date)),
        );
        y += big * 1.8;
    } else {
        canvas.left([50.0, 230.0, 380.0][dice.below(3)], y, big, title);
        y += big * 1.8;
    }
    facts(plan, canvas, y, inline, dice)
}

/// Number, days and references, in one of four forms.
fn facts(plan: &Plan, canvas: &mut Canvas, mut y: f32, inline: bool, dice: &mut Dice) -> f32 {
    let labels = &plan.style.labels;
    let (number, day) = match plan.kind {
        "credit_note" => ("credit_number", "date"),
        "order" | "order_response" => ("order_number", "order_date"),
        _ => ("number", "date"),
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add =
        |name: &str, value: String, dice: &mut Dice| pairs.push((labels.word(name, dice).to_owned(), value));
    if !inline {
        add(number, plan.number.clone(), dice);
        add(day, plan.style.date(plan.date), dice);
    }
    if let Some(due) = plan.due {
        add("due", plan.style.date(due), dice);
    }
    if let Some(delivery) = plan.delivery {
        add("delivery", plan.style.date(delivery), dice);
    }
    if let Some(po) = &plan.po {
        add("po", po.clone(), dice);
    }
    if dice.chance(60) {
        let own = dice.between(4, 7) as usize;
        add("customer", dice.digits(own), dice);
    }
    if dice.chance(40) {
        add("other", dice.digits(5), dice);
    }
    // Any order.
    for i in (1..pairs.len()).rev() {
        if dice.chance(40) {
            pairs.swap(i, dice.below(i + 1));
        }
    }
    let (size, pitch) = (plan.size, plan.size * 1.4);
    let colon = if dice.chance(60) { ":" } else { "" };
    match dice.below(4) {
        0 | 1 => {
            let (x, gap) = if dice.chance(50) { (340.0, 100.0) } else { (50.0, 120.0) };
            for (label, value) in &pairs {
                canvas.left(x, y, size, &format!("{label}{colon}"));
                canvas.left(x + gap, y, size, value);
                y += pitch;
            }
        }
        2 => {
            for (label, value) in &pairs {
                canvas.left(50.0, y, size, &format!("{label}: {value}"));
                y += pitch;
            }
        }
        _ => {
            for row in pairs.chunks(4) {
                let step = 500.0 / row.len() as f32;
                for (i, (label, value)) in row.iter().enumerate() {
                    canvas.left(50.0 + step * i as f32, y, size, label);
                    canvas.left(50.0 + step * i as f32, y + pitch, size, value);
                }
                y += pitch * 2.4;
            }
        }
    }
    y + pitch * 1.5
}
