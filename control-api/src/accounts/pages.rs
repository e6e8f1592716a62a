//! The pages behind links in mails: plain forms, no scripts. A link alone changes nothing, since programs that look
//! at mail follow links too; the person's click on the button does.

use axum::{
    http::{HeaderValue, StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use sha2::{Digest as _, Sha256};
use std::sync::LazyLock;

/// A form that sends `token`, with `fields` for the person to fill in.
pub(super) fn form(title: &str, action: &str, token: &str, fields: &str, button: &str) -> Response {
    let body = format!(
        "<form method=\"post\" action=\"{action}\">\
         <input type=\"hidden\" name=\"token\" value=\"{token}\">{fields}<button>{button}</button></form>"
    );
    page(StatusCode::OK, title, &body)
}

/// One sentence.
pub(super) fn notice(status: StatusCode, text: &str) -> Response {
    page(status, text, "")
}

/// Whether it can stand in a page as it is; our tokens can.
pub(super) fn is_token(text: &str) -> bool {
    (1..=128).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

const STYLE: &str = "body{font:1.1rem system-ui;max-width:26rem;margin:15vh auto;padding:0 1rem}\
    input,button{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.6rem 0;padding:.6rem}";

/// This style alone, and forms that go nowhere else.
static CONTENT_SECURITY_POLICY: LazyLock<HeaderValue> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE));
    let policy = format!(
        "default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    );
    HeaderValue::from_str(&policy).expect("base64 and words are good in a header")
});

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>{STYLE}</style><h1>{title}</h1>{body}</html>"
    );
    let headers = [
        (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        (
            header::CONTENT_SECURITY_POLICY,
            CONTENT_SECURITY_POLICY.clone(),
        ),
    ];
    (status, headers, Html(html)).into_response()
}
