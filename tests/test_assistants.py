"""A call uses the assistant it was made for, in words, voice, temperature and language: shown at the provider stand-in."""
import asyncio
import time
import uuid

import pytest
import websockets

from casp_process import API_KEY
from standins.caller import Caller
from standins.phone import Call
from test_phone import gone
from test_room import join

DORA = {
    "persona": "You are Dora, who knows everything about doors.",
    "prompt": "Find out which door the caller needs.",
    "greeting": "Welcome to the house of doors.",
    "voice_type": "aggressive_male",
    "temperature": 0.35,
    "language": "de-DE",
    "timezone": "Asia/Kolkata",
}
GUIDE = {
    "persona": "You are a friendly sales representative for a tech company...",
    "prompt": "Your goal is to understand the customer's needs and provide solutions...",
    "voice_type": "concerned_female",
    "temperature": 0.7,
}


async def make(http, casp, scenario):
    async with http.post(f"{casp.url}/realtime/custom-scenario", json=scenario, headers=casp.auth) as r:
        body = await r.json()
        assert r.status == 200, body
    assert body["message"] == "Custom scenario created successfully"
    return body["scenario_id"]


def voices_of(openai, *texts):
    """The voices in which these texts were asked for."""
    return {r["voice"] for r in openai.of("tts") if r["input"].strip() in texts}


async def test_a_room_talks_with_ones_own_assistant(http, casp, openai, speak):
    scenario = await make(http, casp, DORA)
    openai.answer = "That would be an oak door."
    ticket = await join(http, casp, assistant=scenario)
    caller = await Caller().join(ticket["url"], ticket["token"])
    try:
        await caller.wait(lambda: DORA["greeting"] in caller.said("agent"), "the greeting did not come")
        await caller.wait_quiet()
        end = await caller.say(speak("What is the weather like in Paris today?", 48000))
        await caller.wait_loud(end)
        await caller.wait(lambda: openai.answer in caller.said("agent"), "the answer did not come")
    finally:
        await caller.leave()
    chat = openai.of("llm")[-1]
    assert chat["temperature"] == 0.35
    system = chat["messages"][0]["content"]
    assert system.startswith(f"{DORA['persona']}\n\n{DORA['prompt']}"), system
    assert "(time zone Asia/Kolkata)" in system and "the language de-DE" in system
    assert voices_of(openai, DORA["greeting"], openai.answer) == {"ash"}
    assert openai.of("stt")[-1]["language"] == "de"


async def test_two_callers_on_the_telephone_have_each_their_own(http, casp, openai, speak):
    dora, guide = await make(http, casp, DORA), await make(http, casp, GUIDE)
    assert dora != guide
    openai.answer = "Of course."
    for scenario, fields, voice in ((dora, DORA, "ash"), (guide, GUIDE, "shimmer")):
        before = len(openai.requests)
        url = f"{casp.ws_url}/media-stream-custom/{scenario}?api_key={API_KEY}"
        sid = "CA" + uuid.uuid4().hex
        async with Call(url, sid) as call:
            await call.wait_loud(0)
            await call.wait_quiet()
            end = await call.say(speak("What do you sell?", 8000))
            await call.wait_loud(end)
            await call.hang_up()
        await gone(http, casp, sid)
        asked = openai.requests[before:]
        chat = [r for r in asked if r["kind"] == "llm"][-1]
        assert chat["temperature"] == fields["temperature"]
        assert chat["messages"][0]["content"].startswith(f"{fields['persona']}\n\n{fields['prompt']}")
        spoken = [r for r in asked if r["kind"] == "tts"]
        greeting = fields.get("greeting", "Hello, I am an AI assistant. How can I help you?")
        assert spoken[0]["input"] == greeting
        assert {r["voice"] for r in spoken} == {voice}, spoken


async def test_a_scenario_that_is_deleted_in_mid_call_talks_on_and_then_is_gone(http, casp, openai, speak):
    scenario = await make(http, casp, DORA)
    url = f"{casp.ws_url}/media-stream-custom/{scenario}?api_key={API_KEY}"
    async with Call(url, "CA" + uuid.uuid4().hex) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        async with http.delete(f"{casp.url}/custom-scenarios/{scenario}", headers=casp.auth) as r:
            assert await r.json() == {"message": "Custom scenario deleted successfully"}
        end = await call.say(speak("What do you sell?", 8000))
        await call.wait_loud(end)
        assert openai.of("llm")[-1]["messages"][0]["content"].startswith(DORA["persona"])
        await call.hang_up()
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(url, proxy=None)
    assert refused.value.response.status_code == 404


async def test_a_call_that_lasts_too_long_ends_with_a_polite_word(http, casp, openai):
    scenario = await make(http, casp, {**GUIDE, "max_duration_s": 10})
    began = time.monotonic()
    async with Call(f"{casp.ws_url}/media-stream-custom/{scenario}?api_key={API_KEY}", "CA" + uuid.uuid4().hex) as call:
        await asyncio.wait_for(call.ws.wait_closed(), 60)
        assert 10 <= time.monotonic() - began
        assert call.loud_spans()[-1][1] - began > 10, "the goodbye was not heard"
    assert "time is up" in openai.of("tts")[-1]["input"]
