//! What there is on a page beside text.
//!
//! Owns the walk over the objects of a page: what images cover, what is painted over text, which objects come when, which
//! rules are drawn.

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
const CELLS: usize = 32;

/// Something that can hide text, where it is, and its turn in the order of painting.
#[derive(Debug, Clone, Copy)]
pub(super) struct Cover {
    bbox: [f32; 4],
    turn: u32,
    opaque: bool,
    pub(super) image: bool,
}

/// What there is on a page beside text.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Images, lines, shadings, forms, annotations.
    pub(super) graphics: bool,
    rows: [u32; CELLS],
    covers: Vec<Cover>,
    texts: Vec<(usize, u32)>,
    inside: u32,
    drawn: Drawn,
}

impl Seen {
    /// Looks at every object. A page that has too many, or an image that is too large, is a fault.
    pub(super) fn of(page: &Page<'_>, upright: &Upright, rules: &Rules) -> Result<Self, Fault> {
        let count = page.objects();
        if count > rules.max_objects {
            return Err(Fault::TooManyObjects { objects: count });
        }
        let mut seen = Self::default();
        for turn in 0..count {
            if let Some(object) = page.object(turn) {
                seen.take(object, turn, upright, rules)?;
            }
        }
        Ok(seen)
    }

    fn take(&mut self, object: Object<'_>, turn: u32, upright: &Upright, rules: &Rules) -> Result<(), Fault> {
        let kind = object.kind();
        if kind == Kind::Text {
            self.texts.push((object.id(), turn));
            return Ok(());
        }
        self.graphics = true;
        match kind {
            Kind::Image => {
                within(object, rules)?;
                if let Some(bounds) = object.bounds() {
                    self.image(upright, upright.map(bounds), turn, !object.is_transparent());
                }
            }
            Kind::Form => {
                let matrix = object.matrix().unwrap_or(Matrix::IDENTITY);
                let images = self.inside(object, &matrix, 0, upright, rules)?;
                if let Some(bounds) = object.bounds().filter(|_| images) {
                    self.image(upright, upright.map(bounds), turn, !object.is_transparent());
                }
            }
            Kind::Path => {
                self.drawn.take(object, &Matrix::IDENTITY, upright);
                if object.draw_mode().0 && object.fill().is_some_and(|[.., a]| a > 200) {
                    self.cover(object, turn, upright);
                }
            }
            Kind::Shading => self.cover(object, turn, upright),
            Kind::Text | Kind::Other => {}
        }
        Ok(())
    }

    /// True where a form holds images and hardly anything else; `matrix` leads from it to the page.
    fn inside(
        &mut self,
        form: Object<'_>,
        matrix: &Matrix,
        depth: u32,
        upright: &Upright,
        rules: &Rules,
    ) -> Result<bool, Fault> {
        let (mut images, mut others) = (0, 0);
        for index in 0..form.children() {
            self.inside += 1;
            if self.inside > MAX_INSIDE {
                break;
            }
            let Some(child) = form.child(index) else { continue };
            match child.kind() {
                Kind::Image => {
                    within(child, rules)?;
                    images += 1;
                }
                Kind::Form if depth < MAX_DEPTH => {
                    let own = child.matrix().unwrap_or(Matrix::IDENTITY).then(matrix);
                    if self.inside(child, &own, depth + 1, upright, rules)? {
                        images += 1;
                    } else {
                        others += 1;
                    }
                }
                Kind::Path => {
                    self.drawn.take(child, matrix, upright);
                    others += 1;
                }
                Kind::Text | Kind::Shading | Kind::Form | Kind::Other => others += 1,
            }
        }
        Ok(images > 0 && others <= images)
    }

    fn image(&mut self, upright: &Upright, bbox: [f32; 4], turn: u32, opaque: bool) {
        let (width, height) = upright.size();
        let cell = |v: f32, side: f32| ((v / side * CELLS as f32).round().max(0.0) as usize).min(CELLS);
        let [x0, y0, x1, y1] = bbox;
        let (from, to) = (cell(x0, width), cell(x1, width));
        let bits = ((1_u64 << to) - 1) & !((1_u64 << from.min(to)) - 1);
        for row in self.rows.iter_mut().take(cell(y1, height)).skip(cell(y0, height)) {
            *row |= bits as u32;
        }
        if self.covers.len() < MAX_COVERS {
            self.covers.push(Cover { bbox, turn, image: true, opaque });
        }
    }

    fn cover(&mut self, object: Object<'_>, turn: u32, upright: &Upright) {
        if let Some(bounds) = object.bounds()
            && self.covers.len() < MAX_COVERS
        {
            let bbox = upright.map(bounds);
            // Lines cover nothing.
            if bbox[2] - bbox[0] > 4.0 && bbox[3] - bbox[1] > 4.0 {
                self.covers.push(Cover { bbox, turn, image: false, opaque: true });
            }
        }
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

    /// The turns of text objects in the order of painting; none where nothing can cover text.
    pub(super) fn turns(&self) -> HashMap<usize, u32> {
        let first = self.texts.first().map_or(u32::MAX, |(_, turn)| *turn);
        if self.covers.iter().all(|c| c.turn < first) {
            return HashMap::new();
        }
        self.texts.iter().copied().collect()
    }

    /// What is painted over the middle of `bbox` after `turn`; an image where there is one.
    pub(super) fn over(&self, [x0, y0, x1, y1]: [f32; 4], turn: u32) -> Option<Cover> {
        let (x, y) = (f32::midpoint(x0, x1), f32::midpoint(y0, y1));
        let on = |c: &&Cover| c.bbox[0] <= x && x <= c.bbox[2] && c.bbox[1] <= y && y <= c.bbox[3];
        let later = |c: &&Cover| c.opaque && c.turn > turn;
        self.covers.iter().filter(on).filter(later).max_by_key(|c| c.image).copied()
    }

    /// True where an image lies at the middle of `bbox`.
    pub(super) fn has_image_at(&self, [x0, y0, x1, y1]: [f32; 4]) -> bool {
        let (x, y) = (f32::midpoint(x0, x1), f32::midpoint(y0, y1));
        self.covers
            .iter()
            .any(|c| c.image && c.bbox[0] <= x && x <= c.bbox[2] && c.bbox[1] <= y && y <= c.bbox[3])
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
