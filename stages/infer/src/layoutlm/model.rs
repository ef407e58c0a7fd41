//! A LayoutLMv3-shaped model in ONNX Runtime.
//!
//! Owns its inputs and outputs by name, their types and shapes. Knows no word. Rule: what the model asks for is read from the file,
//! not assumed: 64- or 32-bit ids, 32- or 16-bit floats, fixed or free sizes, with or without pictures.

use super::LayoutLmError;
use super::batch::{Forward, Input, Logits, RunError, Scores};
use docmill_onnx::ort;
use docmill_onnx::ort::session::{NoSelectedOutputs, RunOptions, Session, SessionInputValue};
use docmill_onnx::ort::value::{DynValue, Outlet, Tensor, TensorElementType, ValueType};
use half::f16;
use std::borrow::Cow;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// One input: its type and its shape, -1 for what is free.
#[derive(Debug, Clone)]
struct Slot {
    ty: TensorElementType,
    shape: Vec<i64>,
}

/// The model's picture of a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PictureSize {
    pub(crate) height: usize,
    pub(crate) width: usize,
}

/// A model, ready to run.
pub(crate) struct OnnxModel {
    session: Session,
    ids: Slot,
    mask: Option<Slot>,
    boxes: Slot,
    types: Option<Slot>,
    pixels: Option<Slot>,
    pad: i64,
    ner: String,
    table: Option<String>,
    cell: Option<String>,
    run: Arc<Mutex<Option<Arc<RunOptions<NoSelectedOutputs>>>>>,
}

impl OnnxModel {
    /// Takes a session whose inputs and outputs are those of LayoutLMv3.
    pub(crate) fn new(session: Session, path: &Path, pad: u32) -> Result<Self, LayoutLmError> {
        let wrong = |reason: String| LayoutLmError::Form { path: path.to_owned(), reason };
        let input = |name: &str| session.inputs().iter().find(|i| i.name() == name).and_then(slot);
        let need = |name: &str, rank: usize| {
            let slot = input(name).ok_or_else(|| wrong(format!("it has no input `{name}`")))?;
            let fits = slot.shape.len() == rank;
            if fits { Ok(slot) } else { Err(wrong(format!("input `{name}` has not {rank} dimensions"))) }
        };
        let ids = need("input_ids", 2)?;
        let boxes = need("bbox", 3)?;
        for slot in [&ids, &boxes] {
            if !matches!(slot.ty, TensorElementType::Int64 | TensorElementType::Int32) {
                return Err(wrong("input_ids and bbox must be whole numbers".into()));
            }
        }
        let pixels = input("pixel_values");
        if let Some(slot) = &pixels {
            let three = slot.shape.len() == 4 && matches!(slot.shape[1], 3 | -1);
            if !three || !matches!(slot.ty, TensorElementType::Float32 | TensorElementType::Float16) {
                return Err(wrong("pixel_values must be floats of batch x 3 x height x width".into()));
            }
        }
        let known = ["input_ids", "attention_mask", "bbox", "token_type_ids", "pixel_values"];
        if let Some(other) = session.inputs().iter().find(|i| !known.contains(&i.name())) {
            return Err(wrong(format!("it has an input `{}` that is not LayoutLMv3's", other.name())));
        }
        let output = |names: &[&str]| {
            let found = session.outputs().iter().find(|o| names.contains(&o.name()));
            found.map(|o| o.name().to_owned())
        };
        let ner = output(&["ner_logits", "logits"]);
        let ner = ner.ok_or_else(|| wrong("it has no output `logits` or `ner_logits`".into()))?;
        let (mask, types) = (input("attention_mask"), input("token_type_ids"));
        let (table, cell) = (output(&["table_logits"]), output(&["cell_logits"]));
        Ok(Self {
            session,
            ids,
            mask,
            boxes,
            types,
            pixels,
            pad: i64::from(pad),
            ner,
            table,
            cell,
            run: Arc::default(),
        })
    }

    /// Size of the picture that it looks at; none where it looks at none.
    pub(crate) fn picture(&self) -> Option<PictureSize> {
        let size = |v: i64| usize::try_from(v).ok().filter(|v| (1..=4096).contains(v)).unwrap_or(224);
        self.pixels.as_ref().map(|s| PictureSize { height: size(s.shape[2]), width: size(s.shape[3]) })
    }

