//! Why a connection could not be made.

use crate::Provider;

/// Why a connection could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// This server has no client id and secret at the vendor's.
    #[error("{} cannot be connected here: this server has no client for it.", .0.label())]
    NotConfigured(Provider),
    /// The provider refuses the code: it was used, has expired, or is somebody else's.
    #[error("The {} refused to be connected. Please try again.", .0.label())]
    Refused(Provider),
    /// The provider fails, or does not answer.
    #[error("The {} cannot be reached at the moment. Please try again in a minute.", .0.label())]
    Unavailable(Provider),
    /// The provider does not vouch for an e-mail, and no end user was named.
    #[error("The {} does not say whose it is.", .0.label())]
    NoEmail(Provider),
    /// There is no site that the user may use.
    #[error("The {} has no site that you may use.", .0.label())]
    NoSite(Provider),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] casp_store::StoreError),
    /// Our fault.
    #[error("Something went wrong on our side.")]
    Internal,
}
