//! For who runs a part: whether what it [needs](Needs) answers, who may read its metrics, and who asks from this machine.

mod metrics;
mod needs;
mod this_machine;

pub use metrics::{PROMETHEUS_TEXT, may_read_metrics};
pub use needs::{Answering, Needs};
pub use this_machine::{is_from_this_machine, is_local_host};
