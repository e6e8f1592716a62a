"""A caller in a LiveKit room: LiveKit's own client from PyPI, which shares no code with CASP."""
import asyncio
import time

import numpy as np
from livekit import rtc

from .phone import HELD_UP_S, UNMARKED_GAP_S

RATE = 48000
LOUD = 500


class Caller:
    def __init__(self):
        self.room = rtc.Room()
        self.loud: list[tuple[float, float]] = []  # audible chunks of the agent: (start, end)
        self.transcripts: list[dict] = []          # one a stream: text grows as it comes
        self.agent_seen = self.audio_ready = None
        self._source = None
        self._tasks: list[asyncio.Task] = []

    async def join(self, url, token, *, microphone=True):
        started = time.monotonic()

        def seen(participant):
            if participant.identity.startswith("agent") and self.agent_seen is None:
                self.agent_seen = time.monotonic() - started

        def subscribed(track, _publication, participant):
            seen(participant)
            if track.kind == rtc.TrackKind.KIND_AUDIO:
                self.audio_ready = time.monotonic() - started
                self._tasks.append(asyncio.create_task(self._listen(track)))

        self.room.on("participant_connected", seen)
        self.room.on("track_subscribed", subscribed)
        self.room.register_text_stream_handler("lk.transcription", self._on_transcript)
        await self.room.connect(url, token)
        for participant in self.room.remote_participants.values():
            seen(participant)
        if microphone:
            self._source = rtc.AudioSource(RATE, 1, queue_size_ms=100)
            track = rtc.LocalAudioTrack.create_audio_track("microphone", self._source)
            await self.room.local_participant.publish_track(track, rtc.TrackPublishOptions(source=rtc.TrackSource.SOURCE_MICROPHONE))
            self._speech = asyncio.Queue()
            self._tasks.append(asyncio.create_task(self._pump()))
        return self

    async def leave(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await asyncio.wait_for(self.room.disconnect(), 30)

    async def _pump(self):
        rng = np.random.default_rng(1)
        quiet = rng.normal(0, 6, RATE // 25).astype(np.int16)
        while True:
            if self._speech.empty():
                await self._capture(quiet)
                continue
            pcm, done = self._speech.get_nowait()
            for i in range(0, len(pcm), RATE // 25):
                await self._capture(pcm[i:i + RATE // 25])
            done.set_result(time.monotonic() + self._source.queued_duration)

    async def _capture(self, pcm):
        await self._source.capture_frame(rtc.AudioFrame(pcm.tobytes(), RATE, 1, len(pcm)))

    async def _listen(self, track):
        async for event in rtc.AudioStream(track, sample_rate=RATE, num_channels=1, frame_size_ms=20):
            pcm = np.frombuffer(event.frame.data, dtype=np.int16)
            start = time.monotonic() - len(pcm) / RATE
            if np.abs(pcm.astype(np.int32)).max() > LOUD:
                self.loud.append((start, start + len(pcm) / RATE))

    def _on_transcript(self, reader, identity):
        self._tasks.append(asyncio.create_task(self._read_transcript(reader, identity)))

    async def _read_transcript(self, reader, identity):
        attributes = reader.info.attributes or {}
        entry = {"identity": identity, "text": "", "segment": attributes.get("lk.segment_id"),
                 "final": attributes.get("lk.transcription_final"), "track": attributes.get("lk.transcribed_track_id")}
        self.transcripts.append(entry)
        try:
            async for piece in reader:
                entry["text"] += piece
        except rtc.data_stream.StreamError:
            pass  # the room ended in mid-stream; what came so far is kept

    async def say(self, pcm: np.ndarray) -> float:
        """Speaks (48 kHz); returns the time at which the last sample left."""
        done = asyncio.get_running_loop().create_future()
        self._speech.put_nowait((pcm, done))
        end = await done
        await asyncio.sleep(max(0, end - time.monotonic()))
        return end

    async def type(self, text):
        await self.room.local_participant.send_text(text, topic="lk.chat")

    def agent(self):
        return next((p for i, p in self.room.remote_participants.items() if i.startswith("agent")), None)

    def said(self, who: str) -> str:
        """All transcript text of identities that begin with `who`, latest version of each segment."""
        segments = {}
        for entry in self.transcripts:
            if entry["identity"].startswith(who):
                segments[entry["segment"]] = entry["text"]
        return " ".join(segments.values())

    async def wait(self, condition, problem, timeout=30.0):
        looked = time.monotonic()
        end = looked + timeout
        while time.monotonic() < end:
            if time.monotonic() - looked > HELD_UP_S:
                await asyncio.sleep(0.1)  # this process was held up itself: what came meanwhile is read first
            if value := condition():
                return value
            looked = time.monotonic()
            await asyncio.sleep(0.02)
        raise AssertionError(f"{problem}; transcripts: {self.transcripts}")

    async def wait_loud(self, after, timeout=30.0):
        return await self.wait(lambda: next((a for a, _ in self.loud if a > after), None), "the agent was not heard", timeout)

    async def wait_quiet(self, gap=0.8, timeout=60.0):
        """End of the last sound, once `gap` seconds were quiet and the agent says that it listens; if it says something else, it
        may have been held up in the middle, and is given longer."""
        def over():
            agent = self.agent()
            is_listening = agent is not None and agent.attributes.get("lk.agent.state") == "listening"
            return self.loud and time.monotonic() - self.loud[-1][1] > (gap if is_listening else max(gap, UNMARKED_GAP_S)) and self.loud[-1][1]
        return await self.wait(over, "the agent did not stop", timeout)
