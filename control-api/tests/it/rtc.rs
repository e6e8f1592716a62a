use crate::{
    participant::{Participant, identities},
    test_app::{TestApp, eventually, send, unique},
};
use casp_room::admin::LiveKit;
use futures_util::{SinkExt as _, Stream, StreamExt as _};
use reqwest::StatusCode;
use serde_json::json;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, accept_hdr_async, connect_async,
    tungstenite::{
        self, Message,
        client::IntoClientRequest as _,
        handshake::server::{Request, Response},
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};

async fn token(app: &TestApp, room: &str) -> String {
    let body = json!({"roomName": room, "participantIdentity": "user-1"});
    app.post_ours("/room/join", &body).await.json()["token"]
        .as_str()
        .unwrap()
        .to_owned()
}

#[tokio::test]
async fn a_participant_joins_through_the_proxy() {
    let app = TestApp::production().await;
    let room = unique("r");
    let token = token(&app, &room).await;
    let mut user = Participant::join(&format!("ws://{}/rtc", app.address), &token).await;
    assert_eq!(user.identity, "user-1");
    assert_eq!(identities(&room).await.unwrap(), ["user-1"]);
    user.socket.close(None).await.unwrap();
}

#[tokio::test]
async fn livekits_own_answers_come_through() {
    let app = TestApp::production().await;
    let token = token(&app, &unique("r")).await;
    let good = send(app.get(&format!("/rtc/validate?access_token={token}"))).await;
    assert_eq!(
        (good.status, good.text.as_str()),
        (StatusCode::OK, "success")
    );
    assert_eq!(
        send(app.get("/rtc/validate").bearer_auth(&token))
            .await
            .status,
        StatusCode::OK
    );
    let newer = send(app.get(&format!("/rtc/v1/validate?access_token={token}"))).await;
    assert_eq!(
        (newer.status, newer.text.trim()),
        (StatusCode::BAD_REQUEST, "join_request is required")
    );
    for path in ["/rtc/validate", "/rtc/v1/validate"] {
        let bad = send(app.get(&format!("{path}?access_token=x"))).await;
        assert_eq!(bad.status, StatusCode::UNAUTHORIZED, "{path}");
        assert!(!bad.text.contains("status_code"), "{path}: {}", bad.text);
    }
    for path in ["/rtc", "/rtc/v1"] {
        let refused = connect_async(format!("ws://{}{path}?access_token=x", app.address))
            .await
            .unwrap_err();
        let tungstenite::Error::Http(response) = refused else {
            panic!("{refused}")
        };
        assert_eq!(response.status().as_u16(), 401, "{path}");
    }
}

#[tokio::test]
async fn what_is_no_websocket_is_told_so() {
    let app = TestApp::production().await;
    let answer = send(app.get("/rtc")).await;
    assert_eq!(answer.status, StatusCode::BAD_REQUEST);
    assert_eq!(
        answer.json()["detail"],
        "This is a WebSocket: connect with one."
    );
    assert_eq!(send(app.get("/rtc/v9")).await.status, StatusCode::NOT_FOUND);
}

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;
type LiveKitSide = WebSocketStream<TcpStream>;

/// A stand-in for LiveKit that takes one WebSocket and hands it over, with the request that asked for it.
struct StandIn {
    listener: TcpListener,
}

impl StandIn {
    async fn start() -> Self {
        Self {
            listener: TcpListener::bind("127.0.0.1:0").await.unwrap(),
        }
    }

    async fn app(&self, change: impl FnOnce(&mut casp_control_api::ControlApiConfig)) -> TestApp {
        let url = format!("http://{}", self.listener.local_addr().unwrap());
        TestApp::with(|config| {
            config.livekit = LiveKit::new(&url, "k", "s").unwrap();
            change(config);
        })
        .await
    }

