//! The sockets of one peer connection: UDP from the start, TCP when asked for.

use super::framing;
use bytes::BytesMut;
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::Pin,
    task::{Context, Poll, ready},
    time::Duration,
};
use str0m::net::Protocol;
use tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::{TcpStream, UdpSocket},
};

/// What waits for a TCP connection that does not take it; the oldest audio is worth nothing, so more is dropped.
const MAX_TCP_BACKLOG_BYTES: usize = 32 * 1024;
const TCP_CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A received packet's way.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Packet {
    /// Bytes of the buffer that it fills.
    pub(crate) length: usize,
    /// Sent from.
    pub(crate) source: SocketAddr,
    /// The candidate of ours that it came to.
    pub(crate) destination: SocketAddr,
    /// Transport.
    pub(crate) protocol: Protocol,
}

/// The sockets below one ICE agent.
pub(crate) struct Sockets {
    v4: Udp,
    /// Where signalling goes over IPv6.
    v6: Option<Udp>,
    tcp: Tcp,
}

struct Udp {
    socket: UdpSocket,
    /// What is announced of it: its port, at the address of the interface that leads to the server.
    candidate: SocketAddr,
}

enum Tcp {
    None,
    Connecting(Pin<Box<dyn Future<Output = io::Result<TcpStream>> + Send>>),
    Open(TcpLink),
}

struct TcpLink {
    stream: TcpStream,
    local: SocketAddr,
    remote: SocketAddr,
    received: BytesMut,
    unsent: BytesMut,
}

impl Sockets {
    /// Binds UDP on every interface, since media servers may be reached by another than the signalling server.
    pub(crate) fn bind() -> io::Result<Self> {
        Ok(Self {
            v4: Udp::bind(Ipv4Addr::UNSPECIFIED.into())?,
            v6: None,
            tcp: Tcp::None,
        })
    }

    /// Names the interface address; gives the addresses of the host candidates. Where signalling goes over IPv6 media
    /// may do so too, and over IPv4 by the default route: most servers have both, or announce IPv4 alone.
    pub(crate) fn set_local_ip(&mut self, ip: IpAddr) -> Vec<SocketAddr> {
        let mut candidates = Vec::new();
        let v4 = match ip.to_canonical() {
            IpAddr::V4(ip) => ip.into(),
            IpAddr::V6(ip) => {
                match Udp::bind(Ipv6Addr::UNSPECIFIED.into()) {
                    Ok(mut udp) => {
                        udp.candidate.set_ip(ip.into());
                        candidates.push(udp.candidate);
                        self.v6 = Some(udp);
                    }
                    Err(error) => tracing::debug!(%error, "no UDP over IPv6"),
                }
                if ip.is_loopback() {
                    Ipv4Addr::LOCALHOST.into()
                } else {
                    default_route()
                }
            }
        };
        self.v4.candidate.set_ip(v4);
        candidates.push(self.v4.candidate);
        candidates
    }

    /// Starts to connect to a passive TCP candidate, unless one is connected or on its way.
    pub(crate) fn connect_tcp(&mut self, remote: SocketAddr) {
        if matches!(self.tcp, Tcp::None) {
            self.tcp = Tcp::Connecting(Box::pin(async move {
                tokio::time::timeout(TCP_CONNECT_TIMEOUT, TcpStream::connect(remote))
                    .await
                    .map_err(|_| io::Error::from(io::ErrorKind::TimedOut))?
            }));
        }
    }

