//! What a token endpoint answers, however the vendor shapes it.

use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;

/// Tokens that a provider gave.
#[derive(Debug, Clone)]
pub(super) struct Grant {
    pub(super) access_token: SecretString,
    pub(super) refresh_token: Option<SecretString>,
    pub(super) expires_in: Option<Duration>,
    /// `None`: it did not say.
    pub(super) scopes: Option<Vec<String>>,
    /// Slack: whose token it is, and in which team.
    pub(super) slack_user: Option<String>,
    pub(super) slack_team: Option<Value>,
}

/// Why it gave none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Denied {
    /// The code or refresh token is not good, or no longer.
    Ended(String),
    /// The token was not given to our client; or we have none there.
    OtherClient,
    /// It fails for now, or our own client is refused.
    Failed {
        problem: String,
        /// It said so; else no answer came, and it may have spent the token.
        was_answered: bool,
        after: Option<Duration>,
    },
}

impl Denied {
    pub(super) fn answered(problem: impl Into<String>, after: Option<Duration>) -> Self {
        Self::Failed {
            problem: problem.into(),
            was_answered: true,
            after,
        }
    }
}

/// Codes that say that the user's grant is over. Everything else may be our client's fault, or pass.
const ENDED: [&str; 12] = [
    // RFC 6749, section 5.2
    "invalid_grant",
    // Microsoft
    "interaction_required",
    "consent_required",
    "login_required",
    // Slack
    "invalid_refresh_token",
    "token_expired",
    "token_revoked",
    "account_inactive",
    "invalid_code",
    "code_already_used",
    // HubSpot
    "BAD_REFRESH_TOKEN",
    "BAD_AUTH_CODE",
];

/// Reads an answer.
pub(super) fn read(status: u16, body: &Value, after: Option<Duration>) -> Result<Grant, Denied> {
    // Slack says no with 200.
    let is_ok = (200..300).contains(&status) && body["ok"].as_bool() != Some(false);
    if is_ok {
        return grant(body).ok_or_else(|| Denied::answered("an answer without a token", after));
    }
    let code = ["error", "status"]
        .iter()
        .find_map(|field| body[*field].as_str())
        .unwrap_or_default();
    let words = body["error_description"].as_str().unwrap_or_default();
    // Atlassian's word for it.
    let is_atlassians = code == "unauthorized_client" && words.contains("refresh_token is invalid");
    // Only our own words and known codes: what providers write beside them may hold the token.
    if ENDED.contains(&code) || is_atlassians {
        return Err(Denied::Ended(code.to_owned()));
    }
    if code == "unauthorized_client" {
        return Err(Denied::OtherClient);
    }
    let is_code = |text: &str| {
        (1..=40).contains(&text.len())
            && text
                .bytes()
                .all(|byte| byte.is_ascii_alphabetic() || byte == b'_')
    };
    let problem = if is_code(code) {
        format!("it answered {status} {code}")
    } else {
        format!("it answered {status}")
    };
    Err(Denied::answered(problem, after))
}

fn grant(body: &Value) -> Option<Grant> {
    // Slack's first answer holds the user's token beside what would be a bot's.
    let user = &body["authed_user"];
    let holder = if user["access_token"].is_string() {
        user
    } else {
        body
    };
    let text = |name: &str| holder[name].as_str().filter(|text| !text.is_empty());
    let seconds = holder["expires_in"]
        .as_u64()
        .or_else(|| holder["expires_in"].as_str()?.parse().ok());
    let scopes = text("scope").map(|scopes| {
        let words = scopes.split([' ', ',']).filter(|scope| !scope.is_empty());
        words.map(str::to_owned).collect()
    });
    Some(Grant {
        access_token: text("access_token")?.to_owned().into(),
        refresh_token: text("refresh_token").map(|token| token.to_owned().into()),
        // Slack without rotation, and others by mistake: 0 is no end.
        expires_in: seconds.filter(|s| *s > 0).map(Duration::from_secs),
        scopes,
        slack_user: user["id"].as_str().map(str::to_owned),
        slack_team: body.get("team").filter(|team| team.is_object()).cloned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret as _;
    use serde_json::json;

    #[test]
    fn tokens_are_found_in_every_vendors_shape() {
        let google = json!({"access_token": "a", "expires_in": 3599, "refresh_token": "r", "scope": "x y", "token_type": "Bearer"});
        let grant = read(200, &google, None).unwrap();
        assert_eq!(grant.scopes.unwrap(), ["x", "y"]);
        assert_eq!(grant.expires_in, Some(Duration::from_secs(3_599)));
        let slack = json!({"ok": true, "authed_user": {"id": "U1", "scope": "a,b", "access_token": "xoxp", "token_type": "user"}, "team": {"id": "T1"}});
        let grant = read(200, &slack, None).unwrap();
        assert_eq!(grant.access_token.expose_secret(), "xoxp");
        assert_eq!(
            (grant.slack_user.as_deref(), grant.expires_in),
            (Some("U1"), None)
        );
        assert_eq!(grant.slack_team.unwrap()["id"], "T1");
    }

    #[test]
    fn an_ended_grant_is_told_from_a_passing_failure() {
        for (status, body) in [
            (400, json!({"error": "invalid_grant"})),
            (200, json!({"ok": false, "error": "invalid_refresh_token"})),
            (400, json!({"status": "BAD_REFRESH_TOKEN"})),
            (
                403,
                json!({"error": "unauthorized_client", "error_description": "refresh_token is invalid"}),
            ),
        ] {
            assert!(
                matches!(read(status, &body, None), Err(Denied::Ended(_))),
                "{body}"
            );
        }
        for (status, body) in [
            (401, json!({"error": "invalid_client"})),
            (429, json!({})),
            (500, Value::Null),
            (200, json!({"ok": false, "error": "ratelimited"})),
            (200, json!({"token": "none"})),
        ] {
            assert!(
                matches!(read(status, &body, None), Err(Denied::Failed { .. })),
                "{body}"
            );
        }
    }

    #[test]
    fn a_token_of_another_client_is_told_from_both() {
        let body = json!({"error": "unauthorized_client", "error_description": "Unauthorized"});
        assert_eq!(read(401, &body, None).err(), Some(Denied::OtherClient));
    }

    #[test]
    fn what_a_provider_writes_is_not_repeated() {
        let body = json!({"error": "bad token 1//0secret"});
        let Err(Denied::Failed { problem, .. }) = read(400, &body, None) else {
            panic!("it failed")
        };
        assert_eq!(problem, "it answered 400");
    }
}
