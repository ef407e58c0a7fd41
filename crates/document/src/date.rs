//! Calendar days as they stand on pages, every way they can be read, and why one reading is preferred.
//!
//! Owns the forms of dates in several languages. Knows no field. Rule: `03/04/20` has two readings; which one holds is
//! decided by evidence (the order of other dates, the locale), and the decision says which evidence.

use jiff::civil::Date;

/// How the parts of a date are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// 2020-02-26 and 2020. 02. 26.
    YearFirst,
    /// 26.02.2020
    DayFirst,
    /// 02/26/2020
    MonthFirst,
    /// 26 Feb 2020, February 26, 2020: the month is a word.
    Named,
}

/// One way to read a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reading {
    /// The day.
    pub date: Date,
    /// The order of its parts.
    pub form: Form,
}

/// A date in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Byte at which it begins.
    pub start: usize,
    /// Byte after its last.
    pub end: usize,
    /// All readings, at least one; the day first where nothing else is known.
    pub readings: Vec<Reading>,
}

/// What is known about how a document writes its dates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// Dates of the document that can only be read with the day first.
    pub day_first: usize,
    /// Dates of the document that can only be read with the month first.
    pub month_first: usize,
    /// The only order in which it is due after it was issued.
    pub due: Option<Form>,
    /// What is usual where the document comes from.
    pub locale: Option<Form>,
}

/// Why a reading was chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// There is no other.
    Only,
    /// Other dates of the document are written so.
    OtherDates,
    /// Otherwise it would be due before it was issued.
    DueAfterIssue,
    /// It is usual in the locale.
    Locale,
    /// For want of evidence.
    Default,
}

impl Evidence {
    /// Counts the dates of a document that leave no choice.
    pub fn of<'a>(dates: impl IntoIterator<Item = &'a [Reading]>, locale: Option<Form>) -> Self {
        let mut evidence = Self { locale, ..Self::default() };
        for readings in dates {
            if let [only] = readings {
                // `03/03/20` says nothing about the order.
                if only.date.day() == only.date.month() {
                    continue;
                }
                match only.form {
                    Form::DayFirst => evidence.day_first += 1,
                    Form::MonthFirst => evidence.month_first += 1,
                    Form::YearFirst | Form::Named => {}
                }
            }
        }
        evidence
    }

    /// The reading that holds, and why.
    pub fn choose(&self, readings: &[Reading]) -> Option<(Reading, Why)> {
        let first = *readings.first()?;
        if readings.len() == 1 {
            return Some((first, Why::Only));
        }
        let of = |form: Form| readings.iter().copied().find(|r| r.form == form);
        let (wanted, why) = match self.day_first.cmp(&self.month_first) {
            std::cmp::Ordering::Greater => (Some(Form::DayFirst), Why::OtherDates),
            std::cmp::Ordering::Less => (Some(Form::MonthFirst), Why::OtherDates),
            std::cmp::Ordering::Equal if self.due.is_some() => (self.due, Why::DueAfterIssue),
            std::cmp::Ordering::Equal => (self.locale, Why::Locale),
        };
        Some(wanted.and_then(of).map_or((first, Why::Default), |r| (r, why)))
    }
}

/// Every way to read the whole of `text` as one date; empty where it is none.
pub fn readings(text: &str) -> Vec<Reading> {
    let text = text.trim().trim_end_matches(['.', ',']);
    match find(text).as_slice() {
        [one] if one.start == 0 && one.end == text.len() => one.readings.clone(),
        _ => Vec::new(),
    }
}

/// All dates in a text, from left to right.
pub fn find(text: &str) -> Vec<Found> {
    let chars: Vec<(usize, char)> = text.char_indices().collect();
    let mut found = Vec::new();
    let mut i = 0;
    while i < chars.len() {
        let starts = chars[i].1.is_alphanumeric() && (i == 0 || !chars[i - 1].1.is_alphanumeric());
        let hit = if starts && !continues(&chars, i) { at(&chars, i) } else { None };
        if let Some((end, readings)) = hit {
            let byte = chars.get(end).map_or(text.len(), |c| c.0);
            found.push(Found { start: chars[i].0, end: byte, readings });
            i = end;
        } else {
            i += 1;
        }
    }
    found
}

/// `…/12/05/20`, `1.2.3.4`: a number in the middle of something longer.
fn continues(chars: &[(usize, char)], i: usize) -> bool {
    i >= 2 && matches!(chars[i - 1].1, '.' | '/') && chars[i - 2].1.is_ascii_digit()
}

