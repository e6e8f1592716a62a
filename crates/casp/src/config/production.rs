//! What production needs beyond settings that can be read.

use crate::settings::Values;
use std::fmt;

/// Shortest secret that is taken.
const MIN_SECRET_CHARS: usize = 32;
/// Secrets of documents and examples.
const SAMPLES: [&str; 6] = ["secret", "change", "example", "your_", "your-", "xxxx"];

/// Something that is missing or weak.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Demand {
    /// It does not run so.
    Must(&'static str, &'static str),
    /// It runs, with less.
    Should(&'static str, &'static str),
}

impl Demand {
    pub(super) fn is_must(&self) -> bool {
        matches!(self, Self::Must(..))
    }
}

impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Must(name, text) => write!(f, "wrong: {name}: {text}"),
            Self::Should(name, text) => write!(f, "consider: {name}: {text}"),
        }
    }
}

/// Everything that production lacks.
pub(super) fn look(values: &Values) -> Vec<Demand> {
    use Demand::{Must, Should};
    let get = |name| values.get(name).map(|(text, _)| text);
    let mut demands = Vec::new();
    match get("SECRET_KEY") {
        None => demands.push(Must(
            "SECRET_KEY",
            "not set; make one with: openssl rand -hex 32",
        )),
        Some(key) if is_weak(key) => {
            demands.push(Must(
                "SECRET_KEY",
                "short or a sample; make one with: openssl rand -hex 32",
            ));
        }
        Some(_) => {}
    }
    match get("DATABASE_URL") {
        None => demands.push(Must(
            "DATABASE_URL",
            "not set: postgres://user:password@host/casp",
        )),
        Some(url) if url.starts_with("sqlite") => {
            demands.push(Should(
                "DATABASE_URL",
                "SQLite serves one machine; PostgreSQL serves many",
            ));
        }
        Some(_) => {}
    }
    match get("PUBLIC_URL").or_else(|| get("WEBHOOK_URL")) {
        None => demands.push(Must(
            "PUBLIC_URL",
            "not set; browsers and Twilio have to reach you",
        )),
        Some(url) if url.starts_with("http://") || url.starts_with("ws://") => {
            demands.push(Should(
                "PUBLIC_URL",
                "not https: browsers give no microphone to pages without TLS",
            ));
        }
        Some(_) => {}
    }
    for name in ["LIVEKIT_URL", "LIVEKIT_API_KEY", "LIVEKIT_API_SECRET"] {
        if get(name).is_none() {
            demands.push(Must(name, "not set"));
        }
    }
    if get("LIVEKIT_API_SECRET").is_some_and(is_weak) {
        demands.push(Must(
            "LIVEKIT_API_SECRET",
            "short or a sample: anybody who guesses it is in every room",
        ));
    }
    if get("ALLOW_PRIVATE_URLS") == Some("true") {
        demands.push(Must(
            "ALLOW_PRIVATE_URLS",
            "for `casp dev` alone: tenants' URLs would reach your own network",
        ));
    }
    if get("TWILIO_AUTH_TOKEN").is_none() {
        demands.push(Should(
            "TWILIO_AUTH_TOKEN",
            "not set: no calls; Twilio's webhooks answer 503",
        ));
    }
    if get("OPENAI_API_KEY").is_none() && get("OPENAI_BASE_URL").is_none() {
        demands.push(Should(
            "OPENAI_API_KEY",
            "not set: the offline speech and language are for trying out",
        ));
    }
    if get("METRICS_TOKEN").is_none() {
        demands.push(Should(
            "METRICS_TOKEN",
            "not set: /metrics answers to this machine alone",
        ));
    }
    demands
}

fn is_weak(secret: &str) -> bool {
    let lower = secret.to_lowercase();
    let first = secret.chars().next();
    secret.len() < MIN_SECRET_CHARS
        || SAMPLES.iter().any(|sample| lower.contains(sample))
        || secret.chars().all(|c| Some(c) == first)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn musts(environment: &[(&str, &str)]) -> Vec<&'static str> {
        let values = Values::merge(
            |name| {
                let found = environment.iter().find(|(n, _)| *n == name);
                found.map(|(_, value)| (*value).to_owned())
            },
            "",
        )
        .unwrap();
        let demands = look(&values);
        demands
            .iter()
            .filter_map(|demand| match demand {
                Demand::Must(name, _) => Some(*name),
                Demand::Should(..) => None,
            })
            .collect()
    }

    const GOOD: [(&str, &str); 6] = [
        ("SECRET_KEY", "0f3b9c5a7d1e2f4860a1b2c3d4e5f607"),
        ("DATABASE_URL", "postgres://casp@db/casp"),
        ("PUBLIC_URL", "https://casp.test"),
        ("LIVEKIT_URL", "ws://livekit:7880"),
        ("LIVEKIT_API_KEY", "casp"),
        ("LIVEKIT_API_SECRET", "9d0c6b7a5f4e3d2c1b0a99887766554a"),
    ];

    #[test]
    fn a_complete_one_lacks_nothing() {
        assert!(musts(&GOOD).is_empty());
    }

    #[test]
    fn nothing_set_lacks_it_all() {
        let all = [
            "SECRET_KEY",
            "DATABASE_URL",
            "PUBLIC_URL",
            "LIVEKIT_URL",
            "LIVEKIT_API_KEY",
            "LIVEKIT_API_SECRET",
        ];
        assert_eq!(musts(&[]), all);
    }

    #[test]
    fn urls_of_tenants_stay_out_of_ones_own_network() {
        let with = |value| {
            let mut environment = GOOD.to_vec();
            environment.push(("ALLOW_PRIVATE_URLS", value));
            musts(&environment)
        };
        assert!(with("false").is_empty());
        assert_eq!(with("true"), ["ALLOW_PRIVATE_URLS"]);
    }

    #[test]
    fn secrets_that_can_be_guessed_are_refused() {
        for weak in [
            "short",
            "your_secret_key_here_your_secret_key",
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        ] {
            let mut environment = GOOD.to_vec();
            environment[0].1 = weak;
            assert_eq!(musts(&environment), ["SECRET_KEY"], "{weak}");
        }
    }
}
