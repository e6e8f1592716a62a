//! `POST /chat/completions`, streamed.

use crate::stand_in::{Piece, Reply, StandIn, event};
use casp_providers::{
    ChatMessage, ChatOptions, ChatRequest, Delta, FinishReason, ProviderError, Providers,
    ResponseFormat, ToolCall, ToolChoice, ToolSpec, Usage,
};
use futures_util::StreamExt;
use proptest::prelude::*;
use serde_json::json;

const HELLO: &str = r#"{"choices":[{"index":0,"delta":{"role":"assistant","content":"Hel"}}]}"#;
const LO: &str = r#"{"choices":[{"index":0,"delta":{"content":"lo."},"finish_reason":null}]}"#;
const STOP: &str = r#"{"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}"#;

pub(crate) fn hello() -> Reply {
    Reply::events(&[HELLO, LO, STOP, "[DONE]"])
}

pub(crate) fn question() -> ChatRequest {
    ChatRequest {
        messages: vec![ChatMessage::User {
            content: "Good morning".into(),
        }],
        ..ChatRequest::default()
    }
}

/// Everything that comes, up to the first error.
async fn answer(providers: &Providers) -> (Vec<Delta>, Option<ProviderError>) {
    let mut deltas = Vec::new();
    let mut answer = match providers.llm().chat(question()).await {
        Ok(answer) => answer,
        Err(error) => return (deltas, Some(error)),
    };
    while let Some(delta) = answer.next().await {
        match delta {
            Ok(delta) => deltas.push(delta),
            Err(error) => {
                assert!(answer.next().await.is_none(), "an error ends the answer");
                return (deltas, Some(error));
            }
        }
    }
    (deltas, None)
}

async fn answer_to(reply: Reply) -> (Vec<Delta>, Option<ProviderError>) {
    answer(&StandIn::start([reply]).await.providers()).await
}

fn text(text: &str) -> Delta {
    Delta::Text(text.into())
}

fn call(id: &str, name: &str, arguments: &str) -> Delta {
    Delta::ToolCall(ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
    })
}

#[tokio::test]
async fn the_whole_conversation_is_sent() {
    let mut server = StandIn::start([hello()]).await;
    let asked = ToolCall {
        id: "c1".into(),
        name: "agenda".into(),
        arguments: "{}".into(),
    };
    let request = ChatRequest {
        messages: vec![
            ChatMessage::System {
                content: "Be brief.".into(),
            },
            ChatMessage::User {
                content: "My day?".into(),
            },
            ChatMessage::Assistant {
                content: String::new(),
                tool_calls: vec![asked],
            },
            ChatMessage::Tool {
                tool_call_id: "c1".into(),
                content: "[]".into(),
            },
            ChatMessage::Assistant {
                content: "Free.".into(),
                tool_calls: vec![],
            },
        ],
        tools: vec![ToolSpec {
            name: "agenda".into(),
            description: "Reads the calendar.".into(),
            parameters: json!({"type": "object", "properties": {}}),
        }],
        temperature: Some(0.5),
        max_tokens: Some(99),
        ..ChatRequest::default()
    };
    let answer = server.providers().llm().chat(request).await.unwrap();
    let _: Vec<_> = answer.collect().await;
    let seen = server.seen().await;
    assert_eq!(
        (seen.method.as_str(), seen.path.as_str()),
        ("POST", "/v1/chat/completions")
    );
    assert_eq!(
        seen.json(),
        json!({
            "model": "gpt-4.1-mini",
            "stream": true,
            "stream_options": {"include_usage": true},
            "temperature": 0.5,
            "max_tokens": 99,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "My day?"},
                {"role": "assistant", "content": null, "tool_calls": [
                    {"id": "c1", "type": "function", "function": {"name": "agenda", "arguments": "{}"}}
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "[]"},
                {"role": "assistant", "content": "Free."},
            ],
            "tools": [{"type": "function", "function": {
                "name": "agenda",
                "description": "Reads the calendar.",
                "parameters": {"type": "object", "properties": {}},
            }}],
        })
    );
}

