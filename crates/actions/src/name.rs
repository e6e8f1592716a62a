//! An action's two names.

/// Name of an action: `google-calendar.agenda` for people, the API and events, `google-calendar__agenda` as the tool
/// that models see, since providers refuse dots.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ActionName(String);

impl ActionName {
    /// From the dotted name.
    pub fn new(dotted: impl Into<String>) -> Self {
        Self(dotted.into())
    }

    /// From a tool's name as the model sees it.
    pub fn from_tool(tool: &str) -> Self {
        Self(tool.replacen("__", ".", 1))
    }

    /// `google-calendar.agenda`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// `google-calendar__agenda`.
    pub fn to_tool(&self) -> String {
        self.0.replacen('.', "__", 1)
    }

    /// `google-calendar`; the whole name when it has no dot.
    pub fn provider(&self) -> &str {
        self.0
            .split_once('.')
            .map_or(self.as_str(), |(provider, _)| provider)
    }
}

impl std::fmt::Display for ActionName {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::ActionName;

    #[test]
    fn both_names_lead_to_each_other() {
        for (dotted, tool, provider) in [
            (
                "google-calendar.agenda",
                "google-calendar__agenda",
                "google-calendar",
            ),
            (
                "google-calendar.free_busy",
                "google-calendar__free_busy",
                "google-calendar",
            ),
            ("call.hang_up", "call__hang_up", "call"),
            ("plain", "plain", "plain"),
        ] {
            assert_eq!(ActionName::new(dotted).to_tool(), tool);
            assert_eq!(ActionName::from_tool(tool).as_str(), dotted);
            assert_eq!(ActionName::new(dotted).provider(), provider);
        }
    }
}