struct Cursor<'a> {
    chars: &'a [(usize, char)],
    at: usize,
}

impl Cursor<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).map(|c| c.1)
    }

    fn eat(&mut self, legal: impl Fn(char) -> bool) -> bool {
        let hit = self.peek().is_some_and(legal);
        self.at += usize::from(hit);
        hit
    }

    fn spaces(&mut self) -> bool {
        let from = self.at;
        while self.at < from + 3 && self.eat(char::is_whitespace) {}
        self.at > from
    }

    /// A number of at most four digits, and how many digits it has.
    fn number(&mut self) -> Option<(i16, usize)> {
        let from = self.at;
        let mut value = 0i16;
        while let Some(digit) = self.peek().and_then(|c| c.to_digit(10)) {
            if self.at - from == 4 {
                return None;
            }
            value = value * 10 + i16::try_from(digit).ok()?;
            self.at += 1;
        }
        (self.at > from).then_some((value, self.at - from))
    }

    fn word(&mut self) -> String {
        let mut word = String::new();
        while word.len() < 24 && self.peek().is_some_and(char::is_alphabetic) {
            word.extend(self.peek().into_iter().flat_map(char::to_lowercase));
            self.at += 1;
        }
        word
    }

    fn month(&mut self) -> Option<i8> {
        let month = month(&self.word())?;
        self.eat(|c| c == '.');
        Some(month)
    }

    /// Space, comma, hyphen, `of`, `de` and the like between the parts of a date with a named month.
    fn gap(&mut self) {
        self.spaces();
        self.eat(|c| matches!(c, ',' | '-' | '/' | '\'' | '’'));
        self.spaces();
    }

    /// What follows must not be part of the same number.
    fn ends(&self, mark: Option<char>) -> bool {
        match self.peek() {
            Some(c) if c.is_ascii_digit() => false,
            Some(c) if Some(c) == mark && c != '-' => {
                !self.chars.get(self.at + 1).is_some_and(|n| n.1.is_ascii_digit())
            }
            _ => true,
        }
    }
}

fn at(chars: &[(usize, char)], start: usize) -> Option<(usize, Vec<Reading>)> {
    let mut cursor = Cursor { chars, at: start };
    if chars[start].1.is_ascii_digit() {
        numeric(&mut cursor).or_else(|| named_day_first(&mut Cursor { chars, at: start }))
    } else {
        named_month_first(&mut cursor)
    }
}

/// 2020-02-26, 26.02.2020, 02/26/20, 26. 2. 2020
fn numeric(cursor: &mut Cursor<'_>) -> Option<(usize, Vec<Reading>)> {
    let (a, a_len) = cursor.number()?;
    let mark = cursor.peek().filter(|c| matches!(c, '.' | '/' | '-'))?;
    cursor.at += 1;
    let spaced = mark == '.' && cursor.spaces();
    let (b, b_len) = cursor.number()?;
    if !cursor.eat(|c| c == mark) {
        return None;
    }
    if spaced {
        cursor.spaces();
    }
    let (c, c_len) = cursor.number()?;
    if !cursor.ends(Some(mark)) || b_len > 2 {
        return None;
    }
    let mut readings = Vec::new();
    let mut add = |year, month: i16, day: i16, form| {
        let parts = (i8::try_from(month), i8::try_from(day));
        if let (Ok(month), Ok(day)) = parts
            && let Ok(date) = Date::new(year, month, day)
        {
            readings.push(Reading { date, form });
        }
    };
    if a_len == 4 && c_len <= 2 {
        add(full_year(a, 4)?, b, c, Form::YearFirst);
    } else if a_len <= 2 && (c_len == 4 || c_len == 2) {
        let year = full_year(c, c_len)?;
        add(year, b, a, Form::DayFirst);
        // Points are never used with the month first.
        if mark != '.' && a != b {
            add(year, a, b, Form::MonthFirst);
        }
    }
    if readings.is_empty() { None } else { Some((cursor.at, readings)) }
}

