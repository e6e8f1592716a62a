//! Addresses as they are compared: numbers in E.164, e-mail in lower case.

use crate::accounts::Email;
use casp_store::identities::Channel;

/// The address as it is kept, or what would be one.
pub(super) fn normalized(channel: Channel, address: &str) -> Result<String, &'static str> {
    let address = address.trim();
    match channel {
        Channel::Phone | Channel::Sms => number(address),
        Channel::Whatsapp => number(address.strip_prefix("whatsapp:").unwrap_or(address)),
        Channel::Email => email(address),
    }
}

fn number(text: &str) -> Result<String, &'static str> {
    let digits = text.strip_prefix('+').unwrap_or_default().as_bytes();
    let is_number = (7..=15).contains(&digits.len())
        && digits.iter().all(u8::is_ascii_digit)
        && digits[0] != b'0';
    if is_number {
        Ok(text.to_owned())
    } else {
        Err("must be a number in E.164, such as +15551230001")
    }
}

fn email(text: &str) -> Result<String, &'static str> {
    let email = Email::try_from(text.to_owned());
    email
        .map(|email| email.as_str().to_owned())
        .map_err(|_| "must be an e-mail address (name@example.com, in ASCII)")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_kept_in_one_form() {
        for (channel, given, kept) in [
            (Channel::Phone, " +15551230001 ", "+15551230001"),
            (Channel::Whatsapp, "whatsapp:+15551230001", "+15551230001"),
            (Channel::Whatsapp, "+15551230001", "+15551230001"),
            (Channel::Email, "Ann@Example.ORG", "ann@example.org"),
        ] {
            assert_eq!(normalized(channel, given).as_deref(), Ok(kept));
        }
    }

    #[test]
    fn what_is_no_address_is_refused() {
        for text in [
            "",
            "5551230001",
            "+0551230001",
            "+123456",
            "+1234567890123456",
            "+1555123000a",
            "anonymous",
        ] {
            assert!(normalized(Channel::Sms, text).is_err(), "{text}");
        }
        for text in [
            "",
            "ann",
            "ann@",
            "@x.org",
            "a b@x.org",
            "a@x.org,b@x.org",
            "a@b@x.org",
            "a\0@x.org",
        ] {
            assert!(normalized(Channel::Email, text).is_err(), "{text:?}");
        }
    }
}
