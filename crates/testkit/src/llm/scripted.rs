//! A server whose answers a function gives.

use super::http::{Request, read_request, respond};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

/// What the server answers.
#[derive(Debug, Clone)]
pub enum Reply {
    /// A completed chat with this text.
    Text(String),
    /// A completed chat that was cut at the most tokens.
    Cut(String),
    /// This body.
    Json(Value),
    /// This status, with an error of OpenAI's shape.
    Status(u16, String),
}

impl Reply {
    /// A completed chat with this text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn parts(self, model: &Value) -> (u16, Value) {
        let chat = |text: &str, finish: &str| {
            json!({
                "id": "chatcmpl-1", "object": "chat.completion", "model": model,
                "choices": [{"index": 0, "finish_reason": finish, "message": {"role": "assistant", "content": text}}],
                "usage": {"prompt_tokens": 11, "completion_tokens": 7, "total_tokens": 18},
            })
        };
        match self {
            Self::Text(text) => (200, chat(&text, "stop")),
            Self::Cut(text) => (200, chat(&text, "length")),
            Self::Json(body) => (200, body),
            Self::Status(status, message) => (status, json!({"error": {"message": message, "code": status}})),
        }
    }
}

/// A request as the server saw it.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Path of the call.
    pub path: String,
    /// `Bearer …`
    pub authorization: Option<String>,
    /// The body.
    pub body: Value,
}

impl Seen {
    fn of(request: &Request) -> Self {
        let path = request.head.split(' ').nth(1).unwrap_or_default().to_owned();
        let body = serde_json::from_slice(&request.body).unwrap_or_default();
        Self { path, authorization: request.header("authorization"), body }
    }

    /// All text of the messages.
    pub fn text(&self) -> String {
        let mut all = String::new();
        for message in self.body["messages"].as_array().into_iter().flatten() {
            let content = &message["content"];
            all.extend(content.as_str());
            for part in content.as_array().into_iter().flatten() {
                all.extend(part["text"].as_str());
            }
            all.push('\n');
        }
        all
    }

    /// Data URLs of the images.
    pub fn images(&self) -> Vec<String> {
        let messages = self.body["messages"].as_array().into_iter().flatten();
        let parts = messages.flat_map(|m| m["content"].as_array().into_iter().flatten());
        parts.filter_map(|p| p["image_url"]["url"].as_str()).map(str::to_owned).collect()
    }
}

/// A server in this process. Ends when it is dropped.
#[derive(Debug)]
pub struct ScriptedServer {
    address: std::net::SocketAddr,
    seen: Arc<Mutex<Vec<Seen>>>,
    task: JoinHandle<()>,
}

impl ScriptedServer {
    /// Answers every request with what `answer` says, in its own time, many at once.
    pub async fn start<F>(answer: impl Fn(Seen) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Reply> + Send,
    {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (requests, answer) = (Arc::clone(&seen), Arc::new(answer));
        let task = tokio::spawn(async move {
            while let Ok((mut socket, _)) = listener.accept().await {
                let (requests, answer) = (Arc::clone(&requests), Arc::clone(&answer));
                tokio::spawn(async move {
                    let Ok(Some(request)) = read_request(&mut socket).await else { return };
                    let request = Seen::of(&request);
                    requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
                    let model = request.body["model"].clone();
                    let (status, body) = answer(request).await.parts(&model);
                    // A client that went away is no mistake of the server.
                    respond(&mut socket, status, "", body.to_string().as_bytes()).await.ok();
                });
            }
        });
        Self { address, seen, task }
    }

    /// Answers every request with this text.
    pub async fn saying(text: &'static str) -> Self {
        Self::start(move |_| async move { Reply::text(text) }).await
    }

    /// Its address.
    pub fn address(&self) -> std::net::SocketAddr {
        self.address
    }

    /// Base of the API, as it stands in a provider's configuration.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Requests so far.
    pub fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}
