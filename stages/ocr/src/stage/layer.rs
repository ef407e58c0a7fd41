//! A page that came with a text layer and an image: the one is checked by the other, or goes on with what only the image has.
//!
//! Owns which words such a page has. Rule: nobody is called a liar after one look: what OCR reads against the text layer is read
//! again, larger and by itself, before it counts.

use super::{Engine, OcrStage, USUAL_DPI};
use crate::engine::Request;
use crate::trust::{self, Doubt};
use crate::{OcrError, decode_page};
use docmill_contracts::{
    AccuracyMode, BlobRef, Codec, PackedRules, PackedWords, Page, Problem, Severity, TextLayerTrust, Word,
};
use image::{RgbImage, imageops};
use std::sync::Arc;
use tokio::task::spawn_blocking;

/// Code of the problem that a text layer says something else than its page shows.
const LYING_LAYER: &str = "OCR-0030";
/// Most doubts that are looked at again, and most of them that are told.
const MOST_AGAIN: usize = 24;
const MOST_TOLD: usize = 5;
/// How much around a number is looked at again, as a share of its height.
const MARGIN: f32 = 0.8;
/// Rows of paper between numbers that are looked at again.
const BETWEEN: u32 = 24;
/// Least confidence in a word of an image that goes beside a text layer.
const JOINS: f32 = 0.6;
/// Greatest part of a word's box that may lie on words of the text layer where it is none of them.
const BESIDE: f32 = 0.2;

impl OcrStage {
    /// The page with what is to be said of its text layer, where it has one; true where that stands.
    pub(super) async fn with_layer(
        &self,
        page: &Page,
        read: &PackedWords,
        trust: TextLayerTrust,
    ) -> Result<(Page, bool), OcrError> {
        let mut page = page.clone();
        let layer = match (&page.words, &page.words_blob) {
            (Some(words), _) => Some((words.clone(), page.rules.clone())),
            (None, Some(blob)) => Some(Codec::page_from_blob(&self.blobs.get(blob).await?)?),
            (None, None) => None,
        };
        let Some((layer, rules)) = layer else { return Ok((page, false)) };
        let (Ok(layer), Ok(read)) = (layer.unpack(), read.unpack()) else { return Ok((page, false)) };
        if trust != TextLayerTrust::Sampled {
            // It is trusted, and came with an image since that has words of its own.
            self.join(&mut page, layer, &rules, &read).await?;
            return Ok((page, true));
        }
        let mut agreement = trust::compare(&layer, &read);
        if !agreement.doubts.is_empty() {
            agreement.doubts = self.read_again(&page, agreement.doubts, &layer).await?;
        }
        let (sampled, found, stands) = (agreement.sampled, agreement.found, agreement.holds());
        if stands {
            page.text_reason = Some(format!("OCR finds {found} of {sampled} words of the text layer"));
        } else {
            let mut parts = Vec::new();
            if !agreement.is_most() {
                parts.push(format!(
                    "OCR finds only {found} of {sampled} words of the text layer where it says that they are"
                ));
            }
            if !agreement.doubts.is_empty() {
                parts.push(told(&agreement.doubts));
            }
            let message = format!("{}; the page was read by OCR", parts.join("; "));
            page.text_reason = Some("the text layer says something else than the page shows".to_owned());
            page.problems.push(Problem {
                code: LYING_LAYER.to_owned(),
                severity: Severity::Error,
                message,
                fields: Vec::new(),
                page: Some(page.page_no),
            });
        }
        Ok((page, stands))
    }

    /// The doubts that are left after a second look at their places.
    async fn read_again(
        &self,
        page: &Page,
        doubts: Vec<Doubt>,
        layer: &[Word],
    ) -> Result<Vec<Doubt>, OcrError> {
        let Some(image) = &page.image else { return Ok(Vec::new()) };
        let dpi = page.image_dpi.filter(|dpi| *dpi > 0.0).unwrap_or(USUAL_DPI);
        let doubts: Vec<Doubt> = trust::spread(&doubts, MOST_AGAIN).cloned().collect();
        let places: Vec<[f32; 4]> = doubts.iter().map(|d| d.bbox).collect();
        let again = self.read_places(image, places, dpi).await?;
        Ok(trust::shared(doubts, layer, &again))
    }

    /// What is read at these places of an image, each by itself.
    async fn read_places(
        &self,
        image: &BlobRef,
        places: Vec<[f32; 4]>,
        dpi: f32,
    ) -> Result<Vec<Word>, OcrError> {
        let engine = Arc::clone(self.engine().await?);
        let permit = Arc::clone(&self.cores).acquire_owned().await;
        let bytes = self.blobs.get(image).await?;
        let (name, limit) = (image.sha256.clone(), self.config.max_image_pixels);
        let work = move || {
            let _permit = permit;
            let image = decode_page(&bytes, &name, limit)?;
            read_cut(&engine, &image, &places, dpi)
        };
        spawn_blocking(work).await.map_err(|source| OcrError::Engine { source })?
    }

    /// Adds the words that only the image has to those of the text layer.
    async fn join(
        &self,
        page: &mut Page,
        mut layer: Vec<Word>,
        rules: &PackedRules,
        read: &[Word],
    ) -> Result<(), OcrError> {
        let more = beside(&layer, read);
        if more.is_empty() {
            return Ok(());
        }
        page.text_reason =
            Some(format!("text layer, and {} words that OCR read in images beside it", more.len()));
        layer.extend(more);
        let weight = |w: &Word| w.text.chars().count() as f64;
        let all: f64 = layer.iter().map(weight).sum();
        page.confidence =
            Some(layer.iter().map(|w| weight(w) * f64::from(w.confidence)).sum::<f64>() / all.max(1.0));
        let words = PackedWords::pack(&layer);
        if page.words.is_some() {
            page.words = Some(words);
        } else {
            page.words_blob = Some(self.blobs.put(Codec::words_to_blob(&words, rules)?.into()).await?);
        }
        Ok(())
    }
}

