//! Number, days and references of a made-up document.
//!
//! Owns their labels and the forms in which they are set. Rule: beside what is asked for stand numbers and days of something else.

use super::super::Dice;
use super::super::canvas::Canvas;
use super::Plan;

/// What the document has said already, under no label of its own.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Shown {
    pub(super) number: bool,
    pub(super) date: bool,
}

/// Labels and values in any order.
fn pairs(plan: &Plan, shown: Shown, dice: &mut Dice) -> Vec<(String, String)> {
    let (labels, style) = (&plan.style.labels, &plan.style);
    let (number, day) = match plan.kind {
        "credit_note" => ("credit_number", "date"),
        "order" | "order_response" => ("order_number", "order_date"),
        _ => ("number", "date"),
    };
    let mut pairs: Vec<(String, String)> = Vec::new();
    let mut add =
        |name: &str, value: String, dice: &mut Dice| pairs.push((labels.word(name, dice).to_owned(), value));
    if !shown.number {
        add(number, plan.number.clone(), dice);
    }
    if !shown.date {
        add(day, style.date(plan.date), dice);
    }
    if let Some(due) = plan.due.filter(|_| !plan.due_said) {
        add("due", style.date(due), dice);
    }
    if let Some(delivery) = plan.delivery {
        add("delivery", style.date(delivery), dice);
    }
    if let Some((from, to)) = plan.period {
        let dash = dice.pick(&["-", "–", "–"]);
        add("period", format!("{} {dash} {}", style.date(from), style.date(to)), dice);
    }
    if let Some(po) = &plan.po {
        add("po", po.clone(), dice);
    }
    if let Some((number, date)) = &plan.original {
        add("original", number.clone(), dice);
        if dice.chance(60) {
            add("original_date", style.date(*date), dice);
        }
    }
    if let Some(date) = plan.other_date {
        add("other_date", style.date(date), dice);
    }
    if dice.chance(60) {
        let own = dice.between(4, 7) as usize;
        add("customer", dice.digits(own), dice);
    }
    for _ in 0..dice.below(3) {
        let value = if dice.chance(30) { plan.seller.person.clone() } else { dice.digits(5) };
        add("other", value, dice);
    }
    if dice.chance(20) {
        add("phone", plan.seller.phone.clone(), dice);
    }
    for i in (1..pairs.len()).rev() {
        if dice.chance(40) {
            pairs.swap(i, dice.below(i + 1));
        }
    }
    pairs
}

/// In a column of labels at `x` and values at `to`; returns its lower edge.
pub(super) fn column(plan: &Plan, canvas: &mut Canvas, (x, to): (f32, f32), y: f32, dice: &mut Dice) -> f32 {
    let pairs = pairs(plan, Shown::default(), dice);
    set(plan, canvas, &pairs, (x, to), y, dice)
}

/// One below the other from `x`, each label above its value; returns the lower edge.
pub(super) fn stacked(plan: &Plan, canvas: &mut Canvas, x: f32, y: f32, dice: &mut Dice) -> f32 {
    let pairs = pairs(plan, Shown::default(), dice);
    stack(plan, canvas, &pairs, x, y)
}

fn stack(plan: &Plan, canvas: &mut Canvas, pairs: &[(String, String)], x: f32, mut y: f32) -> f32 {
    let pitch = plan.size * 1.4;
    for (label, value) in pairs {
        canvas.left(x, y, plan.size * 0.85, label);
        canvas.left(x, y + pitch * 0.85, plan.size, value);
        y += pitch * 2.2;
    }
    y
}

fn set(
    plan: &Plan,
    canvas: &mut Canvas,
    pairs: &[(String, String)],
    (x, to): (f32, f32),
    mut y: f32,
    dice: &mut Dice,
) -> f32 {
    let colon = if dice.chance(60) { ":" } else { "" };
    let flush = dice.chance(25);
    for (label, value) in pairs {
        canvas.left(x, y, plan.size, &format!("{label}{colon}"));
        let wide = canvas.measure(plan.size, label) + x + plan.size;
        if flush {
            canvas.right(545.0, y, plan.size, value);
        } else {
            canvas.left(wide.max(to), y, plan.size, value);
        }
        y += plan.size * 1.4;
    }
    y
}

/// In one of five forms; returns where the table may begin.
pub(super) fn make(plan: &Plan, canvas: &mut Canvas, mut y: f32, shown: Shown, dice: &mut Dice) -> f32 {
    let pairs = pairs(plan, shown, dice);
    let (size, pitch) = (plan.size, plan.size * 1.4);
    match dice.below(6) {
        0 | 1 => {
            let at = if dice.chance(50) { (340.0, 440.0) } else { (50.0, 170.0) };
            y = set(plan, canvas, &pairs, at, y, dice);
        }
        2 => {
            for (label, value) in &pairs {
                canvas.left(50.0, y, size, &format!("{label}: {value}"));
                y += pitch;
            }
        }
        3 => y = stack(plan, canvas, &pairs, [50.0, 380.0][dice.below(2)], y),
        _ => {
            for row in pairs.chunks([3, 4, 5][dice.below(3)]) {
                let step = 500.0 / row.len() as f32;
                for (i, (label, value)) in row.iter().enumerate() {
                    canvas.left(50.0 + step * i as f32, y, size * 0.9, label);
                    canvas.left(50.0 + step * i as f32, y + pitch, size, value);
                }
                y += pitch * 2.4;
            }
        }
    }
    y + pitch * 1.5
}