    #[allow(clippy::result_large_err, reason = "the library's own callback")]
    async fn accept(&self) -> (LiveKitSide, Request) {
        let (stream, _) = self.listener.accept().await.unwrap();
        let mut seen = None;
        let socket = accept_hdr_async(stream, |request: &Request, mut response: Response| {
            seen = Some(request.clone());
            if request.headers().contains_key("sec-websocket-protocol") {
                response
                    .headers_mut()
                    .insert("sec-websocket-protocol", "chosen".parse().unwrap());
            }
            Ok(response)
        })
        .await
        .unwrap();
        (socket, seen.unwrap())
    }

    /// Both ends of a proxied connection.
    async fn connect(&self, app: &TestApp) -> (Socket, LiveKitSide) {
        let url = format!("ws://{}/rtc/v1?access_token=t", app.address);
        let (client, (livekit, _)) =
            tokio::join!(async { connect_async(url).await.unwrap().0 }, self.accept());
        (client, livekit)
    }
}

async fn next(
    socket: &mut (impl Stream<Item = Result<Message, tungstenite::Error>> + Unpin),
) -> Option<Result<Message, tungstenite::Error>> {
    tokio::time::timeout(Duration::from_secs(30), socket.next())
        .await
        .expect("in time")
}

#[tokio::test]
async fn path_query_authorization_and_subprotocol_go_through_and_nothing_else() {
    let stand_in = StandIn::start().await;
    let app = stand_in.app(|_| {}).await;
    let mut request = format!("ws://{}/rtc/v1?join_request=a%2Bb%3D%3D&x=1", app.address)
        .into_client_request()
        .unwrap();
    for (name, value) in [
        ("authorization", "Bearer t"),
        ("sec-websocket-protocol", "chosen, other"),
        ("cookie", "private=1"),
        ("x-forwarded-for", "192.0.2.1"),
    ] {
        request.headers_mut().insert(name, value.parse().unwrap());
    }
    let ((_client, response), (_livekit, seen)) = tokio::join!(
        async { connect_async(request).await.unwrap() },
        stand_in.accept()
    );
    assert_eq!(
        seen.uri().to_string(),
        "/rtc/v1?join_request=a%2Bb%3D%3D&x=1"
    );
    assert_eq!(seen.headers()["authorization"], "Bearer t");
    assert_eq!(seen.headers()["sec-websocket-protocol"], "chosen, other");
    assert!(
        !seen.headers().contains_key("cookie") && !seen.headers().contains_key("x-forwarded-for")
    );
    assert_eq!(response.headers()["sec-websocket-protocol"], "chosen");
}

#[tokio::test]
async fn messages_of_all_kinds_pass_both_ways_in_order() {
    let stand_in = StandIn::start().await;
    let app = stand_in.app(|_| {}).await;
    let (mut client, mut livekit) = stand_in.connect(&app).await;
    for n in 0..50u8 {
        let binary = Message::binary(vec![n; 1 + 100 * usize::from(n)]);
        let text = Message::text(format!("grüezi {n}"));
        for message in [binary, text] {
            client.send(message.clone()).await.unwrap();
            assert_eq!(next(&mut livekit).await.unwrap().unwrap(), message);
            livekit.send(message.clone()).await.unwrap();
            assert_eq!(next(&mut client).await.unwrap().unwrap(), message);
        }
    }
    livekit.send(Message::Ping(vec![7].into())).await.unwrap();
    assert_eq!(
        next(&mut client).await.unwrap().unwrap(),
        Message::Ping(vec![7].into())
    );
}

#[tokio::test]
async fn farewells_pass_with_their_code_and_reason() {
    let stand_in = StandIn::start().await;
    let app = stand_in.app(|_| {}).await;
    let farewell = Message::Close(Some(CloseFrame {
        code: CloseCode::Library(4001),
        reason: "done".into(),
    }));
    let (mut client, mut livekit) = stand_in.connect(&app).await;
    client.send(farewell.clone()).await.unwrap();
    assert_eq!(next(&mut livekit).await.unwrap().unwrap(), farewell);
    let (mut client, mut livekit) = stand_in.connect(&app).await;
    livekit.send(farewell.clone()).await.unwrap();
    assert_eq!(next(&mut client).await.unwrap().unwrap(), farewell);
}

