//! As much of HTTP/1.1 as the servers need: one request a connection.

use std::io;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A request as it came.
#[derive(Debug, Clone)]
pub(super) struct Request {
    pub(super) head: String,
    pub(super) body: Vec<u8>,
}

impl Request {
    /// A header's value; `name` in small letters.
    pub(super) fn header(&self, name: &str) -> Option<String> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim().to_owned())
        })
    }

    /// The request again, for a connection that ends with it.
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let lines = self.head.trim_end().lines();
        let kept = lines.filter(|l| !l.to_ascii_lowercase().starts_with("connection:"));
        let mut bytes = kept.collect::<Vec<_>>().join("\r\n").into_bytes();
        bytes.extend_from_slice(b"\r\nconnection: close\r\n\r\n");
        bytes.extend_from_slice(&self.body);
        bytes
    }
}

/// Reads one request; none where the other side says nothing.
pub(super) async fn read_request(socket: &mut TcpStream) -> io::Result<Option<Request>> {
    let (mut bytes, mut buffer) = (Vec::new(), vec![0; 16 << 10]);
    let head = loop {
        if let Some(at) = bytes.windows(4).position(|w| w == b"\r\n\r\n") {
            break at + 4;
        }
        match socket.read(&mut buffer).await? {
            0 => return Ok(None),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    };
    let mut request =
        Request { head: String::from_utf8_lossy(&bytes[..head]).into_owned(), body: bytes.split_off(head) };
    let length = request.header("content-length").and_then(|l| l.parse().ok()).unwrap_or(0);
    let have = request.body.len();
    if have < length {
        request.body.resize(length, 0);
        socket.read_exact(&mut request.body[have..]).await?;
    }
    Ok(Some(request))
}

/// An answer of JSON, with further header lines.
pub(super) async fn respond(
    socket: &mut TcpStream,
    status: u16,
    headers: &str,
    body: &[u8],
) -> io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status} x\r\ncontent-type: application/json\r\ncontent-length: {}\r\nconnection: close\r\n{headers}\r\n",
        body.len()
    );
    socket.write_all(head.as_bytes()).await?;
    socket.write_all(body).await?;
    socket.shutdown().await
}
