//! The schema files, the Rust types and the released versions agree.

#![allow(clippy::unwrap_used)]

use apache_avro::{Schema, schema_compatibility::SchemaCompatibility};
use docmill_contracts::*;
use std::{collections::BTreeMap, path::Path, sync::Arc};

fn schemas() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schemas")
}

fn head() -> DocumentHead {
    let original = BlobRef::of(b"%PDF-1.7");
    DocumentHead {
        document_id: "d1".into(),
        revision: 2,
        tenant: "acme".into(),
        content_sha256: original.sha256.clone(),
        source: Source {
            name: "a.pdf".into(),
            media_type: "application/pdf".into(),
            bytes: 8,
            pages: Some(1),
        },
        options: ProcessingOptions {
            ignore_embedded_xml: true,
            schema: Some(original.clone()),
            type_hint: None,
            password: Some(Password::new("secret".into())),
            accuracy_mode: AccuracyMode::Accurate,
            text_layer_trust: TextLayerTrust::Sampled,
            formats: vec![FORMAT_MARKDOWN.into()],
            model: Some(original.clone()),
            categories: None,
        },
        original: original.clone(),
        embedded_xml: Some(EmbeddedFile { name: "factur-x.xml".into(), blob: original }),
        config_version: None,
        submitted_at: 1_700_000_000_000,
    }
}

fn error() -> ErrorInfo {
    ErrorInfo {
        code: "RENDER-0002".into(),
        class: Class::Input,
        message: "a.pdf is encrypted".into(),
        stage: "render".into(),
        page: Some(1),
    }
}

fn page() -> Page {
    let word = Word { text: "Rechnung".into(), bbox: [1.0, 2.0, 3.5, 4.0], confidence: 0.5, line: 7 };
    Page {
        page_no: 1,
        width: 595.0,
        height: 842.0,
        text_source: TextSource::Ocr,
        engine: "ppocr".into(),
        engine_version: "v6-tiny".into(),
        confidence: Some(0.5),
        words: Some(PackedWords::pack(&[word])),
        words_blob: None,
        image: Some(BlobRef::of(b"x")),
        image_dpi: Some(200.0),
        error: Some(error()),
        ms: 12,
        text_reason: Some("no text layer".into()),
        layout: Some(BlobRef::of(b"{}")),
        problems: vec![problem()],
        rules: PackedRules::pack(&[Rule::between([20.0, 30.5], [575.0, 30.5])]),
    }
}

fn problem() -> Problem {
    Problem {
        code: "BR-CO-15".into(),
        severity: Severity::Error,
        message: "m".into(),
        fields: vec!["grand_total".into()],
        page: None,
    }
}

fn stages() -> Vec<StageTrace> {
    vec![StageTrace { stage: "render".into(), ms: 12, engine: "pdfium".into(), version: "8125".into() }]
}

fn fields() -> Fields {
    let reading = Reading {
        value: "1".into(),
        raw: None,
        confidence: 0.25,
        page: None,
        bbox: None,
        engine: "xml".into(),
        model_version: "1".into(),
    };
    let field = Field {
        value: "103767".into(),
        raw: Some("Nr. 103767".into()),
        confidence: 0.75,
        page: Some(1),
        bbox: Some(vec![1.0, 2.0, 3.0, 4.0]),
        engine: "local".into(),
        model_version: "1".into(),
        other_readings: vec![reading],
    };
    BTreeMap::from([("invoice_number".to_owned(), field)])
}

fn extracted() -> DocumentExtracted {
    DocumentExtracted {
        head: head(),
        kind: DocumentType {
            value: "invoice".into(),
            confidence: 0.5,
            reason: Some("title".into()),
            category: None,
        },
        fields: fields(),
        line_items: vec![fields()],
        vat_breakdown: vec![fields()],
        problems: vec![problem()],
        pages: vec![PageSummary {
            page: 1,
            width: 1.0,
            height: 2.0,
            text_source: TextSource::TextLayer,
            engine: "pdfium".into(),
            confidence: Some(1.0),
            error: None,
            text_reason: None,
        }],
        error: None,
        stages: stages(),
        cost: Cost::default(),
        parts: vec![DocumentPart {
            first_page: 1,
            last_page: 2,
            kind: DocumentType::unknown(),
            fields: fields(),
            line_items: vec![fields()],
            vat_breakdown: Vec::new(),
        }],
        artifacts: vec![Artifact {
            format: FORMAT_LAYOUT.into(),
            media_type: "application/json".into(),
            blob: BlobRef::of(b"{}"),
        }],
        layout_novelty: Some(0.25),
    }
}

