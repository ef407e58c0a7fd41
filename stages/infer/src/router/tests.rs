use super::*;
use crate::extract::PageText;
use crate::schema::Schema;
use docmill_contracts::{Class, DocumentType, Field};
use std::sync::atomic::{AtomicUsize, Ordering};

/// An engine that finds the same in every document.
struct Scripted {
    name: &'static str,
    total: Option<(&'static str, f64)>,
    calls: Arc<AtomicUsize>,
}

impl Extractor for Scripted {
    fn engine(&self) -> &str {
        self.name
    }

    fn version(&self) -> &'static str {
        "1"
    }

    fn extract(&self, _: &mut dyn Pages, _: &Wanted) -> Result<Extraction, InferError> {
        self.calls.fetch_add(1, Ordering::Relaxed);
        let Some((value, confidence)) = self.total else {
            let source = crate::llm::LlmError::Empty { model: "m".into() };
            return Err(InferError::Llm { source, cost: Cost { tokens_in: 5, ..Cost::default() } });
        };
        let mut out = Extraction::of_engine(self.name, "1");
        out.kind = DocumentType { value: "receipt".into(), confidence: 0.9, reason: None, category: None };
        out.cost.tokens_in = 7;
        for (name, value) in [("grand_total", value), ("issue_date", "2026-01-31")] {
            let field = Field {
                value: value.into(),
                raw: None,
                confidence,
                page: Some(1),
                bbox: None,
                engine: self.name.into(),
                model_version: "1".into(),
                other_readings: Vec::new(),
            };
            out.fields.insert(name.into(), field);
        }
        Ok(out)
    }
}

