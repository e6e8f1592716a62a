//! Offers: one in flight at a time, made from what is wanted, so that one that is lost with its connection can
//! simply be made again.

use super::{Session, lines::Lines};
use crate::{
    peer_connection::{DataChannels, PeerConnection},
    track::TrackKey,
};
use livekit_protocol::{self as proto, signal_request::Message as Request};
use std::time::{Duration, Instant};
use str0m::{
    change::{SdpAnswer, SdpOffer, SdpPendingOffer},
    media::{Direction, MediaKind, Mid},
};

/// The server answers within milliseconds.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(8);
/// Receiving lines that a server may ask for; beyond it is a fault of the server's.
const MAX_LINES: u32 = 256;

/// The state of offers of the publishing peer connection.
#[derive(Default)]
pub(super) struct Negotiation {
    in_flight: Option<InFlight>,
    /// Something has changed since the offer in flight was made.
    is_stale: bool,
    /// Receiving lines the server asked for and no offer has had yet. `Some(0)` asks for an offer as it is.
    wanted_lines: Option<u32>,
    last_id: u32,
    pub(super) channels: Option<DataChannels>,
}

struct InFlight {
    pending: SdpPendingOffer,
    id: u32,
    sent_at: Instant,
    new_lines: Vec<Mid>,
    new_tracks: Vec<(TrackKey, Mid)>,
    channels: Option<DataChannels>,
    wanted_lines: Option<u32>,
}

impl Negotiation {
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.in_flight
            .as_ref()
            .map(|offer| offer.sent_at + ANSWER_TIMEOUT)
    }

    /// Forgets an offer whose answer will not come; all of it is wanted still.
    pub(super) fn abandon(&mut self) {
        if let Some(offer) = self.in_flight.take() {
            self.want_lines(offer.wanted_lines);
        }
        self.is_stale = true;
    }

    fn want_lines(&mut self, lines: Option<u32>) {
        if let Some(lines) = lines {
            let total = self.wanted_lines.unwrap_or(0).saturating_add(lines);
            self.wanted_lines = Some(total.min(MAX_LINES));
        }
    }
}

impl Session {
    /// Offers when something is wanted, now or after the answer that is awaited.
    pub(super) fn negotiate(&mut self) {
        if self.media.negotiation.in_flight.is_some() {
            self.media.negotiation.is_stale = true;
        } else {
            self.send_offer(false);
        }
    }

    /// The server needs lines to send on. The same lines are asked for again after a recovery.
    pub(super) fn on_lines_required(&mut self, audio: u32) {
        tracing::trace!(audio, "lines required");
        self.media.negotiation.want_lines(Some(audio));
        self.negotiate();
    }

    pub(super) fn send_offer(&mut self, restart_ice: bool) {
        if let Some(offer) = self.make_offer(restart_ice) {
            self.signal(Request::Offer(offer));
        }
    }

    /// Our offer of all that is wanted; `None` when nothing is.
    pub(super) fn make_offer(&mut self, restart_ice: bool) -> Option<proto::SessionDescription> {
        let peer = &mut self.media.publisher;
        let negotiation = &mut self.media.negotiation;
        let lines = &self.media.lines;
        negotiation.is_stale = false;
        let is_first = peer.local_description.is_none();
        let (mut new_lines, mut new_tracks) = (Vec::new(), Vec::new());
        let mut api = peer.rtc.sdp_api();
        let channels = match negotiation.channels {
            Some(_) => None,
            None => Some(DataChannels::add(&mut api)),
        };
        if is_first && self.media.subscriber.is_none() {
            // The server can use it at once for the first track, without asking.
            new_lines.push(add_receiving_line(&mut api));
        }
        for (key, cid) in self.local_tracks.without_line() {
            let (stream, track) = (Some("audio".to_owned()), Some(cid.to_owned()));
            let direction = Direction::SendOnly;
            let mid = api.add_media(MediaKind::Audio, direction, stream, track, None);
            new_tracks.push((key, mid));
        }
        for mid in self.local_tracks.retired_lines() {
            api.set_direction(mid, Direction::Inactive);
        }
        let wanted_lines = negotiation.wanted_lines.take();
        if let Some(count) = wanted_lines {
            revive(&mut api, lines);
            for _ in 0..count {
                new_lines.push(add_receiving_line(&mut api));
            }
            if !api.has_changes() && !restart_ice {
                // Nothing has changed, but the server waits for an offer, and str0m makes none without a change.
                match lines.any() {
                    Some(mid) => {
                        api.set_direction(mid, Direction::Inactive);
                        api.set_direction(mid, Direction::RecvOnly);
                    }
                    None => new_lines.push(add_receiving_line(&mut api)),
                }
            }
        }
        if restart_ice {
            api.ice_restart(true);
        }
        let (offer, pending) = api.apply()?;
        negotiation.last_id = negotiation.last_id.wrapping_add(1).max(1);
        let description = proto::SessionDescription {
            r#type: "offer".into(),
            sdp: offer.to_sdp_string(),
            id: negotiation.last_id,
            ..Default::default()
        };
        negotiation.in_flight = Some(InFlight {
            pending,
            id: negotiation.last_id,
            sent_at: Instant::now(),
            new_lines,
            new_tracks,
            channels,
            wanted_lines,
        });
        peer.local_description = Some(description.clone());
        if restart_ice {
            peer.hold_candidates();
        }
        tracing::trace!(id = description.id, sdp = description.sdp, "offer");
        Some(description)
    }

