//! `outlook-calendar.*`

pub(crate) mod drive;
pub(crate) mod graph;
pub(crate) mod mail;
pub(crate) mod teams;

use crate::{
    office::{context, done, error, prepared, result},
    openapi::{GRAPH, checked},
    stand_in::{Answer, StandIn},
};
use casp_actions::{Action, Prepared};
use serde_json::json;
use std::sync::Arc;

async fn outlook_with(tokens: &[&'static str]) -> (StandIn, Vec<Arc<dyn Action>>) {
    let graph = StandIn::start(checked(&GRAPH, graph::answer)).await;
    let actions = casp_actions::actions(&context(&graph.root, tokens).await);
    (graph, actions)
}

#[tokio::test]
async fn the_agenda_is_told_in_the_mailboxs_zone_page_by_page() {
    let (graph, actions) = outlook_with(&["all"]).await;
    let arguments = json!({ "when": "tomorrow" });
    let found = result(&actions, "outlook-calendar.agenda", arguments).await;
    assert_eq!(found["total"], 3, "{found}");
    let starts: Vec<&str> = found["events"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| event["start"].as_str().unwrap())
        .collect();
    assert!(starts.contains(&"2026-05-29T15:00:00+02:00"), "{found}");
    let asked = &graph.received("/v1.0/me/calendarView")[0];
    assert_eq!(asked.query["startDateTime"], "2026-05-28T22:00:00Z");
    assert_eq!(asked.query["endDateTime"], "2026-05-29T22:00:00Z");
}

#[tokio::test]
async fn an_event_is_made_in_utc_with_whom_the_address_book_knows() {
    let (graph, actions) = outlook_with(&["all"]).await;
    let arguments = json!({ "title": "Review", "when": "tomorrow at 6 PM", "attendees": "Anil" });
    let (question, outcome) = done(&actions, "outlook-calendar.create", arguments).await;
    assert!(question.unwrap().contains("Anil Rao (anil@example.com)"));
    assert!(outcome.result.is_some(), "{outcome:?}");
    let body = graph.received("/v1.0/me/events")[0].json();
    assert_eq!(
        body["start"],
        json!({ "dateTime": "2026-05-29T16:00:00", "timeZone": "UTC" })
    );
    assert_eq!(
        body["attendees"][0]["emailAddress"]["address"],
        "anil@example.com"
    );
    let unknown = json!({ "title": "Review", "when": "tomorrow at 6 PM", "attendees": "Zoe" });
    let said = error(&actions, "outlook-calendar.create", unknown).await;
    assert!(said.starts_with("I found nobody called Zoe"), "{said}");
}

#[tokio::test]
async fn an_event_that_may_have_been_made_is_asked_for_again_by_the_same_transaction() {
    let (graph, actions) = outlook_with(&["all"]).await;
    graph.once("/v1.0/me/events", Answer::empty(502));
    let arguments = json!({ "title": "Review", "when": "tomorrow at 6 PM" });
    result(&actions, "outlook-calendar.create", arguments).await;
    let sent = graph.received("/v1.0/me/events");
    assert_eq!(sent.len(), 2);
    assert_eq!(
        sent[0].json()["transactionId"],
        sent[1].json()["transactionId"]
    );
}

#[tokio::test]
async fn an_event_moves_unless_it_was_changed_meanwhile() {
    let (graph, actions) = outlook_with(&["all"]).await;
    let arguments = json!({ "event": "my 3 PM meeting tomorrow", "when": "4 PM" });
    result(&actions, "outlook-calendar.reschedule", arguments.clone()).await;
    let path = "/v1.0/me/events/own=";
    let moved = &graph.received(path)[0];
    assert_eq!(moved.header("if-match"), "W/\"own=\"");
    assert_eq!(moved.json()["start"]["dateTime"], "2026-05-29T14:00:00");
    let changed =
        json!({ "error": { "code": "ErrorIrresolvableConflict", "message": "It was changed." } });
    graph.once(path, Answer::json(412, &changed));
    error(&actions, "outlook-calendar.reschedule", arguments).await;
}

#[tokio::test]
async fn only_who_organizes_cancels_and_guests_are_told() {
    let (graph, actions) = outlook_with(&["all"]).await;
    let meeting = json!({ "event": "my 3 PM meeting tomorrow" });
    result(&actions, "outlook-calendar.cancel", meeting).await;
    let told = &graph.received("/v1.0/me/events/own=/cancel")[0];
    assert_eq!(told.json(), json!({ "comment": "" }));
    let standup = json!({ "event": "the standup tomorrow" });
    let said = error(&actions, "outlook-calendar.cancel", standup).await;
    assert!(said.contains("belongs to somebody else"), "{said}");
    result(
        &actions,
        "outlook-calendar.cancel",
        json!({ "event": "the dentist tomorrow" }),
    )
    .await;
    assert_eq!(graph.received("/v1.0/me/events/alone")[0].method, "DELETE");
}

#[tokio::test]
async fn an_event_is_known_by_the_id_that_the_agenda_gave() {
    let (graph, actions) = outlook_with(&["all"]).await;
    let id = "AAMkAGVmMDEzMTM4LTZmYWUtNDdkNC1hMDZiAAA=";
    let path = format!("/v1.0/me/events/{id}");
    let at = |hour: &str| json!({ "dateTime": format!("2026-05-29T{hour}:00:00.0000000"), "timeZone": "UTC" });
    let event = json!({
        "id": id, "subject": "Planning", "start": at("11"), "end": at("12"), "isOrganizer": true,
    });
    graph.once(&path, Answer::json(200, &event));
    let cancel = json!({ "event": id });
    let prepared = prepared(&actions, "outlook-calendar.cancel", cancel.clone()).await;
    let Prepared::Ready { question, .. } = prepared else {
        panic!("it can run: {prepared:?}")
    };
    assert_eq!(
        question.unwrap(),
        "Shall I cancel “Planning” on Friday, May 29 at 1 PM?"
    );
    let asked = &graph.received(&path)[0];
    assert_eq!(asked.header("prefer"), "outlook.timezone=\"UTC\"");
    assert!(graph.received("/v1.0/me/calendarView").is_empty());
    let mut series = event;
    series["type"] = json!("seriesMaster");
    graph.once(&path, Answer::json(200, &series));
    assert_eq!(
        error(&actions, "outlook-calendar.cancel", cancel.clone()).await,
        "That is a whole series. Which one of its events do you mean?"
    );
    // One that is gone.
    let said = error(&actions, "outlook-calendar.cancel", cancel).await;
    assert_eq!(said, format!("I found no “{id}” on your calendar."));
}

#[tokio::test]
async fn only_what_takes_time_is_busy() {
    let (_graph, actions) = outlook_with(&["all"]).await;
    let arguments = json!({ "when": "tomorrow" });
    let found = result(&actions, "outlook-calendar.free_busy", arguments).await;
    assert_eq!(found["busy"].as_array().unwrap().len(), 2, "{found}");
}

#[tokio::test]
async fn what_graph_refuses_is_told() {
    let (_graph, actions) = outlook_with(&["bare"]).await;
    let (_, outcome) = done(&actions, "outlook-calendar.agenda", json!({})).await;
    assert_eq!(
        outcome.connect.unwrap(),
        "/v1/oauth/connect/outlook-calendar"
    );
    let (_graph, actions) = outlook_with(&["old"]).await;
    let said = error(&actions, "outlook-calendar.agenda", json!({})).await;
    assert!(said.contains("has expired"), "{said}");
    let (graph, actions) = outlook_with(&["old", "all"]).await;
    result(&actions, "outlook-calendar.agenda", json!({})).await;
    graph.once(
        "/v1.0/me/calendarView",
        Answer::empty(429).header("retry-after", "90"),
    );
    let said = error(&actions, "outlook-calendar.agenda", json!({})).await;
    assert!(said.contains("is busy at the moment"), "{said}");
}
