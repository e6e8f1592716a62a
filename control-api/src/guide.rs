//! `/guide`: the documents of `docs/` as pages, for whoever builds on CASP.

use crate::error::plain;
use axum::{
    extract::Path,
    http::{StatusCode, header},
    response::{Html, IntoResponse as _, Redirect, Response},
};
use pulldown_cmark::{Options, Parser, html};
use rust_embed::RustEmbed;

/// Out of the binary in a release, read from the folder otherwise.
#[derive(RustEmbed)]
#[folder = "../docs"]
#[include = "*.md"]
struct Documents;

/// The pages, in the order of their list. What is for those who work on CASP itself is not among them.
const PAGES: [&str; 10] = [
    "assistants.md",
    "phone.md",
    "calls.md",
    "connections.md",
    "actions.md",
    "chat.md",
    "transcripts.md",
    "identities.md",
    "jobs.md",
    "deploy.md",
];

const STYLE: &str = "body{max-width:46rem;margin:2rem auto;padding:0 1rem;font:1rem/1.6 system-ui,sans-serif;color:#1c1c1c}\
nav{margin-bottom:2rem}table{border-collapse:collapse;display:block;overflow-x:auto}\
td,th{border:1px solid #ccc;padding:.3rem .6rem;text-align:left;vertical-align:top}\
pre{background:#f4f4f4;padding:.8rem;overflow-x:auto}code{font-size:.9em}\
@media(prefers-color-scheme:dark){body{background:#161616;color:#e6e6e6}pre{background:#242424}a{color:#8ab4ff}td,th{border-color:#444}}";

/// `GET /guide`: relative links need the slash.
pub(crate) async fn to_index() -> Redirect {
    Redirect::permanent("/guide/")
}

/// `GET /guide/`
pub(crate) async fn index() -> Response {
    let links: Vec<String> = PAGES
        .iter()
        .filter_map(|page| Some(format!("- [{}]({page})", title(&text(page)?))))
        .collect();
    let list = format!(
        "# Guide\n\n{}\n\nEvery route is described at [/docs](/docs/).\n",
        links.join("\n")
    );
    rendered(&list).into_response()
}

/// `GET /guide/{page}`
pub(crate) async fn page(Path(name): Path<String>) -> Response {
    if name == "style.css" {
        return ([(header::CONTENT_TYPE, "text/css")], STYLE).into_response();
    }
    match text(&name).filter(|_| PAGES.contains(&name.as_str())) {
        Some(text) => rendered(&text).into_response(),
        None => plain(StatusCode::NOT_FOUND).into_response(),
    }
}

fn text(page: &str) -> Option<String> {
    let file = Documents::get(page)?;
    String::from_utf8(file.data.into_owned()).ok()
}

fn title(text: &str) -> &str {
    let heading = text.lines().find_map(|line| line.strip_prefix("# "));
    heading.unwrap_or("CASP")
}

fn rendered(text: &str) -> Html<String> {
    let mut body = String::new();
    html::push_html(&mut body, Parser::new_ext(text, Options::ENABLE_TABLES));
    Html(format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>{} – CASP</title>\
         <link rel=\"stylesheet\" href=\"/guide/style.css\"></head>\
         <body><nav><a href=\"/guide/\">Guide</a> · <a href=\"/docs/\">API</a></nav>{body}</body></html>",
        title(text)
    ))
}
