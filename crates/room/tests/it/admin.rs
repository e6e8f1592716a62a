//! The server's API.

use crate::server::{PATIENCE, Server};
use casp_room::admin::CreateRoom;
use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol::{
    self as proto, server_message::Message as FromServer, worker_message::Message as ToServer,
};
use prost::Message as _;
use std::time::Duration;
use tokio_tungstenite::tungstenite::{Message, client::IntoClientRequest as _};

fn room(name: &str) -> CreateRoom {
    CreateRoom {
        name: name.into(),
        empty_timeout: Duration::from_mins(1),
        departure_timeout: Duration::from_secs(20),
    }
}

#[tokio::test]
async fn rooms_are_made_listed_and_deleted() {
    let server = Server::start().await;
    let livekit = server.livekit();
    assert_eq!(
        livekit.participants("r").await.unwrap().map(|p| p.len()),
        None
    );
    livekit.create_room(&room("r")).await.unwrap();
    livekit.create_room(&room("r")).await.unwrap();
    assert_eq!(livekit.room_names().await.unwrap(), ["r"]);
    assert_eq!(
        livekit.participants("r").await.unwrap().map(|p| p.len()),
        Some(0)
    );
    let (_alice, _events) = server.join("r", "alice").await;
    let listed = livekit.participants("r").await.unwrap().unwrap();
    assert_eq!(
        (listed[0].identity.as_str(), listed[0].is_agent),
        ("alice", false)
    );
    livekit.remove_participant("r", "nobody").await.unwrap();
    livekit.delete_room("r").await.unwrap();
    livekit.delete_room("r").await.unwrap();
    assert!(livekit.room_names().await.unwrap().is_empty());
}

/// The least worker there can be: takes the first job it is offered, and tells of it.
async fn first_job(server: &Server, agent_name: &str) -> tokio::task::JoinHandle<proto::Job> {
    let livekit = server.livekit();
    let mut request = format!("{}/agent?protocol=1", livekit.ws_url())
        .into_client_request()
        .unwrap();
    let bearer = format!("Bearer {}", livekit.worker_token().unwrap());
    request
        .headers_mut()
        .insert("authorization", bearer.parse().unwrap());
    let (mut socket, _) = tokio_tungstenite::connect_async(request).await.unwrap();
    let say = |message| {
        let message = proto::WorkerMessage {
            message: Some(message),
        };
        Message::Binary(message.encode_to_vec().into())
    };
    let register = proto::RegisterWorkerRequest {
        r#type: proto::JobType::JtRoom as i32,
        agent_name: agent_name.into(),
        version: "0".into(),
        ping_interval: 10,
        ..Default::default()
    };
    socket
        .send(say(ToServer::Register(register)))
        .await
        .unwrap();
    let (registered, is_registered) = tokio::sync::oneshot::channel();
    let mut registered = Some(registered);
    let job = tokio::spawn(async move {
        while let Some(Ok(message)) = socket.next().await {
            let Message::Binary(bytes) = message else {
                continue;
            };
            match proto::ServerMessage::decode(bytes).unwrap().message {
                Some(FromServer::Register(_)) => registered.take().unwrap().send(()).unwrap(),
                Some(FromServer::Availability(offer)) => return offer.job.unwrap(),
                _ => {}
            }
        }
        panic!("the server hung up");
    });
    is_registered.await.unwrap();
    job
}

async fn dispatched(agent_name: &str) {
    let server = Server::start().await;
    let livekit = server.livekit();
    // There before the worker: so it is the dispatch, not the making of the room, that it hears of.
    livekit.create_room(&room("r")).await.unwrap();
    let (_alice, _events) = server.join("r", "alice").await;
    let job = first_job(&server, agent_name).await;
    // The server drops a job when it has not noticed the worker yet: whoever asks asks again, as here.
    let asking = async {
        loop {
            let asked = livekit.dispatch_agent("r", agent_name, "the metadata");
            asked.await.unwrap();
            tokio::time::sleep(Duration::from_secs(2)).await;
        }
    };
    let job = tokio::select! {
        job = tokio::time::timeout(PATIENCE, job) => job.unwrap().unwrap(),
        () = asking => unreachable!("asks for ever"),
    };
    assert_eq!(job.room.unwrap().name, "r");
    assert_eq!(job.metadata, "the metadata");
}

#[tokio::test]
async fn a_named_agent_can_be_asked_for() {
    dispatched("receptionist").await;
}

#[tokio::test]
async fn an_unnamed_agent_can_be_asked_for() {
    dispatched("").await;
}
