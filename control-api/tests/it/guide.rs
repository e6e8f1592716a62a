use crate::test_app::{TestApp, send};
use reqwest::StatusCode;

#[tokio::test]
async fn everybody_may_read_the_guide_and_its_links_lead_somewhere() {
    let app = TestApp::production().await;
    let index = send(app.get("/guide")).await;
    assert_eq!(index.status, StatusCode::OK, "{index:?}");
    assert_eq!(index.headers["content-type"], "text/html; charset=utf-8");
    let links = |html: &str| -> Vec<String> {
        let behind = html.split("href=\"").skip(1);
        behind
            .map(|rest| rest.split('"').next().unwrap().to_owned())
            .collect()
    };
    let pages: Vec<String> = links(&index.text);
    let pages: Vec<&String> = pages
        .iter()
        .filter(|link| !link.contains('/') && link.contains('.'))
        .collect();
    assert!(pages.len() > 5, "{index:?}");
    for page in pages {
        let answer = send(app.get(&format!("/guide/{page}"))).await;
        assert_eq!(answer.status, StatusCode::OK, "{page}");
        assert!(answer.text.contains("<h1>"), "{page}: {answer:?}");
        for link in links(&answer.text) {
            if link.contains("://") || link.starts_with("../") || link.starts_with('#') {
                continue;
            }
            let link = link.split('#').next().unwrap();
            let path = if link.starts_with('/') {
                link.to_owned()
            } else {
                format!("/guide/{link}")
            };
            let answer = send(app.get(&path)).await;
            assert_eq!(answer.status, StatusCode::OK, "{link} in {page}");
        }
    }
    for page in ["nothing.md", "..%2Fdeny.toml", "FUZZING.md"] {
        let answer = send(app.get(&format!("/guide/{page}"))).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{page}");
        assert_eq!(answer.json()["status_code"], 404);
    }
}
