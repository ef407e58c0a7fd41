//! A trained model: scorers by field, as bytes that name themselves.
//!
//! Owns the form of a model file. Knows no page. Rule: what is not a whole model of this form, with finite weights, is
//! refused with the reason; a model's version is the SHA-256 of its bytes.

use crate::train::truth::Alike;
use docmill_contracts::{Class, Classify, Code};
use docmill_learn::{Linear, Platt};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use thiserror::Error;

/// First bytes of a model file; the number is that of the features.
const MAGIC: &[u8] = b"docmill-model 1\n";

/// Largest model file, bytes.
pub const MAX_MODEL_BYTES: usize = 64 * 1024 * 1024;

/// Name of the scorer of document types among [`Model::kinds`].
pub const KINDS: &str = "type";

/// The built-in model, made by `docmill train --built-in`.
const BUILT_IN: &[u8] = include_bytes!("built-in.model");

/// Scorer of one field.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Scorer {
    /// Weights.
    pub linear: Linear,
    /// Probability of a decision.
    pub platt: Platt,
}

/// Scorers of a tenant's fields, or of the built-in business document.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Model {
    /// What it was trained for: title of the schema.
    pub title: String,
    /// Number of examples.
    pub examples: u32,
    /// Scorers by field.
    pub scorers: BTreeMap<String, Scorer>,
    /// Weights of document types by name; none where types are told by rules.
    pub kinds: BTreeMap<String, Linear>,
    /// Layouts of the examples; see [`super::novelty`].
    pub layouts: Vec<Vec<u32>>,
    /// First digits of the SHA-256 of its bytes.
    pub version: String,
}

/// Why bytes are no model.
#[derive(Debug, Error, PartialEq, Eq)]
pub enum ModelError {
    /// Not one at all, or of another version of docmill.
    #[error("not a model of this version of docmill")]
    Form,
    /// Too large.
    #[error("model of {bytes} bytes exceeds the limit of {MAX_MODEL_BYTES} bytes")]
    TooLarge {
        /// Its length.
        bytes: usize,
    },
    /// Cut off or changed.
    #[error("model is damaged: {what}")]
    Damaged {
        /// What is wrong.
        what: &'static str,
    },
    /// Weights that cannot be used.
    #[error("weights of `{field}` cannot be used: {what}")]
    Weights {
        /// The field.
        field: String,
        /// What is wrong.
        what: &'static str,
    },
}

impl Classify for ModelError {
    fn class(&self) -> Class {
        Class::Input
    }

    fn code(&self) -> Code {
        Code(match self {
            Self::Form | Self::TooLarge { .. } | Self::Damaged { .. } => "INFER-0030",
            Self::Weights { .. } => "INFER-0031",
        })
    }
}

#[derive(Serialize, Deserialize)]
struct Head {
    title: String,
    examples: u32,
    fields: Vec<Part>,
    kinds: Vec<Part>,
    layouts: Vec<usize>,
}

#[derive(Serialize, Deserialize)]
struct Part {
    name: String,
    weights: usize,
    platt: Vec<f64>,
}

impl Model {
    /// The bytes of a model file: magic, length of the head, head as JSON, then each part's names and weights, then the
    /// names of layouts, then the SHA-256 of all before it.
    pub fn to_bytes(&self) -> Result<Vec<u8>, serde_json::Error> {
        let part = |(name, linear, platt): (&String, &Linear, &[f64])| Part {
            name: name.clone(),
            weights: linear.names.len(),
            platt: platt.to_vec(),
        };
        let head = Head {
            title: self.title.clone(),
            examples: self.examples,
            fields: self.scorers.iter().map(|(n, s)| part((n, &s.linear, &s.platt.weights))).collect(),
            kinds: self.kinds.iter().map(|(n, l)| part((n, l, &[]))).collect(),
            layouts: self.layouts.iter().map(Vec::len).collect(),
        };
        let head = serde_json::to_vec(&head)?;
        let mut bytes = MAGIC.to_vec();
        bytes.extend(u32::try_from(head.len()).unwrap_or(u32::MAX).to_le_bytes());
        bytes.extend(head);
        for linear in self.scorers.values().map(|s| &s.linear).chain(self.kinds.values()) {
            linear.names.iter().for_each(|n| bytes.extend(n.to_le_bytes()));
            linear.weights.iter().for_each(|w| bytes.extend(half(*w).to_le_bytes()));
        }
        self.layouts.iter().flatten().for_each(|n| bytes.extend(n.to_le_bytes()));
        let sum = Sha256::digest(&bytes);
        bytes.extend(sum);
        Ok(bytes)
    }

