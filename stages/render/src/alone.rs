//! What PDFium alone takes for a document, measured in a child that does nothing else.

use crate::child::alone::{IMAGES, KIND, WORDS};
use crate::{Config, RenderError};
use bytes::Bytes;
use docmill_assets::{Asset, Assets};
use docmill_sandbox::{Pool, PoolConfig};
use docmill_service::StageEnv;
use std::time::Duration;

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Measured {
    /// Words with boxes.
    Words,
    /// Page images of so many dots per inch, as pixels in memory.
    Images {
        /// Dots per inch.
        dpi: f32,
    },
}

/// PDFium in a child of its own.
#[derive(Debug)]
pub struct Alone(Pool);

impl Alone {
    /// One child, with the limits of `config`.
    pub fn new(config: &Config, env: &StageEnv) -> Result<Self, RenderError> {
        use std::os::unix::ffi::OsStrExt;
        let library = Assets::new(env.assets.clone()).ensure(Asset::Pdfium)?;
        let init = Bytes::copy_from_slice(library.as_os_str().as_bytes());
        let mut pool = PoolConfig::new(env.program.clone(), KIND, init);
        pool.limits = config.limits.clone();
        Ok(Self(Pool::new(pool)))
    }

    /// Pages of a document, and the processor time that PDFium took for all of them, transfer not counted.
    pub async fn measure(&self, what: Measured, document: Bytes) -> Result<(u32, Duration), RenderError> {
        let head = match what {
            Measured::Words => Bytes::from_static(&[WORDS]),
            Measured::Images { dpi } => {
                let [a, b, c, d] = dpi.to_le_bytes();
                Bytes::copy_from_slice(&[IMAGES, a, b, c, d])
            }
        };
        let parts = self.0.call_all(vec![head, document], Duration::from_secs(300)).await?;
        let reply = parts.concat();
        let read = reply
            .split_first_chunk::<4>()
            .and_then(|(pages, rest)| Some((*pages, *rest.first_chunk::<8>()?)));
        let (pages, micros) = read.ok_or(RenderError::Reply { name: KIND.into(), what: "no measurement" })?;
        Ok((u32::from_le_bytes(pages), Duration::from_micros(u64::from_le_bytes(micros))))
    }
}
