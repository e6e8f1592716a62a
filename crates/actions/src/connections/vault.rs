//! Tokens, sealed for the connection that they are of.

use crate::{
    Provider,
    sealing::{Keyring, UnsealError},
};
use casp_store::{
    AccountId,
    connections::{Connection, SealedTokens},
    webhooks::SealedSecret,
};
use secrecy::SecretString;

/// Whose tokens they are: what they are sealed for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    pub(super) account: AccountId,
    pub(super) resource: &'a str,
    pub(super) provider: &'a str,
}

impl<'a> Place<'a> {
    pub(super) fn of(connection: &'a Connection) -> Self {
        Self {
            account: connection.account,
            resource: &connection.resource,
            provider: &connection.provider,
        }
    }

    pub(super) fn new(account: AccountId, resource: &'a str, provider: Provider) -> Self {
        Self {
            account,
            resource,
            provider: provider.name(),
        }
    }

    /// JSON, so that no resource can be written that looks like another place.
    fn field(&self, field: &str) -> String {
        serde_json::json!([
            "connection",
            self.account.0,
            self.resource,
            self.provider,
            field
        ])
        .to_string()
    }

    pub(super) fn seal(
        &self,
        keyring: &Keyring,
        access: &SecretString,
        refresh: Option<&SecretString>,
    ) -> SealedTokens {
        let access = keyring.seal(access, &self.field("access_token"));
        let refresh = refresh.map(|token| keyring.seal(token, &self.field("refresh_token")).sealed);
        SealedTokens {
            key_id: access.key_id,
            access: access.sealed,
            refresh,
        }
    }

    pub(super) fn open_access(
        &self,
        keyring: &Keyring,
        tokens: &SealedTokens,
    ) -> Result<SecretString, UnsealError> {
        self.open(keyring, tokens, &tokens.access, "access_token")
    }

    /// `None` where there is none.
    pub(super) fn open_refresh(
        &self,
        keyring: &Keyring,
        tokens: &SealedTokens,
    ) -> Result<Option<SecretString>, UnsealError> {
        let sealed = tokens.refresh.as_deref();
        sealed
            .map(|sealed| self.open(keyring, tokens, sealed, "refresh_token"))
            .transpose()
    }

    fn open(
        &self,
        keyring: &Keyring,
        tokens: &SealedTokens,
        sealed: &str,
        field: &str,
    ) -> Result<SecretString, UnsealError> {
        let sealed = SealedSecret {
            key_id: tokens.key_id.clone(),
            sealed: sealed.to_owned(),
        };
        keyring.open(&sealed, &self.field(field))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;

    #[test]
    fn a_token_is_good_only_in_its_own_column_of_its_own_row() {
        let keyring = Keyring::derived(&"key".to_owned().into());
        let place =
            |account, resource, provider| Place::new(AccountId(account), resource, provider);
        let ours = place(1, "ann", Provider::Gmail);
        let sealed = ours.seal(
            &keyring,
            &"a".to_owned().into(),
            Some(&"r".to_owned().into()),
        );
        assert_eq!(
            ours.open_access(&keyring, &sealed).unwrap().expose_secret(),
            "a"
        );
        for other in [
            place(2, "ann", Provider::Gmail),
            place(1, "bob", Provider::Gmail),
            place(1, "ann", Provider::GoogleDrive),
            place(1, "ann\",\"gmail", Provider::Gmail),
        ] {
            assert!(other.open_access(&keyring, &sealed).is_err(), "{other:?}");
        }
        let swapped = SealedTokens {
            access: sealed.refresh.clone().unwrap(),
            ..sealed
        };
        assert!(ours.open_access(&keyring, &swapped).is_err());
    }
}
