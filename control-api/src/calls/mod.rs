//! Calls that we place: asked for, queued, dialled, and seen to their end.
//!
//! A call has its row before Twilio hears of it (see `casp_store::calls`), so a crash at any line leaves one that is
//! visible and never one that is placed twice. Everything that places calls goes through [`place`].

mod allowed;
mod answer;
mod calendar_call;
mod calling_hours;
mod dial;
mod do_not_call;
mod heard;
mod hours;
mod list;
mod machine;
mod make_call;
mod number;
mod phone_call;
mod place;
mod queue;
mod sender;
mod session;
mod watch;

pub(crate) use allowed::may_call;
pub(crate) use heard::{note, note_sid};
pub(crate) use number::ToNumber;
pub(crate) use place::{Placed, Wish, place};
pub(crate) use queue::run;
pub(crate) use session::announce;

use crate::ControlApi;
use utoipa_axum::{router::OpenApiRouter, routes};

/// Placing calls, seeing how they fare, and the rules for them.
pub(crate) fn routes() -> OpenApiRouter<ControlApi> {
    OpenApiRouter::new()
        .routes(routes!(phone_call::place_call))
        .routes(routes!(make_call::make_call))
        .routes(routes!(make_call::make_custom_call))
        .routes(routes!(calendar_call::make_calendar_call))
        .routes(routes!(list::list_calls))
        .routes(routes!(list::show_call))
        .routes(routes!(list::cancel_call))
        .routes(routes!(do_not_call::list_numbers, do_not_call::add_number))
        .routes(routes!(do_not_call::remove_number))
        .routes(routes!(
            calling_hours::show_hours,
            calling_hours::set_hours,
            calling_hours::clear_hours
        ))
        .routes(routes!(machine::show_settings, machine::set_settings))
}
