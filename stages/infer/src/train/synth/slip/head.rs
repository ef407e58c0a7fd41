//! The head of a made-up slip: who sold, and where.
//!
//! Owns how names and addresses are broken into lines, and what stands around them. Rule: the seller is the company, not
//! the brand above it, and never its number.

use super::super::Dice;
use super::super::speech::{Party, Style, Tongue};

/// Lines of a head, each with the size of its letters, and what is true of them.
pub(super) struct Head {
    pub(super) lines: Vec<(String, f32)>,
    pub(super) name: String,
    pub(super) address: String,
}

pub(super) fn make(style: &Style, shop: &Party, dice: &mut Dice) -> Head {
    let shout = dice.chance(70);
    let cased = |text: &str| if shout { text.to_uppercase() } else { text.to_owned() };
    let big = [1.0, 1.2, 1.5][dice.below(3)];
    let mut lines: Vec<(String, f32)> = Vec::new();
    // What was stamped or written on the slip, and what is left of a logo.
    if dice.chance(14) {
        let note = match dice.below(4) {
            0 => dice.digits(7),
            1 => format!("{} {}", dice.digits(5), dice.digits(2)),
            2 => dice.pick(&["M", "**", "S&S", "o", "OK"]).to_owned(),
            _ => dice.pick(&["WELCOME TO", "COPY", "Duplicate", "THANK YOU"]).to_owned(),
        };
        lines.push((note, 1.3));
    }
    let name = company(style, shop, dice);
    // The brand of a shop above the company that runs it.
    if dice.chance(18) && name.contains(' ') {
        let brand = style.labels.word("brand", dice);
        let place = if dice.chance(50) { format!(" ({})", shop.town) } else { String::new() };
        lines.push((cased(&format!("{brand}{place}")), big * 1.2));
        // The branch has a line of its own.
        if place.is_empty() && dice.chance(40) {
            let branch = match dice.below(3) {
                0 => format!(
                    "{} {}",
                    style.labels.word("surname", dice),
                    dice.pick(&["Park", "Mall", "Plaza"])
                ),
                1 => format!("{} {}", dice.pick(&["Branch", "Outlet", "Store"]), shop.town),
                _ => shop.town.to_owned(),
            };
            lines.push((cased(&branch), 1.0));
        }
    }
    let number = registration(dice);
    let parts = broken(&name, dice);
    let last = parts.len() - 1;
    let beside = dice.chance(22);
    for (i, part) in parts.iter().enumerate() {
        let tail = if i == last && beside { format!(" ({number})") } else { String::new() };
        lines.push((format!("{}{tail}", cased(part)), big));
    }
    if !beside && dice.chance(45) {
        let text = match dice.below(4) {
            0 => format!("Co. Reg. No: {number}"),
            1 => format!("Company No : {number}"),
            2 => number,
            _ => format!("({number})"),
        };
        lines.push((text, 1.0));
    }
    if dice.chance(8) {
        lines.push((
            format!(
                "{} {}",
                dice.pick(&["Licensee of", "c/o", "Franchise:"]),
                style.labels.word("brand", dice)
            ),
            1.0,
        ));
    }
    let contact = |dice: &mut Dice| match dice.below(3) {
        0 => format!("{}: {}", style.labels.word("phone", dice), shop.phone),
        1 => format!("{} : {}  Fax : {}", style.labels.word("phone", dice), shop.phone, shop.phone),
        _ => format!("{} {}", style.labels.word("phone", dice), shop.phone),
    };
    if dice.chance(12) {
        let line = contact(dice);
        lines.push((line, 1.0));
    }
    let address = address(style, shop, dice);
    lines.extend(address.iter().map(|l| (cased(l), 1.0)));
    if dice.chance(60) {
        let line = contact(dice);
        lines.push((line, 1.0));
    }
    if !shop.vat.is_empty() && dice.chance(50) {
        lines.push((format!("{}: {}", style.labels.word("vat", dice), shop.vat), 1.0));
    }
    // Whom it was sold to, where that is a company as well.
    if dice.chance(12) {
        let buyer = Party::any(style, dice);
        if dice.chance(50) {
            lines.push((dice.pick(&["Sold to:", "Customer:", "Bill To", "To:"]).to_owned(), 1.0));
        }
        let street = if dice.chance(70) { vec![buyer.street, buyer.city] } else { Vec::new() };
        lines.extend(std::iter::once(buyer.name).chain(street).map(|l| (cased(&l), 1.0)));
    }
    let address = address.iter().map(|l| l.trim_end_matches([',', '.'])).collect::<Vec<_>>().join(", ");
    Head { lines, name, address }
}

