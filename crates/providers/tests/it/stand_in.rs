//! A server that records what it is asked and answers what a test tells it to.

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, Response, StatusCode},
    serve::ListenerExt,
};
use casp_providers::{OpenAiSettings, ProviderName, ProviderSettings, Providers, Timeouts};
use futures_util::{StreamExt, stream};
use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

pub(crate) const KEY: &str = "sk-of-the-test";
/// Longest that anything here may take; reached only by a test that fails. Less than a connection may be idle.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// A request as it came.
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Seen {
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).expect("the body is JSON")
    }
}

/// A part of an answer's body.
#[derive(Clone)]
pub(crate) enum Piece {
    Bytes(Vec<u8>),
    /// Nothing more, for ever.
    Hang,
    /// The connection is closed in the middle.
    Break,
}

#[derive(Clone)]
pub(crate) struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    pieces: Vec<Piece>,
    /// Not even headers.
    never: bool,
}

impl Reply {
    pub(crate) fn new(content_type: &str, pieces: Vec<Piece>) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type", content_type.into())],
            pieces,
            never: false,
        }
    }

    pub(crate) fn body(content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        Self::new(content_type, vec![Piece::Bytes(body.into())])
    }

    pub(crate) fn json(body: &serde_json::Value) -> Self {
        Self::body("application/json", body.to_string())
    }

    /// Server-sent events, each in a piece of its own, without `[DONE]`.
    pub(crate) fn events(events: &[&str]) -> Self {
        let pieces = events.iter().map(|data| event(data)).collect();
        Self::new("text/event-stream", pieces)
    }

    pub(crate) fn never() -> Self {
        Self {
            never: true,
            ..Self::body("text/plain", "")
        }
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &str) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(crate) fn then(mut self, piece: Piece) -> Self {
        self.pieces.push(piece);
        self
    }
}

pub(crate) fn event(data: &str) -> Piece {
    Piece::Bytes(format!("data: {data}\n\n").into_bytes())
}

/// The server; it ends with this value.
pub(crate) struct StandIn {
    pub(crate) base: String,
    shared: Arc<Shared>,
    seen: mpsc::UnboundedReceiver<Seen>,
    disconnects: mpsc::UnboundedReceiver<()>,
    task: JoinHandle<()>,
}

struct Shared {
    replies: Mutex<VecDeque<Reply>>,
    connections: AtomicUsize,
    seen: mpsc::UnboundedSender<Seen>,
    disconnects: mpsc::UnboundedSender<()>,
}

impl StandIn {
    /// Answers requests other than `HEAD` with these replies, the last one again and again.
    pub(crate) async fn start(replies: impl IntoIterator<Item = Reply>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/v1", listener.local_addr().unwrap());
        let (seen_in, seen) = mpsc::unbounded_channel();
        let (disconnects_in, disconnects) = mpsc::unbounded_channel();
        let shared = Arc::new(Shared {
            replies: Mutex::new(replies.into_iter().collect()),
            connections: AtomicUsize::new(0),
            seen: seen_in,
            disconnects: disconnects_in,
        });
        let counted = Arc::clone(&shared);
        let listener = listener.tap_io(move |_| {
            counted.connections.fetch_add(1, Ordering::SeqCst);
        });
        let app = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&shared));
        let task = tokio::spawn(async move { axum::serve(listener, app).await.unwrap() });
        Self {
            base,
            shared,
            seen,
            disconnects,
            task,
        }
    }

    /// Settings that use this server for everything.
    pub(crate) fn settings(&self) -> ProviderSettings {
        ProviderSettings {
            stt: vec![ProviderName::OpenAi],
            llm: vec![ProviderName::OpenAi],
            tts: vec![ProviderName::OpenAi],
            openai: OpenAiSettings {
                api_key: Some(KEY.into()),
                base_url: Some(self.base.clone()),
                ..OpenAiSettings::default()
            },
            timeouts: Timeouts::default(),
        }
    }

    pub(crate) fn providers(&self) -> Providers {
        Providers::new(&self.settings()).unwrap()
    }

    /// Providers that lose patience after half a second without an answer.
    pub(crate) fn impatient(&self) -> Providers {
        let short = Duration::from_millis(500);
        self.with_timeouts(Timeouts {
            stt_total: short,
            llm_first_byte: short,
            tts_first_byte: short,
            ..Timeouts::default()
        })
    }

    /// The same once the answer has begun.
    pub(crate) fn impatient_for_the_rest(&self) -> Providers {
        let short = Duration::from_millis(500);
        self.with_timeouts(Timeouts {
            llm_first_byte: PATIENCE,
            llm_gap: short,
            tts_first_byte: PATIENCE,
            tts_gap: short,
            ..Timeouts::default()
        })
    }

    fn with_timeouts(&self, timeouts: Timeouts) -> Providers {
        let settings = ProviderSettings {
            timeouts,
            ..self.settings()
        };
        Providers::new(&settings).unwrap()
    }

    /// The next request.
    pub(crate) async fn seen(&mut self) -> Seen {
        let seen = tokio::time::timeout(PATIENCE, self.seen.recv()).await;
        seen.expect("a request comes").unwrap()
    }

    /// Requests that came and were not looked at.
    pub(crate) fn unseen(&mut self) -> usize {
        std::iter::from_fn(|| self.seen.try_recv().ok()).count()
    }

    /// Waits until a client left before its answer was complete.
    pub(crate) async fn disconnected(&mut self) {
        let gone = tokio::time::timeout(PATIENCE, self.disconnects.recv()).await;
        gone.expect("the client closes the connection").unwrap();
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// Tells that an answer was dropped before its end.
struct Unfinished(Option<mpsc::UnboundedSender<()>>);

impl Unfinished {
    fn is_over(&mut self) {
        self.0 = None;
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if let Some(disconnects) = self.0.take() {
            let _ = disconnects.send(());
        }
    }
}

async fn answer(State(shared): State<Arc<Shared>>, request: Request) -> Response<Body> {
    let (head, body) = request.into_parts();
    let is_head = head.method == "HEAD";
    let seen = Seen {
        method: head.method.to_string(),
        path: head.uri.path().to_owned(),
        headers: head.headers,
        body: to_bytes(body, 64 << 20).await.unwrap(),
    };
    let _ = shared.seen.send(seen);
    if is_head {
        return Response::new(Body::empty());
    }
    let reply = {
        let mut replies = shared.replies.lock().unwrap();
        let next = replies.pop_front().expect("a test gives a reply");
        if replies.is_empty() {
            replies.push_back(next.clone());
        }
        next
    };
    let mut unfinished = Unfinished(Some(shared.disconnects.clone()));
    if reply.never {
        std::future::pending::<()>().await;
    }
    let mut response = Response::builder().status(StatusCode::from_u16(reply.status).unwrap());
    for (name, value) in reply.headers {
        response = response.header(name, value);
    }
    let pieces = stream::iter(reply.pieces.into_iter().map(Some).chain([None]));
    let body = pieces.then(move |piece| {
        if piece.is_none() || matches!(piece, Some(Piece::Break)) {
            unfinished.is_over();
        }
        async move {
            // What came before is written out first, so that every piece is a write of its own.
            tokio::task::yield_now().await;
            match piece {
                Some(Piece::Bytes(bytes)) => Ok(Bytes::from(bytes)),
                Some(Piece::Hang) => std::future::pending().await,
                Some(Piece::Break) => Err(std::io::Error::other("as the test wants")),
                None => Ok(Bytes::new()),
            }
        }
    });
    response.body(Body::from_stream(body)).unwrap()
}
