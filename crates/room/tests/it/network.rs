//! A bad network between a participant and its server. Signalling passes through a WebSocket that rewrites the
//! candidates of ICE, so that media over UDP takes the way through a relay, which loses packets, delays each by
//! another time (so that they overtake each other), or lets nothing through.

use futures_util::{SinkExt as _, StreamExt as _};
use livekit_protocol::{
    self as proto, signal_request::Message as Request, signal_response::Message as Response,
};
use prost::Message as _;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use std::{
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};
use tokio::{
    net::{TcpListener, TcpStream, UdpSocket},
    task::JoinSet,
};
use tokio_tungstenite::tungstenite::{
    Message,
    client::IntoClientRequest as _,
    handshake::server::{Request as Upgrade, Response as Upgraded},
};

/// What happens to packets over UDP, in either direction.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Conditions {
    /// Of all packets, from 0 to 1.
    pub(crate) loss: f64,
    /// Each is late by up to this.
    pub(crate) jitter: Duration,
    /// Nothing passes.
    pub(crate) is_dead: bool,
}

/// The network. Its participant joins at [`Self::url`].
pub(crate) struct Network {
    port: u16,
    conditions: Arc<Mutex<Conditions>>,
    lost: Arc<Mutex<u64>>,
    _tasks: JoinSet<()>,
}

impl Network {
    /// `lets_tcp`: media may go over TCP, straight to the server.
    pub(crate) async fn start(server: SocketAddr, conditions: Conditions, lets_tcp: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let conditions = Arc::new(Mutex::new(conditions));
        let lost = Arc::default();
        let relay = Relay {
            inner: UdpSocket::bind("127.0.0.1:0").await.unwrap().into(),
            outer: UdpSocket::bind("127.0.0.1:0").await.unwrap().into(),
            client: Arc::default(),
            server: Arc::default(),
            conditions: Arc::clone(&conditions),
            lost: Arc::clone(&lost),
        };
        let mut tasks = JoinSet::new();
        tasks.spawn(relay.clone().carry(true));
        tasks.spawn(relay.clone().carry(false));
        tasks.spawn(async move {
            let mut calls = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                calls.spawn(signalling(client, server, relay.clone(), lets_tcp));
            }
        });
        Self {
            port,
            conditions,
            lost,
            _tasks: tasks,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}", self.port)
    }

    pub(crate) fn set(&self, conditions: Conditions) {
        *self.conditions.lock().unwrap() = conditions;
    }

    /// Packets that the network has lost.
    pub(crate) fn lost(&self) -> u64 {
        *self.lost.lock().unwrap()
    }
}

#[derive(Clone)]
struct Relay {
    /// Towards the participant.
    inner: Arc<UdpSocket>,
    /// Towards the server.
    outer: Arc<UdpSocket>,
    client: Arc<Mutex<Option<SocketAddr>>>,
    server: Arc<Mutex<Option<SocketAddr>>>,
    conditions: Arc<Mutex<Conditions>>,
    lost: Arc<Mutex<u64>>,
}

impl Relay {
    async fn carry(self, is_outward: bool) {
        let (from, to) = if is_outward {
            (&self.inner, &self.outer)
        } else {
            (&self.outer, &self.inner)
        };
        let mut chance = StdRng::seed_from_u64(u64::from(is_outward));
        let mut late = JoinSet::new();
        let mut packet = vec![0; 4096];
        loop {
            let Ok((length, source)) = from.recv_from(&mut packet).await else {
                continue; // an ICMP answer to an earlier packet
            };
            while late.try_join_next().is_some() {}
            let destination = if is_outward {
                *self.client.lock().unwrap() = Some(source);
                *self.server.lock().unwrap()
            } else {
                *self.client.lock().unwrap()
            };
            let conditions = *self.conditions.lock().unwrap();
            let Some(destination) = destination else {
                continue;
            };
            if conditions.is_dead || chance.random_bool(conditions.loss) {
                *self.lost.lock().unwrap() += 1;
                continue;
            }
            let (to, packet) = (Arc::clone(to), packet[..length].to_vec());
            let delay = conditions.jitter.mul_f64(chance.random_range(0.0..=1.0));
            late.spawn(async move {
                tokio::time::sleep(delay).await;
                let _ = to.send_to(&packet, destination).await;
            });
        }
    }

