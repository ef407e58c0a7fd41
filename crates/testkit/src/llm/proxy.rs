//! A proxy that does to requests what networks and servers do at their worst.

use super::http::{Request, read_request, respond};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// What happens to one request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nothing: it is handed on.
    Pass,
    /// The connection is closed before anything is said.
    Close,
    /// There is never an answer.
    Hang,
    /// 429, with the seconds of Retry-After where there are some.
    Busy(Option<&'static str>),
    /// This status, and a body that is no JSON.
    Status(u16),
    /// The server's answer, of which half arrives before the connection ends.
    Truncated,
    /// An answer of this many bytes.
    Huge(usize),
    /// 200, and a body that is no JSON.
    Garbage,
    /// 200, and JSON that is no answer.
    OtherJson,
}

#[derive(Debug, Default)]
struct Script {
    next: Mutex<(VecDeque<Fault>, Option<Fault>)>,
    requests: AtomicUsize,
}

impl Script {
    fn take(&self) -> Fault {
        let mut next = self.next.lock().unwrap_or_else(PoisonError::into_inner);
        next.0.pop_front().or_else(|| next.1.clone()).unwrap_or(Fault::Pass)
    }
}

/// Stands between a client and a server. Ends when it is dropped.
#[derive(Debug)]
pub struct FaultProxy {
    address: SocketAddr,
    script: Arc<Script>,
    task: JoinHandle<()>,
}

impl FaultProxy {
    /// Before a server at `upstream`.
    pub async fn start(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let address = listener.local_addr().expect("it has an address");
        let script = Arc::new(Script::default());
        let faults = Arc::clone(&script);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let faults = Arc::clone(&faults);
                // The other side may have gone away, which is its right.
                tokio::spawn(async move { handle(socket, upstream, &faults).await.ok() });
            }
        });
        Self { address, script, task }
    }

    /// The next requests meet these, one each; those after them pass, or meet what [`Self::always`] says.
    pub fn next(&self, faults: impl IntoIterator<Item = Fault>) {
        self.script.next.lock().unwrap_or_else(PoisonError::into_inner).0.extend(faults);
    }

    /// Every request meets this; [`Fault::Pass`] ends it.
    pub fn always(&self, fault: Fault) {
        self.script.next.lock().unwrap_or_else(PoisonError::into_inner).1 = Some(fault);
    }

    /// Base of the API, as it stands in a provider's configuration.
    pub fn url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Requests that came so far.
    pub fn requests(&self) -> usize {
        self.script.requests.load(Ordering::SeqCst)
    }

    /// Base of an API where nobody listens.
    pub async fn nobody() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        format!("http://{}/v1", listener.local_addr().expect("it has an address"))
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn handle(mut socket: TcpStream, upstream: SocketAddr, script: &Script) -> io::Result<()> {
    let Some(request) = read_request(&mut socket).await? else { return Ok(()) };
    script.requests.fetch_add(1, Ordering::SeqCst);
    match script.take() {
        Fault::Pass => socket.write_all(&forward(&request, upstream).await?).await,
        Fault::Close => Ok(()),
        Fault::Hang => {
            // Until the client gives up.
            socket.read(&mut [0]).await.map(drop)
        }
        Fault::Busy(after) => {
            let header = after.map(|s| format!("retry-after: {s}\r\n")).unwrap_or_default();
            respond(&mut socket, 429, &header, br#"{"error":{"message":"rate limit"}}"#).await
        }
        Fault::Status(status) => respond(&mut socket, status, "", b"<html>sorry</html>").await,
        Fault::Truncated => {
            let whole = forward(&request, upstream).await?;
            let body = whole.windows(4).position(|w| w == b"\r\n\r\n").map_or(0, |at| at + 4);
            socket.write_all(&whole[..body + (whole.len() - body) / 2]).await
        }
        Fault::Huge(bytes) => {
            // No length is told: the client has to count.
            socket.write_all(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n").await?;
            let chunk = vec![b' '; 64 << 10];
            for _ in 0..bytes.div_ceil(chunk.len()) {
                socket.write_all(&chunk).await?;
            }
            Ok(())
        }
        Fault::Garbage => respond(&mut socket, 200, "", b"%PDF-1.7 what").await,
        Fault::OtherJson => respond(&mut socket, 200, "", br#"{"ok":true}"#).await,
    }
}

/// The server's whole answer.
async fn forward(request: &Request, upstream: SocketAddr) -> io::Result<Vec<u8>> {
    let mut server = TcpStream::connect(upstream).await?;
    server.write_all(&request.to_bytes()).await?;
    let mut answer = Vec::new();
    server.read_to_end(&mut answer).await?;
    Ok(answer)
}