    /// Waits for the TCP connection; gives (local, remote) once, when it is there, or the error.
    pub(crate) fn poll_tcp_connected(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<(SocketAddr, SocketAddr)>> {
        let Tcp::Connecting(connecting) = &mut self.tcp else {
            return Poll::Pending;
        };
        let opened = ready!(connecting.as_mut().poll(context)).and_then(|stream| {
            stream.set_nodelay(true)?;
            Ok(TcpLink {
                local: stream.local_addr()?,
                remote: stream.peer_addr()?,
                stream,
                received: BytesMut::new(),
                unsent: BytesMut::new(),
            })
        });
        Poll::Ready(match opened {
            Ok(link) => {
                let addresses = (link.local, link.remote);
                self.tcp = Tcp::Open(link);
                Ok(addresses)
            }
            Err(error) => {
                self.tcp = Tcp::None;
                Err(error)
            }
        })
    }

    /// Sends, or loses the packet as any network may.
    pub(crate) fn send(&mut self, protocol: Protocol, destination: SocketAddr, packet: &[u8]) {
        if protocol == Protocol::Udp {
            let udp = match (&self.v6, destination) {
                (Some(v6), SocketAddr::V6(_)) => v6,
                _ => &self.v4,
            };
            let _ = udp.socket.try_send_to(packet, destination);
        } else if let Tcp::Open(link) = &mut self.tcp
            && link.unsent.len() < MAX_TCP_BACKLOG_BYTES
        {
            framing::write(packet, &mut link.unsent);
            link.try_write();
        }
    }

    /// The next packet, into `buffer`.
    pub(crate) fn poll_packet(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<Packet> {
        if let Tcp::Open(link) = &mut self.tcp {
            match link.poll_packet(context, buffer) {
                Poll::Ready(Ok(packet)) => return Poll::Ready(packet),
                // ICE notices by itself that nothing comes any more.
                Poll::Ready(Err(error)) => {
                    tracing::debug!(%error, "TCP connection of ICE lost");
                    self.tcp = Tcp::None;
                }
                Poll::Pending => {}
            }
        }
        if let Some(v6) = &self.v6
            && let Poll::Ready(packet) = v6.poll_packet(context, buffer)
        {
            return Poll::Ready(packet);
        }
        self.v4.poll_packet(context, buffer)
    }
}

impl Udp {
    fn bind(ip: IpAddr) -> io::Result<Self> {
        let socket = std::net::UdpSocket::bind((ip, 0))?;
        socket.set_nonblocking(true)?;
        let socket = UdpSocket::from_std(socket)?;
        let candidate = socket.local_addr()?;
        Ok(Self { socket, candidate })
    }

    fn poll_packet(&self, context: &mut Context<'_>, buffer: &mut [u8]) -> Poll<Packet> {
        let mut read = ReadBuf::new(buffer);
        for _ in 0..8 {
            match ready!(self.socket.poll_recv_from(context, &mut read)) {
                Ok(source) => {
                    return Poll::Ready(Packet {
                        length: read.filled().len(),
                        source,
                        destination: self.candidate,
                        protocol: Protocol::Udp,
                    });
                }
                // An ICMP answer to an earlier packet (port closed); it says nothing about the socket.
                Err(_) => read.clear(),
            }
        }
        // A socket with nothing but errors must not keep the task from all else.
        context.waker().wake_by_ref();
        Poll::Pending
    }
}

/// The local address towards anywhere; nothing is sent (192.0.2.1 is for documentation, RFC 5737).
fn default_route() -> IpAddr {
    std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))
        .and_then(|probe| {
            probe.connect((Ipv4Addr::new(192, 0, 2, 1), 9))?;
            probe.local_addr()
        })
        .map_or(Ipv4Addr::LOCALHOST.into(), |address| address.ip())
}

impl TcpLink {
    fn try_write(&mut self) {
        while !self.unsent.is_empty() {
            match self.stream.try_write(&self.unsent) {
                Ok(0) | Err(_) => return,
                Ok(written) => drop(self.unsent.split_to(written)),
            }
        }
    }

    fn poll_packet(
        &mut self,
        context: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<Packet>> {
        while !self.unsent.is_empty() {
            match Pin::new(&mut self.stream).poll_write(context, &self.unsent) {
                Poll::Ready(Ok(written)) => drop(self.unsent.split_to(written)),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(error)),
                Poll::Pending => break,
            }
        }
        loop {
            let invalid = |_| io::Error::from(io::ErrorKind::InvalidData);
            if let Some(packet) = framing::read(&mut self.received).map_err(invalid)? {
                let Some(room) = buffer.get_mut(..packet.len()) else {
                    continue;
                };
                room.copy_from_slice(&packet);
                return Poll::Ready(Ok(Packet {
                    length: packet.len(),
                    source: self.remote,
                    destination: self.local,
                    protocol: Protocol::Tcp,
                }));
            }
            let mut chunk = [0_u8; 2048];
            let mut read = ReadBuf::new(&mut chunk);
            ready!(Pin::new(&mut self.stream).poll_read(context, &mut read))?;
            if read.filled().is_empty() {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
            self.received.extend_from_slice(read.filled());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::future::poll_fn;

    #[tokio::test]
    async fn over_ipv6_both_families_are_announced_and_heard() {
        let mut sockets = Sockets::bind().unwrap();
        let candidates = sockets.set_local_ip(Ipv6Addr::LOCALHOST.into());
        assert_eq!(candidates.len(), 2);
        assert!(candidates[0].is_ipv6() && candidates[1].is_ipv4());
        let mut buffer = [0; 64];
        for candidate in candidates {
            let server = UdpSocket::bind((candidate.ip(), 0)).await.unwrap();
            server.send_to(b"hello", candidate).await.unwrap();
            let packet = poll_fn(|context| sockets.poll_packet(context, &mut buffer)).await;
            assert_eq!(packet.destination, candidate);
            sockets.send(Protocol::Udp, packet.source, b"hello yourself");
            let (length, from) = server.recv_from(&mut buffer).await.unwrap();
            assert_eq!(
                (&buffer[..length], from),
                (&b"hello yourself"[..], candidate)
            );
        }
    }

    #[tokio::test]
    async fn over_ipv4_there_is_no_other() {
        let mut sockets = Sockets::bind().unwrap();
        let mapped = Ipv4Addr::LOCALHOST.to_ipv6_mapped();
        let candidates = sockets.set_local_ip(mapped.into());
        assert_eq!(candidates.len(), 1);
        assert_eq!(candidates[0].ip(), Ipv4Addr::LOCALHOST);
    }
}
