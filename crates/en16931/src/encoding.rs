//! From bytes to text: UTF-8, UTF-16 by its mark, or Latin-1 where the declaration says so.

use crate::ReadError;
use std::borrow::Cow;

pub(crate) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, ReadError> {
    let wide = |read: fn([u8; 2]) -> u16| {
        let (pairs, _) = bytes.get(2..).unwrap_or_default().as_chunks::<2>();
        String::from_utf16(&pairs.iter().map(|p| read(*p)).collect::<Vec<_>>())
            .map(Cow::Owned)
            .map_err(|_| ReadError::Encoding)
    };
    match bytes {
        [0xff, 0xfe, ..] => return wide(u16::from_le_bytes),
        [0xfe, 0xff, ..] => return wide(u16::from_be_bytes),
        _ => {}
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if let Ok(text) = std::str::from_utf8(bytes) {
        return Ok(Cow::Borrowed(text));
    }
    let head = String::from_utf8_lossy(bytes.get(..200).unwrap_or(bytes)).to_ascii_lowercase();
    if head.contains("iso-8859-1") || head.contains("windows-1252") || head.contains("iso-8859-15") {
        return Ok(Cow::Owned(bytes.iter().map(|b| char::from(*b)).collect()));
    }
    Err(ReadError::Encoding)
}
