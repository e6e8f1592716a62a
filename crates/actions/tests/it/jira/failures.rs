//! What is said, and what is done again, when Jira refuses or fails.

use super::{
    jira, jira_with, path,
    site::{refused, refused_field},
};
use crate::{
    office::{done, error, result, run, settled},
    stand_in::Answer,
};
use serde_json::{Value, json};

const UNKNOWN: &str = "Jira site did not answer; it is not known whether it was done. Please check before you try again.";

fn comment() -> Value {
    json!({ "issue": "WEB-12", "text": "On it." })
}

#[tokio::test]
async fn a_token_that_is_refused_is_renewed_once() {
    let (site, actions) = jira_with(&["old", "all"]).await;
    result(&actions, "jira.comment", comment()).await;
    assert_eq!(site.received(&path("issue/WEB-12"))[0].token(), "old");
    assert_eq!(site.received(&path("issue/WEB-12/comment")).len(), 1);
    let (_site, actions) = jira_with(&["old"]).await;
    let (_, outcome) = done(&actions, "jira.comment", comment()).await;
    assert!(outcome.error.unwrap().contains("has expired"));
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/jira");
}

#[tokio::test]
async fn what_was_not_granted_is_said() {
    let (site, actions) = jira_with(&["bare", "all"]).await;
    let (_, outcome) = done(&actions, "jira.comment", comment()).await;
    assert!(
        outcome
            .error
            .unwrap()
            .contains("does not let me do that yet")
    );
    assert_eq!(outcome.connect.unwrap(), "/v1/oauth/connect/jira");
    // Another token would have the same scopes.
    assert_eq!(site.received(&path("issue/WEB-12")).len(), 1);
    let (_site, actions) = jira_with(&["none"]).await;
    let said = error(&actions, "jira.search", json!({})).await;
    assert!(said.starts_with("No Jira site is connected."), "{said}");
}

#[tokio::test]
async fn refusals_are_told_in_jiras_words() {
    for (answer, expected) in [
        (
            refused_field("components", "Component/s is required."),
            "Jira site refused it: Component/s is required.",
        ),
        (
            refused(
                403,
                "You do not have permission to create issues in this project.",
            ),
            "Jira site refused it: You do not have permission to create issues in this project.",
        ),
        (
            refused(
                404,
                "Issue does not exist or you do not have permission to see it.",
            ),
            "Jira site does not have it any more.",
        ),
        (
            refused(409, "The issue was changed meanwhile."),
            "Jira site refused it: The issue was changed meanwhile.",
        ),
        (
            refused(429, "Rate limit exceeded.").header("retry-after", "60"),
            "Jira site is busy at the moment. Please try again in a minute.",
        ),
        (Answer::empty(500), UNKNOWN),
    ] {
        let (site, actions) = jira().await;
        site.once(&path("issue"), answer);
        let arguments = json!({ "summary": "Order paper", "project": "WEB" });
        let said = error(&actions, "jira.create_issue", arguments).await;
        assert_eq!(said, expected);
        assert_eq!(site.received(&path("issue")).len(), 1, "{expected}");
    }
}

#[tokio::test]
async fn a_full_quota_is_waited_for_as_long_as_jira_says() {
    let (site, actions) = jira().await;
    let busy = Answer::json(429, &json!({})).header("retry-after", "0");
    site.once(&path("issue/WEB-12/comment"), busy);
    result(&actions, "jira.comment", comment()).await;
    assert_eq!(site.received(&path("issue/WEB-12/comment")).len(), 2);
}

#[tokio::test]
async fn what_only_looks_is_repeated_and_what_writes_is_not() {
    let (site, actions) = jira().await;
    site.once(&path("search/jql"), Answer::empty(502));
    let found = result(&actions, "jira.search", json!({ "query": "login" })).await;
    assert_eq!(found["issues"].as_array().unwrap().len(), 2);
    assert_eq!(site.received(&path("search/jql")).len(), 2);
    let made = Answer::json(
        201,
        &json!({ "id": "700", "body": "a body that is lost on its way" }),
    );
    for answer in [made.cut(), Answer::empty(502)] {
        let before = site.received(&path("issue/WEB-12/comment")).len();
        site.once(&path("issue/WEB-12/comment"), answer);
        assert_eq!(error(&actions, "jira.comment", comment()).await, UNKNOWN);
        let after = site.received(&path("issue/WEB-12/comment")).len();
        assert_eq!(after, before + 1);
    }
}

#[tokio::test]
async fn a_site_that_never_answers_is_given_up() {
    let (site, actions) = jira().await;
    let arguments = settled(&actions, "jira.comment", comment()).await;
    site.once(&path("issue/WEB-12/comment"), Answer::empty(201).late());
    let run = run(&actions, "jira.comment", arguments);
    let outcome = site.outwaited(&path("issue/WEB-12/comment"), run).await;
    assert_eq!(outcome.error.unwrap(), UNKNOWN);
}

#[tokio::test]
async fn whether_an_issue_moved_is_looked_up_when_the_answer_was_lost() {
    let (site, actions) = jira().await;
    let arguments = json!({ "issue": "WEB-12", "to": "Done" });
    let arguments = settled(&actions, "jira.transition", arguments).await;
    let steps = path("issue/WEB-12/transitions");
    // It is still where it was.
    site.once(&steps, Answer::empty(502));
    let outcome = run(&actions, "jira.transition", arguments.clone()).await;
    assert_eq!(outcome.error.unwrap(), UNKNOWN);
    // It is where it should be.
    let mut moved = super::site::issues()[0].clone();
    moved["fields"]["status"] = super::site::done();
    site.once(&steps, Answer::empty(502));
    site.once(&path("issue/WEB-12"), Answer::json(200, &moved));
    let outcome = run(&actions, "jira.transition", arguments).await;
    assert_eq!(outcome.result.unwrap()["spoken"], "WEB-12 is Done now.");
    let posted = site
        .received(&steps)
        .into_iter()
        .filter(|one| one.method == "POST");
    assert_eq!(posted.count(), 2);
}

#[tokio::test]
async fn an_issue_that_went_elsewhere_meanwhile_stays_there() {
    let (site, actions) = jira().await;
    let arguments = json!({ "issue": "WEB-12", "to": "Done" });
    let mut arguments = settled(&actions, "jira.transition", arguments).await;
    arguments["transition"] = json!("99");
    let outcome = run(&actions, "jira.transition", arguments).await;
    assert_eq!(
        outcome.error.unwrap(),
        "Jira site refused it: It seems that you have tried to perform an illegal workflow operation."
    );
    drop(site);
}
