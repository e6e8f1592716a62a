//! What comes from the network below signalling: candidates, packets over UDP and TCP, the order of packets. The first
//! byte says which.
#![no_main]

use casp_room::fuzzing::{HostileRoom, ice_candidate, ice_over_tcp, jitter_buffer};
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Builder::new_current_thread().enable_all().build().expect("a runtime")));

fuzz_target!(|data: &[u8]| {
    let Some((kind, rest)) = data.split_first() else { return };
    match kind % 4 {
        0 => {
            if let Ok(text) = std::str::from_utf8(rest) {
                ice_candidate(text);
            }
        }
        1 => {
            if let Some((cut, bytes)) = rest.split_first() {
                ice_over_tcp(bytes, usize::from(*cut));
            }
        }
        2 => jitter_buffer(rest),
        _ => HostileRoom::new(&RUNTIME).packet(rest),
    }
});
