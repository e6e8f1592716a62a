//! The web app at `/`, out of the binary.

use crate::error::plain;
use axum::{
    http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header},
    response::{IntoResponse, Redirect, Response},
};
use rust_embed::{EmbeddedFile, RustEmbed};

/// The web app's build: in the binary of a release, read from the folder otherwise.
#[derive(RustEmbed)]
#[folder = "../web/dist"]
#[allow_missing = true]
struct WebApp;

/// What is at `/` when the web app was not built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>CASP</title>\
<body><h1>CASP is running</h1><p>The web app was not built into this binary. Build it with \
<code>make build</code> (or <code>npm ci &amp;&amp; npm run build</code> in <code>web/</code>) and start CASP again.</p>\
<p>The API is described at <a href=\"/docs/\">/docs</a>.</p></body></html>";

/// Lists whose paths end with a slash: who leaves it out is led there.
const WITH_A_SLASH: [&str; 2] = ["/api/enhanced-transcripts/", "/stored-transcripts/"];

/// `GET /`
pub(crate) async fn index(headers: HeaderMap) -> Response {
    match WebApp::get("index.html") {
        Some(file) => serve("index.html", file, &headers),
        None => (
            [(header::CONTENT_TYPE, "text/html; charset=utf-8")],
            NOT_BUILT,
        )
            .into_response(),
    }
}

/// Files of the web app; 404 in our error shape for all else that has no route.
pub(crate) async fn asset(method: Method, uri: Uri, headers: HeaderMap) -> Response {
    let path = uri.path().trim_start_matches('/');
    if matches!(method, Method::GET | Method::HEAD)
        && let Some(file) = WebApp::get(path)
    {
        return serve(path, file, &headers);
    }
    if let Some(lists) = WITH_A_SLASH
        .iter()
        .find(|it| it.trim_end_matches('/') == uri.path())
    {
        let query = uri.query().map(|query| format!("?{query}"));
        let there = format!("{lists}{}", query.unwrap_or_default());
        return Redirect::temporary(&there).into_response();
    }
    plain(StatusCode::NOT_FOUND).into_response()
}

fn serve(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let etag = format!("\"{}\"", hex(&file.metadata.sha256_hash()[..16]));
    // The build puts a hash of the content into the names under `assets/`.
    let caching = if path.starts_with("assets/") {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|known| known.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        (
            [(header::CONTENT_TYPE, file.metadata.mimetype())],
            file.data,
        )
            .into_response()
    };
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static(caching));
    if let Ok(etag) = HeaderValue::from_str(&etag) {
        answered.insert(header::ETAG, etag);
    }
    response
}

fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
