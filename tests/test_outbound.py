"""Calls that casp places, all the way: Twilio's stand-in rings, asks for TwiML, opens the stream, tells how it ended."""
import asyncio
import time

import pytest
import pytest_asyncio

from casp_process import Casp
from conftest import test_name as name_of

TO = "+14155550123"


@pytest_asyncio.fixture
async def casp(request, openai, twilio):
    env = {"OPENAI_BASE_URL": openai.base_url, **twilio.environment, **getattr(request, "param", {})}
    process = await Casp(name_of(request), env=env).ready()
    yield process
    await process.stop()


async def place(http, casp, **body):
    async with http.post(f"{casp.url}/phone/call", json={"to": TO, **body}) as r:
        return r.status, await r.json()


async def seen(http, casp, sid):
    async with http.get(f"{casp.url}/v1/calls/{sid}", headers=casp.auth) as r:
        return await r.json()


async def becomes(http, casp, sid, status, timeout=40.0):
    end = time.monotonic() + timeout
    while (call := await seen(http, casp, sid)).get("status") != status:
        assert time.monotonic() < end, f"the call is {call}, not {status}"
        await asyncio.sleep(0.05)
    return call


async def session_status(http, casp, sid):
    async with http.get(f"{casp.url}/sessions/phone-{sid}") as r:
        return r.status


async def session_is_gone(http, casp, sid, timeout=30.0):
    """A moment after the end of the call is seen."""
    end = time.monotonic() + timeout
    while (status := await session_status(http, casp, sid)) != 404:
        assert time.monotonic() < end, f"the session answers {status}"
        await asyncio.sleep(0.05)


async def test_somebody_is_called_hears_the_greeting_and_gets_an_answer(http, casp, openai, twilio, speak):
    question = speak("What is the weather like in Paris today?", 8000)
    heard = {}

    async def talk(line):
        heard["greeting"] = await line.wait_loud(0)
        await line.wait_quiet()
        end = await line.say(question)
        heard["answer"] = await line.wait_loud(end)
        await line.wait_quiet()

    twilio.callees[TO] = lambda callee: callee.answer(talk)
    status, placed = await place(http, casp)
    assert (status, placed["status"], set(placed)) == (200, "initiated", {"callSid", "status"})
    sid = placed["callSid"]
    assert await session_status(http, casp, sid) == 200
    call = await becomes(http, casp, sid, "completed")
    assert heard["answer"] > heard["greeting"]
    assert openai.of("stt")[-1]["seconds"] > 1
    assert call["answeredAt"] and call["endedAt"] and call["from"] in twilio.numbers
    assert twilio.calls[sid].callbacks == ["initiated", "ringing", "in-progress", "completed"]
    await session_is_gone(http, casp, sid)


@pytest.mark.parametrize("fate", ["busy", "no-answer"])
async def test_nobody_can_be_reached(http, casp, openai, twilio, fate):
    twilio.callees[TO] = lambda callee: callee.busy() if fate == "busy" else callee.no_answer()
    _, placed = await place(http, casp)
    await becomes(http, casp, placed["callSid"], fate)
    await session_is_gone(http, casp, placed["callSid"])
    assert not openai.of("stt") and not openai.of("llm"), "an agent listened to nobody"


async def test_a_machine_is_left_a_message(http, casp, openai, twilio):
    twilio.callees[TO] = lambda callee: callee.machine()
    _, placed = await place(http, casp, machine="leave_message", message="We called about your appointment.")
    call = await becomes(http, casp, placed["callSid"], "completed")
    assert call["answeredBy"] == "machine_end_beep"
    assert twilio.calls[placed["callSid"]].said == ["We called about your appointment."]


async def test_a_call_is_ended_from_here(http, casp, openai, twilio):
    is_greeted = asyncio.Event()

    async def talk(line):
        await line.wait_loud(0)
        is_greeted.set()
        await asyncio.sleep(60)

    twilio.callees[TO] = lambda callee: callee.answer(talk)
    _, placed = await place(http, casp)
    sid = placed["callSid"]
    await becomes(http, casp, sid, "in-progress")
    await asyncio.wait_for(is_greeted.wait(), 60)
    async with http.post(f"{casp.url}/phone/end/{sid}") as r:
        assert (r.status, await r.json()) == (200, {"callSid": sid, "status": "completed"})
    await becomes(http, casp, sid, "completed")
    await asyncio.wait_for(twilio.calls[sid].over.wait(), 30)


async def test_a_call_whose_answer_is_lost_is_placed_once_and_talked_to(http, casp, openai, twilio):
    async def talk(line):
        await line.wait_loud(0)

    twilio.callees[TO] = lambda callee: callee.answer(talk)
    twilio.faults.append("lost")
    status, placed = await place(http, casp)
    (sid,) = twilio.calls
    # Whether the first webhook is faster than the loss is noticed, chance decides.
    if placed["callSid"] is None:
        assert (status, placed["status"]) == (202, "unknown")
    else:
        assert (status, placed) == (200, {"callSid": sid, "status": "initiated"})
    await becomes(http, casp, sid, "completed")
    assert len(twilio.calls) == 1


@pytest.mark.parametrize("casp", [{"CALLS_PER_SECOND": "5", "CALLS_AT_ONCE": "2"}], indirect=True)
async def test_many_calls_wait_for_their_turn(http, casp, openai, twilio):
    at_once, most, all_asked_for = 0, 0, asyncio.Event()

    async def talk(line):
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await line.wait_loud(0)
        await all_asked_for.wait()
        at_once -= 1

    numbers = [f"+1415555{n:04}" for n in range(6)]
    for number in numbers:
        twilio.callees[number] = lambda callee: callee.answer(talk)
    first, _ = await place(http, casp, to=numbers[0])
    assert first == 200
    # The second waits for a fifth of a second, if it was asked for sooner.
    status, second = await place(http, casp, to=numbers[1])
    end = time.monotonic() + 60
    while status == 202 and not (await seen(http, casp, second["callId"]))["callSid"]:
        assert time.monotonic() < end, "the second call was not placed"
        await asyncio.sleep(0.05)
    # Both go on until all are asked for: the others wait, each behind those before it.
    answers = [await place(http, casp, to=number) for number in numbers[2:]]
    assert [(status, body["position"]) for status, body in answers] == [(202, n) for n in range(1, 5)]
    all_asked_for.set()
    end = time.monotonic() + 90
    while len(twilio.calls) < 6 or not all(call.over.is_set() for call in twilio.calls.values()):
        assert time.monotonic() < end, f"{len(twilio.calls)} calls were placed"
        await asyncio.sleep(0.1)
    assert 1 <= most <= 2
    assert [call.parameters["To"] for call in twilio.calls.values()] == numbers, "out of order"
