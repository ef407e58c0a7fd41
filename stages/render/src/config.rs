//! Settings of the render stage.

use docmill_sandbox::Limits;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// Settings of the render stage.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// Fewest characters, white space not counted, for a text layer to stand for its page; fewer are read by OCR where
    /// the page shows anything else. Alias: environment variable EXTRACTOR_MIN_CHARACTERS.
    pub min_characters: u32,
    /// Least share of letters and digits among the characters of a text layer, 0..=1; less is read by OCR.
    /// Alias: environment variable EXTRACTOR_MIN_ALPHA_RATIO.
    pub min_alpha_ratio: f32,
    /// A page on which images cover at least this share (0..=1) is a scan, unless its text layer holds
    /// `scan_min_characters`.
    pub scan_coverage: f32,
    /// Fewest characters for the text layer of a scan to stand for its page: less is a fax header or a stamp.
    pub scan_min_characters: u32,
    /// Least share of characters in clean words and numbers, 0..=1, for the text layer that a scanner put behind its
    /// image to stand for the page; a poorer one is read again, which nearly all are.
    pub scan_min_clean: f32,
    /// Most glyphs that stand for no character, as a share of all, 0..=1; a text layer with more is read by OCR.
    pub max_garbage_ratio: f32,
    /// Most objects (texts, lines, images) of a page.
    pub max_objects: u32,
    /// Resolution of page images for OCR in dots per inch.
    pub dpi: f32,
    /// Longest side of a page image in pixels; larger pages get a lower resolution.
    pub max_side: u32,
    /// Most pixels of an image that is decoded, in millions.
    pub max_megapixels: u32,
    /// Most pages of a document.
    pub max_pages: u32,
    /// Most pages of a document that is read at once, where all of them have a good text layer.
    pub short_pages: u32,
    /// Most pages of a document whose words travel in the records; those of longer ones are blobs.
    pub inline_pages: u32,
    /// Pages of one unit of work, at most 32.
    pub range_pages: u32,
    /// Largest e-invoice XML taken from a document in bytes.
    pub max_xml_bytes: u32,
    /// Longest time for opening a document, in seconds.
    pub open_timeout_s: f32,
    /// Longest time for reading a short document at once, in seconds; then its pages are read one by one.
    pub short_timeout_s: f32,
    /// Longest time for one page, in seconds.
    pub page_timeout_s: f32,
    /// Longest time for one range of pages, in seconds; what is left then fails. Less than the worker's attempt_timeout.
    pub range_timeout_s: f32,
    /// Sandboxed children at once; 0 for one a processor.
    pub children: usize,
    /// Documents or ranges after which a child is replaced.
    pub child_max_calls: u32,
    /// Resident memory in bytes over which a child is replaced.
    pub child_max_resident_bytes: u64,
    /// What a child may use.
    pub limits: Limits,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            min_characters: 20,
            min_alpha_ratio: 0.5,
            scan_coverage: 0.5,
            scan_min_characters: 200,
            scan_min_clean: 0.992_187_5,
            max_garbage_ratio: 0.25,
            max_objects: 500_000,
            dpi: 200.0,
            max_side: 4096,
            max_megapixels: 100,
            max_pages: 5000,
            short_pages: 8,
            inline_pages: 8,
            range_pages: 32,
            max_xml_bytes: 16 * 1024 * 1024,
            open_timeout_s: 10.0,
            short_timeout_s: 3.0,
            page_timeout_s: 20.0,
            range_timeout_s: 90.0,
            children: 0,
            child_max_calls: 500,
            child_max_resident_bytes: 512 * 1024 * 1024,
            limits: Limits::default(),
        }
    }
}

