//! Frames in, an Ogg file of Opus out, a page a second (RFC 7845).

use super::mixer::{FRAME, SAMPLE_RATE_HZ};
use bytes::Bytes;
use casp_audio::{
    AudioError, SampleRate,
    opus::{Application, Encoder, EncoderOptions, MAX_PACKET_BYTES},
};
use ogg::{PacketWriteEndInfo, PacketWriter};

/// Packets a page: a second.
const A_PAGE: u64 = 50;
/// Samples of a packet at 48 kHz, in which granule positions are counted.
const GRANULES: u64 = 960;
/// What the encoder puts before the sound, at 48 kHz; players leave it out.
const PRE_SKIP: u16 = 312;
const BITRATE_BPS: i32 = 24_000;

/// Writes one file. Its bytes are taken away as they come.
pub(super) struct OggOpus {
    encoder: Encoder,
    writer: PacketWriter<'static, Vec<u8>>,
    /// The file's end is marked on its last packet, so one is held back.
    held_back: Option<Vec<u8>>,
    packets: u64,
    serial: u32,
}

impl OggOpus {
    pub(super) fn new(serial: u32) -> Result<Self, RecordingFault> {
        let options = EncoderOptions {
            bitrate_bps: BITRATE_BPS,
            application: Application::Voip,
            ..EncoderOptions::default()
        };
        let mut file = Self {
            encoder: Encoder::new(SampleRate::Hz16000, &options)?,
            writer: PacketWriter::new(Vec::new()),
            held_back: None,
            packets: 0,
            serial,
        };
        file.write(head(), PacketWriteEndInfo::EndPage)?;
        file.write(tags(), PacketWriteEndInfo::EndPage)?;
        Ok(file)
    }

    /// 20 ms more.
    pub(super) fn push(&mut self, frame: &[i16; FRAME]) -> Result<(), RecordingFault> {
        let mut packet = vec![0; MAX_PACKET_BYTES];
        let len = self.encoder.encode(frame, &mut packet)?;
        packet.truncate(len);
        if let Some(before) = self.held_back.replace(packet) {
            self.packets += 1;
            let end = if self.packets.is_multiple_of(A_PAGE) {
                PacketWriteEndInfo::EndPage
            } else {
                PacketWriteEndInfo::NormalPacket
            };
            self.write(before, end)?;
        }
        Ok(())
    }

    /// Whether there was any sound.
    pub(super) fn is_empty(&self) -> bool {
        self.held_back.is_none()
    }

    /// How long it is so far.
    pub(super) fn duration_ms(&self) -> i64 {
        let packets = self.packets + u64::from(self.held_back.is_some());
        i64::try_from(packets * 20).unwrap_or(i64::MAX)
    }

    /// The pages that are complete.
    pub(super) fn take(&mut self) -> Bytes {
        std::mem::take(self.writer.inner_mut()).into()
    }

    /// The file's end.
    pub(super) fn finish(mut self) -> Result<Bytes, RecordingFault> {
        if let Some(last) = self.held_back.take() {
            self.packets += 1;
            self.write(last, PacketWriteEndInfo::EndStream)?;
        }
        Ok(self.take())
    }

    fn write(&mut self, packet: Vec<u8>, end: PacketWriteEndInfo) -> Result<(), RecordingFault> {
        let position = self.packets * GRANULES;
        self.writer
            .write_packet(packet, self.serial, end, position)
            .map_err(|error| RecordingFault::Ogg(error.to_string()))
    }
}

/// Why a recording broke off.
#[derive(Debug, thiserror::Error)]
pub(super) enum RecordingFault {
    #[error("Opus: {0}")]
    Opus(#[from] AudioError),
    #[error("Ogg: {0}")]
    Ogg(String),
    #[error("the store of recordings is too slow, or gone")]
    Store,
}

/// RFC 7845, 5.1: one channel.
fn head() -> Vec<u8> {
    let mut head = b"OpusHead\x01\x01".to_vec();
    head.extend(PRE_SKIP.to_le_bytes());
    head.extend(SAMPLE_RATE_HZ.to_le_bytes());
    // No gain, no mapping of channels.
    head.extend([0, 0, 0]);
    head
}

/// RFC 7845, 5.2: who wrote it, and no comments.
fn tags() -> Vec<u8> {
    let vendor = b"casp";
    let mut tags = b"OpusTags".to_vec();
    tags.extend((vendor.len() as u32).to_le_bytes());
    tags.extend(vendor);
    tags.extend(0_u32.to_le_bytes());
    tags
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_audio::file::AudioFile;
    use std::io::{Seek as _, Write as _};

    fn tone(number: usize) -> [i16; FRAME] {
        std::array::from_fn(|index| {
            let at = (number * FRAME + index) as f64 / f64::from(SAMPLE_RATE_HZ);
            ((at * 440.0 * std::f64::consts::TAU).sin() * 8_000.0) as i16
        })
    }

    #[test]
    fn what_is_written_is_a_file_that_others_read() {
        let mut writer = OggOpus::new(7).unwrap();
        let mut bytes = Vec::new();
        for number in 0..125 {
            writer.push(&tone(number)).unwrap();
            bytes.extend(writer.take());
        }
        assert_eq!(writer.duration_ms(), 2_500);
        assert!(bytes.len() > 2_000, "pages come while it goes on");
        bytes.extend(writer.finish().unwrap());
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        file.rewind().unwrap();
        let mut heard = Vec::new();
        let mut reader = AudioFile::open(file).unwrap();
        while let Some(pcm) = reader.next().unwrap() {
            heard.extend_from_slice(pcm);
        }
        let seconds = heard.len() as f64 / f64::from(SAMPLE_RATE_HZ);
        assert!((2.45..2.55).contains(&seconds), "{seconds}");
        let tail = &heard[FRAME * 25..FRAME * 100];
        let power = tail.iter().map(|s| f64::from(*s).powi(2)).sum::<f64>() / tail.len() as f64;
        assert!(
            (4_500.0..6_500.0).contains(&power.sqrt()),
            "{}",
            power.sqrt()
        );
    }

    #[test]
    fn a_file_without_sound_says_so() {
        assert!(OggOpus::new(1).unwrap().is_empty());
    }
}
