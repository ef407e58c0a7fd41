//! The address of a party whose name is known.
//!
//! Owns where an address stands by a name: behind it on its line, below it, or by the same name elsewhere. Knows no field. Rule: an
//! address ends with its postcode, or with the country after it; without a postcode there is none.

use super::candidate::Candidate;
use super::layout::{Box4, Layout, Segment, union};
use super::lexicon::plain;
use super::{candidate, legal, parties, titles};

/// An address and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Address {
    /// On one line.
    pub(super) value: String,
    /// Index of the page.
    pub(super) page: usize,
    /// Its place.
    pub(super) bbox: Box4,
}

/// Lines below a name that are looked at.
const LINES: usize = 8;
/// Most places of a name on a page that are looked at.
const PLACES: usize = 20;
/// Longest address in bytes.
const LONGEST: usize = 200;
/// Signs that stand between a name and the parts of its address.
const SIGNS: [&str; 9] = [" · ", " • ", " ● ", " | ", " – ", " — ", " - ", ", ", "; "];

/// The address of the party with that name.
pub(super) fn of(pages: &[Layout], name: &Candidate) -> Option<Address> {
    let words = plain(&name.value);
    let own = pages.get(name.page)?;
    // Below the sender's line stands somebody else's address.
    let rest = own.segments.get(name.segment).and_then(|s| s.text.get(name.span.1..)).unwrap_or_default();
    let alone = !parties::has_postcode(rest);
    let here = behind(own, name.segment, name.span.1)
        .or_else(|| below(own, name.segment, name.bbox).filter(|_| alone))
        .map(|(value, bbox)| Address { value, page: name.page, bbox });
    // The first and the last page have what the others repeat.
    let last = pages.len().saturating_sub(1);
    let elsewhere = || {
        [0, last].into_iter().find_map(|page| {
            let layout = &pages[page];
            let named = layout.segments.iter().enumerate().filter_map(|(i, s)| {
                let end = ends(s, &words).filter(|_| page != name.page || i != name.segment)?;
                Some((i, s, end))
            });
            named.take(PLACES).find_map(|(i, s, end)| {
                let found = behind(layout, i, end).or_else(|| below(layout, i, s.bbox));
                found.map(|(value, bbox)| Address { value, page, bbox })
            })
        })
    };
    here.or_else(elsewhere).or_else(|| without_postcode(pages, name, &words))
}

/// `Av. Ejemplo 1450, Rosario` right below the name, where no place of the name has an address with a postcode.
fn without_postcode(pages: &[Layout], name: &Candidate, words: &str) -> Option<Address> {
    let page = name.page;
    let layout = pages.get(page)?;
    let named = layout.segments.iter().enumerate();
    let named = named.filter(|(i, s)| *i == name.segment || ends(s, words) == Some(s.text.len()));
    named.take(PLACES).find_map(|(i, _)| {
        let next = *layout.block(i, 2).get(1)?;
        let segment = &layout.segments[next];
        let text = segment.text.trim();
        if parties::stops(text) || text.contains(':') || titles::is_title(text) {
            return None;
        }
        let parts = parts(text);
        let (street, town) = (parts.first()?, parts.get(1)?);
        let letters = |p: &str| p.chars().filter(|c| c.is_alphabetic()).count();
        let digits = street.chars().filter(char::is_ascii_digit).count();
        let house = (1..=5).contains(&digits) && letters(street) >= 4 && is_street(street);
        let named = letters(town) >= 3 && !town.contains(|c: char| c.is_ascii_digit());
        (house && named && parts.len() <= 3).then(|| Address {
            value: parts.join(", "),
            page,
            bbox: segment.bbox,
        })
    })
}

/// The address that the paper itself has at its upper or lower edge, apart from any name: one line with street and town. None where
/// there are several.
pub(super) fn of_paper(page: &Layout) -> Option<Address> {
    /// Shares of the height of the page.
    const EDGES: (f32, f32) = (0.16, 0.82);
    let mut found: Option<Address> = None;
    for segment in &page.segments {
        let y = segment.bbox[1] / page.height.max(1.0);
        if (y > EDGES.0 && y < EDGES.1) || segment.text.len() > 2 * LONGEST {
            continue;
        }
        let parts = parts(&segment.text);
        let house = |p: &String| p.contains(|c: char| c.is_ascii_digit()) && p.contains(char::is_alphabetic);
        let town = parts.iter().take(4).position(|p| is_sure(p));
        let one = || {
            let town = town.filter(|at| *at > 0 && parts[..*at].iter().any(house))?;
            Some((address(&parts[..=town])?, segment.bbox))
        };
        let Some((value, bbox)) = one().or_else(|| of_two_lines(page, segment, &parts)) else { continue };
        if found.as_ref().is_some_and(|f| plain(&f.value) != plain(&value)) {
            return None;
        }
        found.get_or_insert(Address { value, page: 0, bbox });
    }
    found
}

/// How many lines further up the line above a line may be.
const NEAR_LINES: usize = 12;

