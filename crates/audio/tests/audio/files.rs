//! Files as people upload them: half a second of A4 each, made by FFmpeg and libsndfile.

use casp_audio::{AudioError, file::AudioFile};
use std::{fs::File, io::Write as _, path::Path};

const RATE_HZ: usize = 16_000;

fn read(file: File) -> Result<Vec<i16>, AudioError> {
    let mut file = AudioFile::open(file)?;
    let mut pcm = Vec::new();
    while let Some(samples) = file.next()? {
        pcm.extend_from_slice(samples);
    }
    Ok(pcm)
}

fn written(bytes: &[u8]) -> File {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    std::io::Seek::rewind(&mut file).unwrap();
    file
}

/// How often the tone swings in a second, by its zero crossings in the middle.
fn pitch_hz(pcm: &[i16]) -> usize {
    let middle = &pcm[pcm.len() / 4..pcm.len() * 3 / 4];
    let crossings = middle.windows(2).filter(|pair| pair[0] < 0 && pair[1] >= 0);
    crossings.count() * RATE_HZ / middle.len()
}

#[test]
fn the_formats_that_people_have_are_read() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/files");
    for name in [
        "tone.mp3",
        "tone.m4a",
        "tone.flac",
        "tone-vorbis.ogg",
        "tone-opus.ogg",
        "tone-opus.webm",
    ] {
        let pcm = read(File::open(folder.join(name)).unwrap()).unwrap();
        // Some coders add silence at the ends.
        assert!(
            (7_500..11_000).contains(&pcm.len()),
            "{name}: {} samples",
            pcm.len()
        );
        assert!(
            (425..=455).contains(&pitch_hz(&pcm)),
            "{name}: {} Hz",
            pitch_hz(&pcm)
        );
    }
}

#[test]
fn a_wav_file_is_brought_to_our_rate_and_mixed() {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: 48_000,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut writer = hound::WavWriter::new(&mut bytes, spec).unwrap();
    for n in 0..24_000 {
        let tone = (f64::from(n) * 440.0 * std::f64::consts::TAU / 48_000.0).sin();
        for channel in [1.0, 0.5] {
            writer
                .write_sample((tone * channel * 4_000_000.0) as i32)
                .unwrap();
        }
    }
    writer.finalize().unwrap();
    let pcm = read(written(bytes.get_ref())).unwrap();
    assert_eq!(pcm.len(), RATE_HZ / 2);
    assert!(
        (435..=445).contains(&pitch_hz(&pcm)),
        "{} Hz",
        pitch_hz(&pcm)
    );
}

#[test]
fn what_is_no_sound_is_refused() {
    for bytes in [
        &b""[..],
        b"Dear Sir",
        &[0xff; 3_000],
        b"RIFF\x24\0\0\0WAVEfmt ",
    ] {
        assert!(
            read(written(bytes)).map_or(true, |pcm| pcm.is_empty()),
            "{bytes:?}"
        );
    }
}

#[test]
fn a_file_that_was_cut_off_is_read_as_far_as_it_goes() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/files");
    for name in ["tone.mp3", "tone-opus.ogg", "tone-opus.webm"] {
        let bytes = std::fs::read(folder.join(name)).unwrap();
        // Whatever comes, it is no panic and no endless loop.
        let cut = read(written(&bytes[..bytes.len() / 2]));
        assert!(cut.map_or(true, |pcm| pcm.len() < 11_000), "{name}");
    }
}
