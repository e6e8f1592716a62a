//! Telephone numbers, e-mail addresses and secrets taken out of log lines.
//!
//! Done on the finished line, so that nothing gets round it: not an error of a library, not a URL in a message.

use regex::Regex;
use std::{
    borrow::Cow,
    io::{self, Write},
    sync::LazyLock,
};
use tracing_subscriber::fmt::MakeWriter;

/// What is looked for, and what is put in its place.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // JSON web tokens
        (r"eyJ[A-Za-z0-9_-]{6,}\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*", "[token]"),
        // Keys of ours and of providers
        (r"\b(sk|pk|ek|whsec|xox[abpr])(_|-)[A-Za-z0-9_-]{4,}", "$1$2[…]"),
        (r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{6,}", "$1 […]"),
        // Passwords in URLs
        (r"(://[^/\s:@]+):[^/\s@]+@", "$1:[…]@"),
        (
            r#"(?i)([?&](?:api_key|key|token|access_token|refresh_token|code|state|session|join|signature|password)=)[^&\s"]+"#,
            "$1[…]",
        ),
        (
            r#"(?i)\b((?:access_|refresh_|auth_)?token|password|secret|authorization|api_key)("?\s*[=:]\s*"?)[^\s",}&\[]{4,}"#,
            "$1$2[…]",
        ),
        // E-mail and SIP addresses
        (r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}", "[e-mail]"),
        (r"(?i)\bsips?:[^@\s]+@[^\s;>]+", "sip:[address]"),
        // Telephone numbers: the last two digits tell calls apart.
        (r"(?:\+|%2[Bb]|%20)\d{5,13}(\d{2})\b", "+…$1"),
        // The same without their + as part of a path; not the first part of a UUID or of a file's name.
        (r"/\d{6,13}(\d{2})([^\w.%-]|$)", "/…$1$2"),
    ]
    .into_iter()
    .filter_map(|(pattern, with)| Some((Regex::new(pattern).ok()?, with)))
    .collect()
});

/// The line without what is private.
pub fn redact(line: &str) -> Cow<'_, str> {
    let mut text = Cow::Borrowed(line);
    for (pattern, with) in RULES.iter() {
        if let Cow::Owned(changed) = pattern.replace_all(&text, *with) {
            text = Cow::Owned(changed);
        }
    }
    text
}

/// Makes writers that redact.
#[derive(Debug, Clone)]
pub(crate) struct Redacting<M>(pub(crate) M);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for Redacting<M> {
    type Writer = RedactingWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        RedactingWriter(self.0.make_writer())
    }
}

/// Redacts what is written, line by line: the log layer writes each whole line at once.
#[derive(Debug)]
pub(crate) struct RedactingWriter<W>(W);

impl<W: Write> Write for RedactingWriter<W> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(line);
        self.0.write_all(redact(&text).as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn every_rule_is_read() {
        assert_eq!(RULES.len(), 10);
    }

    #[test]
    fn private_data_is_taken_out() {
        for (line, expected) in [
            (
                "call from +15551230001 to +442071838750",
                "call from +…01 to +…50",
            ),
            ("From=%2B15551230001&To=x", "From=+…01&To=x"),
            (
                "uri=/make-call/%2014155550123/sales",
                "uri=/make-call/+…23/sales",
            ),
            (
                "uri=/make-call/14155550123/sales?x=1",
                "uri=/make-call/…23/sales?x=1",
            ),
            (
                r#"{"uri":"/make-calendar-call-scenario/14155550123"}"#,
                r#"{"uri":"/make-calendar-call-scenario/…23"}"#,
            ),
            ("GET /make-call/14155550123\n", "GET /make-call/…23\n"),
            (
                "user ann.lee+x@example.co.uk logged in",
                "user [e-mail] logged in",
            ),
            (
                "sip:1234@10.0.0.1;transport=udp",
                "sip:[address];transport=udp",
            ),
            ("key sk_live_abcdef", "key sk_[…]"),
            (
                "Authorization: Bearer abc.def-ghi",
                "Authorization: […] […]",
            ),
            ("GET /x?api_key=sk_1&y=2", "GET /x?api_key=[…]&y=2"),
            (
                "/rtc?access_token=eyJhbGciOi.eyJzdWIi.sig&v=1",
                "/rtc?access_token=[…]&v=1",
            ),
            ("token eyJhbGciOi.eyJzdWIi.sig", "token [token]"),
            (
                "postgres://casp:hush@db/casp",
                "postgres://casp:[…]@db/casp",
            ),
            (
                r#"{"password":"open sesame"}"#,
                r#"{"password":"[…] sesame"}"#,
            ),
            ("refresh_token=abcdefgh", "refresh_token=[…]"),
        ] {
            assert_eq!(redact(line), expected);
        }
    }

    #[test]
    fn the_rest_stays() {
        for line in [
            "session=phone-CA0123456789abcdef0123456789abcdef room=twilio-CA0123456789abcdef0123456789abcdef",
            "took 1732180000000 ms, code=4400, +12 more",
            "2026-11-21T09:00:00.000000+00:00 INFO ready http://127.0.0.1:8080",
            "worker-3f2a registered",
            "GET /recordings/12345678-0123-4567-89ab-0123456789ab, /sessions/1234567, %201234",
            "/var/log/casp/20261121.log and /rustc/59807616e1fa2540724bfbac14d7976d7e4a3860/library",
            "GET /v1/x/1234567890123456 of custom_1_1732180000",
            "",
        ] {
            assert_eq!(redact(line), line);
        }
    }

    #[test]
    fn what_is_written_is_redacted_and_counted_whole() {
        let mut out = Vec::new();
        RedactingWriter(&mut out)
            .write_all(b"call from +15551230001\n")
            .unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "call from +…01\n");
    }

    proptest! {
        #[test]
        fn no_number_survives(before in "[a-z =]{0,9}", digits in "[1-9][0-9]{6,14}") {
            let line = format!("{before}+{digits}");
            prop_assert!(!redact(&line).contains(&digits));
        }

        #[test]
        fn no_number_survives_in_a_path(digits in "[1-9][0-9]{7,14}", after in "(/sales)?([ ?:}\"].{0,9})?") {
            for mark in ["", "+", "%2B", "%20"] {
                let line = format!("uri=/make-call/{mark}{digits}{after}");
                prop_assert!(!redact(&line).contains(&digits));
            }
        }

        #[test]
        fn any_line_is_taken(line in "\\PC{0,200}") {
            let _ = redact(&line);
        }
    }
}
