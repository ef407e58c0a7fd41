//! Where the address of a party stands, on made-up pages.

use super::*;
use crate::local::candidate::{Kind, find};
use crate::local::tests::drawn as page;

fn address_of(name: &str, lines: &[(f32, f32, &str)]) -> Option<String> {
    let pages = [page(lines)];
    let all = find(&pages[0], 0);
    let name = all.iter().find(|c| c.kind == Kind::Name && c.value == name).expect("a candidate");
    of(&pages, name).map(|a| a.value)
}

#[test]
fn an_address_stands_behind_a_name_or_below_it_or_by_the_same_name_elsewhere() {
    let sender = (50.0, 100.0, "Muster GmbH · Ecke 12 · 12345 Stadt");
    let buyer = [
        (50.0, 115.0, "Kunde AG"),
        (50.0, 128.0, "Hafenweg 8"),
        (50.0, 141.0, "48155 Hafen"),
        (50.0, 154.0, "Deutschland"),
    ];
    let mut lines = vec![(50.0, 40.0, "Muster GmbH"), sender];
    lines.extend(buyer);
    assert_eq!(address_of("Muster GmbH", &lines).as_deref(), Some("Ecke 12, 12345 Stadt"));
    assert_eq!(address_of("Kunde AG", &lines).as_deref(), Some("Hafenweg 8, 48155 Hafen, Deutschland"));
    let american = [
        (50.0, 40.0, "Blue Heron Inc."),
        (50.0, 53.0, "1180 W Industrial Blvd"),
        (50.0, 66.0, "Traverse City, MI 49684"),
        (50.0, 79.0, "(231) 555-0117"),
    ];
    assert_eq!(
        address_of("Blue Heron Inc.", &american).as_deref(),
        Some("1180 W Industrial Blvd, Traverse City, MI 49684")
    );
    let foot = [
        (50.0, 40.0, "Muster Ltd"),
        (50.0, 800.0, "Muster Ltd, Unit 6, Marsh Road, Bristol BS32 4JT · +44 117 496 0000"),
    ];
    assert_eq!(address_of("Muster Ltd", &foot).as_deref(), Some("Unit 6, Marsh Road, Bristol BS32 4JT"));
    assert_eq!(address_of("Muster Ltd", &foot[..1]), None);
}

#[test]
fn a_postcode_may_stand_apart_from_its_town() {
    let czech = [(50.0, 40.0, "Dubov s.r.o."), (50.0, 53.0, "Lipova 1422"), (50.0, 66.0, "530 03, Borek")];
    assert_eq!(address_of("Dubov s.r.o.", &czech).as_deref(), Some("Lipova 1422, 530 03, Borek"));
    let indian = [(50.0, 40.0, "Kamal Pvt Ltd"), (50.0, 53.0, "Plot 14, East Road, Mumbai, 400093")];
    assert_eq!(address_of("Kamal Pvt Ltd", &indian).as_deref(), Some("Plot 14, East Road, Mumbai, 400093"));
}

#[test]
fn who_reads_the_mail_is_no_part_of_an_address() {
    let lines = [
        (50.0, 40.0, "Menuiserie Muster SARL"),
        (50.0, 53.0, "Camille Muster"),
        (50.0, 66.0, "12 impasse du Port"),
        (50.0, 79.0, "31200 Toulouse"),
    ];
    assert_eq!(
        address_of("Menuiserie Muster SARL", &lines).as_deref(),
        Some("12 impasse du Port, 31200 Toulouse")
    );
    let parts = |parts: &[&str]| parts.iter().map(ToString::to_string).collect::<Vec<_>>();
    for kept in [
        ["Alder House", "12 High Street", "Bath BA1 1AA"],
        ["Poligono El Ejemplo", "nave 12", "46190 Riba"],
        ["12 High Street", "Floor 2", "Bath BA1 1AA"],
    ] {
        assert_eq!(of_place(parts(&kept)), kept);
    }
}

#[test]
fn a_street_and_a_town_are_no_name() {
    assert!(is_address("Av. Ejemplo 1450, Rosario"));
    assert!(!is_address("Muster 24, S.L.") && !is_address("Muster Studio, London"));
}

#[test]
fn the_number_of_a_box_is_no_postcode() {
    let lines = [
        (50.0, 40.0, "Muster Inc."),
        (50.0, 53.0, "548 Market Street"),
        (50.0, 66.0, "PMB 77113"),
        (50.0, 79.0, "San Ejemplo, California 94104"),
        (50.0, 92.0, "United States"),
    ];
    assert_eq!(
        address_of("Muster Inc.", &lines).as_deref(),
        Some("548 Market Street, PMB 77113, San Ejemplo, California 94104, United States")
    );
}

#[test]
fn a_street_and_a_town_right_below_the_name_need_no_postcode() {
    let lines = [
        (50.0, 40.0, "Ejemplo del Litoral S.R.L."),
        (50.0, 300.0, "Taladro 850 W, azul"),
        (50.0, 780.0, "Ejemplo del Litoral S.R.L."),
        (50.0, 793.0, "Av. Ejemplo 1450, Rosario"),
    ];
    assert_eq!(
        address_of("Ejemplo del Litoral S.R.L.", &lines).as_deref(),
        Some("Av. Ejemplo 1450, Rosario")
    );
    assert_eq!(address_of("Ejemplo del Litoral S.R.L.", &lines[..2]), None);
}

#[test]
fn the_paper_has_an_address_of_its_own_at_its_edges() {
    let lines = [
        (50.0, 40.0, "Muster GmbH"),
        (50.0, 200.0, "Kunde AG, Hafenweg 8, 48155 Hafen"),
        (50.0, 800.0, "Ecke 14 · 20537 Stadt · info@muster.example"),
    ];
    assert_eq!(of_paper(&page(&lines)).map(|a| a.value).as_deref(), Some("Ecke 14, 20537 Stadt"));
    let two = [lines[2], (50.0, 815.0, "Lager 3, 20539 Stadt")];
    assert_eq!(of_paper(&page(&two)), None, "whose is which is not said");
    assert_eq!(of_paper(&page(&lines[..2])), None);
    let apart = [
        (50.0, 38.0, "Muster & Partner"),
        (396.0, 62.0, "41 Castle Street"),
        (396.0, 74.0, "Westbury BA13 3AN"),
    ];
    let found = of_paper(&page(&apart)).map(|a| a.value);
    assert_eq!(found.as_deref(), Some("41 Castle Street, Westbury BA13 3AN"));
    let owned = [(396.0, 50.0, "Kunde AG"), apart[1], apart[2]];
    assert_eq!(of_paper(&page(&owned)), None, "it belongs to what stands above it");
}
