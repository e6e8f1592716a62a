//! A client's frames, one a line: nothing may panic, and what was taken as audio is never longer than its message.
#![no_main]

use casp_twilio::media_streams::{Event, Limits, Outcome, StreamProtocol};
use libfuzzer_sys::fuzz_target;
use std::time::Instant;

fuzz_target!(|data: &[u8]| {
    let now = Instant::now();
    let mut protocol = StreamProtocol::new(Limits::default(), now);
    for line in data.split(|byte| *byte == b'\n') {
        match std::str::from_utf8(line) {
            Ok(text) => {
                if let Outcome::Event(Event::Audio(audio)) = protocol.handle_text(text, now) {
                    assert!(audio.len() <= text.len());
                }
            }
            Err(_) => {
                let _ = protocol.handle_binary(now);
            }
        }
    }
});
