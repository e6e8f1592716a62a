//! Microsoft 365 through Graph v1.0: calendars, and the people whom one knows there.

mod calendar;
mod graph;
mod people;
mod zone;

pub(crate) use calendar::open_calendar;