/// A street and below it a town with its postcode, under nothing that they could belong to.
fn of_two_lines(page: &Layout, town: &Segment, parts: &[String]) -> Option<(String, Box4)> {
    if parts.len() > 2 || !parts.last().is_some_and(|p| is_sure(p)) {
        return None;
    }
    let above = |of: &Segment| {
        let near = |s: &&Segment| {
            let (height, gap) = (of.height().max(s.height()), of.bbox[1] - s.bbox[3]);
            let edges = (s.bbox[0] - of.bbox[0]).abs().min((s.bbox[2] - of.bbox[2]).abs());
            gap > -0.4 * height && gap < 1.3 * height && edges < 0.8 * height
        };
        // Lines of other columns come between.
        let lines = page.lines.get(..of.line).unwrap_or_default().iter().rev().take(NEAR_LINES);
        lines.flat_map(|line| page.segments[line.clone()].iter().rev()).find(near)
    };
    let street = above(town)?;
    let told = |s: &Segment| !parties::stops(&s.text) && !s.text.contains(':') && !titles::is_title(&s.text);
    let worded = street.text.chars().filter(|c| c.is_alphabetic()).count() >= 4;
    if above(street).is_some()
        || !told(street)
        || !told(town)
        || !worded
        || parties::has_postcode(&street.text)
    {
        return None;
    }
    let all: Vec<String> = self::parts(&street.text).into_iter().chain(parts.iter().cloned()).collect();
    Some((address(&all)?, union(street.bbox, town.bbox)))
}

/// Where a segment that begins with a name goes on behind it.
fn ends(segment: &Segment, name: &str) -> Option<usize> {
    if name.is_empty() || !segment.plain.starts_with(name) {
        return None;
    }
    let ends = segment.words.iter().skip(1).map(|w| w.0.saturating_sub(1)).chain([segment.text.len()]);
    ends.into_iter().find(|end| segment.text.get(..*end).is_some_and(|t| plain(t) == name))
}

/// `Muster GmbH · Ecke 12 · 12345 Stadt`, after a byte of the segment.
fn behind(layout: &Layout, index: usize, end: usize) -> Option<(String, Box4)> {
    let segment = &layout.segments[index];
    // The comma after a name is no part of it.
    let end = segment.text.get(..end)?.trim_end_matches([',', ';']).len();
    let mut text = segment.text.get(end..)?.to_owned();
    let mut bbox = segment.place(end, segment.text.len());
    for next in layout.segments.iter().skip(index + 1).take_while(|s| s.line == segment.line) {
        if next.bbox[0] - bbox[2] > 2.2 * segment.height() || text.len() > 2 * LONGEST {
            break;
        }
        text.push(' ');
        text.push_str(&next.text);
        bbox = union(bbox, next.bbox);
    }
    // `, Inc.` and `· Ecke 12` begin with a sign; a name that goes on does not.
    if !text.trim_start().starts_with(|c: char| !c.is_alphanumeric() && c != '(' && c != '&') {
        return None;
    }
    address(&parts(&text)).map(|value| (value, bbox))
}

/// The parts of a text between signs.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![format!(" {text} ")];
    for sign in SIGNS {
        parts = parts.iter().flat_map(|p| p.split(sign)).map(|p| format!(" {} ", p.trim())).collect();
    }
    let bare = |p: &String| p.trim().trim_matches([',', ';', '·', '•', '|']).trim().to_owned();
    parts.iter().map(bare).filter(|p| p.contains(char::is_alphanumeric)).collect()
}

/// Parts up to the postcode, and the country after it.
fn address(parts: &[String]) -> Option<String> {
    let near = &parts[..parts.len().min(6)];
    // `530 03, Pardubice`: the town follows, `Mumbai, 400093`: it went before.
    let town =
        |p: &String| !p.contains(|c: char| c.is_ascii_digit()) && !titles::is_country(p) && !p.contains('@');
    let alone = || {
        let at = near.iter().position(|p| is_bare(p)).filter(|at| *at > 0)?;
        Some(at + usize::from(!town(&near[at - 1]) && near.get(at + 1).is_some_and(town)))
    };
    // `1180 Industrial Blvd` has a number where others have a postcode.
    let sure = near.iter().position(|p| is_sure(p)).or_else(alone);
    let at = sure.or_else(|| near.iter().position(|p| parties::has_postcode(p) && !is_box(p)))?;
    let country = parts.get(at + 1).filter(|p| titles::is_country(p));
    let kept: Vec<&str> = parts[..=at].iter().chain(country).map(String::as_str).collect();
    let told = |p: &&&str| !parties::stops(p) && !p.contains(':');
    let kept: Vec<&str> = kept.iter().filter(told).copied().collect();
    let value = kept.join(", ");
    let street =
        kept.len() > 1 || value.contains(',') || value.chars().filter(char::is_ascii_digit).count() > 5;
    (street && (8..=LONGEST).contains(&value.len())).then_some(value)
}

/// Whether a part has what can only be a postcode: not one of four digits, which may be the number of a house.
fn is_sure(part: &str) -> bool {
    if is_box(part) {
        return false;
    }
    let four = |w: &str| w.len() == 4 && w.bytes().all(|b| b.is_ascii_digit());
    let first = part.split([' ', ',']).next().unwrap_or_default();
    parties::is_american(part) || (parties::has_postcode(part) && !four(first))
}

