//! Twilio's sentences in the form in which they are kept.

use casp_store::twilio_transcripts::{Sentence, Sentences};
use casp_twilio::{
    TranscriptSid,
    rest::{self, PageRequest, Transcript, TwilioClient, TwilioError},
};
use serde_json::Value;

/// Sentences a page; Twilio's most.
const PAGE: u32 = 1_000;
/// Pages of one transcript: days of talk.
const MOST_PAGES: usize = 50;

/// A transcript's content, with all its sentences.
pub(super) async fn content(
    twilio: &TwilioClient,
    transcript: &Transcript,
) -> Result<Sentences, TwilioError> {
    let sentences = all(twilio, &transcript.sid).await?;
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    Ok(Sentences {
        date_created: text(&transcript.date_created),
        date_updated: text(&transcript.date_updated),
        duration: transcript.duration.unwrap_or_default(),
        language_code: transcript
            .language_code
            .clone()
            .unwrap_or_else(|| "en-US".into()),
        sentences: sentences
            .into_iter()
            .map(|sentence| kept(transcript, sentence))
            .collect(),
    })
}

async fn all(
    twilio: &TwilioClient,
    transcript: &TranscriptSid,
) -> Result<Vec<rest::Sentence>, TwilioError> {
    let mut page = PageRequest {
        size: Some(PAGE),
        token: None,
    };
    let mut sentences = Vec::new();
    for _ in 0..MOST_PAGES {
        let found = twilio.list_sentences(transcript, &page).await?;
        sentences.extend(found.entries);
        match found.next {
            Some(next) => page.token = Some(next),
            None => break,
        }
    }
    sentences.sort_by_key(|sentence| sentence.sentence_index);
    Ok(sentences)
}

fn kept(transcript: &Transcript, sentence: rest::Sentence) -> Sentence {
    Sentence {
        speaker: speaker(transcript, sentence.media_channel),
        start_time: number(sentence.start_time.as_ref()),
        end_time: number(sentence.end_time.as_ref()),
        confidence: number(sentence.confidence.as_ref()),
        text: sentence.transcript,
    }
}

/// 0 the customer, 1 the agent: as the transcript's own participants say, else by the order of the channels.
fn speaker(transcript: &Transcript, channel: i64) -> i64 {
    let participants = transcript
        .channel
        .as_ref()
        .map(|channel| &channel["participants"]);
    let role = participants
        .and_then(Value::as_array)
        .and_then(|participants| {
            let theirs = |one: &&Value| one["channel_participant"].as_i64() == Some(channel);
            participants.iter().find(theirs)?["role"].as_str()
        });
    match role {
        Some(role) if role.eq_ignore_ascii_case("agent") => 1,
        Some(role) if role.eq_ignore_ascii_case("customer") => 0,
        _ => (channel - 1).clamp(0, 1),
    }
}

/// Twilio writes numbers now as numbers, now as texts.
fn number(value: Option<&Value>) -> f64 {
    let number = match value {
        Some(Value::Number(number)) => number.as_f64(),
        Some(Value::String(text)) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .filter(|number| number.is_finite())
        .unwrap_or_default()
}
