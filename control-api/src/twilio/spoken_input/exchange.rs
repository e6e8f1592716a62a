//! What a webhook brings, and the reply as the store has it.

use super::{super::signed_form::SignedForm, reply::Spoken};
use casp_store::{Store, StoreError, turns};
use std::time::{Duration, Instant};

/// Longest speech that is taken, characters.
const LONGEST_SPEECH: usize = 2_000;
/// Most digits.
const MOST_DIGITS: usize = 32;
const POLL: Duration = Duration::from_millis(200);
/// Turns among which the reply is looked for: a webhook that comes twice does so soon.
const LATEST: u32 = 8;

/// What the caller said.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heard {
    pub(super) text: String,
    /// 0 to 1, as Twilio says.
    pub(super) confidence: Option<f64>,
}

/// Where the conversation stands, as the webhook tells it.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Step {
    /// Words or digits. Without a number they come from somebody else's `<Gather>`.
    Heard { exchange: Option<i64>, heard: Heard },
    /// Nothing; without a number it is the beginning.
    Silence {
        exchange: Option<i64>,
        silences: u32,
    },
    /// Twilio asks again for the reply of an exchange.
    Wait { exchange: i64, round: u32 },
}

impl Step {
    pub(super) fn read(form: &SignedForm) -> Self {
        let number = |name: &str| form.query(name).and_then(|value| value.parse::<i64>().ok());
        let small = |name: &str| {
            number(name)
                .and_then(|n| u32::try_from(n).ok())
                .unwrap_or(0)
        };
        if let Some(exchange) = number("answer") {
            let round = small("round");
            return Self::Wait { exchange, round };
        }
        let exchange = number("exchange");
        match heard(form) {
            Some(heard) => Self::Heard { exchange, heard },
            None => Self::Silence {
                exchange,
                silences: small("silences").saturating_add(u32::from(exchange.is_some())),
            },
        }
    }
}

fn heard(form: &SignedForm) -> Option<Heard> {
    let speech = form.text_up_to("SpeechResult", LONGEST_SPEECH);
    if !speech.trim().is_empty() {
        let confidence = form.text("Confidence").parse().ok();
        return Some(Heard {
            text: speech.trim().to_owned(),
            confidence: confidence.filter(|value| (0.0..=1.0).contains(value)),
        });
    }
    let digits: Vec<String> = form
        .text("Digits")
        .chars()
        .filter(|digit| digit.is_ascii_digit() || "*#".contains(*digit))
        .take(MOST_DIGITS)
        .map(String::from)
        .collect();
    // As the agent words it, who hears them in the stream.
    (!digits.is_empty()).then(|| Heard {
        text: format!("(I pressed {} on my telephone.)", digits.join(" ")),
        confidence: None,
    })
}

/// The reply of an exchange, once it is written; `None` when it is not within that time.
pub(super) async fn reply_of(
    store: &Store,
    session_id: &str,
    exchange: i64,
    patience: Duration,
) -> Result<Option<Spoken>, StoreError> {
    let deadline = Instant::now() + patience;
    loop {
        let latest = turns::latest(store, session_id, LATEST).await?;
        let reply = latest
            .into_iter()
            .find_map(|turn| Spoken::of_turn(turn, exchange + 1));
        if reply.is_some() || Instant::now() + POLL > deadline {
            return Ok(reply);
        }
        tokio::time::sleep(POLL).await;
    }
}
