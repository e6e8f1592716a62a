//! What is said, and what is done again, when HubSpot refuses or fails.

use super::{
    hubspot, hubspot_with,
    portal::{CONTACTS, NOTES, refused},
};
use crate::{
    office::{done, error, result, run, settled},
    stand_in::Answer,
};
use serde_json::{Value, json};

const UNKNOWN: &str = "HubSpot account did not answer; it is not known whether it was done. Please check before you try again.";

fn note() -> Value {
    json!({ "about": "Anil Rao", "text": "Called back." })
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let (portal, actions) = hubspot_with(&["old", "all"]).await;
    result(&actions, "hubspot.log_note", note()).await;
    assert_eq!(portal.received(NOTES).len(), 1);
    // The token's own page is asked for by the new one.
    let (_portal, actions) = hubspot_with(&["old", "all"]).await;
    result(&actions, "hubspot.deals", json!({ "owner": "me" })).await;
    let (_portal, actions) = hubspot_with(&["old"]).await;
    let (_, outcome) = done(&actions, "hubspot.log_note", note()).await;
    assert!(outcome.error.unwrap().contains("has expired"));
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/hubspot");
}

#[tokio::test]
async fn what_was_not_granted_is_said() {
    let (_portal, actions) = hubspot_with(&["bare"]).await;
    let (_, outcome) = done(&actions, "hubspot.log_note", note()).await;
    assert!(
        outcome
            .error
            .unwrap()
            .contains("does not let me do that yet")
    );
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/hubspot");
    // Without leave to see companies, people and deals are found all the same.
    let (_portal, actions) = hubspot_with(&["contacts"]).await;
    result(&actions, "hubspot.log_note", note()).await;
    let company = json!({ "about": "the Acme company", "text": "Hello." });
    let said = error(&actions, "hubspot.log_note", company).await;
    assert!(said.contains("does not let me do that yet"), "{said}");
    let (_portal, actions) = hubspot_with(&["none"]).await;
    let said = error(&actions, "hubspot.deals", json!({})).await;
    assert!(
        said.starts_with("No HubSpot account is connected."),
        "{said}"
    );
}

#[tokio::test]
async fn refusals_are_told_in_hubspots_words() {
    for (answer, expected) in [
        (
            refused(400, "VALIDATION_ERROR", "Property values were not valid"),
            "HubSpot account refused it: Property values were not valid",
        ),
        (
            refused(403, "BANNED", "This portal is over its limit of notes."),
            "HubSpot account refused it: This portal is over its limit of notes.",
        ),
        (
            refused(404, "OBJECT_NOT_FOUND", "Object not found."),
            "HubSpot account does not have it any more.",
        ),
        (
            refused(409, "CONFLICT", "It is being merged."),
            "HubSpot account refused it: It is being merged.",
        ),
        (
            refused(
                429,
                "RATE_LIMITS",
                "You have reached your ten_secondly_rolling limit.",
            )
            .header("retry-after", "60"),
            "HubSpot account is busy at the moment. Please try again in a minute.",
        ),
        (Answer::empty(500), UNKNOWN),
    ] {
        let (portal, actions) = hubspot().await;
        portal.once(NOTES, answer);
        assert_eq!(error(&actions, "hubspot.log_note", note()).await, expected);
        assert_eq!(portal.received(NOTES).len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn a_full_quota_is_waited_for_and_what_only_looks_is_repeated() {
    let (portal, actions) = hubspot().await;
    let busy = refused(429, "RATE_LIMITS", "SECONDLY").header("retry-after", "0");
    portal.once("/crm/v3/objects/contacts/search", busy);
    portal.once("/crm/v3/objects/contacts/search", Answer::empty(502));
    let arguments = json!({ "name": "Anil Rao" });
    result(&actions, "hubspot.find_contact", arguments).await;
    assert_eq!(portal.received("/crm/v3/objects/contacts/search").len(), 3);
}

#[tokio::test]
async fn a_contact_whose_answer_was_lost_is_looked_up_and_never_made_twice() {
    let arguments = json!({ "name": "Mary Lee", "email": "mary@lee.test" });
    let by_email = format!("{CONTACTS}/mary@lee.test");
    let made = Answer::json(
        201,
        &json!({ "id": "150", "properties": { "email": "mary@lee.test" } }),
    );
    for answer in [made.clone().cut(), Answer::empty(502)] {
        let (portal, actions) = hubspot().await;
        portal.once(CONTACTS, answer.clone());
        portal.once(&by_email, made.clone());
        let found = result(&actions, "hubspot.create_contact", arguments.clone()).await;
        assert_eq!(found["id"], "150");
        assert_eq!(portal.received(CONTACTS).len(), 1);
        // It is not there.
        portal.once(CONTACTS, answer.clone());
        let said = error(&actions, "hubspot.create_contact", arguments.clone()).await;
        assert_eq!(said, UNKNOWN);
        // Without an address nobody can tell.
        portal.once(CONTACTS, answer);
        let said = error(
            &actions,
            "hubspot.create_contact",
            json!({ "name": "Mary Lee" }),
        )
        .await;
        assert_eq!(said, UNKNOWN);
    }
}

#[tokio::test]
async fn somebody_who_came_in_meanwhile_is_told_of() {
    let (portal, actions) = hubspot().await;
    let conflict = refused(409, "CONFLICT", "Contact already exists. Existing ID: 150");
    portal.once(CONTACTS, conflict);
    let arguments = json!({ "name": "Mary Lee", "email": "mary@lee.test" });
    assert_eq!(
        error(&actions, "hubspot.create_contact", arguments).await,
        "There is a contact with mary@lee.test in your HubSpot already."
    );
}

#[tokio::test]
async fn a_portal_that_never_answers_is_given_up() {
    let (portal, actions) = hubspot().await;
    let arguments = settled(&actions, "hubspot.log_note", note()).await;
    portal.once(NOTES, Answer::empty(201).late());
    let run = run(&actions, "hubspot.log_note", arguments);
    let outcome = portal.outwaited(NOTES, run).await;
    assert_eq!(outcome.error.unwrap(), UNKNOWN);
}
