//! The agent: a worker that takes jobs from LiveKit's dispatch, and the conversation it holds in each room.
//!
//! [`run`] is all there is to call. Inside, `worker` knows LiveKit's protocol and how many conversations there
//! may be, `session` holds one conversation, and [`turn`] decides who has the floor.

mod clock;
mod config;
mod error;
mod session;
pub mod turn;
mod worker;

pub use config::{AgentConfig, Liveness};
pub use error::AgentError;
pub use worker::{Admission, WorkerStatus};

use tokio_util::sync::CancellationToken;

/// Works until `shutdown`: then takes no more jobs, finishes its conversations (for `drain_timeout` at most) and
/// returns. A server or a store that does not answer is waited for.
///
/// # Errors
/// Only for a configuration that can never work.
pub async fn run(config: AgentConfig, shutdown: CancellationToken) -> Result<(), AgentError> {
    if config.max_jobs == 0 {
        return Err(AgentError::NoPlaces);
    }
    config.livekit.worker_token()?;
    casp_room::warm_up();
    worker::Worker::start(config).run(shutdown).await;
    Ok(())
}
