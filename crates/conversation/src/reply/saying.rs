//! The part of a reply that tells its reader.

use super::{
    ReplyEvent,
    rounds::{Rounds, Step, Stop},
};
use crate::ClauseSplitter;

impl Rounds {
    /// Says what no model has written.
    pub(super) async fn say(&mut self, words: String) -> Step<()> {
        self.begin().await?;
        if self.progress.needs_separator() {
            self.send_text(" ".to_owned()).await?;
        }
        let mut splitter = ClauseSplitter::new();
        let mut clauses = splitter.push(&words);
        clauses.extend(splitter.finish());
        self.send_text(words).await?;
        self.send_clauses(clauses).await
    }

    pub(super) async fn begin(&mut self) -> Step<()> {
        if !std::mem::replace(&mut self.has_begun, true) {
            self.send(ReplyEvent::FirstToken).await?;
        }
        Ok(())
    }

    pub(super) async fn send_text(&self, text: String) -> Step<()> {
        self.progress.add_text(&text);
        self.send(ReplyEvent::Text(text)).await
    }

    pub(super) async fn send_clauses(&self, clauses: Vec<String>) -> Step<()> {
        for clause in clauses {
            self.progress.add_clause(&clause);
            self.send(ReplyEvent::Clause(clause)).await?;
        }
        Ok(())
    }

    pub(super) async fn send(&self, event: ReplyEvent) -> Step<()> {
        self.events.send(event).await.map_err(|_| Stop::Unread)
    }
}