    /// A candidate of the server's, as the participant is to see it; `None` if it is not to.
    fn candidate(&self, line: &str, lets_tcp: bool) -> Option<String> {
        let mut words: Vec<String> = line.split(' ').map(str::to_owned).collect();
        match words
            .get(2)
            .map(|transport| transport.to_lowercase())?
            .as_str()
        {
            "udp" => {
                let address = format!("{}:{}", words[4], words[5]);
                *self.server.lock().unwrap() = Some(address.parse().unwrap());
                let relay = self.inner.local_addr().unwrap();
                words[4] = relay.ip().to_string();
                words[5] = relay.port().to_string();
                Some(words.join(" "))
            }
            _ => lets_tcp.then(|| line.to_owned()),
        }
    }

    fn description(&self, sdp: &str, lets_tcp: bool) -> String {
        let lines = sdp.lines().filter_map(|line| {
            if line.starts_with("a=candidate:") {
                self.candidate(line, lets_tcp)
            } else {
                Some(line.to_owned())
            }
        });
        lines.map(|line| line + "\r\n").collect()
    }

    fn response(&self, bytes: &[u8], lets_tcp: bool) -> Option<Vec<u8>> {
        let mut response = proto::SignalResponse::decode(bytes).unwrap();
        match response.message.as_mut()? {
            Response::Trickle(trickle) => {
                let mut init: serde_json::Value =
                    serde_json::from_str(&trickle.candidate_init).ok()?;
                let candidate = self.candidate(init["candidate"].as_str()?, lets_tcp)?;
                init["candidate"] = candidate.into();
                trickle.candidate_init = init.to_string();
            }
            Response::Answer(answer) => answer.sdp = self.description(&answer.sdp, lets_tcp),
            Response::Offer(offer) => offer.sdp = self.description(&offer.sdp, lets_tcp),
            _ => {}
        }
        Some(response.encode_to_vec())
    }
}

/// The participant's own addresses are kept from the server: it would find a way around the relay.
fn request(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut request = proto::SignalRequest::decode(bytes).unwrap();
    let hide = |description: &mut proto::SessionDescription| {
        let lines = description.sdp.lines();
        let others = lines.filter(|line| !line.starts_with("a=candidate:"));
        description.sdp = others.map(|line| line.to_owned() + "\r\n").collect();
    };
    match request.message.as_mut()? {
        Request::Trickle(_) => return None,
        Request::Offer(offer) => hide(offer),
        Request::Answer(answer) => hide(answer),
        Request::SyncState(state) => {
            state.offer.iter_mut().for_each(hide);
            state.answer.iter_mut().for_each(hide);
        }
        _ => {}
    }
    Some(request.encode_to_vec())
}

async fn signalling(client: TcpStream, server: SocketAddr, relay: Relay, lets_tcp: bool) {
    let mut upstream = None;
    #[allow(clippy::result_large_err)] // the signature is tungstenite's
    let note = |upgrade: &Upgrade, answer: Upgraded| {
        let mut request = format!("ws://{server}{}", upgrade.uri())
            .into_client_request()
            .unwrap();
        let token = upgrade.headers()["authorization"].clone();
        request.headers_mut().insert("authorization", token);
        upstream = Some(request);
        Ok(answer)
    };
    let Ok(mut client) = tokio_tungstenite::accept_hdr_async(client, note).await else {
        return;
    };
    let Ok((mut server, _)) = tokio_tungstenite::connect_async(upstream.unwrap()).await else {
        return;
    };
    loop {
        let forwarded = tokio::select! {
            message = client.next() => match message {
                Some(Ok(Message::Binary(bytes))) => match request(&bytes) {
                    Some(bytes) => server.send(Message::Binary(bytes.into())).await,
                    None => Ok(()),
                },
                Some(Ok(other)) => server.send(other).await,
                _ => return,
            },
            message = server.next() => match message {
                Some(Ok(Message::Binary(bytes))) => match relay.response(&bytes, lets_tcp) {
                    Some(bytes) => client.send(Message::Binary(bytes.into())).await,
                    None => Ok(()),
                },
                Some(Ok(other)) => client.send(other).await,
                _ => return,
            },
        };
        if forwarded.is_err() {
            return;
        }
    }
}
