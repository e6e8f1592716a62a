//! Data packets of participants (text streams that are put together, calls, digits), each behind its length in two
//! bytes. Nothing may panic.
#![no_main]

use casp_room::fuzzing::HostileRoom;
use libfuzzer_sys::fuzz_target;
use std::sync::{Arc, LazyLock};
use tokio::runtime::{Builder, Runtime};

static RUNTIME: LazyLock<Arc<Runtime>> =
    LazyLock::new(|| Arc::new(Builder::new_current_thread().enable_all().build().expect("a runtime")));

fuzz_target!(|data: &[u8]| {
    let mut room = HostileRoom::new(&RUNTIME);
    let mut rest = data;
    while let [high, low, tail @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low])).min(tail.len());
        let (packet, after) = tail.split_at(length);
        rest = after;
        room.data(packet);
    }
    room.read_events();
});
