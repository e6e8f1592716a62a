//! How much of a gap is filled with what.

use super::OUTPUT_HZ;

/// Lost packets in a row that are concealed; what is lost beyond is silence.
const MAX_CONCEALED_PACKETS: u16 = 3;
/// The longest silence that stands for lost packets, in samples at 16 kHz: a second.
const MAX_SILENT_SAMPLES: usize = OUTPUT_HZ as usize;

/// A run of lost packets, in samples at 16 kHz, in this order.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Gap {
    /// Guessed from what came before.
    pub(super) guessed: usize,
    /// Not worth a guess.
    pub(super) silent: usize,
    /// Restored from the packet after the gap, as far as it has redundancy.
    pub(super) restored: usize,
    /// What one packet lasts.
    pub(super) packet_samples: usize,
}

impl Gap {
    pub(super) fn of(lost_packets: u16, packet_samples: usize) -> Self {
        let concealed = lost_packets.min(MAX_CONCEALED_PACKETS);
        let restored = concealed.min(1);
        let samples = |packets: u16| usize::from(packets) * packet_samples;
        Self {
            guessed: samples(concealed - restored),
            silent: samples(lost_packets - concealed).min(MAX_SILENT_SAMPLES),
            restored: samples(restored),
            packet_samples,
        }
    }

    pub(super) fn concealed(&self) -> usize {
        self.guessed + self.restored
    }

    pub(super) fn samples(&self) -> usize {
        self.guessed + self.silent + self.restored
    }
}
