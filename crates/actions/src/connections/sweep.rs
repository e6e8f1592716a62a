//! Renewing what is due before anybody asks for it.

use super::{Connections, now_ms};
use casp_store::{StoreError, connections};
use std::time::Duration;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

/// Renewals of one process at once.
const AT_ONCE: usize = 32;
/// Longer than one renewal takes; what was leased and not begun is leased again by others after it.
const LEASE_MS: i64 = 30_000;
/// How often is looked for what other processes brought.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// Between two looks when there is more than can be begun.
const BREATH: Duration = Duration::from_millis(5);

impl Connections {
    /// Renews tokens that are due, until `stop`; then waits for those that are under way. Any number of processes may
    /// do so at once: each connection is one process's.
    pub async fn keep_fresh(&self, stop: &CancellationToken) {
        let mut under_way = JoinSet::new();
        while !stop.is_cancelled() {
            let wait = match self.begin_due(&mut under_way).await {
                Ok(wait) => wait,
                Err(error) => {
                    tracing::warn!(%error, "could not look for tokens that are due");
                    LOOK_EVERY
                }
            };
            tokio::select! {
                () = stop.cancelled() => {}
                Some(_) = under_way.join_next() => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
        while under_way.join_next().await.is_some() {}
        self.close().await;
    }

    /// Renews all that is due now; returns how many were begun.
    pub async fn refresh_due(&self) -> Result<usize, StoreError> {
        let mut under_way = JoinSet::new();
        let mut begun = 0;
        loop {
            let more = self.begin(&mut under_way).await?;
            begun += more;
            if under_way.is_empty() {
                return Ok(begun);
            }
            let _ = under_way.join_next().await;
        }
    }

    /// Begins what there is room for; returns how long to wait for the next.
    async fn begin_due(&self, under_way: &mut JoinSet<()>) -> Result<Duration, StoreError> {
        while under_way.try_join_next().is_some() {}
        let Some(due) = connections::next_due(&self.store).await? else {
            return Ok(LOOK_EVERY);
        };
        let until = due - now_ms();
        if until > 0 {
            let until = Duration::from_millis(until.unsigned_abs());
            return Ok(until.clamp(BREATH, LOOK_EVERY));
        }
        if self.begin(under_way).await? == 0 {
            // Others hold them, or this process has no room.
            return Ok(LOOK_EVERY);
        }
        Ok(BREATH)
    }

    async fn begin(&self, under_way: &mut JoinSet<()>) -> Result<usize, StoreError> {
        let room = AT_ONCE.saturating_sub(under_way.len());
        if room == 0 {
            return Ok(0);
        }
        let room = u32::try_from(room).unwrap_or(u32::MAX);
        let leases = connections::claim_due(&self.store, LEASE_MS, room, now_ms()).await?;
        let begun = leases.len();
        for lease in leases {
            let this = self.clone();
            under_way.spawn(async move {
                if let Err(error) = this.renew(&lease).await {
                    tracing::warn!(%error, connection = lease.connection.id, "could not renew tokens");
                }
            });
        }
        Ok(begun)
    }
}
