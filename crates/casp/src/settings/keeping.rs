//! Settings of transcripts and recordings.

use super::read::Getter;

/// Transcripts and recordings: where, how long, by whom.
#[derive(Debug)]
pub(crate) struct Keeping {
    pub(crate) recordings_url: Option<String>,
    pub(crate) retention_days: u32,
    pub(crate) uses_voice_intelligence: bool,
    pub(crate) voice_intelligence_sid: Option<String>,
    pub(crate) deletes_at_twilio: bool,
}

pub(super) fn keeping(get: &mut Getter<'_>) -> Keeping {
    const SERVICE: &str = "TWILIO_VOICE_INTELLIGENCE_SID";
    let keeping = Keeping {
        recordings_url: get.text("RECORDINGS_URL"),
        retention_days: get.parsed("RETENTION_DAYS").unwrap_or(90),
        uses_voice_intelligence: get.parsed("USE_TWILIO_VOICE_INTELLIGENCE").unwrap_or(false),
        voice_intelligence_sid: get.text(SERVICE),
        deletes_at_twilio: get.parsed("DELETE_TWILIO_RECORDINGS").unwrap_or(false),
    };
    if keeping.uses_voice_intelligence && keeping.voice_intelligence_sid.is_none() {
        get.wrong(
            SERVICE,
            "not set, but USE_TWILIO_VOICE_INTELLIGENCE is true: no call would be transcribed",
        );
    }
    keeping
}

#[cfg(test)]
mod tests {
    use crate::settings::{Settings, Values};

    fn wrong(environment: &[(&str, &str)]) -> Vec<String> {
        let of = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let errors = Settings::from_values(&Values::merge(of, "").unwrap()).err();
        let errors = errors.unwrap_or_default();
        errors.into_iter().map(|error| error.name).collect()
    }

    #[test]
    fn voice_intelligence_needs_its_service() {
        let uses = |value| ("USE_TWILIO_VOICE_INTELLIGENCE", value);
        let service = ("TWILIO_VOICE_INTELLIGENCE_SID", "GA0123");
        assert_eq!(wrong(&[uses("true")]), ["TWILIO_VOICE_INTELLIGENCE_SID"]);
        for fine in [
            vec![uses("false")],
            vec![service],
            vec![uses("true"), service],
        ] {
            assert!(wrong(&fine).is_empty(), "{fine:?}");
        }
    }
}
