use super::*;

#[test]
fn the_built_in_topology_is_valid_and_hosts_six_stages() {
    let topology = Topology::built_in().unwrap();
    assert_eq!(
        topology.stages().into_iter().collect::<Vec<_>>(),
        ["infer", "ingest", "ocr", "render", "sink", "validate"]
    );
    let plan = &topology.workers["plan"];
    assert_eq!(plan.outputs[&RecordKind::PagesPlanned], "pages.planned");
    assert_eq!(topology.workers_of("render").count(), 2);
}

#[test]
fn all_mistakes_of_a_file_are_reported_at_once() {
    let text = r#"
        [topics."a"]
        record = "Nonsense"
        partitions = 0
        [topics."b b"]
        retention = "soon"
        [workers.w]
        stage = "s"
        input = "missing"
        outputs = ["b b", "gone"]
        dead_letters = "a"
        concurrency = 0
        attempt_timeout = "12"
    "#;
    let Err(TopologyError::Invalid(mistakes)) = Topology::parse(text) else { panic!("accepted") };
    for expected in [
        "there is no record Nonsense",
        "0 is not between 1 and 10000",
        "a topic name has",
        "`soon` is not a duration",
        "there is no topic missing",
        "topic b b carries no record",
        "there is no topic gone",
        "workers.w.concurrency: 0 is not between",
        "`12` is not a duration",
    ] {
        assert!(mistakes.iter().any(|m| m.contains(expected)), "{expected}\n{mistakes:#?}");
    }
}

#[test]
fn an_unknown_field_is_named() {
    let err = Topology::parse("[topics]\n[workers]\n[wokers]\n").unwrap_err();
    assert!(err.to_string().contains("wokers"), "{err}");
}

#[test]
fn sizes_and_durations_have_units() {
    assert_eq!(parse_bytes("64KiB"), Ok(65536));
    assert_eq!(parse_bytes("10 MB"), Ok(10_000_000));
    assert_eq!(parse_duration("7d"), Ok(Duration::from_secs(604_800)));
    assert!(parse_bytes("10").is_err());
    assert!(parse_bytes("99999999999GiB").is_err());
    assert!(parse_duration("").is_err());
}
