//! Webhooks as Twilio sends and signs them.

use crate::test_app::{Answer, PUBLIC_URL, TWILIO_TOKEN, TestApp, send};
use casp_twilio::signature::{HEADER, RequestValidator};

/// A webhook with a good signature.
pub(crate) async fn signed(app: &TestApp, path: &str, form: &[(&str, &str)]) -> Answer {
    let owned: Vec<(String, String)> = form
        .iter()
        .map(|(k, v)| ((*k).to_owned(), (*v).to_owned()))
        .collect();
    let signature =
        RequestValidator::new(TWILIO_TOKEN).sign(&format!("{PUBLIC_URL}{path}"), &owned);
    send(app.post(path).header(HEADER, signature).form(form)).await
}

/// What `<Parameter name="token">` holds.
pub(crate) fn stream_token(twiml: &str) -> String {
    let (_, rest) = twiml
        .split_once("name=\"token\" value=\"")
        .unwrap_or_else(|| panic!("no token: {twiml}"));
    rest.split('"').next().unwrap().to_owned()
}
