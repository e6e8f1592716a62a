//! Microsoft 365 through Graph v1.0: calendars, mail, OneDrive, and the people whom one knows there.

mod calendar;
mod drive;
mod graph;
mod mail;
mod people;
mod teams;
mod zone;

pub(crate) use calendar::open_calendar;
pub(crate) use drive::open_drive;
pub(crate) use mail::open_mailbox;
pub(crate) use teams::actions as teams_actions;
