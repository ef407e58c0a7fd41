use super::*;
use docmill_contracts::{AnyRecord, BlobRef, ProcessingOptions, Source};
use proptest::prelude::*;

fn head(revision: i32) -> DocumentHead {
    DocumentHead {
        document_id: "d".into(),
        revision,
        tenant: "t".into(),
        content_sha256: String::new(),
        source: Source { name: "a.pdf".into(), ..Source::default() },
        options: ProcessingOptions::default(),
        original: BlobRef { sha256: String::new(), bytes: 0 },
        embedded_xml: None,
        config_version: None,
        submitted_at: 1,
    }
}

fn page(revision: i32, page_count: i32, page_no: i32) -> PageRecognized {
    let source = if page_no % 2 == 0 { TextSource::Ocr } else { TextSource::TextLayer };
    let page = Page { page_no, text_source: source, engine: "e".into(), ms: page_no, ..Page::default() };
    PageRecognized { head: head(revision), page_count, page }
}

fn gather() -> GatherPages {
    GatherPages::new(&Config::default())
}

/// Applies pages in order; gives the last state and what was emitted, assemblies and states apart.
fn play(pages: &[PageRecognized]) -> (Option<GatherState>, Vec<DocumentAssembled>, Vec<DocumentStatus>) {
    let (mut state, mut assembled, mut status) = (None, Vec::new(), Vec::new());
    for (now, page) in pages.iter().enumerate() {
        let step = gather().apply(state, page, i64::try_from(now).unwrap());
        state = step.state;
        for record in step.outputs.into_records() {
            match record {
                AnyRecord::DocumentAssembled(a) => assembled.push(*a),
                AnyRecord::DocumentStatus(s) => status.push(*s),
                other => panic!("{other:?}"),
            }
        }
    }
    (state, assembled, status)
}

#[test]
fn a_document_is_assembled_once_with_its_pages_in_order() {
    let pages: Vec<_> = [3, 1, 1, 2, 2, 3].map(|n| page(1, 3, n)).to_vec();
    let (state, assembled, status) = play(&pages);
    assert_eq!(assembled.len(), 1);
    let numbers: Vec<_> = assembled[0].pages.iter().map(|p| p.page_no).collect();
    assert_eq!(numbers, [1, 2, 3]);
    assert_eq!(assembled[0].head.source.pages, Some(3));
    let traces: Vec<_> = assembled[0].stages.iter().map(|t| (t.stage.as_str(), t.ms)).collect();
    assert_eq!(traces, [("render", 4), ("ocr", 2)]);
    let states: Vec<_> = status.iter().map(|s| (s.state, s.pages_done)).collect();
    let (recognizing, inferring) = (DocumentState::Recognizing, DocumentState::Inferring);
    assert_eq!(states, [(recognizing, 1), (recognizing, 2), (inferring, 3)]);
    let state = state.unwrap();
    assert!(state.closed && state.pages.is_empty() && state.head.is_none());
}

#[test]
fn each_revision_of_each_tenants_document_is_gathered_by_itself() {
    let other = PageRecognized { head: DocumentHead { tenant: "u".into(), ..head(1) }, ..page(1, 3, 1) };
    let keys = [&page(1, 3, 1), &page(1, 3, 2), &page(2, 3, 1), &other].map(|p| gather().key(p));
    assert_eq!(keys, ["t/d/1", "t/d/1", "t/d/2", "u/d/1"]);
}

#[test]
fn pages_that_never_come_are_given_up_and_the_document_goes_on() {
    let (state, ..) = play(&[page(1, 3, 2)]);
    let state = state.unwrap();
    let deadline = gather().expires_at(&state);
    assert_eq!(deadline, 30 * 60 * 1000 + 3 * 5000);
    let step = gather().expire(state, deadline);
    let records = step.outputs.into_records();
    let AnyRecord::DocumentAssembled(assembled) = &records[0] else { panic!("{records:?}") };
    let codes: Vec<_> = assembled.pages.iter().map(|p| p.error.as_ref().map(|e| e.code.as_str())).collect();
    assert_eq!(codes, [Some("INFER-0001"), None, Some("INFER-0001")]);
    let closed = step.state.unwrap();
    assert_eq!(gather().expires_at(&closed), deadline + 24 * 3_600_000);
    let forgotten = gather().expire(closed, deadline + 24 * 3_600_000);
    assert_eq!(forgotten, Step { state: None, outputs: Outputs::none() });
}

#[test]
fn a_long_document_reports_progress_now_and_then() {
    let pages: Vec<_> = (1..=50).map(|n| page(1, 50, n)).collect();
    let (.., status) = play(&pages);
    assert_eq!(status.iter().map(|s| s.pages_done).collect::<Vec<_>>(), [16, 32, 48, 50]);
}

