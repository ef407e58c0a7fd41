//! What a server answers.

use crate::RemoteError;
use serde::Deserialize;

/// A completed chat.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatAnswer {
    /// The answer; never empty.
    pub text: String,
    /// Why it ends where it does.
    pub finish: Finish,
    /// What it took.
    pub usage: Usage,
    /// Provider that gave it.
    pub provider: String,
    /// Model, as the server names it, else as it was asked for.
    pub model: String,
    /// Attempts that the call took, at all providers.
    pub attempts: u32,
    /// How probable each token of the text was; none where the server does not say.
    pub logprobs: Option<Vec<TokenLogprob>>,
}

/// A token of an answer.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct TokenLogprob {
    /// Its text.
    pub token: String,
    /// Natural logarithm of its probability.
    pub logprob: f64,
}

/// Why an answer ends where it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finish {
    /// It is complete.
    Stop,
    /// It was cut at the most tokens.
    Length,
    /// Something else, such as a content filter; empty where the server does not say.
    Other(String),
}

/// What an answer took.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Usage {
    /// Tokens sent.
    pub tokens_in: u64,
    /// Tokens received.
    pub tokens_out: u64,
    /// True where the server did not count and the numbers are a quarter of the characters.
    pub estimated: bool,
    /// Millionths of a US dollar at the configured prices.
    pub micro_usd: u64,
}

/// An answer that could not be used, and that its server charges for all the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wasted {
    /// Provider that gave it.
    pub provider: String,
    /// What it took, as the server counted.
    pub usage: Usage,
}

/// Why a body is no answer, and the tokens in and out that the server counted for it.
#[derive(Debug, PartialEq)]
pub(crate) struct Unusable {
    pub(crate) error: RemoteError,
    pub(crate) tokens: Option<(u64, u64)>,
}

/// The part of an answer that is read.
#[derive(Deserialize)]
struct Wire {
    model: Option<String>,
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Counts>,
}

#[derive(Deserialize)]
struct Choice {
    message: Option<Said>,
    finish_reason: Option<String>,
    // Servers differ here: what is not of OpenAI's form is none, and no reason to refuse the answer.
    logprobs: Option<serde_json::Value>,
}

#[derive(Deserialize)]
struct Said {
    content: Option<String>,
    refusal: Option<String>,
}

#[derive(Deserialize)]
struct Counts {
    #[serde(default)]
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// What was parsed of an answer.
#[derive(Debug, PartialEq)]
pub(crate) struct Parsed {
    pub(crate) text: String,
    pub(crate) finish: Finish,
    pub(crate) model: Option<String>,
    /// Tokens in and out, where the server counted.
    pub(crate) tokens: Option<(u64, u64)>,
    pub(crate) logprobs: Option<Vec<TokenLogprob>>,
}

/// Reads an answer's body.
pub(crate) fn parse(body: &[u8], provider: &str) -> Result<Parsed, Unusable> {
    let none = |reason| RemoteError::Answer { provider: provider.to_owned(), reason };
    let wire: Wire = serde_json::from_slice(body).map_err(|e| {
        let reason =
            if e.is_eof() { "its JSON ends too early" } else { "it is no JSON of a chat completion" };
        Unusable { error: none(reason), tokens: None }
    })?;
    let tokens = wire.usage.map(|u| (u.prompt_tokens, u.completion_tokens));
    let unusable = |reason| Unusable { error: none(reason), tokens };
    let choice = wire.choices.into_iter().next().ok_or_else(|| unusable("it has no choices"))?;
    let finish = match choice.finish_reason.as_deref() {
        Some("stop") => Finish::Stop,
        Some("length") => Finish::Length,
        other => Finish::Other(other.unwrap_or_default().chars().take(40).collect()),
    };
    let said = choice.message.ok_or_else(|| unusable("its choice has no message"))?;
    let text = said.content.unwrap_or_default();
    if text.trim().is_empty() {
        let reason = if said.refusal.is_some() { "the model refuses" } else { "its message is empty" };
        let error = RemoteError::NoText { provider: provider.to_owned(), reason };
        return Err(Unusable { error, tokens });
    }
    let logprobs =
        choice.logprobs.and_then(|mut l| serde_json::from_value(l.get_mut("content")?.take()).ok());
    let model = wire.model.map(|m| m.chars().take(200).collect());
    Ok(Parsed { text, finish, model, tokens, logprobs })
}

/// Usage, counted or estimated, with its price. A dollar a million tokens is a millionth of a dollar a token.
pub(crate) fn usage(tokens: Option<(u64, u64)>, characters: (usize, usize), prices: (f64, f64)) -> Usage {
    let (tokens_in, tokens_out) =
        tokens.unwrap_or((characters.0.div_ceil(4) as u64, characters.1.div_ceil(4) as u64));
    let micro = tokens_in as f64 * prices.0.max(0.0) + tokens_out as f64 * prices.1.max(0.0);
    Usage { tokens_in, tokens_out, estimated: tokens.is_none(), micro_usd: micro.round() as u64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GOOD: &str = r#"{"id":"x","model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hello"},
        "finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":2,"total_tokens":9}}"#;

