//! Sessions whose room LiveKit no longer has (it was restarted, a webhook was lost) are ended after a grace.

use crate::{ControlApi, clock::now_ms};
use casp_store::{
    Store, StoreError,
    sessions::{self, Session, SessionKind},
    stream_tokens, turns,
};
use std::{
    collections::{HashMap, HashSet},
    time::{Duration, Instant},
};

const ROUND: Duration = Duration::from_secs(5);
/// Sessions read at once.
const PAGE: u32 = 200;
/// A conversation by webhooks in which nothing is said for this long is over: Twilio asks every few seconds.
const WEBHOOK_SILENCE_MS: i64 = 5 * 60 * 1_000;

pub(super) async fn run(api: &ControlApi) {
    let mut rounds = tokio::time::interval(
        ROUND.min(
            api.config
                .limits
                .lost_room_grace
                .max(Duration::from_millis(100)),
        ),
    );
    rounds.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut missing = Missing::default();
    loop {
        rounds.tick().await;
        if let Err(error) = round(api, &mut missing).await {
            // Nothing is known now; who was missing before may have come back.
            missing = Missing::default();
            tracing::warn!(%error, "could not compare the sessions with LiveKit's rooms");
        }
    }
}

/// Sessions without a room, and since when.
#[derive(Debug, Default)]
struct Missing(HashMap<String, Instant>);

#[derive(Debug, thiserror::Error)]
enum RoundError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Room(#[from] casp_room::RoomError),
}

async fn round(api: &ControlApi, missing: &mut Missing) -> Result<(), RoundError> {
    let store = &api.config.store;
    let grace = api.config.limits.lost_room_grace;
    // Sessions first: a room that is made in between is in LiveKit's list.
    let mut live = Vec::new();
    let mut after = String::new();
    loop {
        let page = sessions::page_live(store, now_ms(), &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.id);
        live.extend(page);
    }
    if live.is_empty() {
        missing.0.clear();
        return Ok(());
    }
    let rooms: HashSet<String> = api.config.livekit.room_names().await?.into_iter().collect();
    let mut lost = Vec::new();
    for session in live {
        if !rooms.contains(&session.room_name) && !does_without(store, &session).await? {
            lost.push(session.id);
        }
    }
    for id in missing.overdue(lost.into_iter(), Instant::now(), grace) {
        if sessions::end(store, &id, "its room is gone", now_ms()).await? {
            tracing::warn!(session = id, "session ended: its room is gone");
        }
    }
    Ok(())
}

/// Whether a session is well without a room: its stream may still come (the caller is at a menu), or its caller and
/// it talk by webhooks, and did so lately.
async fn does_without(store: &Store, session: &Session) -> Result<bool, StoreError> {
    if stream_tokens::is_open(store, &session.id, now_ms()).await? {
        return Ok(true);
    }
    if session.kind != SessionKind::Phone || session.wants_agent {
        return Ok(false);
    }
    let last = turns::latest(store, &session.id, 1).await?.pop();
    let last_ms = last.map_or(session.started_at_ms, |turn| turn.at_ms);
    Ok(now_ms() - last_ms < WEBHOOK_SILENCE_MS)
}

impl Missing {
    /// Notes who is missing now; returns those that were so for `grace` without a break.
    fn overdue(
        &mut self,
        now_missing: impl Iterator<Item = String>,
        now: Instant,
        grace: Duration,
    ) -> Vec<String> {
        let before = std::mem::take(&mut self.0);
        let mut overdue = Vec::new();
        for id in now_missing {
            let since = before.get(&id).copied().unwrap_or(now);
            if now.duration_since(since) >= grace {
                overdue.push(id);
            } else {
                self.0.insert(id, since);
            }
        }
        overdue
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRACE: Duration = Duration::from_secs(30);

    fn missing(ids: &[&str]) -> impl Iterator<Item = String> {
        ids.iter()
            .map(|id| (*id).to_owned())
            .collect::<Vec<_>>()
            .into_iter()
    }

    #[test]
    fn a_room_is_lost_after_the_grace_and_not_before() {
        let (mut seen, start) = (Missing::default(), Instant::now());
        assert!(seen.overdue(missing(&["a"]), start, GRACE).is_empty());
        assert!(
            seen.overdue(missing(&["a", "b"]), start + GRACE / 2, GRACE)
                .is_empty()
        );
        assert_eq!(
            seen.overdue(missing(&["a", "b"]), start + GRACE, GRACE),
            ["a"]
        );
    }

    #[test]
    fn a_room_that_comes_back_begins_anew() {
        let (mut seen, start) = (Missing::default(), Instant::now());
        seen.overdue(missing(&["a"]), start, GRACE);
        seen.overdue(missing(&[]), start + GRACE / 2, GRACE);
        assert!(
            seen.overdue(missing(&["a"]), start + GRACE, GRACE)
                .is_empty()
        );
    }
}
