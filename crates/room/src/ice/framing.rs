//! RFC 4571: packets over a byte stream, each behind its length in two bytes, big-endian.

use bytes::{Buf as _, BufMut as _, BytesMut};

/// The longest packet that ICE, DTLS or SRTP sends; a longer one means that the stream is not what it should be.
pub(crate) const MAX_PACKET_BYTES: usize = 8 * 1024;

/// The frame is longer than any packet can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TooLong;

/// Appends a packet; one that is too long is left out, as a network would.
pub(crate) fn write(packet: &[u8], out: &mut BytesMut) {
    if packet.len() <= MAX_PACKET_BYTES {
        out.put_u16(packet.len() as u16);
        out.extend_from_slice(packet);
    }
}

/// Takes the next whole packet off the front.
pub(crate) fn read(stream: &mut BytesMut) -> Result<Option<BytesMut>, TooLong> {
    let Some(&[high, low]) = stream.first_chunk() else {
        return Ok(None);
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length > MAX_PACKET_BYTES {
        return Err(TooLong);
    }
    if stream.len() < 2 + length {
        return Ok(None);
    }
    stream.advance(2);
    Ok(Some(stream.split_to(length)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_frame_that_claims_more_than_any_packet_is_refused() {
        let mut stream = BytesMut::from(&[0xff, 0xff, 0, 0][..]);
        assert_eq!(read(&mut stream), Err(TooLong));
    }

    proptest! {
        #[test]
        fn packets_survive_any_cutting_of_the_stream(
            packets in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..300), 0..20),
            cut in 1usize..97,
        ) {
            let mut wire = BytesMut::new();
            for packet in &packets {
                write(packet, &mut wire);
            }
            let (mut stream, mut got) = (BytesMut::new(), Vec::new());
            for piece in wire.chunks(cut) {
                stream.extend_from_slice(piece);
                while let Some(packet) = read(&mut stream).unwrap() {
                    got.push(packet.to_vec());
                }
            }
            prop_assert_eq!(got, packets);
            prop_assert!(stream.is_empty());
        }

        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
            let mut stream = BytesMut::from(&bytes[..]);
            while let Ok(Some(packet)) = read(&mut stream) {
                prop_assert!(packet.len() <= bytes.len());
            }
        }
    }
}
