"""A phone caller over Twilio's Media Streams, with Twilio's playback buffer, and the webhooks that announce it."""
import asyncio
import base64
import json
import re
import time
import xml.etree.ElementTree as ET

import numpy as np
import websockets
from twilio.request_validator import RequestValidator

RATE = 8000
LOUD = 500


def _tables():
    u = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = (((u & 0x0F) << 3) + 0x84 << ((u & 0x70) >> 4)) - 0x84
    decode = np.where(u & 0x80, -magnitude, magnitude).astype(np.int16)
    order = np.argsort(decode, kind="stable")
    levels = decode[order].astype(np.int32)
    x = np.arange(-32768, 32768)
    high = np.clip(np.searchsorted(levels, x), 1, 255)
    encode = order[np.where(x - levels[high - 1] <= levels[high] - x, high - 1, high)].astype(np.uint8)
    return decode, encode


DECODE, ENCODE = _tables()


def to_mulaw(pcm: np.ndarray) -> bytes:
    return ENCODE[pcm.astype(np.int32) + 32768].tobytes()


async def announce(http, base_url, call_sid, *, path="/twilio/voice", auth_token=None, public_url=None, **form):
    """Posts the webhook as Twilio would; returns (status, text)."""
    form = {"CallSid": call_sid, "From": "+15550001111", "To": "+15550002222", "AccountSid": "AC" + "0" * 32, **form}
    headers = {}
    if auth_token:
        url = (public_url or base_url) + path
        headers["X-Twilio-Signature"] = RequestValidator(auth_token).compute_signature(url, form)
    async with http.post(base_url + path, data=form, headers=headers) as r:
        return r.status, await r.text()


def stream_of(twiml: str):
    """The Stream's URL and parameters, and Connect's action, out of TwiML."""
    root = ET.fromstring(twiml)
    stream = root.find("./Connect/Stream")
    assert stream is not None, twiml
    parameters = {p.get("name"): p.get("value") for p in stream.findall("Parameter")}
    return stream.get("url"), parameters, root.find("./Connect").get("action")


ECHO_DELAY_S = 0.1
UNMARKED_GAP_S = 3.0
RINGING_GAP_S = 10.0
HELD_UP_S = 0.2


class Mulaw:
    """What a phone sends: one byte a sample at 8 kHz."""
    rate, media_format = RATE, {"encoding": "audio/x-mulaw", "sampleRate": RATE, "channels": 1}

    def encode(self, pcm: np.ndarray) -> bytes:
        return to_mulaw(pcm)

    def decode(self, payload: bytes) -> np.ndarray:
        return DECODE[np.frombuffer(payload, dtype=np.uint8)]