#[tokio::test]
async fn text_comes_as_it_is_made_and_ends_once() {
    let usage = r#"{"choices":[],"usage":{"prompt_tokens":7,"completion_tokens":2}}"#;
    let (deltas, error) = answer_to(Reply::events(&[HELLO, LO, STOP, usage, "[DONE]"])).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        deltas,
        [
            text("Hel"),
            text("lo."),
            Delta::Usage(Usage {
                prompt_tokens: 7,
                completion_tokens: 2
            }),
            Delta::Finish(FinishReason::Stop)
        ]
    );
}

#[tokio::test]
async fn what_is_asked_for_of_the_answer_is_sent() {
    let mut server = StandIn::start([hello()]).await;
    let mut request = question();
    request.options = ChatOptions {
        top_p: Some(0.5),
        seed: Some(7),
        stop: vec!["END".into()],
        tool_choice: ToolChoice::Required,
        format: ResponseFormat::JsonSchema {
            name: "day".into(),
            description: None,
            schema: json!({"type": "object"}),
            strict: Some(true),
        },
        ..ChatOptions::default()
    };
    let answer = server.providers().llm().chat(request).await.unwrap();
    let _: Vec<_> = answer.collect().await;
    let body = server.seen().await.json();
    assert_eq!(body["top_p"], 0.5);
    assert_eq!(body["seed"], 7);
    assert_eq!(body["stop"], json!(["END"]));
    assert_eq!(
        body["response_format"],
        json!({"type": "json_schema",
            "json_schema": {"name": "day", "schema": {"type": "object"}, "strict": true}})
    );
    assert!(
        body.get("tool_choice").is_none(),
        "there are no tools to choose from"
    );
}

#[tokio::test]
async fn a_server_that_cannot_count_is_asked_again_without() {
    let refusal = json!({"error": {"message": "stream_options: extra inputs are not permitted"}});
    let mut server = StandIn::start([Reply::json(&refusal).status(422), hello(), hello()]).await;
    let providers = server.providers();
    for _ in 0..2 {
        let answer = providers.llm().chat(question()).await.unwrap();
        assert!(answer.collect::<Vec<_>>().await.iter().all(Result::is_ok));
    }
    let mut asks = Vec::new();
    for _ in 0..3 {
        asks.push(server.seen().await.json().get("stream_options").is_some());
    }
    assert_eq!(asks, [true, false, false], "and remembered");
}

#[tokio::test]
async fn every_reason_of_an_end_is_told() {
    for (reason, expected) in [
        ("stop", FinishReason::Stop),
        ("length", FinishReason::Length),
        ("content_filter", FinishReason::ContentFilter),
        ("something_new", FinishReason::Stop),
    ] {
        let end =
            json!({"choices": [{"index": 0, "delta": {}, "finish_reason": reason}]}).to_string();
        let (deltas, _) = answer_to(Reply::events(&[HELLO, &end])).await;
        assert_eq!(deltas, [text("Hel"), Delta::Finish(expected)], "{reason}");
    }
    let (deltas, _) = answer_to(Reply::events(&[HELLO, "[DONE]"])).await;
    assert_eq!(
        deltas,
        [text("Hel"), Delta::Finish(FinishReason::Stop)],
        "only [DONE]"
    );
}

#[tokio::test]
async fn fragments_of_tool_calls_are_put_together_by_index() {
    let fragments = [
        r#"{"choices":[{"delta":{"content":null,"tool_calls":[{"index":0,"id":"a","type":"function","function":{"name":"agenda","arguments":""}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{\"day\":"}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":1,"id":"b","function":{"name":"send","arguments":""}}]}}]}"#,
        r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"\"today\"}"}}]}}]}"#,
        r#"{"choices":[{"delta":{},"finish_reason":"tool_calls"}]}"#,
        "[DONE]",
    ];
    let (deltas, error) = answer_to(Reply::events(&fragments)).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(
        deltas,
        [
            call("a", "agenda", r#"{"day":"today"}"#),
            call("b", "send", "{}"),
            Delta::Finish(FinishReason::ToolCalls)
        ]
    );
}