/// Numbers that are not those of the page, in words.
fn told(doubts: &[Doubt]) -> String {
    let parts: Vec<String> = doubts
        .iter()
        .take(MOST_TOLD)
        .map(|d| format!("\"{}\" where the page shows \"{}\"", d.says, d.shows))
        .collect();
    let more = if doubts.len() > MOST_TOLD { " and others" } else { "" };
    format!("the text layer says {}{more}", parts.join(", "))
}

/// What an engine reads of parts of an image, one below the other.
fn read_cut(engine: &Engine, image: &RgbImage, places: &[[f32; 4]], dpi: f32) -> Result<Vec<Word>, OcrError> {
    let scale = dpi / 72.0;
    let side = |v: f32, most: u32| (v * scale).clamp(0.0, most as f32) as u32;
    let parts: Vec<[u32; 4]> = places
        .iter()
        .map(|[x0, y0, x1, y1]| {
            let margin = MARGIN * (y1 - y0).min(x1 - x0);
            let (left, top) = (side(x0 - margin, image.width()), side(y0 - margin, image.height()));
            let (right, bottom) = (side(x1 + margin, image.width()), side(y1 + margin, image.height()));
            [left, top, right.saturating_sub(left), bottom.saturating_sub(top)]
        })
        .collect();
    let width = parts.iter().map(|[_, _, w, _]| w + 2 * BETWEEN).max().unwrap_or(1);
    let height = parts.iter().map(|[.., h]| h + BETWEEN).sum::<u32>() + BETWEEN;
    let mut sheet = RgbImage::from_pixel(width, height, image::Rgb([u8::MAX; 3]));
    let (mut top, mut tops) = (BETWEEN, Vec::new());
    for [x, y, w, h] in &parts {
        let part = imageops::crop_imm(image, *x, *y, *w, *h);
        imageops::replace(&mut sheet, &*part, i64::from(BETWEEN), i64::from(top));
        tops.push(top);
        top += h + BETWEEN;
    }
    let read = engine.recognize(&sheet, &Request { dpi, accuracy: AccuracyMode::Accurate })?;
    if read.turn != 0 {
        return Ok(Vec::new());
    }
    let place = |mut word: Word| {
        let middle = f32::midpoint(word.bbox[1], word.bbox[3]) * scale;
        let at = tops.iter().rposition(|top| middle >= *top as f32)?;
        let ([x, y, ..], top) = (parts.get(at)?, tops.get(at)?);
        let (right, down) = ((*x as f32 - BETWEEN as f32) / scale, (*y as f32 - *top as f32) / scale);
        let [x0, y0, x1, y1] = word.bbox;
        word.bbox = [x0 + right, y0 + down, x1 + right, y1 + down];
        Some(word)
    };
    Ok(read.words.into_iter().filter_map(place).collect())
}

/// The words of an image that are none of the text layer, in lines of their own.
fn beside(layer: &[Word], read: &[Word]) -> Vec<Word> {
    let area = |[x0, y0, x1, y1]: [f32; 4]| (x1 - x0).max(0.0) * (y1 - y0).max(0.0);
    let common =
        |a: [f32; 4], b: [f32; 4]| area([a[0].max(b[0]), a[1].max(b[1]), a[2].min(b[2]), a[3].min(b[3])]);
    let first = layer.iter().map(|w| w.line + 1).max().unwrap_or(0);
    let free = |word: &&Word| {
        let most = BESIDE * area(word.bbox);
        word.confidence >= JOINS && layer.iter().all(|other| common(word.bbox, other.bbox) <= most)
    };
    read.iter().filter(free).map(|word| Word { line: first + word.line, ..word.clone() }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(text: &str, x: f32, y: f32, line: u32) -> Word {
        Word { text: text.into(), bbox: [x, y, x + 40.0, y + 10.0], confidence: 0.9, line }
    }

    #[test]
    fn words_of_an_image_go_beside_the_text_layer_and_not_upon_it() {
        let layer = [word("Invoice", 10.0, 10.0, 0), word("4711", 60.0, 10.0, 0)];
        let mut poor = word("x", 10.0, 200.0, 3);
        poor.confidence = 0.3;
        let read = [
            word("lnvoice", 11.0, 11.0, 0),
            word("Total", 10.0, 100.0, 1),
            word("9.50", 60.0, 100.0, 1),
            poor,
        ];
        let more = beside(&layer, &read);
        let texts: Vec<(&str, u32)> = more.iter().map(|w| (w.text.as_str(), w.line)).collect();
        assert_eq!(texts, [("Total", 2), ("9.50", 2)]);
    }

    #[test]
    fn a_few_numbers_are_told_and_others_said_to_be() {
        let doubt = |i: usize| Doubt { says: format!("{i}1"), shows: format!("{i}2"), bbox: [0.0; 4] };
        assert_eq!(told(&[doubt(4)]), "the text layer says \"41\" where the page shows \"42\"");
        assert!(told(&(0..7).map(doubt).collect::<Vec<_>>()).ends_with("\"42\" and others"));
    }
}
