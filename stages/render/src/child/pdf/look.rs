//! What there is on a page beside text.
//!
//! Owns the walk over the objects of a page and of the forms in it: what images cover, what is painted over text and under it,
//! which objects come when, which rules are drawn.

use super::rules::Rules as Drawn;
use super::upright::Upright;
use crate::child::pdfium::{Kind, Matrix, Object, Page};
use crate::protocol::{Fault, Rules};
use docmill_contracts::PackedRules;
use std::collections::HashMap;

/// Most objects inside of forms that are looked at.
const MAX_INSIDE: u32 = 20_000;
/// Forms inside of forms that are looked into.
const MAX_DEPTH: u32 = 4;
/// Most things that can cover text which are kept.
const MAX_COVERS: usize = 4000;
/// Cells across and down in which covered area is counted.
pub(super) const CELLS: usize = 32;
/// Least side of what covers text, and least width of a line that does, in points.
const LEAST: f32 = 4.0;
/// Least opacity of what covers text.
const OPAQUE: u8 = 200;
/// Colours that differ less, in each of their parts, may look the same.
const NEAR: u8 = 40;

/// Something that can hide text, where it is, and its turn in the order of painting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cover {
    bbox: [f32; 4],
    turn: u32,
    opaque: bool,
    pub(super) image: bool,
    /// None where it has more than one.
    colour: Option<[u8; 3]>,
}

/// When a text object is painted, and the form that it is in, counted from 1; 0 for the page itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) turn: u32,
    pub(super) form: u32,
}

/// Where objects are: the way from a form to the page.
#[derive(Clone, Copy)]
struct Inside {
    matrix: Matrix,
    form: u32,
    depth: u32,
    opaque: bool,
}

/// What there is on a page beside text.
pub(super) struct Seen<'a> {
    /// Images, lines, shadings, forms, annotations.
    pub(super) graphics: bool,
    /// There is more than was looked at.
    pub(super) beyond: bool,
    rows: [u32; CELLS],
    covers: Vec<Cover>,
    texts: Vec<(Object<'a>, Placed)>,
    /// The ways from forms that hold text to the page.
    forms: Vec<Matrix>,
    turn: u32,
    inside: u32,
    drawn: Drawn,
}

impl<'a> Seen<'a> {
    /// Looks at every object. A page that has too many, or an image that is too large, is a fault.
    pub(super) fn of(page: &'a Page<'_>, upright: &Upright, rules: &Rules) -> Result<Self, Fault> {
        let count = page.objects();
        if count > rules.max_objects {
            return Err(Fault::TooManyObjects { objects: count });
        }
        let mut seen = Self {
            graphics: false,
            beyond: false,
            rows: [0; CELLS],
            covers: Vec::new(),
            texts: Vec::new(),
            forms: Vec::new(),
            turn: 0,
            inside: 0,
            drawn: Drawn::default(),
        };
        let at = Inside { matrix: Matrix::IDENTITY, form: 0, depth: 0, opaque: true };
        for object in (0..count).filter_map(|index| page.object(index)) {
            let images = seen.take(object, &at, upright, rules)?;
            if let Some(bounds) = object.bounds().filter(|_| images) {
                seen.mark(upright, upright.map(bounds));
            }
        }
        Ok(seen)
    }

    /// True where an object is an image, or a form that holds images and hardly anything else.
    fn take(
        &mut self,
        object: Object<'a>,
        at: &Inside,
        upright: &Upright,
        rules: &Rules,
    ) -> Result<bool, Fault> {
        self.turn += 1;
        let kind = object.kind();
        if kind == Kind::Text {
            self.texts.push((object, Placed { turn: self.turn, form: at.form }));
            return Ok(false);
        }
        self.graphics = true;
        match kind {
            Kind::Image => {
                within(object, rules)?;
                self.cover(object, at, upright, None);
                return Ok(true);
            }
            Kind::Form if at.depth <= MAX_DEPTH => return self.inside(object, at, upright, rules),
            Kind::Form => self.beyond = true,
            Kind::Path => {
                self.drawn.take(object, &at.matrix, upright);
                let (filled, stroked) = object.draw_mode();
                let thick = || object.stroke_width() * at.matrix.scale() >= LEAST;
                let colour = if filled {
                    object.fill()
                } else if stroked && thick() {
                    object.stroke()
                } else {
                    None
                };
                if let Some([r, g, b, a]) = colour
                    && a > OPAQUE
                {
                    self.cover(object, at, upright, Some([r, g, b]));
                }
            }
            Kind::Shading => self.cover(object, at, upright, None),
            Kind::Text | Kind::Other => {}
        }
        Ok(false)
    }

    /// Looks into a form; true where it holds images and hardly anything else.
    fn inside(
        &mut self,
        form: Object<'a>,
        around: &Inside,
        upright: &Upright,
        rules: &Rules,
    ) -> Result<bool, Fault> {
        let matrix = form.matrix().unwrap_or(Matrix::IDENTITY).then(&around.matrix);
        self.forms.push(matrix);
        let at = Inside {
            matrix,
            form: u32::try_from(self.forms.len()).unwrap_or(u32::MAX),
            depth: around.depth + 1,
            opaque: around.opaque && !form.is_transparent(),
        };
        let (mut images, mut others) = (0, 0);
        for index in 0..form.children() {
            self.inside += 1;
            if self.inside > MAX_INSIDE {
                self.beyond = true;
                break;
            }
            let Some(child) = form.child(index) else { continue };
            if self.take(child, &at, upright, rules)? {
                images += 1;
            } else {
                others += 1;
            }
        }
        Ok(images > 0 && others <= images)
    }

