//! What made-up documents of several pages repeat, and the numbers of their articles.
//!
//! Owns no truth. Rule: a number that stands in every row or on every page looks like that of a document as often as in reality.

use super::super::Dice;
use super::super::canvas::Canvas;
use super::super::speech::Tongue;
use super::Plan;

/// How a seller numbers its articles.
pub(super) struct Articles {
    form: usize,
    prefix: &'static str,
}

impl Articles {
    pub(super) fn any(dice: &mut Dice) -> Self {
        let prefix = dice.pick(&["ART-", "MED-", "HK", "P/", "W-", "AX", "10-", "SKU"]);
        Self { form: dice.below(10), prefix }
    }

    pub(super) fn number(&self, dice: &mut Dice) -> String {
        match self.form {
            0 | 1 => format!("{}{}", self.prefix, dice.digits(5)),
            2 => format!("{}{}", self.prefix, dice.digits(7)),
            3 => format!("{}.{}.{}", dice.digits(2), dice.digits(3), dice.digits(2)),
            4 => dice.digits(4),
            5 => dice.digits(8),
            6 => format!("40{}", dice.digits(11)),
            _ => dice.digits(6),
        }
    }
}

/// How many items a document has: few, mostly.
pub(super) fn items(dice: &mut Dice) -> i64 {
    match dice.below(40) {
        0..=27 => dice.between(1, 6),
        28..=35 => dice.between(7, 14),
        36..=38 => dice.between(25, 45),
        _ => dice.between(60, 160),
    }
}

/// Counts the pages at their ends, and says on each what it belongs to.
pub(super) fn run(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) {
    let count = canvas.pages();
    let counted = dice.chance(if count > 1 { 70 } else { 25 });
    let said = count > 1 && dice.chance(40);
    let page = match plan.style.tongue {
        Tongue::German => "Seite",
        Tongue::English | Tongue::French => "Page",
    };
    let of = dice.pick(match plan.style.tongue {
        Tongue::English => &["of", "/"],
        Tongue::German => &["von", "/"],
        Tongue::French => &["sur", "/"],
    });
    let (size, left) = (plan.size * 0.9, dice.chance(50));
    for at in 0..count {
        canvas.turn_to(at);
        if counted {
            let text = format!("{page} {} {of} {count}", at + 1);
            let y = if left { 822.0 } else { 26.0 };
            canvas.right(544.0, y, size, &text);
        }
        if said && at > 0 {
            let title = plan.style.labels.word(plan.kind, dice);
            let date = plan.style.date(plan.date);
            canvas.left(50.0, 26.0, size, &format!("{title} {}", plan.number));
            canvas.left(330.0, 26.0, size, &date);
        }
    }
}
