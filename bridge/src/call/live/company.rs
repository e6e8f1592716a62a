//! A caller is never left alone: ringing, dispatches, the apology.

use super::Live;
use crate::{
    BridgeState,
    call::{
        agent_watch::Step,
        ending::Ending,
        prompt::{Ended, Prompt},
    },
    metrics,
    state::now_ms,
};
use casp_store::sessions::{self, Session, SessionState};
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// For how long nobody else dispatches an agent to this session.
const DISPATCH_LEASE_MS: i64 = 900;

impl Live {
    /// An agent is there, or none is wanted: no ringing any more.
    pub(super) fn settle(&mut self) {
        if self.watch.settle() {
            self.prompt = None;
        }
    }

    pub(super) fn watch_step(&mut self, step: Step, now: Instant) {
        if self.farewell.is_some() {
            return;
        }
        match step {
            Step::Ring => {
                self.prompt = Some(Prompt::ringback(now));
                self.help(ask_whether_wanted);
            }
            Step::Dispatch => self.help(dispatch),
            Step::GiveUp => {
                tracing::warn!(
                    session = self.session.id,
                    "no agent came; the caller hears the apology"
                );
                let clip = self.state.apology().get();
                let length = Duration::from_millis(clip.len() as u64 / 8);
                self.prompt = Some(Prompt::clip(clip, now));
                self.begin_farewell(Ending::NobodyThere, 2 * length, now);
            }
        }
    }

    /// Starts a task beside the call.
    pub(super) fn help<F>(&mut self, task: impl FnOnce(BridgeState, Session, mpsc::Sender<()>) -> F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        while self.helpers.try_join_next().is_some() {}
        self.helpers.spawn(task(
            self.state.clone(),
            self.session.clone(),
            self.unwanted.0.clone(),
        ));
    }

    pub(super) fn play_prompt(&mut self, now: Instant) {
        loop {
            match self.prompt.as_mut().map(|prompt| prompt.poll(now)) {
                Some(Ok(Some(frame))) => self.outbox.media(frame),
                Some(Ok(None)) => match &self.prompt {
                    Some(prompt) if prompt.deadline() <= now => {}
                    _ => return,
                },
                Some(Err(Ended)) => self.prompt = None,
                None => return,
            }
        }
    }
}

/// Asks for an agent again, unless somebody else just did, or none is wanted.
async fn dispatch(state: BridgeState, session: Session, unwanted: mpsc::Sender<()>) {
    let config = state.config();
    match sessions::lease_dispatch(&config.store, &session.id, now_ms(), DISPATCH_LEASE_MS).await {
        Ok(true) => {
            metrics::dispatched_again();
            let dispatch =
                config
                    .livekit
                    .dispatch_agent(&session.room_name, &config.agent_name, &session.id);
            if let Err(error) = dispatch.await {
                tracing::warn!(session = session.id, %error, "an agent could not be dispatched");
            }
        }
        Ok(false) => ask_whether_wanted(state, session, unwanted).await,
        Err(error) => {
            tracing::warn!(session = session.id, %error, "an agent could not be asked for");
        }
    }
}

/// Says so when the session wants no agent: people talk among themselves.
async fn ask_whether_wanted(state: BridgeState, session: Session, unwanted: mpsc::Sender<()>) {
    if let Ok(Some(row)) = sessions::get(&state.config().store, &session.id).await
        && row.state != SessionState::Ended
        && !row.wants_agent
    {
        let _ = unwanted.try_send(());
    }
}