    #[test]
    fn an_answer_is_read_with_its_usage() {
        let parsed = parse(GOOD.as_bytes(), "p").unwrap();
        assert_eq!(
            (parsed.text.as_str(), &parsed.finish, parsed.tokens),
            ("hello", &Finish::Stop, Some((7, 2)))
        );
        let u = usage(parsed.tokens, (0, 0), (2.5, 10.0));
        assert_eq!((u.micro_usd, u.estimated), (38, false));
        assert_eq!(
            usage(None, (401, 8), (1.0, 0.0)),
            Usage { tokens_in: 101, tokens_out: 2, estimated: true, micro_usd: 101 }
        );
    }

    #[test]
    fn probabilities_are_read_where_they_have_the_usual_form() {
        let with = |logprobs: &str| {
            let body = format!(
                r#"{{"choices":[{{"message":{{"content":"ab"}},"finish_reason":"stop","logprobs":{logprobs}}}]}}"#
            );
            parse(body.as_bytes(), "p").unwrap().logprobs
        };
        let two =
            with(r#"{"content":[{"token":"a","logprob":-0.5,"bytes":[97]},{"token":"b","logprob":0}]}"#)
                .unwrap();
        assert_eq!((two[0].token.as_str(), two[0].logprob, two[1].logprob), ("a", -0.5, 0.0));
        for other in
            ["null", "{}", r#"{"content":null}"#, r#"{"tokens":["a"]}"#, r#"{"content":[{"token":1}]}"#]
        {
            assert_eq!(with(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_no_answer_says_why() {
        for (body, why) in [
            ("<html>", "no JSON"),
            ("{}", "no choices"),
            (r#"{"choices":[]}"#, "no choices"),
            (r#"{"choices":[{}]}"#, "no message"),
            (r#"{"choices":[{"message":{"content":null}}]}"#, "empty"),
            (r#"{"choices":[{"message":{"content":" \n"}}]}"#, "empty"),
            (r#"{"choices":[{"message":{"refusal":"no"}}]}"#, "refuses"),
        ] {
            let Unusable { error, tokens } = parse(body.as_bytes(), "p").unwrap_err();
            assert_eq!(tokens, None, "{body}");
            assert!(error.to_string().contains(why), "{body}: {error}");
        }
    }

    #[test]
    fn what_is_no_answer_still_says_what_it_took() {
        let choices = [
            "[]",
            "[{}]",
            r#"[{"message":{"content":""}}]"#,
            r#"[{"message":{"content":null,"refusal":"no"}}]"#,
        ];
        for choices in choices {
            let body = format!(
                r#"{{"choices":{choices},"usage":{{"prompt_tokens":1000,"completion_tokens":100}}}}"#
            );
            assert_eq!(parse(body.as_bytes(), "p").unwrap_err().tokens, Some((1000, 100)), "{choices}");
        }
    }

    proptest! {
        #[test]
        fn an_answer_that_was_cut_is_never_taken_for_whole(n in 0..GOOD.len()) {
            prop_assert!(parse(&GOOD.as_bytes()[..n], "p").is_err());
        }
    }
}
