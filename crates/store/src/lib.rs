//! All SQL: one module per aggregate, plain structs out.
//!
//! One dialect that SQLite and PostgreSQL take, through sqlx's `any` driver.
pub mod accounts;
mod error;
mod ids;
pub mod sessions;
mod store;
pub mod stream_tokens;
pub mod turns;
pub mod workers;
pub use error::StoreError;
pub use ids::AccountId;
pub use store::Store;
