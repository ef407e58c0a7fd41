//! docker-compose.kafka.yml and deploy/ against topology.toml, docmill's configuration and the versions pinned elsewhere.

#![allow(clippy::unwrap_used, clippy::expect_used)]

use docmill::kafka::BROKER_SETTINGS;
use docmill_runtime::Topology;
use serde_norway::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

fn read(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn compose() -> Value {
    let mut compose: Value = serde_norway::from_str(&read("docker-compose.kafka.yml")).unwrap();
    // Once for each level: a stage merges what merges the image.
    compose.apply_merge().unwrap();
    compose.apply_merge().unwrap();
    compose
}

fn text<'a>(value: &'a Value, path: &[&str]) -> &'a str {
    path.iter().fold(value, |v, key| &v[*key]).as_str().unwrap_or_else(|| panic!("{path:?} is no text"))
}

fn names(value: &Value) -> BTreeSet<String> {
    value.as_mapping().unwrap().keys().map(|k| k.as_str().unwrap().to_owned()).collect()
}

#[test]
fn every_stage_is_a_service_and_every_service_is_known() {
    let compose = compose();
    let topology = Topology::built_in().unwrap();
    let mut expected: BTreeSet<String> = topology.stages().into_iter().map(str::to_owned).collect();
    for stage in &expected {
        let service = &compose["services"][stage.as_str()];
        assert_eq!(service["command"], Value::from(vec![format!("docmill-{stage}")]), "{stage}");
        // What is remembered for long lies in a file, and /tmp is memory.
        let own: &[&str] = if stage == "validate" { &["/var/tmp"] } else { &[] };
        let volumes: Vec<_> = ["blobs:/var/lib/docmill"].iter().chain(own).map(|v| (*v).to_owned()).collect();
        assert_eq!(service["volumes"], Value::from(volumes), "{stage}");
        assert_eq!(text(service, &["restart"]), "unless-stopped", "{stage}");
        assert!(service.get("ports").is_none(), "{stage} opens a port");
        let after = text(service, &["depends_on", "topology", "condition"]);
        assert_eq!(after, "service_completed_successfully", "{stage}");
        for same in ["image", "build", "environment"] {
            assert_eq!(service[same], compose["services"]["topology"][same], "{stage}: {same}");
        }
    }
    let apply: Vec<_> = ["docmill", "topology", "apply"].map(str::to_owned).into();
    assert_eq!(compose["services"]["topology"]["command"], Value::from(apply));
    expected.extend(["kafka", "registry", "topology"].map(str::to_owned));
    assert_eq!(names(&compose["services"]), expected);
}

#[test]
fn images_are_pinned_to_the_versions_used_elsewhere() {
    let compose = compose();
    let image = |service: &str| text(&compose, &["services", service, "image"]).to_owned();
    let version = |pom: &str, artifact: &str| {
        let after =
            pom.split(&format!("<artifactId>{artifact}</artifactId><version>")).nth(1).expect(artifact);
        after.split('<').next().unwrap().to_owned()
    };
    let kafka = version(&read("crates/assets/poms/kafka.xml"), "kafka_2.13");
    assert_eq!(image("kafka"), format!("apache/kafka:{kafka}"));
    let apicurio = version(&read("crates/assets/poms/apicurio.xml"), "apicurio-registry-app");
    assert_eq!(image("registry"), format!("apicurio/apicurio-registry:{apicurio}"));
    assert_eq!(image("topology"), format!("docmill:{}", env!("CARGO_PKG_VERSION")));
    for line in read("deploy/Dockerfile").lines().filter(|l| l.starts_with("FROM")) {
        let tag = line.split_whitespace().nth(1).unwrap().split_once(':').expect("a tag").1;
        assert!(tag.starts_with(|c: char| c.is_ascii_digit()) || tag.starts_with("bookworm"), "{line}");
    }
}

#[test]
fn ports_are_those_of_docmill_kafka_up_and_on_this_machine_alone() {
    let compose = compose();
    let ports = |service: &str| compose["services"][service]["ports"].clone();
    assert_eq!(ports("kafka"), Value::from(vec!["127.0.0.1:9092:9092".to_owned()]));
    assert_eq!(ports("registry"), Value::from(vec!["127.0.0.1:8081:8080".to_owned()]));
    let inside = text(&compose, &["services", "kafka", "environment", "KAFKA_ADVERTISED_LISTENERS"]);
    let environment = &compose["services"]["topology"]["environment"];
    let servers = text(environment, &["DOCMILL__KAFKA__BOOTSTRAP_SERVERS"]);
    assert!(inside.contains(&format!("INSIDE://{servers}")), "{inside}");
    let url = text(environment, &["DOCMILL__REGISTRY__URL"]);
    assert_eq!(url, "http://registry:8080/apis/ccompat/v7");
}

#[test]
fn the_broker_is_set_as_docmill_kafka_up_sets_it() {
    let compose = compose();
    let environment = &compose["services"]["kafka"]["environment"];
    for (name, value) in BROKER_SETTINGS {
        let variable = format!("KAFKA_{}", name.to_uppercase().replace('.', "_"));
        assert_eq!(environment[variable.as_str()].as_str(), Some(*value), "{variable}");
    }
}

#[test]
fn variables_are_fields_of_the_configuration() {
    let compose = compose();
    let config = serde_json::to_value(docmill_service::Config::default()).unwrap();
    for name in names(&compose["services"]["topology"]["environment"]) {
        let path = name.strip_prefix("DOCMILL__").expect(&name).to_lowercase().replace("__", "/");
        assert!(config.pointer(&format!("/{path}")).is_some(), "{name} is no field");
    }
}

#[test]
fn topics_are_named_in_topology_toml_alone() {
    let file = read("docker-compose.kafka.yml");
    let topology = Topology::built_in().unwrap();
    for topic in topology.topics.keys().filter(|t| t.contains('.')) {
        assert!(!file.contains(topic.as_str()), "{topic}");
    }
    assert!(!file.contains("KAFKA_CREATE_TOPICS"));
}

#[test]
fn every_stage_is_wanted_by_the_target_and_in_the_image() {
    let topology = Topology::built_in().unwrap();
    let (target, image) = (read("deploy/systemd/docmill.target"), read("deploy/Dockerfile"));
    let wanted: BTreeSet<_> = target
        .lines()
        .find_map(|l| l.strip_prefix("Wants="))
        .unwrap()
        .split_whitespace()
        .map(|w| w.trim_start_matches("docmill@").trim_end_matches(".service"))
        .collect();
    assert_eq!(wanted, topology.stages());
    for stage in topology.stages() {
        assert!(image.contains(&format!("docmill-{stage}")), "{stage}");
    }
}
