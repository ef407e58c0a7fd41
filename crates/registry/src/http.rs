//! A Confluent-compatible registry: Confluent's own, Apicurio (`/apis/ccompat/v7`), Karapace, Redpanda's.

use crate::RegistryError;
use docmill_contracts::{RecordKind, Secret as Password};
use reqwest::{StatusCode, Url};
use schema_registry_converter::async_impl::schema_registry::{
    SrSettings, get_schema_by_id, perform_sr_call, post_schema,
};
use schema_registry_converter::error::SRCError;
use schema_registry_converter::schema_registry_common::{RawError, SchemaType, SrCall, SuppliedSchema};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::error::Error as _;
use std::fmt;
use std::time::Duration;

/// Longest wait for an answer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// Attempts at a subject that others may be registering at the same time.
const ATTEMPTS: u32 = 5;
/// Level that new subjects get: any version may be read with any other, in both directions.
const LEVEL: &str = "FULL_TRANSITIVE";
/// Confluent's codes of a 404: no such subject, no such version, no such schema; and the plain status.
const NOT_FOUND: [u32; 4] = [40_401, 40_402, 40_403, 404];

/// How to reach a registry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct HttpConfig {
    /// Address, with the path of Confluent's API (Apicurio: `http://127.0.0.1:8081/apis/ccompat/v7`).
    pub url: String,
    /// Registers schemas that are not there yet. Off where only a pipeline may do so.
    pub register: bool,
    /// User name, or API key.
    pub username: Option<String>,
    /// Password, or API secret.
    pub password: Option<Password>,
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self {
            url: "http://127.0.0.1:8081/apis/ccompat/v7".to_owned(),
            register: true,
            username: None,
            password: None,
        }
    }
}

/// A registry by HTTP. Cheap to clone.
#[derive(Clone)]
pub struct HttpRegistry {
    /// Address without credentials and final slash.
    url: String,
    register: bool,
    credentials: Option<(String, Option<Password>)>,
    settings: SrSettings,
    client: reqwest::Client,
}

impl fmt::Debug for HttpRegistry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpRegistry")
            .field("url", &self.url)
            .field("register", &self.register)
            .finish_non_exhaustive()
    }
}

impl HttpRegistry {
    /// Checks the configuration; connects to nothing yet.
    pub fn new(config: &HttpConfig) -> Result<Self, RegistryError> {
        let (url, in_url) = split_credentials(&config.url)?;
        let credentials = config.username.clone().map(|u| (u, config.password.clone())).or(in_url);
        // reqwest is built without a provider. It fails where one is installed already, which is as good.
        drop(rustls::crypto::ring::default_provider().install_default());
        let failed = |source| RegistryError::Client { url: url.clone(), source };
        let mut builder = SrSettings::new_builder(url.clone());
        builder.set_timeout(TIMEOUT);
        if let Some((user, password)) = &credentials {
            builder.set_basic_authorization(user, password.as_ref().map(Password::reveal));
        }
        let mut client = reqwest::Client::builder().timeout(TIMEOUT);
        // A proxy that is configured for the world is not for this machine.
        if is_loopback(&url) {
            builder.no_proxy();
            client = client.no_proxy();
        }
        let settings = builder.build().map_err(|e| failed(Box::new(e)))?;
        let client = client.build().map_err(|e| failed(Box::new(e)))?;
        Ok(Self { url, register: config.register, credentials, settings, client })
    }

    /// Address, without credentials.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The id of this build's schema of `kind` under `subject`.
    ///
    /// Processes that start together register the same at the same time, and a registry may refuse all but the first:
    /// what was refused is looked up again.
    pub(crate) async fn id(&self, subject: &str, kind: RecordKind) -> Result<u32, RegistryError> {
        let mut attempt = 1;
        loop {
            match self.look_up_or_register(subject, kind).await {
                Err(RegistryError::Refused { reason, .. }) if attempt < ATTEMPTS => {
                    tracing::debug!(subject, attempt, "looked up again after: {reason}");
                    tokio::time::sleep(Duration::from_millis(50 * u64::from(attempt))).await;
                    attempt += 1;
                }
                result => return result,
            }
        }
    }

    async fn look_up_or_register(&self, subject: &str, kind: RecordKind) -> Result<u32, RegistryError> {
        let schema = kind.schema_json();
        let body = json!({"schema": schema, "schemaType": "AVRO"}).to_string();
        // Looking up first needs no right to write, and leaves the registry as it is on every later start.
        match perform_sr_call(&self.settings, SrCall::PostForVersion(subject, &body)).await {
            Ok(found) => {
                if let Some(id) = found.id {
                    return Ok(id);
                }
            }
            Err(e) if NOT_FOUND.contains(&raw(&e).0) => {}
            Err(e) => return Err(self.error(&e, "look up", subject)),
        }
        if !self.register {
            let (record, subject) = (kind.name(), subject.to_owned());
            return Err(RegistryError::NotRegistered { record, subject, url: self.url.clone() });
        }
        // Before the schema, so that no schema is ever accepted without it: some registries have no level at first.
        self.ensure_level(subject).await?;
        let name = Some(format!("docmill.{}", kind.name()));
        let supplied = SuppliedSchema::new(name, SchemaType::Avro, schema.to_owned());
        match post_schema(&self.settings, subject.to_owned(), supplied).await {
            Ok(registered) => {
                tracing::info!(subject, id = registered.id, "registered schema");
                Ok(registered.id)
            }
            Err(e) if raw(&e).0 == 409 => Err(RegistryError::Incompatible {
                record: kind.name(),
                subject: subject.to_owned(),
                url: self.url.clone(),
                reason: raw(&e).1,
            }),
            Err(e) => Err(self.error(&e, "register", subject)),
        }
    }

