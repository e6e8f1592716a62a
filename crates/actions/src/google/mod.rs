//! Google: Calendar, Drive, Gmail, and the people whom one knows there.

mod calendar;
mod drive;
mod gmail;
mod hosts;
mod people;

pub(crate) use calendar::open_calendar;
pub(crate) use drive::open_drive;
pub(crate) use gmail::open_mailbox;
