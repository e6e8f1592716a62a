//! Which providers the settings choose.

use casp_providers::{OpenAiSettings, ProviderName, ProviderSettings, Providers, SettingsError};

fn with(openai: OpenAiSettings) -> Result<Providers, SettingsError> {
    Providers::new(&ProviderSettings {
        openai,
        ..ProviderSettings::default()
    })
}

fn names(providers: &Providers) -> [String; 3] {
    [
        providers.stt().name().into(),
        providers.llm().name().into(),
        providers.tts().name().into(),
    ]
}

#[test]
fn a_key_or_a_base_url_is_enough_for_openai() {
    let key = OpenAiSettings {
        api_key: Some("sk".into()),
        ..OpenAiSettings::default()
    };
    assert_eq!(names(&with(key).unwrap()), ["openai"; 3]);
    let base = OpenAiSettings {
        base_url: Some("http://127.0.0.1:9/v1/".into()),
        ..OpenAiSettings::default()
    };
    assert_eq!(names(&with(base).unwrap()), ["openai"; 3]);
}

#[test]
fn with_nothing_set_everything_is_offline() {
    assert_eq!(
        names(&with(OpenAiSettings::default()).unwrap()),
        ["builtin"; 3]
    );
    let empty = OpenAiSettings {
        api_key: Some(" ".into()),
        base_url: Some(String::new()),
        ..OpenAiSettings::default()
    };
    assert_eq!(names(&with(empty).unwrap()), ["builtin"; 3]);
}

#[test]
fn lists_are_ordered_and_names_are_checked() {
    let list = ProviderName::parse_list(" OpenAI, builtin,").unwrap();
    assert_eq!(list, [ProviderName::OpenAi, ProviderName::Builtin]);
    assert_eq!(ProviderName::parse_list(""), Ok(vec![]));
    for name in [
        "deepgram",
        "assemblyai",
        "anthropic",
        "gemini",
        "elevenlabs",
        "cartesia",
    ] {
        assert_eq!(
            ProviderName::parse_list(name),
            Err(SettingsError::NotInThisBuild(name.into()))
        );
    }
    assert_eq!(
        ProviderName::parse_list("openia"),
        Err(SettingsError::Unknown("openia".into()))
    );
}

#[test]
fn mistakes_are_told_at_the_start() {
    let openai = ProviderSettings {
        llm: vec![ProviderName::OpenAi],
        ..ProviderSettings::default()
    };
    assert_eq!(Providers::new(&openai).err(), Some(SettingsError::NoApiKey));
    for base in [
        "127.0.0.1:80/v1",
        "ftp://x/v1",
        "http://u:p@x/v1",
        "http://x/v1?a=b",
        "nonsense",
    ] {
        let settings = OpenAiSettings {
            base_url: Some(base.into()),
            ..OpenAiSettings::default()
        };
        assert!(
            matches!(with(settings).err(), Some(SettingsError::BaseUrl(_))),
            "{base}"
        );
    }
    let key = OpenAiSettings {
        api_key: Some("sk\n1".into()),
        ..OpenAiSettings::default()
    };
    assert_eq!(with(key).err(), Some(SettingsError::ApiKey));
}
