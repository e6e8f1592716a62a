//! A row of a table: what is said, to what world, and what is to come of it.

use super::talk::Talk;
use casp_actions::Provider;
use serde::Deserialize;
use serde_json::Value;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    /// What is connected unless a row says otherwise.
    connected: Vec<Provider>,
    row: Vec<Row>,
}

/// What is said and what is to come of it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Row {
    /// The user's turns.
    say: OneOrMore,
    /// The calls that a model makes for it, one a turn, with the user's own words: `gmail.send {"to": "Ramesh", …}`. An
    /// empty one: it asks.
    model: OneOrMore,
    /// Now, with the speaker's zone: `2026-05-28T16:26:40-04:00[America/New_York]`, which is where the calendar is, too.
    #[serde(default)]
    pub(super) now: Option<String>,
    /// Instead of the usual ones: `Title | start | minutes`, and who else comes: `| Anil Rao <anil@example.com>`.
    #[serde(default)]
    pub(super) events: Option<Vec<String>>,
    #[serde(default)]
    pub(super) connected: Vec<Provider>,
    /// The question before it is done, or a part of it.
    #[serde(default)]
    asks: Option<String>,
    /// What arrives at the provider after the yes; nothing arrives before.
    #[serde(default)]
    does: Option<String>,
    /// It is done without a yes: the end of the call.
    #[serde(default)]
    is_unasked: bool,
    /// What the user is told or asked instead, word for word.
    #[serde(default)]
    says: Option<String>,
    /// What is in the result of what only looks.
    #[serde(default)]
    finds: Vec<String>,
    /// What the offline assistant says at the end, or a part of it.
    #[serde(default)]
    hears: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
enum OneOrMore {
    One(String),
    More(Vec<String>),
}

impl OneOrMore {
    fn all(&self) -> Vec<&str> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more.iter().map(String::as_str).collect(),
        }
    }
}

/// The rows of a table.
pub(super) fn rows(text: &str) -> Vec<Row> {
    let table: Table = toml::from_str(text).unwrap();
    let with_default = |mut row: Row| {
        if row.connected.is_empty() {
            row.connected.clone_from(&table.connected);
        }
        row
    };
    table.row.into_iter().map(with_default).collect()
}

impl Row {
    pub(super) fn say(&self) -> Vec<&str> {
        self.say.all()
    }

    /// The model's calls: the tool and its arguments; none where it only asks.
    pub(super) fn calls(&self) -> Vec<Option<(String, Value)>> {
        let call = |call: &str| {
            let (name, arguments) = call.split_once(' ')?;
            let arguments = serde_json::from_str(arguments).expect("arguments are JSON");
            Some((name.replacen('.', "__", 1), arguments))
        };
        self.model.all().into_iter().map(call).collect()
    }

    pub(super) fn says(&self) -> Option<&str> {
        self.says.as_deref()
    }

    /// The user is asked for a yes to it.
    pub(super) fn is_asked_about(&self) -> bool {
        self.does.is_some() && !self.is_unasked
    }

    /// Two rows of the same words need another world.
    pub(super) fn identity(&self) -> String {
        format!(
            "{:?} {:?} {:?} {:?}",
            self.say(),
            self.now,
            self.events,
            self.connected
        )
    }

    /// What is not as it is to be.
    pub(super) fn problems(&self, talk: &Talk, is_offline: bool) -> Vec<String> {
        let mut problems = Vec::new();
        let mut expect = |is_so: bool, what: String| {
            if !is_so {
                problems.push(what);
            }
        };
        expect(
            self.does.is_some()
                || self.says.is_some()
                || !self.finds.is_empty()
                || self.hears.is_some(),
            "the row expects nothing".to_owned(),
        );
        expect(
            talk.deeds_before_yes.is_empty(),
            format!("done before the yes: {:?}", talk.deeds_before_yes),
        );
        let deeds = talk.deeds.join("; ");
        let does = self.does.as_deref().unwrap_or_default();
        expect(deeds == does, format!("does {deeds:?} and not {does:?}"));
        if let Some(asks) = &self.asks {
            let asked = talk.question.as_deref().unwrap_or_default();
            expect(
                asked.contains(asks),
                format!("asks {asked:?} and not {asks:?}"),
            );
        }
        expect(
            talk.question.is_some() == self.is_asked_about(),
            format!("asked for a yes: {:?}", talk.question),
        );
        if let Some(says) = &self.says {
            let said = talk.error.as_ref().filter(|_| !self.is_asked_by_model());
            let said = said.unwrap_or(&talk.said);
            expect(said == says, format!("says {said:?} and not {says:?}"));
            expect(
                talk.said.contains(says.as_str()),
                format!("tells the user {:?}", talk.said),
            );
        }
        let found = talk.result.to_string();
        for finds in &self.finds {
            expect(
                found.contains(finds.as_str()),
                format!("finds no {finds:?} in {found}"),
            );
        }
        if let Some(hears) = self.hears.as_ref().filter(|_| is_offline) {
            expect(
                talk.said.contains(hears.as_str()),
                format!("says {:?} and not {hears:?}", talk.said),
            );
        }
        problems
    }

    /// The last turn needs no tool.
    fn is_asked_by_model(&self) -> bool {
        self.calls().last().is_none_or(Option::is_none)
    }
}