    /// Tokens of a window, where the model fixes them.
    pub(crate) fn fixed_length(&self) -> Option<usize> {
        usize::try_from(self.ids.shape[1]).ok().filter(|n| *n > 0)
    }

    /// Names of optional outputs: table and cells.
    pub(crate) fn extras(&self) -> (bool, bool) {
        (self.table.is_some(), self.cell.is_some())
    }

    fn fixed_batch(&self) -> Option<usize> {
        usize::try_from(self.ids.shape[0]).ok().filter(|n| *n > 0)
    }

    /// One run of a batch that has the size which the model wants.
    fn forward(&mut self, batch: &[Input]) -> Result<Vec<Logits>, RunError> {
        let rows = self.fixed_batch().unwrap_or(batch.len());
        let longest = batch.iter().map(|i| i.window.ids.len()).max().unwrap_or(0);
        let length = self.fixed_length().unwrap_or(longest);
        let inputs = self.inputs(batch, rows, length).map_err(|e| failure(&e))?;
        let options = Arc::new(RunOptions::new().map_err(|e| failure(&e))?);
        *lock(&self.run) = Some(Arc::clone(&options));
        let outputs = self.session.run_with_options(inputs, &options);
        *lock(&self.run) = None;
        let outputs = outputs.map_err(|e| failure(&e))?;
        let take = |name: &str, output: &'static str| {
            let value =
                outputs.get(name).ok_or_else(|| RunError::Failed(format!("output `{name}` is missing")))?;
            scores(value, output, rows, length, batch)
        };
        let ner = take(&self.ner, "logits")?;
        let table = self.table.as_deref().map(|n| take(n, "table_logits")).transpose()?;
        let cell = self.cell.as_deref().map(|n| take(n, "cell_logits")).transpose()?;
        let mut tables = table.unwrap_or_default().into_iter();
        let mut cells = cell.unwrap_or_default().into_iter();
        Ok(ner.into_iter().map(|ner| Logits { ner, table: tables.next(), cell: cells.next() }).collect())
    }

    fn inputs<'v>(
        &self,
        batch: &[Input],
        rows: usize,
        length: usize,
    ) -> ort::Result<Vec<(Cow<'static, str>, SessionInputValue<'v>)>> {
        let mut ids = vec![self.pad; rows * length];
        let mut mask = vec![0_i64; rows * length];
        let mut boxes = vec![0_i64; rows * length * 4];
        for (r, input) in batch.iter().enumerate() {
            for (t, (id, place)) in input.window.ids.iter().zip(&input.window.boxes).take(length).enumerate()
            {
                ids[r * length + t] = *id;
                mask[r * length + t] = 1;
                boxes[(r * length + t) * 4..][..4].copy_from_slice(place);
            }
        }
        let whole_number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
        let (rows_, length_) = (whole_number(rows), whole_number(length));
        let flat = vec![rows_, length_];
        let mut out: Vec<(Cow<'static, str>, SessionInputValue<'v>)> = vec![
            ("input_ids".into(), whole(self.ids.ty, flat.clone(), ids)?.into()),
            ("bbox".into(), whole(self.boxes.ty, vec![rows_, length_, 4], boxes)?.into()),
        ];
        if let Some(slot) = &self.mask {
            out.push(("attention_mask".into(), whole(slot.ty, flat.clone(), mask)?.into()));
        }
        if let Some(slot) = &self.types {
            out.push(("token_type_ids".into(), whole(slot.ty, flat, vec![0; rows * length])?.into()));
        }
        if let (Some(slot), Some(size)) = (&self.pixels, self.picture()) {
            let one = 3 * size.height * size.width;
            let mut pixels = vec![0_f32; rows * one];
            for (input, to) in batch.iter().zip(pixels.chunks_exact_mut(one)) {
                if let Some(from) = input.pixels.as_ref().filter(|p| p.len() == one) {
                    to.copy_from_slice(from);
                }
            }
            let shape = vec![rows_, 3, whole_number(size.height), whole_number(size.width)];
            let value: DynValue = if slot.ty == TensorElementType::Float16 {
                let narrow: Vec<f16> = pixels.into_iter().map(f16::from_f32).collect();
                Tensor::from_array((shape, narrow))?.into_dyn()
            } else {
                Tensor::from_array((shape, pixels))?.into_dyn()
            };
            out.push(("pixel_values".into(), value.into()));
        }
        Ok(out)
    }
}

