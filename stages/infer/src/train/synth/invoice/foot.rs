//! The end of a made-up document: terms, bank, register, and who issued it.
//!
//! Owns where they stand. Rule: the full name of the issuer is set here where the head does not have it.

use super::super::Dice;
use super::super::canvas::Canvas;
use super::super::speech::spaced;
use super::Plan;

pub(super) fn make(plan: &Plan, canvas: &mut Canvas, mut y: f32, named: bool, dice: &mut Dice) {
    if y < 600.0 && plan.kind == "invoice" && dice.chance(14) {
        slip(plan, canvas, dice);
        y = 765.0;
    }
    let (labels, issuer) = (&plan.style.labels, plan.issuer());
    let size = plan.size * 0.9;
    if let Some(due) = plan.due.filter(|_| plan.due_said) {
        let said = labels.word("due_said", dice).replace('*', &plan.style.date(due));
        canvas.left(45.0, y, size, &said);
        y += size * 1.5;
    }
    if y < 760.0 {
        canvas.left(45.0, y, size, labels.word("terms", dice));
    }
    let iban = if dice.chance(60) { spaced(&issuer.iban) } else { issuer.iban.clone() };
    let mut bank: Vec<String> = Vec::new();
    if !iban.is_empty() && !plan.swapped {
        bank.push(format!("{}: {iban}", labels.word("iban", dice)));
        bank.push(format!("{}: {}", labels.word("bic", dice), issuer.bic));
        if dice.chance(45) {
            bank.insert(0, labels.word("bankname", dice).replace('*', issuer.town));
        }
    }
    let mut register: Vec<String> = Vec::new();
    if !issuer.vat.is_empty() {
        register.push(format!("{}: {}", labels.word("vat", dice), issuer.vat));
    }
    register.push(format!("{} {}", labels.word("taxno", dice), dice.digits(8)));
    let top = 772.0_f32.max(if y > 764.0 { y + 14.0 } else { 0.0 });
    if dice.chance(40) {
        columns(plan, canvas, top, (bank, register), dice);
        return;
    }
    let mut parts = bank;
    parts.extend(register);
    if !named || dice.chance(50) {
        let mark = dice.pick(&[", ", " · ", " | ", " - "]);
        parts.push([issuer.name.as_str(), &issuer.street, &issuer.city].join(mark));
    }
    if dice.chance(35) {
        parts.push(format!("www.{}", plan.site));
    }
    let (mut y, two) = (top, dice.chance(50));
    for (i, part) in parts.iter().enumerate() {
        let x = if two { 45.0 + 260.0 * (i % 2) as f32 } else { 45.0 };
        canvas.left(x, y, size * 0.85, part);
        if !two || i % 2 == 1 {
            y += size;
        }
    }
}

/// A slip to tear off and send with the payment: to whom, from whom, and the facts once more.
fn slip(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) {
    let (labels, style, size) = (&plan.style.labels, &plan.style, plan.size * 0.9);
    let pitch = size * 1.5;
    let mut y = 645.0;
    canvas.left(45.0, y, size * 1.4, labels.word("slip", dice));
    y += pitch * 1.6;
    let to = labels.word(["payto", "seller"][dice.below(2)], dice);
    let issuer = plan.issuer();
    let own_line = dice.chance(40);
    let mut lines = vec![issuer.name.clone(), issuer.street.clone(), issuer.city.clone()];
    if own_line {
        lines.insert(0, format!("{to}:"));
    } else {
        lines[0] = format!("{to}: {}", issuer.name);
    }
    for (i, line) in lines.iter().enumerate() {
        canvas.left(45.0, y + pitch * i as f32, size, line);
    }
    let mut facts = vec![
        (labels.word("buyer", dice), plan.addressee().name.clone()),
        (labels.word("number", dice), plan.number.clone()),
        (labels.word("payable", dice), style.money(plan.gross - plan.paid)),
    ];
    if let Some(due) = plan.due {
        facts.push((labels.word("due", dice), style.date(due)));
    }
    if dice.chance(50) {
        facts.push((labels.word("enclosed", dice), "__________".to_owned()));
    }
    for (i, (label, value)) in facts.iter().enumerate() {
        canvas.left(300.0, y + pitch * i as f32, size, label);
        canvas.left(420.0, y + pitch * i as f32, size, value);
    }
}

/// Three or four columns: who and where, how to reach them, the bank, the register.
fn columns(
    plan: &Plan,
    canvas: &mut Canvas,
    top: f32,
    (bank, register): (Vec<String>, Vec<String>),
    dice: &mut Dice,
) {
    let (labels, issuer) = (&plan.style.labels, plan.issuer());
    let size = plan.size * 0.75;
    let who = vec![issuer.name.clone(), issuer.street.clone(), issuer.city.clone()];
    let reach = vec![
        format!("{} {}", labels.word("phone", dice), issuer.phone),
        format!("{}@{}", dice.pick(&["info", "office", "mail"]), plan.site),
        format!("www.{}", plan.site),
    ];
    let mut all: Vec<Vec<String>> =
        [who, reach, bank, register].into_iter().filter(|c| !c.is_empty()).collect();
    if dice.chance(25) {
        all.rotate_left(1);
    }
    let step = 510.0 / all.len() as f32;
    for (i, column) in all.iter().enumerate() {
        for (k, line) in column.iter().enumerate() {
            canvas.left(42.0 + step * i as f32, top + size * 1.25 * k as f32, size, line);
        }
    }
}
