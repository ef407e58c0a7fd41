use super::*;
use proptest::prelude::*;

fn days(text: &str) -> Vec<String> {
    readings(text).iter().map(|r| r.date.to_string()).collect()
}

#[test]
fn dates_as_they_stand_on_pages() {
    for (text, expected) in [
        ("2020-02-26", "2020-02-26"),
        ("26.02.2020", "2020-02-26"),
        ("26.2.20", "2020-02-26"),
        ("26. 02. 2020", "2020-02-26"),
        ("2021. 05. 15.", "2021-05-15"),
        ("02/26/20", "2020-02-26"),
        ("26/02/2020", "2020-02-26"),
        ("3/3/20", "2020-03-03"),
        ("26 Feb 2020", "2020-02-26"),
        ("26-Feb-20", "2020-02-26"),
        ("26FEB2020", "2020-02-26"),
        ("26. Februar 2020", "2020-02-26"),
        ("1. März 2020", "2020-03-01"),
        ("1er août 2020", "2020-08-01"),
        ("1st of May 2020", "2020-05-01"),
        ("February 26, 2020", "2020-02-26"),
        ("Feb. 26th, 2020", "2020-02-26"),
        ("2021. május 15.", "2021-05-15"),
        ("15 déc. 2019", "2019-12-15"),
        ("26/12/99", "1999-12-26"),
    ] {
        assert_eq!(days(text), [expected], "{text}");
    }
}

#[test]
fn both_readings_of_an_ambiguous_date_are_given() {
    assert_eq!(days("03/04/20"), ["2020-04-03", "2020-03-04"]);
    assert_eq!(days("03.04.20"), ["2020-04-03"]);
}

#[test]
fn what_is_no_date_has_no_reading() {
    for text in [
        "",
        "31.02.2020",
        "1.2.3.4",
        "12/2020",
        "2020",
        "13/13/20",
        "Mar 12:30",
        "1/2/345",
        "100.10.10",
        "Mai",
    ] {
        assert_eq!(days(text), Vec::<String>::new(), "{text}");
    }
}

#[test]
fn dates_are_found_in_a_line_and_in_a_range_without_spaces() {
    let found = find("Flight: 02/26/20-03/03/20 (Wed, 4 March 2020)");
    let texts: Vec<_> = found.iter().map(|f| f.readings[f.readings.len() - 1].date.to_string()).collect();
    assert_eq!(texts, ["2020-02-26", "2020-03-03", "2020-03-04"]);
    assert_eq!((found[0].start, found[0].end), (8, 16));
    assert_eq!(find("2020-01-01T10:00:00").len(), 1);
    assert_eq!(find("2018-03-25 bis 2018-04-01").len(), 2);
}

#[test]
fn the_choice_names_its_evidence() {
    let ambiguous = readings("03/04/20");
    let clear = readings("02/26/20");
    let none = Evidence::default().choose(&ambiguous).unwrap();
    assert_eq!(none.1, Why::Default);
    let others = Evidence::of([clear.as_slice(), ambiguous.as_slice()], Some(Form::DayFirst));
    let (reading, why) = others.choose(&ambiguous).unwrap();
    assert_eq!((reading.date.to_string().as_str(), why), ("2020-03-04", Why::OtherDates));
    let locale = Evidence { locale: Some(Form::MonthFirst), ..Evidence::default() };
    assert_eq!(locale.choose(&ambiguous).unwrap().1, Why::Locale);
    assert_eq!(locale.choose(&clear).unwrap().1, Why::Only);
    assert_eq!(locale.choose(&[]), None);
}

proptest! {
    #[test]
    fn what_is_written_is_among_the_readings(year in 1970i16..2069, month in 1i8..=12, day in 1i8..=28, style in 0usize..6) {
        let date = Date::new(year, month, day).unwrap();
        let names = ["Jan", "Februar", "mars", "április", "May", "juin", "Juli", "août", "Sept.", "okt", "Nov", "décembre"];
        let name = names[usize::try_from(month - 1).unwrap()];
        let text = match style {
            0 => format!("{year:04}-{month:02}-{day:02}"),
            1 => format!("{day:02}.{month:02}.{year:04}"),
            2 => format!("{month}/{day}/{:02}", year % 100),
            3 => format!("{day} {name} {year}"),
            4 => format!("{name} {day}, {year}"),
            _ => format!("{day}-{month}-{year}"),
        };
        prop_assert!(readings(&text).iter().any(|r| r.date == date), "{}", text);
    }

    #[test]
    fn nothing_panics_and_places_are_right(text in "\\PC{0,40}") {
        for hit in find(&text) {
            prop_assert!(hit.start < hit.end && text.get(hit.start..hit.end).is_some());
        }
    }
}
