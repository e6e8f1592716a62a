//! Google: Calendar, and the people whom one knows there.

mod calendar;
mod hosts;
mod people;

pub(crate) use calendar::open_calendar;
