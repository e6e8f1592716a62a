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

/// What a look at the store found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum News {
    /// No agent is wanted: people talk among themselves.
    Unwanted,
    /// The session is over, whatever the room says.
    Ended,
}

impl Live {
    /// The room was joined anew: it may have been deleted with the session, and only come back by our joining.
    pub(super) fn look_after_rejoin(&mut self) {
        self.help(look_up);
    }

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
                self.help(look_up);
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
    pub(super) fn help<F>(
        &mut self,
        task: impl FnOnce(BridgeState, Session, mpsc::Sender<News>) -> F,
    ) where
        F: Future<Output = ()> + Send + 'static,
    {
        while self.helpers.try_join_next().is_some() {}
        self.helpers.spawn(task(
            self.state.clone(),
            self.session.clone(),
            self.news.0.clone(),
        ));
    }

    pub(super) fn play_prompt(&mut self, now: Instant) {
        loop {
            match self.prompt.as_mut().map(|prompt| prompt.poll(now)) {
                Some(Ok(Some(frame))) => self.downlink.prompt(frame, &mut self.outbox),
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
async fn dispatch(state: BridgeState, session: Session, news: mpsc::Sender<News>) {
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
        Ok(false) => look_up(state, session, news).await,
        Err(error) => {
            tracing::warn!(session = session.id, %error, "an agent could not be asked for");
        }
    }
}

/// Looks whether the session lives and wants an agent. When the queue is full there is news already.
async fn look_up(state: BridgeState, session: Session, news: mpsc::Sender<News>) {
    let found = match sessions::get(&state.config().store, &session.id).await {
        Ok(Some(row)) if row.state == SessionState::Ended => News::Ended,
        Ok(Some(row)) if !row.wants_agent => News::Unwanted,
        Ok(Some(_)) => return,
        Ok(None) => News::Ended,
        Err(error) => {
            tracing::warn!(session = session.id, %error, "the session could not be looked up");
            return;
        }
    };
    let _ = news.try_send(found);
}