fn company(style: &Style, shop: &Party, dice: &mut Dice) -> String {
    if style.tongue != Tongue::English || dice.chance(45) {
        return shop.name.clone();
    }
    // As companies of many English-speaking countries are called.
    let legal = dice.pick(&[
        "Sdn Bhd",
        "Sdn. Bhd.",
        "Pte Ltd",
        "Pty Ltd",
        "Ltd",
        "Limited",
        "Enterprise",
        "Trading",
        "",
    ]);
    let first = match dice.below(3) {
        0 => style.labels.word("surname", dice).to_owned(),
        1 => format!("{} & {}", style.labels.word("surname", dice), style.labels.word("surname", dice)),
        _ => style.labels.word("brand", dice).to_owned(),
    };
    let trade = style.labels.word("trade", dice);
    let place = if dice.chance(20) { format!(" ({})", shop.town) } else { String::new() };
    format!("{first} {trade}{place} {legal}").trim().to_owned()
}

/// A name in one line, or in two where it is long.
fn broken(name: &str, dice: &mut Dice) -> Vec<String> {
    let words: Vec<&str> = name.split(' ').collect();
    if words.len() < 3 || !dice.chance(22) {
        return vec![name.to_owned()];
    }
    let at = 1 + dice.below(words.len() - 1);
    vec![words[..at].join(" "), words[at..].join(" ")]
}

fn registration(dice: &mut Dice) -> String {
    let digits = dice.digits(6);
    let letter = dice.pick(&["A", "D", "H", "K", "M", "T", "U", "V", "W", "X"]);
    match dice.below(5) {
        0 => format!("{digits} {letter}"),
        1 => format!("{}{digits}-{letter}", dice.digits(1)),
        _ => format!("{digits}-{letter}"),
    }
}

/// An address in one to four lines.
fn address(style: &Style, shop: &Party, dice: &mut Dice) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    let house = dice.between(1, 120);
    if style.tongue == Tongue::English && dice.chance(60) {
        parts.push(match dice.below(5) {
            0 => format!("No. {house}, {}", shop.road()),
            1 => format!("Lot {house} & {}, {}", house + 1, shop.road()),
            2 => format!("{house}-G, Ground Floor, {}", shop.road()),
            3 => format!("Unit {house}/{}, Level {}", dice.below(30), dice.between(1, 6)),
            _ => format!("{house}, {} {}/{}", shop.road(), dice.between(1, 14), dice.between(1, 30)),
        });
        if dice.chance(50) {
            let kind = dice.pick(&[
                "Park",
                "Garden",
                "Industrial Estate",
                "Shopping Centre",
                "Square",
                "Business Park",
            ]);
            parts.push(format!("{} {kind}", style.labels.word("surname", dice)));
        }
    } else {
        parts.push(shop.street.clone());
    }
    parts.push(shop.city.clone());
    if style.tongue == Tongue::English && dice.chance(35) {
        parts.push(format!(
            "{}.",
            dice.pick(&["Selangor", "Johor", "Kent", "Surrey", "Victoria", "Ohio", "Ontario"])
        ));
    }
    // Some of them on one line.
    let mut lines: Vec<String> = Vec::new();
    let together = dice.chance(40);
    let comma = if dice.chance(70) { "," } else { "" };
    let count = parts.len();
    for (i, part) in parts.into_iter().enumerate() {
        let end = if i + 1 < count { comma } else { "" };
        match lines.last_mut() {
            Some(line) if together && line.len() + part.len() < 38 => {
                line.push(' ');
                line.push_str(&part);
                line.push_str(end);
            }
            _ => lines.push(format!("{part}{end}")),
        }
    }
    lines
}
