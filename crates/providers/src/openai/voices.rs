//! CASP's `voice_type` names → OpenAI's voices.

/// `<mood>_<male|female>` as the interface has them, then plain names people try.
const VOICES: [(&str, &str); 22] = [
    ("aggressive_male", "ash"),
    ("aggressive_female", "nova"),
    ("concerned_male", "echo"),
    ("concerned_female", "shimmer"),
    ("calm_male", "echo"),
    ("calm_female", "sage"),
    ("friendly_male", "verse"),
    ("friendly_female", "coral"),
    ("professional_male", "onyx"),
    ("professional_female", "nova"),
    ("confident_male", "onyx"),
    ("confident_female", "nova"),
    ("cheerful_male", "fable"),
    ("cheerful_female", "coral"),
    ("serious_male", "onyx"),
    ("serious_female", "sage"),
    ("empathetic_male", "ballad"),
    ("empathetic_female", "shimmer"),
    ("neutral_male", "echo"),
    ("neutral_female", "alloy"),
    ("male", "onyx"),
    ("female", "nova"),
];

/// OpenAI's own ids, which pass as they are.
const OWN: [&str; 13] = [
    "alloy", "ash", "ballad", "cedar", "coral", "echo", "fable", "marin", "nova", "onyx", "sage",
    "shimmer", "verse",
];

/// The voice for a `voice_type`. A mood that is not in the table still keeps its sex; any other name is
/// the server's own voice id (`own_ids` false: only those of OpenAI are known to be); empty is the default.
pub(super) fn voice<'a>(voice_type: &'a str, default: &'a str, own_ids: bool) -> &'a str {
    let name = voice_type.trim();
    if let Some((_, voice)) = VOICES.iter().find(|(known, _)| *known == name) {
        return voice;
    }
    if OWN.contains(&name) {
        return name;
    }
    if name.ends_with("_female") {
        "nova"
    } else if name.ends_with("_male") {
        "onyx"
    } else if name.is_empty() || !own_ids {
        default
    } else {
        name
    }
}

#[cfg(test)]
mod tests {
    use super::{OWN, VOICES, voice};

    #[test]
    fn every_voice_of_the_table_exists_at_openai() {
        for (name, voice) in VOICES {
            assert!(OWN.contains(&voice), "{name} → {voice}");
        }
    }

    #[test]
    fn names_become_voices() {
        assert_eq!(voice("aggressive_male", "alloy", false), "ash");
        assert_eq!(voice("concerned_female", "alloy", false), "shimmer");
        assert_eq!(voice("melancholic_female", "alloy", false), "nova");
        assert_eq!(voice("marin", "alloy", false), "marin");
        assert_eq!(voice("", "alloy", false), "alloy");
        assert_eq!(voice("af_heart", "alloy", true), "af_heart");
        // OpenAI would refuse the whole request.
        assert_eq!(voice("af_heart", "alloy", false), "alloy");
    }
}