impl Config {
    /// Takes the values of EXTRACTOR_MIN_CHARACTERS and EXTRACTOR_MIN_ALPHA_RATIO, as `get` finds them.
    pub(crate) fn with_aliases(mut self, get: impl Fn(&str) -> Option<String>) -> Result<Self, &'static str> {
        fn set<T: std::str::FromStr>(to: &mut T, from: Option<String>) -> Result<(), ()> {
            from.map(|text| text.trim().parse().map(|v| *to = v)).transpose().map(drop).map_err(drop)
        }
        set(&mut self.min_characters, get("EXTRACTOR_MIN_CHARACTERS"))
            .map_err(|()| "EXTRACTOR_MIN_CHARACTERS is not a whole number")?;
        set(&mut self.min_alpha_ratio, get("EXTRACTOR_MIN_ALPHA_RATIO"))
            .map_err(|()| "EXTRACTOR_MIN_ALPHA_RATIO is not a number")?;
        Ok(self)
    }

    /// The first mistake, where there is one.
    pub(crate) fn check(&self) -> Result<(), &'static str> {
        let share = |v: f32| (0.0..=1.0).contains(&v);
        let time = |v: f32| v.is_finite() && (0.01..=3600.0).contains(&v);
        let rules = [
            (share(self.min_alpha_ratio), "min_alpha_ratio is not between 0 and 1"),
            (share(self.scan_coverage), "scan_coverage is not between 0 and 1"),
            (share(self.scan_min_clean), "scan_min_clean is not between 0 and 1"),
            (share(self.max_garbage_ratio), "max_garbage_ratio is not between 0 and 1"),
            (self.max_objects >= 1, "max_objects is 0"),
            ((36.0..=1200.0).contains(&self.dpi), "dpi is not between 36 and 1200"),
            ((256..=16_384).contains(&self.max_side), "max_side is not between 256 and 16384"),
            ((1..=1000).contains(&self.max_megapixels), "max_megapixels is not between 1 and 1000"),
            ((1..=100_000).contains(&self.max_pages), "max_pages is not between 1 and 100000"),
            (self.short_pages <= 32, "short_pages is over 32"),
            (self.inline_pages <= 64, "inline_pages is over 64"),
            ((1..=32).contains(&self.range_pages), "range_pages is not between 1 and 32"),
            (self.max_xml_bytes <= 64 * 1024 * 1024, "max_xml_bytes is over 64 MiB"),
            (time(self.open_timeout_s), "open_timeout_s is not between 0.01 and 3600"),
            (time(self.short_timeout_s), "short_timeout_s is not between 0.01 and 3600"),
            (time(self.page_timeout_s), "page_timeout_s is not between 0.01 and 3600"),
            (time(self.range_timeout_s), "range_timeout_s is not between 0.01 and 3600"),
            (self.children <= 256, "children is over 256"),
            (self.limits.memory_bytes >= 256 * 1024 * 1024, "limits.memory_bytes is under 256 MiB"),
            (self.limits.frame_bytes >= 1024 * 1024, "limits.frame_bytes is under 1 MiB"),
        ];
        rules.iter().find(|(good, _)| !good).map_or(Ok(()), |(_, mistake)| Err(mistake))
    }

    pub(crate) fn open_timeout(&self) -> Duration {
        Duration::from_secs_f32(self.open_timeout_s)
    }

    pub(crate) fn short_timeout(&self) -> Duration {
        Duration::from_secs_f32(self.short_timeout_s)
    }

    pub(crate) fn page_timeout(&self) -> Duration {
        Duration::from_secs_f32(self.page_timeout_s)
    }

    pub(crate) fn range_timeout(&self) -> Duration {
        Duration::from_secs_f32(self.range_timeout_s)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_names_of_the_thresholds_are_aliases() {
        let env = |name: &str| (name == "EXTRACTOR_MIN_CHARACTERS").then(|| "7".to_owned());
        let config = Config::default().with_aliases(env).unwrap();
        assert_eq!((config.min_characters, config.min_alpha_ratio), (7, 0.5));
        assert!(Config::default().with_aliases(|_| Some("many".into())).is_err());
    }

    #[test]
    fn the_usual_settings_are_valid_and_mistakes_are_named() {
        Config::default().check().unwrap();
        let wrong = Config { dpi: f32::NAN, ..Config::default() };
        assert_eq!(wrong.check(), Err("dpi is not between 36 and 1200"));
    }
}