    /// The schema of an id, as JSON.
    pub(crate) async fn fetch(&self, id: u32) -> Result<String, RegistryError> {
        match get_schema_by_id(id, &self.settings).await {
            Ok(found) => Ok(found.schema),
            Err(e) if NOT_FOUND.contains(&raw(&e).0) => {
                Err(RegistryError::UnknownId { id, url: self.url.clone() })
            }
            Err(e) => Err(self.error(&e, "give schema", &id.to_string())),
        }
    }

    /// Gives a subject its compatibility level, unless it has one of its own.
    async fn ensure_level(&self, subject: &str) -> Result<(), RegistryError> {
        let address = format!("{}/config/{}", self.url, subject.replace('/', "%2F"));
        let asked = self.send(self.client.get(format!("{address}?defaultToGlobal=false"))).await?;
        match asked.status() {
            s if s.is_success() => return Ok(()),
            StatusCode::NOT_FOUND => {}
            _ => return Err(self.refused(asked, "tell the compatibility of", subject).await),
        }
        let set = self.send(self.client.put(address).json(&json!({"compatibility": LEVEL}))).await?;
        if set.status().is_success() {
            Ok(())
        } else {
            Err(self.refused(set, "set the compatibility of", subject).await)
        }
    }

    async fn send(&self, request: reqwest::RequestBuilder) -> Result<reqwest::Response, RegistryError> {
        let request = match &self.credentials {
            Some((user, password)) => request.basic_auth(user, password.as_ref().map(Password::reveal)),
            None => request,
        };
        request.send().await.map_err(|e| self.unreachable(&e))
    }

    async fn refused(
        &self,
        response: reqwest::Response,
        action: &'static str,
        subject: &str,
    ) -> RegistryError {
        let status = u32::from(response.status().as_u16());
        let said: Value = response.json().await.unwrap_or_default();
        let error = said.get("error_code").and_then(Value::as_u64).and_then(|c| u32::try_from(c).ok());
        let reason = said.get("message").and_then(Value::as_str).unwrap_or("no reason given");
        self.classify(error.unwrap_or(status), one_line(reason), action, subject)
    }

    /// What the converter met.
    fn error(&self, e: &SRCError, action: &'static str, subject: &str) -> RegistryError {
        match e.source().and_then(|s| s.downcast_ref::<reqwest::Error>()) {
            Some(http) if !http.is_decode() => self.unreachable(http),
            Some(_) | None => {
                let (error, reason) = raw(e);
                self.classify(error, reason, action, subject)
            }
        }
    }

    fn classify(&self, error: u32, reason: String, action: &'static str, subject: &str) -> RegistryError {
        let url = self.url.clone();
        match error {
            401 | 403 | 40_101 | 40_301 => RegistryError::Denied { url, status: error },
            502..=504 => RegistryError::Unreachable { url, reason },
            _ => RegistryError::Refused { action, subject: subject.to_owned(), url, error, reason },
        }
    }

    fn unreachable(&self, e: &reqwest::Error) -> RegistryError {
        // The innermost cause says what happened; the outer ones say that something did.
        let mut cause: &dyn std::error::Error = e;
        while let Some(inner) = cause.source() {
            cause = inner;
        }
        RegistryError::Unreachable { url: self.url.clone(), reason: one_line(&cause.to_string()) }
    }
}

/// Error code and message of the registry. Where it sent no JSON, the converter keeps the status in its text alone.
fn raw(e: &SRCError) -> (u32, String) {
    let status = || {
        let after = e.error.split("status ").nth(1).unwrap_or_default();
        after.split(' ').next().and_then(|s| s.parse().ok()).unwrap_or(0)
    };
    match e.source().and_then(|s| s.downcast_ref::<RawError>()) {
        Some(raw) if raw.error_code != 0 => (raw.error_code, one_line(&raw.message)),
        Some(_) => (status(), one_line(&e.error)),
        None => (status(), one_line(e.cause.as_deref().unwrap_or(&e.error))),
    }
}

fn is_loopback(url: &str) -> bool {
    Url::parse(url).is_ok_and(|u| matches!(u.host_str(), Some("localhost" | "127.0.0.1" | "[::1]")))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").chars().take(400).collect()
}

type Credentials = Option<(String, Option<Password>)>;

/// The address without user and password, and those.
fn split_credentials(url: &str) -> Result<(String, Credentials), RegistryError> {
    // Whatever stands before an @ may be a password.
    let wrong = || RegistryError::Url { url: url.rsplit('@').next().unwrap_or_default().to_owned() };
    let mut parsed = Url::parse(url).map_err(|_| wrong())?;
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(wrong());
    }
    let user = parsed.username().to_owned();
    let password = parsed.password().map(Password::new);
    parsed.set_password(None).map_err(|()| wrong())?;
    parsed.set_username("").map_err(|()| wrong())?;
    let plain = parsed.as_str().trim_end_matches('/').to_owned();
    Ok((plain, (!user.is_empty()).then_some((user, password))))
}
