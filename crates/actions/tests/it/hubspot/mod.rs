//! `hubspot.*`

mod failures;
pub(crate) mod portal;

use crate::{
    office::{context, done, error, result},
    stand_in::StandIn,
};
use casp_actions::Action;
use portal::{CONTACTS, NOTES};
use serde_json::{Value, json};
use std::sync::Arc;

async fn hubspot_with(tokens: &[&'static str]) -> (StandIn, Vec<Arc<dyn Action>>) {
    let portal = StandIn::start(portal::answer).await;
    let actions = casp_actions::actions(&context(&portal.root, tokens).await);
    (portal, actions)
}

async fn hubspot() -> (StandIn, Vec<Arc<dyn Action>>) {
    hubspot_with(&["all"]).await
}

#[tokio::test]
async fn contacts_are_found_by_what_is_known_of_them() {
    let (_portal, actions) = hubspot().await;
    for (said, spoken) in [
        ("Anil Rao", "I found Anil Rao (anil@acme.test)."),
        (
            "anil at acme dot test",
            "I found Anil Rao (anil@acme.test).",
        ),
        ("anil@home.test", "I found Anil Rao (anil@acme.test)."),
        ("555-010-1234", "I found Anil Rao (anil@acme.test)."),
        ("0171 23456789", "I found Priya Nair (priya@globex.test)."),
        ("the Acme contact", "I found Anil Rao (anil@acme.test)."),
        (
            "anil",
            "I found 2 contacts for anil: Anil Rao (anil@acme.test) and Anil Kumar (kumar@example.com).",
        ),
        ("Zoe", "I found no Zoe among your HubSpot contacts."),
    ] {
        let found = result(&actions, "hubspot.find_contact", json!({ "name": said })).await;
        assert_eq!(found["spoken"], spoken, "{said}");
    }
    let first = json!({ "name": "anil", "limit": 1 });
    let found = result(&actions, "hubspot.find_contact", first).await;
    assert_eq!(found["total"], 2);
    assert_eq!(
        found["contacts"],
        json!([{ "id": "101",
            "name": { "untrusted_text": "Anil Rao" },
            "email": { "untrusted_text": "anil@acme.test" },
            "phone": { "untrusted_text": "+1 (555) 010-1234" },
            "company": { "untrusted_text": "Acme" },
            "job_title": null }])
    );
    let said = error(&actions, "hubspot.find_contact", json!({ "name": "anil@" })).await;
    assert_eq!(said, "“anil@” is no e-mail address. What is it exactly?");
}

#[tokio::test]
async fn a_contact_is_created_as_it_was_asked() {
    let (portal, actions) = hubspot().await;
    let arguments = json!({
        "name": "Mary Ann Lee", "email": "Mary at lee dot test", "phone": "+1 555 0199",
        "company": "Lee & Co", "job_title": "CTO",
    });
    let (question, outcome) = done(&actions, "hubspot.create_contact", arguments).await;
    assert_eq!(
        question.unwrap(),
        "Shall I create the HubSpot contact Mary Ann Lee with mary@lee.test and +1 555 0199, CTO at Lee & Co?"
    );
    assert_eq!(
        outcome.result.unwrap(),
        json!({ "spoken": "Mary Ann Lee is in your HubSpot contacts now.", "id": "150", "name": "Mary Ann Lee" })
    );
    assert_eq!(
        portal.received(CONTACTS)[0].json(),
        json!({ "properties": { "firstname": "Mary Ann", "lastname": "Lee", "email": "mary@lee.test",
            "phone": "+1 555 0199", "company": "Lee & Co", "jobtitle": "CTO" } })
    );
    let (question, _) = done(
        &actions,
        "hubspot.create_contact",
        json!({ "name": "Cher" }),
    )
    .await;
    assert_eq!(
        question.unwrap(),
        "Shall I create the HubSpot contact Cher?"
    );
    assert_eq!(
        portal.received(CONTACTS)[1].json(),
        json!({ "properties": { "firstname": "Cher" } })
    );
}

#[tokio::test]
async fn a_contact_that_is_there_is_not_created_again() {
    let (portal, actions) = hubspot().await;
    let twin = json!({ "name": "Anil R", "email": "anil@acme.test" });
    assert_eq!(
        error(&actions, "hubspot.create_contact", twin).await,
        "There is a contact with anil@acme.test in your HubSpot already: Anil Rao."
    );
    for (arguments, expected) in [
        (json!({ "name": " " }), "What is the name of the contact?"),
        (
            json!({ "name": "Zoe", "email": "zoe" }),
            "“zoe” is no e-mail address. What is it exactly?",
        ),
    ] {
        assert_eq!(
            error(&actions, "hubspot.create_contact", arguments).await,
            expected
        );
    }
    assert!(portal.received(CONTACTS).is_empty());
    let namesake = json!({ "name": "anil rao", "email": "other@example.com" });
    let (question, _) = done(&actions, "hubspot.create_contact", namesake).await;
    assert_eq!(
        question.unwrap(),
        "There is Anil Rao (anil@acme.test) in your HubSpot already; shall I still create the contact anil rao with \
         other@example.com?"
    );
}

#[tokio::test]
async fn a_note_goes_on_whatever_it_is_about() {
    let (portal, actions) = hubspot().await;
    for (about, label, id, kind) in [
        ("Anil Rao", "Anil Rao (anil@acme.test)", "101", 202),
        (
            "priya@globex.test",
            "Priya Nair (priya@globex.test)",
            "103",
            202,
        ),
        ("the Acme company", "the company Acme", "201", 190),
        ("Acme Labs", "the company Acme Labs", "202", 190),
        ("the Globex deal", "the deal Globex pilot", "312", 214),
        (
            "the deal called Acme rollout",
            "the deal Acme rollout",
            "311",
            214,
        ),
        ("Acme", "the company Acme", "201", 190),
    ] {
        let arguments = json!({ "about": about, "text": "Wants <10%\nmore & soon." });
        let (question, outcome) = done(&actions, "hubspot.log_note", arguments).await;
        let asked =
            format!("Shall I log the note “Wants <10%\nmore & soon.” on {label} in HubSpot?");
        assert_eq!(question, Some(asked), "{about}: {outcome:?}");
        assert_eq!(
            outcome.result.unwrap(),
            json!({ "spoken": format!("The note on {label} is logged."), "id": "700", "about": label })
        );
        assert_eq!(
            portal.received(NOTES).last().unwrap().json(),
            json!({
                "properties": { "hs_timestamp": "2026-05-28T20:26:40Z",
                    "hs_note_body": "Wants &lt;10%<br>more &amp; soon." },
                "associations": [{ "to": { "id": id }, "types": [
                    { "associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind },
                ] }],
            })
        );
    }
}

#[tokio::test]
async fn what_a_note_is_about_is_asked() {
    let (portal, actions) = hubspot().await;
    for (about, expected) in [
        (
            "Anil",
            "Which Anil do you mean: Anil Rao (anil@acme.test) or Anil Kumar (kumar@example.com)?",
        ),
        (
            "the Acme deal",
            "Which Acme deal do you mean: the deal Acme renewal or the deal Acme rollout?",
        ),
        (
            "the Moon company",
            "I found no Moon company in your HubSpot.",
        ),
        ("Zoe", "I found no Zoe in your HubSpot."),
        (" ", "What is the contact, company or deal?"),
    ] {
        let arguments = json!({ "about": about, "text": "Hello." });
        assert_eq!(
            error(&actions, "hubspot.log_note", arguments).await,
            expected
        );
    }
    let empty = json!({ "about": "Anil Rao", "text": "" });
    assert_eq!(
        error(&actions, "hubspot.log_note", empty).await,
        "What is the note?"
    );
    assert!(portal.received(NOTES).is_empty());
}

#[tokio::test]
async fn deals_are_told_with_stage_and_amount() {
    let (portal, actions) = hubspot().await;
    let found = result(&actions, "hubspot.deals", json!({ "contact": "Anil Rao" })).await;
    assert_eq!(
        found["spoken"],
        "I found 2 deals with Anil Rao (anil@acme.test) in HubSpot."
    );
    assert_eq!(
        found["deals"],
        json!([
            { "id": "311", "name": { "untrusted_text": "Acme rollout" }, "stage": "Closed won",
              "amount": 30500.5, "currency": "USD", "close_date": "2026-06-30" },
            { "id": "310", "name": { "untrusted_text": "Acme renewal" }, "stage": "Contract sent",
              "amount": 12000.0, "currency": "USD", "close_date": "2026-06-30" },
        ])
    );
    for (arguments, spoken) in [
        (json!({}), "I found 2 open deals in HubSpot."),
        (
            json!({ "stage": "won" }),
            "I found one won deal in HubSpot, 30,500.50 USD, in the stage Closed won.",
        ),
        (
            json!({ "stage": "lost" }),
            "I found no lost deals in HubSpot.",
        ),
        (
            json!({ "company": "Globex" }),
            "I found one deal with the company Globex in HubSpot, in the stage Appointment scheduled.",
        ),
        (
            json!({ "owner": "me", "stage": "contract sent" }),
            "I found one deal of Ann Bell in the stage Contract sent in HubSpot, 12,000 USD, in the stage Contract sent.",
        ),
        (
            json!({ "owner": "Ritika", "stage": "open" }),
            "I found one open deal of Ritika Rao in HubSpot, in the stage Appointment scheduled.",
        ),
        (
            json!({ "name": "the Acme deal", "limit": 1 }),
            "The newest of 2 deals about Acme in HubSpot, 30,500.50 USD, in the stage Closed won.",
        ),
    ] {
        let found = result(&actions, "hubspot.deals", arguments.clone()).await;
        assert_eq!(found["spoken"], spoken, "{arguments}");
    }
    let sent = portal.received("/crm/v3/objects/deals/search");
    assert_eq!(sent.last().unwrap().json()["query"], "Acme");
}

#[tokio::test]
async fn whose_deals_are_meant_is_asked() {
    let (_portal, actions) = hubspot().await;
    for (arguments, expected) in [
        (
            json!({ "contact": "Anil" }),
            "Which Anil do you mean: Anil Rao (anil@acme.test) or Anil Kumar (kumar@example.com)?",
        ),
        (
            json!({ "contact": "Zoe" }),
            "I found no Zoe among your HubSpot contacts.",
        ),
        (
            json!({ "company": "the Moon company" }),
            "I found no moon among your HubSpot companies.",
        ),
        (
            json!({ "owner": "Zoe" }),
            "I found no Zoe among the owners in your HubSpot.",
        ),
        (
            json!({ "stage": "c" }),
            "Which c stage do you mean: Closed won or Contract sent?",
        ),
        (
            json!({ "stage": "orbit" }),
            "I found no orbit stage in your HubSpot.",
        ),
    ] {
        assert_eq!(error(&actions, "hubspot.deals", arguments).await, expected);
    }
}

#[tokio::test]
async fn arguments_have_schemas() {
    let (_portal, actions) = hubspot().await;
    let required = |name: &str| -> Value {
        let action = actions.iter().find(|action| action.name().as_str() == name);
        action.unwrap().parameters()["required"].clone()
    };
    assert_eq!(required("hubspot.find_contact"), json!(["name"]));
    assert_eq!(required("hubspot.create_contact"), json!(["name"]));
    assert_eq!(required("hubspot.log_note"), json!(["about", "text"]));
    assert_eq!(required("hubspot.deals"), Value::Null);
    let odd = json!({ "name": "Anil", "colour": "red" });
    let said = error(&actions, "hubspot.find_contact", odd).await;
    assert!(said.contains("unknown field `colour`"), "{said}");
}
