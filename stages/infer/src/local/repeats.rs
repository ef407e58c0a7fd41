//! Where else on the pages a name stands: as a brand, with its legal form, in the address of a web site.
//!
//! Owns comparing names with the rest of the document. Knows no field and weighs nothing. Rule: what a company is called in full,
//! what its letterhead shouts and what its web site is called are three forms of one name, and only the seller tends to have all.

use super::candidate::{Candidate, Kind};
use super::layout::Layout;
use super::legal::stem;
use super::lexicon::plain;
use std::collections::HashSet;

/// What the rest of the document says about a name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Repeats {
    /// It is a part of a longer name with a legal form that stands elsewhere.
    pub brand: bool,
    /// It has a legal form, and stands elsewhere without.
    pub fuller: bool,
    /// How a web site or mail address is called: 2 after all of it, 1 after its first word, 0 otherwise.
    pub web: u64,
    /// How often it stands in the text, at most 4.
    pub said: u64,
}

/// Longest name that is looked for, in bytes.
const LONGEST: usize = 80;
/// Most names with a legal form that others are compared with.
const MOST: usize = 60;
/// Most web sites and mail addresses of a document that names are compared with.
const SITES: usize = 20;
/// Hosts of mail of people and small companies.
const HOSTS: &[&str] = &[
    "gmail",
    "googlemail",
    "outlook",
    "hotmail",
    "live",
    "yahoo",
    "icloud",
    "aol",
    "gmx",
    "web",
    "tonline",
    "freenet",
    "orange",
    "free",
    "wanadoo",
    "laposte",
    "libero",
    "bluewin",
    "telenet",
    "btinternet",
    "example",
];

/// Parallel to the candidates; nothing is said of those that are no names or not on the first page.
pub fn find(pages: &[Layout], candidates: &[Candidate]) -> Vec<Repeats> {
    let looked_at = || pages.iter().take(2).chain(pages.iter().skip(2).next_back());
    let segments: HashSet<&str> = looked_at().flat_map(|p| &p.segments).map(|s| s.plain.as_str()).collect();
    let texts: Vec<&str> = looked_at().flat_map(|p| &p.segments).map(|s| s.plain.as_str()).collect();
    let text = format!(" {} ", texts.join("  "));
    let sites = sites(looked_at());
    let mut full: Vec<(String, usize)> = Vec::new();
    for c in candidates.iter().filter(|c| c.kind == Kind::Name && c.value.len() <= LONGEST) {
        let words = plain(&c.value);
        if full.len() < MOST && stem(&words).len() < words.len() && words.split(' ').count() <= 9 {
            full.push((words, c.segment));
        }
    }
    candidates
        .iter()
        .map(|c| {
            if c.kind != Kind::Name || c.page != 0 || c.value.len() > LONGEST {
                return Repeats::default();
            }
            let own = plain(&c.value);
            if own.len() < 3 {
                return Repeats::default();
            }
            let bare = stem(&own);
            let part = format!(" {own} ");
            let brand = full.iter().any(|(name, at)| {
                *at != c.segment && name.len() > own.len() && format!(" {name} ").contains(&part)
            });
            Repeats {
                brand,
                fuller: bare.len() < own.len() && bare.len() >= 3 && segments.contains(bare),
                web: sites.iter().map(|site| likeness(site, &c.value, bare)).max().unwrap_or(0),
                said: text.matches(&part).count().min(4) as u64,
            }
        })
        .collect()
}

/// What web sites and mail addresses on the pages are called, letters and digits alone.
fn sites<'a>(pages: impl Iterator<Item = &'a Layout>) -> Vec<String> {
    const ENDS: &[&str] = &[
        "de", "com", "uk", "eu", "fr", "net", "org", "ch", "at", "nl", "it", "es", "pl", "se", "cz", "pt",
        "be", "ie", "us", "io", "biz", "info", "co", "hu", "dk", "no", "fi", "lu", "li", "shop", "app",
    ];
    let mut found: Vec<String> = Vec::new();
    let words = pages.flat_map(|p| &p.segments).flat_map(|s| s.text.split(' '));
    for word in words.filter(|w| w.contains('.') && w.len() <= LONGEST) {
        let word = word.to_lowercase();
        let host = word.rsplit('@').next().unwrap_or(&word);
        let host =
            host.trim_start_matches("https://").trim_start_matches("http://").trim_start_matches("www.");
        let host = host.split('/').next().unwrap_or(host).trim_matches(|c: char| !c.is_alphanumeric());
        let mut labels: Vec<&str> = host.split('.').collect();
        // Behind an @ stands a host, whatever it ends with.
        let mail = word.contains('@');
        let ended =
            |end: &&str| ENDS.contains(end) || mail && end.len() >= 2 && end.chars().all(char::is_alphabetic);
        if labels.len() < 2 || !labels.last().is_some_and(ended) {
            continue;
        }
        labels.pop();
        if labels.len() > 1 && labels.last().is_some_and(|l| matches!(*l, "co" | "com")) {
            labels.pop();
        }
        let Some(label) = labels.last() else { continue };
        let site: String = label.chars().filter(|c| c.is_alphanumeric()).collect();
        if found.len() == SITES {
            break;
        }
        if site.len() >= 4
            && site.chars().any(char::is_alphabetic)
            && !HOSTS.contains(&site.as_str())
            && !found.contains(&site)
        {
            found.push(site);
        }
    }
    found
}