#[tokio::test]
async fn servers_that_count_calls_otherwise_are_understood() {
    // All with index 0, or with none, each whole and with an id of its own; the end is called "stop".
    for index in ["\"index\":0,", ""] {
        let whole = |id: &str| {
            format!(
                r#"{{"choices":[{{"delta":{{"tool_calls":[{{{index}"id":"{id}","function":{{"name":"f","arguments":"{{}}"}}}}]}}}}]}}"#
            )
        };
        let (deltas, error) = answer_to(Reply::events(&[&whole("a"), &whole("b"), STOP])).await;
        assert!(error.is_none(), "{error:?}");
        let expected = [
            call("a", "f", "{}"),
            call("b", "f", "{}"),
            Delta::Finish(FinishReason::ToolCalls),
        ];
        assert_eq!(deltas, expected);
    }
}

#[tokio::test]
async fn a_call_of_an_answer_that_was_cut_is_not_made() {
    let half = r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"id":"a","function":{"name":"f","arguments":"{\"x"}}]}}]}"#;
    let cut = r#"{"choices":[{"delta":{},"finish_reason":"length"}]}"#;
    let (deltas, error) = answer_to(Reply::events(&[half, cut])).await;
    assert_eq!(deltas, []);
    assert!(
        error.is_some_and(|error| error.to_string().contains("an empty answer")),
        "nothing is left of it"
    );
}

