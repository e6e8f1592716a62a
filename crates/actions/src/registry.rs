//! All actions at providers.

use crate::journal::Journaled;
use crate::{
    Action, ActionContext, Provider,
    calendar::{self, CalendarDesk},
    files::{self, DriveDesk},
    google, hubspot, jira,
    mail::{self, MailDesk},
    microsoft, slack,
};
use std::sync::Arc;

/// Every action at a provider (interface §10), for one conversation or request. Those of a call itself are the
/// conversation's.
pub fn actions(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    let all = all(context).into_iter();
    all.map(|action| journaled(action, context)).collect()
}

/// An action of the conversation's own whose runs are written down like those at providers.
pub fn journaled(action: Arc<dyn Action>, context: &ActionContext) -> Arc<dyn Action> {
    Arc::new(Journaled::new(action, context.clone()))
}

fn all(context: &ActionContext) -> Vec<Arc<dyn Action>> {
    let mut actions = calendar::actions(&CalendarDesk {
        context: context.clone(),
        provider: Provider::GoogleCalendar,
        open: google::open_calendar,
    });
    actions.extend(calendar::actions(&CalendarDesk {
        context: context.clone(),
        provider: Provider::OutlookCalendar,
        open: microsoft::open_calendar,
    }));
    actions.extend(files::actions(&DriveDesk {
        context: context.clone(),
        provider: Provider::GoogleDrive,
        open: google::open_drive,
    }));
    actions.extend(files::actions(&DriveDesk {
        context: context.clone(),
        provider: Provider::OneDrive,
        open: microsoft::open_drive,
    }));
    actions.extend(mail::actions(&MailDesk {
        context: context.clone(),
        provider: Provider::Gmail,
        open: google::open_mailbox,
    }));
    actions.extend(mail::actions(&MailDesk {
        context: context.clone(),
        provider: Provider::Outlook,
        open: microsoft::open_mailbox,
    }));
    actions.extend(slack::actions(context));
    actions.extend(microsoft::teams_actions(context));
    actions.extend(hubspot::actions(context));
    actions.extend(jira::actions(context));
    actions
}
