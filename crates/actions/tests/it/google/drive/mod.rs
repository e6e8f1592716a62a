//! `google-drive.*`, on Thursday, May 28, 2026.

pub(crate) mod api;
mod query;

use super::{cloud::failure, discovery::checked};
use crate::{
    files::{DEMAND, Model},
    office::{context_with, done, error, prepared, result, speaker},
    stand_in::{Answer, StandIn},
};
use api::{FILES, UPLOAD, parts};
use casp_actions::{Action, Prepared};
use casp_providers::builtin::assistant::RuleBased;
use serde_json::{Value, json};
use std::sync::Arc;

struct Office {
    drive: StandIn,
    actions: Vec<Arc<dyn Action>>,
    model: Arc<Model>,
}

async fn office_with(tokens: &[&'static str], model: Model) -> Office {
    let drive = StandIn::start(checked(api::rules())).await;
    let model = Arc::new(model);
    let context = context_with(&drive.root, tokens, model.clone()).await;
    let actions = casp_actions::actions(&context);
    Office {
        drive,
        actions,
        model,
    }
}

async fn office() -> Office {
    office_with(&["ya29.drive"], Model::saying("It is about wind.")).await
}

fn names(found: &Value) -> Vec<&str> {
    let files = found["files"].as_array().unwrap();
    files
        .iter()
        .map(|file| file["name"]["untrusted_text"].as_str().unwrap())
        .collect()
}

#[tokio::test]
async fn files_are_found_by_name_without_folders_and_trash() {
    let office = office().await;
    for (said, expected) in [
        ("budget", vec!["Budget 2026.xlsx", "Budget draft"]),
        ("the 2026 budget", vec!["Budget 2026.xlsx"]),
        ("my latest invoice", vec!["Invoice May.pdf"]),
        ("Ann's \"best\" notes", vec!["Ann's \"best\" notes.txt"]),
        ("o'brien \\' or name != 'x", vec![]),
    ] {
        let found = result(&office.actions, "google-drive.find", json!({"name": said})).await;
        assert_eq!(names(&found), expected, "{said}");
    }
    let found = result(
        &office.actions,
        "google-drive.find",
        json!({"name": "2026"}),
    )
    .await;
    assert_eq!(
        found,
        json!({
            "spoken": "I found 1 file.",
            "files": [{
                "name": {"untrusted_text": "Budget 2026.xlsx"},
                "kind": "spreadsheet",
                "changed": "Tuesday, May 26 at 9:30 AM",
                "modified": "2026-05-26T09:30:00Z",
                "size_bytes": 1200,
                "link": "https://drive.google.com/file/d/b-2026/view",
                "id": "b-2026",
            }],
        })
    );
    let none = result(
        &office.actions,
        "google-drive.find",
        json!({"name": "zebra"}),
    )
    .await;
    assert_eq!(
        none["spoken"],
        "I found no file called “zebra” in your Google Drive."
    );
}

#[tokio::test]
async fn texts_are_searched_by_relevance_and_kind() {
    let office = office().await;
    let search =
        async |arguments: Value| result(&office.actions, "google-drive.search", arguments).await;
    let found = search(json!({"query": "PDF invoices Acme"})).await;
    assert!(names(&found).is_empty());
    let found = search(json!({"query": "PDF invoice Acme"})).await;
    assert_eq!(names(&found), ["Invoice May.pdf", "Invoice April.pdf"]);
    let found = search(json!({"query": "budget", "kind": "spreadsheet", "limit": 1})).await;
    assert_eq!(names(&found), ["Budget 2026.xlsx"]);
    let found = search(json!({"query": "pictures"})).await;
    assert_eq!(names(&found), ["Photo.png"]);
    let none = search(json!({"query": "zebra's \"stripes\""})).await;
    assert_eq!(
        none["spoken"],
        "I found nothing in your Google Drive about zebra's \"stripes\"."
    );
    let asked = error(
        &office.actions,
        "google-drive.search",
        json!({"query": " "}),
    )
    .await;
    assert_eq!(asked, "What is the word to look for?");
}

#[tokio::test]
async fn the_last_files_are_listed_over_short_and_empty_pages() {
    let office = office().await;
    let last = result(&office.actions, "google-drive.recent", json!({"limit": 4})).await;
    assert_eq!(last["spoken"], "Your last 4 files.");
    let expected = ["Turbines", "Budget 2026.xlsx", "Budget draft", "Figures"];
    assert_eq!(names(&last), expected);
    let asked = office.drive.received(FILES);
    assert_eq!(asked.len(), 3);
    assert_eq!(asked[0].query["orderBy"], "recency desc");
}

#[tokio::test]
async fn a_file_is_summed_up_whatever_it_is_of() {
    for (said, id, read) in [
        (
            json!({"name": "budget draft"}),
            "b-draft",
            "We spend less. We earn more.",
        ),
        (
            json!({"name": "the figures"}),
            "figures",
            "month,sum\nMay,4",
        ),
        (
            json!({"name": "the latest invoice"}),
            "may",
            "Invoice of Acme",
        ),
        (json!({"name": "letter"}), "letter", "Dear Ann"),
        (
            json!({"name": "the way to the notes"}),
            "notes",
            "Wind is cheap. It blows.",
        ),
        (
            json!({"name": "the file I last opened"}),
            "deck",
            "Turbines turn.",
        ),
        (json!({}), "deck", "Turbines turn."),
    ] {
        let office = office().await;
        let summary = result(&office.actions, "google-drive.summarize", said).await;
        assert_eq!(summary["file"]["id"], id);
        assert_eq!(summary["is_whole_file"], true);
        assert_eq!(
            summary["summary"],
            json!({"untrusted_text": "It is about wind."})
        );
        assert_eq!(office.model.last().1, json!({ "untrusted_text": read }));
    }
}

#[tokio::test]
async fn which_file_is_meant_is_asked() {
    let office = office().await;
    for (said, expected) in [
        (
            "invoice",
            "Which invoice do you mean: Invoice May.pdf or Invoice April.pdf?",
        ),
        (
            "report",
            "Which report do you mean: Report.txt, changed on Tuesday, May 12 at 9:30 AM or Report.txt, changed on \
             Monday, May 11 at 9:30 AM?",
        ),
        (
            "zebra",
            "I found no file called “zebra” in your Google Drive.",
        ),
        ("my file", "What is the file called?"),
    ] {
        let arguments = json!({ "name": said });
        assert_eq!(
            error(&office.actions, "google-drive.summarize", arguments).await,
            expected
        );
    }
    assert!(office.model.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_says_why() {
    let office = office().await;
    for (said, expected) in [
        (
            "damaged",
            "“Damaged.pdf” is damaged, so that I cannot read it.",
        ),
        (
            "secret",
            "“Secret.pdf” is protected by a password, or of a very old format, so that I cannot read it.",
        ),
        ("bomb", "“Bomb.docx” is too complex for me to read."),
        (
            "huge",
            "“Huge.pdf” is too large for me to read: I read files of up to 10 megabytes.",
        ),
        (
            "photo",
            "I cannot read files like “Photo.png”. I read texts, tables, web pages, PDF, Word and PowerPoint.",
        ),
        (
            "map",
            "“Map” is a map of Google's, which has no text that I could read.",
        ),
    ] {
        let arguments = json!({ "name": said });
        assert_eq!(
            error(&office.actions, "google-drive.summarize", arguments).await,
            expected
        );
    }
    // What is known to be too large is not even fetched.
    assert!(office.drive.received(&format!("{FILES}/huge")).is_empty());
    assert!(office.model.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn what_a_file_demands_is_data() {
    let office = office().await;
    let plan = json!({"name": "plan"});
    result(&office.actions, "google-drive.summarize", plan.clone()).await;
    let (told, asked) = office.model.last();
    assert!(told.contains("it is data") && !told.contains("eve@example.com"));
    assert_eq!(asked, json!({ "untrusted_text": DEMAND }));
    // Also when the model fails, and when it is the built-in one.
    let failing = office_with(&["ya29.drive"], Model::failing()).await;
    let summary = result(&failing.actions, "google-drive.summarize", plan.clone()).await;
    assert_eq!(summary["summary"], json!({ "untrusted_text": DEMAND }));
    let drive = StandIn::start(checked(api::rules())).await;
    let model = Arc::new(RuleBased::new());
    let context = context_with(&drive.root, &["ya29.drive"], model).await;
    let actions = casp_actions::actions(&context);
    let summary = result(&actions, "google-drive.summarize", plan).await;
    assert_eq!(summary["summary"], json!({ "untrusted_text": DEMAND }));
}

#[tokio::test]
async fn what_is_asked_is_what_is_saved() {
    let office = office().await;
    let arguments = json!({"name": "ideas", "text": "Buy wind."});
    let (question, outcome) = done(&office.actions, "google-drive.upload", arguments).await;
    assert_eq!(
        question.as_deref(),
        Some("Shall I save “Buy wind.” as “ideas.txt” in your Google Drive?")
    );
    let saved = outcome.result.unwrap();
    assert_eq!(
        saved["spoken"],
        "Saved as “ideas.txt” in your Google Drive."
    );
    assert_eq!(saved["uploaded"]["id"], "generated-0");
    let sent = office.drive.received(UPLOAD);
    let [metadata, content] = parts(&sent[0]).unwrap();
    assert_eq!(
        serde_json::from_str::<Value>(&metadata.1).unwrap(),
        json!({"id": "generated-0", "name": "ideas.txt", "mimeType": "text/plain"})
    );
    assert_eq!(content, ("text/plain".into(), "Buy wind.".into()));
    // The name is taken now.
    let again = json!({"name": "ideas", "text": "Sell."});
    assert_eq!(
        error(&office.actions, "google-drive.upload", again).await,
        "There is already a file called “ideas.txt” in your Google Drive. What should I call the new one?"
    );
    let program = json!({"name": "a.bin", "base64": "AAECAw=="});
    let (question, _) = done(&office.actions, "google-drive.upload", program).await;
    assert_eq!(
        question.as_deref(),
        Some("Shall I save a file of 4 bytes as “a.bin” in your Google Drive?")
    );
}

#[tokio::test]
async fn nothing_is_saved_before_it_is_run_or_without_a_content() {
    let office = office().await;
    for (arguments, expected) in [
        (json!({"name": "a"}), "What is the text of the file?"),
        (
            json!({"name": "", "text": "x"}),
            "What is the name of the file?",
        ),
        (json!({"name": "a", "base64": "?"}), "base64: not base64."),
        (
            json!({"name": "a", "text": "x", "base64": "AA=="}),
            "Either text or base64, not both.",
        ),
        (
            json!({"name": "a", "text": "x".repeat(4_000_001)}),
            "That is too large: I can save files of up to 4 megabytes.",
        ),
    ] {
        assert_eq!(
            error(&office.actions, "google-drive.upload", arguments).await,
            expected
        );
    }
    let long = json!({"name": "a", "text": format!("Begin {}", "more ".repeat(100))});
    let Prepared::Ready { question, .. } =
        prepared(&office.actions, "google-drive.upload", long).await
    else {
        panic!("it can run")
    };
    let question = question.unwrap();
    assert!(
        question.starts_with("Shall I save a text of 505 characters that begins with “Begin more"),
        "{question}"
    );
    assert!(office.drive.received(UPLOAD).is_empty());
}

#[tokio::test]
async fn a_file_whose_answer_was_lost_is_made_once() {
    let office = office().await;
    let arguments = json!({"name": "ideas", "text": "Buy wind."});
    let Prepared::Ready { arguments, .. } =
        prepared(&office.actions, "google-drive.upload", arguments).await
    else {
        panic!("it can run")
    };
    let mut actions = office.actions.iter();
    let upload = actions.find(|action| action.name().as_str() == "google-drive.upload");
    let upload = upload.unwrap();
    // The answer breaks off after it was made; the next attempt is told that it is there.
    let first = upload.run(&speaker(), arguments.clone()).await;
    office
        .drive
        .once(UPLOAD, failure(500, "backendError", "Backend Error"));
    let second = upload.run(&speaker(), arguments).await;
    assert_eq!(first.result, second.result);
    let all = result(
        &office.actions,
        "google-drive.find",
        json!({"name": "ideas"}),
    )
    .await;
    assert_eq!(names(&all), ["ideas.txt"]);
    assert_eq!(office.drive.received(UPLOAD).len(), 3);
}

#[tokio::test]
async fn a_token_may_be_renewed_and_must_suffice() {
    let renewed = office_with(&["ya29.old", "ya29.drive"], Model::saying("x")).await;
    result(&renewed.actions, "google-drive.recent", json!({})).await;
    let old = office_with(&["ya29.old"], Model::saying("x")).await;
    assert_eq!(
        error(&old.actions, "google-drive.recent", json!({})).await,
        "The connection to your Google Drive has expired. Connect it again at /v1/oauth/connect/google-drive."
    );
    let scope = "Your Google Drive does not let me do that yet. Connect it again at \
                 /v1/oauth/connect/google-drive and allow it.";
    for (token, name, arguments) in [
        (
            "ya29.readonly",
            "google-drive.upload",
            json!({"name": "a", "text": "b"}),
        ),
        (
            "ya29.metadata",
            "google-drive.summarize",
            json!({"name": "plan"}),
        ),
        (
            "ya29.metadata",
            "google-drive.search",
            json!({"query": "wind"}),
        ),
    ] {
        let office = office_with(&[token], Model::saying("x")).await;
        let (_, outcome) = done(&office.actions, name, arguments).await;
        assert_eq!(outcome.error.as_deref(), Some(scope), "{token} {name}");
        assert_eq!(
            outcome.connect.as_deref(),
            Some("/v1/oauth/connect/google-drive")
        );
    }
    let none = office_with(&["none"], Model::saying("x")).await;
    let (_, outcome) = done(&none.actions, "google-drive.find", json!({"name": "a"})).await;
    assert_eq!(
        outcome.connect.as_deref(),
        Some("/v1/oauth/connect/google-drive")
    );
}

#[tokio::test]
async fn what_google_refuses_is_said() {
    let path = format!("{FILES}/letter");
    for (answer, expected, attempts) in [
        (
            failure(404, "notFound", "File not found: letter."),
            "Google Drive does not have it any more.",
            1,
        ),
        (
            failure(
                403,
                "cannotDownloadFile",
                "This file cannot be downloaded by the user.",
            ),
            "Google Drive refused it: This file cannot be downloaded by the user.",
            1,
        ),
        (
            failure(429, "rateLimitExceeded", "Rate Limit Exceeded").header("retry-after", "60"),
            "Google Drive is busy at the moment. Please try again in a minute.",
            1,
        ),
    ] {
        let office = office().await;
        office.drive.once(&path, answer);
        let arguments = json!({"name": "letter"});
        let said = error(&office.actions, "google-drive.summarize", arguments).await;
        assert_eq!(said, expected);
        assert_eq!(office.drive.received(&path).len(), attempts, "{expected}");
    }
}

#[tokio::test]
async fn what_only_looks_is_tried_again() {
    for (path, answer) in [
        (
            FILES.to_owned(),
            failure(503, "backendError", "Backend Error"),
        ),
        (
            FILES.to_owned(),
            failure(429, "rateLimitExceeded", "Rate Limit Exceeded").header("retry-after", "0"),
        ),
        (
            FILES.to_owned(),
            failure(403, "userRateLimitExceeded", "User Rate Limit Exceeded"),
        ),
    ] {
        let office = office().await;
        office.drive.once(&path, answer);
        let arguments = json!({"name": "letter"});
        result(&office.actions, "google-drive.summarize", arguments).await;
        assert_eq!(office.drive.received(&path).len(), 2);
    }
    // A file that breaks off is no file.
    let office = office().await;
    let path = format!("{FILES}/letter");
    for _ in 0..4 {
        let half = Answer::bytes(200, "text/plain", "half of it").cut();
        office.drive.once(&path, half);
    }
    let said = error(
        &office.actions,
        "google-drive.summarize",
        json!({"name": "letter"}),
    )
    .await;
    assert_eq!(
        said,
        "Google Drive does not answer at the moment. Please try again in a minute."
    );
}

#[tokio::test]
async fn an_answer_that_never_comes_is_waited_for_no_longer_than_a_caller_would() {
    let office = office().await;
    let letter = json!({"name": "letter"});
    let Prepared::Ready { arguments, .. } =
        prepared(&office.actions, "google-drive.summarize", letter).await
    else {
        panic!("it can run")
    };
    let mut actions = office.actions.iter();
    let summarize = actions.find(|action| action.name().as_str() == "google-drive.summarize");
    let path = format!("{FILES}/letter");
    office.drive.once(&path, Answer::empty(200).late());
    let speaker = speaker();
    let run = summarize.unwrap().run(&speaker, arguments);
    let outcome = office.drive.outwaited(&path, run).await;
    assert_eq!(
        outcome.error.as_deref(),
        Some("Google Drive does not answer at the moment. Please try again in a minute.")
    );
}
