"""What goes wrong outside is survived: the caller hears an apology, the call lives, the log says which."""
import asyncio
import base64
import json
import os
import signal
import time

import pytest
import websockets

from casp_process import API_KEY, Casp
from standins.phone import Call, announce, stream_of
from test_phone import call_sid, gone, ring


@pytest.mark.parametrize("kind,fault", [
    ("llm", 500), ("llm", 429), ("llm", "stall"), ("llm", "half"), ("llm", "garbage"),
    ("stt", 500), ("stt", 429), ("stt", "stall"), ("stt", "half"), ("stt", "garbage"),
    ("tts", 500), ("tts", 429), ("tts", "stall"), ("tts", "half"), ("tts", "garbage"),
])
async def test_a_failing_provider_is_survived(http, casp, openai, speak, kind, fault):
    question = speak("What is the weather like in Paris today?", 8000)
    sid = call_sid()
    async with await ring(http, casp, sid) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        openai.fault[kind] = fault
        end = await call.say(question)
        # Rather an apology than silence, even when the provider never answers.
        heard = await call.wait_loud(end)
        if kind != "tts":  # else it is the apology that was made at the start
            await call._wait(lambda: any("went wrong" in r["input"] for r in openai.of("tts")) or None, 30, "nobody apologised")
        over = await call.wait_quiet(gap=1.5)
        assert over - heard > 1, "that was no sentence"
        openai.fault.clear()
        openai.answer = "Now it works again."
        before = len(openai.of("tts"))
        end = await call.say(question)
        await call._wait(lambda: any("Now it works" in r["input"] for r in openai.of("tts")[before:]) or None, 40, "the call did not recover")
        await call.wait_loud(end)
        await call.hang_up()
    assert any(f'kind="{kind}" provider=openai' in line for line in casp.log().splitlines()), "the log does not say which failed"
    await gone(http, casp, sid)


