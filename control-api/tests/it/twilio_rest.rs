//! Twilio's REST API, as far as calls are placed: a server that checks what it gets.

use crate::test_app::{TWILIO_TOKEN, TestApp};
use casp_control_api::ControlApiConfig;
use serde_json::{Value, json};
use std::collections::HashMap;
use wiremock::{
    Mock, MockBuilder, MockServer, Request, ResponseTemplate,
    matchers::{basic_auth, method, path},
};

pub(crate) const ACCOUNT: &str = "AC1";

/// The server, and an API that talks to it.
pub(crate) struct Twilio {
    pub(crate) server: MockServer,
}

impl Twilio {
    pub(crate) async fn start() -> Self {
        Self {
            server: MockServer::start().await,
        }
    }

    /// An API that has `free` places for calls and may call as fast as it likes.
    pub(crate) async fn app(
        &self,
        free: i64,
        change: impl FnOnce(&mut ControlApiConfig),
    ) -> TestApp {
        let app = TestApp::with(|config| {
            self.configure(config);
            change(config);
        })
        .await;
        app.worker(free).await;
        app
    }

    /// The same on PostgreSQL.
    pub(crate) async fn app_on_postgres(&self, free: i64) -> TestApp {
        let app = TestApp::on_postgres_with(|config| self.configure(config)).await;
        app.worker(free).await;
        app
    }

    fn configure(&self, config: &mut ControlApiConfig) {
        config.twilio.account_sid = Some(ACCOUNT.into());
        config.twilio.api_base_url = self.server.uri();
        config.limits.call_interval = std::time::Duration::ZERO;
    }

    /// Every call that is placed gets this id, once.
    pub(crate) async fn places(&self, call_sid: &str) {
        calls("POST", "Calls.json")
            .respond_with(ResponseTemplate::new(201).set_body_json(call(call_sid, "queued")))
            .up_to_n_times(1)
            .mount(&self.server)
            .await;
    }

    /// The forms of the calls that were placed, or tried.
    pub(crate) async fn placed(&self) -> Vec<HashMap<String, String>> {
        let requests = self.server.received_requests().await.unwrap();
        let is_placing = |request: &&Request| {
            request.method == reqwest::Method::POST && request.url.path().ends_with("/Calls.json")
        };
        requests.iter().filter(is_placing).map(form).collect()
    }
}

/// A request with our credentials.
pub(crate) fn calls(verb: &str, resource: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(format!("/2010-04-01/Accounts/{ACCOUNT}/{resource}")))
        .and(basic_auth(ACCOUNT, TWILIO_TOKEN))
}

pub(crate) fn form(request: &Request) -> HashMap<String, String> {
    url::form_urlencoded::parse(&request.body)
        .into_owned()
        .collect()
}

pub(crate) fn call(sid: &str, status: &str) -> Value {
    json!({"sid": sid, "status": status, "to": "+14155550123", "from": "+15017122661",
           "direction": "outbound-api", "date_created": null})
}

pub(crate) fn refusal(status: u16, code: u32) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(
        json!({"code": code, "message": "No: +14155550123", "more_info": "", "status": status}),
    )
}
