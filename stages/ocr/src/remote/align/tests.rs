use super::super::answer::lines;
use super::*;
use proptest::prelude::*;

fn local(text: &[&str], confidence: f32) -> Vec<Word> {
    let line = |(n, line): (usize, &&str)| {
        let y = 20.0 + 14.0 * n as f32;
        let words: Vec<Word> = line
            .split(' ')
            .enumerate()
            .map(|(i, t)| {
                let x = 10.0 + 60.0 * i as f32;
                Word { text: t.into(), bbox: [x, y, x + 50.0, y + 10.0], confidence, line: n as u32 }
            })
            .collect();
        words
    };
    text.iter().enumerate().flat_map(line).collect()
}

const SIZE: (f32, f32) = (600.0, 800.0);

fn shown(aligned: &Aligned) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    for w in &aligned.words {
        if out.len() <= w.line as usize {
            out.push(String::new());
        } else {
            out[w.line as usize].push(' ');
        }
        out[w.line as usize].push_str(&w.text);
    }
    out
}

#[test]
fn words_that_say_the_same_have_the_local_places_and_more_confidence() {
    let words = local(&["Invoice 4711", "Total 12,00"], 0.8);
    let aligned = align(&lines("# Invoice 4711\n| Total | 12,00 |"), &words, SIZE);
    assert_eq!(shown(&aligned), ["Invoice 4711", "Total 12,00"]);
    for (found, local) in aligned.words.iter().zip(&words) {
        assert_eq!((found.bbox, found.line), (local.bbox, local.line));
        assert!((found.confidence - 0.95).abs() < 1e-6);
    }
    assert_eq!(aligned.estimated, 0);
}

#[test]
fn what_was_misread_takes_the_place_of_what_stood_there() {
    let words = local(&["Involce nunber 47l1", "dated today"], 0.6);
    let aligned = align(&lines("Invoice number 4711 dated today"), &words, SIZE);
    assert_eq!(shown(&aligned), ["Invoice number 4711", "dated today"]);
    assert_eq!(aligned.words[2].bbox, words[2].bbox);
    assert!((aligned.words[2].confidence - OTHERWISE).abs() < 1e-6);
    assert_eq!((aligned.estimated, aligned.agreement), (0, 1.0), "nothing was certain");
}

#[test]
fn another_order_and_words_that_occur_often_find_their_own_places() {
    let words = local(&["Qty 1 Price 1", "Qty 2 Price 2", "Sum 3 EUR"], 0.95);
    let aligned = align(&lines("Sum 3 EUR\nQty 1 Price 1\nQty 2 Price 2"), &words, SIZE);
    let boxes: Vec<_> = aligned.words.iter().map(|w| (w.text.as_str(), w.bbox)).collect();
    let expected: Vec<_> = words.iter().map(|w| (w.text.as_str(), w.bbox)).collect();
    assert_eq!(boxes, expected);
    assert!((aligned.agreement - 1.0).abs() < 1e-9);
}

#[test]
fn words_without_a_counterpart_are_estimates_on_their_line_or_in_their_block() {
    let words = local(&["Total 12,00"], 0.95);
    let aligned = align(
        &lines("Total 12,00 EUR\n<|ref|>stamp<|/ref|><|det|>[[500,500,700,550]]<|/det|>"),
        &words,
        SIZE,
    );
    assert_eq!(shown(&aligned), ["Total 12,00 EUR", "stamp"]);
    let (eur, stamp) = (&aligned.words[2], &aligned.words[3]);
    assert!(eur.bbox[0] > words[1].bbox[2] && (eur.bbox[1] - words[1].bbox[1]).abs() < 0.1);
    assert!((stamp.bbox[0] - 300.3).abs() < 0.5 && (stamp.bbox[1] - 400.4).abs() < 0.5, "{:?}", stamp.bbox);
    assert!(eur.confidence <= ESTIMATED && stamp.confidence <= ESTIMATED);
    assert_eq!(aligned.estimated, 2);
}

#[test]
fn certain_words_that_the_answer_lacks_are_kept_and_a_made_up_text_is_known_as_such() {
    let mut words = local(&["Invoice 4711", "smudge x!", "Paid in cash"], 0.95);
    words[2].confidence = 0.3;
    words[3].confidence = 0.3;
    let aligned = align(&lines("Invoice 4711"), &words, SIZE);
    assert_eq!(shown(&aligned), ["Invoice 4711", "Paid in cash"]);
    let made_up = align(&lines("The quick brown fox jumps over the lazy dog"), &words, SIZE);
    assert!(made_up.agreement < 0.1, "{}", made_up.agreement);
    let nothing = align(&[], &words, SIZE);
    assert_eq!((nothing.words.len(), nothing.agreement), (5, 0.0));
}

proptest! {
    #[test]
    fn no_word_of_the_answer_is_lost_and_every_place_is_on_the_page(
        answer in proptest::collection::vec("[a-d1-3 ]{0,12}", 0..12),
        page in proptest::collection::vec("[a-d1-3]{1,3}( [a-d1-3]{1,3}){0,3}", 0..8),
        confidence in 0u8..=10,
    ) {
        let page: Vec<&str> = page.iter().map(String::as_str).collect();
        let words = local(&page, f32::from(confidence) / 10.0);
        let parsed = lines(&answer.join("\n"));
        let aligned = align(&parsed, &words, SIZE);
        let mut found: Vec<&str> = aligned.words.iter().map(|w| w.text.as_str()).collect();
        for text in parsed.iter().flat_map(|l| &l.words) {
            let at = found.iter().position(|f| f == text);
            prop_assert!(at.is_some(), "{} is lost", text);
            found.swap_remove(at.unwrap());
        }
        for w in &aligned.words {
            prop_assert!(w.bbox[0] >= 0.0 && w.bbox[2] <= SIZE.0 && w.bbox[1] >= 0.0 && w.bbox[3] <= SIZE.1);
            prop_assert!(w.bbox[0] <= w.bbox[2] && w.bbox[1] <= w.bbox[3]);
        }
        prop_assert!(aligned.words.windows(2).all(|w| w[0].line <= w[1].line && w[1].line <= w[0].line + 1));
        prop_assert!((0.0..=1.0).contains(&aligned.agreement));
    }
}
