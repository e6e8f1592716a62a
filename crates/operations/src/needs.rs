//! What a part cannot work without.

use casp_room::admin::LiveKit;
use casp_store::Store;
use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

/// Each check has this long.
const CHECK_TIMEOUT: Duration = Duration::from_secs(2);
/// Anybody may ask, so the database and LiveKit are not asked more often than this.
const CACHED_FOR: Duration = Duration::from_secs(1);

/// The database and LiveKit, looked at when somebody asks. Cheap to clone; clones share what they saw.
#[derive(Debug, Clone)]
pub struct Needs(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    store: Store,
    livekit: LiveKit,
    http: reqwest::Client,
    last: Mutex<Option<(Instant, Answering)>>,
}

/// Which of them answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answering {
    /// The database.
    pub has_database: bool,
    /// LiveKit's server.
    pub has_livekit: bool,
}

impl Answering {
    /// Both do.
    pub fn is_all(self) -> bool {
        self.has_database && self.has_livekit
    }
}

impl Needs {
    /// Asks nobody yet.
    pub fn new(store: Store, livekit: LiveKit, http: reqwest::Client) -> Self {
        Self(Arc::new(Inner {
            store,
            livekit,
            http,
            last: Mutex::default(),
        }))
    }

    /// Which answer now, or did a second ago.
    pub async fn look(&self) -> Answering {
        let last = *self.0.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((at, answering)) = last
            && at.elapsed() < CACHED_FOR
        {
            return answering;
        }
        // LiveKit answers `OK` at its root.
        let livekit = self.0.http.get(self.0.livekit.http_url());
        let (database, livekit) = tokio::join!(
            tokio::time::timeout(CHECK_TIMEOUT, self.0.store.ping()),
            livekit.timeout(CHECK_TIMEOUT).send()
        );
        let answering = Answering {
            has_database: matches!(database, Ok(Ok(()))),
            has_livekit: livekit.is_ok_and(|response| response.status().is_success()),
        };
        *self.0.last.lock().unwrap_or_else(PoisonError::into_inner) =
            Some((Instant::now(), answering));
        answering
    }
}
