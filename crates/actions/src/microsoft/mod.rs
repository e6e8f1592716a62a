//! Microsoft 365 through Graph v1.0: calendars, OneDrive, and the people whom one knows there.

mod calendar;
mod drive;
mod graph;
mod people;
mod zone;

pub(crate) use calendar::open_calendar;
pub(crate) use drive::open_drive;
