//! What a conversation costs its account: the model's tokens, written down as they are spent, those too of answers that
//! nobody heard. Says when there are no more, or no more minutes, so that the agent can say so before it hangs up.

use super::{claim::Held, inbox::Report};
use crate::clock::unix_ms;
use casp_providers::{LanguageModel, Metered};
use casp_store::{
    Store, StoreError,
    ceilings::{self, Resource},
};
use std::{collections::HashSet, sync::Arc};
use tokio::{
    sync::{mpsc, watch},
    task::JoinSet,
};

/// Sessions of this worker that were refused another minute (their ids).
pub(crate) type OutOfMinutes = watch::Receiver<Arc<HashSet<String>>>;

/// The model, counting. Its task ends when nobody has the model any more and all is written.
pub(super) fn metered(
    model: Arc<dyn LanguageModel>,
    row: &Held,
    store: &Store,
    out_of_minutes: OutOfMinutes,
    reports: mpsc::Sender<Report>,
    tasks: &mut JoinSet<()>,
) -> Arc<dyn LanguageModel> {
    // A sum, so that no answer waits and none is lost while the store is slow.
    let (spent, spent_seen) = watch::channel(0_u64);
    let purse = Purse {
        store: store.clone(),
        row: row.clone(),
        recorded: 0,
        reports,
        has_said_so: false,
    };
    tasks.spawn(purse.run(spent_seen, out_of_minutes));
    let meter = move |usage: casp_providers::Usage| {
        spent.send_modify(|sum| *sum = sum.saturating_add(usage.total()));
    };
    Arc::new(Metered::new(model, meter))
}

struct Purse {
    store: Store,
    row: Held,
    recorded: u64,
    reports: mpsc::Sender<Report>,
    has_said_so: bool,
}

impl Purse {
    async fn run(mut self, mut spent: watch::Receiver<u64>, mut out_of_minutes: OutOfMinutes) {
        self.look().await;
        // A change that happened before is one too.
        out_of_minutes.mark_changed();
        let mut is_worker_there = true;
        loop {
            tokio::select! {
                changed = spent.changed() => {
                    if changed.is_err() {
                        return;
                    }
                    let sum = *spent.borrow_and_update();
                    self.record(sum).await;
                    self.look().await;
                }
                changed = out_of_minutes.changed(), if is_worker_there && !self.has_said_so => {
                    is_worker_there = changed.is_ok();
                    let is_refused = out_of_minutes
                        .borrow_and_update()
                        .contains(&self.row.session_id);
                    if is_refused {
                        self.say_so("minutes").await;
                    }
                }
            }
        }
    }

    /// What the store did not take is tried again with the next.
    async fn record(&mut self, sum: u64) {
        let amount = u32::try_from(sum - self.recorded).unwrap_or(u32::MAX);
        let (store, account) = (&self.store, self.row.account);
        match ceilings::record(store, account, Resource::Tokens, amount, unix_ms()).await {
            Ok(()) => self.recorded += u64::from(amount),
            Err(error) => {
                tracing::error!(%error, session = self.row.session_id, "tokens were not counted");
            }
        }
    }

    /// Whether there are tokens left.
    async fn look(&mut self) {
        if self.has_said_so {
            return;
        }
        match self.are_tokens_spent().await {
            Ok(false) => {}
            Ok(true) => self.say_so("tokens").await,
            Err(error) => {
                tracing::error!(%error, session = self.row.session_id, "the day's ceilings are not known");
            }
        }
    }

    async fn are_tokens_spent(&self) -> Result<bool, StoreError> {
        let (store, account) = (&self.store, self.row.account);
        let reached = ceilings::reached(store, account, Resource::Tokens, unix_ms()).await?;
        Ok(reached.is_some())
    }

    async fn say_so(&mut self, resource: &'static str) {
        self.has_said_so = true;
        tracing::warn!(
            session = self.row.session_id,
            resource,
            "the account may spend no more today; the conversation ends"
        );
        metrics::counter!("casp_agent_out_of_budget_total", "resource" => resource).increment(1);
        // Without a loop nobody needs telling.
        let _ = self.reports.send(Report::SpentUp).await;
    }
}
