"""The parts as processes of their own; a killed bridge, and the same caller talks on."""
import asyncio
import contextlib
import random
import signal
import socket
import sqlite3
import subprocess
import time

import pytest
import pytest_asyncio

from casp_process import API_KEY, Process, choosing_ports, livekit_server
from standins.phone import Call, announce, stream_of
from test_phone import call_sid

KEY, SECRET = "APItest", "secret-of-the-tests-0123456789abcdef"


def free_ports(count):
    """Below the ports that the system hands out by itself, so that nobody is given one before the process that it is for."""
    found = set()
    while len(found) < count:
        port = random.randrange(10_000, 32_768)
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_STREAM) as tcp, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
            tcp.bind(("127.0.0.1", port))
            udp.bind(("127.0.0.1", port))
            found.add(port)
    return list(found)


class Split:
    """livekit-server, control-api, agent, and bridges that come and go behind one public address each."""

    def __init__(self, folder, openai, **env):
        self.folder, self.openai, self.more = folder, openai, env
        self.parts, self.livekit = [], None

    async def start(self):
        async with choosing_ports():
            return await self._start()

    async def _start(self):
        self.livekit_port, self.api_port, self.bridge_port, tcp_port, udp_port = free_ports(5)
        self.url = f"http://127.0.0.1:{self.api_port}"
        self.env = {
            "DATABASE_URL": f"sqlite://{self.folder}/casp.db", "LIVEKIT_URL": f"ws://127.0.0.1:{self.livekit_port}",
            "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET, "OPENAI_BASE_URL": self.openai.base_url,
            "SECRET_KEY": "k" * 40, "CASP_DEV_API_KEY": API_KEY, "TWILIO_AUTH_TOKEN": "twilio-secret-token",
            "METRICS_TOKEN": "metrics-token-of-the-tests",
            "PUBLIC_URL": self.url, "BRIDGE_PUBLIC_URL": f"http://127.0.0.1:{self.bridge_port}", **self.more,
        }
        config = self.folder / "livekit.yaml"
        config.write_text(f"""
port: {self.livekit_port}
bind_addresses: ["127.0.0.1"]
rtc: {{tcp_port: {tcp_port}, udp_port: {udp_port}, node_ip: 127.0.0.1, use_external_ip: false, enable_loopback_candidate: true, ips: {{includes: ["127.0.0.1/32"]}}}}
keys: {{{KEY}: {SECRET}}}
webhook: {{api_key: {KEY}, urls: ["{self.url}/webhooks/livekit"]}}
logging: {{level: warn}}
""")
        self.livekit = subprocess.Popen([livekit_server(), "--config", str(config)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                        stderr=subprocess.DEVNULL)
        await self.run("migrate").wait_end()
        self.api = self.run("control-api", PORT=str(self.api_port))
        self.agent = self.run("agent", PORT="0")
        self.bridge = self.run("bridge", PORT=str(self.bridge_port))
        for part in (self.api, self.agent, self.bridge):
            part.url = (await part.wait_output(r"ready (http://\S+)")).group(1)
        await self.agent_is_alive()
        return self

    async def agent_is_alive(self):
        """Until its first sign of life is there, callers are told that nobody is free."""
        end = time.monotonic() + 60
        with contextlib.closing(sqlite3.connect(f"{self.folder}/casp.db")) as database:
            while not database.execute("SELECT 1 FROM workers").fetchone():
                assert time.monotonic() < end, self.agent.log()
                await asyncio.sleep(0.02)

    def run(self, command, **env):
        part = Process(f"split-{command}-{len(self.parts)}", command, env={**self.env, **env})
        self.parts.append(part)

        async def wait_end(timeout=60):
            end = time.monotonic() + timeout
            while part.process.poll() is None and time.monotonic() < end:
                await asyncio.sleep(0.02)
            assert part.process.poll() == 0, part.log()
        part.wait_end = wait_end
        return part

    async def stop(self):
        try:
            for part in reversed(self.parts):
                await part.stop(signal.SIGKILL)
        finally:
            if self.livekit:
                self.livekit.kill()
                self.livekit.wait()


@pytest_asyncio.fixture
async def split(tmp_path, openai):
    system = Split(tmp_path, openai)
    try:
        yield await system.start()
    finally:
        await system.stop()


async def signed(http, split, path, sid):
    status, twiml = await announce(http, split.url, sid, path=path, auth_token=split.env["TWILIO_AUTH_TOKEN"])
    assert status == 200, twiml
    return twiml


async def until(http, url, is_so, timeout=60):
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        async with http.get(url) as r:
            if is_so(r.status, text := await r.text()):
                return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{url}: {text[-2000:]}")


async def in_the_room(http, split, sid, who):
    """Waits until somebody whose identity begins so is in the call's room."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        async with http.get(f"{split.url}/room/twilio-{sid}", headers={"Authorization": f"Bearer {API_KEY}"}) as r:
            view = await r.json()
            if any(p["identity"].startswith(who) for p in view.get("participants", [])):
                return
        await asyncio.sleep(0.1)
    raise AssertionError(f"{who} did not come: {view}")


async def test_a_killed_bridge_and_the_same_caller_talks_on(http, split, openai, speak):
    sid = call_sid()
    question = speak("What is the weather like in Paris today?", 8000)
    url, parameters, action = stream_of(await signed(http, split, "/twilio/voice", sid))
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        end = await call.say(question)
        await call.wait_loud(end)
        await call.wait_quiet()
        await split.bridge.stop(signal.SIGKILL)
        await asyncio.wait_for(call.ws.wait_closed(), 30)
    split.bridge = split.run("bridge", PORT=str(split.bridge_port))
    await split.bridge.wait_output("ready")
    # Twilio asks what to do now that the stream has ended.
    url, parameters, _ = stream_of(await signed(http, split, f"/twilio/resume/{sid}", sid))
    openai.answer = "We go on where we were."
    async with Call(url, sid, parameters) as call:
        await in_the_room(http, split, sid, "caller-")
        end = await call.say(question)
        await call._wait(lambda: openai.answer in openai.spoken() or None, 40, "nobody answered")
        await call.wait_loud(end)
        asked = [m["content"] for m in openai.of("llm")[-1]["messages"] if m["role"] == "user"]
        assert asked.count(openai.heard) == 2, "the conversation before the kill is part of it"
        await call.hang_up()
    # Over: the next resume hangs up.
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if "<Hangup" in (twiml := await signed(http, split, f"/twilio/resume/{sid}", sid)):
            break
        await asyncio.sleep(0.1)
    assert "<Hangup" in twiml


async def test_outside_dev_everything_needs_the_key(http, split):
    join = {"roomName": "x", "participantIdentity": "user"}
    for method, path, body in (("POST", "/room/join", join), ("GET", "/sessions", None), ("POST", "/phone/end/CA1", None), ("GET", "/room/x", None)):
        async with http.request(method, split.url + path, json=body) as r:
            assert r.status == 401, path
            assert (await r.json())["status_code"] == 401
    async with http.get(split.url + "/sessions", headers={"Authorization": f"Bearer {API_KEY}"}) as r:
        assert r.status == 200


async def test_an_agent_that_is_told_to_stop_finishes_its_call(http, split, openai, speak):
    sid = call_sid()
    url, parameters, _ = stream_of(await signed(http, split, "/twilio/voice", sid))
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        split.agent.process.send_signal(signal.SIGTERM)
        end = await call.say(speak("What is the weather like in Paris today?", 8000))
        await call.wait_loud(end)
        assert split.agent.process.poll() is None, "the agent left in mid-call"
        await call.hang_up()
    end = time.monotonic() + 60
    while time.monotonic() < end:
        if split.agent.process.poll() is not None:
            break
        await asyncio.sleep(0.02)
    assert split.agent.process.poll() == 0


async def test_every_part_says_whether_it_is_ready_and_shows_metrics_to_who_may_read_them(http, split):
    parts = split.api, split.bridge, split.agent
    elsewhere = {"X-Forwarded-For": "192.0.2.1"}
    for part in parts:
        await until(http, part.url + "/readyz", lambda status, _: status == 200)
        for headers, expected in (({}, 200), (elsewhere, 401), (elsewhere | {"Authorization": "Bearer wrong"}, 401),
                                  (elsewhere | {"Authorization": f"Bearer {split.env['METRICS_TOKEN']}"}, 200)):
            async with http.get(part.url + "/metrics", headers=headers) as r:
                assert r.status == expected, (part.url, headers)
                assert ("casp_" in await r.text()) <= (expected == 200)
    split.livekit.kill()
    split.livekit.wait()
    for part in parts:
        await until(http, part.url + "/readyz", lambda status, _: status == 503)
        async with http.get(part.url + "/healthz") as r:
            assert r.status == 200


@pytest.mark.alone
async def test_with_no_agent_the_caller_hears_ringing_then_an_apology(http, split):
    sid = call_sid()
    url, parameters, _ = stream_of(await signed(http, split, "/twilio/voice", sid))
    await split.agent.stop(signal.SIGKILL)
    started = time.monotonic()
    async with Call(url, sid, parameters) as call:
        ringing = await call.wait_loud(0)
        assert ringing - started < 8, "what was heard first was the apology, which comes after ten seconds"
        await asyncio.wait_for(call.ws.wait_closed(), 60)
        assert time.monotonic() - started > 8
        assert call.ws.close_code == 1000
        assert call.heard, "no apology was heard"


@pytest.mark.alone
async def test_a_killed_agent_and_the_call_goes_on_with_another(http, split, openai, speak):
    sid = call_sid()
    question = speak("What is the weather like in Paris today?", 8000)
    url, parameters, _ = stream_of(await signed(http, split, "/twilio/voice", sid))
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        end = await call.say(question)
        await call.wait_loud(end)
        await call.wait_quiet()
        successor = split.run("agent", PORT="0")
        url = (await successor.wait_output(r"ready (http://\S+)")).group(1)
        await until(http, url + "/readyz", lambda status, _: status == 200)
        await split.agent.stop(signal.SIGKILL)
        # The heartbeat goes stale after 2 s; somebody sees it and dispatches the session again.
        await until(http, url + "/metrics", lambda _, text: "casp_agent_join_seconds_count 1" in text)
        openai.heard, openai.answer = "Are you still there?", "Yes, and I remember."
        end = await call.say(speak("Are you still there?", 8000))
        await call._wait(lambda: openai.answer in openai.spoken() or None, 40, "nobody answered")
        await call.wait_loud(end)
        asked = [m["content"] for m in openai.of("llm")[-1]["messages"] if m["role"] == "user"]
        assert asked == ["What is the weather like in Paris today?", "Are you still there?"]
        greetings = [r for r in openai.of("tts") if "AI assistant" in r["input"]]
        assert len(greetings) == 1, "the successor greeted again"
        await call.hang_up()
