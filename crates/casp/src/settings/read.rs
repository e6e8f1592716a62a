//! Where the values come from, and turning them into types.

use super::table;
use secrecy::SecretString;
use std::{collections::BTreeMap, path::Path, str::FromStr};

/// Where a value was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Environment,
    /// The file that `NAME_FILE` names.
    SecretFile,
    File,
    Default,
}

/// A wrong setting, in words for whoever set it.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{name}: {problem}")]
pub(crate) struct SettingError {
    pub(crate) name: String,
    pub(crate) problem: String,
}

/// The texts of all settings that have a value.
#[derive(Debug, Default)]
pub(crate) struct Values(BTreeMap<&'static str, (String, Source)>);

impl Values {
    /// From the process environment (with `.env` of the working folder) and `casp.toml`, if it is there.
    pub(crate) fn load(toml_file: &Path) -> Result<Self, Vec<SettingError>> {
        let toml = match std::fs::read_to_string(toml_file) {
            Ok(text) => text,
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(e) => {
                return Err(vec![SettingError {
                    name: toml_file.display().to_string(),
                    problem: e.to_string(),
                }]);
            }
        };
        Self::merge(|name| std::env::var(name).ok(), &toml)
    }

    /// The environment wins over the file, the file over the default; empty means not set. Unknown names in the
    /// file are errors (a typo would else go unseen). For every setting `NAME_FILE` may name a file that holds the
    /// value, as orchestrators mount secrets.
    pub(crate) fn merge(
        environment: impl Fn(&str) -> Option<String>,
        toml: &str,
    ) -> Result<Self, Vec<SettingError>> {
        let mut errors = vec![];
        let mut file: BTreeMap<String, String> = BTreeMap::new();
        match toml.parse::<toml::Table>() {
            Ok(table) => {
                for (key, value) in table {
                    let name = key.to_uppercase();
                    if !table::all().any(|setting| setting.name == name) {
                        errors.push(SettingError {
                            name: key,
                            problem: "casp.toml has it, but there is no such setting".into(),
                        });
                        continue;
                    }
                    match plain_text(&value) {
                        Some(text) => drop(file.insert(name, text)),
                        None => errors.push(SettingError {
                            name: key,
                            problem: "must be a text, number, true/false or a list of texts".into(),
                        }),
                    }
                }
            }
            Err(e) => errors.push(SettingError {
                name: "casp.toml".into(),
                problem: e.message().to_owned(),
            }),
        }
        let mut values = BTreeMap::new();
        for setting in table::all() {
            let set = |text: &String| !text.trim().is_empty();
            let found = environment(setting.name)
                .filter(set)
                .map(|text| (text, Source::Environment));
            let found = match environment(&format!("{}_FILE", setting.name)).filter(set) {
                Some(path) => match secret_file(&path, found.is_some()) {
                    Ok(text) => Some((text, Source::SecretFile)),
                    Err(problem) => {
                        let name = format!("{}_FILE", setting.name);
                        errors.push(SettingError { name, problem });
                        None
                    }
                },
                None => found,
            };
            let found = found.or_else(|| {
                file.remove(setting.name)
                    .filter(set)
                    .map(|text| (text, Source::File))
            });
            let found = found.or_else(|| {
                Some((setting.default.to_owned(), Source::Default)).filter(|(text, _)| set(text))
            });
            if let Some(found) = found {
                values.insert(setting.name, found);
            }
        }
        if errors.is_empty() {
            Ok(Self(values))
        } else {
            Err(errors)
        }
    }

    /// Text and source of a setting.
    pub(crate) fn get(&self, name: &str) -> Option<(&str, Source)> {
        self.0
            .get(name)
            .map(|(text, source)| (text.as_str(), *source))
    }

    /// Sets a value that a command-line flag overrides.
    pub(crate) fn set(&mut self, name: &'static str, text: String) {
        self.0.insert(name, (text, Source::Environment));
    }

    pub(super) fn getter(&self) -> Getter<'_> {
        Getter {
            values: self,
            errors: vec![],
        }
    }
}

/// The value that a file holds, without the line's end.
fn secret_file(path: &str, is_set_otherwise: bool) -> Result<String, String> {
    if is_set_otherwise {
        return Err("the setting itself is set too; one of them must go".to_owned());
    }
    let text = std::fs::read_to_string(path.trim()).map_err(|error| format!("{path}: {error}"))?;
    let text = text.trim_end_matches(['\r', '\n']);
    if text.trim().is_empty() {
        return Err(format!("{path} is empty"));
    }
    Ok(text.to_owned())
}

fn plain_text(value: &toml::Value) -> Option<String> {
    match value {
        toml::Value::String(text) => Some(text.clone()),
        toml::Value::Integer(n) => Some(n.to_string()),
        toml::Value::Boolean(b) => Some(b.to_string()),
        toml::Value::Array(items) => items
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .map(|texts| texts.join(",")),
        _ => None,
    }
}

/// Turns texts into types and gathers what is wrong.
pub(super) struct Getter<'a> {
    values: &'a Values,
    errors: Vec<SettingError>,
}

