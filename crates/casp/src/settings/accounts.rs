//! Settings of accounts: who may register, how often, and what they may spend.

use super::read::Getter;
use casp_control_api::{AccountSettings, CaptchaSettings, SmtpSettings};
use casp_store::ceilings::{Ceiling, DailyCeilings, Destinations, SpendingRules};

/// `RATE_LIMIT_*`, a minute; 0 is no limit.
#[derive(Debug)]
pub(crate) struct RateSettings {
    pub(crate) auth: u32,
    pub(crate) calls: u32,
    pub(crate) scenarios: u32,
    pub(crate) guest_joins: u32,
    pub(crate) chats: u32,
}

pub(super) fn rates(get: &mut Getter<'_>) -> RateSettings {
    RateSettings {
        auth: get.parsed("RATE_LIMIT_AUTH").unwrap_or(5),
        calls: get.parsed("RATE_LIMIT_CALLS").unwrap_or(2),
        scenarios: get.parsed("RATE_LIMIT_SCENARIOS").unwrap_or(10),
        guest_joins: get.parsed("RATE_LIMIT_GUEST_JOINS").unwrap_or(30),
        chats: get.parsed("RATE_LIMIT_CHATS").unwrap_or(1_200),
    }
}

pub(super) fn accounts(get: &mut Getter<'_>) -> AccountSettings {
    AccountSettings {
        registration: get.parsed("REGISTRATION").unwrap_or_default(),
        captcha: captcha(get),
        smtp: get.secret("SMTP_URL").map(|url| SmtpSettings {
            url,
            from: get.text("SMTP_FROM").unwrap_or_default(),
        }),
        ..AccountSettings::default()
    }
}

/// With the secret alone, doors would be locked to which no page shows the key.
fn captcha(get: &mut Getter<'_>) -> Option<CaptchaSettings> {
    let secret_key = get.secret("RECAPTCHA_SECRET_KEY")?;
    let Some(site_key) = get.text("RECAPTCHA_SITE_KEY") else {
        get.wrong(
            "RECAPTCHA_SITE_KEY",
            "not set, but RECAPTCHA_SECRET_KEY is: nobody could register or sign in",
        );
        return None;
    };
    Some(CaptchaSettings {
        site_key,
        secret_key,
        base_url: get.text("RECAPTCHA_BASE_URL").unwrap_or_default(),
    })
}

/// `DAILY_*`, where they are set, and `ALLOWED_DESTINATIONS`.
#[derive(Debug)]
pub(crate) struct SpendingSettings {
    per_account: [Option<Ceiling>; 4],
    total: [Option<Ceiling>; 4],
    destinations: Option<Destinations>,
}

pub(super) fn spending(get: &mut Getter<'_>) -> SpendingSettings {
    SpendingSettings {
        per_account: [
            get.parsed("DAILY_CALLS"),
            get.parsed("DAILY_MESSAGES"),
            get.parsed("DAILY_MINUTES"),
            get.parsed("DAILY_TOKENS"),
        ],
        total: [
            get.parsed("DAILY_TOTAL_CALLS"),
            get.parsed("DAILY_TOTAL_MESSAGES"),
            get.parsed("DAILY_TOTAL_MINUTES"),
            get.parsed("DAILY_TOTAL_TOKENS"),
        ],
        destinations: get.parsed("ALLOWED_DESTINATIONS"),
    }
}

impl SpendingSettings {
    /// The rules: those of the settings over what `casp dev`, or any other mode, has by default.
    pub(crate) fn rules(&self, is_dev: bool) -> SpendingRules {
        let default = if is_dev {
            SpendingRules::unbounded()
        } else {
            SpendingRules::default()
        };
        SpendingRules {
            per_account: over(self.per_account, default.per_account),
            total: over(self.total, default.total),
            destinations: self.destinations.clone().unwrap_or(default.destinations),
            ..default
        }
    }
}

fn over(set: [Option<Ceiling>; 4], default: DailyCeilings) -> DailyCeilings {
    let [calls, messages, minutes, tokens] = set;
    DailyCeilings {
        calls: calls.unwrap_or(default.calls),
        messages: messages.unwrap_or(default.messages),
        minutes: minutes.unwrap_or(default.minutes),
        tokens: tokens.unwrap_or(default.tokens),
    }
}

#[cfg(test)]
mod tests {
    use crate::settings::{Settings, Values};
    use casp_store::ceilings::Ceiling;

    fn settings(environment: &[(&str, &str)]) -> Result<Settings, Vec<String>> {
        let of = |name: &str| {
            let found = environment.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let values = Values::merge(of, "").unwrap();
        Settings::from_values(&values)
            .map_err(|errors| errors.into_iter().map(|error| error.name).collect())
    }

    #[test]
    fn dev_has_no_ceilings_unless_they_are_set() {
        let settings = settings(&[("DAILY_CALLS", "7")]).unwrap();
        let (dev, production) = (
            settings.spending.rules(true),
            settings.spending.rules(false),
        );
        assert_eq!(dev.per_account.calls, Ceiling::AtMost(7));
        assert_eq!(dev.per_account.tokens, Ceiling::Unlimited);
        assert_eq!(production.per_account.calls, Ceiling::AtMost(7));
        assert!(matches!(production.per_account.tokens, Ceiling::AtMost(_)));
        assert!(matches!(production.total.calls, Ceiling::AtMost(_)));
        assert!(production.needs_verified_email && !dev.needs_verified_email);
    }

    #[test]
    fn a_captcha_needs_both_its_keys() {
        let (secret, site) = (
            ("RECAPTCHA_SECRET_KEY", "hush"),
            ("RECAPTCHA_SITE_KEY", "seen"),
        );
        assert_eq!(settings(&[secret]).unwrap_err(), ["RECAPTCHA_SITE_KEY"]);
        assert!(settings(&[site]).unwrap().accounts.captcha.is_none());
        let captcha = settings(&[secret, site]).unwrap().accounts.captcha.unwrap();
        assert_eq!(captcha.site_key, "seen");
        assert_eq!(captcha.base_url, "https://www.google.com");
    }

    #[test]
    fn what_is_no_ceiling_no_mode_and_no_prefix_is_told() {
        let wrong = settings(&[
            ("DAILY_CALLS", "many"),
            ("REGISTRATION", "maybe"),
            ("ALLOWED_DESTINATIONS", "Germany"),
        ]);
        let mut wrong = wrong.unwrap_err();
        wrong.sort_unstable();
        assert_eq!(
            wrong,
            ["ALLOWED_DESTINATIONS", "DAILY_CALLS", "REGISTRATION"]
        );
    }
}
