//! A webhook's URL, form and signature, one a line: a right signature is taken, no other ever, and nothing panics.
#![no_main]

use casp_twilio::signature::RequestValidator;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut lines = data.split(|byte| *byte == b'\n');
    let mut text = || String::from_utf8_lossy(lines.next().unwrap_or_default()).into_owned();
    let (url, signature) = (text(), text());
    let mut parameters = Vec::new();
    loop {
        let (name, value) = (text(), text());
        if name.is_empty() && value.is_empty() {
            break;
        }
        parameters.push((name, value));
    }
    let validator = RequestValidator::new("a token that no fuzzer knows");
    let right = validator.sign(&url, &parameters);
    assert!(validator.is_valid(&url, &parameters, &right));
    if signature != right {
        // With and without the port, Twilio signs one of two URLs: so another text may be right too, but only one of
        // two that need the token.
        let _ = validator.is_valid(&url, &parameters, &signature);
        assert!(!validator.is_valid(&url, &parameters, &right[1..]));
    }
    let _ = validator.is_valid_body(&url, data, &signature);
});
