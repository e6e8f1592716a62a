//! `onedrive.*`, on Thursday, May 28, 2026.

pub(crate) mod api;

use crate::{
    files::{DEMAND, Model},
    office::{context_with, done, error, prepared, result, speaker},
    openapi::{GRAPH, checked},
    stand_in::{Answer, StandIn},
};
use api::refused;
use casp_actions::{Action, Prepared};
use serde_json::{Value, json};
use std::sync::Arc;

const RECENT: &str = "/v1.0/me/drive/recent";
const IDEAS: &str = "/v1.0/me/drive/root:/ideas.txt:/content";

struct Office {
    graph: StandIn,
    store: StandIn,
    actions: Vec<Arc<dyn Action>>,
    model: Arc<Model>,
}

async fn office_with(token: &'static str, tells_recent: bool) -> Office {
    let store = StandIn::start(api::store).await;
    let graph = StandIn::start(checked(
        &GRAPH,
        api::rules(store.root.clone(), tells_recent),
    ))
    .await;
    let model = Arc::new(Model::saying("It is about wind."));
    let context = context_with(&graph.root, &[token], model.clone()).await;
    let actions = casp_actions::actions(&context);
    Office {
        graph,
        store,
        actions,
        model,
    }
}

async fn office() -> Office {
    office_with("all", true).await
}

