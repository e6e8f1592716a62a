use super::*;
use futures_util::future::BoxFuture;
use std::{
    io,
    net::{IpAddr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

/// A name server that gives these answers one after the other, the last one for ever.
fn answering(answers: &'static [&'static str]) -> (TenantUrls, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let lookup = move |_: String| -> BoxFuture<'static, io::Result<Vec<SocketAddr>>> {
        let n = count.fetch_add(1, Ordering::SeqCst);
        let answer = answers.get(n).or(answers.last());
        let addresses = answer
            .into_iter()
            .flat_map(|answer| answer.split(','))
            .map(|address| SocketAddr::new(address.parse::<IpAddr>().unwrap(), 0))
            .collect();
        Box::pin(async move { Ok(addresses) })
    };
    let resolver = CheckedResolver::new(Arc::new(lookup), false);
    (TenantUrls::with_resolver(resolver, false).unwrap(), asked)
}

fn urls() -> TenantUrls {
    TenantUrls::new(false).unwrap()
}

#[test]
fn urls_that_are_taken() {
    for url in [
        "https://backend.example.com/webhooks/oauth/refresh",
        "https://backend.example.com:8443/x?y=z",
        "https://8.8.8.8/x",
        "https://[2606:4700:4700::1111]/x",
        " https://bücher.example/ ",
    ] {
        assert!(urls().parse(url).is_ok(), "{url}");
    }
}

#[test]
fn urls_that_are_refused() {
    use TenantUrlError::{Credentials, NotAUrl, NotHttps, Port, Private};
    for (url, why) in [
        ("", NotAUrl),
        ("backend.example.com", NotAUrl),
        ("https://", NotAUrl),
        ("http://backend.example.com/", NotHttps),
        ("ftp://backend.example.com/", NotHttps),
        ("file:///etc/passwd", NotHttps),
        ("https://u:p@backend.example.com/", Credentials),
        ("https://u@backend.example.com/", Credentials),
        ("https://backend.example.com:22/", Port),
        ("https://backend.example.com:80/", Port),
        ("https://127.0.0.1/", Private),
        ("https://127.1/", Private),
        ("https://2130706433/", Private),
        ("https://0x7f.0.0.1/", Private),
        ("https://0177.0.0.1/", Private),
        ("https://169.254.169.254/latest/meta-data/", Private),
        ("https://[::1]/", Private),
        ("https://[::ffff:169.254.169.254]/", Private),
        ("https://[64:ff9b::a9fe:a9fe]/", Private),
        ("https://[2002:a9fe:a9fe::]/", Private),
        ("https://[fe80::1]/", Private),
    ] {
        assert_eq!(urls().parse(url), Err(why), "{url}");
    }
    let long = format!("https://backend.example.com/{}", "x".repeat(LONGEST));
    assert_eq!(urls().parse(&long), Err(NotAUrl));
}

#[test]
fn a_url_without_a_path_gets_one() {
    let url = |text| urls().parse(text).unwrap().with_default_path("/hook");
    assert_eq!(url("https://a.example").as_str(), "https://a.example/hook");
    assert_eq!(
        url("https://a.example/#x").as_str(),
        "https://a.example/hook"
    );
    assert_eq!(url("https://a.example/b").as_str(), "https://a.example/b");
    assert_eq!(url("https://a.example/?b").as_str(), "https://a.example/?b");
}

#[tokio::test]
async fn a_name_that_leads_inside_is_refused_also_when_only_one_of_its_addresses_does() {
    for addresses in [&["10.0.0.1"], &["8.8.8.8,127.0.0.1"]] as [&'static [&'static str]; 2] {
        let (urls, _) = answering(addresses);
        let checked = urls.check("https://backend.example.com/").await;
        assert_eq!(checked, Err(TenantUrlError::Private), "{addresses:?}");
    }
}

#[tokio::test]
async fn a_name_that_leads_nowhere_today_may_lead_somewhere_tomorrow() {
    let (urls, _) = answering(&[]);
    assert!(urls.check("https://backend.example.com/").await.is_ok());
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_after_it_was_checked_is_not_followed() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (urls, asked) = answering(&["8.8.8.8", "127.0.0.1"]);
    let text = format!("https://backend.example.com:{port}/");
    let url = urls.check(&text).await.unwrap();
    let error = urls
        .request(reqwest::Method::POST, &url)
        .timeout(Duration::from_secs(5))
        .send()
        .await
        .unwrap_err();
    assert_eq!(why_unanswered(&error), TenantUrlError::Private.to_string());
    assert_eq!(
        asked.load(Ordering::SeqCst),
        2,
        "looked up once more, for the connection"
    );
    let connected = tokio::time::timeout(Duration::from_millis(100), listener.accept()).await;
    assert!(connected.is_err(), "nobody knocked on this machine");
}

#[tokio::test]
async fn where_private_addresses_are_allowed_redirects_still_are_not_followed() {
    let server = wiremock::MockServer::start().await;
    let away = wiremock::ResponseTemplate::new(302).insert_header("location", "/elsewhere");
    wiremock::Mock::given(wiremock::matchers::any())
        .respond_with(away)
        .expect(1)
        .mount(&server)
        .await;
    let urls = TenantUrls::new(true).unwrap();
    let url = urls.check(&format!("{}/hook", server.uri())).await.unwrap();
    let answer = urls
        .request(reqwest::Method::POST, &url)
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), 302);
}
