//! `wss://` behind a proxy whose certificate a company signs itself.

use crate::server::{Server, hear, join_at, publishing, speak, track_options};
use casp_room::{AudioCodec, Room, RoomError, RoomOptions, RootCertificates};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use std::{net::SocketAddr, sync::Arc};
use tokio::{
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::aws_lc_rs, pki_types::PrivateKeyDer},
};

struct TlsProxy {
    url: String,
    /// Of the authority, not of the server.
    root_pem: String,
    accepting: JoinHandle<()>,
}

impl Drop for TlsProxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl TlsProxy {
    async fn start(to: SocketAddr) -> Self {
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec!["127.0.0.1".into()])
            .unwrap()
            .signed_by(&key, &authority)
            .unwrap();
        let private_key = PrivateKeyDer::try_from(key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(aws_lc_rs::default_provider().into())
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], private_key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("wss://{}", listener.local_addr().unwrap());
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let acceptor = acceptor.clone();
                tokio::spawn(async move {
                    let mut client = acceptor.accept(client).await?;
                    let mut server = TcpStream::connect(to).await?;
                    tokio::io::copy_bidirectional(&mut client, &mut server).await
                });
            }
        });
        Self {
            url,
            root_pem: authority.pem(),
            accepting,
        }
    }
}

#[tokio::test]
async fn a_private_authority_is_believed_when_it_is_named() {
    let server = Server::start().await;
    let proxy = TlsProxy::start(server.address()).await;
    let token = server.token("r", "alice");
    let options = RoomOptions {
        root_certificates: RootCertificates::with_pem(proxy.root_pem.as_bytes()).unwrap(),
        ..publishing(AudioCodec::Opus)
    };
    let (alice, _events) = join_at(&proxy.url, &token, options).await;
    let track = alice.publish_audio(track_options(AudioCodec::Opus)).await;
    let _speaker = speak(Arc::new(track.unwrap()));
    let (_bob, mut bob) = server.join("r", "bob").await;
    hear(&mut bob.track().await, 20).await;
}

#[tokio::test]
async fn a_private_authority_is_not_believed_otherwise() {
    let server = Server::start().await;
    let proxy = TlsProxy::start(server.address()).await;
    let other = TlsProxy::start(server.address()).await;
    let token = server.token("r", "alice");
    for root_certificates in [
        RootCertificates::default(),
        RootCertificates::with_pem(other.root_pem.as_bytes()).unwrap(),
    ] {
        let options = RoomOptions {
            root_certificates,
            ..RoomOptions::default()
        };
        let error = Room::connect(&proxy.url, &token, options)
            .await
            .unwrap_err();
        let RoomError::Connection(why) = &error else {
            panic!("{error:?}")
        };
        assert!(why.contains("certificate"), "{why}");
    }
}
