//! Frames on the pipes: one byte of kind, the length as little-endian u32, the payload.

use std::io::{self, Read, Write};

/// What a frame is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Parent → child, first: limits and what the handler starts with.
    Hello,
    /// Parent → child: a request.
    Request,
    /// Child → parent: ready for requests.
    Ready,
    /// Child → parent: cannot work; the payload says why.
    Unfit,
    /// Child → parent: the kernel cannot confine it; the payload says what is missing.
    Unconfined,
    /// Child → parent: a part of the reply.
    Part,
    /// Child → parent: the reply is complete.
    End,
    /// Child → parent: a question for a part of the document.
    Want,
    /// Parent → child: that part.
    Given,
}

impl Kind {
    const ALL: [Self; 9] = [
        Self::Hello,
        Self::Request,
        Self::Ready,
        Self::Unfit,
        Self::Unconfined,
        Self::Part,
        Self::End,
        Self::Want,
        Self::Given,
    ];

    fn byte(self) -> u8 {
        match self {
            Self::Hello => b'H',
            Self::Request => b'Q',
            Self::Ready => b'R',
            Self::Unfit => b'U',
            Self::Unconfined => b'X',
            Self::Part => b'P',
            Self::End => b'E',
            Self::Want => b'W',
            Self::Given => b'G',
        }
    }
}

/// Length of what stands before the payload.
pub(crate) const HEADER: usize = 5;

/// The bytes before a payload of `len` bytes; none where it is longer than `limit`.
pub(crate) fn header(kind: Kind, len: usize, limit: u32) -> Option<[u8; HEADER]> {
    let len = u32::try_from(len).ok().filter(|l| *l <= limit)?;
    let [a, b, c, d] = len.to_le_bytes();
    Some([kind.byte(), a, b, c, d])
}

/// Kind and length of the payload that follows; an error where it is no frame or longer than `limit`.
pub(crate) fn parse(header: [u8; HEADER], limit: u32) -> Result<(Kind, usize), &'static str> {
    let [kind, a, b, c, d] = header;
    let kind = Kind::ALL.into_iter().find(|k| k.byte() == kind).ok_or("unknown kind of frame")?;
    let len = u32::from_le_bytes([a, b, c, d]);
    if len > limit {
        return Err("frame over the size limit");
    }
    Ok((kind, usize::try_from(len).map_err(|_| "frame over the size limit")?))
}

/// Reads one frame; none at the end of the stream.
pub(crate) fn read(from: &mut impl Read, limit: u32) -> io::Result<Option<(Kind, Vec<u8>)>> {
    let mut head = [0; HEADER];
    if from.read(&mut head[..1])? == 0 {
        return Ok(None);
    }
    from.read_exact(&mut head[1..])?;
    let (kind, len) = parse(head, limit).map_err(|what| io::Error::new(io::ErrorKind::InvalidData, what))?;
    let mut payload = Vec::with_capacity(len);
    if from.take(len as u64).read_to_end(&mut payload)? < len {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some((kind, payload)))
}

/// Writes one frame whose payload is `parts` in a row.
pub(crate) fn write(to: &mut impl Write, kind: Kind, parts: &[&[u8]], limit: u32) -> io::Result<()> {
    let len = parts.iter().map(|p| p.len()).sum();
    let head = header(kind, len, limit)
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "frame over the size limit"))?;
    to.write_all(&head)?;
    parts.iter().try_for_each(|p| to.write_all(p))?;
    to.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_written_frame_is_read_again() {
        let mut pipe = Vec::new();
        write(&mut pipe, Kind::Part, &[b"ab", b"", b"c"], 10).unwrap();
        write(&mut pipe, Kind::End, &[], 10).unwrap();
        let mut from = pipe.as_slice();
        assert_eq!(read(&mut from, 10).unwrap(), Some((Kind::Part, b"abc".to_vec())));
        assert_eq!(read(&mut from, 10).unwrap(), Some((Kind::End, Vec::new())));
        assert_eq!(read(&mut from, 10).unwrap(), None);
    }

    #[test]
    fn a_length_over_the_limit_is_refused_before_anything_is_allocated() {
        assert!(parse([b'P', 0xff, 0xff, 0xff, 0xff], 1 << 20).is_err());
        assert!(parse([b'?', 0, 0, 0, 0], 1 << 20).is_err());
        assert_eq!(header(Kind::Request, 11, 10), None);
        assert!(read(&mut [b'P', 4, 0, 0, 0, 1].as_slice(), 10).is_err());
    }
}
