//! Who is in the room beside the agent.

use casp_room::{ParticipantKind, RemoteParticipant, TrackKind};
use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

/// How long a room may stay empty of people before the agent leaves: a reload of the page, a bridge that died
/// and whose call Twilio brings back, take less.
const GRACE: Duration = Duration::from_secs(20);
/// How long the first one may take.
const FIRST: Duration = Duration::from_mins(1);

/// The people in a room, and since when there are none.
#[derive(Debug)]
pub(super) struct People {
    /// By identity: whether they can speak.
    present: BTreeMap<String, Person>,
    leave_at: Option<Instant>,
    /// Somebody may come back until then.
    expected_until: Option<Instant>,
}

#[derive(Debug, Default)]
struct Person {
    /// Audio tracks, and whether each is muted.
    tracks: BTreeMap<String, bool>,
    /// Came as the account itself, and not as its guest.
    speaks_for_account: bool,
}

/// Whether somebody is a person, and not another agent or a machine that only records.
fn is_person(participant: &RemoteParticipant) -> bool {
    participant.kind != ParticipantKind::Agent
        && !["agent", "recorder-", "EG_"]
            .iter()
            .any(|prefix| participant.identity.starts_with(prefix))
}

/// Whether the identity is that of a bridge that holds a phone call.
pub(super) fn is_bridge(identity: &str) -> bool {
    identity.starts_with("caller-")
}

impl People {
    /// An empty room.
    pub(super) fn new(now: Instant) -> Self {
        Self {
            present: BTreeMap::new(),
            leave_at: Some(now + FIRST),
            expected_until: None,
        }
    }

    /// Somebody is there, as announced.
    pub(super) fn seen(&mut self, participant: &RemoteParticipant) {
        if !is_person(participant) {
            return;
        }
        let person = self
            .present
            .entry(participant.identity.clone())
            .or_default();
        person.speaks_for_account = participant.speaks_for_account();
        for track in &participant.tracks {
            if track.kind == TrackKind::Audio {
                person.tracks.insert(track.sid.clone(), track.is_muted);
            }
        }
        self.leave_at = None;
    }

    /// Somebody has left.
    pub(super) fn left(&mut self, identity: &str, now: Instant) {
        if self.present.remove(identity).is_some() && self.present.is_empty() {
            self.leave_at = Some(now + GRACE);
        }
    }

    /// An audio track was muted, unmuted or withdrawn (`None`).
    pub(super) fn track_changed(&mut self, identity: &str, sid: &str, is_muted: Option<bool>) {
        if let Some(person) = self.present.get_mut(identity) {
            match is_muted {
                Some(is_muted) => {
                    if let Some(state) = person.tracks.get_mut(sid) {
                        *state = is_muted;
                    }
                }
                None => _ = person.tracks.remove(sid),
            }
        }
    }

    /// Whether this is one of them.
    pub(super) fn knows(&self, identity: &str) -> bool {
        self.present.contains_key(identity)
    }

    /// Whether this one is there, and came as the account itself.
    pub(super) fn speaks_for_account(&self, identity: &str) -> bool {
        let person = self.present.get(identity);
        person.is_some_and(|person| person.speaks_for_account)
    }

    pub(super) fn is_anybody_there(&self) -> bool {
        !self.present.is_empty()
    }

    /// Whether any of them could be heard now.
    pub(super) fn can_anybody_speak(&self) -> bool {
        self.present
            .values()
            .any(|person| person.tracks.values().any(|is_muted| !is_muted))
    }

    /// The bridges among them.
    pub(super) fn bridges(&self) -> Vec<String> {
        let bridges = self.present.keys().filter(|identity| is_bridge(identity));
        bridges.cloned().collect()
    }

    /// Whether anybody is there who is no telephone.
    pub(super) fn is_anybody_there_but_bridges(&self) -> bool {
        self.present.keys().any(|identity| !is_bridge(identity))
    }

    /// The one who is there, if it is one alone.
    pub(super) fn only_one(&self) -> Option<&str> {
        let mut all = self.present.keys();
        all.next()
            .filter(|_| all.next().is_none())
            .map(String::as_str)
    }

    /// Whoever leaves may come back until then, however long the room is empty.
    pub(super) fn expect_back(&mut self, until: Instant) {
        self.expected_until = Some(until);
    }

