//! Which engines read a document, in which order, and what is made of their answers.
//!
//! Owns routes, flags of tenants, and the cache of results. Knows engines by name only. Rules: with no route configured the local
//! engine alone reads, as if there were no router; an engine that fails is passed over with a problem that says so, and only
//! where all fail does the document; what was paid for is never paid for twice while it is remembered.

mod cache;
mod config;
#[cfg(test)]
mod tests;

pub use config::{Flags, Route, RouterConfig, Scope};

use crate::error::InferError;
use crate::extract::{ENGINE_LAYOUTLM, ENGINE_LLM, ENGINE_LOCAL, Extraction, Extractor, Pages, Wanted};
use crate::merge;
use cache::Cache;
use docmill_blobs::Blobs;
use docmill_contracts::{AccuracyMode, Classify, Cost, Problem, Severity};
use std::sync::Arc;

/// Reads documents with the engines that their route names.
pub struct Router {
    config: RouterConfig,
    engines: Vec<Arc<dyn Extractor>>,
    cache: Option<Cache>,
    version: String,
}

impl Router {
    /// A router over these engines, among them the local one. Fails where a route names an engine that there is not.
    pub fn new(
        config: &RouterConfig,
        engines: Vec<Arc<dyn Extractor>>,
        blobs: Option<Blobs>,
    ) -> Result<Self, InferError> {
        config.check(&engines.iter().map(|e| e.engine()).collect::<Vec<_>>())?;
        let cache = blobs.filter(|_| config.cache_ttl_s > 0).map(|b| Cache::new(b, config.cache_ttl_s));
        let version = engines.iter().map(|e| e.version()).collect::<Vec<_>>().join("+");
        Ok(Self { config: config.clone(), engines, cache, version })
    }

    fn engine(&self, name: &str) -> Option<&Arc<dyn Extractor>> {
        self.engines.iter().find(|e| e.engine() == name)
    }

    fn read(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        if wanted.local_only {
            let local = self.engine(ENGINE_LOCAL);
            let none = InferError::Router { field: "engines", reason: "there is no local engine" };
            return local.ok_or(none)?.extract(pages, wanted);
        }
        let flags = self.config.flags(&wanted.tenant);
        let wanted = Wanted { withhold_images: !flags.images, ..wanted.clone() };
        let mut run = Run { router: self, wanted: &wanted, flags, cost: Cost::default(), local: None };
        let kind = if self.config.by_type() { run.kind(pages)? } else { String::new() };
        let route = self.config.route(&wanted, &kind);
        let mut found: Vec<Extraction> = Vec::new();
        let mut failures: Vec<(String, InferError)> = Vec::new();
        for name in route.engines.iter().filter(|name| flags.allow(name)) {
            let enough = |f: &Extraction| match wanted.accuracy {
                AccuracyMode::Fast => true,
                AccuracyMode::Balanced => !route.all && !merge::is_weak(f, &wanted, route.below),
                AccuracyMode::Accurate => false,
            };
            if found.first().is_some_and(enough) {
                break;
            }
            match run.ask(name, pages) {
                Ok(more) => {
                    let mut all = std::mem::take(&mut found);
                    all.push(more);
                    found.push(merge::merge(all, &wanted));
                }
                Err(error) => failures.push((name.clone(), error)),
            }
        }
        let Some(mut found) = found.pop() else {
            return Err(match failures.pop() {
                Some((_, error)) => error,
                None => InferError::NoEngine { tenant: wanted.tenant.chars().take(64).collect() },
            });
        };
        merge::add_cost(&mut found, &run.cost);
        found.problems.extend(failures.iter().map(|(name, error)| passed_over(name, error)));
        Ok(found)
    }
}

impl Extractor for Router {
    fn engine(&self) -> &'static str {
        "router"
    }

    fn version(&self) -> &str {
        &self.version
    }

    fn extract(&self, pages: &mut dyn Pages, wanted: &Wanted) -> Result<Extraction, InferError> {
        self.read(pages, wanted)
    }
}

/// One document on its way through the engines.
struct Run<'a> {
    router: &'a Router,
    wanted: &'a Wanted,
    flags: Flags,
    /// What engines cost that gave nothing.
    cost: Cost,
    /// What the local engine found, where it was asked for the type already.
    local: Option<Extraction>,
}

impl Run<'_> {
    fn kind(&mut self, pages: &mut dyn Pages) -> Result<String, InferError> {
        let found = self.ask(ENGINE_LOCAL, pages)?;
        let kind = found.kind.value.clone();
        self.local = Some(found);
        Ok(kind)
    }

    fn ask(&mut self, name: &str, pages: &mut dyn Pages) -> Result<Extraction, InferError> {
        if let Some(found) = self.local.as_ref().filter(|_| name == ENGINE_LOCAL) {
            return Ok(found.clone());
        }
        let Some(engine) = self.router.engine(name) else {
            return Err(InferError::Router { field: "engines", reason: "an engine is not configured" });
        };
        // The local engine is faster than the store.
        let cache = self.router.cache.as_ref().filter(|_| name != ENGINE_LOCAL && self.flags.cache);
        let key = cache.and_then(|c| Some((c, Cache::key(engine.as_ref(), pages, self.wanted)?)));
        if let Some(found) = key.as_ref().and_then(|(cache, key)| cache.recall(key, self.wanted)) {
            return Ok(found);
        }
        match engine.extract(pages, self.wanted) {
            Ok(found) => {
                if let Some((cache, key)) = key.filter(|_| is_lasting(&found)) {
                    cache.remember(&key, &found, self.wanted);
                }
                Ok(found)
            }
            Err(error) => {
                if let InferError::Llm { cost, .. } = &error {
                    let mut sum = Extraction::of_engine("", "");
                    merge::add_cost(&mut sum, &self.cost);
                    merge::add_cost(&mut sum, cost);
                    self.cost = sum.cost;
                }
                tracing::warn!(engine = name, code = %error.code(), "engine gave nothing: {error}");
                Err(error)
            }
        }
    }
}

impl Flags {
    fn allow(self, engine: &str) -> bool {
        match engine {
            ENGINE_LLM => self.llm,
            ENGINE_LAYOUTLM => self.layoutlm,
            _ => true,
        }
    }
}

/// Whether a result is worth remembering: one that a server's bad moment made poorer is not.
fn is_lasting(found: &Extraction) -> bool {
    let passing = |code: &str| code.starts_with("REMOTE-") || crate::llm::is_passing(code);
    !found.problems.iter().any(|p| passing(&p.code))
}

fn passed_over(engine: &str, error: &InferError) -> Problem {
    Problem {
        code: error.code().0.to_owned(),
        severity: Severity::Warning,
        message: format!("engine {engine} gave nothing: {error}"),
        fields: Vec::new(),
        page: None,
    }
}
