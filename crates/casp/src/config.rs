//! `casp config`: what is set, what is wrong, and the example file.

mod production;

use crate::settings::{Settings, Source, TABLE, Values};
use std::fmt::Write as _;

/// The text of `.env.example`.
pub(crate) fn example() -> String {
    let mut text = String::from(
        "# Settings of CASP. Copy to `.env`, or set them in the environment or (lower case) in casp.toml.\n\
         # The environment wins. `casp config check` prints what is in force.\n",
    );
    for (section, settings) in TABLE {
        let _ = write!(text, "\n# {section}\n");
        for setting in *settings {
            let _ = write!(
                text,
                "# {}\n#{}={}\n",
                setting.comment, setting.name, setting.default
            );
        }
    }
    text
}

/// What is in force, secrets masked, and what is wrong; false when something is.
pub(crate) fn check(values: &Values, is_production: bool) -> (String, bool) {
    let mut text = String::new();
    for (section, settings) in TABLE {
        let _ = writeln!(text, "{section}");
        for setting in *settings {
            let shown = match values.get(setting.name) {
                None => "(not set)".to_owned(),
                Some((_, source)) if setting.is_secret => format!("******** ({})", origin(source)),
                Some((value, source)) => format!("{value} ({})", origin(source)),
            };
            let _ = writeln!(text, "  {:<26} {shown}", setting.name);
        }
    }
    let errors = Settings::from_values(values).err().unwrap_or_default();
    for error in &errors {
        let _ = writeln!(text, "wrong: {error}");
    }
    let demands = if is_production {
        production::look(values)
    } else {
        Vec::new()
    };
    for demand in &demands {
        let _ = writeln!(text, "{demand}");
    }
    let is_fine = errors.is_empty() && !demands.iter().any(production::Demand::is_must);
    (text, is_fine)
}

fn origin(source: Source) -> &'static str {
    match source {
        Source::Environment => "environment",
        Source::SecretFile => "its file",
        Source::File => "casp.toml",
        Source::Default => "default",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_masks_secrets_and_says_what_is_wrong() {
        let values = Values::merge(
            |name| match name {
                "SECRET_KEY" => Some("hush-hush".into()),
                "PORT" => Some("x".into()),
                _ => None,
            },
            "",
        )
        .unwrap();
        let (text, is_fine) = check(&values, false);
        assert!(!is_fine);
        assert!(!text.contains("hush-hush"));
        assert!(text.contains("wrong: PORT"));
    }
}
