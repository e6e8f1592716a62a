//! What all actions on drives begin with: the speaker's drive, and the file that is meant.

use super::{Drive, File, name::SpokenName, view};
use crate::{ActionContext, ActionError, Provider, Speaker, choice};
use jiff::tz::TimeZone;

/// Opens a speaker's drive.
pub(crate) type OpenDrive = fn(&ActionContext, &Speaker) -> Result<Box<dyn Drive>, ActionError>;

/// Files that are looked through for the one that is meant.
const CANDIDATES: usize = 50;

/// A provider's drives, in one conversation.
#[derive(Debug, Clone)]
pub(crate) struct DriveDesk {
    pub(crate) context: ActionContext,
    pub(crate) provider: Provider,
    pub(crate) open: OpenDrive,
}

impl DriveDesk {
    pub(super) fn drive(&self, speaker: &Speaker) -> Result<Box<dyn Drive>, ActionError> {
        (self.open)(&self.context, speaker)
    }

    pub(super) fn label(&self) -> &'static str {
        self.provider.label()
    }

    pub(super) fn zone(&self) -> &TimeZone {
        &self.context.zone
    }

    /// The one file that is meant; without a name, the one that was opened last.
    pub(super) async fn file(&self, drive: &dyn Drive, said: &str) -> Result<File, ActionError> {
        let name = SpokenName::read(said);
        if name.words.is_empty() {
            if !name.is_newest && !said.trim().is_empty() {
                return Err(ActionError::Ask("What is the file called?".to_owned()));
            }
            let last = drive.recent(1).await?.into_iter().next();
            return last.ok_or_else(|| ActionError::NotFound(self.none()));
        }
        let mut meant = name.meant(drive.find(&name.words, CANDIDATES).await?);
        match meant.len() {
            0 => Err(ActionError::NotFound(self.none_called(&name.words))),
            1 => Ok(meant.remove(0)),
            _ => Err(ActionError::Ask(format!(
                "Which {} do you mean: {}?",
                name.words,
                choice::listed(self.labels(&meant), "or")
            ))),
        }
    }

    pub(super) fn none(&self) -> String {
        format!("I found no file in your {}.", self.label())
    }

    pub(super) fn none_called(&self, name: &str) -> String {
        format!("I found no file called “{name}” in your {}.", self.label())
    }

    /// The names of files; those that bear the same, by their time, too.
    fn labels(&self, files: &[File]) -> Vec<String> {
        let label = |file: &File| {
            let namesakes = files.iter().filter(|other| other.name == file.name);
            match view::changed(file, self.zone()) {
                Some(changed) if namesakes.count() > 1 => {
                    format!("{}, changed on {changed}", file.name)
                }
                _ => file.name.clone(),
            }
        };
        files.iter().map(label).collect()
    }
}
