//! CASP's `voice_type` names and the voice that each text-to-speech provider has for them: one row a name, one column
//! a provider.

/// A `voice_type`.
struct VoiceType {
    name: &'static str,
    /// OpenAI's voice id.
    openai: &'static str,
    /// Flite has one woman (`slt`) and one man (`rms`) at 16 kHz.
    flite: &'static str,
}

const fn row(name: &'static str, openai: &'static str, flite: &'static str) -> VoiceType {
    VoiceType {
        name,
        openai,
        flite,
    }
}

/// `<mood>_<male|female>`, then plain names that people try.
const TABLE: [VoiceType; 22] = [
    row("aggressive_male", "ash", "rms"),
    row("aggressive_female", "nova", "slt"),
    row("concerned_male", "echo", "rms"),
    row("concerned_female", "shimmer", "slt"),
    row("calm_male", "echo", "rms"),
    row("calm_female", "sage", "slt"),
    row("friendly_male", "verse", "rms"),
    row("friendly_female", "coral", "slt"),
    row("professional_male", "onyx", "rms"),
    row("professional_female", "nova", "slt"),
    row("confident_male", "onyx", "rms"),
    row("confident_female", "nova", "slt"),
    row("cheerful_male", "fable", "rms"),
    row("cheerful_female", "coral", "slt"),
    row("serious_male", "onyx", "rms"),
    row("serious_female", "sage", "slt"),
    row("empathetic_male", "ballad", "rms"),
    row("empathetic_female", "shimmer", "slt"),
    row("neutral_male", "echo", "rms"),
    row("neutral_female", "alloy", "slt"),
    row("male", "onyx", "rms"),
    row("female", "nova", "slt"),
];

/// OpenAI's own ids, which pass as they are.
const OPENAI_IDS: [&str; 13] = [
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];

/// Every `voice_type` there is.
pub fn voice_types() -> impl Iterator<Item = &'static str> {
    TABLE.iter().map(|voice| voice.name)
}

/// The row of a name. A mood that is not in the table still keeps its sex.
fn find(voice_type: &str) -> Option<&'static VoiceType> {
    let of_name = |name: &str| TABLE.iter().find(|voice| voice.name == name);
    let by_sex = || {
        if voice_type.ends_with("_female") {
            of_name("female")
        } else if voice_type.ends_with("_male") {
            of_name("male")
        } else {
            None
        }
    };
    of_name(voice_type).or_else(by_sex)
}

/// OpenAI's voice for a `voice_type`. A name that is not in the table is the server's own voice id (`own_ids` false:
/// only those of OpenAI are known to be); empty is the default.
pub(crate) fn openai<'a>(voice_type: &'a str, default: &'a str, own_ids: bool) -> &'a str {
    let name = voice_type.trim();
    if OPENAI_IDS.contains(&name) {
        return name;
    }
    match find(name) {
        Some(voice) => voice.openai,
        None if name.is_empty() || !own_ids => default,
        None => name,
    }
}

/// Flite's voice for a `voice_type`, or one of its own by name.
pub(crate) fn flite(voice_type: &str) -> &'static str {
    match voice_type.trim() {
        "rms" => "rms",
        name => find(name).map_or("slt", |voice| voice.flite),
    }
}

#[cfg(test)]
mod tests {
    use super::{OPENAI_IDS, TABLE, flite, openai, voice_types};
    use std::collections::HashSet;

    #[test]
    fn every_name_is_there_once_and_has_a_voice_at_every_provider() {
        assert_eq!(voice_types().collect::<HashSet<_>>().len(), TABLE.len());
        for voice in &TABLE {
            assert!(OPENAI_IDS.contains(&voice.openai), "{}", voice.name);
            let is_female = voice.name.ends_with("female");
            let flite = if is_female { "slt" } else { "rms" };
            assert_eq!(voice.flite, flite, "{}", voice.name);
        }
        for name in ["aggressive_male", "concerned_female"] {
            assert!(voice_types().any(|known| known == name), "{name}");
        }
    }

    #[test]
    fn names_become_openais_voices() {
        assert_eq!(openai("aggressive_male", "alloy", false), "ash");
        assert_eq!(openai("concerned_female", "alloy", false), "shimmer");
        assert_eq!(openai("melancholic_female", "alloy", false), "nova");
        assert_eq!(openai("marin", "alloy", false), "marin");
        assert_eq!(openai("", "alloy", false), "alloy");
        assert_eq!(openai("af_heart", "alloy", true), "af_heart");
        // OpenAI would refuse the whole request.
        assert_eq!(openai("af_heart", "alloy", false), "alloy");
    }

    #[test]
    fn names_become_flites_voices() {
        for (name, voice) in [
            ("aggressive_male", "rms"),
            ("concerned_female", "slt"),
            ("melancholic_male", "rms"),
            ("rms", "rms"),
            ("", "slt"),
            ("marin", "slt"),
        ] {
            assert_eq!(flite(name), voice, "{name}");
        }
    }
}