proptest! {
    #[test]
    fn order_and_repetition_do_not_matter(
        (count, order) in (1i32..8).prop_flat_map(|n| (Just(n), proptest::collection::vec((1..=n, any::<bool>()), 0..24))),
    ) {
        let mut straight: Vec<_> = (1..=count).map(|n| page(1, count, n)).collect();
        straight[0].page.error = None;
        let (_, expected, _) = play(&straight);
        // Some pages first in a random order, some of them as failures that are overtaken; then all of them.
        let mut shuffled: Vec<_> = order.iter().map(|(n, _)| page(1, count, *n)).collect();
        shuffled.extend(straight.iter().rev().cloned());
        let (state, assembled, _) = play(&shuffled);
        prop_assert_eq!(assembled, expected);
        prop_assert!(state.unwrap().closed);
    }

    /// What stands in the changelog makes the state again after each step, in whichever order its parts are read.
    #[test]
    fn the_parts_in_the_changelog_are_the_state(
        count in 1i32..40, order in proptest::collection::vec((1i32..40, any::<bool>()), 1..80), lost in 0usize..160, turn in any::<usize>()
    ) {
        let mut log: std::collections::BTreeMap<String, GatherState> = std::collections::BTreeMap::new();
        let mut state: Option<GatherState> = None;
        for (step, (no, failed)) in order.into_iter().enumerate() {
            // Now and then a page says that there are more pages than the others say.
            let mut input = page(1, if step % 7 == 3 { count + 1 } else { count }, no.min(count));
            if failed {
                let error = InferError::PageNeverArrived { page: no, pages: count, waited_s: 0 };
                input.page.error = Some(ErrorInfo::of(&error, "infer", Some(no)));
            }
            if step == lost {
                input = PageRecognized::lost(head(1), input.page.error.clone().unwrap_or_else(|| {
                    ErrorInfo::of(&InferError::PageNeverArrived { page: 1, pages: 1, waited_s: 0 }, "infer", None)
                }));
            }
            let after = gather().apply(state.clone(), &input, i64::try_from(step).unwrap()).state;
            let parts = gather().changes(state.as_ref(), after.as_ref(), Some(&input));
            prop_assert!(state.is_none() || after.as_ref().is_none_or(|s| s.closed) || parts.len() <= 1 || step % 7 >= 3);
            for part in parts {
                match part.state {
                    Some(state) => drop(log.insert(part.name, state)),
                    None => drop(log.remove(&part.name)),
                }
            }
            let mut read: Vec<GatherState> = log.values().cloned().collect();
            let length = read.len();
            read.rotate_left(turn % length.max(1));
            prop_assert_eq!(read.into_iter().reduce(|a, b| gather().join(a, b)), after.clone());
            state = after;
        }
        // At the end of its time nothing is left.
        if let Some(last) = state {
            let later = gather().expires_at(&last);
            let closed = gather().expire(last.clone(), later).state;
            for (before, after) in [(Some(&last), closed.as_ref()), (closed.as_ref(), None)] {
                for part in gather().changes(before, after, None) {
                    match part.state {
                        Some(state) => drop(log.insert(part.name, state)),
                        None => drop(log.remove(&part.name)),
                    }
                }
                prop_assert!(log.len() <= 1);
            }
            prop_assert!(log.is_empty());
        }
    }

    #[test]
    fn two_versions_of_a_page_give_the_same_whichever_comes_first(a in "[a-c]", b in "[a-c]", failed in any::<bool>()) {
        let version = |engine: &str, failed: bool| {
            let mut p = page(1, 2, 1);
            p.page.engine = engine.to_owned();
            if failed {
                let error = InferError::PageNeverArrived { page: 1, pages: 2, waited_s: 0 };
                p.page.error = Some(ErrorInfo::of(&error, "infer", Some(1)));
            }
            p
        };
        let (x, y, last) = (version(&a, failed), version(&b, false), page(1, 2, 2));
        let (_, one, _) = play(&[x.clone(), y.clone(), last.clone()]);
        let (_, two, _) = play(&[y, x, last]);
        prop_assert_eq!(one, two);
    }
}

#[test]
fn a_page_that_nobody_can_decode_ends_its_document_once() {
    let headers = docmill_contracts::Headers::new()
        .with(docmill_contracts::headers::DOCUMENT_ID, "d")
        .with(docmill_contracts::headers::REVISION, "1")
        .with(docmill_contracts::headers::TENANT, "t");
    let error = ErrorInfo {
        code: "RUNTIME-0007".into(),
        class: docmill_contracts::Class::Input,
        message: "m".into(),
        stage: "ocr".into(),
        page: None,
    };
    let lost = gather().unreadable(Unreadable::of(&headers, &error).unwrap()).unwrap();
    assert_eq!(gather().key(&lost), gather().key(&page(1, 3, 1)));
    for pages in
        [vec![lost.clone(), lost.clone(), page(1, 3, 1)], vec![page(1, 3, 1), lost.clone(), page(1, 3, 2)]]
    {
        let (state, assembled, _) = play(&pages);
        assert_eq!(assembled.len(), 1);
        assert_eq!(assembled[0].error.as_ref().unwrap().class, docmill_contracts::Class::Internal);
        assert!(state.unwrap().closed);
    }
}

/// A build before this one wrote whole states.
#[test]
fn a_state_that_was_written_whole_goes_on_in_parts() {
    let whole = play(&[page(1, 4, 1), page(1, 4, 3)]).0.unwrap();
    let step = gather().apply(Some(whole.clone()), &page(1, 4, 2), 9);
    let parts = gather().changes(Some(&whole), step.state.as_ref(), Some(&page(1, 4, 2)));
    assert_eq!(parts.iter().map(|p| p.name.as_str()).collect::<Vec<_>>(), ["2"]);
    let read = gather().join(parts[0].state.clone().unwrap(), whole);
    assert_eq!(Some(read), step.state);
}