/// Whether a part is a box at the post and nothing else: `PO Box 55180`, `PMB 77113`, whose number is no postcode.
fn is_box(part: &str) -> bool {
    const WORDS: [&str; 8] =
        ["po box", "p o box", "box", "pmb", "postfach", "apartado", "boite postale", "bp"];
    let plain = plain(part);
    let rest = WORDS.iter().find_map(|w| plain.strip_prefix(w)?.strip_prefix(' '));
    rest.is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit() || b == b' '))
}

/// Whether a part is a street with the number of a house: `12 High Street`, `Ecke 12b`; not a part of a building: `Unit 7`.
pub(super) fn is_street(part: &str) -> bool {
    const INSIDE: [&str; 22] = [
        "unit", "suite", "floor", "level", "lot", "nave", "hall", "halle", "etage", "piso", "apt", "flat",
        "plot", "room", "gate", "tor", "dock", "bat", "batiment", "building", "block", "stock",
    ];
    let plain = plain(part);
    let words: Vec<&str> = plain.split(' ').collect();
    let number = |w: &str| {
        w.len() <= 6
            && w.starts_with(|c: char| c.is_ascii_digit())
            && w.chars().filter(|c| c.is_alphabetic()).count() <= 1
    };
    let numbered = words.first().is_some_and(|w| number(w)) || words.last().is_some_and(|w| number(w));
    words.len() > 1 && numbered && !words.iter().any(|w| INSIDE.contains(w)) && !is_box(part)
}

/// Whether a text is an address rather than a name: `Av. Ejemplo 1450, Rosario`.
pub(super) fn is_address(text: &str) -> bool {
    let parts = parts(text);
    parts.len() > 1 && is_street(&parts[0]) && !parts.iter().any(|p| legal::has(&plain(p)))
}

/// Whether a part may be the name of a building, a farm or an estate, which an address can begin with.
fn is_building(part: &str) -> bool {
    const WORDS: [&str; 36] = [
        "house",
        "building",
        "park",
        "estate",
        "centre",
        "center",
        "mill",
        "mills",
        "works",
        "farm",
        "court",
        "yard",
        "hall",
        "lodge",
        "cottage",
        "barn",
        "tower",
        "campus",
        "plaza",
        "square",
        "wharf",
        "quay",
        "haus",
        "hof",
        "gut",
        "zentrum",
        "gewerbepark",
        "residence",
        "zone",
        "za",
        "zi",
        "zac",
        "poligono",
        "edificio",
        "manor",
        "rectory",
    ];
    plain(part).split(' ').any(|w| WORDS.contains(&w) || w.ends_with("haus") || w.ends_with("hof"))
}

/// Parts of an address without who reads the mail, or what is done there: `Camille Muster`, `12 rue du Port`, `31200 Toulouse`.
fn of_place(mut parts: Vec<String>) -> Vec<String> {
    let person = |p: &String| !p.contains(|c: char| c.is_ascii_digit()) && !is_building(p);
    if parts.len() >= 3 && person(&parts[0]) && is_street(&parts[1]) {
        parts.remove(0);
    }
    parts
}

/// Whether a part is a postcode and nothing else: `530 03`, `400093`.
fn is_bare(part: &str) -> bool {
    let groups: Vec<usize> = part.split(' ').map(str::len).collect();
    part.bytes().all(|b| b.is_ascii_digit() || b == b' ') && matches!(groups.as_slice(), [3, 2 | 3] | [5 | 6])
}

/// The lines below a name.
fn below(layout: &Layout, index: usize, name: Box4) -> Option<(String, Box4)> {
    let mut all: Vec<String> = Vec::new();
    let mut place: Option<Box4> = None;
    let mut found = false;
    let block: Vec<usize> = layout.block(index, LINES).into_iter().skip(1).collect();
    for (n, i) in block.iter().copied().enumerate() {
        let segment = &layout.segments[i];
        let text = segment.text.trim();
        // The name goes on.
        let inside = segment.bbox[3] <= name[3] + 0.5 || (all.is_empty() && candidate::is_rest_of_name(text));
        if inside {
            continue;
        }
        if found {
            if titles::is_country(text) {
                all.push(text.to_owned());
                place = place.map(|p| union(p, segment.bbox));
            }
            break;
        }
        if parties::stops(text) || text.contains(':') {
            break;
        }
        // Somebody else's.
        if titles::is_title(text) {
            return None;
        }
        let own = parts(text);
        let surer = |i: &usize| parts(&layout.segments[*i].text).iter().any(|p| is_sure(p));
        found = own.iter().any(|p| is_sure(p) || (is_bare(p) && own.len() > 1))
            || own.iter().any(|p| parties::has_postcode(p) && !is_box(p))
                && !block[n + 1..].iter().take(2).any(surer);
        all.extend(own);
        place = Some(place.map_or(segment.bbox, |p| union(p, segment.bbox)));
    }
    let bbox = place?;
    address(&of_place(all)).map(|value| (value, bbox))
}

#[cfg(test)]
mod tests;