    /// Counts an area as covered by images.
    fn mark(&mut self, upright: &Upright, bbox: [f32; 4]) {
        let size = upright.size();
        let cell = |v: f32, side: f32| (v / side * CELLS as f32).round();
        for (row, bits) in self.rows.iter_mut().zip(rows(bbox, size, [cell, cell])) {
            *row |= bits;
        }
    }

    /// Takes out the cells that an area touches.
    pub(super) fn clear(cells: &mut [u32; CELLS], upright: &Upright, bbox: [f32; 4]) {
        let size = upright.size();
        let first = |v: f32, side: f32| (v / side * CELLS as f32).floor();
        let end = |v: f32, side: f32| (v / side * CELLS as f32).ceil();
        for (row, bits) in cells.iter_mut().zip(rows(bbox, size, [first, end])) {
            *row &= !bits;
        }
    }

    /// Cells that images cover, a bit each.
    pub(super) fn rows(&self) -> &[u32; CELLS] {
        &self.rows
    }

    fn cover(&mut self, object: Object<'a>, at: &Inside, upright: &Upright, colour: Option<[u8; 3]>) {
        let Some(bounds) = object.bounds() else { return };
        let bbox = upright.map(at.matrix.rect(bounds));
        let image = object.kind() == Kind::Image;
        // Lines cover nothing.
        if !image && (bbox[2] - bbox[0] <= LEAST || bbox[3] - bbox[1] <= LEAST) {
            return;
        }
        if self.covers.len() >= MAX_COVERS {
            self.beyond = true;
            return;
        }
        let opaque = at.opaque && !(image && object.is_transparent());
        self.covers.push(Cover { bbox, turn: self.turn, opaque, image, colour });
    }

    /// The rules of the page; asked for once.
    pub(super) fn rules(&mut self) -> PackedRules {
        self.drawn.finish()
    }

    /// Share of the page that images cover, 0..=1.
    pub(super) fn images(&self) -> f32 {
        let covered: u32 = self.rows.iter().map(|row| row.count_ones()).sum();
        covered as f32 / (CELLS * CELLS) as f32
    }

    /// The text objects of the page, in the order of painting.
    pub(super) fn texts(&self) -> &[(Object<'a>, Placed)] {
        &self.texts
    }

    /// The way from a form to the page.
    pub(super) fn way(&self, placed: Placed) -> Matrix {
        let index = (placed.form as usize).checked_sub(1);
        index.and_then(|i| self.forms.get(i)).copied().unwrap_or(Matrix::IDENTITY)
    }

    /// Text objects by their identity; none where nothing can cover text and all of it is of the page itself.
    pub(super) fn placed(&self) -> HashMap<usize, Placed> {
        let first = self.texts.first().map_or(u32::MAX, |(_, placed)| placed.turn);
        if !self.beyond
            && self.covers.iter().all(|c| c.turn < first)
            && self.texts.iter().all(|(_, p)| p.form == 0)
        {
            return HashMap::new();
        }
        self.texts.iter().map(|(object, placed)| (object.id(), *placed)).collect()
    }

    /// What is painted over the middle of `bbox` after `turn`; an image where there is one.
    pub(super) fn over(&self, bbox: [f32; 4], turn: u32) -> Option<Cover> {
        let later = |c: &&Cover| c.opaque && c.turn > turn && c.is_at(bbox);
        self.covers.iter().filter(later).max_by_key(|c| c.image).copied()
    }

    /// True where something is painted that may have this colour.
    pub(super) fn has_like(&self, colour: [u8; 3]) -> bool {
        self.covers.iter().any(|c| c.is_like(colour))
    }

    /// True where something that may have this colour is painted under the middle of `bbox` before `turn`.
    pub(super) fn is_on_like(&self, bbox: [f32; 4], turn: u32, colour: [u8; 3]) -> bool {
        self.covers.iter().any(|c| c.turn < turn && c.is_at(bbox) && c.is_like(colour))
    }

    /// True where an image lies at the middle of `bbox`.
    pub(super) fn has_image_at(&self, bbox: [f32; 4]) -> bool {
        self.covers.iter().any(|c| c.image && c.is_at(bbox))
    }
}

/// The cells of an area, a bit each; `ends` say which cell begins, or ends, at a place on a side.
fn rows(
    [x0, y0, x1, y1]: [f32; 4],
    (width, height): (f32, f32),
    [first, end]: [fn(f32, f32) -> f32; 2],
) -> [u32; CELLS] {
    let cell = |v: f32| (v.max(0.0) as usize).min(CELLS);
    let (from, to) = (cell(first(x0, width)), cell(end(x1, width)));
    let bits = ((1_u64 << to) - 1) & !((1_u64 << from.min(to)) - 1);
    let (top, bottom) = (cell(first(y0, height)), cell(end(y1, height)));
    std::array::from_fn(|y| if (top..bottom).contains(&y) { bits as u32 } else { 0 })
}

impl Cover {
    fn is_at(&self, [x0, y0, x1, y1]: [f32; 4]) -> bool {
        let (x, y) = (f32::midpoint(x0, x1), f32::midpoint(y0, y1));
        self.bbox[0] <= x && x <= self.bbox[2] && self.bbox[1] <= y && y <= self.bbox[3]
    }

    fn is_like(&self, colour: [u8; 3]) -> bool {
        self.colour.is_none_or(|own| own.iter().zip(colour).all(|(a, b)| a.abs_diff(b) < NEAR))
    }
}

/// An image that is too large to be decoded makes the page one that is too large.
fn within(image: Object<'_>, rules: &Rules) -> Result<(), Fault> {
    match image.pixels() {
        Some((width, height)) if u64::from(width) * u64::from(height) > rules.max_pixels => {
            Err(Fault::TooManyPixels { width, height })
        }
        _ => Ok(()),
    }
}
