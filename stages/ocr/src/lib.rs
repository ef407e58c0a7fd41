//! ocr: PP-OCR on ONNX Runtime for pages without a text layer.
