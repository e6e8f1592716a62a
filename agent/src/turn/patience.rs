//! How long the agent waits for somebody who says nothing, and how long it talks at all.

use super::{Saying, TurnSettings};
use std::time::Instant;

#[derive(Debug)]
pub(super) struct Patience {
    started_at: Instant,
    /// Set while nobody has the floor.
    free_since: Option<Instant>,
    somebody_can_speak: bool,
    prompts: u32,
    is_time_up: bool,
}

impl Patience {
    pub(super) fn new(now: Instant) -> Self {
        Self {
            started_at: now,
            free_since: None,
            somebody_can_speak: false,
            prompts: 0,
            is_time_up: false,
        }
    }

    /// The floor is free from now on.
    pub(super) fn begin(&mut self, now: Instant) {
        self.free_since = Some(now);
    }

    /// Somebody has the floor.
    pub(super) fn end(&mut self) {
        self.free_since = None;
    }

    /// The user is there.
    pub(super) fn user_was_active(&mut self) {
        self.prompts = 0;
    }

    pub(super) fn somebody_can_speak(&mut self, is_so: bool, now: Instant) {
        if is_so && !self.somebody_can_speak {
            self.free_since = self.free_since.map(|_| now);
        }
        self.somebody_can_speak = is_so;
    }

    /// What to say about a silence that lasts too long, and whether the call ends with it.
    pub(super) fn prompt(
        &mut self,
        now: Instant,
        settings: &TurnSettings,
    ) -> Option<(Saying, bool)> {
        if self.idle_deadline(settings).is_none_or(|at| now < at) {
            return None;
        }
        self.free_since = None;
        if self.prompts == settings.idle_prompts {
            return Some((Saying::Goodbye, true));
        }
        self.prompts += 1;
        Some((Saying::StillThere, false))
    }

    /// True once, when the conversation has lasted its time.
    pub(super) fn time_is_up(&mut self, now: Instant, settings: &TurnSettings) -> bool {
        let is_due = self.time_limit(settings).is_some_and(|at| now >= at);
        self.is_time_up |= is_due;
        is_due
    }

    /// The conversation ends before its time.
    pub(super) fn stop(&mut self) {
        self.is_time_up = true;
    }

    /// The conversation has lasted its time; only the goodbye is left.
    pub(super) fn is_time_up(&self) -> bool {
        self.is_time_up
    }

    pub(super) fn next_deadline(&self, settings: &TurnSettings) -> Option<Instant> {
        let idle = self.idle_deadline(settings);
        idle.into_iter().chain(self.time_limit(settings)).min()
    }

    fn idle_deadline(&self, settings: &TurnSettings) -> Option<Instant> {
        let free_since = self.free_since.filter(|_| self.somebody_can_speak)?;
        Some(free_since + settings.idle_after?)
    }

    fn time_limit(&self, settings: &TurnSettings) -> Option<Instant> {
        let limit = settings.max_duration.filter(|_| !self.is_time_up)?;
        Some(self.started_at + limit)
    }
}