/// 26 Feb 2020, 26. Februar 2020, 26-Feb-20, 1st of May 2020, 2021. május 15.
fn named_day_first(cursor: &mut Cursor<'_>) -> Option<(usize, Vec<Reading>)> {
    let (first, len) = cursor.number()?;
    let after_number = cursor.at;
    // 1st, 2nd, 1er: an ending that is no month.
    if matches!(cursor.word().as_str(), "st" | "nd" | "rd" | "th" | "er" | "o") {
        cursor.spaces();
    } else {
        cursor.at = after_number;
    }
    cursor.eat(|c| c == '.');
    cursor.gap();
    let before_of = cursor.at;
    if matches!(cursor.word().as_str(), "of" | "de") {
        cursor.spaces();
    } else {
        cursor.at = before_of;
    }
    let month = cursor.month()?;
    cursor.gap();
    let before_of = cursor.at;
    if cursor.word() == "de" {
        cursor.spaces();
    } else {
        cursor.at = before_of;
    }
    let (last, last_len) = cursor.number()?;
    if !cursor.ends(None) {
        return None;
    }
    let (year, day) = match (len, last_len) {
        (4, 1 | 2) => (full_year(first, 4)?, last),
        (1 | 2, 2 | 4) => (full_year(last, last_len)?, first),
        _ => return None,
    };
    named(year, month, day, cursor.at)
}

/// February 26, 2020; Feb 26 20
fn named_month_first(cursor: &mut Cursor<'_>) -> Option<(usize, Vec<Reading>)> {
    let month = cursor.month()?;
    cursor.gap();
    let (day, len) = cursor.number()?;
    let after_number = cursor.at;
    if !matches!(cursor.word().as_str(), "st" | "nd" | "rd" | "th") {
        cursor.at = after_number;
    }
    if cursor.peek() == Some(':') {
        return None;
    }
    cursor.gap();
    let (year, year_len) = cursor.number()?;
    if len > 2 || !cursor.ends(None) || !matches!(year_len, 2 | 4) || cursor.peek() == Some(':') {
        return None;
    }
    named(full_year(year, year_len)?, month, day, cursor.at)
}

fn named(year: i16, month: i8, day: i16, end: usize) -> Option<(usize, Vec<Reading>)> {
    let date = Date::new(year, month, i8::try_from(day).ok()?).ok()?;
    Some((end, vec![Reading { date, form: Form::Named }]))
}

/// Two digits mean 1970 to 2069; four must lie between 1950 and 2100.
fn full_year(value: i16, digits: usize) -> Option<i16> {
    match digits {
        2 if value < 70 => Some(2000 + value),
        2 => Some(1900 + value),
        4 => Some(value).filter(|v| (1950..=2100).contains(v)),
        _ => None,
    }
}

/// Names and abbreviations of the months, without accents.
const MONTHS: [&[&str]; 12] = [
    &["jan", "january", "januar", "janner", "janvier", "janv", "enero", "gennaio", "januari"],
    &["feb", "february", "februar", "febr", "fevrier", "fevr", "fev", "febrero", "febbraio", "februari"],
    &["mar", "march", "marz", "maerz", "mrz", "mars", "marcius", "marc", "marzo", "maart", "mrt"],
    &["apr", "april", "avril", "avr", "aprilis", "abril", "aprile"],
    &["may", "mai", "maj", "majus", "mayo", "maggio", "mei"],
    &["jun", "june", "juni", "juin", "junius", "junio", "giugno"],
    &["jul", "july", "juli", "juillet", "juil", "julius", "julio", "luglio"],
    &["aug", "august", "aout", "augusztus", "agosto", "augustus"],
    &["sep", "sept", "september", "septembre", "szeptember", "szept", "septiembre", "settembre"],
    &["oct", "okt", "october", "oktober", "octobre", "octubre", "ottobre"],
    &["nov", "november", "novembre", "noviembre"],
    &["dec", "dez", "december", "dezember", "decembre", "diciembre", "dicembre"],
];

/// The number of a month by its name or usual abbreviation in English, German, French, Hungarian, Spanish, Italian or
/// Dutch; lower case.
pub fn month(name: &str) -> Option<i8> {
    let plain: String = name
        .chars()
        .map(|c| match c {
            'á' | 'à' | 'â' | 'ä' => 'a',
            'é' | 'è' | 'ê' => 'e',
            'ú' | 'û' | 'ü' | 'ù' => 'u',
            'í' => 'i',
            'ó' => 'o',
            other => other,
        })
        .collect();
    let index = MONTHS.iter().position(|names| names.contains(&plain.as_str()))?;
    i8::try_from(index + 1).ok()
}

#[cfg(test)]
mod tests;
