//! One attempt to deliver.

use super::signature;
use crate::{ControlApi, background::JobFailure, clock::now_ms, tenant_url::why_unanswered};
use casp_actions::sealing::webhook_place;
use casp_store::{AccountId, jobs::ClaimedJob, webhooks};
use reqwest::{Method, StatusCode, header};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// The receiver has this long to answer; work that takes longer it is to do afterwards.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(15);
/// Deliveries to one account's endpoint at once: one that never answers must not hold up the others'.
const AT_ONCE_PER_ACCOUNT: usize = 4;
/// When an account has that many under way, its next ones come back after this.
const TURN_PAUSE: Duration = Duration::from_secs(1);

/// How many deliveries each account has under way in this process.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantTurns(Arc<Mutex<HashMap<AccountId, usize>>>);

/// One of an account's deliveries; over when dropped.
struct Turn {
    turns: TenantTurns,
    account: AccountId,
}

impl TenantTurns {
    fn take(&self, account: AccountId) -> Option<Turn> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(account).or_default();
        if *count >= AT_ONCE_PER_ACCOUNT {
            return None;
        }
        *count += 1;
        Some(Turn {
            turns: self.clone(),
            account,
        })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut counts = self.turns.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.account) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.account);
            }
        }
    }
}

/// Why the receiver did not take it.
struct Refusal {
    status: Option<StatusCode>,
    error: String,
    after: Option<Duration>,
    is_final: bool,
}

impl Refusal {
    fn of_ours(error: impl Into<String>) -> Self {
        Self {
            status: None,
            error: error.into(),
            after: None,
            is_final: true,
        }
    }
}

/// Does a `webhook-delivery` job.
pub(crate) async fn deliver(api: &ControlApi, job: &ClaimedJob) -> Result<(), JobFailure> {
    let Some(id) = job.payload["delivery"].as_str() else {
        return Err(JobFailure::Dead("the payload names no delivery".into()));
    };
    let store = &api.config.store;
    let Some(message) = webhooks::to_send(store, id).await? else {
        return Err(JobFailure::Dead("the delivery is gone".into()));
    };
    if message.is_delivered {
        return Ok(());
    }
    let Some(_turn) = api.tenant_turns.take(message.account) else {
        return Err(JobFailure::Later(TURN_PAUSE));
    };
    match send(api, message.account, id, message.body).await? {
        Ok(status) => {
            webhooks::delivered(store, &job.lease, id, status.as_u16(), now_ms()).await?;
            Ok(())
        }
        Err(refusal) => {
            let status = refusal.status.map(|status| status.as_u16());
            webhooks::note_failure(store, id, status, &refusal.error).await?;
            Err(if refusal.is_final {
                JobFailure::Dead(refusal.error)
            } else {
                JobFailure::Retry {
                    error: refusal.error,
                    after: refusal.after,
                }
            })
        }
    }
}

async fn send(
    api: &ControlApi,
    account: AccountId,
    id: &str,
    body: String,
) -> Result<Result<StatusCode, Refusal>, JobFailure> {
    let Some(endpoint) = webhooks::endpoint(&api.config.store, account).await? else {
        return Ok(Err(Refusal::of_ours(
            "the account has no webhook URL any more",
        )));
    };
    let secret = match api.keyring.open(&endpoint.secret, &webhook_place(account)) {
        Ok(secret) => secret,
        Err(error) => {
            tracing::error!(%error, account = account.0, "a webhook's secret cannot be opened");
            return Ok(Err(Refusal::of_ours(
                "the secret is lost: set the webhook URL anew",
            )));
        }
    };
    let url = match api.tenant_urls.parse(&endpoint.url) {
        Ok(url) => url,
        Err(error) => return Ok(Err(Refusal::of_ours(error.to_string()))),
    };
    let timestamp_s = now_ms() / 1_000;
    let Some(signature) = signature::sign(&secret, id, timestamp_s, &body) else {
        return Ok(Err(Refusal::of_ours(
            "the secret is lost: set the webhook URL anew",
        )));
    };
    let answer = api
        .tenant_urls
        .request(Method::POST, &url)
        .timeout(ANSWER_TIMEOUT)
        .header(header::CONTENT_TYPE, "application/json")
        .header("webhook-id", id)
        .header("webhook-timestamp", timestamp_s)
        .header("webhook-signature", signature)
        .body(body)
        .send()
        .await;
    Ok(match answer {
        // The body of the answer is nobody's business, and is not read.
        Ok(answer) if answer.status().is_success() => Ok(answer.status()),
        Ok(answer) => {
            let status = answer.status();
            let after = answer.headers().get(header::RETRY_AFTER);
            let after = after.and_then(|after| after.to_str().ok()?.parse().ok());
            Err(Refusal {
                status: Some(status),
                error: format!("it answered {}", status.as_u16()),
                after: after.map(Duration::from_secs),
                // The specification's way to say: never again.
                is_final: status == StatusCode::GONE,
            })
        }
        Err(error) => {
            let error = why_unanswered(&error);
            Err(Refusal {
                status: None,
                // A name that leads inside today was changed since it was checked; it may be changed back.
                is_final: false,
                after: None,
                error,
            })
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_has_so_many_turns_and_gets_them_back() {
        let turns = TenantTurns::default();
        let mut taken: Vec<Turn> = (0..AT_ONCE_PER_ACCOUNT)
            .map(|_| turns.take(AccountId(1)).unwrap())
            .collect();
        assert!(turns.take(AccountId(1)).is_none());
        assert!(
            turns.take(AccountId(2)).is_some(),
            "another account's are its own"
        );
        taken.pop();
        assert!(turns.take(AccountId(1)).is_some());
        drop(taken);
        assert!(turns.0.lock().unwrap().is_empty());
    }
}
