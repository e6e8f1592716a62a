//! Frames to scores to voice.

use super::noise_floor::NoiseFloor;
use super::voicing::Voicing;
use std::collections::VecDeque;
use std::time::Duration;

/// Samples in the network's frame: 16 ms at 16 kHz.
const FRAME_SAMPLES: usize = 256;
/// Samples a second.
const SAMPLE_RATE_HZ: u64 = 16_000;
/// How far back the sound before a voice is taken for its beginning: an unvoiced consonant, 192 ms.
const MAX_ONSET_FRAMES: u32 = 12;
/// Events kept for a reader that does not read: over 4 s of frames, then the oldest go.
const MAX_EVENTS: usize = 300;

/// Settings of a [`VoiceDetector`]: how long, how sure, how loud.
#[derive(Debug, Clone, PartialEq)]
pub struct VadOptions {
    /// Sound that must be heard before voice is reported; rounded up to frames of 16 ms.
    pub min_speech: Duration,
    /// Quiet that must be heard before its end is reported; rounded up likewise.
    pub hangover: Duration,
    /// Score at which sound with the pitch of a voice begins speech, with a single frame.
    pub voiced_probability: f32,
    /// Score at which any sound does (whispers, consonants), with all frames of `min_speech`.
    pub unvoiced_probability: f32,
    /// Score down to which speech goes on.
    pub stop_probability: f32,
    /// Quieter frames are never speech, whatever their score: rms of 16-bit samples.
    pub min_rms: f32,
    /// How far above the noise floor speech begins, as a ratio of rms.
    pub min_over_noise: f32,
}

impl Default for VadOptions {
    fn default() -> Self {
        Self {
            min_speech: Duration::from_millis(48),
            hangover: Duration::from_millis(100),
            voiced_probability: 0.33,
            unvoiced_probability: 0.6,
            stop_probability: 0.35,
            min_rms: 25.0,
            min_over_noise: 2.0,
        }
    }
}

/// Periodicity from which a sound has the pitch of a voice.
const VOICED_PERIODICITY: f32 = 0.45;

/// What was found. Positions count all samples pushed since the start; [`Duration`]s follow at
/// 16,000 a second.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum VadEvent {
    /// A frame was scored: for turn detection and level meters.
    Frame {
        /// Position right after the frame.
        ends_at_sample: u64,
        /// The network's score, 0 to 1.
        probability: f32,
        /// Its level, rms of 16-bit samples.
        rms: f32,
    },
    /// Somebody speaks.
    VoiceStarted {
        /// Where the first frame of this speech begins.
        at_sample: u64,
        /// How far the audio was known when this was found.
        detected_at_sample: u64,
    },
    /// And is quiet again.
    VoiceStopped {
        /// Where the last frame of this speech ends.
        at_sample: u64,
        /// How far the audio was known when this was found.
        detected_at_sample: u64,
    },
}

#[derive(Debug, Clone, Copy)]
enum State {
    Quiet(Onset),
    /// Frames of quiet in a row, and where the last of speech ended.
    Voice {
        quiet_frames: u32,
        spoke_until: u64,
    },
}

/// Sound that may turn out to be speech.
#[derive(Debug, Clone, Copy, Default)]
struct Onset {
    /// Frames over the gate in a row, and where they began.
    loud_frames: u32,
    began_at: u64,
    /// The latest of them that scored high enough without a pitch, in a row.
    sure_frames: u32,
}

impl State {
    const QUIET: Self = Self::Quiet(Onset {
        loud_frames: 0,
        began_at: 0,
        sure_frames: 0,
    });
}

/// Finds voice in one stream.
pub struct VoiceDetector {
    network: Box<earshot::Detector>,
    options: VadOptions,
    min_speech_frames: u32,
    hangover_frames: u32,
    noise: NoiseFloor,
    voicing: Voicing,
    state: State,
    /// The frame being filled.
    frame: [i16; FRAME_SAMPLES],
    filled: usize,
    /// Samples in whole frames so far.
    position: u64,
    events: VecDeque<VadEvent>,
}

impl std::fmt::Debug for VoiceDetector {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VoiceDetector")
            .field("state", &self.state)
            .field("noise", &self.noise)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

impl VoiceDetector {
    /// A detector that has heard nothing.
    pub fn new(options: VadOptions) -> Self {
        let frames = |time: Duration| {
            let samples = time.as_micros() as u64 * SAMPLE_RATE_HZ / 1_000_000;
            samples.div_ceil(FRAME_SAMPLES as u64).max(1) as u32
        };
        Self {
            network: earshot::Detector::default_boxed(),
            min_speech_frames: frames(options.min_speech),
            hangover_frames: frames(options.hangover),
            noise: NoiseFloor::new(),
            voicing: Voicing::new(),
            state: State::QUIET,
            frame: [0; FRAME_SAMPLES],
            filled: 0,
            position: 0,
            events: VecDeque::with_capacity(MAX_EVENTS),
            options,
        }
    }