#[tokio::test]
async fn a_connection_that_breaks_breaks_on_the_other_side_without_a_farewell() {
    let stand_in = StandIn::start().await;
    let app = stand_in.app(|_| {}).await;
    let (client, mut livekit) = stand_in.connect(&app).await;
    drop(client);
    assert!(!matches!(next(&mut livekit).await, Some(Ok(_))));
    let (mut client, livekit) = stand_in.connect(&app).await;
    drop(livekit);
    assert!(!matches!(next(&mut client).await, Some(Ok(_))));
}

#[tokio::test]
async fn a_message_over_the_limit_ends_the_connection() {
    let stand_in = StandIn::start().await;
    let app = stand_in
        .app(|config| config.limits.proxied_message_bytes = 1_000)
        .await;
    let (mut client, mut livekit) = stand_in.connect(&app).await;
    client.send(Message::binary(vec![0; 1_000])).await.unwrap();
    assert!(next(&mut livekit).await.unwrap().unwrap().is_binary());
    client.send(Message::binary(vec![0; 1_001])).await.unwrap();
    let Some(Ok(Message::Close(Some(frame)))) = next(&mut livekit).await else {
        panic!("no farewell")
    };
    assert_eq!(frame.code, CloseCode::Size);
}

#[tokio::test]
async fn a_silent_participant_is_let_go() {
    let stand_in = StandIn::start().await;
    let app = stand_in
        .app(|config| config.limits.proxied_idle = Duration::from_millis(200))
        .await;
    let (mut client, mut livekit) = stand_in.connect(&app).await;
    for side in [next(&mut client).await, next(&mut livekit).await] {
        let Some(Ok(Message::Close(Some(frame)))) = side else {
            panic!("no farewell: {side:?}")
        };
        assert_eq!(frame.code, CloseCode::Away);
    }
}

#[tokio::test]
async fn connections_are_counted_and_given_back() {
    let stand_in = StandIn::start().await;
    let app = stand_in
        .app(|config| config.limits.proxied_sockets = 1)
        .await;
    let (client, _livekit) = stand_in.connect(&app).await;
    let url = format!("ws://{}/rtc?access_token=t", app.address);
    let refused = connect_async(&url).await.unwrap_err();
    let tungstenite::Error::Http(response) = refused else {
        panic!("{refused}")
    };
    assert_eq!(response.status().as_u16(), 503);
    drop(client);
    eventually("the place is free again", async || {
        tokio::select! {
            connected = connect_async(&url) => connected.is_ok(),
            _ = async { loop { let _socket = stand_in.accept().await; } } => unreachable!(),
        }
    })
    .await;
}

#[tokio::test]
async fn a_process_that_ends_says_so() {
    let stand_in = StandIn::start().await;
    let app = stand_in.app(|_| {}).await;
    let (mut client, _livekit) = stand_in.connect(&app).await;
    app.shutdown.cancel();
    let Some(Ok(Message::Close(Some(frame)))) = next(&mut client).await else {
        panic!("no farewell")
    };
    assert_eq!(frame.code, CloseCode::Restart);
}

#[tokio::test]
async fn without_livekit_it_is_unavailable_and_the_token_is_not_repeated() {
    let app = TestApp::with(|config| {
        config.livekit = LiveKit::new("http://127.0.0.1:1", "k", "s").unwrap();
    })
    .await;
    let refused = connect_async(format!("ws://{}/rtc?access_token=secret", app.address))
        .await
        .unwrap_err();
    let tungstenite::Error::Http(response) = refused else {
        panic!("{refused}")
    };
    assert_eq!(response.status().as_u16(), 503);
    let validate = send(app.get("/rtc/validate?access_token=secret")).await;
    assert_eq!(validate.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(!validate.text.contains("secret"));
}