/// How much a site's name is like a company's; umlauts are written with one letter or two.
fn likeness(site: &str, value: &str, name: &str) -> u64 {
    const SHORT: usize = 4;
    let spelled: String = value.to_lowercase().replace('ä', "ae").replace('ö', "oe").replace('ü', "ue");
    let spelled = plain(&spelled);
    let of = |stem: &str| -> u64 {
        let joined: String = stem.split(' ').filter(|w| !matches!(*w, "und" | "and" | "et" | "co")).collect();
        let first = stem.split(' ').next().unwrap_or_default();
        let (short, long) =
            if joined.len() < site.len() { (joined.as_str(), site) } else { (site, joined.as_str()) };
        if short.len() >= SHORT && long.starts_with(short) {
            2
        } else {
            u64::from(first.len() > SHORT && site.contains(first))
        }
    };
    of(name).max(of(stem(&spelled)))
}

/// Pages that were read, to know those that say the same again.
#[derive(Default)]
pub(crate) struct Pages {
    known: std::collections::HashMap<u64, i32>,
    /// How many did, the first of them, and the page that it repeats.
    again: Option<(usize, i32, i32)>,
}

impl Pages {
    /// Fewer words are a heading that many pages have.
    const FEWEST: usize = 20;

    /// Whether a page before says the same as this one.
    pub(crate) fn before(&mut self, page: &Layout) -> bool {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        if page.segments.iter().map(|s| s.words.len()).sum::<usize>() < Self::FEWEST {
            return false;
        }
        let mut hash = DefaultHasher::new();
        page.segments.iter().for_each(|s| s.text.hash(&mut hash));
        let first = *self.known.entry(hash.finish()).or_insert(page.page_no);
        if first == page.page_no {
            return false;
        }
        let (count, ..) = *self.again.get_or_insert((0, page.page_no, first));
        self.again = self.again.map(|(_, page, first)| (count + 1, page, first));
        true
    }

    /// How many pages said the same as another, the first of them, and the page that it repeats.
    pub(crate) fn again(&self) -> Option<(usize, i32, i32)> {
        self.again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_is_called_after_its_company() {
        for (site, name, like) in [
            ("rottalfachmarkt", "Rottal Fachmarkt AG", 2),
            ("rottal", "Rottal Fachmarkt AG", 2),
            ("moebelwerk", "Möbelwerk Online GmbH", 2),
            ("mymoebelwerk", "Möbelwerk Online GmbH", 1),
            ("stripe", "Rottal Fachmarkt AG", 0),
            ("ab", "AB Foods Ltd", 0),
        ] {
            assert_eq!(likeness(site, name, stem(&plain(name))), like, "{site} {name}");
        }
    }

    #[test]
    fn a_mail_address_has_a_site_whatever_it_ends_with() {
        use crate::extract::PageText;
        use docmill_contracts::{TextSource, Word};
        let texts = ["info@rottal.example", "notes.final", "www.hafen.de", "me@gmail.com"];
        let words = texts.iter().enumerate().map(|(line, text)| {
            let y = 20.0 + 20.0 * line as f32;
            Word {
                text: (*text).into(),
                bbox: [50.0, y, 150.0, y + 10.0],
                confidence: 1.0,
                line: line as u32,
            }
        });
        let (source, words) = (TextSource::TextLayer, words.collect());
        let page = Layout::of(&PageText { page_no: 1, width: 595.0, height: 842.0, source, words });
        assert_eq!(sites([page].iter()), ["rottal", "hafen"]);
    }
}
