"""What an agent does with the call itself: it puts it through, and presses keys. Twilio's stand-in dials."""
import asyncio
import math
import re
import time

import numpy as np
import pytest_asyncio

from casp_process import Casp
from conftest import test_name as name_of
from standins.phone import RATE
from test_outbound import session_is_gone, session_status

CALLER, SALES = "+15550001111", "+15550003333"
ROWS, COLUMNS, KEYS = (697, 770, 852, 941), (1209, 1336, 1477, 1633), ("123A", "456B", "789C", "*0#D")


@pytest_asyncio.fixture
async def casp(request, openai, twilio):
    env = {"OPENAI_BASE_URL": openai.base_url, **twilio.environment}
    process = await Casp(name_of(request), env=env).ready()
    yield process
    await process.stop()


async def ask(http, casp, method, path, body):
    async with http.request(method, casp.url + path, json=body, headers=casp.auth) as r:
        assert r.status < 300, await r.text()
        return await r.json()


async def assistant(http, casp, number, **more):
    """An assistant of the account's own, which answers at the number."""
    body = {"persona": "You work at the front desk.", "prompt": "Help.", "greeting": "Hello, I am an AI assistant. How can I help?",
            "allowed_actions": ["call.*"], "public_actions": ["call.*"], "transfer_to": {"Sales": SALES}, **more}
    made = await ask(http, casp, "POST", "/realtime/custom-scenario", body)
    await ask(http, casp, "PUT", "/v1/numbers", {"number": number, "assistant": made["scenario_id"]})


async def transcript(http, casp, timeout=30):
    """The one there is, once it is final, whole."""
    end = time.monotonic() + timeout
    while True:
        async with http.get(f"{casp.url}/api/enhanced-transcripts/", headers=casp.auth) as r:
            (row,) = await r.json()
        if row["status"] == "completed":
            break
        assert time.monotonic() < end, row
        await asyncio.sleep(0.05)
    async with http.get(f"{casp.url}/api/enhanced-transcripts/{row['transcript_sid']}", headers=casp.auth) as r:
        assert r.status == 200, await r.text()
        return await r.json()


class Front:
    """A caller at the front desk, and a model that does what is asked for."""

    def __init__(self, openai, speak):
        self.openai, self.speak, self.line, self.before = openai, speak, None, ""

    def spoken(self):
        return " ".join(r["input"] for r in self.openai.of("tts"))

    async def begin(self, line):
        self.line = line
        await line.wait_loud(0)
        await line.wait_quiet()

    async def says(self, words):
        self.openai.heard, self.before = words, self.spoken()
        return await self.line.say(self.speak(words, 8000))

    async def hears(self, words):
        await self.line._wait(lambda: words in self.spoken()[len(self.before):] or None, 40,
                              f"the agent never said {words!r} but {self.spoken()[len(self.before):]!r}")

    async def is_asked(self, wish, question):
        end = await self.says(wish)
        await self.hears(question)
        await self.line.wait_loud(end)
        await self.line.wait_quiet()


def obeys(tool, arguments, answer="All right."):
    """A model that calls the tool when it is asked to, once, and says `answer` otherwise."""
    def script(messages, tools):
        last = messages[-1]
        return (tool, arguments) if last["role"] == "user" and "please" in last["content"].lower() else answer
    return script


async def test_a_caller_is_put_through_after_a_yes(http, casp, openai, twilio, speak):
    await assistant(http, casp, sorted(twilio.numbers)[0])
    openai.script = obeys("call__transfer", {"to": "Sales"})
    twilio.dials[SALES] = "completed"
    front = Front(openai, speak)

    async def talk(line):
        await front.begin(line)
        await front.is_asked("Put me through to sales, please.", "Shall I put you through to Sales?")
        assert not call.dialed, "dialled before the yes"
        await front.says("Yes.")
        await asyncio.sleep(60)

    call = twilio.incoming(casp.url + "/twilio/voice", CALLER, talk)
    await twilio.ended(call)
    ((number, dial),) = call.dialed
    assert number == SALES and dial["callerId"] == CALLER and 60 <= int(dial["timeLimit"]) <= 3600
    assert "putting you through to Sales" in front.spoken()
    await session_is_gone(http, casp, call.sid)
    log = casp.log()
    assert SALES not in log and CALLER not in log