#[tokio::test]
async fn half_an_answer_is_a_bad_answer() {
    for (case, reply) in [
        (
            "closed in the middle",
            Reply::events(&[HELLO]).then(Piece::Break),
        ),
        ("ended without an end", Reply::events(&[HELLO])),
        ("not JSON", Reply::events(&[HELLO, "{oops"])),
        (
            "not UTF-8",
            Reply::events(&[HELLO]).then(Piece::Bytes(b"data: \xFF\xFE\n\n".to_vec())),
        ),
        (
            "a line without end",
            Reply::events(&[HELLO]).then(Piece::Bytes(vec![b'x'; 300 << 10])),
        ),
        (
            "an error",
            Reply::events(&[HELLO, r#"{"error":{"message":"secret words","code":null}}"#]),
        ),
        (
            "a call without a name",
            Reply::events(&[
                HELLO,
                r#"{"choices":[{"delta":{"tool_calls":[{"index":0,"function":{"arguments":"{}"}}]}}]}"#,
                STOP,
            ]),
        ),
    ] {
        let (deltas, error) = answer_to(reply).await;
        assert_eq!(deltas, [text("Hel")], "{case}");
        let error = error.expect(case);
        assert!(
            matches!(error, ProviderError::BadAnswer { .. }),
            "{case}: {error}"
        );
        assert!(!error.to_string().contains("secret"), "{case}: {error}");
    }
}

#[tokio::test]
async fn an_error_in_the_stream_keeps_its_kind() {
    let busy = r#"{"error":{"message":"m","type":"server_error","code":"overloaded"}}"#;
    let (_, error) = answer_to(Reply::events(&[HELLO, busy])).await;
    assert!(
        matches!(error, Some(ProviderError::Unavailable { .. })),
        "{error:?}"
    );
    let limited = r#"{"error":{"message":"m","type":"tokens","code":"rate_limit_exceeded"}}"#;
    let (_, error) = answer_to(Reply::events(&[HELLO, limited])).await;
    assert!(
        matches!(error, Some(ProviderError::RateLimited { .. })),
        "{error:?}"
    );
}

#[tokio::test]
async fn what_is_no_stream_is_a_bad_answer() {
    let whole = json!({"choices": [{"message": {"content": "Hello."}}]});
    for reply in [Reply::json(&whole), Reply::body("text/html", "<html>")] {
        let (_, error) = answer_to(reply).await;
        assert!(
            matches!(error, Some(ProviderError::BadAnswer { .. })),
            "{error:?}"
        );
    }
}

#[tokio::test]
async fn silence_is_given_up_wherever_it_begins() {
    for (reply, deltas, phase) in [
        (Reply::never(), 0, "first byte"),
        (Reply::events(&[]).then(Piece::Hang), 0, "first byte"),
        (Reply::events(&[HELLO]).then(Piece::Hang), 1, "next byte"),
    ] {
        let mut server = StandIn::start([reply]).await;
        let providers = if phase == "next byte" {
            server.impatient_for_the_rest()
        } else {
            server.impatient()
        };
        let (got, error) = answer(&providers).await;
        assert_eq!(got.len(), deltas);
        assert!(
            matches!(error, Some(ProviderError::Timeout { phase: p, .. }) if p == phase),
            "{error:?}, not {phase}"
        );
        server.disconnected().await;
    }
}

#[tokio::test]
async fn a_dropped_answer_is_cancelled_at_the_server() {
    let mut server = StandIn::start([Reply::events(&[HELLO]).then(Piece::Hang)]).await;
    let mut answer = server.providers().llm().chat(question()).await.unwrap();
    assert_eq!(answer.next().await.unwrap().unwrap(), text("Hel"));
    drop(answer);
    server.disconnected().await;
}

#[tokio::test]
async fn a_server_that_never_closes_its_stream_holds_nobody_up() {
    let server = StandIn::start([Reply::events(&[HELLO, STOP]).then(Piece::Hang)]).await;
    let (deltas, error) = answer(&server.providers()).await;
    assert!(error.is_none(), "{error:?}");
    assert_eq!(deltas, [text("Hel"), Delta::Finish(FinishReason::Stop)]);
}

#[test]
fn events_cut_anywhere_give_the_same_answer() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let umlaut = r#"{"choices":[{"delta":{"content":"Grüße 👋"}}]}"#;
    let whole: Vec<u8> = [HELLO, umlaut, STOP, "[DONE]"]
        .iter()
        .flat_map(|data| format!(": a comment\r\ndata: {data}\r\n\r\n").into_bytes())
        .collect();
    let config = ProptestConfig {
        cases: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(cuts in proptest::collection::vec(1_usize..40, 1..30))| {
        let mut pieces = Vec::new();
        let (mut rest, mut cuts) = (whole.as_slice(), cuts.into_iter().cycle());
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(cuts.next().unwrap().min(rest.len()));
            pieces.push(Piece::Bytes(piece.to_vec()));
            rest = after;
        }
        let (deltas, error) = runtime.block_on(answer_to(Reply::new("text/event-stream", pieces)));
        prop_assert!(error.is_none());
        prop_assert_eq!(deltas, [text("Hel"), text("Grüße 👋"), Delta::Finish(FinishReason::Stop)]);
    });
}

#[test]
fn no_stream_of_events_breaks_the_reader() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let data = prop_oneof![
        Just(HELLO.to_owned()),
        Just(STOP.to_owned()),
        Just("[DONE]".to_owned()),
        ".{0,40}",
        r#"\{"choices":\[\{"delta":\{"tool_calls":\[\{"index":[0-3],"id":"[ab]?","function":\{"name":"[fg]?"\}\}\]\}\}\]\}"#,
    ];
    let config = ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    proptest!(config, |(data in proptest::collection::vec(data, 0..8))| {
        let reply = Reply::new("text/event-stream", data.iter().map(|data| event(data)).collect());
        let (deltas, error) = runtime.block_on(answer_to(reply));
        let ends = deltas.iter().filter(|delta| matches!(delta, Delta::Finish(_))).count();
        prop_assert_eq!(ends, usize::from(error.is_none()));
    });
}