fn result() -> DocumentResult {
    let e = extracted();
    DocumentResult {
        kind: e.kind,
        fields: e.fields,
        line_items: e.line_items,
        vat_breakdown: e.vat_breakdown,
        problems: e.problems,
        pages: e.pages,
        parts: e.parts,
        artifacts: e.artifacts,
        layout_novelty: e.layout_novelty,
        status: ResultStatus::Review,
        ..DocumentValidated::ended(&head(), error(), stages()).result
    }
}

/// One filled record of every kind.
fn samples() -> Vec<AnyRecord> {
    vec![
        DocumentSubmitted {
            document_id: "d1".into(),
            tenant: "acme".into(),
            name: "a.pdf".into(),
            media_type: Some("application/pdf".into()),
            inline: Some(b"%PDF".to_vec()),
            blob: None,
            revision: 1,
            options: ProcessingOptions::default(),
            submitted_at: 5,
        }
        .into(),
        DocumentAccepted { head: head() }.into(),
        PagesPlanned { head: head(), page_count: 40, first_page: 33, last_page: 40 }.into(),
        PageRendered { head: head(), page_count: 1, page: page() }.into(),
        PageRecognized { head: head(), page_count: 1, page: page() }.into(),
        DocumentAssembled { head: head(), pages: vec![page()], error: Some(error()), stages: stages() }
            .into(),
        extracted().into(),
        DocumentValidated { head: head(), result: result() }.into(),
        result().into(),
        DocumentStatus {
            document_id: "d1".into(),
            revision: 1,
            tenant: "acme".into(),
            name: "a.pdf".into(),
            state: DocumentState::Done,
            pages_done: 1,
            page_count: 1,
            outcome: Some(ResultStatus::Accepted),
            at: 6,
        }
        .into(),
        DocumentControl {
            document_id: "d1".into(),
            tenant: "acme".into(),
            action: ControlAction::Cancel,
            requested_at: 7,
            reason: None,
            revision: 3,
        }
        .into(),
        TenantConfig {
            tenant: "acme".into(),
            version: "v".into(),
            documents_per_second: 0.5,
            burst: 3,
            max_bytes: 10,
            max_pages: 5,
            accept_confidence: 0.9,
        }
        .into(),
        GatherState {
            head: Some(head()),
            page_count: 3,
            revision: 2,
            closed: false,
            opened_at: 9,
            pages: vec![page()],
        }
        .into(),
        DocumentClaimed {
            head: head(),
            claim: claim(),
            pending: vec![claim()],
            claims: vec!["number/77".into()],
            if_duplicate: ResultStatus::Review,
            reasons: vec![problem()],
            result: Some(result()),
        }
        .into(),
        ClaimState {
            tenant: "acme".into(),
            key: "number/77".into(),
            claimants: vec![Claimant {
                document_id: "d1".into(),
                revision: 2,
                submitted_at: 5,
                party: party(),
            }],
            claims: vec!["number/77".into()],
            revision: 2,
            touched_at: 8,
        }
        .into(),
    ]
}

fn claim() -> Claim {
    Claim { kind: ClaimKind::Revise, key: "document/d1".into(), page: Some(3), party: party() }
}

fn party() -> Party {
    Party { vat_id: -7, name: vec![1, i64::MAX], currency: "EUR".into() }
}

fn codec() -> Codec {
    Codec::new(Arc::new(SchemaCatalog::built_in().unwrap()))
}

