//! Google: Calendar, Drive, and the people whom one knows there.

mod calendar;
mod drive;
mod hosts;
mod people;

pub(crate) use calendar::open_calendar;
pub(crate) use drive::open_drive;
