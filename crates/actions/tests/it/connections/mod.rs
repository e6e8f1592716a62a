//! Connections against the logins of all vendors, in databases of both kinds.

mod consenting;
mod ending;
mod killed;
mod login;
mod renewing;
mod rotating;
mod vault;
mod vendor_shapes;
