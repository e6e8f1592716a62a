//! A TCP proxy before the signalling of a server, which can cut all connections, or play an older server.

use std::net::SocketAddr;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::broadcast,
    task::JoinHandle,
};

pub(crate) struct Proxy {
    port: u16,
    cut: broadcast::Sender<()>,
    accepting: JoinHandle<()>,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Proxy {
    pub(crate) async fn start(to: SocketAddr) -> Self {
        Self::with(to, false).await
    }

    /// Knows no `/rtc/v1`.
    pub(crate) async fn start_old(to: SocketAddr) -> Self {
        Self::with(to, true).await
    }

    async fn with(to: SocketAddr, is_old: bool) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (cut, _) = broadcast::channel(1);
        let cuts = cut.clone();
        let accepting = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let mut cut = cuts.subscribe();
                tokio::spawn(async move {
                    tokio::select! {
                        _ = cut.recv() => {}
                        _ = carry(client, to, is_old) => {}
                    }
                });
            }
        });
        Self {
            port,
            cut,
            accepting,
        }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Cuts every connection there is.
    pub(crate) fn cut(&self) {
        let _ = self.cut.send(());
    }
}

async fn carry(mut client: TcpStream, to: SocketAddr, is_old: bool) -> std::io::Result<()> {
    let mut head = vec![0; 16 * 1024];
    let length = client.read(&mut head).await?;
    let head = &head[..length];
    if is_old && head.starts_with(b"GET /rtc/v1") {
        let answer = b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n";
        return client.write_all(answer).await;
    }
    let mut server = TcpStream::connect(to).await?;
    server.write_all(head).await?;
    tokio::io::copy_bidirectional(&mut client, &mut server).await?;
    Ok(())
}
