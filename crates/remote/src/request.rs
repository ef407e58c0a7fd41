//! What is asked, and its form on the wire.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use serde_json::{Map, Value, json};

/// A chat to be completed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct ChatRequest {
    /// The messages so far.
    pub messages: Vec<Message>,
    /// Model to ask for in place of each provider's own.
    pub model: Option<String>,
    /// Most tokens of the answer.
    pub max_tokens: Option<u32>,
    /// 0 for the same answer each time, as far as the server keeps that.
    pub temperature: Option<f32>,
    /// Seed of the server's random numbers.
    pub seed: Option<u64>,
    /// The answer must be JSON of this schema.
    pub json_schema: Option<JsonSchema>,
    /// Ask how probable each token of the answer was.
    pub logprobs: bool,
}

/// A schema for the answer (`response_format`).
#[derive(Debug, Clone, PartialEq)]
pub struct JsonSchema {
    /// Its name, letters and digits.
    pub name: String,
    /// The schema.
    pub schema: Value,
    /// Whether the server must hold to it to the letter.
    pub strict: bool,
}

/// One message.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said and shown.
    pub content: Vec<Part>,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Instructions.
    System,
    /// The question.
    User,
    /// An earlier answer.
    Assistant,
}

/// A part of a message.
#[derive(Debug, Clone, PartialEq)]
pub enum Part {
    /// Text.
    Text(String),
    /// An image.
    Image {
        /// `image/png`, `image/jpeg`.
        media_type: String,
        /// The file.
        bytes: Bytes,
    },
}

impl Part {
    /// Text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// An image.
    pub fn image(media_type: impl Into<String>, bytes: impl Into<Bytes>) -> Self {
        Self::Image { media_type: media_type.into(), bytes: bytes.into() }
    }

    fn to_json(&self) -> Value {
        match self {
            Self::Text(text) => json!({"type": "text", "text": text}),
            Self::Image { media_type, bytes } => {
                let mut url = format!("data:{media_type};base64,");
                STANDARD.encode_string(bytes, &mut url);
                json!({"type": "image_url", "image_url": {"url": url}})
            }
        }
    }
}

impl Message {
    /// Instructions.
    pub fn system(text: impl Into<String>) -> Self {
        Self { role: Role::System, content: vec![Part::text(text)] }
    }

    /// A question.
    pub fn user(content: Vec<Part>) -> Self {
        Self { role: Role::User, content }
    }

    /// An earlier answer.
    pub fn assistant(text: impl Into<String>) -> Self {
        Self { role: Role::Assistant, content: vec![Part::text(text)] }
    }

    fn to_json(&self) -> Value {
        let role = match self.role {
            Role::System => "system",
            Role::User => "user",
            Role::Assistant => "assistant",
        };
        // Text alone goes as text: servers without vision know no parts.
        match self.content.as_slice() {
            [Part::Text(text)] => json!({"role": role, "content": text}),
            parts => json!({"role": role, "content": parts.iter().map(Part::to_json).collect::<Vec<_>>()}),
        }
    }
}

impl ChatRequest {
    /// True where an image is shown.
    pub fn has_images(&self) -> bool {
        self.messages.iter().flat_map(|m| &m.content).any(|p| matches!(p, Part::Image { .. }))
    }

    /// The body of the call. `extra` fields come over the others: a server's peculiarities are known by who configures it.
    pub(crate) fn body(&self, model: &str, extra: &Map<String, Value>) -> Vec<u8> {
        let mut body = Map::new();
        body.insert("model".into(), self.model.as_deref().unwrap_or(model).into());
        body.insert("messages".into(), self.messages.iter().map(Message::to_json).collect());
        body.insert("stream".into(), false.into());
        if let Some(n) = self.max_tokens {
            body.insert("max_tokens".into(), n.into());
        }
        if let Some(t) = self.temperature {
            body.insert("temperature".into(), t.into());
        }
        if let Some(seed) = self.seed {
            body.insert("seed".into(), seed.into());
        }
        if let Some(JsonSchema { name, schema, strict }) = &self.json_schema {
            let schema = json!({"name": name, "schema": schema, "strict": strict});
            body.insert("response_format".into(), json!({"type": "json_schema", "json_schema": schema}));
        }
        if self.logprobs {
            body.insert("logprobs".into(), true.into());
        }
        body.extend(extra.iter().map(|(k, v)| (k.clone(), v.clone())));
        Value::Object(body).to_string().into_bytes()
    }

    /// Characters of its text, for an estimate where the server counts no tokens.
    pub(crate) fn characters(&self) -> usize {
        let parts = self.messages.iter().flat_map(|m| &m.content);
        parts.map(|p| if let Part::Text(t) = p { t.chars().count() } else { 0 }).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_the_one_that_openai_documents() {
        let request = ChatRequest {
            messages: vec![
                Message::system("read"),
                Message::user(vec![Part::text("this"), Part::image("image/png", &b"abc"[..])]),
            ],
            max_tokens: Some(9),
            temperature: Some(0.0),
            json_schema: Some(JsonSchema {
                name: "r".into(),
                schema: json!({"type": "object"}),
                strict: true,
            }),
            ..ChatRequest::default()
        };
        let extra = json!({"top_k": 1, "stream": false}).as_object().unwrap().clone();
        let body: Value = serde_json::from_slice(&request.body("m", &extra)).unwrap();
        assert_eq!(
            body,
            json!({
                "model": "m",
                "messages": [
                    {"role": "system", "content": "read"},
                    {"role": "user", "content": [
                        {"type": "text", "text": "this"},
                        {"type": "image_url", "image_url": {"url": "data:image/png;base64,YWJj"}},
                    ]},
                ],
                "stream": false, "max_tokens": 9, "temperature": 0.0, "top_k": 1,
                "response_format": {"type": "json_schema",
                    "json_schema": {"name": "r", "schema": {"type": "object"}, "strict": true}},
            })
        );
        assert!(request.has_images());
        assert_eq!(request.characters(), 8);
    }
}
