//! Settings of the router.

use crate::error::InferError;
use crate::extract::{ENGINE_LOCAL, Wanted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Which engines read which documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RouterConfig {
    /// Routes; the first whose conditions hold is taken. None of them: the local engine alone.
    pub routes: Vec<Route>,
    /// What tenants allow that have no entry in `tenants`.
    pub flags: Flags,
    /// What single tenants allow.
    pub tenants: BTreeMap<String, Flags>,
    /// How long results of engines other than the local one are remembered, in seconds; 0 = not at all.
    pub cache_ttl_s: u64,
}

impl Default for RouterConfig {
    fn default() -> Self {
        Self {
            routes: Vec::new(),
            flags: Flags::default(),
            tenants: BTreeMap::new(),
            cache_ttl_s: 7 * 24 * 60 * 60,
        }
    }
}

/// One way for documents.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Route {
    /// Tenants whose documents it is for; none: all.
    pub tenants: Vec<String>,
    /// Document types that it is for, as the local engine sees them; none: all.
    pub types: Vec<String>,
    /// Whose fields are wanted.
    pub schema: Scope,
    /// Engines in the order in which they are asked: `local`, `layoutlm`, `llm`.
    pub engines: Vec<String>,
    /// The next engine is asked while a field that the document needs is missing or less sure than this, 0 to 1.
    pub below: f64,
    /// Ask all engines, however sure the first is.
    pub all: bool,
}

impl Default for Route {
    fn default() -> Self {
        Self {
            tenants: Vec::new(),
            types: Vec::new(),
            schema: Scope::Any,
            engines: vec![ENGINE_LOCAL.to_owned()],
            below: 0.85,
            all: false,
        }
    }
}

/// Whose fields are wanted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Anybody's.
    #[default]
    Any,
    /// Those of the built-in business document.
    BuiltIn,
    /// Those of a tenant's schema.
    Own,
}

/// What a tenant allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Flags {
    /// Its documents may be sent to language models.
    pub llm: bool,
    /// Its documents may be read by the LayoutLM model.
    pub layoutlm: bool,
    /// Pictures of its pages may be sent to language models; without it their text alone is.
    pub images: bool,
    /// Results of its documents may be remembered.
    pub cache: bool,
}

impl Default for Flags {
    fn default() -> Self {
        Self { llm: true, layoutlm: true, images: true, cache: true }
    }
}

impl RouterConfig {
    /// Refuses what could only fail later.
    pub(super) fn check(&self, engines: &[&str]) -> Result<(), InferError> {
        let wrong = |field, reason| Err(InferError::Router { field, reason });
        for route in &self.routes {
            if route.engines.is_empty() {
                return wrong("engines", "a route needs at least one engine");
            }
            if !route.engines.iter().all(|name| engines.contains(&name.as_str())) {
                return wrong("engines", "a route names an engine that is unknown or not configured");
            }
            if !(0.0..=1.0).contains(&route.below) {
                return wrong("below", "it must be within 0 and 1");
            }
        }
        Ok(())
    }

    /// Whether any route asks for the document's type.
    pub(super) fn by_type(&self) -> bool {
        self.routes.iter().any(|r| !r.types.is_empty())
    }

    /// The route of a document.
    pub(super) fn route(&self, wanted: &Wanted, kind: &str) -> Route {
        let among = |list: &[String], one: &str| list.is_empty() || list.iter().any(|l| l == one);
        let holds = |r: &&Route| {
            let scope = match r.schema {
                Scope::Any => true,
                Scope::BuiltIn => wanted.schema.is_none(),
                Scope::Own => wanted.schema.is_some(),
            };
            scope && among(&r.tenants, &wanted.tenant) && among(&r.types, kind)
        };
        self.routes.iter().find(holds).cloned().unwrap_or_default()
    }

    /// What a tenant allows.
    pub(super) fn flags(&self, tenant: &str) -> Flags {
        self.tenants.get(tenant).copied().unwrap_or(self.flags)
    }
}