HOSTILE = {
    "bad json": "{not json",
    "bad base64": json.dumps({"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "payload": "%%%"}}),
    "odd sizes": json.dumps({"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "payload": base64.b64encode(b"x" * 33).decode()}}),
    "a mebibyte": json.dumps({"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "payload": "A" * (1 << 20)}}),
    "binary": b"\x00\x01\x02\xff" * 100,
    "unknown event": json.dumps({"event": "surprise", "streamSid": "MZ1"}),
    "deep": '{"event":' + "[" * 5000 + "]" * 5000 + "}",
}


async def sessions(http, casp):
    async with http.get(f"{casp.url}/sessions", headers=casp.auth) as r:
        return [session["id"] for session in (await r.json())["sessions"]]


async def test_hostile_sockets_do_no_harm(http, casp, openai, speak):
    async def hostile(messages, start=True):
        sid = call_sid()
        try:
            async with websockets.connect(f"{casp.ws_url}/media-stream/default?api_key={API_KEY}", compression=None, proxy=None) as ws:
                if start:
                    await ws.send(json.dumps({"event": "start", "streamSid": "MZ1", "start": {"callSid": sid, "streamSid": "MZ1", "customParameters": {}}}))
                for message in messages:
                    await ws.send(message)
                await asyncio.sleep(0.2)
        except websockets.ConnectionClosed:
            pass

    start = json.dumps({"event": "start", "streamSid": "MZ2", "start": {"callSid": call_sid(), "streamSid": "MZ2"}})
    silence = json.dumps({"event": "media", "streamSid": "MZ1", "media": {"track": "inbound", "payload": base64.b64encode(b"\xff" * 160).decode()}})
    attacks = [hostile([m]) for m in HOSTILE.values()]
    attacks += [hostile([m], start=False) for m in HOSTILE.values()]
    attacks += [hostile([start]), hostile([silence] * 5000)]
    await asyncio.gather(*attacks)
    # And an honest caller is served as ever.
    sid = call_sid()
    async with await ring(http, casp, sid) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        end = await call.say(speak("What is the weather like in Paris today?", 8000))
        await call.wait_loud(end)
        await call.hang_up()
    await gone(http, casp, sid)
    # What the attackers left behind ends by itself, later on a machine that is busy.
    end = time.monotonic() + 60
    while (left := await sessions(http, casp)) and time.monotonic() < end:
        await asyncio.sleep(0.2)
    assert not left, f"still there: {left}"
    assert "panicked" not in casp.log()


def children_named(name):
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            if open(f"/proc/{pid}/comm").read().strip() == name[:15]:
                found.append(int(pid))
        except OSError:
            pass
    return found


def livekit_of(casp):
    """The livekit-server under this casp: its grandchild, by process ids."""
    parents = {}
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            parents[int(pid)] = int(open(f"/proc/{pid}/stat").read().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    return [p for p in children_named("livekit-server") if parents.get(parents.get(p)) == casp.process.pid]


async def test_a_killed_casp_leaves_no_livekit_behind():
    casp = await Casp("killed-casp").ready()
    (server,) = livekit_of(casp)
    await casp.stop(signal.SIGKILL)
    end = time.monotonic() + 30
    while os.path.exists(f"/proc/{server}") and time.monotonic() < end:
        await asyncio.sleep(0.02)
    assert not os.path.exists(f"/proc/{server}")


async def test_livekit_restarted_during_a_call(http, casp, openai, speak):
    sid = call_sid()
    async with await ring(http, casp, sid) as call:
        await call.wait_loud(0)
        (server,) = livekit_of(casp)
        os.kill(server, signal.SIGKILL)
        end = time.monotonic() + 60
        while livekit_of(casp) in ([], [server]) and time.monotonic() < end:
            await asyncio.sleep(0.05)
        # New calls work as soon as the server listens again; until then the webhook says so in words.
        while True:
            other = call_sid()
            status, twiml = await announce(http, casp.url, other)
            assert status == 200
            if "<Stream" in twiml or time.monotonic() > end:
                break
            assert "<Say" in twiml
            await asyncio.sleep(0.1)
        url, parameters, _ = stream_of(twiml)
        async with Call(url, other, parameters) as second:
            await second.wait_loud(0)
            await second.hang_up()
        # The first goes on, or ends cleanly: a question is answered, or the stream is closed.
        try:
            asked = await call.say(speak("What is the weather like in Paris today?", 8000))
            await call.wait_loud(asked)
            await call.hang_up()
        except (AssertionError, websockets.ConnectionClosed):
            assert call.ws.close_code is not None, "the first call neither goes on nor ends"
    await gone(http, casp, sid, timeout=60)
    await gone(http, casp, other, timeout=60)


@pytest.mark.parametrize("casp", [{"TWILIO_AUTH_TOKEN": "twilio-secret-token"}], indirect=True)
async def test_a_webhook_with_a_bad_signature_has_no_effect(http, casp):
    for auth_token in (None, "another-token"):
        sid = call_sid()
        status, body = await announce(http, casp.url, sid, auth_token=auth_token)
        assert status == 403 and json.loads(body)["status_code"] == 403
        async with http.get(f"{casp.url}/sessions/phone-{sid}") as r:
            assert r.status == 404
    status, twiml = await announce(http, casp.url, call_sid(), auth_token="twilio-secret-token")
    assert status == 200 and "<Stream" in twiml


SILENT_FOR = 8  # a third of it passes until a ping, so that who is held up for seconds can still answer


async def deaf_socket(casp, sid, parameters):
    """A socket that starts a stream and then neither speaks nor reads, nor answers a ping."""
    host, port = casp.url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write((f"GET /twilio/stream/{sid} HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                  f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}\r\nSec-WebSocket-Version: 13\r\n\r\n").encode())
    assert b" 101 " in await reader.readline()
    start = json.dumps({"event": "start", "start": {"streamSid": "MZ1", "callSid": sid, "customParameters": parameters}}).encode()
    mask = os.urandom(4)
    masked = bytes(byte ^ mask[i % 4] for i, byte in enumerate(start))
    writer.write(bytes([0x81, 0x80 | 126]) + len(start).to_bytes(2, "big") + mask + masked)
    await writer.drain()
    return writer


@pytest.mark.parametrize("casp", [{"STREAM_SILENCE_TIMEOUT": str(SILENT_FOR)}], indirect=True)
async def test_silence_on_a_socket_is_borne_while_somebody_is_there(http, casp, openai, speak):
    # One client says nothing but answers pings, as a WebSocket library does by itself: it may talk on at any time.
    patient = call_sid()
    url = f"{casp.ws_url}/media-stream/default?api_key={API_KEY}"
    async with websockets.connect(url, compression=None, proxy=None) as ws:
        await ws.send(json.dumps({"event": "start", "start": {"callSid": patient, "streamSid": "MZ1"}}))
        # Another one is dead: its session ends, and nobody else notices.
        dead = call_sid()
        _, twiml = await announce(http, casp.url, dead)
        writer = await deaf_socket(casp, dead, stream_of(twiml)[1])
        heard = []
        end = time.monotonic() + 2 * SILENT_FOR
        while time.monotonic() < end or "media" not in heard:
            assert time.monotonic() < end + 30, "the greeting was not heard"
            try:
                heard.append(json.loads(await asyncio.wait_for(ws.recv(), 0.5))["event"])
            except TimeoutError:
                pass
        await ws.send(json.dumps({"event": "media", "streamSid": "MZ2", "media": {"payload": ""}}))
        while (answer := json.loads(await asyncio.wait_for(ws.recv(), 30)))["event"] != "error":
            pass
        assert answer["error"]["code"] == "unknown_stream", "the silent stream is served still"
        await gone(http, casp, dead, timeout=60)
        writer.close()
        await ws.send(json.dumps({"event": "stop"}))
    await gone(http, casp, patient)
