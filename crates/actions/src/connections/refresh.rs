//! Renewing tokens: one instance at a time, and nothing that a provider gave is lost.

use super::{
    Connections,
    answer::{Denied, Grant},
    keeping::{due_at, end_of, is_registered},
    now_ms,
    vault::Place,
};
use crate::Provider;
use casp_store::{
    StoreError,
    connections::{self, Connection, Failure, NewTokens, RefreshLease},
};
use futures_util::{FutureExt as _, future::BoxFuture, future::Shared};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::{Instant, sleep};

/// Longer than a provider may take to answer, and shorter than providers take a spent refresh token for a repetition.
const LEASE_MS: i64 = 30_000;
/// How often the store is looked at while another instance renews the tokens.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// Whoever waits for that waits no longer.
const PATIENCE: Duration = Duration::from_secs(20);
/// New tokens that the store does not take are offered again, for so long.
const WRITE_FOR: Duration = Duration::from_mins(2);
const WRITE_PAUSE: Duration = Duration::from_millis(300);
/// Waits after failures: 2 s, 4 s, … 10 min.
const FIRST_WAIT_MS: i64 = 2_000;
const LONGEST_WAIT_MS: i64 = 10 * 60 * 1_000;

/// What became of a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Renewal {
    /// There are others now; or the connection is gone.
    Done,
    /// The grant has ended.
    Ended,
    /// Not for now.
    Failed,
}

/// A renewal that several may wait for.
type SharedRenewal = Shared<BoxFuture<'static, Renewal>>;

/// Renewals that users of this process wait for, by connection and version.
#[derive(Default)]
pub(super) struct UnderWay(Mutex<HashMap<(String, i64), SharedRenewal>>);

impl std::fmt::Debug for UnderWay {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("UnderWay(…)")
    }
}

impl Connections {
    /// Renews the tokens of a connection, or waits for whoever does. What has begun runs to its end in a task of its
    /// own, also when nobody waits any more.
    pub(super) fn renewal(&self, of: &Connection) -> SharedRenewal {
        let key = (of.id.clone(), of.version);
        let mut under_way = self
            .under_way
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        // One that is over and still here panicked.
        if let Some(renewal) = under_way.get(&key)
            && renewal.peek().is_none()
        {
            return renewal.clone();
        }
        let (this, of, done) = (self.clone(), of.clone(), key.clone());
        let task = self.tasks.spawn(async move {
            let renewal = this.renew_or_wait(&of).await.unwrap_or_else(|error| {
                tracing::warn!(%error, connection = of.id, "could not renew tokens");
                Renewal::Failed
            });
            let mut under_way = this
                .under_way
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            under_way.remove(&done);
            renewal
        });
        let renewal = async move { task.await.unwrap_or(Renewal::Failed) };
        let renewal = renewal.boxed().shared();
        under_way.insert(key, renewal.clone());
        renewal
    }

