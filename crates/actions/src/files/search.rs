//! `search`: files by what is in them.

use super::{Kind, desk::DriveDesk, view::found};
use crate::{
    ActionError, Provider, Speaker, ToolKind,
    typed::{Settled, Task, needed},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// As many as are told when nobody says.
const USUAL: u32 = 5;
/// The most.
const MOST: u32 = 20;

/// Finds files by their text.
#[derive(Debug)]
pub(super) struct Search(pub(super) DriveDesk);

/// What the model gives.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// Words of the text or the name: invoices from Acme.
    query: String,
    /// Only files of this kind.
    #[serde(default)]
    kind: Option<Kind>,
    /// How many; 5 when not said.
    #[serde(default)]
    limit: Option<u32>,
}

/// What is looked for.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Plan {
    said: String,
    words: String,
    kind: Option<Kind>,
    limit: u32,
}

/// The words without the one that names a kind: "PDF invoices" are invoices that are PDF.
fn without_kind(said: &str) -> (String, Option<Kind>) {
    let kind = said.split_whitespace().find_map(Kind::said);
    let is_left = |word: &&str| kind.is_none() || Kind::said(word) != kind;
    let words: Vec<&str> = said.split_whitespace().filter(is_left).collect();
    (words.join(" "), kind)
}

#[async_trait::async_trait]
impl Task for Search {
    type Arguments = Arguments;
    type Settled = Plan;
    const VERB: &'static str = "search";
    const KIND: ToolKind = ToolKind::Read;

    fn provider(&self) -> Provider {
        self.0.provider
    }
    fn description(&self) -> String {
        format!(
            "Searches the text and the names of the files in the user's {}.",
            self.0.label()
        )
    }
    async fn settle(
        &self,
        _: &Speaker,
        arguments: Arguments,
    ) -> Result<Settled<Plan>, ActionError> {
        let said = needed(&arguments.query, "word to look for")?;
        let (words, kind) = match arguments.kind {
            Some(kind) => (said.clone(), Some(kind)),
            None => without_kind(&said),
        };
        Ok(Settled::unasked(Plan {
            said,
            words,
            kind,
            limit: arguments.limit.unwrap_or(USUAL).clamp(1, MOST),
        }))
    }
    async fn act(&self, speaker: &Speaker, plan: Plan) -> Result<Value, ActionError> {
        let drive = self.0.drive(speaker)?;
        let limit = plan.limit as usize;
        let mut files = drive.search(&plan.words, plan.kind, limit).await?;
        files.truncate(limit);
        let none = format!(
            "I found nothing in your {} about {}.",
            self.0.label(),
            plan.said
        );
        Ok(found(&files, "I found", &none, self.0.zone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_may_be_among_the_words() {
        for (said, words, kind) in [
            ("PDF invoices", "invoices", Some(Kind::Pdf)),
            (
                "slides about turbines",
                "about turbines",
                Some(Kind::Presentation),
            ),
            ("invoices", "invoices", None),
            ("PDFs", "", Some(Kind::Pdf)),
        ] {
            assert_eq!(without_kind(said), (words.to_owned(), kind), "{said}");
        }
    }
}
