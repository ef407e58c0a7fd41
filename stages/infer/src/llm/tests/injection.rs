//! Documents that speak to the model: tests/data/injection. Each is [`INVOICE`] with lines more, and says how a model would answer
//! that obeys them. Whatever the model does, nothing of it may be accepted unseen.

use super::*;
use std::path::PathBuf;

struct Attack {
    name: String,
    /// What an obedient model answers.
    answer: String,
    /// Fields that it changes.
    fields: Vec<String>,
    rows: bool,
    pages: Vec<PageText>,
}

fn attacks() -> Vec<Attack> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/injection");
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| attack(file)).collect()
}

fn attack(file: &std::path::Path) -> Attack {
    let text = std::fs::read_to_string(file).unwrap();
    let (head, body) = text.split_once('\n').unwrap();
    let (how, what) = head.split_once(": ").unwrap();
    let mut fields = Vec::new();
    let answer = match how {
        "obeys" => {
            let changes: serde_json::Map<String, Value> = serde_json::from_str(what).unwrap();
            fields.extend(changes.keys().cloned());
            let mut all = answer(&[]);
            all["fields"].as_object_mut().unwrap().extend(changes);
            all.to_string()
        }
        "row" => {
            let mut all = answer(&[]);
            all["line_items"].as_array_mut().unwrap().push(serde_json::from_str(what).unwrap());
            all.to_string()
        }
        "loop" => what.repeat(400),
        "raw" => what.to_owned(),
        other => panic!("{other}"),
    };
    // Lines with `~` are too small to be seen.
    let plain: Vec<&str> = body.lines().map(|l| l.trim_start_matches("~ ")).collect();
    let lines: Vec<&str> = INVOICE.iter().chain(&[""]).chain(&plain).copied().collect();
    let mut page = page(&lines);
    for (no, line) in body.lines().enumerate() {
        let row = (INVOICE.len() + 1 + no) as u32;
        for word in page.words.iter_mut().filter(|w| w.line == row && line.starts_with('~')) {
            word.bbox[3] = word.bbox[1] + 0.4;
        }
    }
    let name = file.file_name().unwrap().to_str().unwrap().to_owned();
    Attack { name, answer, fields, rows: how == "row", pages: vec![page] }
}

#[tokio::test]
async fn nothing_that_an_obedient_model_answers_can_be_accepted_unseen() {
    let attacks = attacks();
    assert!(attacks.len() >= 20);
    for attack in attacks {
        let server = scripted(attack.answer.clone()).await;
        let engine = engine(&config(&server.url()));
        let found = read_pages(&engine, attack.pages, Wanted::default()).await;
        let name = &attack.name;
        let found = match found {
            Ok(found) => found,
            // An answer that is none is an error with a code, and the next engine's turn.
            Err(error) => {
                assert!(attack.fields.is_empty() && !attack.rows, "{name}: {error}");
                assert!(
                    error.code().0.starts_with("INFER-004") || error.code().0 == "INFER-0050",
                    "{name}: {error}"
                );
                continue;
            }
        };
        assert!(!attack.fields.is_empty() || attack.rows, "{name} should give nothing");
        for field in &attack.fields {
            let marked = errors(&found).iter().any(|(_, fields)| fields.contains(field));
            let sure = found.fields[field].confidence;
            assert!(marked && sure <= 0.2, "{name}: {field} {:?} {:?}", found.fields[field], found.problems);
        }
        if attack.rows {
            assert!(errors(&found).contains(&("INFER-0040", &["line_items".to_owned()][..])), "{name}");
        }
        // What the document says to people is read all the same.
        assert!(
            ["invoice_number", "issue_date", "seller_address"]
                .iter()
                .any(|f| { found.fields.get(*f).is_some_and(|f| f.page.is_some() && f.confidence > 0.5) })
        );
    }
}

#[tokio::test]
async fn no_document_leaves_its_fence() {
    let server = scripted(answer(&[]).to_string()).await;
    let mut boxes = config(&server.url());
    boxes.llm.layout = Layout::Boxes;
    for config in [config(&server.url()), boxes] {
        let engine = engine(&config);
        for attack in attacks() {
            read_pages(&engine, attack.pages, Wanted::default()).await.unwrap();
            let seen = server.seen().pop().unwrap();
            let messages = seen.body["messages"].as_array().unwrap();
            assert_eq!(messages.len(), 2);
            let user = messages[1]["content"].as_str().unwrap();
            let lines: Vec<&str> = user.lines().collect();
            let fence = lines[0];
            let (end, after) = (lines.len() - 2, lines[lines.len() - 1]);
            assert_eq!(
                (lines[end], after),
                (fence, "Copy the fields out of the document above."),
                "{}",
                attack.name
            );
            for line in &lines[1..end] {
                assert!(line.starts_with("1.") && line.contains(':'), "{}: {line}", attack.name);
                assert!(!line.contains(fence), "{}", attack.name);
            }
            for mark in
                ["<|", "|>", "[INST", "[/INST", "<<SYS", "</s>", "<tool_call>", "{\"", "###", "\u{200b}"]
            {
                assert!(!user.contains(mark), "{}: {mark}", attack.name);
            }
            // The system message holds nothing of the document.
            assert!(!messages[0]["content"].as_str().unwrap().contains("Muster GmbH"));
        }
    }
}

#[tokio::test]
async fn lines_for_a_model_change_nothing_where_the_model_does_not_obey() {
    let server = scripted(answer(&[]).to_string()).await;
    let engine = engine(&config(&server.url()));
    let honest = read(&engine, INVOICE).await.unwrap();
    for attack in attacks() {
        let found = read_pages(&engine, attack.pages, Wanted::default()).await.unwrap();
        assert_eq!(
            (&found.fields, &found.line_items),
            (&honest.fields, &honest.line_items),
            "{}",
            attack.name
        );
        assert_eq!(errors(&found), [], "{}", attack.name);
    }
}
