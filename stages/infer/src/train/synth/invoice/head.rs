//! The upper part of a made-up document: letterhead, parties, title, and the labels of the whole.
//!
//! Owns where they stand. Rule: what a plan says stands on the page; the full name of who issues it stands in at least one place.

use super::super::Dice;
use super::super::canvas::Canvas;
use super::super::speech::{Party, Tongue};
use super::{Plan, facts};

/// Where the first page is after the head.
pub(super) struct Head {
    /// Where the table may begin.
    pub(super) y: f32,
    /// The full name of the issuer was set.
    pub(super) named: bool,
}

/// Letterhead, parties, title and the labels of the document.
pub(super) fn make(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> Head {
    let size = plan.size;
    if dice.chance(8) {
        return Head { y: three_columns(plan, canvas, dice), named: true };
    }
    let boxes = dice.chance(30);
    let mut lettered = false;
    let (mut y, mut named) = if boxes { brand(plan, canvas, dice) } else { letterhead(plan, canvas, dice) };
    if boxes {
        y = side_by_side(plan, canvas, y, dice);
        named = true;
    } else {
        let (below, sender) = addressee(plan, canvas, dice);
        named |= sender;
        // What there is to know may stand beside the address.
        if dice.chance(22) {
            let beside = facts::column(plan, canvas, (350.0, 445.0), below.1, dice);
            y = y.max(beside).max(below.0) + size * 2.0;
            return Head { y: title(plan, canvas, y, dice), named };
        }
        y = y.max(below.0);
        if plan.letter {
            // As on a letter: where and when, or when alone.
            lettered = true;
            let day = plan.style.date(plan.date);
            let town = dice.chance(50).then(|| match plan.style.tongue {
                Tongue::German => format!("{}, den {day}", plan.issuer().town),
                Tongue::French => format!("{}, le {day}", plan.issuer().town),
                Tongue::English => format!("{}, {day}", plan.issuer().town),
            });
            y += size * 2.0;
            canvas.left([50.0, 400.0, 430.0][dice.below(3)], y, size, &town.unwrap_or(day));
        }
    }
    y += size * 2.5;
    let title = plan.style.labels.word(plan.kind, dice);
    let big = size * [1.1, 1.5, 2.2][dice.below(3)];
    let inline = dice.chance(24);
    if inline {
        let of = match plan.style.tongue {
            Tongue::English => "dated",
            Tongue::German => "vom",
            Tongue::French => "du",
        };
        let no = dice.pick(&["Nr.", "No.", "#", "N°"]);
        let text = if lettered {
            format!("{no} {}", plan.number)
        } else {
            format!("{no} {} {of} {}", plan.number, plan.style.date(plan.date))
        };
        if dice.chance(40) {
            // Below what it calls itself.
            let x = [50.0, 230.0][dice.below(2)];
            canvas.left(x, y, big, title);
            y += big * 1.4;
            canvas.left(x, y, size * 1.1, &text);
        } else {
            canvas.left(50.0, y, big, &format!("{title} {text}"));
        }
    } else {
        canvas.left([50.0, 230.0, 380.0][dice.below(3)], y, big, title);
    }
    y += big * 1.8;
    Head {
        y: facts::make(plan, canvas, y, facts::Shown { number: inline, date: inline || lettered }, dice),
        named,
    }
}

/// What the document calls itself, alone; returns what is below it.
fn title(plan: &Plan, canvas: &mut Canvas, y: f32, dice: &mut Dice) -> f32 {
    let big = plan.size * [1.1, 1.5, 2.2][dice.below(3)];
    canvas.left(50.0, y, big, plan.style.labels.word(plan.kind, dice));
    y + big * 2.2
}

/// Title and addressee to the left, what there is to know in the middle, who issued it to the right, under no heading.
fn three_columns(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> f32 {
    let (issuer, size) = (plan.issuer(), plan.size);
    let pitch = size * 1.3;
    let top = dice.between(35, 70) as f32;
    canvas.left(45.0, top, size * 1.7, plan.style.labels.word(plan.kind, dice));
    let (mut left, mut right) = (top + size * 4.0, top);
    let indent = [45.0, 75.0][dice.below(2)];
    for line in address(plan.addressee(), plan, dice) {
        canvas.left(indent, left, size, &line);
        left += pitch;
    }
    for line in [&issuer.name, &issuer.street, &issuer.city] {
        canvas.left(410.0, right, size, line);
        right += pitch;
    }
    if dice.chance(40) {
        let phone = format!("{} {}", plan.style.labels.word("phone", dice), issuer.phone);
        canvas.left(410.0, right, size, &phone);
    }
    let middle = facts::stacked(plan, canvas, 255.0, top, dice);
    left.max(right).max(middle) + pitch * 2.0
}

/// A logo: the brand, or the name without its legal form, in capitals or not.
fn brand(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> (f32, bool) {
    let text = if dice.chance(40) { plan.brand.to_uppercase() } else { plan.brand.clone() };
    let size = plan.size * [1.6, 2.2, 3.0][dice.below(3)];
    let y = dice.between(22, 45) as f32;
    let x = [45.0, 380.0][dice.below(2)];
    if dice.chance(12) && text.chars().count() < 14 {
        let spaced: Vec<String> = text.chars().filter(|c| *c != ' ').map(String::from).collect();
        canvas.left(x, y, size, &spaced.join(" "));
    } else {
        canvas.left(x, y, size, &text);
    }
    if dice.chance(30) {
        canvas.left(x, y + size * 1.3, plan.size * 0.85, plan.style.labels.word("slogan", dice));
    }
    (y + size * 2.6, false)
}

fn letterhead(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> (f32, bool) {
    if dice.chance(30) {
        return brand(plan, canvas, dice);
    }
    let (issuer, labels, size) = (plan.issuer(), &plan.style.labels, plan.size);
    let pitch = size * 1.35;
    let x = if dice.chance(45) { 350.0 } else { 45.0 };
    let mut y = dice.between(25, 50) as f32;
    let large = size * [1.0, 1.4, 1.9][dice.below(3)];
    // A long name in large letters takes two lines.
    let middle =
        issuer.name.match_indices(' ').nth(1).map(|at| at.0).filter(|_| large > size && dice.chance(25));
    let (first, second) = issuer.name.split_at(middle.unwrap_or(issuer.name.len()));
    canvas.left(x, y, large, first);
    if !second.is_empty() {
        y += large * 1.3;
        canvas.left(x, y, large, second.trim_start());
    }
    y += pitch * 1.9;
    let mut lines = if dice.chance(20) {
        vec![format!("{}, {}", issuer.street, issuer.city)]
    } else {
        vec![issuer.street.clone(), issuer.city.clone()]
    };
    if dice.chance(15) {
        lines.push(issuer.country.to_owned());
    }
    if dice.chance(50) {
        lines.push(format!("{} {}", labels.word("phone", dice), issuer.phone));
    }
    if dice.chance(40) {
        lines.push(format!("{}@{}", dice.pick(&["info", "office", "accounts", "kontakt"]), plan.site));
    }
    if dice.chance(25) && !issuer.vat.is_empty() {
        lines.push(format!("{}: {}", labels.word("vat", dice), issuer.vat));
    }
    for line in &lines {
        canvas.left(x, y, size, line);
        y += pitch;
    }
    (y, true)
}

/// The lines of an address below a name, with what else such blocks have.
fn address(party: &Party, plan: &Plan, dice: &mut Dice) -> Vec<String> {
    let labels = &plan.style.labels;
    let mut lines = Vec::new();
    if dice.chance(12) {
        lines.push(labels.word("salute", dice).to_owned());
    }
    lines.push(party.name.clone());
    if dice.chance(22) {
        lines.push(labels.word("department", dice).to_owned());
    }
    if dice.chance(12) {
        lines.push(format!("{} {}", labels.word("attention", dice), party.person));
    }
    lines.push(party.street.clone());
    lines.push(party.city.clone());
    if dice.chance(20) {
        lines.push(party.country.to_owned());
    }
    lines
}

/// Under a small return address, under a heading, or alone; returns the lower and the upper edge, and whether the sender was named.
fn addressee(plan: &Plan, canvas: &mut Canvas, dice: &mut Dice) -> ((f32, f32), bool) {
    let (issuer, other, labels) = (plan.issuer(), plan.addressee(), &plan.style.labels);
    let size = plan.size;
    let pitch = size * 1.35;
    let mut y = dice.between(115, 160) as f32;
    let top = y;
    let x = if dice.chance(80) { 50.0 } else { 330.0 };
    let mut sender = false;
    match dice.below(3) {
        0 => {
            let mark = dice.pick(&[" · ", " - ", " | ", ", ", " • "]);
            let parts = [issuer.name.as_str(), &issuer.street, &issuer.city].join(mark);
            canvas.left(x, y - pitch * 1.5, size * 0.7, &parts);
            sender = true;
        }
        1 => {
            let colon = if dice.chance(50) { ":" } else { "" };
            let heading = if plan.swapped { "seller" } else { "buyer" };
            canvas.left(x, y, size, &format!("{}{colon}", labels.word(heading, dice)));
            y += pitch * 1.1;
        }
        _ => {}
    }
    let below_heading = y;
    for line in address(other, plan, dice) {
        canvas.left(x, y, size, &line);
        y += pitch;
    }
    if plan.other_vat {
        canvas.left(x, y, size, &format!("{}: {}", labels.word("vat", dice), other.vat));
        y += pitch;
    }
    if dice.chance(20) && x < 100.0 {
        canvas.left(330.0, below_heading - pitch * 1.1, size, labels.word("shipto", dice));
        let third = Party::any(&plan.style, dice);
        let own = dice.chance(40);
        let receiver = if own { other } else { &third };
        for (i, line) in [&receiver.name, &third.street, &third.city].into_iter().enumerate() {
            canvas.left(330.0, below_heading + pitch * i as f32, size, line);
        }
    }
    ((y, top), sender)
}

/// Both parties under headings, beside each other or below each other.
fn side_by_side(plan: &Plan, canvas: &mut Canvas, y: f32, dice: &mut Dice) -> f32 {
    let labels = &plan.style.labels;
    let size = plan.size;
    let pitch = size * 1.35;
    let stacked = dice.chance(25);
    let colon = if dice.chance(40) { ":" } else { "" };
    let mut parties = [("seller", &plan.seller, plan.swapped), ("buyer", &plan.buyer, !plan.swapped)];
    if dice.chance(35) {
        parties.reverse();
    }
    let (mut left, mut bottom) = (50.0, y);
    for (heading, party, other) in parties {
        let mut at = if stacked { bottom } else { y };
        canvas.left(left, at, size, &format!("{}{colon}", labels.word(heading, dice)));
        at += pitch * 1.2;
        let mut lines = address(party, plan, dice);
        if dice.chance(8) {
            // Each line under a label of its own.
            let said = ["nameis", "addressis"].map(|name| labels.word(name, dice));
            lines = vec![
                format!("{}: {}", said[0], party.name),
                format!("{}: {}, {}", said[1], party.street, party.city),
            ];
        }
        if dice.chance(30) {
            lines.push(party.email());
        }
        if dice.chance(25) {
            lines.push(format!("{} {}", labels.word("phone", dice), party.phone));
        }
        if (other && plan.other_vat) || (!other && !party.vat.is_empty() && dice.chance(40)) {
            let label = labels.word("vat", dice);
            if dice.chance(30) {
                lines.extend([format!("{label}:"), party.vat.clone()]);
            } else {
                lines.push(format!("{label}: {}", party.vat));
            }
        }
        for line in lines {
            canvas.left(left, at, size, &line);
            at += pitch;
        }
        bottom = bottom.max(at) + if stacked { pitch } else { 0.0 };
        left = if stacked { 50.0 } else { 320.0 };
    }
    bottom
}
