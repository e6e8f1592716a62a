//! The pages behind links in mails: plain forms, no scripts. A link alone changes nothing, since programs that look
//! at mail follow links too; the person's click on the button does.

use axum::{
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Response},
};

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

fn page(status: StatusCode, title: &str, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{title}</title>\
         <style>body{{font:1.1rem system-ui;max-width:26rem;margin:15vh auto;padding:0 1rem}}\
         input,button{{font:inherit;display:block;width:100%;box-sizing:border-box;margin:.6rem 0;padding:.6rem}}\
         </style><h1>{title}</h1>{body}</html>"
    );
    (status, [(header::CACHE_CONTROL, "no-store")], Html(html)).into_response()
}
