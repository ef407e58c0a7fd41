//! Numbers that are none of the document, and tax numbers that only look like some.

use super::*;
use crate::local::tests::drawn;

fn found(text: &str, kind: Kind) -> Vec<String> {
    let page = drawn(&[(50.0, 100.0, text)]);
    find(&page, 0).into_iter().filter(|c| c.kind == kind).map(|c| c.value).collect()
}

#[test]
fn a_british_postcode_is_no_number() {
    for code in ["LS4 2AZ", "M1 1AA", "EC1A 1BB,", "DN55 1PT."] {
        assert!(crate::local::domestic::is_british_postcode(code), "{code}");
        assert!(found(&format!("Leeds {code}"), Kind::Id).is_empty(), "{code}");
    }
    for other in ["LS4", "INV 2AZ", "AB 250318", "LS4 AAZ", "L 2AZ", "LSX4 2AZ", "ls4 2az", ""] {
        assert!(!crate::local::domestic::is_british_postcode(other), "{other}");
    }
    assert!(found("Nr. AB 250318", Kind::Id).contains(&"AB 250318".to_owned()));
}

#[test]
fn what_has_not_the_form_of_its_country_is_a_tax_number_by_its_label_only() {
    assert_eq!(found("FR32814022778", Kind::Vat), ["FR32814022778"]);
    assert!(found("FR62810447", Kind::Vat).is_empty());
    assert!(found("Reference : FR62810447", Kind::Vat).is_empty());
    // Misread or wrong on the page, it is still what stands there.
    assert_eq!(found("VAT No: FR62810447", Kind::Vat), ["FR62810447"]);
}