impl Getter<'_> {
    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        debug_assert!(
            table::all().any(|setting| setting.name == name),
            "{name} is not in the table"
        );
        self.values
            .get(name)
            .map(|(text, _)| text.trim().to_owned())
    }

    pub(super) fn secret(&self, name: &'static str) -> Option<SecretString> {
        self.text(name).map(SecretString::from)
    }

    pub(super) fn list(&self, name: &'static str) -> Vec<String> {
        let text = self.text(name).unwrap_or_default();
        text.split(',')
            .map(str::trim)
            .filter(|item| !item.is_empty())
            .map(str::to_owned)
            .collect()
    }

    pub(super) fn parsed<T: FromStr>(&mut self, name: &'static str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        let text = self.text(name)?;
        self.parse(name, &text)
    }

    pub(super) fn parsed_list<T: FromStr>(&mut self, name: &'static str) -> Vec<T>
    where
        T::Err: std::fmt::Display,
    {
        self.list(name)
            .iter()
            .filter_map(|item| self.parse(name, item))
            .collect()
    }

    /// Notes what is wrong with a setting that can be read.
    pub(super) fn wrong(&mut self, name: &'static str, problem: &str) {
        self.errors.push(SettingError {
            name: name.into(),
            problem: problem.into(),
        });
    }

    fn parse<T: FromStr>(&mut self, name: &'static str, text: &str) -> Option<T>
    where
        T::Err: std::fmt::Display,
    {
        text.parse()
            .map_err(|e: T::Err| {
                self.errors.push(SettingError {
                    name: name.into(),
                    problem: format!("{text:?}: {e}"),
                });
            })
            .ok()
    }

    pub(super) fn finish<T>(self, value: T) -> Result<T, Vec<SettingError>> {
        if self.errors.is_empty() {
            Ok(value)
        } else {
            Err(self.errors)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::settings::Settings;

    fn merge(environment: &[(&str, &str)], toml: &str) -> Result<Values, Vec<SettingError>> {
        Values::merge(
            |name| {
                environment
                    .iter()
                    .find(|(n, _)| *n == name)
                    .map(|(_, v)| (*v).to_owned())
            },
            toml,
        )
    }

    #[test]
    fn the_environment_wins_over_the_file_and_the_file_over_the_default() {
        let values = merge(&[("PORT", "9001")], "port = 9002\nopenai_llm_model = \"m\"").unwrap();
        assert_eq!(values.get("PORT"), Some(("9001", Source::Environment)));
        assert_eq!(values.get("OPENAI_LLM_MODEL"), Some(("m", Source::File)));
        assert_eq!(
            values.get("OPENAI_TTS_VOICE"),
            Some(("alloy", Source::Default))
        );
        assert_eq!(values.get("AGENT_NAME"), None);
    }

    #[test]
    fn empty_means_not_set() {
        let values = merge(&[("PORT", " ")], "").unwrap();
        assert_eq!(values.get("PORT"), Some(("8080", Source::Default)));
    }

    #[test]
    fn a_value_may_stand_in_a_file_of_its_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        std::fs::write(&path, "from the file\n").unwrap();
        let path = path.to_str().unwrap();
        let values = merge(&[("SECRET_KEY_FILE", path)], "").unwrap();
        assert_eq!(
            values.get("SECRET_KEY"),
            Some(("from the file", Source::SecretFile))
        );
        for environment in [
            vec![("SECRET_KEY_FILE", path), ("SECRET_KEY", "another")],
            vec![("SECRET_KEY_FILE", "/there/is/none")],
        ] {
            assert_eq!(
                merge(&environment, "").unwrap_err()[0].name,
                "SECRET_KEY_FILE"
            );
        }
    }

    #[test]
    fn a_typo_in_the_file_is_an_error() {
        let errors = merge(&[], "prot = 1").unwrap_err();
        assert_eq!(errors[0].name, "prot");
    }

    #[test]
    fn every_wrong_setting_is_listed() {
        let values = merge(&[("PORT", "eighty"), ("MAX_JOBS", "-1")], "").unwrap();
        let names: Vec<_> = Settings::from_values(&values)
            .unwrap_err()
            .into_iter()
            .map(|e| e.name)
            .collect();
        assert_eq!(names, ["PORT", "MAX_JOBS"]);
    }

    #[test]
    fn numbers_that_are_texts_stay_texts() {
        let values = merge(
            &[("SECRET_KEY", "0012345"), ("TWILIO_ACCOUNT_SID", "+10")],
            "",
        )
        .unwrap();
        assert_eq!(
            Settings::from_values(&values)
                .unwrap()
                .twilio_account_sid
                .as_deref(),
            Some("+10")
        );
        assert_eq!(values.get("SECRET_KEY").unwrap().0, "0012345");
    }

    #[test]
    fn env_example_is_the_table() {
        let file = include_str!("../../../../.env.example");
        assert_eq!(
            file,
            crate::config::example(),
            "run `casp config example > .env.example`"
        );
    }
}
