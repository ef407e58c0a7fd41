use super::*;
use proptest::prelude::*;

fn parse(text: &str) -> Document {
    Document::parse(text.as_bytes()).unwrap()
}

#[test]
fn elements_attributes_and_texts_are_found_by_their_local_names() {
    let document = parse(
        r#"<?xml version="1.0"?><x:A xmlns:x="urn:a"><x:B k="1&amp;2"> M &#252; &lt;<![CDATA[&]]> </x:B><C/><D><E>1</E></D><D><E>2</E></D></x:A>"#,
    );
    let root = document.root();
    assert_eq!((root.name(), document.namespace()), ("A", "urn:a"));
    assert_eq!(root.one("B").unwrap().attribute("k"), Some("1&2"));
    assert_eq!(root.text_at("B"), "M ü <&");
    assert!(root.one("C").unwrap().is_empty());
    assert_eq!(root.all("D/E").iter().map(|n| n.text()).collect::<Vec<_>>(), ["1", "2"]);
    assert_eq!((root.count("D/E"), root.count("C|D"), root.count("D/F")), (2, 3, 0));
    assert!(root.any_is("D/E", "2") && !root.any_is("D/E", "3"));
    let d = root.one("D").unwrap();
    assert_eq!(d.descendants().count(), 1);
    assert_eq!(root.descendants().count(), 6);
    assert!(d.one("E").unwrap().is_inside("A"));
}

#[test]
fn text_around_elements_is_kept_where_it_is_more_than_space() {
    let document = parse("<A>one<B>two</B>three<C/> </A>");
    assert_eq!(document.root().text(), "onethree");
    assert_eq!(document.root().text_at("B"), "two");
}

#[test]
fn bombs_entities_and_document_types_are_refused() {
    let parse = |text: &str| Document::parse(text.as_bytes()).unwrap_err();
    let bomb = r#"<!DOCTYPE a [<!ENTITY b "x"><!ENTITY c "&b;&b;">]><a>&c;</a>"#;
    assert_eq!(parse(bomb), ReadError::DocumentType);
    assert_eq!(parse(r#"<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>"#), ReadError::DocumentType);
    assert_eq!(parse("<a>&b;</a>"), ReadError::Entity { name: "b".into() });
    assert!(matches!(parse(r#"<a k="&b;"/>"#), ReadError::Malformed { .. }));
    assert_eq!(parse(&"<a>".repeat(65)), ReadError::Limit { what: "levels of nesting", limit: 64 });
    for text in ["", " ", "a", "<a>", "<a/><b/>", "<a></b>", "</a>", "<a/>b", "<a k='1' k='2'/>"] {
        assert!(matches!(parse(text), ReadError::Malformed { .. }), "{text}");
    }
    assert_eq!(Document::parse(&[b'<', 0xff]).unwrap_err(), ReadError::Encoding);
}

#[test]
fn utf_16_and_latin_1_are_read() {
    let wide: Vec<u8> = "\u{feff}<a>ü</a>".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert_eq!(Document::parse(&wide).unwrap().root().text(), "ü");
    let narrow = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a>\xfc</a>";
    assert_eq!(Document::parse(narrow).unwrap().root().text(), "ü");
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        drop(Document::parse(&bytes));
    }

    #[test]
    fn no_markup_makes_it_panic(pieces in proptest::collection::vec(prop_oneof![
        Just("<a>"), Just("</a>"), Just("<b k='v'/>"), Just("<!--"), Just("-->"), Just("<![CDATA["), Just("]]>"), Just("&amp;"),
        Just("&#0;"), Just("&#x110000;"), Just("&x;"), Just("<?p?>"), Just("<!DOCTYPE a>"), Just("\u{fc}"), Just(" "), Just("<"), Just("<a xmlns:x=''")], 0..40)) {
        if let Ok(document) = Document::parse(pieces.concat().as_bytes()) {
            prop_assert_eq!(document.nodes().count(), document.root().descendants().count() + 1);
        }
    }
}
