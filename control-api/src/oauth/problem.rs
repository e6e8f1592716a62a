//! Why a connection could not be made, as routes answer it.

use crate::error::ApiError;
use casp_actions::connections::ConnectError;

pub(super) const NOT_CONFIGURED: ApiError = ApiError::Unavailable(
    "This provider cannot be connected here: its client id and secret are not set.",
);

impl From<ConnectError> for ApiError {
    fn from(error: ConnectError) -> Self {
        match error {
            ConnectError::NotConfigured(_) => NOT_CONFIGURED,
            ConnectError::Refused(_) => Self::BadGateway("The provider refused it. Try again."),
            ConnectError::Unavailable(_) => {
                Self::BadGateway("The provider cannot be reached. Try again in a minute.")
            }
            ConnectError::NoEmail(_) => Self::Rejected("The provider does not say whose it is."),
            ConnectError::NoSite(_) => Self::Rejected("There is no site that this user may use."),
            ConnectError::Store(error) => error.into(),
            ConnectError::Internal => Self::Internal,
        }
    }
}