    /// Reads a model file.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ModelError> {
        if bytes.len() > MAX_MODEL_BYTES {
            return Err(ModelError::TooLarge { bytes: bytes.len() });
        }
        let rest = bytes.strip_prefix(MAGIC).ok_or(ModelError::Form)?;
        let short = || ModelError::Damaged { what: "it is cut off" };
        let (body, sum) = bytes.split_at_checked(bytes.len().saturating_sub(32)).ok_or_else(short)?;
        if Sha256::digest(body).as_slice() != sum {
            return Err(ModelError::Damaged { what: "its checksum is another" });
        }
        let mut rest = Rest(&rest[..rest.len().saturating_sub(32)]);
        let length = rest.u32().ok_or_else(short)? as usize;
        let head = rest.take(length).ok_or_else(short)?;
        let head: Head =
            serde_json::from_slice(head).map_err(|_| ModelError::Damaged { what: "its head is no JSON" })?;
        let mut model = Self { title: head.title, examples: head.examples, ..Self::default() };
        for part in head.fields {
            let linear = rest.linear(&part)?;
            let platt = Platt { weights: part.platt };
            if !platt.is_sound() {
                return Err(ModelError::Weights { field: part.name, what: "calibration is no number" });
            }
            model.scorers.insert(part.name, Scorer { linear, platt });
        }
        for part in head.kinds {
            let linear = rest.linear(&part)?;
            model.kinds.insert(part.name, linear);
        }
        for length in head.layouts {
            model.layouts.push(rest.names(length).ok_or_else(short)?);
        }
        if !rest.0.is_empty() {
            return Err(ModelError::Damaged { what: "something follows its end" });
        }
        model.version = sum.iter().take(6).fold(String::new(), |mut hex, b| {
            // Writing to a string cannot fail.
            write!(hex, "{b:02x}").ok();
            hex
        });
        Ok(model)
    }

    /// The model that every build has; none while one is being made for other features.
    pub fn built_in() -> Option<Self> {
        Self::from_bytes(BUILT_IN).ok()
    }

    /// The scorer of a field.
    pub fn scorer(&self, name: &str) -> Option<&Scorer> {
        self.scorers.get(name)
    }
}

struct Rest<'a>(&'a [u8]);

impl<'a> Rest<'a> {
    fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn names(&mut self, n: usize) -> Option<Vec<u32>> {
        let bytes = self.take(n.checked_mul(4)?)?;
        Some(bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect())
    }

    fn linear(&mut self, part: &Part) -> Result<Linear, ModelError> {
        let short = || ModelError::Damaged { what: "it is cut off" };
        let names = self.names(part.weights).ok_or_else(short)?;
        let bytes = self.take(part.weights.checked_mul(2).ok_or_else(short)?).ok_or_else(short)?;
        let weights = bytes.chunks_exact(2).map(|b| whole(u16::from_le_bytes([b[0], b[1]]))).collect();
        let linear = Linear { names, weights };
        if linear.is_sound() {
            Ok(linear)
        } else {
            Err(ModelError::Weights { field: part.name.clone(), what: "not finite, or out of order" })
        }
    }
}

/// The upper half of a number's bits, rounded: enough for a weight.
fn half(value: f32) -> u16 {
    (value.to_bits().saturating_add(0x8000) >> 16) as u16
}

fn whole(half: u16) -> f32 {
    f32::from_bits(u32::from(half) << 16)
}

/// The form in which values of a role are compared.
pub fn key(role: super::fields::Role, value: &str) -> String {
    Alike::of(role).key(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model() -> Model {
        let linear = Linear { names: vec![1, 5, 9], weights: vec![0.5, -2.0, 1.25] };
        let scorer = Scorer { linear: linear.clone(), platt: Platt { weights: vec![1.0, 0.25] } };
        Model {
            title: "T".into(),
            examples: 3,
            scorers: [("total".to_owned(), scorer)].into(),
            kinds: [("invoice".to_owned(), linear)].into(),
            layouts: vec![vec![3, 4], vec![]],
            version: String::new(),
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = model().to_bytes().unwrap();
        let read = Model::from_bytes(&bytes).unwrap();
        assert_eq!(read.version.len(), 12);
        assert_eq!(Model { version: String::new(), ..read }, model());
    }

    #[test]
    fn what_is_no_model_is_refused_with_the_reason() {
        let good = model().to_bytes().unwrap();
        assert_eq!(Model::from_bytes(b"%PDF-1.7").unwrap_err(), ModelError::Form);
        assert_eq!(Model::from_bytes(b"").unwrap_err(), ModelError::Form);
        for cut in [17, 40, good.len() - 1] {
            assert!(matches!(Model::from_bytes(&good[..cut]), Err(ModelError::Damaged { .. })), "{cut}");
        }
        let mut changed = good.clone();
        changed[30] ^= 1;
        assert!(matches!(Model::from_bytes(&changed), Err(ModelError::Damaged { .. })));
        let mut wrong = model();
        wrong.scorers.get_mut("total").unwrap().linear.weights[1] = f32::NAN;
        let error = Model::from_bytes(&wrong.to_bytes().unwrap()).unwrap_err();
        assert!(matches!(&error, ModelError::Weights { field, .. } if field == "total"), "{error}");
    }
}
