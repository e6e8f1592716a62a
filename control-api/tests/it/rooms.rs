use crate::{
    livekit_server::{self, API_KEY, API_SECRET},
    participant::{Participant, identities, room_exists},
    test_app::{KEY, NEIGHBOURS_KEY, PAGE_KEY, TestApp, eventually, now_ms, send, unique},
};
use casp_store::sessions::{self, SessionKind, SessionState};
use livekit_api::{access_token::TokenVerifier, services::agent_dispatch::AgentDispatchClient};
use reqwest::StatusCode;
use serde_json::{Value, json};

fn joining(room: &str) -> Value {
    json!({"roomName": room, "participantIdentity": "user-1", "participantName": "John Doe"})
}

/// Dispatches by name to a room, as (agent name, metadata). LiveKit itself adds one without a name to every room.
async fn dispatches(room: &str) -> Vec<(String, String)> {
    let client = AgentDispatchClient::with_api_key(&livekit_server::url(), API_KEY, API_SECRET);
    let dispatches = client.list_dispatch(room).await.unwrap();
    dispatches
        .into_iter()
        .filter(|dispatch| !dispatch.agent_name.is_empty())
        .map(|dispatch| (dispatch.agent_name, dispatch.metadata))
        .collect()
}

#[tokio::test]
async fn joining_makes_the_room_and_gives_the_way_in() {
    let app = TestApp::production().await;
    app.worker(4).await;
    let room = unique("my-meeting");
    let answer = app.post_ours("/room/join", &joining(&room)).await;
    assert_eq!(answer.status, StatusCode::OK);
    assert_eq!(answer.json()["roomName"], room.as_str());
    insta::assert_snapshot!(answer.redacted(&["/token", "/roomName"]), @r#"
    {
      "agentPresent": true,
      "roomName": "[…]",
      "token": "[…]",
      "url": "wss://voice.example.com"
    }
    "#);
    assert!(room_exists(&room).await);
    let session = sessions::get(&app.store, &format!("web-{room}"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (session.kind, session.state, session.account),
        (SessionKind::Web, SessionState::Announced, app.account)
    );
    assert_eq!(
        (session.room_name.as_str(), session.assistant.as_str()),
        (room.as_str(), "default")
    );
}

#[tokio::test]
async fn the_token_opens_that_room_to_that_participant_for_15_minutes_and_nothing_else() {
    let app = TestApp::production().await;
    let room = unique("r");
    let token = app.post_ours("/room/join", &joining(&room)).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let claims = TokenVerifier::with_api_key(API_KEY, API_SECRET)
        .verify(&token)
        .unwrap();
    assert_eq!(
        (
            claims.sub.as_str(),
            claims.name.as_str(),
            claims.video.room.as_str()
        ),
        ("user-1", "John Doe", room.as_str())
    );
    let life_s = claims.exp as i64 - now_ms() / 1_000;
    assert!((14 * 60..=15 * 60).contains(&life_s), "{life_s}");
    let grants = claims.video;
    assert!(
        grants.room_join
            && grants.can_publish()
            && grants.can_subscribe()
            && grants.can_publish_data()
    );
    assert!(!grants.room_create && !grants.room_admin && !grants.room_list && !grants.room_record);
    assert!(!grants.hidden && !grants.recorder);
}

#[tokio::test]
async fn the_body_counts_whatever_its_content_type_says() {
    let app = TestApp::dev().await;
    for content_type in [
        None,
        Some("text/plain"),
        Some("application/x-www-form-urlencoded"),
    ] {
        let mut request = app
            .post("/room/join")
            .body(joining(&unique("r")).to_string());
        if let Some(content_type) = content_type {
            request = request.header("content-type", content_type);
        }
        assert_eq!(
            send(request).await.status,
            StatusCode::OK,
            "{content_type:?}"
        );
    }
}

#[tokio::test]
async fn livekits_own_address_is_given_where_it_has_one() {
    let app = TestApp::with(|config| {
        config.livekit_public_url = Some("wss://livekit.example.com".parse().unwrap());
    })
    .await;
    let answer = app.post_ours("/room/join", &joining(&unique("r"))).await;
    assert_eq!(answer.json()["url"], "wss://livekit.example.com");
}

#[tokio::test]
async fn without_workers_no_agent_is_promised() {
    let app = TestApp::production().await;
    let answer = app.post_ours("/room/join", &joining(&unique("r"))).await;
    assert_eq!(answer.json()["agentPresent"], false);
}

#[tokio::test]
async fn names_that_are_refused() {
    let app = TestApp::production().await;
    let long = "x".repeat(300);
    for (field, value) in [
        ("roomName", "../"),
        ("roomName", "📞📞"),
        ("roomName", long.as_str()),
        ("roomName", ""),
        ("roomName", "a/b"),
        ("roomName", "a\nb"),
        ("participantIdentity", "agent"),
        ("participantIdentity", "agent-7"),
        ("participantIdentity", "caller-7"),
        ("participantIdentity", "bridge-7"),
        ("participantIdentity", "recorder-7"),
        ("participantIdentity", ""),
        ("participantName", long.as_str()),
        ("assistant", "no-such-assistant"),
    ] {
        let mut body = joining("fine");
        body[field] = value.into();
        let answer = app.post_ours("/room/join", &body).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{field} {value:?}"
        );
        assert_eq!(
            answer.json()["errors"][0]["loc"],
            json!(["body", field]),
            "{field} {value:?}"
        );
    }
    assert!(
        app.get_ours("/sessions").await.json()["sessions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(
        app.get_ours("/room/..%2f").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        app.get_ours("/room/%F0%9F%93%9E").await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    assert_eq!(
        app.get_ours(&format!("/room/{long}")).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

#[tokio::test]
async fn a_live_room_belongs_to_one_account_and_is_free_again_afterwards() {
    let app = TestApp::production().await;
    let room = unique("shared");
    app.post_ours("/room/join", &joining(&room)).await;
    let neighbours = |path: &str| app.post(path).bearer_auth(NEIGHBOURS_KEY);
    for (path, body) in [
        ("/room/join".to_owned(), joining(&room)),
        (
            "/room/create".to_owned(),
            json!({"roomName": room, "hostIdentity": "h"}),
        ),
        ("/room/token".to_owned(), json!({"room_name": room})),
        (format!("/room/{room}/agent"), json!({"enable": false})),
    ] {
        let answer = send(neighbours(&path).json(&body)).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path}");
        assert_eq!(answer.json()["detail"], "There is no such room.", "{path}");
    }
    let look = send(
        app.get(&format!("/room/{room}"))
            .bearer_auth(NEIGHBOURS_KEY),
    )
    .await;
    assert_eq!(look.status, StatusCode::NOT_FOUND);
    sessions::end(
        &app.store,
        &format!("web-{room}"),
        "everybody left",
        now_ms(),
    )
    .await
    .unwrap();
    assert_eq!(
        send(neighbours("/room/join").json(&joining(&room)))
            .await
            .status,
        StatusCode::OK
    );
    assert_eq!(
        app.post_ours("/room/join", &joining(&room)).await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn rooms_of_calls_can_be_joined_but_not_made() {
    let app = TestApp::production().await;
    for room in ["twilio-CAnone", "whatsapp-CAnone", "api-MZnone"] {
        assert_eq!(
            app.post_ours("/room/join", &joining(room)).await.status,
            StatusCode::NOT_FOUND,
            "{room}"
        );
    }
    let call = unique("CA");
    app.session(SessionKind::Phone, app.account, &call).await;
    let answer = app
        .post_ours("/room/join", &joining(&format!("twilio-{call}")))
        .await;
    assert_eq!(answer.status, StatusCode::OK);
    let theirs = unique("CA");
    app.session(SessionKind::Phone, app.neighbour, &theirs)
        .await;
    let answer = app
        .post_ours("/room/join", &joining(&format!("twilio-{theirs}")))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn creating_gives_a_link_that_lets_a_guest_into_that_room_alone() {
    let app = TestApp::production().await;
    let room = unique("my meeting");
    let answer = app
        .post_ours(
            "/room/create",
            &json!({"roomName": room, "hostIdentity": "host-1", "hostName": "John"}),
        )
        .await;
    assert_eq!(answer.status, StatusCode::CREATED);
    insta::assert_snapshot!(answer.redacted(&["/token", "/roomName", "/roomUrl"]), @r#"
    {
      "roomName": "[…]",
      "roomUrl": "[…]",
      "token": "[…]",
      "url": "wss://voice.example.com"
    }
    "#);
    let link: url::Url = answer.json()["roomUrl"].as_str().unwrap().parse().unwrap();
    assert!(
        link.as_str()
            .starts_with("https://voice.example.com/?room="),
        "{link}"
    );
    let query: std::collections::HashMap<_, _> = link.query_pairs().into_owned().collect();
    assert_eq!(query["room"], room);
    let mut guest = joining(&room);
    guest["joinToken"] = query["join"].as_str().into();
    let joined = send(app.post("/room/join").json(&guest)).await;
    assert_eq!(joined.status, StatusCode::OK);
    // The agent knows by the token who is the account and who its guest.
    let attributes = |answer: &Value| {
        let verifier = TokenVerifier::with_api_key(API_KEY, API_SECRET);
        let claims = verifier.verify(answer["token"].as_str().unwrap()).unwrap();
        assert!(!claims.video.can_update_own_metadata.unwrap_or(true));
        claims.attributes
    };
    let (name, value) = ("casp.speaker".to_owned(), "account".to_owned());
    assert_eq!(attributes(&answer.json()), [(name, value)].into());
    assert!(attributes(&joined.json()).is_empty());
    guest["roomName"] = "another".into();
    assert_eq!(
        send(app.post("/room/join").json(&guest)).await.status,
        StatusCode::UNAUTHORIZED
    );
    guest["roomName"] = room.into();
    guest["joinToken"] = "forged.token".into();
    let refused = send(app.post("/room/join").json(&guest)).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    assert_eq!(
        refused.json()["detail"],
        "This join link is not good, or no longer. Ask for a new one."
    );
}

#[tokio::test]
async fn a_room_without_a_name_gets_one() {
    let app = TestApp::production().await;
    let first = app
        .post_ours("/room/create", &json!({"hostIdentity": "h"}))
        .await
        .json();
    let second = app
        .post_ours("/room/create", &json!({"hostIdentity": "h"}))
        .await
        .json();
    assert_ne!(first["roomName"], second["roomName"]);
}

#[tokio::test]
async fn strangers_need_a_key_or_a_link_and_pages_their_key() {
    let app = TestApp::production().await;
    let stranger = send(app.post("/room/join").json(&joining(&unique("r")))).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
    let page = app
        .post("/room/join")
        .header("x-publishable-key", PAGE_KEY)
        .json(&joining(&unique("r")));
    assert_eq!(send(page).await.status, StatusCode::OK);
    let page = app
        .post(&format!("/room/join?key={PAGE_KEY}"))
        .json(&joining(&unique("r")));
    assert_eq!(send(page).await.status, StatusCode::OK);
    let wrong = app
        .post("/room/join")
        .header("x-publishable-key", KEY)
        .json(&joining(&unique("r")));
    assert_eq!(send(wrong).await.status, StatusCode::UNAUTHORIZED);
    let create = app
        .post("/room/create")
        .header("x-publishable-key", PAGE_KEY)
        .json(&json!({"hostIdentity": "h"}));
    assert_eq!(
        send(create).await.status,
        StatusCode::UNAUTHORIZED,
        "good for joining alone"
    );
}

#[tokio::test]
async fn guests_are_counted() {
    let app = TestApp::with(|config| config.limits.guest_joins_per_minute = 2).await;
    let room = unique("r");
    let join = || {
        app.post("/room/join")
            .header("x-publishable-key", PAGE_KEY)
            .json(&joining(&room))
    };
    assert_eq!(send(join()).await.status, StatusCode::OK);
    assert_eq!(send(join()).await.status, StatusCode::OK);
    let third = send(join()).await;
    assert_eq!(third.status, StatusCode::TOO_MANY_REQUESTS);
    let wait: u64 = third.headers["retry-after"]
        .to_str()
        .unwrap()
        .parse()
        .unwrap();
    assert!((1..=60).contains(&wait));
    assert_eq!(
        app.post_ours("/room/join", &joining(&room)).await.status,
        StatusCode::OK,
        "keys are not"
    );
}

#[tokio::test]
async fn livekits_token_endpoint() {
    let app = TestApp::production().await;
    let room = unique("r");
    let body = json!({
        "room_name": room, "participant_identity": "user-1", "participant_name": "John",
        "room_config": {"agents": [{"agent_name": "somebody-elses"}]}, "participant_metadata": "x",
    });
    let answer = app.post_ours("/room/token", &body).await;
    assert_eq!(answer.status, StatusCode::OK);
    insta::assert_snapshot!(answer.redacted(&["/participant_token"]), @r#"
    {
      "participant_token": "[…]",
      "server_url": "wss://voice.example.com"
    }
    "#);
    let token = answer.json()["participant_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let claims = TokenVerifier::with_api_key(API_KEY, API_SECRET)
        .verify(&token)
        .unwrap();
    assert_eq!(
        (claims.sub.as_str(), claims.video.room.as_str()),
        ("user-1", room.as_str())
    );
    assert!(
        claims.room_config.is_none() && claims.metadata.is_empty(),
        "what the client asks for is not granted"
    );
    let anonymous = app.post_ours("/room/token", &json!({})).await;
    assert_eq!(anonymous.status, StatusCode::OK);
}

#[tokio::test]
async fn guests_get_livekits_tokens_as_they_join() {
    let app = TestApp::with(|config| config.limits.guest_joins_per_minute = 3).await;
    let room = unique("r");
    let body = json!({"room_name": room, "participant_identity": "user-1"});
    let made = app
        .post_ours(
            "/room/create",
            &json!({"roomName": room, "hostIdentity": "h"}),
        )
        .await;
    let link: url::Url = made.json()["roomUrl"].as_str().unwrap().parse().unwrap();
    let (_, join) = link.query_pairs().find(|(name, _)| name == "join").unwrap();
    let mut guest = body.clone();
    guest["join_token"] = json!(join);
    let page = || {
        let request = app.post("/room/token");
        request.header("x-publishable-key", PAGE_KEY).json(&body)
    };
    let query = app.post(&format!("/room/token?key={PAGE_KEY}"));
    for request in [
        app.post("/room/token").json(&guest),
        page(),
        query.json(&body),
    ] {
        let answer = send(request).await;
        assert_eq!(answer.status, StatusCode::OK, "{answer:?}");
        let verifier = TokenVerifier::with_api_key(API_KEY, API_SECRET);
        let answer = answer.json();
        let token = answer["participant_token"].as_str().unwrap();
        let claims = verifier.verify(token).unwrap();
        assert_eq!(claims.video.room, room);
        assert!(claims.attributes.is_empty(), "they do not speak for it");
    }
    assert_eq!(
        send(page()).await.status,
        StatusCode::TOO_MANY_REQUESTS,
        "guests are counted"
    );
    // Neither a stranger, nor the link of another room, nor a key that is no page's.
    guest["room_name"] = json!(unique("r"));
    for request in [
        app.post("/room/token").json(&body),
        app.post("/room/token").json(&guest),
        app.post("/room/token")
            .header("x-publishable-key", NEIGHBOURS_KEY)
            .json(&body),
    ] {
        assert_eq!(send(request).await.status, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test]
async fn a_room_shows_who_is_in_it() {
    let app = TestApp::production().await;
    let room = unique("r");
    app.post_ours("/room/join", &joining(&room)).await;
    let _user = Participant::directly(&room, "user-1").await;
    let _agent = Participant::directly(&room, "agent").await;
    eventually("both are listed", async || {
        identities(&room).await.unwrap_or_default().len() == 2
    })
    .await;
    let answer = app.get_ours(&format!("/room/{room}")).await;
    let mut body = answer.json();
    body["participants"]
        .as_array_mut()
        .unwrap()
        .sort_by_key(|p| p["identity"].to_string());
    for field in ["roomName", "sessionId", "startedAt"] {
        body[field] = "[…]".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&body).unwrap(), @r#"
    {
      "agentPresent": true,
      "agentState": null,
      "assistant": "default",
      "participants": [
        {
          "identity": "agent",
          "isAgent": true,
          "name": "agent"
        },
        {
          "identity": "user-1",
          "isAgent": false,
          "name": "user-1"
        }
      ],
      "recording": false,
      "roomName": "[…]",
      "sessionId": "[…]",
      "startedAt": "[…]"
    }
    "#);
    assert_eq!(
        app.get_ours("/room/no-such-room").await.status,
        StatusCode::NOT_FOUND
    );
}

#[tokio::test]
async fn a_named_agent_is_dispatched_once_with_the_sessions_id() {
    let app = TestApp::with(|config| config.agent_name = "casp".into()).await;
    app.worker(4).await;
    let room = unique("r");
    let body = joining(&room);
    let (first, second) = tokio::join!(
        app.post_ours("/room/join", &body),
        app.post_ours("/room/join", &body)
    );
    assert_eq!(
        (
            &first.json()["agentPresent"],
            &second.json()["agentPresent"]
        ),
        (&json!(true), &json!(true))
    );
    assert_eq!(
        dispatches(&room).await,
        [("casp".to_owned(), format!("web-{room}"))]
    );
}

#[tokio::test]
async fn the_agent_is_sent_away_and_called_in_again() {
    let app = TestApp::with(|config| config.agent_name = "casp".into()).await;
    app.worker(4).await;
    let room = unique("r");
    let session_id = format!("web-{room}");
    app.post_ours("/room/join", &joining(&room)).await;
    let _user = Participant::directly(&room, "user-1").await;
    let _agent = Participant::directly(&room, "agent").await;
    let epoch = sessions::claim_agent(&app.store, &session_id, "w1", now_ms(), 2_000)
        .await
        .unwrap()
        .unwrap();
    let path = format!("/room/{room}/agent");
    for _ in 0..2 {
        let answer = app.post_ours(&path, &json!({"enable": false})).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(
            answer.json(),
            json!({"roomName": room, "agentPresent": false})
        );
    }
    eventually("the agent is out", async || {
        identities(&room).await.unwrap() == ["user-1"]
    })
    .await;
    assert!(
        !sessions::holds(&app.store, &session_id, epoch)
            .await
            .unwrap()
    );
    let joined = app.post_ours("/room/join", &joining(&room)).await;
    assert_eq!(
        joined.json()["agentPresent"],
        false,
        "it stays away for whoever joins"
    );
    let before = dispatches(&room).await.len();
    for _ in 0..2 {
        let answer = app.post_ours(&path, &json!({"enable": true})).await;
        assert_eq!(
            answer.json(),
            json!({"roomName": room, "agentPresent": true})
        );
    }
    assert_eq!(dispatches(&room).await.len(), before + 1);
}

#[tokio::test]
async fn the_switch_is_for_rooms_that_are_there() {
    let app = TestApp::production().await;
    let answer = app
        .post_ours("/room/nobody/agent", &json!({"enable": true}))
        .await;
    assert_eq!(answer.status, StatusCode::NOT_FOUND);
    let answer = app
        .post_ours("/room/nobody/agent", &json!({"enable": "yes"}))
        .await;
    assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test]
async fn without_livekit_no_session_is_left_behind() {
    let app = TestApp::with(|config| {
        config.livekit = casp_room::admin::LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    let answer = app.post_ours("/room/join", &joining("r")).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(
        answer.json()["detail"],
        "LiveKit cannot be reached. Try again soon."
    );
    assert_eq!(app.get_ours("/sessions").await.json()["total"], 0);
}
