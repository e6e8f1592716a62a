//! A client of an account at a server of the test's own.

use casp_twilio::rest::{RestSettings, TwilioClient};
use serde_json::{Value, json};
use wiremock::{
    Mock, MockBuilder, MockServer, ResponseTemplate,
    matchers::{basic_auth, method, path},
};

pub(crate) const ACCOUNT: &str = "AC00000000000000000000000000000001";
pub(crate) const TOKEN: &str = "the-auth-token";

pub(crate) fn client(base_url: &str) -> TwilioClient {
    TwilioClient::new(RestSettings {
        account_sid: ACCOUNT.into(),
        auth_token: TOKEN.to_owned().into(),
        api_base_url: base_url.into(),
        intelligence_base_url: format!("{base_url}/intelligence/"),
    })
    .unwrap()
}

/// A request with our credentials to a resource of the account.
pub(crate) fn request(verb: &str, resource: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(format!("/2010-04-01/Accounts/{ACCOUNT}/{resource}")))
        .and(basic_auth(ACCOUNT, TOKEN))
}

/// The same at Voice Intelligence.
pub(crate) fn intelligence(verb: &str, resource: &str) -> MockBuilder {
    Mock::given(method(verb))
        .and(path(format!("/intelligence/v2/{resource}")))
        .and(basic_auth(ACCOUNT, TOKEN))
}

pub(crate) fn answer(status: u16, body: &Value) -> ResponseTemplate {
    ResponseTemplate::new(status).set_body_json(body)
}

pub(crate) fn refusal(status: u16, code: u32) -> ResponseTemplate {
    answer(
        status,
        &json!({"code": code, "message": "No.", "more_info": "https://www.twilio.com/docs/errors", "status": status}),
    )
}

/// The body of the only request, as name and value pairs in order.
pub(crate) async fn only_form(server: &MockServer) -> Vec<(String, String)> {
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1);
    url::form_urlencoded::parse(&requests[0].body)
        .into_owned()
        .collect()
}

pub(crate) fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    expected
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// A call as Twilio's page shows it.
pub(crate) fn call(sid: &str, status: &str) -> Value {
    json!({
        "account_sid": ACCOUNT, "annotation": null, "answered_by": null, "api_version": "2010-04-01",
        "caller_name": null, "date_created": "Tue, 31 Aug 2010 20:36:28 +0000",
        "date_updated": null, "direction": "outbound-api", "duration": null, "end_time": null,
        "forwarded_from": null, "from": "+15017122661", "group_sid": null, "parent_call_sid": null,
        "phone_number_sid": "PN1", "price": null, "price_unit": "USD", "queue_time": "1000",
        "sid": sid, "start_time": null, "status": status, "subresource_uris": {},
        "to": "+14155551212", "to_formatted": "(415) 555-1212", "trunk_sid": null,
        "uri": format!("/2010-04-01/Accounts/{ACCOUNT}/Calls/{sid}.json")
    })
}
