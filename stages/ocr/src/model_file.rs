//! A recogniser with fewer classes.
//!
//! Owns one change to an ONNX file: the last layer's columns of characters that are not wanted are left out, which spares a seventh
//! of the recogniser's time. Knows the protocol buffers of ONNX as far as that needs. Rule: a file in which nothing of that shape is
//! found is used as it is.

mod summary;

use std::ops::Range;
pub(crate) use summary::{MORE, with_summary};

/// Fields of ONNX messages, by number.
const MODEL_GRAPH: u64 = 7;
const GRAPH_INITIALIZER: u64 = 5;
const GRAPH_OUTPUT: u64 = 12;
const GRAPH_VALUE_INFO: u64 = 13;
const TENSOR_DIMS: u64 = 1;
const TENSOR_RAW: u64 = 9;
/// From a value's description to its dimensions: type, tensor, shape, dimension, value.
const VALUE_DIM: [u64; 5] = [2, 1, 2, 1, 1];
/// Most bytes of a model that is changed.
const MAX_BYTES: usize = 256 << 20;

/// The model with only the classes of `keep` of the `classes` that its last layer has; none where it cannot be told.
pub(crate) fn with_classes(model: &[u8], classes: usize, keep: &[usize]) -> Option<Vec<u8>> {
    if model.len() > MAX_BYTES || keep.iter().any(|k| *k >= classes) {
        return None;
    }
    let mut out = Vec::with_capacity(model.len());
    let mut changed = 0;
    for field in fields(model)? {
        if field.number == MODEL_GRAPH {
            let graph = graph(field.body(model)?, classes, keep, &mut changed)?;
            put(&mut out, MODEL_GRAPH, &graph);
        } else {
            out.extend_from_slice(&model[field.all]);
        }
    }
    // Weights and bias.
    (changed == 2).then_some(out)
}

fn graph(graph: &[u8], classes: usize, keep: &[usize], changed: &mut usize) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(graph.len());
    for field in fields(graph)? {
        match field.number {
            GRAPH_INITIALIZER => {
                let tensor = field.body(graph)?;
                match columns(tensor, classes, keep) {
                    Some(smaller) => {
                        *changed += 1;
                        put(&mut out, GRAPH_INITIALIZER, &smaller);
                    }
                    None => out.extend_from_slice(&graph[field.all]),
                }
            }
            // Sizes in between are worked out by the runtime.
            GRAPH_VALUE_INFO => {}
            GRAPH_OUTPUT => {
                let value = dims(field.body(graph)?, &VALUE_DIM, classes as u64, keep.len() as u64)?;
                put(&mut out, GRAPH_OUTPUT, &value);
            }
            _ => out.extend_from_slice(&graph[field.all]),
        }
    }
    Some(out)
}

/// A tensor of 32-bit floats whose last dimension is the classes, with fewer of them.
fn columns(tensor: &[u8], classes: usize, keep: &[usize]) -> Option<Vec<u8>> {
    let parts = fields(tensor)?;
    let sizes: Vec<u64> = parts.iter().filter(|f| f.number == TENSOR_DIMS).filter_map(|f| f.varint).collect();
    let rows = match sizes.as_slice() {
        [n] if *n == classes as u64 => 1,
        [rows, n] if *n == classes as u64 => usize::try_from(*rows).ok()?,
        _ => return None,
    };
    let raw = parts.iter().find(|f| f.number == TENSOR_RAW)?.body(tensor)?;
    if raw.len() != rows.checked_mul(classes)?.checked_mul(4)? {
        return None;
    }
    let mut smaller = Vec::with_capacity(rows * keep.len() * 4);
    for row in raw.chunks_exact(classes * 4) {
        keep.iter().for_each(|k| smaller.extend_from_slice(&row[k * 4..k * 4 + 4]));
    }
    let mut out = Vec::with_capacity(smaller.len() + 64);
    for part in parts {
        match (part.number, part.varint) {
            (TENSOR_DIMS, Some(n)) if n == classes as u64 => {
                put_varint(&mut out, TENSOR_DIMS, keep.len() as u64);
            }
            (TENSOR_RAW, _) => put(&mut out, TENSOR_RAW, &smaller),
            _ => out.extend_from_slice(&tensor[part.all]),
        }
    }
    Some(out)
}

/// The message with every value `from` at the end of `path` replaced.
fn dims(message: &[u8], path: &[u64], from: u64, to: u64) -> Option<Vec<u8>> {
    let (next, rest) = path.split_first()?;
    let mut out = Vec::with_capacity(message.len() + 8);
    for field in fields(message)? {
        if field.number != *next {
            out.extend_from_slice(&message[field.all]);
        } else if rest.is_empty() {
            put_varint(&mut out, *next, field.varint.map(|v| if v == from { to } else { v })?);
        } else {
            put(&mut out, *next, &dims(field.body(message)?, rest, from, to)?);
        }
    }
    Some(out)
}

