//! Lists in pages, in the two shapes that Twilio has.

use super::form::Form;
use serde::Deserialize;
use url::form_urlencoded;

/// Which page of a list, and how long.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PageRequest {
    /// Entries a page; Twilio's default is 50, its most 1,000.
    pub size: Option<u32>,
    /// From [`Page::next`]; `None` is the first page.
    pub token: Option<String>,
}

/// A page of a list.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The entries.
    pub entries: Vec<T>,
    /// What asks for the next page; `None` on the last.
    pub next: Option<String>,
}

impl PageRequest {
    /// `PageSize`, `PageToken`, and the number of the page, which Twilio wants with the token.
    pub(super) fn on(&self, form: Form) -> Form {
        let form = form.maybe("PageSize", self.size);
        let Some(token) = &self.token else {
            return form;
        };
        let (number, token) = token.split_once('.').unwrap_or(("1", token));
        form.with("Page", number).with("PageToken", token)
    }
}

/// Where the next page is, of `…?PageSize=50&Page=1&PageToken=PA…`: number and token, and nothing else of the
/// address, so that nobody's credentials follow it elsewhere.
pub(super) fn position(next_url: Option<&str>) -> Option<String> {
    let (_, query) = next_url?.split_once('?')?;
    let value = |wanted: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(name, _)| name == wanted)
            .map(|(_, value)| value.into_owned())
    };
    let token = value("PageToken")?;
    let number = value("Page").unwrap_or_else(|| "1".into());
    Some(format!("{number}.{token}"))
}

/// `meta` of the newer APIs.
#[derive(Debug, Deserialize)]
pub(super) struct Meta {
    next_page_url: Option<String>,
}

impl Meta {
    pub(super) fn next(&self) -> Option<String> {
        position(self.next_page_url.as_deref())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_the_next_pages_address_only_the_position_is_taken() {
        let next = position(Some(
            "https://evil.example/x?PageSize=2&Page=3&PageToken=PACA1",
        ));
        assert_eq!(next.as_deref(), Some("3.PACA1"));
        let asked = PageRequest {
            size: Some(2),
            token: next,
        }
        .on(Form::default());
        assert_eq!(
            asked.pairs(),
            [
                ("PageSize", "2".to_owned()),
                ("Page", "3".to_owned()),
                ("PageToken", "PACA1".to_owned())
            ]
        );
    }

    #[test]
    fn the_last_page_has_no_next() {
        assert_eq!(position(None), None);
        assert_eq!(position(Some("/x?PageSize=2&Page=0")), None);
    }
}