    async fn renew_or_wait(&self, of: &Connection) -> Result<Renewal, StoreError> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let lease =
                connections::claim(&self.store, &of.id, of.version, LEASE_MS, now_ms()).await?;
            if let Some(lease) = lease {
                return self.renew(&lease).await;
            }
            let found =
                connections::get(&self.store, of.account, &of.resource, &of.provider).await?;
            let Some(found) = found.filter(|found| found.version == of.version) else {
                return Ok(Renewal::Done);
            };
            if found.needs_reauth {
                return Ok(Renewal::Ended);
            }
            if found.failures > of.failures || Instant::now() >= deadline {
                return Ok(Renewal::Failed);
            }
            sleep(LOOK_EVERY).await;
        }
    }

    /// Asks the provider, and writes down what it says.
    pub(super) async fn renew(&self, lease: &RefreshLease) -> Result<Renewal, StoreError> {
        let of = &lease.connection;
        let Ok(provider) = of.provider.parse::<Provider>() else {
            return Err(StoreError::Corrupt(format!(
                "a connection with {:?}",
                of.provider
            )));
        };
        let opened = Place::of(of).open_refresh(&self.keyring, &of.tokens);
        let Ok(Some(refresh_token)) = opened else {
            tracing::error!(connection = of.id, "a refresh token cannot be opened");
            let failed = Denied::answered("the refresh token cannot be opened", None);
            return self.denied(lease, provider, failed).await;
        };
        match self.exchange_refresh_token(provider, &refresh_token).await {
            Ok(mut grant) => {
                // Those that do not rotate give none.
                grant.refresh_token.get_or_insert(refresh_token);
                self.write(lease, provider, &grant).await
            }
            Err(denied) => self.denied(lease, provider, denied).await,
        }
    }

    async fn write(
        &self,
        lease: &RefreshLease,
        provider: Provider,
        grant: &Grant,
    ) -> Result<Renewal, StoreError> {
        let (place, now) = (Place::of(&lease.connection), now_ms());
        let refresh = grant.refresh_token.as_ref();
        let tokens = place.seal(&self.keyring, &grant.access_token, refresh);
        let expires_at_ms = grant.expires_in.map(|life| end_of(life, now));
        let new = NewTokens {
            tokens: &tokens,
            scopes: grant.scopes.as_deref(),
            expires_at_ms,
            refresh_due_at_ms: expires_at_ms.map(|end| due_at(end, now)),
        };
        // The old refresh token may be worth nothing by now: this is the only place where the new one is.
        let deadline = Instant::now() + WRITE_FOR;
        loop {
            match connections::refreshed(&self.store, lease, &new, now_ms()).await {
                Ok(is_written) => {
                    let outcome = if is_written { "renewed" } else { "overtaken" };
                    count(provider, outcome);
                    return Ok(Renewal::Done);
                }
                Err(error) if Instant::now() < deadline => {
                    tracing::warn!(%error, connection = lease.connection.id, "new tokens are not written yet");
                    sleep(WRITE_PAUSE).await;
                }
                Err(error) => return Err(error),
            }
        }
    }

    async fn denied(
        &self,
        lease: &RefreshLease,
        provider: Provider,
        denied: Denied,
    ) -> Result<Renewal, StoreError> {
        let (of, now) = (&lease.connection, now_ms());
        let denied = match denied {
            // Consent was given to our client: its settings are wrong, and will be mended.
            Denied::OtherClient if !is_registered(of) => {
                Denied::answered("it does not know our client", None)
            }
            denied => denied,
        };
        match denied {
            Denied::Ended(code) => {
                let problem = if lease.may_be_spent {
                    "an earlier renewal was cut off, and the refresh token had been spent by it"
                } else {
                    "the provider says that the grant has ended"
                };
                tracing::info!(%provider, connection = of.id, code, problem, "a grant has ended");
                count(provider, "ended");
                connections::give_up(&self.store, lease, problem, now).await?;
                Ok(Renewal::Ended)
            }
            // Whoever registered the tokens renews them, and has to be told when they are over.
            Denied::OtherClient => {
                let problem = "the tokens were got by another client, which alone can renew them";
                let Some(end) = of.expires_at_ms.filter(|end| *end > now) else {
                    tracing::info!(%provider, connection = of.id, problem, "a grant has ended");
                    count(provider, "ended");
                    connections::give_up(&self.store, lease, problem, now).await?;
                    return Ok(Renewal::Ended);
                };
                let failure = Failure {
                    problem,
                    was_answered: true,
                    retry_at_ms: end,
                };
                connections::fail(&self.store, lease, &failure, now).await?;
                Ok(Renewal::Failed)
            }
            Denied::Failed {
                problem,
                was_answered,
                after,
            } => {
                tracing::warn!(%provider, connection = of.id, problem, "tokens could not be renewed");
                count(provider, "failed");
                let failure = Failure {
                    problem: &problem,
                    was_answered,
                    retry_at_ms: now + wait_ms(of.failures, after),
                };
                connections::fail(&self.store, lease, &failure, now).await?;
                Ok(Renewal::Failed)
            }
        }
    }
}

/// How long to wait after so many failures before this one; at least as long as the provider asks for.
fn wait_ms(failures: i64, after: Option<Duration>) -> i64 {
    let grown = (FIRST_WAIT_MS << failures.clamp(0, 20)).min(LONGEST_WAIT_MS);
    let spread = rand::random::<f64>().mul_add(0.25, 1.0);
    let after = after.unwrap_or_default().min(Duration::from_hours(1));
    ((grown as f64 * spread) as i64).max(after.as_millis() as i64)
}

fn count(provider: Provider, outcome: &'static str) {
    metrics::counter!("casp_oauth_renewals_total", "provider" => provider.name(), "outcome" => outcome).increment(1);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_have_an_end() {
        let minute = 60_000;
        assert!((2_000..2_600).contains(&wait_ms(0, None)));
        assert!((8_000..10_100).contains(&wait_ms(2, None)));
        assert!((10 * minute..=13 * minute).contains(&wait_ms(50, None)));
        assert_eq!(wait_ms(0, Some(Duration::from_secs(30))), 30_000);
    }
}