/// A field of a message: its number, all its bytes, and what is in it.
struct Field {
    number: u64,
    all: Range<usize>,
    /// Bytes of a field that has a length.
    inner: Option<Range<usize>>,
    varint: Option<u64>,
}

impl Field {
    fn body<'a>(&self, message: &'a [u8]) -> Option<&'a [u8]> {
        message.get(self.inner.clone()?)
    }
}

/// The fields of a message; none where it is not one.
fn fields(message: &[u8]) -> Option<Vec<Field>> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < message.len() {
        let start = at;
        let key = varint(message, &mut at)?;
        let (mut inner, mut value) = (None, None);
        match key & 7 {
            0 => value = Some(varint(message, &mut at)?),
            1 => at = at.checked_add(8)?,
            2 => {
                let length = usize::try_from(varint(message, &mut at)?).ok()?;
                let end = at.checked_add(length)?;
                inner = Some(at..end);
                at = end;
            }
            5 => at = at.checked_add(4)?,
            _ => return None,
        }
        if at > message.len() {
            return None;
        }
        found.push(Field { number: key >> 3, all: start..at, inner, varint: value });
    }
    Some(found)
}

fn varint(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let byte = *bytes.get(*at)?;
        *at += 1;
        value |= u64::from(byte & 0x7f) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}

fn raw_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8 & 0x7f) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_varint(out: &mut Vec<u8>, number: u64, value: u64) {
    raw_varint(out, number << 3);
    raw_varint(out, value);
}

fn put(out: &mut Vec<u8>, number: u64, body: &[u8]) {
    raw_varint(out, number << 3 | 2);
    raw_varint(out, body.len() as u64);
    out.extend_from_slice(body);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn tensor(dims: &[u64], values: &[f32]) -> Vec<u8> {
        let mut out = Vec::new();
        dims.iter().for_each(|d| put_varint(&mut out, TENSOR_DIMS, *d));
        put_varint(&mut out, 2, 1);
        let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
        put(&mut out, TENSOR_RAW, &raw);
        out
    }

    fn model(classes: u64) -> Vec<u8> {
        let mut dim = Vec::new();
        put_varint(&mut dim, 1, classes);
        let value = [2, 1, 2, 1].iter().rev().fold(dim, |inner, number| {
            let mut outer = Vec::new();
            put(&mut outer, *number, &inner);
            outer
        });
        let mut graph = Vec::new();
        let n = classes as usize;
        let weights: Vec<f32> = (0..2 * n).map(|v| v as f32).collect();
        put(&mut graph, GRAPH_INITIALIZER, &tensor(&[2, classes], &weights));
        put(&mut graph, GRAPH_INITIALIZER, &tensor(&[classes], &weights[..n]));
        put(&mut graph, GRAPH_INITIALIZER, &tensor(&[3], &[1.0, 2.0, 3.0]));
        put(&mut graph, GRAPH_OUTPUT, &value);
        let mut out = Vec::new();
        put_varint(&mut out, 1, 8);
        put(&mut out, MODEL_GRAPH, &graph);
        out
    }

    #[test]
    fn the_last_layer_keeps_the_classes_that_are_wanted() {
        let smaller = with_classes(&model(5), 5, &[0, 3, 4]).unwrap();
        let top = fields(&smaller).unwrap();
        let graph = top[1].body(&smaller).unwrap();
        let parts = fields(graph).unwrap();
        assert_eq!(parts[0].body(graph).unwrap(), tensor(&[2, 3], &[0., 3., 4., 5., 8., 9.]));
        assert_eq!(parts[1].body(graph).unwrap(), tensor(&[3], &[0., 3., 4.]));
        assert_eq!(parts[2].body(graph).unwrap(), tensor(&[3], &[1., 2., 3.]));
        assert!(smaller.windows(2).any(|w| w == [8, 3]));
    }

    #[test]
    fn another_model_is_left_alone() {
        assert_eq!(with_classes(&model(5), 6, &[0]), None);
        assert_eq!(with_classes(&model(5), 5, &[5]), None);
        assert_eq!(with_classes(b"no model", 5, &[0]), None);
    }

    proptest! {
        #[test]
        fn no_bytes_bring_it_down(bytes in prop::collection::vec(any::<u8>(), 0..200), cut in 0_usize..120) {
            drop(with_classes(&bytes, 5, &[0, 1]));
            let mut model = model(5);
            model.truncate(cut);
            drop(with_classes(&model, 5, &[0, 1]));
        }
    }
}
