use super::*;

fn amount(text: &str) -> Decimal {
    text.parse().unwrap()
}

fn aside(place: Place, raw: &str, value: &str) -> Aside {
    let value = amount(value);
    let side = side(&plain(raw), value);
    Aside { side, place, amount: value.abs(), raw: raw.to_owned(), page_no: 1, bbox: [0.0; 4] }
}

/// Sums by name with whether they are proven, and how many problems there are.
fn settled(all: &[Aside], lines: &str, net: &str, gross: &str) -> (Vec<(&'static str, String, bool)>, usize) {
    let of = |text: &str| (!text.is_empty()).then(|| amount(text));
    let tax = of(net).zip(of(gross)).map(|(net, gross)| gross - net);
    let sums = Sums { lines: amount(lines), net: of(net), tax, gross: of(gross) };
    let (summed, problems) = Asides { all: all.to_vec(), more: 0 }.settle(&sums);
    (summed.iter().map(|s| (s.name(), s.amount.to_string(), s.proven)).collect(), problems.len())
}

#[test]
fn words_name_the_side_and_the_sign_decides_where_they_name_both() {
    use Side::{Allowance, Charge};
    for (words, value, want) in [
        ("Rechnungsrabatt 1", "-5.60", Some(Allowance)),
        ("REMISE : REMISE COMMERCIALE", "-5.00", Some(Allowance)),
        ("Discount 10 %", "10.00", Some(Allowance)),
        ("Transportkosten", "3.00", Some(Charge)),
        ("Mindermengenzuschlag", "4.00", Some(Charge)),
        ("Charge reversed", "-4.00", Some(Allowance)),
        ("Zu-/Abschlag", "-8.10", Some(Allowance)),
        ("Allowances & Charges", "8.10", Some(Charge)),
        // An advance payment is no allowance.
        ("Abschlagszahlung", "100.00", None),
        ("Material", "12.00", None),
    ] {
        assert_eq!(side(&plain(words), amount(value)), want, "{words}");
    }
}

#[test]
fn what_the_totals_count_is_summed_and_the_rest_is_told() {
    let discount = aside(Place::Items, "Discount", "-10.00");
    let freight = aside(Place::Below, "Freight", "5.00");
    let both = [discount.clone(), freight.clone()];
    let allowance = ("allowance_total", "10.00".to_owned(), true);
    let charge = ("charge_total", "5.00".to_owned(), true);
    assert_eq!(settled(&both, "100", "95", "114"), (vec![allowance.clone(), charge], 0));
    // By the gross total alone, and where the net total is the sum of the items.
    assert_eq!(settled(&both[..1], "100", "", "90"), (vec![allowance.clone()], 0));
    // Nothing proves it: told, not sure, and only what stands among the items.
    assert_eq!(settled(&both, "100", "77", "88").0, [("allowance_total", "10.00".to_owned(), false)]);
    // The items alone come to the total: the row is counted nowhere.
    assert_eq!(settled(&both, "100", "100", "119"), (vec![], 1));
}

#[test]
fn a_sum_of_all_stands_for_each() {
    let all = [
        aside(Place::Items, "Rabatt A", "-5.60"),
        aside(Place::Items, "Rabatt B", "-2.61"),
        aside(Place::Whole, "Gesamtbetrag der Abschläge", "-11.21"),
        aside(Place::Whole, "Gesamtbetrag der Zuschläge", "3.00"),
    ];
    let want = vec![("allowance_total", "11.21".to_owned(), true), ("charge_total", "3.00".to_owned(), true)];
    assert_eq!(settled(&all, "457.20", "448.99", "518.99"), (want, 0));
}

#[test]
fn what_nothing_names_is_told() {
    let (summed, problems) = settled(&[aside(Place::Items, "Sonstiges", "7.00")], "100", "107", "");
    assert_eq!((summed.len(), problems), (0, 1));
    let huge = aside(Place::Items, "Rabatt", "79228162514264337593543950335");
    let (summed, _) = settled(&[huge.clone(), huge], "79228162514264337593543950335", "1", "");
    assert_eq!(summed.len(), 1);
}