    /// Takes any number of samples at 16 kHz. Read [`Self::next_event`] afterwards until it is empty.
    pub fn push(&mut self, pcm: &[i16]) {
        let mut rest = pcm;
        while !rest.is_empty() {
            let (now, later) = rest.split_at(rest.len().min(FRAME_SAMPLES - self.filled));
            self.frame[self.filled..self.filled + now.len()].copy_from_slice(now);
            self.filled += now.len();
            rest = later;
            if self.filled == FRAME_SAMPLES {
                self.filled = 0;
                self.take_frame();
            }
        }
    }

    /// Takes `samples` of silence in place of audio that was never sent (DTX, mute), so that voice
    /// ends by time. Costs no more than the hangover, however long it is.
    pub fn push_silence(&mut self, samples: u64) {
        const QUIET_FRAME: [i16; FRAME_SAMPLES] = [0; FRAME_SAMPLES];
        let frame = FRAME_SAMPLES as u64;
        // Enough for the network to forget and the voice to end, and for the frame begun.
        let heard = u64::from(self.hangover_frames + 8) * frame;
        let mut rest = samples;
        while rest > 0 && samples - rest < heard {
            let now = rest.min(frame);
            self.push(&QUIET_FRAME[..now as usize]);
            rest -= now;
        }
        self.position += rest / frame * frame;
        self.push(&QUIET_FRAME[..(rest % frame) as usize]);
    }

    /// The oldest event not yet read.
    pub fn next_event(&mut self) -> Option<VadEvent> {
        self.events.pop_front()
    }

    /// Whether voice has started and not stopped.
    pub fn is_voice(&self) -> bool {
        matches!(self.state, State::Voice { .. })
    }

    /// Samples pushed so far: the position of the next one.
    pub fn position(&self) -> u64 {
        self.position + self.filled as u64
    }

    /// Level of the background, rms of 16-bit samples.
    pub fn noise_floor_rms(&self) -> f32 {
        self.noise.rms()
    }

    fn take_frame(&mut self) {
        let began_at = self.position;
        self.position += FRAME_SAMPLES as u64;
        let probability = self.network.predict_i16(&self.frame);
        let rms = rms(&self.frame);
        self.emit(VadEvent::Frame {
            ends_at_sample: self.position,
            probability,
            rms,
        });

        let gate = self
            .options
            .min_rms
            .max(self.noise.rms() * self.options.min_over_noise);
        self.noise
            .update(rms, probability >= self.options.stop_probability);
        self.voicing.push(&self.frame);
        self.state = match self.state {
            State::Quiet(_) if rms < gate => State::QUIET,
            State::Quiet(onset) => self.hear_onset(onset, began_at, probability),
            State::Voice { .. } if rms >= gate && probability >= self.options.stop_probability => {
                State::Voice {
                    quiet_frames: 0,
                    spoke_until: self.position,
                }
            }
            State::Voice {
                quiet_frames,
                spoke_until,
            } => self.hear_quiet(quiet_frames + 1, spoke_until),
        };
    }

    /// A loud frame before voice.
    fn hear_onset(&mut self, mut onset: Onset, frame_began_at: u64, probability: f32) -> State {
        if onset.loud_frames == 0 {
            onset.began_at = frame_began_at;
        }
        onset.loud_frames += 1;
        let is_sure = probability >= self.options.unvoiced_probability;
        onset.sure_frames = if is_sure { onset.sure_frames + 1 } else { 0 };
        let is_speech = onset.loud_frames >= self.min_speech_frames
            && (onset.sure_frames >= self.min_speech_frames
                || (probability >= self.options.voiced_probability
                    && self.voicing.periodicity() >= VOICED_PERIODICITY));
        if !is_speech {
            return State::Quiet(onset);
        }
        let detected_at_sample = self.position;
        // Sound of another kind may have gone on for long before: only its end is speech.
        let earliest =
            u64::from(self.min_speech_frames.max(MAX_ONSET_FRAMES)) * FRAME_SAMPLES as u64;
        let at_sample = onset
            .began_at
            .max(detected_at_sample.saturating_sub(earliest));
        self.emit(VadEvent::VoiceStarted {
            at_sample,
            detected_at_sample,
        });
        State::Voice {
            quiet_frames: 0,
            spoke_until: detected_at_sample,
        }
    }

    /// A frame without speech within voice.
    fn hear_quiet(&mut self, quiet_frames: u32, spoke_until: u64) -> State {
        if quiet_frames < self.hangover_frames {
            return State::Voice {
                quiet_frames,
                spoke_until,
            };
        }
        let event = VadEvent::VoiceStopped {
            at_sample: spoke_until,
            detected_at_sample: self.position,
        };
        self.emit(event);
        State::QUIET
    }

    fn emit(&mut self, event: VadEvent) {
        if self.events.len() == MAX_EVENTS {
            self.events.pop_front();
        }
        self.events.push_back(event);
    }
}

fn rms(frame: &[i16]) -> f32 {
    let sum: f32 = frame
        .iter()
        .map(|&sample| f32::from(sample) * f32::from(sample))
        .sum();
    (sum / frame.len() as f32).sqrt()
}
