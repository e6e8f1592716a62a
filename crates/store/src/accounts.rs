//! Accounts and their API keys.

use crate::{AccountId, Store, StoreError};

/// An account.
#[derive(Debug, Clone)]
pub struct Account {
    /// Number.
    pub id: AccountId,
    /// E-mail, lower case.
    pub email: String,
    /// May log in.
    pub is_active: bool,
    /// May see the debug routes.
    pub is_admin: bool,
}

/// What a key is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyKind {
    /// `sk_…`
    Secret,
    /// `pk_…`
    Publishable,
}

/// Makes the account of that e-mail, or finds it. The password hash is set only when the account is made.
pub async fn ensure(
    _store: &Store,
    _email: &str,
    _password_hash: Option<&str>,
    _is_admin: bool,
) -> Result<Account, StoreError> {
    unimplemented!()
}
/// By number.
pub async fn get(_store: &Store, _id: AccountId) -> Result<Option<Account>, StoreError> {
    unimplemented!()
}
/// By e-mail.
pub async fn by_email(_store: &Store, _email: &str) -> Result<Option<Account>, StoreError> {
    unimplemented!()
}
/// Sets an account's password hash (PHC string).
pub async fn set_password_hash(
    _store: &Store,
    _id: AccountId,
    _hash: &str,
) -> Result<(), StoreError> {
    unimplemented!()
}
/// Stores a key (hashed) for the account, if it is not there yet.
pub async fn ensure_key(
    _store: &Store,
    _account: AccountId,
    _kind: KeyKind,
    _key: &str,
) -> Result<(), StoreError> {
    unimplemented!()
}
/// Whose key this is. Keeps the time of last use (at most one write a minute).
pub async fn by_key(
    _store: &Store,
    _kind: KeyKind,
    _key: &str,
) -> Result<Option<Account>, StoreError> {
    unimplemented!()
}
