//! A provider's server: it answers as its rules say, or as a test scripts it, and remembers what it got.

use axum::{
    Router,
    body::{Body, Bytes},
    extract::Request,
    http::{HeaderMap, Method, StatusCode},
    response::Response,
};
use futures_util::stream;
use serde_json::Value;
use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex},
};
use tokio::task::JoinHandle;
use url::Url;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) path: String,
    pub(crate) query: BTreeMap<String, String>,
    /// The query with what is repeated in it.
    pub(crate) pairs: Vec<(String, String)>,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Received {
    /// A request that nobody has sent; `null` is no body.
    pub(crate) fn of(method: &str, path: &str, query: &[(&str, &str)], body: &Value) -> Self {
        let pairs: Vec<_> = query
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        Self {
            method: method.parse().unwrap(),
            path: path.to_owned(),
            query: pairs.iter().cloned().collect(),
            pairs,
            headers: HeaderMap::new(),
            body: body.into(),
        }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_default()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }

    /// All values of a parameter of the query.
    pub(crate) fn values(&self, name: &str) -> Vec<&str> {
        let of_name = self.pairs.iter().filter(|(known, _)| known == name);
        of_name.map(|(_, value)| value.as_str()).collect()
    }

    /// The address of a path at this server, as links in answers have it.
    pub(crate) fn root_of(&self, path: &str) -> String {
        format!("http://{}{path}", self.header("host"))
    }

    /// The bearer token.
    pub(crate) fn token(&self) -> &str {
        let value = self.header("authorization");
        value.strip_prefix("Bearer ").unwrap_or_default()
    }

    /// The first parameter of the query, or field of the JSON body, that is not among these.
    pub(crate) fn unknown(&self, known: &[&str]) -> Option<String> {
        let body = self.json();
        let fields = body.as_object().into_iter().flat_map(|body| body.keys());
        let mut names = self.query.keys().chain(fields);
        names.find(|name| !known.contains(&name.as_str())).cloned()
    }
}

/// What it answers.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: Bytes,
    is_cut: bool,
    is_late: bool,
    is_done: bool,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            headers: vec![("content-type", "application/json".into())],
            body: body.to_string().into(),
            is_cut: false,
            is_late: false,
            is_done: false,
        }
    }

    /// A file.
    pub(crate) fn bytes(status: u16, mime_type: &str, body: impl Into<Bytes>) -> Self {
        Self {
            status,
            headers: vec![("content-type", mime_type.into())],
            body: body.into(),
            is_cut: false,
            is_late: false,
            is_done: false,
        }
    }

    pub(crate) fn empty(status: u16) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body: Bytes::new(),
            is_cut: false,
            is_late: false,
            is_done: false,
        }
    }

    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The connection ends in the middle of it.
    pub(crate) fn cut(mut self) -> Self {
        self.is_cut = true;
        self
    }

    /// What was asked for is done all the same.
    pub(crate) fn done(mut self) -> Self {
        self.is_done = true;
        self
    }

    /// It never comes.
    pub(crate) fn late(mut self) -> Self {
        self.is_late = true;
        self
    }

    /// The JSON of one that went well.
    pub(crate) fn success(&self) -> Option<Value> {
        let is_success = (200..300).contains(&self.status) && !self.is_cut;
        is_success.then(|| serde_json::from_slice(&self.body).ok())?
    }

    async fn into_response(self) -> Response {
        if self.is_late {
            std::future::pending::<()>().await;
        }
        let body = if self.is_cut {
            let half = self.body.slice(..self.body.len() / 2);
            let end = std::io::Error::from(std::io::ErrorKind::ConnectionReset);
            Body::from_stream(stream::iter([Ok(half), Err(end)]))
        } else {
            Body::from(self.body)
        };
        let mut response = Response::new(body);
        *response.status_mut() = StatusCode::from_u16(self.status).unwrap();
        for (name, value) in self.headers {
            response.headers_mut().append(name, value.parse().unwrap());
        }
        response
    }
}

#[derive(Debug, Default)]
struct Memory {
    received: Vec<Received>,
    scripted: BTreeMap<String, VecDeque<Answer>>,
}

/// A running stand-in; it ends with its value.
#[derive(Debug)]
pub(crate) struct StandIn {
    pub(crate) root: Url,
    memory: Arc<Mutex<Memory>>,
    task: JoinHandle<()>,
}

impl Drop for StandIn {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl StandIn {
    pub(crate) async fn start(rules: impl Fn(&Received) -> Answer + Send + Sync + 'static) -> Self {
        let memory = Arc::new(Mutex::new(Memory::default()));
        let rules = Arc::new(rules);
        let kept = memory.clone();
        let app = Router::new().fallback(move |request: Request| {
            let (kept, rules) = (kept.clone(), rules.clone());
            async move {
                let received = read(request).await;
                let scripted = {
                    let mut kept = kept.lock().unwrap();
                    kept.received.push(received.clone());
                    let queue = kept.scripted.get_mut(&received.path);
                    queue.and_then(VecDeque::pop_front)
                };
                let answer = match scripted {
                    Some(answer) => {
                        if answer.is_done {
                            rules(&received);
                        }
                        answer
                    }
                    None => rules(&received),
                };
                answer.into_response().await
            }
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let root = format!("http://{}", listener.local_addr().unwrap());
        Self {
            root: root.parse().unwrap(),
            memory,
            task: tokio::spawn(async move { axum::serve(listener, app).await.unwrap() }),
        }
    }

    /// Answers the next request to a path with this.
    pub(crate) fn once(&self, path: &str, answer: Answer) {
        let mut memory = self.memory.lock().unwrap();
        let queue = memory.scripted.entry(path.to_owned()).or_default();
        queue.push_back(answer);
    }

    /// All that came.
    pub(crate) fn all(&self) -> Vec<Received> {
        self.memory.lock().unwrap().received.clone()
    }

    /// What came to a path.
    pub(crate) fn received(&self, path: &str) -> Vec<Received> {
        let memory = self.memory.lock().unwrap();
        let at = memory.received.iter().filter(|one| one.path == path);
        at.cloned().collect()
    }

    /// What comes of work that asks for this path once more, when time passes from then on and nothing else happens.
    pub(crate) async fn outwaited<T>(&self, path: &str, work: impl Future<Output = T>) -> T {
        let before = self.received(path).len();
        let mut work = std::pin::pin!(work);
        while self.received(path).len() == before {
            tokio::select! {
                done = &mut work => return done,
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => {}
            }
        }
        tokio::time::pause();
        work.await
    }
}

async fn read(request: Request) -> Received {
    let (parts, body) = request.into_parts();
    let query = parts.uri.query().unwrap_or_default();
    let pairs: Vec<(String, String)> = url::form_urlencoded::parse(query.as_bytes())
        .into_owned()
        .collect();
    Received {
        method: parts.method,
        path: parts.uri.path().to_owned(),
        query: pairs.iter().cloned().collect(),
        pairs,
        headers: parts.headers,
        body: axum::body::to_bytes(body, usize::MAX).await.unwrap(),
    }
}
