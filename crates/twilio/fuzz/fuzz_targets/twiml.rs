//! Texts of any kind in TwiML: what comes out is well-formed XML, and says what was put in.
#![no_main]

use casp_twilio::twiml::{Connect, Redirect, Response, Say, Stream};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.split(|byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(parts.next().unwrap_or_default()).into_owned();
    let (said, url, name, value) = (text(), text(), text(), text());
    let stream = Stream::new(url.as_str()).parameter(name.as_str(), value.as_str());
    let xml = Response::default()
        .with(Say::new(said.as_str()))
        .with(Connect::new(stream))
        .with(Redirect::new(url.as_str()))
        .to_xml();
    let document = roxmltree::Document::parse(&xml).expect("well-formed XML");
    let elements: Vec<&str> = document.descendants().filter(|node| node.is_element()).map(|node| node.tag_name().name()).collect();
    assert_eq!(elements, ["Response", "Say", "Connect", "Stream", "Parameter", "Redirect"]);
});
