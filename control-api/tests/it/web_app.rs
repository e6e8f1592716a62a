use crate::test_app::{TestApp, send};
use reqwest::StatusCode;

#[tokio::test]
async fn there_is_a_page_at_the_root_whether_the_web_app_was_built_or_not() {
    let app = TestApp::production().await;
    let page = send(app.get("/")).await;
    assert_eq!(page.status, StatusCode::OK);
    assert!(
        page.headers["content-type"]
            .to_str()
            .unwrap()
            .starts_with("text/html")
    );
    assert!(page.text.contains("CASP"), "{}", page.text);
    let room = send(app.get("/?room=my-meeting&join=x")).await;
    assert_eq!(room.status, StatusCode::OK);
    for path in [
        "/connections",
        "/connections?success=true&provider=gmail",
        "/scheduled-meetings",
    ] {
        let connections = send(app.get(path)).await;
        assert_eq!(
            (connections.status, &connections.text),
            (StatusCode::OK, &page.text)
        );
    }
}

#[tokio::test]
async fn nothing_outside_the_web_app_is_served() {
    let app = TestApp::production().await;
    for path in [
        "/../Cargo.toml",
        "/%2e%2e/Cargo.toml",
        "/..%2fCargo.toml",
        "/assets/../../package.json",
        "//etc/passwd",
    ] {
        let answer = send(app.get(path)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
    }
}