fn decode(codec: &Codec, kind: RecordKind, bytes: &[u8]) -> AnyRecord {
    match kind {
        RecordKind::DocumentSubmitted => codec.decode::<DocumentSubmitted>(bytes).unwrap().into(),
        RecordKind::DocumentAccepted => codec.decode::<DocumentAccepted>(bytes).unwrap().into(),
        RecordKind::PagesPlanned => codec.decode::<PagesPlanned>(bytes).unwrap().into(),
        RecordKind::PageRendered => codec.decode::<PageRendered>(bytes).unwrap().into(),
        RecordKind::PageRecognized => codec.decode::<PageRecognized>(bytes).unwrap().into(),
        RecordKind::DocumentAssembled => codec.decode::<DocumentAssembled>(bytes).unwrap().into(),
        RecordKind::DocumentExtracted => codec.decode::<DocumentExtracted>(bytes).unwrap().into(),
        RecordKind::DocumentValidated => codec.decode::<DocumentValidated>(bytes).unwrap().into(),
        RecordKind::DocumentResult => codec.decode::<DocumentResult>(bytes).unwrap().into(),
        RecordKind::DocumentStatus => codec.decode::<DocumentStatus>(bytes).unwrap().into(),
        RecordKind::DocumentControl => codec.decode::<DocumentControl>(bytes).unwrap().into(),
        RecordKind::TenantConfig => codec.decode::<TenantConfig>(bytes).unwrap().into(),
        RecordKind::GatherState => codec.decode::<GatherState>(bytes).unwrap().into(),
        RecordKind::DocumentClaimed => codec.decode::<DocumentClaimed>(bytes).unwrap().into(),
        RecordKind::ClaimState => codec.decode::<ClaimState>(bytes).unwrap().into(),
    }
}

#[test]
fn every_kind_has_a_sample_that_survives_the_codec() {
    let (codec, samples) = (codec(), samples());
    assert_eq!(samples.iter().map(AnyRecord::kind).collect::<Vec<_>>(), RecordKind::ALL);
    for sample in samples {
        let bytes = sample.encode(&codec).unwrap();
        assert_eq!(decode(&codec, sample.kind(), &bytes), sample);
    }
}

/// Bytes of earlier generations, as they lie on topics and in embedded logs.
#[test]
fn what_earlier_generations_wrote_is_read_with_defaults_for_what_they_did_not_know() {
    let codec = codec();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (kind, generation) in RecordKind::ALL.iter().flat_map(|kind| [(kind, "v1"), (kind, "v2")]) {
        let file = golden.join(generation).join(format!("{}.bin", kind.schema_file()));
        let old = decode(&codec, *kind, &std::fs::read(file).unwrap());
        assert_eq!((old.kind(), old.tenant()), (*kind, "acme"), "{}", kind.schema_file());
        if let AnyRecord::DocumentAccepted(accepted) = &old {
            let options = &accepted.head.options;
            let known = match generation {
                "v1" => (AccuracyMode::Balanced, None),
                _ => (AccuracyMode::Accurate, Some(Password::new("secret".into()))),
            };
            assert_eq!((options.accuracy_mode, options.password.clone()), known);
            assert_eq!(options.schema, head().options.schema);
        }
        if let AnyRecord::PageRecognized(page) = &old {
            assert_eq!((&page.page.rules, &page.page.words), (&PackedRules::default(), &self::page().words));
        }
    }
}

#[test]
fn words_and_rules_share_a_blob_and_words_alone_are_read_too() {
    let Page { words, rules, .. } = page();
    let words = words.unwrap();
    let both = Codec::words_to_blob(&words, &rules).unwrap();
    assert_eq!(Codec::page_from_blob(&both).unwrap(), (words.clone(), rules));
    assert_eq!(Codec::words_from_blob(&both).unwrap(), words);
    let alone = Codec::words_to_blob(&words, &PackedRules::default()).unwrap();
    assert!(both.starts_with(&alone));
    assert_eq!(Codec::page_from_blob(&alone).unwrap(), (words, PackedRules::default()));
    let cut = Codec::page_from_blob(&both[..both.len() - 1]).unwrap_err();
    assert_eq!(cut.to_string(), "7 bytes behind the words of a page are no rules");
}

/// Bytes that were once on a topic must decode for ever: a change here is a change of the public contract.
#[test]
fn golden_bytes_of_every_kind_are_unchanged() {
    let codec = codec();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for sample in samples() {
        let file = golden.join(format!("{}.bin", sample.kind().schema_file()));
        let bytes = sample.encode(&codec).unwrap();
        if std::env::var_os("DOCMILL_BLESS").is_some() {
            std::fs::create_dir_all(&golden).unwrap();
            std::fs::write(&file, &bytes).unwrap();
        }
        assert_eq!(bytes, std::fs::read(&file).unwrap(), "{}", file.display());
    }
}