impl Forward for OnnxModel {
    fn run(&mut self, batch: &[Input]) -> Result<Vec<Logits>, RunError> {
        let Some(most) = self.fixed_batch() else { return self.forward(batch) };
        let mut out = Vec::with_capacity(batch.len());
        for part in batch.chunks(most) {
            out.extend(self.forward(part)?);
        }
        Ok(out)
    }

    fn stopper(&self) -> Arc<dyn Fn() + Send + Sync> {
        let run = Arc::clone(&self.run);
        Arc::new(move || {
            if let Some(options) = lock(&run).as_ref()
                && let Err(error) = options.terminate()
            {
                tracing::warn!("a run of the model cannot be stopped: {error}");
            }
        })
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn slot(outlet: &Outlet) -> Option<Slot> {
    match outlet.dtype() {
        ValueType::Tensor { ty, shape, .. } => Some(Slot { ty: *ty, shape: shape.to_vec() }),
        ValueType::Sequence(_) | ValueType::Map { .. } | ValueType::Optional(_) => None,
    }
}

/// Whole numbers of the width that the model wants.
fn whole(ty: TensorElementType, shape: Vec<i64>, values: Vec<i64>) -> ort::Result<DynValue> {
    if ty == TensorElementType::Int32 {
        let narrow: Vec<i32> = values.into_iter().map(|v| i32::try_from(v).unwrap_or(i32::MAX)).collect();
        return Ok(Tensor::from_array((shape, narrow))?.into_dyn());
    }
    Ok(Tensor::from_array((shape, values))?.into_dyn())
}

/// An output, cut to the tokens of each window. LayoutLMv3 may answer for the pieces of the picture as well: they come last.
fn scores(
    value: &DynValue,
    output: &'static str,
    rows: usize,
    length: usize,
    batch: &[Input],
) -> Result<Vec<Scores>, RunError> {
    let (shape, values): (Vec<i64>, Vec<f32>) = if let Ok((shape, data)) = value.try_extract_tensor::<f32>() {
        (shape.to_vec(), data.to_vec())
    } else {
        let (shape, data) = value.try_extract_tensor::<f16>().map_err(|e| failure(&e))?;
        (shape.to_vec(), data.iter().map(|v| v.to_f32()).collect())
    };
    let wrong = || RunError::Shape {
        output,
        shape: shape.clone(),
        expected: format!("{rows} x at least {length} x labels"),
    };
    let dims: Vec<usize> = shape.iter().filter_map(|d| usize::try_from(*d).ok()).collect();
    let [found_rows, tokens, labels] = dims.as_slice() else { return Err(wrong()) };
    if *found_rows != rows || *tokens < length || *labels == 0 || values.len() != rows * tokens * labels {
        return Err(wrong());
    }
    let of = |(r, input): (usize, &Input)| {
        let from = r * tokens * labels;
        let until = from + input.window.ids.len().min(length) * labels;
        Scores { labels: *labels, values: values.get(from..until).unwrap_or_default().to_vec() }
    };
    Ok(batch.iter().enumerate().map(of).collect())
}

/// What went wrong, from what ONNX Runtime says: it has no codes for it.
fn failure(error: &ort::Error) -> RunError {
    let message: String = error.to_string().lines().collect::<Vec<_>>().join(" ").chars().take(300).collect();
    let lower = message.to_lowercase();
    let memory = ["failed to allocate", "out of memory", "bad_alloc", "cudaerrormemoryallocation", "oom"];
    if memory.iter().any(|m| lower.contains(m)) {
        RunError::Memory(message)
    } else if lower.contains("terminate") {
        RunError::Stopped
    } else {
        RunError::Failed(message)
    }
}
