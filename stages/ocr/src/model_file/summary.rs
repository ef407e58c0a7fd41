//! A recogniser that answers with less.
//!
//! Owns the nodes that are put behind a model's last one: of each time step, the probabilities of some classes, and the best of all
//! classes with its probability. From a GPU comes a seventh of the bytes then. Rule: what is left out is not needed to decode.

use super::{GRAPH_INITIALIZER, GRAPH_OUTPUT, MAX_BYTES, MODEL_GRAPH, fields, put, put_varint};

/// Fields of ONNX messages, by number.
const GRAPH_NODE: u64 = 1;
const NODE_INPUT: u64 = 1;
const NODE_OUTPUT: u64 = 2;
const NODE_OPERATOR: u64 = 4;
const NODE_ATTRIBUTE: u64 = 5;
const ATTRIBUTE_NAME: u64 = 1;
const ATTRIBUTE_INT: u64 = 3;
const ATTRIBUTE_TYPE: u64 = 20;
const TENSOR_TYPE: u64 = 2;
const TENSOR_NAME: u64 = 8;
const VALUE_NAME: u64 = 1;
const VALUE_TYPE: u64 = 2;
/// Values of ONNX's enumerations.
const INT_ATTRIBUTE: u64 = 2;
const FLOAT: u64 = 1;
const INT64: u64 = 7;
/// Names that the new nodes begin with.
const OWN: &str = "docmill.summary.";
/// The dimension of the classes: images, steps, classes.
const AXIS: u64 = 2;

/// What a row of the changed model holds beside the classes that are kept: the greatest probability, and its class.
pub(crate) const MORE: usize = 2;

/// The model with rows of the classes of `keep`, the greatest probability and the class that has it, in place of rows of all
/// classes; none where it has not one answer.
pub(crate) fn with_summary(model: &[u8], keep: &[usize]) -> Option<Vec<u8>> {
    if model.len() > MAX_BYTES || keep.is_empty() {
        return None;
    }
    let mut out = Vec::with_capacity(model.len() + 16 * keep.len());
    let mut changed = 0;
    for field in fields(model)? {
        if field.number == MODEL_GRAPH {
            put(&mut out, MODEL_GRAPH, &graph(field.body(model)?, keep)?);
            changed += 1;
        } else {
            out.extend_from_slice(&model[field.all]);
        }
    }
    (changed == 1).then_some(out)
}

fn graph(graph: &[u8], keep: &[usize]) -> Option<Vec<u8>> {
    let parts = fields(graph)?;
    let mut answers = parts.iter().filter(|f| f.number == GRAPH_OUTPUT);
    let (answer, more) = (answers.next()?, answers.next());
    let value = answer.body(graph)?;
    let name = fields(value)?.iter().find(|f| f.number == VALUE_NAME)?.body(value)?;
    let name = std::str::from_utf8(name).ok().filter(|n| !n.is_empty() && !n.starts_with(OWN))?;
    if more.is_some() {
        return None;
    }
    let mut out = Vec::with_capacity(graph.len() + 16 * keep.len());
    parts
        .iter()
        .filter(|f| f.number != GRAPH_OUTPUT)
        .for_each(|f| out.extend_from_slice(&graph[f.all.clone()]));

    let own = |name: &str| format!("{OWN}{name}");
    let kept: Vec<i64> = keep.iter().filter_map(|k| i64::try_from(*k).ok()).collect();
    put(&mut out, GRAPH_INITIALIZER, &int64s(&own("classes"), &kept));
    put(&mut out, GRAPH_INITIALIZER, &int64s(&own("one"), &[1]));
    let axis = Some(("axis", AXIS));
    let (best, at, class) = (own("best"), own("at"), own("class"));
    let (some, all) = (own("some"), own("all"));
    put(&mut out, GRAPH_NODE, &node("Gather", &[name, &own("classes")], &[&some], axis));
    put(&mut out, GRAPH_NODE, &node("TopK", &[name, &own("one")], &[&best, &at], axis));
    put(&mut out, GRAPH_NODE, &node("Cast", &[&at], &[&class], Some(("to", FLOAT))));
    put(&mut out, GRAPH_NODE, &node("Concat", &[&some, &best, &class], &[&all], axis));
    put(&mut out, GRAPH_OUTPUT, &floats(&all));
    Some(out)
}

fn node(operator: &str, inputs: &[&str], outputs: &[&str], attribute: Option<(&str, u64)>) -> Vec<u8> {
    let mut out = Vec::new();
    inputs.iter().for_each(|name| put(&mut out, NODE_INPUT, name.as_bytes()));
    outputs.iter().for_each(|name| put(&mut out, NODE_OUTPUT, name.as_bytes()));
    put(&mut out, NODE_OPERATOR, operator.as_bytes());
    if let Some((name, value)) = attribute {
        let mut inner = Vec::new();
        put(&mut inner, ATTRIBUTE_NAME, name.as_bytes());
        put_varint(&mut inner, ATTRIBUTE_INT, value);
        put_varint(&mut inner, ATTRIBUTE_TYPE, INT_ATTRIBUTE);
        put(&mut out, NODE_ATTRIBUTE, &inner);
    }
    out
}

/// A tensor of one dimension.
fn int64s(name: &str, values: &[i64]) -> Vec<u8> {
    let raw: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let mut out = Vec::with_capacity(raw.len() + 64);
    put_varint(&mut out, super::TENSOR_DIMS, values.len() as u64);
    put_varint(&mut out, TENSOR_TYPE, INT64);
    put(&mut out, TENSOR_NAME, name.as_bytes());
    put(&mut out, super::TENSOR_RAW, &raw);
    out
}

/// The description of an answer of floats, whose shape is worked out by the runtime.
fn floats(name: &str) -> Vec<u8> {
    let (mut element, mut kind, mut out) = (Vec::new(), Vec::new(), Vec::new());
    put_varint(&mut element, 1, FLOAT);
    put(&mut kind, 1, &element);
    put(&mut out, VALUE_NAME, name.as_bytes());
    put(&mut out, VALUE_TYPE, &kind);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(answers: &[&str]) -> Vec<u8> {
        let mut graph = Vec::new();
        put(&mut graph, GRAPH_NODE, &node("Softmax", &["x"], &["y"], None));
        answers.iter().for_each(|name| put(&mut graph, GRAPH_OUTPUT, &floats(name)));
        let mut out = Vec::new();
        put_varint(&mut out, 1, 8);
        put(&mut out, MODEL_GRAPH, &graph);
        out
    }

    #[test]
    fn the_only_answer_is_summed_up() {
        let changed = with_summary(&model(&["y"]), &[0, 7]).unwrap();
        let top = fields(&changed).unwrap();
        let graph = top[1].body(&changed).unwrap();
        let parts = fields(graph).unwrap();
        let count = |number| parts.iter().filter(|f| f.number == number).count();
        assert_eq!((count(GRAPH_NODE), count(GRAPH_INITIALIZER), count(GRAPH_OUTPUT)), (5, 2, 1));
        assert_eq!(parts.last().unwrap().body(graph).unwrap(), floats("docmill.summary.all"));
        assert_eq!(with_summary(&changed, &[0]), None, "it is summed up already");
    }

    #[test]
    fn a_model_of_another_kind_is_left_alone() {
        assert_eq!(with_summary(&model(&["y", "z"]), &[0]), None);
        assert_eq!(with_summary(&model(&[]), &[0]), None);
        assert_eq!(with_summary(&model(&["y"]), &[]), None);
        assert_eq!(with_summary(b"no model", &[0]), None);
    }
}