fn names(found: &Value) -> Vec<&str> {
    let files = found["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"]["untrusted_text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn files_are_found_by_name_the_newest_first_and_no_folders() {
    let office = office().await;
    for (said, expected) in [
        ("budget", vec!["Budget 2026.txt", "Budget draft.docx"]),
        ("the latest budget", vec!["Budget 2026.txt"]),
        ("Ann's notes", vec!["Ann's notes.txt"]),
        ("shared plan", vec!["Shared plan.txt"]),
        // It stands in a text, not in a name.
        ("cheap", vec![]),
        ("a') or ('1' eq '1 / ..", vec![]),
    ] {
        let found = result(&office.actions, "onedrive.find", json!({"name": said})).await;
        assert_eq!(names(&found), expected, "{said}");
    }
    let none = result(&office.actions, "onedrive.find", json!({"name": "zebra"})).await;
    assert_eq!(
        none["spoken"],
        "I found no file called “zebra” in your OneDrive."
    );
}

#[tokio::test]
async fn texts_are_searched_by_kind() {
    let office = office().await;
    for (arguments, expected) in [
        (
            json!({"query": "wind"}),
            vec!["Budget 2026.txt", "Ann's notes.txt"],
        ),
        (
            json!({"query": "PDF Acme"}),
            vec!["Invoice May.pdf", "Invoice April.pdf"],
        ),
        (
            json!({"query": "acme", "kind": "pdf", "limit": 1}),
            vec!["Invoice May.pdf"],
        ),
        (json!({"query": "acme", "kind": "image"}), vec![]),
    ] {
        let found = result(&office.actions, "onedrive.search", arguments).await;
        assert_eq!(names(&found), expected);
    }
}

#[tokio::test]
async fn the_last_files_are_told_also_when_microsoft_does_not_tell_any_more() {
    let office = office().await;
    let last = result(&office.actions, "onedrive.recent", json!({})).await;
    assert_eq!(last["spoken"], "Your last 2 files.");
    assert_eq!(names(&last), ["Shared plan.txt", "Ann's notes.txt"]);
    let expected = ["Budget 2026.txt", "Invoice May.pdf", "Invoice April.pdf"];
    let silent = office_with("all", false).await;
    let last = result(&silent.actions, "onedrive.recent", json!({"limit": 4})).await;
    assert_eq!(names(&last)[1..], expected);
    let gone = office_with("all", true).await;
    gone.graph
        .once(RECENT, refused(410, "gone", "This API has been retired."));
    let last = result(&gone.actions, "onedrive.recent", json!({"limit": 4})).await;
    assert_eq!(names(&last)[1..], expected);
}

#[tokio::test]
async fn a_file_is_fetched_from_where_it_is_kept_without_the_token() {
    for (said, id, read) in [
        (
            json!({"name": "budget draft"}),
            "draft",
            "We spend less. We earn more.",
        ),
        (
            json!({"name": "the latest invoice"}),
            "may",
            "Invoice of Acme",
        ),
        (json!({"name": "shared plan"}), "there", "Theirs, not ours"),
        (
            json!({"name": "the file I last opened"}),
            "there",
            "Theirs, not ours",
        ),
    ] {
        let office = office().await;
        let summary = result(&office.actions, "onedrive.summarize", said).await;
        assert_eq!(
            summary["summary"],
            json!({"untrusted_text": "It is about wind."})
        );
        assert_eq!(office.model.last().1, json!({ "untrusted_text": read }));
        let fetched = office.store.received(&format!("/kept/{id}"));
        assert_eq!(fetched.len(), 1);
        assert_eq!(fetched[0].header("authorization"), "");
    }
}

#[tokio::test]
async fn a_file_is_fetched_from_no_other_place() {
    let content = "/v1.0/drives/own!1/items/notes/content";
    for (answer, expected) in [
        (
            Answer::empty(302).header("location", "http://example.com/kept/notes"),
            "OneDrive gave an answer that I could not read.",
        ),
        (
            Answer::empty(302).header("location", "file:///etc/passwd"),
            "OneDrive gave an answer that I could not read.",
        ),
        (
            Answer::empty(302),
            "OneDrive gave an answer that I could not read.",
        ),
        (
            refused(404, "itemNotFound", "The resource could not be found."),
            "OneDrive does not have it any more.",
        ),
        (
            refused(429, "activityLimitReached", "Throttled").header("retry-after", "60"),
            "OneDrive is busy at the moment. Please try again in a minute.",
        ),
    ] {
        let office = office().await;
        office.graph.once(content, answer);
        let arguments = json!({"name": "notes"});
        assert_eq!(
            error(&office.actions, "onedrive.summarize", arguments).await,
            expected
        );
    }
    for (answer, expected) in [
        (Answer::empty(404), "OneDrive does not have it any more."),
        (
            Answer::empty(302).header("location", "/kept/again"),
            "OneDrive does not answer at the moment. Please try again in a minute.",
        ),
        (
            Answer::bytes(200, "text/plain", "half of it").cut(),
            "OneDrive does not answer at the moment. Please try again in a minute.",
        ),
    ] {
        let office = office().await;
        office.store.once("/kept/notes", answer);
        let arguments = json!({"name": "notes"});
        assert_eq!(
            error(&office.actions, "onedrive.summarize", arguments).await,
            expected
        );
        assert!(office.model.asked.lock().unwrap().is_empty());
    }
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let office = office().await;
    for (said, expected) in [
        (
            "damaged",
            "“Damaged.pdf” is damaged, so that I cannot read it.",
        ),
        ("bomb", "“Bomb.docx” is too complex for me to read."),
        (
            "huge",
            "“Huge.pdf” is too large for me to read: I read files of up to 10 megabytes.",
        ),
        (
            "invoice",
            "Which invoice do you mean: Invoice May.pdf or Invoice April.pdf?",
        ),
        ("zebra", "I found no file called “zebra” in your OneDrive."),
    ] {
        let arguments = json!({ "name": said });
        assert_eq!(
            error(&office.actions, "onedrive.summarize", arguments).await,
            expected
        );
    }
    assert!(office.model.asked.lock().unwrap().is_empty());
    result(
        &office.actions,
        "onedrive.summarize",
        json!({"name": "plan.txt"}),
    )
    .await;
    assert_eq!(office.model.last().1, json!({ "untrusted_text": DEMAND }));
}

#[tokio::test]
async fn what_is_asked_is_what_is_saved_and_nothing_is_overwritten() {
    let office = office().await;
    let ideas = json!({"name": "ideas", "text": "Buy wind."});
    let (question, outcome) = done(&office.actions, "onedrive.upload", ideas.clone()).await;
    assert_eq!(
        question.as_deref(),
        Some("Shall I save “Buy wind.” as “ideas.txt” in your OneDrive?")
    );
    assert_eq!(
        outcome.result.unwrap()["spoken"],
        "Saved as “ideas.txt” in your OneDrive."
    );
    let sent = &office.graph.received(IDEAS)[0];
    assert_eq!(&sent.body[..], b"Buy wind.");
    assert_eq!(sent.header("content-type"), "text/plain");
    assert_eq!(
        error(&office.actions, "onedrive.upload", ideas).await,
        "There is already a file called “ideas.txt” in your OneDrive. What should I call the new one?"
    );
    let odd = json!({"name": "a/b: 50% #1?.txt", "text": "x"});
    let saved = result(&office.actions, "onedrive.upload", odd).await;
    assert_eq!(
        saved["uploaded"]["name"]["untrusted_text"],
        "a-b- 50% #1-.txt"
    );
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_made_once() {
    let office = office().await;
    let upload = office.actions.iter();
    let upload = upload
        .clone()
        .find(|one| one.name().as_str() == "onedrive.upload")
        .unwrap();
    let plan = async |text: &str| {
        let arguments = json!({"name": "ideas", "text": text});
        match prepared(&office.actions, "onedrive.upload", arguments).await {
            Prepared::Ready { arguments, .. } => arguments,
            Prepared::Refused(outcome) => panic!("{outcome:?}"),
        }
    };
    let (ours, theirs) = (plan("Buy wind.").await, plan("Sell wind.").await);
    let first = upload.run(&speaker(), ours.clone()).await;
    office.graph.once(IDEAS, Answer::empty(504));
    let second = upload.run(&speaker(), ours).await;
    assert_eq!(first.result, second.result);
    assert_eq!(office.graph.received(IDEAS).len(), 3);
    // What somebody else has put there meanwhile stays.
    let other = upload.run(&speaker(), theirs).await;
    assert_eq!(
        other.error.as_deref(),
        Some(
            "There is a file called “ideas.txt” in your OneDrive by now. What should I call the new one?"
        )
    );
}

#[tokio::test]
async fn what_was_not_granted_is_said() {
    let scope = "Your OneDrive does not let me do that yet. Connect it again at /v1/oauth/connect/onedrive and \
                 allow it.";
    for (token, name, arguments, expected) in [
        ("bare", "onedrive.find", json!({"name": "a"}), scope),
        ("bare", "onedrive.recent", json!({}), scope),
        (
            "read",
            "onedrive.upload",
            json!({"name": "a", "text": "b"}),
            scope,
        ),
        (
            "old",
            "onedrive.search",
            json!({"query": "a"}),
            "The connection to your OneDrive has expired. Connect it again at /v1/oauth/connect/onedrive.",
        ),
    ] {
        let office = office_with(token, true).await;
        let (_, outcome) = done(&office.actions, name, arguments).await;
        assert_eq!(outcome.error.as_deref(), Some(expected), "{token} {name}");
        assert_eq!(
            outcome.connect.as_deref(),
            Some("/v1/oauth/connect/onedrive")
        );
    }
}