#[test]
fn every_schema_file_belongs_to_a_kind_and_carries_its_name() {
    let mut files: Vec<String> = std::fs::read_dir(schemas())
        .unwrap()
        .filter_map(|e| e.unwrap().file_name().to_str()?.strip_suffix(".avsc").map(str::to_owned))
        .collect();
    files.sort();
    let mut kinds: Vec<String> = RecordKind::ALL.iter().map(|k| k.schema_file().to_owned()).collect();
    kinds.sort();
    assert_eq!(files, kinds);
    for kind in RecordKind::ALL {
        let schema = Schema::parse_str(kind.schema_json()).unwrap();
        assert_eq!(schema.name().unwrap().name(), kind.name());
    }
}

/// `released/<topic>.v<N>.avsc` are the versions that were published. Full-transitive: today's schema reads what each
/// of them wrote, and each of them reads what today's writes.
#[test]
fn todays_schemas_are_compatible_with_every_released_version() {
    for kind in RecordKind::ALL {
        let today = Schema::parse_str(kind.schema_json()).unwrap();
        let prefix = format!("{}.v", kind.schema_file());
        let mut versions = 0;
        for entry in std::fs::read_dir(schemas().join("released")).unwrap() {
            let path = entry.unwrap().path();
            if path.file_name().unwrap().to_str().unwrap().starts_with(&prefix) {
                let old = Schema::parse_str(&std::fs::read_to_string(&path).unwrap()).unwrap();
                SchemaCompatibility::mutual_read(&old, &today)
                    .unwrap_or_else(|e| panic!("{}: {e}", path.display()));
                versions += 1;
            }
        }
        assert!(versions > 0, "{} was never released", kind.schema_file());
    }
}

/// Nested types are repeated in each file, so that a file stands alone; they must not drift apart.
#[test]
fn a_nested_type_is_the_same_in_every_file() {
    fn walk(
        value: &serde_json::Value,
        seen: &mut BTreeMap<String, (String, &'static str)>,
        file: &'static str,
    ) {
        match value {
            serde_json::Value::Object(map) => {
                if let Some(name) = map.get("name").and_then(|n| n.as_str())
                    && matches!(map.get("type").and_then(|t| t.as_str()), Some("record" | "enum"))
                {
                    let schema = Schema::parse_str(&standalone(value)).map(|s| s.canonical_form());
                    if let Ok(form) = schema {
                        let (first, where_) = seen.entry(name.to_owned()).or_insert((form.clone(), file));
                        assert_eq!(*first, form, "{name} differs between {where_} and {file}");
                    }
                }
                map.values().for_each(|v| walk(v, seen, file));
            }
            serde_json::Value::Array(items) => items.iter().for_each(|v| walk(v, seen, file)),
            _ => {}
        }
    }
    fn standalone(value: &serde_json::Value) -> String {
        let mut value = value.clone();
        if let Some(map) = value.as_object_mut() {
            map.insert("namespace".into(), "docmill".into());
        }
        value.to_string()
    }
    let mut seen = BTreeMap::new();
    for kind in RecordKind::ALL {
        walk(&serde_json::from_str(kind.schema_json()).unwrap(), &mut seen, kind.schema_file());
    }
    assert!(seen.len() > 20, "{}", seen.len());
}

#[test]
fn bytes_that_are_no_record_are_refused_with_a_reason() {
    let codec = codec();
    let refused = |bytes: &[u8]| codec.decode::<DocumentAccepted>(bytes).unwrap_err();
    assert!(matches!(refused(b""), CodecError::NotFramed { len: 0 }));
    assert!(matches!(refused(b"\x01abcdef"), CodecError::NotFramed { len: 7 }));
    assert!(matches!(refused(b"\0\0\0\x27\x0f"), CodecError::UnknownSchema(9999)));
    assert!(matches!(refused(b"\0\0\0\0\x01"), CodecError::OtherRecord { id: 1, .. }));
    assert!(matches!(refused(b"\0\0\0\0\x02\xff\xff"), CodecError::Decode { .. }));
}

#[test]
fn a_field_that_an_older_writer_did_not_know_gets_its_default() {
    let old = r#"{"type":"record","name":"DocumentAccepted","namespace":"docmill","fields":[
        {"name":"note","type":"string"},
        {"name":"head","type":{"type":"record","name":"DocumentHead","fields":[
            {"name":"document_id","type":"string"}]}}]}"#;
    let catalog = SchemaCatalog::built_in().unwrap();
    catalog.add(77, old).unwrap();
    let err =
        Codec::new(Arc::new(catalog)).decode::<DocumentAccepted>(b"\0\0\0\0\x4d\x02n\x04d1").unwrap_err();
    assert!(err.to_string().contains("missing field"), "{err}");
}
