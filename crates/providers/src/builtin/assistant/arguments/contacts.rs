//! Customers: contacts, notes, deals.

use super::{
    question::{NEW_CONTACT, WHAT, WHICH_CONTACT},
    texts::{address_end, called, order, put, rest, said},
};
use crate::builtin::assistant::tokens::Tokens;
use serde_json::{Value, json};

/// Words of a wish for a contact that are not of its name.
const AROUND_NAME: &[&str] = &[
    "find", "look", "up", "search", "show", "me", "get", "who", "what", "is", "are", "do", "we",
    "you", "have", "please", "can", "could", "the", "a", "contact", "contacts", "details", "of",
    "for", "in", "on", "from", "hubspot", "crm", "my", "our", "phone", "number", "email", "mail",
    "address", "company", "customer", "client", "does", "at", "work", "tell", "about", "any",
];

pub(super) fn finding(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    // An address that is spoken out has words of its own.
    let spoken = tokens.position(&["dot"]).and_then(|dot| {
        let at = (0..dot).rev().find(|at| tokens.is(*at, &["at"]))?;
        let start = at.checked_sub(1)?;
        Some(tokens.written(start..address_end(&tokens, start)))
    });
    let name = spoken.or_else(|| rest(&tokens, AROUND_NAME));
    let name = name.map(|name| name.trim_end_matches("'s").to_owned());
    Ok(json!({ "name": name.ok_or(WHICH_CONTACT)? }))
}

const FIELDS: &[&str] = &[
    "at", "from", "with", "email", "e-mail", "mail", "phone", "number", "company", "in", "to",
    "and", "address", "as",
];

pub(super) fn creation(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(text);
    let noun = tokens.position(&["contact", "contacts"]);
    let verb = tokens.position(&["create", "add", "make", "new", "save"]);
    let start = match (noun, verb) {
        // "Add Zoe Miller to my contacts"
        (Some(noun), Some(verb)) if tokens.is(noun - 1, &["my", "the", "hubspot", "our"]) => {
            verb + 1
        }
        (Some(noun), _) => noun + 1,
        (None, verb) => verb.map_or(0, |verb| verb + 1),
    };
    let end = tokens.find(FIELDS, start).unwrap_or(tokens.len());
    let name = called(&tokens, FIELDS).or_else(|| tokens.phrase(start, end));
    let mut contact = json!({ "name": name.ok_or(NEW_CONTACT)? });
    let field = |names: &[&str]| {
        let at = tokens.position(names)?;
        let is_link = |at: &usize| !tokens.is(*at, &["is", "number", "address", "of"]);
        (at + 1..tokens.len()).find(is_link)
    };
    if let Some(start) = field(&["email", "e-mail", "mail"]) {
        contact["email"] = tokens
            .written(start..address_end(&tokens, start).max(start + 1))
            .into();
    }
    if let Some(start) = field(&["phone", "number"]) {
        let end = tokens.find(&["and", "email", "at"], start);
        contact["phone"] = tokens.written(start..end.unwrap_or(tokens.len())).into();
    }
    if tokens.is(end, &["at", "from"]) {
        let after = tokens.find(&["with", "and", "email", "phone", "in", "as"], end + 1);
        let company = tokens.phrase(end + 1, after.unwrap_or(tokens.len()));
        put(&mut contact, "company", company);
    }
    Ok(contact)
}

pub(super) fn note(text: &str) -> Result<Value, &'static str> {
    let tokens = Tokens::of(order(text));
    let note = tokens.position(&["note", "notes"]).unwrap_or(0);
    let link = tokens
        .find(&["on", "for", "about", "to"], note)
        .ok_or(WHICH_CONTACT)?;
    let end = tokens.find(&["in"], link).unwrap_or(tokens.len());
    let about = tokens.phrase(link + 1, end).ok_or(WHICH_CONTACT)?;
    Ok(json!({ "about": about, "text": said(text).ok_or(WHAT)? }))
}

pub(super) fn deals(text: &str) -> Value {
    let tokens = Tokens::of(text);
    let mut wanted = json!({});
    let noun = tokens.position(&["deal", "deals"]).unwrap_or(0);
    if let Some(with) = tokens.find(&["with", "for", "at"], noun) {
        let end = tokens.find(&["in", "on"], with).unwrap_or(tokens.len());
        let company = tokens.phrase(with + 1, end);
        put(&mut wanted, "company", company);
    }
    let ends = [
        ("open", "open"),
        ("won", "won"),
        ("win", "won"),
        ("lost", "lost"),
        ("lose", "lost"),
    ];
    let known = ends
        .iter()
        .find(|(said, _)| tokens.position(&[said]).is_some());
    put(
        &mut wanted,
        "stage",
        known.map(|(_, stage)| (*stage).to_owned()),
    );
    if let Some(stage) = tokens.position(&["stage"]) {
        let stage = tokens.phrase(stage + 1, tokens.len());
        put(&mut wanted, "stage", stage);
    }
    if tokens.find(&["my"], 0).is_some_and(|my| my < noun) {
        wanted["owner"] = "me".into();
    }
    wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_are_found_and_made() {
        for (text, name) in [
            ("Find the contact Anil Rao", "Anil Rao"),
            ("look up Anil Rao in HubSpot", "Anil Rao"),
            (
                "what is the phone number of Priya Nair in the CRM",
                "Priya Nair",
            ),
            (
                "who is anil at acme dot test in HubSpot",
                "anil at acme dot test",
            ),
        ] {
            assert_eq!(finding(text), Ok(json!({ "name": name })), "{text}");
        }
        let text = "Create a contact for Zoe Miller at Acme with the email zoe at acme dot test and the phone number 555 1234";
        let zoe = json!({ "name": "Zoe Miller", "company": "Acme", "email": "zoe at acme dot test", "phone": "555 1234" });
        assert_eq!(creation(text), Ok(zoe));
        let add = creation("add Zoe Miller to my contacts");
        assert_eq!(add, Ok(json!({ "name": "Zoe Miller" })));
        assert_eq!(creation("create a contact"), Err(NEW_CONTACT));
    }

    #[test]
    fn notes_and_deals_say_whose() {
        let text = "Log a note on Anil Rao saying he wants a demo";
        let expected = json!({ "about": "Anil Rao", "text": "He wants a demo" });
        assert_eq!(note(text), Ok(expected));
        for (text, expected) in [
            (
                "what deals do we have with Acme",
                json!({ "company": "Acme" }),
            ),
            (
                "show my open deals",
                json!({ "stage": "open", "owner": "me" }),
            ),
            (
                "which deals are in stage contract sent",
                json!({ "stage": "contract sent" }),
            ),
        ] {
            assert_eq!(deals(text), expected, "{text}");
        }
    }
}