    pub(super) fn on_answer(&mut self, answer: proto::SessionDescription) {
        tracing::trace!(id = answer.id, map = ?answer.mid_to_track_id, sdp = answer.sdp, "answer");
        let negotiation = &mut self.media.negotiation;
        let is_ours = |offer: &mut InFlight| answer.id == 0 || answer.id == offer.id;
        let Some(offer) = negotiation.in_flight.take_if(is_ours) else {
            return; // an answer to an offer of an earlier connection
        };
        let accepted = SdpAnswer::from_sdp_string(&answer.sdp)
            .map_err(|error| error.to_string())
            .and_then(|sdp| {
                let api = self.media.publisher.rtc.sdp_api();
                let accepted = api.accept_answer(offer.pending, sdp);
                accepted.map_err(|error| error.to_string())
            });
        if let Err(error) = accepted {
            tracing::warn!(error, "the server's answer cannot be used");
            self.rejoin("the server's answer cannot be used");
            return;
        }
        if offer.channels.is_some() {
            negotiation.channels = offer.channels;
        }
        self.media.lines.add(offer.new_lines);
        if self.local_tracks.on_lines(&offer.new_tracks) {
            self.media.negotiation.is_stale = true;
        }
        if self.media.subscriber.is_none() {
            self.map_lines(&answer.mid_to_track_id);
        }
        self.media.publisher.on_remote_description(answer);
        let negotiation = &self.media.negotiation;
        if negotiation.is_stale || negotiation.wanted_lines.is_some() {
            self.send_offer(false);
        }
    }

    /// In [`crate::signal::Transports::Dual`] the server offers what it sends.
    pub(super) fn on_offer(&mut self, offer: proto::SessionDescription) {
        tracing::trace!(id = offer.id, map = ?offer.mid_to_track_id, sdp = offer.sdp, "server's offer");
        let Some(peer) = &mut self.media.subscriber else {
            return; // it must not in a single peer connection
        };
        let answer = match accept_offer(peer, &offer) {
            Ok(answer) => answer,
            Err(error) => {
                tracing::warn!(error, "the server's offer cannot be used");
                self.rejoin("the server's offer cannot be used");
                return;
            }
        };
        peer.local_description = Some(answer.clone());
        self.signal(Request::Answer(answer));
        let mids = offer.mid_to_track_id.keys();
        self.media
            .lines
            .add(mids.map(|mid| Mid::from(mid.as_str())));
        self.map_lines(&offer.mid_to_track_id);
        if let Some(peer) = &mut self.media.subscriber {
            peer.on_remote_description(offer);
        }
    }
}

fn add_receiving_line(api: &mut str0m::change::SdpApi<'_>) -> Mid {
    api.add_media(MediaKind::Audio, Direction::RecvOnly, None, None, None)
}

/// A line that the server answered as inactive has become so here too: offer to receive on it again.
fn revive(api: &mut str0m::change::SdpApi<'_>, lines: &Lines) {
    for mid in lines.mids() {
        api.set_direction(mid, Direction::RecvOnly);
    }
}

fn accept_offer(
    peer: &mut PeerConnection,
    offer: &proto::SessionDescription,
) -> Result<proto::SessionDescription, String> {
    let sdp = SdpOffer::from_sdp_string(&offer.sdp).map_err(|error| error.to_string())?;
    let accepted = peer.rtc.sdp_api().accept_offer(sdp);
    let answer = accepted.map_err(|error| error.to_string())?;
    Ok(proto::SessionDescription {
        r#type: "answer".into(),
        sdp: answer.to_sdp_string(),
        id: offer.id,
        ..Default::default()
    })
}