async def test_who_is_not_reached_hears_so_and_talks_on(http, casp, openai, twilio, speak):
    await assistant(http, casp, sorted(twilio.numbers)[0])
    openai.script = obeys("call__transfer", {"to": "Sales"}, "It is three o'clock.")
    twilio.dials[SALES] = "busy"
    front, streams = Front(openai, speak), []

    async def talk(line):
        streams.append(line)
        if len(streams) == 1:
            await front.begin(line)
            await front.is_asked("Put me through to sales, please.", "Shall I put you through")
            await front.says("Yes.")
            await asyncio.sleep(60)
        front.line = line
        await line.wait_loud(0)
        await front.hears("nobody answered there")
        await line.wait_quiet()
        end = await front.says("What time is it?")
        await front.hears("It is three o'clock.")
        await line.wait_loud(end)
        await line.wait_quiet()
        assert await session_status(http, casp, call.sid) == 200

    call = twilio.incoming(casp.url + "/twilio/voice", CALLER, talk)
    await twilio.ended(call)
    assert len(streams) == 2 and len(call.dialed) == 1
    # Neither hears nothing for long: the agent speaks at once when the caller is back.
    assert openai.of("llm")[-1]["messages"][-1]["content"] == "What time is it?"


async def test_a_refused_number_is_never_dialled_and_the_caller_is_told(http, casp, openai, twilio, speak):
    await assistant(http, casp, sorted(twilio.numbers)[0])
    await ask(http, casp, "POST", "/v1/do-not-call", {"number": SALES})
    openai.script = obeys("call__transfer", {"to": "Sales"})
    front, streams = Front(openai, speak), []

    async def talk(line):
        streams.append(line)
        if len(streams) == 1:
            await front.begin(line)
            await front.is_asked("Put me through to sales, please.", "Shall I put you through")
            await front.says("Yes.")
            await asyncio.sleep(60)
        front.line = line
        await line.wait_loud(0)
        await front.hears("I can't put you through right now")
        await line.wait_quiet()

    call = twilio.incoming(casp.url + "/twilio/voice", CALLER, talk)
    await twilio.ended(call)
    assert not call.dialed and len(streams) == 2


async def test_a_number_that_nobody_configured_is_never_dialled(http, casp, openai, twilio, speak):
    await assistant(http, casp, sorted(twilio.numbers)[0])
    openai.script = obeys("call__transfer", {"to": "+19005550100"}, "I can put you through to Sales.")
    front = Front(openai, speak)

    async def talk(line):
        await front.begin(line)
        await front.is_asked("Put me through to this number, please.", "I can put you through to Sales.")
        await front.is_asked("Yes.", "I can put you through to Sales.")

    call = twilio.incoming(casp.url + "/twilio/voice", CALLER, talk)
    await twilio.ended(call)
    assert not call.dialed
    told = [m["content"] for r in openai.of("llm") for m in r["messages"] if m["role"] == "tool"]
    assert any("nobody else than: Sales" in text for text in told), told


async def test_keys_are_pressed_as_tones_and_stand_in_no_transcript(http, casp, openai, twilio, speak):
    await assistant(http, casp, sorted(twilio.numbers)[0])
    openai.script = obeys("call__send_dtmf", {"digits": "4071#"})
    front, heard = Front(openai, speak), {}

    async def talk(line):
        await front.begin(line)
        heard["since"] = await front.says("For your balance, please enter your number.")
        await front.hears("All right.")
        await line.wait_loud(heard["since"])
        await line.wait_quiet()
        heard["line"] = line

    call = twilio.incoming(casp.url + "/twilio/voice", CALLER, talk)
    await twilio.ended(call)
    assert keys(heard["line"], heard["since"]) == "4071#"
    written = str(await transcript(http, casp))
    assert "All right" in written and not re.search(r"4\s*0\s*7\s*1", written), written
    assert "4071" not in casp.log()


def keys(line, since):
    """The keys that were heard: of each 20 ms what tones there are, and each run of them once."""
    found, before = "", None
    for start, pcm in line.heard:
        if start < since:
            continue
        for at in range(0, len(pcm) - 159, 160):
            frame = pcm[at:at + 160].astype(np.float64)
            key = key_of(frame)
            if key and key != before:
                found += key
            before = key
    return found


def key_of(frame):
    def level(hz):
        phase = np.exp(-2j * math.pi * hz * np.arange(len(frame)) / RATE)
        return 2 * abs(np.dot(frame, phase)) / len(frame)

    rows, columns = [level(hz) for hz in ROWS], [level(hz) for hz in COLUMNS]
    if max(rows) < 3000 or max(columns) < 3000:
        return None
    return KEYS[int(np.argmax(rows))][int(np.argmax(columns))]