class Call:
    """One phone call. `heard` is the caller's ear: (start, samples) on the time line of the playback.

    `echo` is the part of what is heard that comes back into the microphone, 100 ms later (a hands-free telephone)."""

    def __init__(self, url, call_sid, parameters=None, start=None, format=None, echo=0.0):
        self.echo = echo
        self.url, self.call_sid = url, call_sid
        self.format = format or Mulaw()
        self.frame = self.format.rate // 50
        self.stream_sid = "MZ" + re.sub(r"[^A-Za-z0-9]", "", call_sid)[-30:]
        self.parameters, self.start = parameters or {}, start
        self.heard, self.cursor, self.messages = [], 0.0, []
        self.cleared_at = []  # when what was not played yet was thrown away
        self.began_at = None  # when the last words that were said began to be sent
        self._loud = []  # stretches of audible sound: [start, end]
        self._is_marked = False  # a mark or a clear came after the last audible sound
        self._has_spoken = False  # a mark came at all: what was heard was not only ringing
        self.ws = None
        self._speech = asyncio.Queue()
        self._marks, self._tasks = [], []

    async def __aenter__(self):
        self.ws = await websockets.connect(self.url, compression=None, proxy=None)
        await self.ws.send(json.dumps({"event": "connected", "protocol": "Call", "version": "1.0.0"}))
        await self.send(self.start or {"event": "start", "start": {
            "accountSid": "AC" + "0" * 32, "streamSid": self.stream_sid, "callSid": self.call_sid, "tracks": ["inbound"],
            "mediaFormat": self.format.media_format,
            "customParameters": self.parameters}})
        self._tasks = [asyncio.create_task(self._pump()), asyncio.create_task(self._read())]
        return self

    @property
    def is_closed(self):
        """Everything that came before the end was read."""
        return self._tasks[1].done()

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.ws.close()

    async def send(self, message):
        await self.ws.send(json.dumps({**message, "streamSid": self.stream_sid}))

    async def hang_up(self):
        await self.send({"event": "stop", "stop": {"accountSid": "AC" + "0" * 32, "callSid": self.call_sid}})
        await self.ws.close()

    async def _pump(self):
        """A media message every 20 ms, as Twilio sends: speech when there is some, else a quiet line."""
        rng = np.random.default_rng(1)
        quiet = [rng.normal(0, 10, self.frame).astype(np.int16) for _ in range(50)]
        t0, n, speech, done = time.monotonic(), 0, np.zeros(0, np.int16), None
        while True:
            await asyncio.sleep(max(0, t0 + n * 0.02 - time.monotonic()))
            if not speech.size and not self._speech.empty():
                speech, done = self._speech.get_nowait()
                self.began_at = time.monotonic()
            frame, speech = (speech[:self.frame], speech[self.frame:]) if speech.size else (quiet[n % 50], speech)
            n += 1
            if self.echo:
                frame = self._with_echo(frame, t0 + n * 0.02 - ECHO_DELAY_S)
            await self.send({"event": "media", "media": {"track": "inbound", "chunk": str(n), "timestamp": str(n * 20),
                                                         "payload": base64.b64encode(self.format.encode(frame)).decode()}})
            if done and not speech.size:
                done.set_result(time.monotonic())
                done = None

    def _with_echo(self, frame, end):
        """The frame, and in it what was heard until `end`."""
        pcm, rate = frame.astype(np.float64), self.format.rate
        first = round(end * rate) - len(pcm)
        for start, heard in self.heard[-100:]:
            at = round(start * rate) - first
            a, b = max(0, at), min(len(pcm), at + len(heard))
            if a < b:
                pcm[a:b] += self.echo * heard[a - at:b - at]
        return pcm.clip(-32768, 32767).astype(np.int16)

    async def _read(self):
        try:
            async for raw in self.ws:
                now = time.monotonic()
                message = json.loads(raw)
                self.messages.append(message)
                if message["event"] == "media":
                    pcm = self.format.decode(base64.b64decode(message["media"]["payload"], validate=True))
                    start = max(now, self.cursor)
                    self.cursor = start + len(pcm) / self.format.rate
                    self.heard.append((start, pcm))
                    self._listen(start, pcm)
                elif message["event"] == "mark":
                    self._is_marked = self._has_spoken = True
                    task = asyncio.create_task(self._echo(message["mark"]["name"], self.cursor - now))
                    self._marks.append((self.cursor, task, message["mark"]["name"]))
                elif message["event"] == "clear":
                    self.cleared_at.append(now)
                    self._is_marked = True
                    self._loud = [[a, min(b, now)] for a, b in self._loud if a < now]
                    self.cursor = min(self.cursor, now)
                    self.heard = [(t, pcm[: max(0, int((now - t) * self.format.rate))]) for t, pcm in self.heard]
                    for due, task, name in self._marks:
                        if due > now and task.cancel():
                            await self.send({"event": "mark", "mark": {"name": name}})
                    self._marks.clear()
        except websockets.ConnectionClosed:
            pass

    async def _echo(self, name, delay):
        await asyncio.sleep(max(0, delay))
        await self.send({"event": "mark", "mark": {"name": name}})

    async def say(self, pcm: np.ndarray) -> float:
        """Speaks; returns when the last sample was sent."""
        pcm = np.concatenate([pcm, np.zeros(-len(pcm) % self.frame, np.int16)])
        done = asyncio.get_running_loop().create_future()
        self._speech.put_nowait((pcm, done))
        await asyncio.wait({done, self._tasks[0]}, return_when=asyncio.FIRST_COMPLETED)
        if not done.done():
            self._tasks[0].result()  # the line was cut: says how
        return await done

    async def dtmf(self, digit):
        await self.send({"event": "dtmf", "dtmf": {"track": "inbound_track", "digit": digit}})

    def _listen(self, start, pcm):
        loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > LOUD)
        if not loud.size:
            return
        self._is_marked = False
        a, b = start + loud[0] / self.format.rate, start + (loud[-1] + 1) / self.format.rate
        if self._loud and a - self._loud[-1][1] < 0.4:
            self._loud[-1][1] = max(b, self._loud[-1][1])
        else:
            self._loud.append([a, b])

    def loud_spans(self):
        """Stretches of audible sound: [(start, end)], joined over gaps under 0.4 s."""
        return self._loud

    async def wait_loud(self, after, timeout=30.0):
        """Start of the first sound that begins after `after`."""
        return await self._wait(lambda: next((max(a, after) for a, b in self.loud_spans() if b > after), None), timeout, "no sound was heard")

    async def wait_quiet(self, gap=0.8, timeout=60.0):
        """End of the last sound, once `gap` seconds were quiet. An utterance ends with a mark (or is cleared): without one the
        agent may have been held up in the middle, and is given longer. So it is while nothing but ringing was heard."""
        def over():
            spans = self.loud_spans()
            end = spans[-1][1] if spans else None
            enough = gap if self._is_marked else max(gap, UNMARKED_GAP_S if self._has_spoken else RINGING_GAP_S)
            return end if end and time.monotonic() - end > enough else None
        return await self._wait(over, timeout, "the agent did not stop speaking")

    async def _wait(self, condition, timeout, problem):
        end = looked = time.monotonic()
        end += timeout
        while time.monotonic() < end:
            if time.monotonic() - looked > HELD_UP_S:
                await asyncio.sleep(0.1)  # this process was held up itself: what came meanwhile is read first
            if (value := condition()) is not None:
                return value
            assert not self.is_closed, f"{problem}: the stream was closed ({self.ws.close_code} {self.ws.close_reason})"
            looked = time.monotonic()
            await asyncio.sleep(0.02)
        raise AssertionError(problem)
