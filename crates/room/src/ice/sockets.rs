//! The sockets of one peer connection: UDP from the start, TCP when asked for.

use super::framing;
use bytes::BytesMut;
use std::{
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
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
    udp: UdpSocket,
    udp_port: u16,
    /// The address of our UDP candidate, once there is one.
    udp_candidate: SocketAddr,
    tcp: Tcp,
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
    /// Binds UDP on every interface, since media servers may be reached by another than the signalling server;
    /// the candidate that is announced has the address of the interface that leads to the server.
    pub(crate) fn bind() -> io::Result<Self> {
        let udp = std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, 0))?;
        udp.set_nonblocking(true)?;
        let udp = UdpSocket::from_std(udp)?;
        let address = udp.local_addr()?;
        Ok(Self {
            udp,
            udp_port: address.port(),
            udp_candidate: address,
            tcp: Tcp::None,
        })
    }

    /// Names the interface address; gives the address of the host candidate. LiveKit's media goes over IPv4: where
    /// signalling came over IPv6, the interface of the IPv4 default route is taken.
    pub(crate) fn set_local_ip(&mut self, ip: IpAddr) -> SocketAddr {
        let ip = match ip {
            IpAddr::V4(_) => ip,
            IpAddr::V6(ip) if ip.is_loopback() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) => ip.to_ipv4_mapped().map_or_else(default_route, IpAddr::V4),
        };
        self.udp_candidate = SocketAddr::new(ip, self.udp_port);
        self.udp_candidate
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
            let _ = self.udp.try_send_to(packet, destination);
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
        let mut read = ReadBuf::new(buffer);
        for _ in 0..8 {
            match ready!(self.udp.poll_recv_from(context, &mut read)) {
                Ok(source) => {
                    return Poll::Ready(Packet {
                        length: read.filled().len(),
                        source,
                        destination: self.udp_candidate,
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
