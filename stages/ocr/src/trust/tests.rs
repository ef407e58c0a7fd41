use super::*;

fn page(lines: &[&str], shift: f32) -> Vec<Word> {
    let mut words = Vec::new();
    for (line, text) in lines.iter().enumerate() {
        let mut x = 10.0 + shift;
        for word in text.split(' ') {
            let (y, end) = (20.0 * line as f32 + shift, x + 6.0 * word.len() as f32);
            let bbox = [x, y, end, y + 10.0];
            words.push(Word { text: word.into(), bbox, confidence: 1.0, line: line as u32 });
            x = end + 5.0;
        }
    }
    words
}

const SHOWN: [&str; 3] =
    ["Invoice 4711 dated 03.05.2024", "IBAN DE02120300000000202051", "Total 1,234.56 EUR"];

#[test]
fn a_layer_that_says_what_is_shown_holds_with_the_errors_that_ocr_makes() {
    let read =
        page(&["lnvoice 4711 dated 03.05.2O24", "IBAN DEO21203000OOO00202051", "Total 1.234,56 EUR"], 1.5);
    let agreement = compare(&page(&SHOWN, 0.0), &read);
    assert_eq!(agreement, Agreement { sampled: 9, found: 9, doubts: Vec::new() });
    assert!(agreement.holds());
}

#[test]
fn a_layer_that_says_something_else_does_not() {
    let lies = ["Invoice 9922 dated 17.11.2023", "IBAN GB33BUKB20201555555555", "Total 8,907.11 EUR"];
    assert!(!compare(&page(&lies, 0.0), &page(&SHOWN, 0.0)).holds());
    assert!(!compare(&page(&SHOWN, 0.0), &[]).holds(), "nothing of it is shown");
    let elsewhere = compare(&page(&SHOWN, 0.0), &page(&SHOWN, 300.0));
    assert_eq!(elsewhere.found, 0, "the place counts");
}

#[test]
fn one_other_number_is_named_and_enough() {
    let mut lines = vec!["one and two and three and four and five"; 8];
    lines.extend(SHOWN);
    let layer = page(&lines, 0.0);
    for (number, other) in [
        ("1,234.56", "1,284.56"),
        ("1,234.56", "11,234.56"),
        (SHOWN[1].split(' ').nth(1).unwrap(), "DE02120300000000202057"),
    ] {
        let mut read = page(&lines, 1.0);
        let at = read.iter().position(|w| w.text == number).unwrap();
        read[at].text = other.into();
        let agreement = compare(&layer, &read);
        let [doubt] = agreement.doubts.as_slice() else { panic!("{agreement:?}") };
        assert_eq!((doubt.says.as_str(), doubt.shows.as_str()), (number, other));
        assert!(!agreement.holds());
        read[at].confidence = 0.5;
        assert_eq!(compare(&layer, &read).doubts, [], "OCR is not sure of {other}");
    }
}

#[test]
fn words_that_ocr_joins_or_parts_are_the_same() {
    let layer = page(&["IBAN DE02 1203 0000 0000 2020 51 EUR 10.00"], 0.0);
    let mut read = page(&["IBAN DE02-1203-0000-0000 2020 51 EUR-10.00"], 0.0);
    read.iter_mut().for_each(|w| w.text = w.text.replace('-', ""));
    assert!(compare(&layer, &read).holds(), "{:?}", compare(&layer, &read));
    assert!(compare(&read, &layer).holds());
    let cut = page(&["IBAN DE02-1203-0000-0008 2020 51 EUR-10.00"], 0.0);
    let doubts = compare(&layer, &cut).doubts;
    assert_eq!(doubts.len(), 1, "{doubts:?}");
    assert_eq!(doubts[0].says, "DE02 1203 0000 0000");
}

#[test]
fn words_that_stand_a_little_beside_their_place_are_found_and_others_are_not() {
    let layer = page(&["IBAN DE02 1203 0000 0000 2020 51 BIC"], 0.0);
    // As far as the widths of another font add up to.
    let mut read = page(&["IBAN DE02 1203 0000 0000 2020 51 BIC"], 0.0);
    read.iter_mut().for_each(|w| {
        w.bbox[0] *= 1.1;
        w.bbox[2] *= 1.1;
    });
    let agreement = compare(&layer, &read);
    assert_eq!((agreement.doubts, agreement.found), (vec![], agreement.sampled));
    read[5].text = "2029".into();
    let says: Vec<String> = compare(&layer, &read).doubts.into_iter().map(|d| d.says).collect();
    assert!(says.iter().any(|s| s.contains("2020")), "{says:?}");
}

#[test]
fn what_is_read_in_part_or_in_another_order_is_no_other_number() {
    let word = |text: &str, x: f32, width: f32, line: u32| Word {
        text: text.into(),
        bbox: [x, 0.0, x + width, 10.0],
        confidence: 1.0,
        line,
    };
    let doubts = |layer: &[Word], read: &[Word]| compare(layer, read).doubts.len();
    // The left one was drawn last.
    let layer = [word("5:59:49A-", 30.0, 50.0, 1), word(":30", 10.0, 18.0, 2)];
    assert_eq!(doubts(&layer, &[word(":305:59:49A-", 10.0, 70.0, 0)]), 0);
    assert_eq!(doubts(&layer, &[word(":305:58:49A-", 10.0, 70.0, 0)]), 1);
    let layer = [word("1045", 10.0, 24.0, 0), word(":30", 36.0, 18.0, 0)];
    assert_eq!(doubts(&layer, &[word(":30", 20.0, 34.0, 0)]), 0, "the other word was not read");
    let layer = [word("IN9370/IN11002/IN14195", 10.0, 120.0, 0)];
    assert_eq!(doubts(&layer, &[word("IN9370/IN11002/IN141", 10.0, 100.0, 0)]), 0, "its cell cuts it off");
    assert_eq!(doubts(&[word("1,234,567", 10.0, 60.0, 0)], &[word("1,234", 10.0, 60.0, 0)]), 1);
    let layer = [word("0110", 10.0, 30.0, 0), word("2020", 20.0, 30.0, 0)];
    assert_eq!(doubts(&layer, &[word("2020110", 10.0, 40.0, 0)]), 0, "print over print");
    assert_eq!(doubts(&[word("1", 10.0, 6.0, 0)], &[word("4", 10.0, 6.0, 0)]), 0, "a single digit");
}

#[test]
fn a_doubt_stands_where_a_second_reading_shares_it() {
    let layer = page(&SHOWN, 0.0);
    let reading = |total: &str| page(&[SHOWN[0], SHOWN[1], &format!("Total {total} EUR")], 0.5);
    let doubts = compare(&layer, &reading("1,284.56")).doubts;
    assert_eq!(shared(doubts.clone(), &layer, &reading("1,284.56")), doubts);
    assert_eq!(shared(doubts.clone(), &layer, &reading("1,234.56")), []);
    assert_eq!(shared(doubts.clone(), &layer, &reading("1,264.56")), [], "it reads a third number");
    assert_eq!(shared(doubts, &layer, &[]), []);
}

#[test]
fn nothing_to_look_up_is_no_lie() {
    assert!(compare(&page(&["a b c"], 0.0), &[]).holds());
    assert_eq!(spread(&[1, 2, 3, 4, 5, 6], 3).copied().collect::<Vec<_>>(), [1, 3, 5]);
    assert_eq!(distance(&['a', 'b'], &['x', 'a', 'b', 'y']), 0);
    assert_eq!(distance(&['a', 'b'], &[]), 2);
}
