//! A server that takes a request and then does what networks do.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};

/// What happens after the request has arrived whole.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Fault {
    /// The connection is cut.
    Cut,
    /// The answer breaks off after its headers.
    HalfAnswer,
}

/// Counts requests.
pub(crate) struct FaultyServer {
    pub(crate) url: String,
    requests: Arc<AtomicUsize>,
}

impl FaultyServer {
    pub(crate) async fn start(fault: Fault) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::new(AtomicUsize::new(0));
        let counter = requests.clone();
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                tokio::spawn(serve(socket, fault, counter.clone()));
            }
        });
        Self { url, requests }
    }

    pub(crate) fn requests(&self) -> usize {
        self.requests.load(Ordering::SeqCst)
    }
}

async fn serve(mut socket: TcpStream, fault: Fault, requests: Arc<AtomicUsize>) {
    let mut seen = Vec::new();
    let mut chunk = [0; 4096];
    while !is_whole(&seen) {
        match socket.read(&mut chunk).await {
            Ok(n) if n > 0 => seen.extend_from_slice(&chunk[..n]),
            _ => return,
        }
    }
    requests.fetch_add(1, Ordering::SeqCst);
    if matches!(fault, Fault::HalfAnswer) {
        let head = "HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"sid\":";
        socket.write_all(head.as_bytes()).await.ok();
    }
}

fn is_whole(request: &[u8]) -> bool {
    let text = String::from_utf8_lossy(request);
    let Some((head, body)) = text.split_once("\r\n\r\n") else {
        return false;
    };
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length")
            .then(|| value.trim().parse::<usize>().ok())?
    });
    body.len() >= length.unwrap_or(0)
}
