//! The part of a reply that is held back until it has passed a check.

use super::{
    ReplyEvent,
    rounds::{Rounds, Step},
};
use casp_providers::{ChatMessage, FinishReason};

impl Rounds {
    /// Gives a checked answer out, or has the model make it once more; false then. What fails twice is refused.
    pub(super) async fn give_out(&mut self, answer: &str, end: FinishReason) -> Step<bool> {
        let Some(check) = &self.turn.check else {
            return Ok(true);
        };
        let verdict = if end == FinishReason::Stop {
            check.judge(answer)
        } else {
            // It was cut: whoever reads it is told so.
            Ok(answer.to_owned())
        };
        match verdict {
            Ok(answer) => self.send_text(answer).await?,
            Err(complaint) if !self.is_repairing => {
                self.is_repairing = true;
                self.request.tools.clear();
                let messages = &mut self.request.messages;
                messages.push(ChatMessage::Assistant {
                    content: answer.to_owned(),
                    tool_calls: Vec::new(),
                });
                messages.push(ChatMessage::System {
                    content: format!(
                        "That answer cannot be used: {complaint}. Answer once more, with the right JSON and nothing \
                         else."
                    ),
                });
                return Ok(false);
            }
            Err(complaint) => {
                let refusal = format!("No answer of the form that was asked for: {complaint}.");
                self.progress.refuse(&refusal);
                self.send(ReplyEvent::Refused(refusal)).await?;
            }
        }
        Ok(true)
    }
}
