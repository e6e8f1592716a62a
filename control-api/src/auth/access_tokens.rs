//! Users' tokens: JWTs under HS256 with `SECRET_KEY`. Both kinds name their family (one sign-in), which the store
//! knows; a refresh token also has an id of its own, and the store knows which is the newest.

use crate::clock::now_ms;
use casp_store::AccountId;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header, Validation};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};

/// Tokens longer than this are not looked at.
const LONGEST: usize = 1_024;

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum TokenUse {
    /// Every route.
    Access,
    /// `/auth/refresh` and `/auth/logout`.
    Refresh,
}

#[derive(Serialize, Deserialize)]
struct Claims {
    /// The account's number.
    sub: String,
    #[serde(rename = "fam")]
    family: String,
    #[serde(rename = "use")]
    token_use: TokenUse,
    jti: String,
    /// Unix seconds.
    iat: i64,
    /// Unix seconds.
    exp: i64,
}

/// Who a token speaks for.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Bearer {
    pub(crate) account: AccountId,
    pub(crate) family: String,
}

/// An access token and the refresh token that goes with it.
pub(crate) struct TokenPair {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

/// Makes and reads them.
#[derive(Clone)]
pub(crate) struct AccessTokens {
    signing: EncodingKey,
    checking: DecodingKey,
    access_ttl: Duration,
    refresh_ttl: Duration,
}

impl fmt::Debug for AccessTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessTokens(…)")
    }
}

impl AccessTokens {
    pub(crate) fn new(
        secret_key: &SecretString,
        access_ttl: Duration,
        refresh_ttl: Duration,
    ) -> Self {
        let key = secret_key.expose_secret().as_bytes();
        Self {
            signing: EncodingKey::from_secret(key),
            checking: DecodingKey::from_secret(key),
            access_ttl,
            refresh_ttl,
        }
    }

    pub(crate) fn access_ttl(&self) -> Duration {
        self.access_ttl
    }

    pub(crate) fn refresh_ttl_ms(&self) -> i64 {
        i64::try_from(self.refresh_ttl.as_millis()).unwrap_or(i64::MAX)
    }

    /// A pair of that family; `None` when signing fails, which it does not.
    pub(crate) fn pair(&self, account: AccountId, family: &str, now_ms: i64) -> Option<TokenPair> {
        let sign = |token_use, ttl: Duration| {
            let iat = now_ms.div_euclid(1_000);
            let claims = Claims {
                sub: account.0.to_string(),
                family: family.to_owned(),
                token_use,
                jti: format!("{:032x}", rand::random::<u128>()),
                iat,
                exp: iat.saturating_add_unsigned(ttl.as_secs()),
            };
            jsonwebtoken::encode(&Header::new(Algorithm::HS256), &claims, &self.signing).ok()
        };
        Some(TokenPair {
            access: sign(TokenUse::Access, self.access_ttl)?,
            refresh: sign(TokenUse::Refresh, self.refresh_ttl)?,
        })
    }

    /// Who it speaks for, while it lasts.
    pub(crate) fn read(&self, token: &str, token_use: TokenUse) -> Option<Bearer> {
        self.decode(token, Some(token_use), true)
    }

    /// Who it speaks for, or spoke for: enough to end a family, for nothing else.
    pub(crate) fn read_expired(&self, token: &str) -> Option<Bearer> {
        self.decode(token, None, false)
    }

    fn decode(&self, token: &str, token_use: Option<TokenUse>, must_last: bool) -> Option<Bearer> {
        if token.len() > LONGEST {
            return None;
        }
        // No other algorithm is taken, `none` least of all.
        let mut rules = Validation::new(Algorithm::HS256);
        rules.leeway = 0;
        rules.validate_exp = must_last;
        let claims = jsonwebtoken::decode::<Claims>(token, &self.checking, &rules)
            .ok()?
            .claims;
        // RFC 7519, section 4.1.4: not accepted on or after it; the library lets that second pass.
        if must_last && claims.exp <= now_ms().div_euclid(1_000) {
            return None;
        }
        if token_use.is_some_and(|token_use| token_use != claims.token_use) {
            return None;
        }
        Some(Bearer {
            account: AccountId(claims.sub.parse().ok()?),
            family: claims.family,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};

    fn tokens(key: &str) -> AccessTokens {
        let minute = Duration::from_mins(1);
        AccessTokens::new(&key.to_owned().into(), minute, minute * 2)
    }

    #[test]
    fn each_kind_is_good_for_its_own_use() {
        let tokens = tokens("key");
        let pair = tokens.pair(AccountId(7), "fam_x", now_ms()).unwrap();
        let bearer = Bearer {
            account: AccountId(7),
            family: "fam_x".into(),
        };
        assert_eq!(tokens.read(&pair.access, TokenUse::Access), Some(bearer));
        assert!(tokens.read(&pair.refresh, TokenUse::Refresh).is_some());
        assert_eq!(tokens.read(&pair.access, TokenUse::Refresh), None);
        assert_eq!(tokens.read(&pair.refresh, TokenUse::Access), None);
    }

    #[test]
    fn they_look_as_the_clients_know_them() {
        let pair = tokens("key").pair(AccountId(7), "fam_x", now_ms()).unwrap();
        assert!(
            pair.access
                .starts_with("eyJ0eXAiOiJKV1QiLCJhbGciOiJIUzI1NiJ9.")
        );
    }

    #[test]
    fn one_that_is_over_only_tells_what_to_end() {
        let tokens = tokens("key");
        let pair = tokens
            .pair(AccountId(7), "fam_x", now_ms() - 60_000)
            .unwrap();
        assert_eq!(tokens.read(&pair.access, TokenUse::Access), None);
        assert_eq!(tokens.read_expired(&pair.access).unwrap().family, "fam_x");
    }

    #[test]
    fn forgeries_are_refused() {
        let ours = tokens("key");
        let good = ours.pair(AccountId(7), "fam_x", now_ms()).unwrap().access;
        let [header, claims, signature] = good.split('.').collect::<Vec<_>>()[..] else {
            panic!("three parts")
        };
        let unsigned = URL_SAFE_NO_PAD.encode(r#"{"alg":"none","typ":"JWT"}"#);
        let other = tokens("other")
            .pair(AccountId(7), "fam_x", now_ms())
            .unwrap()
            .access;
        let admin = URL_SAFE_NO_PAD.encode(format!(
            r#"{{"sub":"1","fam":"fam_x","use":"access","jti":"0","iat":0,"exp":{}}}"#,
            i64::MAX
        ));
        for forged in [
            other,
            format!("{unsigned}.{claims}."),
            format!("{unsigned}.{claims}.{signature}"),
            format!("{header}.{admin}.{signature}"),
            format!("{header}.{claims}."),
            format!("{good}x"),
            "..".to_owned(),
            String::new(),
            "x".repeat(LONGEST + 1),
        ] {
            assert_eq!(ours.read(&forged, TokenUse::Access), None, "{forged}");
            assert_eq!(ours.read_expired(&forged), None, "{forged}");
        }
    }
}