/// Pages that can be told apart.
struct Named(&'static str);

impl Pages for Named {
    fn len(&self) -> usize {
        1
    }

    fn page(&mut self, _: usize) -> Result<PageText, InferError> {
        unreachable!("scripted engines read nothing")
    }

    fn digest(&self) -> Option<String> {
        Some(self.0.to_owned())
    }
}

struct Bench {
    router: Arc<Router>,
    local: Arc<AtomicUsize>,
    llm: Arc<AtomicUsize>,
    _folder: tempfile::TempDir,
}

fn bench(toml: &str, local: Option<(&'static str, f64)>, llm: Option<(&'static str, f64)>) -> Bench {
    let config: RouterConfig = toml::from_str(toml).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let blobs = Blobs::local(folder.path()).unwrap();
    let (calls, others) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
    let engines: Vec<Arc<dyn Extractor>> = vec![
        Arc::new(Scripted { name: "local", total: local, calls: Arc::clone(&calls) }),
        Arc::new(Scripted { name: "llm", total: llm, calls: Arc::clone(&others) }),
    ];
    let router = Arc::new(Router::new(&config, engines, Some(blobs)).unwrap());
    Bench { router, local: calls, llm: others, _folder: folder }
}

impl Bench {
    async fn read(&self, pages: &'static str, wanted: Wanted) -> Result<Extraction, InferError> {
        let router = Arc::clone(&self.router);
        tokio::task::spawn_blocking(move || router.extract(&mut Named(pages), &wanted)).await.unwrap()
    }

    fn calls(&self) -> (usize, usize) {
        (self.local.load(Ordering::Relaxed), self.llm.load(Ordering::Relaxed))
    }
}

fn of(tenant: &str) -> Wanted {
    Wanted { tenant: tenant.into(), document: "d/1".into(), now_ms: 1_000_000, ..Wanted::default() }
}

const BOTH: &str = "[[routes]]\nengines = ['local', 'llm']\nbelow = 0.8";

#[tokio::test]
async fn the_next_engine_is_asked_only_where_the_first_is_unsure() {
    let sure = bench(BOTH, Some(("5.00", 0.9)), Some(("5.00", 0.9)));
    assert_eq!(sure.read("a", of("t")).await.unwrap().engine, "local");
    assert_eq!(sure.calls(), (1, 0));
    let unsure = bench(BOTH, Some(("5.00", 0.6)), Some(("5.00", 0.6)));
    let found = unsure.read("a", of("t")).await.unwrap();
    assert_eq!((found.engine.as_str(), unsure.calls()), ("local+llm", (1, 1)));
    assert!((found.fields["grand_total"].confidence - 0.84).abs() < 1e-9);
    let other = bench(BOTH, Some(("5.00", 0.6)), Some(("6.00", 0.7)));
    let total = other.read("a", of("t")).await.unwrap().fields["grand_total"].clone();
    assert_eq!((total.value.as_str(), total.other_readings[0].value.as_str()), ("6.00", "5.00"));
}

#[tokio::test]
async fn the_document_says_how_much_work_it_is_worth() {
    let bench = bench(BOTH, Some(("5.00", 0.6)), Some(("5.00", 0.6)));
    let mode = |accuracy| Wanted { accuracy, ..of("t") };
    bench.read("a", mode(AccuracyMode::Fast)).await.unwrap();
    assert_eq!(bench.calls(), (1, 0));
    let bench = self::bench(BOTH, Some(("5.00", 0.9)), Some(("5.00", 0.6)));
    bench.read("a", mode(AccuracyMode::Accurate)).await.unwrap();
    assert_eq!(bench.calls(), (1, 1));
}

#[tokio::test]
async fn an_engine_that_fails_is_passed_over_and_named() {
    let bench = bench(BOTH, Some(("5.00", 0.6)), None);
    let found = bench.read("a", of("t")).await.unwrap();
    assert_eq!(found.engine, "local");
    let problem = found.problems.last().unwrap();
    assert_eq!((problem.code.as_str(), problem.severity), ("INFER-0050", Severity::Warning));
    assert_eq!(found.cost.tokens_in, 7 + 5, "what failed was paid for as well");
    let alone = self::bench("[[routes]]\nengines = ['llm']", Some(("5.00", 0.6)), None);
    assert_eq!(alone.read("a", of("t")).await.unwrap_err().code().0, "INFER-0050");
}

#[tokio::test]
async fn routes_go_by_tenant_type_and_schema() {
    let toml = "
        [[routes]]
        tenants = ['acme']
        engines = ['llm']
        [[routes]]
        types = ['receipt']
        schema = 'built_in'
        engines = ['local', 'llm']
        all = true
        [[routes]]
        schema = 'own'
        engines = ['llm', 'local']
        below = 0.1";
    let bench = bench(toml, Some(("5.00", 0.9)), Some(("5.00", 0.9)));
    assert_eq!(bench.read("a", of("acme")).await.unwrap().engine, "llm");
    assert_eq!(bench.read("a", of("other")).await.unwrap().engine, "local+llm");
    // Asked for the type once, and not again as an engine.
    assert_eq!(bench.calls(), (2, 2));
    let schema = Some(Schema::parse(br#"{"properties": {"grand_total": {"type": "number"}}}"#).unwrap());
    assert_eq!(bench.read("a", Wanted { schema, ..of("other") }).await.unwrap().engine, "llm");
}

#[tokio::test]
async fn what_is_for_the_local_engine_alone_goes_nowhere_else() {
    let bench = bench("[[routes]]\nengines = ['llm']", Some(("5.00", 0.1)), Some(("5.00", 0.9)));
    let found = bench.read("a", Wanted { local_only: true, ..of("t") }).await.unwrap();
    assert_eq!((found.engine.as_str(), bench.calls()), ("local", (1, 0)));
}

#[tokio::test]
async fn tenants_may_forbid_engines() {
    let toml = "
        [[routes]]
        engines = ['llm', 'local']
        [tenants.careful]
        llm = false";
    let bench = bench(toml, Some(("5.00", 0.9)), Some(("5.00", 0.9)));
    assert_eq!(bench.read("a", of("careful")).await.unwrap().engine, "local");
    assert_eq!(bench.calls(), (1, 0));
    let only = self::bench("flags = { llm = false }\n[[routes]]\nengines = ['llm']", None, None);
    assert_eq!(only.read("a", of("t")).await.unwrap_err().code().0, "INFER-0071");
}

#[tokio::test]
async fn results_are_remembered_for_their_tenant_and_a_time() {
    let toml = "cache_ttl_s = 60\n[[routes]]\nengines = ['llm']\n[tenants.forgetful]\ncache = false";
    let bench = bench(toml, None, Some(("5.00", 0.9)));
    let first = bench.read("a", of("t")).await.unwrap();
    // The same document after a crash, or another one with the same pages: only the first has paid.
    assert_eq!(bench.read("a", of("t")).await.unwrap(), first);
    let twin = bench.read("a", Wanted { document: "e/1".into(), ..of("t") }).await.unwrap();
    assert_eq!((twin.cost.tokens_in, &twin.fields), (0, &first.fields));
    assert_eq!(bench.calls().1, 1);
    let after = |ms: i64| Wanted { now_ms: 1_000_000 + ms, ..of("t") };
    bench.read("a", after(59_999)).await.unwrap();
    assert_eq!(bench.calls().1, 1);
    bench.read("a", after(60_000)).await.unwrap();
    assert_eq!(bench.calls().1, 2, "too old");
    bench.read("b", of("t")).await.unwrap();
    bench.read("a", of("other")).await.unwrap();
    bench
        .read("a", Wanted { withhold_images: true, type_hint: Some("order".into()), ..of("t") })
        .await
        .unwrap();
    assert_eq!(bench.calls().1, 5);
    bench.read("a", of("forgetful")).await.unwrap();
    bench.read("a", of("forgetful")).await.unwrap();
    assert_eq!(bench.calls().1, 7);
}

#[test]
fn routes_that_cannot_be_taken_are_refused() {
    let refused = |toml: &str| {
        let config: RouterConfig = toml::from_str(toml).unwrap();
        let local: Arc<dyn Extractor> =
            Arc::new(Scripted { name: "local", total: None, calls: Arc::default() });
        let error = Router::new(&config, vec![local], None).err().unwrap();
        assert_eq!((error.code().0, error.class()), ("INFER-0070", Class::Fatal));
    };
    refused("[[routes]]\nengines = []");
    refused("[[routes]]\nengines = ['llm']");
    refused("[[routes]]\nbelow = 1.5");
}