    /// Nobody in particular is waited for any more.
    pub(super) fn expect_nobody(&mut self) {
        self.expected_until = None;
    }

    /// When to leave, if nobody comes (back).
    pub(super) fn leave_at(&self) -> Option<Instant> {
        let leave_at = self.leave_at?;
        Some(
            self.expected_until
                .map_or(leave_at, |until| leave_at.max(until)),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use casp_room::RemoteTrack;

    fn participant(identity: &str, kind: ParticipantKind, muted: &[bool]) -> RemoteParticipant {
        let tracks = muted.iter().enumerate().map(|(n, is_muted)| RemoteTrack {
            sid: format!("TR_{n}"),
            name: "mic".into(),
            kind: TrackKind::Audio,
            mime_type: "audio/opus".into(),
            is_muted: *is_muted,
        });
        RemoteParticipant {
            sid: "PA_1".into(),
            identity: identity.into(),
            name: String::new(),
            kind,
            metadata: String::new(),
            attributes: std::collections::HashMap::default(),
            tracks: tracks.collect(),
        }
    }

    #[test]
    fn the_agent_leaves_a_while_after_the_last_one() {
        let now = Instant::now();
        let mut people = People::new(now);
        assert_eq!(people.leave_at(), Some(now + FIRST));
        people.seen(&participant("ann", ParticipantKind::Standard, &[]));
        assert_eq!(people.leave_at(), None);
        people.seen(&participant("agent-2", ParticipantKind::Standard, &[]));
        people.seen(&participant("x", ParticipantKind::Agent, &[]));
        people.left("x", now);
        assert_eq!(people.leave_at(), None);
        people.left("ann", now);
        assert_eq!(people.leave_at(), Some(now + GRACE), "agents don't count");
        assert!(!people.is_anybody_there());
    }

    #[test]
    fn who_is_expected_back_is_waited_for() {
        let now = Instant::now();
        let mut people = People::new(now);
        people.seen(&participant("caller-1", ParticipantKind::Standard, &[]));
        assert_eq!(people.only_one(), Some("caller-1"));
        people.seen(&participant("ann", ParticipantKind::Standard, &[]));
        assert_eq!(people.only_one(), None);
        assert!(people.is_anybody_there_but_bridges());
        people.left("ann", now);
        let back = now + Duration::from_mins(1);
        people.expect_back(back);
        assert_eq!(people.leave_at(), None, "the caller is still there");
        people.left("caller-1", now);
        assert_eq!(people.leave_at(), Some(back));
        people.expect_nobody();
        assert_eq!(people.leave_at(), Some(now + GRACE));
    }

    #[test]
    fn who_is_muted_cannot_speak() {
        let mut people = People::new(Instant::now());
        people.seen(&participant("ann", ParticipantKind::Standard, &[]));
        assert!(!people.can_anybody_speak());
        people.seen(&participant("ann", ParticipantKind::Standard, &[false]));
        assert!(people.can_anybody_speak());
        people.track_changed("ann", "TR_0", Some(true));
        assert!(!people.can_anybody_speak());
        people.track_changed("ann", "TR_0", Some(false));
        people.track_changed("ann", "TR_0", None);
        assert!(!people.can_anybody_speak());
    }

    #[test]
    fn a_guest_is_not_the_account() {
        let mut people = People::new(Instant::now());
        let mut ann = participant("ann", ParticipantKind::Standard, &[]);
        ann.attributes
            .insert("casp.speaker".into(), "account".into());
        people.seen(&ann);
        people.seen(&participant("bob", ParticipantKind::Standard, &[]));
        assert!(people.speaks_for_account("ann"));
        assert!(!people.speaks_for_account("bob"));
        // A guest takes her place in the room, but is not her.
        people.seen(&participant("ann", ParticipantKind::Standard, &[]));
        assert!(!people.speaks_for_account("ann"));
        people.seen(&ann);
        people.left("ann", Instant::now());
        assert!(!people.speaks_for_account("ann"), "who has left");
    }

    #[test]
    fn bridges_are_known_by_their_identity() {
        let mut people = People::new(Instant::now());
        people.seen(&participant("ann", ParticipantKind::Standard, &[]));
        people.seen(&participant("caller-7f3", ParticipantKind::Standard, &[]));
        assert_eq!(people.bridges(), ["caller-7f3"]);
    }
}
