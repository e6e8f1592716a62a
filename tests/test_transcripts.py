"""A phone call becomes a transcript while it goes on, and is final when it ends; card numbers and keys are not in it."""
import asyncio
import time

import pytest

from standins.phone import Call, announce, stream_of
from test_phone import call_sid


async def get(http, casp, path):
    async with http.get(casp.url + path, headers=casp.auth) as r:
        assert r.status == 200, await r.text()
        return await r.json()


async def eventually(what, check, timeout=30.0):
    """What `check` returns once it is something; it may be asked again and again."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        if (value := await check()) is not None:
            return value
        await asyncio.sleep(0.05)
    raise AssertionError(f"never: {what}")


@pytest.mark.alone
async def test_a_call_is_a_transcript_live_and_final(http, casp, openai, speak):
    assert await get(http, casp, "/api/enhanced-transcripts/") == []
    sid = call_sid()
    openai.heard = "My card is four one one one, one one one one, uh, 1111 and 1111. Can you see it?"
    openai.answer = "Thank you, I see it."
    began = time.monotonic()
    status, twiml = await announce(http, casp.url, sid)
    assert status == 200, twiml
    url, parameters, _ = stream_of(twiml)
    async with Call(url, sid, parameters) as call:
        greeted = await call.wait_loud(0)
        await call.wait_quiet()
        said = speak("My card is four one one one, can you see it?", 8000)
        end = await call.say(said)
        before = call.began_at
        await call.wait_loud(end)
        await call.wait_quiet()

        async def answered():
            page = await get(http, casp, "/api/enhanced-transcripts/")
            return page[0] if page and page[0]["conversation_turns"] >= 3 else None

        live = await eventually("the call is listed while it goes on", answered)
        assert (live["status"], live["channel"], live["call_direction"]) == ("in-progress", "phone", "inbound")
        for digit in "4242":
            await call.dtmf(digit)
        await eventually("the keys are a turn", lambda: pressed(http, casp, live["transcript_sid"]))
        await call.hang_up()

    async def over():
        row = (await get(http, casp, "/api/enhanced-transcripts/"))[0]
        return row if row["status"] == "completed" else None

    final = await eventually("the transcript is final", over)
    assert final["transcript_sid"] == live["transcript_sid"]
    assert 2 <= final["duration"] <= time.monotonic() - began + 1

    # The model saw what was said; the store did not.
    heard = [m["content"] for r in openai.of("llm") for m in r["messages"] if m["role"] == "user"]
    assert any("four one one one" in text for text in heard)
    detail = await get(http, casp, f"/api/enhanced-transcripts/{final['transcript_sid']}")
    flow = detail["conversation_flow"]
    assert [turn["speaker"]["role"] for turn in flow[:3]] == ["agent", "customer", "agent"]
    assert flow[1]["text"] == "My card is [card number]. Can you see it?"
    written = detail["full_text"] + str(flow)
    assert "1111" not in written and "4 2 4 2" not in written
    assert "(I pressed [digits] on my telephone.)" in detail["full_text"]

    # The times are those of the speech, to within what finding it takes.
    greeting, question = flow[0], flow[1]
    assert greeting["start_time"] < question["start_time"] < question["end_time"] < flow[2]["start_time"]
    spoken = end - before
    assert abs(question["duration"] - spoken) < 0.5, (question, spoken)
    assert abs((question["start_time"] - greeting["start_time"]) - (before - greeted)) < 0.5, (flow, before - greeted)

    for words, count in [("see", 1), ("thank card", 1), ("1111", 0)]:
        assert len(await get(http, casp, f"/api/enhanced-transcripts/?q={words.replace(' ', '+')}")) == count, words
    (day,) = (await get(http, casp, "/v1/analytics"))["days"]
    assert day["calls"] == 1 and day["latency"]["answers"] >= 1, day


async def pressed(http, casp, sid):
    detail = await get(http, casp, f"/api/enhanced-transcripts/{sid}")
    return True if "I pressed" in detail["full_text"] else None


async def test_a_file_is_transcribed_by_the_configured_provider(http, casp, openai, speak):
    import aiohttp

    openai.heard = "Open the pod bay doors."
    form = aiohttp.FormData()
    form.add_field("file", speak.file("Open the pod bay doors").read_bytes(), filename="doors.wav", content_type="audio/wav")
    async with http.post(f"{casp.url}/whisper/transcribe", data=form, headers=casp.auth) as r:
        assert (r.status, await r.json()) == (200, {"status": "success", "transcription": "Open the pod bay doors."})
    assert openai.of("stt")[-1]["rate"] == 16000
