//! Passwords: argon2id, on threads of their own, few at once.

use crate::error::ApiError;
use argon2::{
    Argon2, PasswordHasher as _, PasswordVerifier as _, password_hash::phc::PasswordHash,
};
use secrecy::{ExposeSecret as _, SecretString};
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// Checks that wait for a thread; more are refused. At about 30 ms a check nobody waits longer than a second or two.
const MOST_WAITING: usize = 64;

/// Nobody's password, at the same cost as everybody's: what a sign-in with an unknown e-mail is checked against.
const NOBODYS: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm9ib2R5J3Mgc2FsdCEhIQ$\
                       AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

const BUSY: ApiError = ApiError::Unavailable("Too many people sign in at once. Try again soon.");

/// Makes and checks password hashes. A flood of sign-ins takes one thread and 19 MiB a CPU core, no more.
#[derive(Debug)]
pub(crate) struct Passwords {
    threads: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    checks: AtomicU64,
}

impl Default for Passwords {
    fn default() -> Self {
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            threads: Arc::new(Semaphore::new(cores)),
            waiting: Arc::new(Semaphore::new(MOST_WAITING + cores)),
            checks: AtomicU64::new(0),
        }
    }
}

impl Passwords {
    /// PHC string of a new password.
    pub(crate) async fn hash(&self, password: SecretString) -> Result<String, ApiError> {
        let hash = self
            .run(move || {
                let password = password.expose_secret().as_bytes();
                let hash = Argon2::default().hash_password(password);
                hash.map(|hash| hash.to_string()).ok()
            })
            .await?;
        hash.ok_or(ApiError::Internal)
    }

    /// Whether it is this password. Without a hash to check against it takes as long, and is not.
    pub(crate) async fn is_right(
        &self,
        password: SecretString,
        hash: Option<String>,
    ) -> Result<bool, ApiError> {
        let has_account = hash.is_some();
        let hash = hash.unwrap_or_else(|| NOBODYS.to_owned());
        let matches = self
            .run(move || {
                PasswordHash::new(&hash).is_ok_and(|hash| {
                    let password = password.expose_secret().as_bytes();
                    Argon2::default().verify_password(password, &hash).is_ok()
                })
            })
            .await?;
        self.checks.fetch_add(1, Ordering::Relaxed);
        metrics::counter!("casp_password_checks_total").increment(1);
        Ok(has_account && matches)
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let place = Arc::clone(&self.waiting).try_acquire_owned();
        let place = place.map_err(|_| BUSY)?;
        let thread = Arc::clone(&self.threads).acquire_owned().await;
        let thread = thread.map_err(|_| ApiError::Internal)?;
        // Whoever hangs up leaves the thread working; so the permits go with the work.
        let done = tokio::task::spawn_blocking(move || {
            let _permits: (OwnedSemaphorePermit, OwnedSemaphorePermit) = (place, thread);
            work()
        });
        done.await.map_err(|_| ApiError::Internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn password(text: &str) -> SecretString {
        text.to_owned().into()
    }

    #[tokio::test]
    async fn a_password_is_right_or_wrong() {
        let passwords = Passwords::default();
        let hash = passwords.hash(password("correct horse")).await.unwrap();
        assert!(hash.starts_with("$argon2id$") && !hash.contains("horse"));
        let is_right = async |text| {
            let checked = passwords.is_right(password(text), Some(hash.clone()));
            checked.await.unwrap()
        };
        assert!(is_right("correct horse").await);
        assert!(!is_right("correct horsf").await);
    }

    #[tokio::test]
    async fn nobody_is_checked_at_the_same_cost_and_never_right() {
        let passwords = Passwords::default();
        assert!(!passwords.is_right(password("x"), None).await.unwrap());
        assert_eq!(passwords.checks.load(Ordering::Relaxed), 1, "the check ran");
        let real = passwords.hash(password("x")).await.unwrap();
        let cost = |hash: &str| hash.rsplitn(3, '$').last().unwrap().to_owned();
        assert_eq!(cost(NOBODYS), cost(&real));
        let parsed = PasswordHash::new(NOBODYS).unwrap();
        assert_eq!(
            parsed.hash.unwrap().as_bytes().len(),
            32,
            "a whole hash to compare with"
        );
    }

    #[tokio::test]
    async fn a_flood_is_turned_away_rather_than_queued_for_ever() {
        let passwords = Passwords::default();
        let _none = passwords
            .threads
            .acquire_many(u32::try_from(passwords.threads.available_permits()).unwrap());
        let _all = passwords
            .waiting
            .acquire_many(u32::try_from(passwords.waiting.available_permits()).unwrap())
            .await
            .unwrap();
        let refused = passwords.is_right(password("x"), None).await;
        assert!(matches!(refused, Err(ApiError::Unavailable(_))));
    }
}
