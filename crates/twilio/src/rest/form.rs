//! Parameters of a request: form or query.

/// Names and values, in order; a name may be there several times.
#[derive(Debug, Clone, Default)]
pub(super) struct Form(Vec<(&'static str, String)>);

impl Form {
    pub(super) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    pub(super) fn maybe(self, name: &'static str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.with(name, value.to_string()),
            None => self,
        }
    }

    pub(super) fn each<'a>(
        self,
        name: &'static str,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        values
            .into_iter()
            .fold(self, |form, value| form.with(name, value))
    }

    pub(super) fn pairs(&self) -> &[(&'static str, String)] {
        &self.0
    }
}
