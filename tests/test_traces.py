"""One trace follows a call through the API, the bridge, the agent and the providers, each a process of its own."""
import asyncio
import json
import re
import time

import pytest_asyncio

from standins.collector import Collector
from standins.phone import Call, announce, stream_of
from test_phone import call_sid
from test_split import Split, signed

NUMBERS = re.compile(r"\+?\d{8,}")


@pytest_asyncio.fixture
async def collector():
    stand_in = await Collector().start()
    yield stand_in
    await stand_in.stop()
    assert not stand_in.problems, stand_in.problems


async def a_call(http, split, speak, sid):
    """A phone call with one question, to its end."""
    url, parameters, _ = stream_of(await signed(http, split, "/twilio/voice", sid))
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        await call.wait_quiet()
        end = await call.say(speak("What is the weather like in Paris today?", 8000))
        await call.wait_loud(end)
        await call.wait_quiet()
        await call.hang_up()
    status, _ = await announce(http, split.url, sid, path="/twilio/status", auth_token=split.env["TWILIO_AUTH_TOKEN"], CallStatus="completed")
    assert status == 204


async def spans_of_the_call(collector, complete, timeout=60):
    """Spans come in batches, a child before what it hangs in; gives those of the call's trace when all that are expected are there."""
    end = time.monotonic() + timeout
    while time.monotonic() < end:
        roots = [s for s in collector.spans if s["name"] == "session"]
        if roots and complete(spans := [s for s in collector.spans if s["trace"] == roots[0]["trace"]]):
            return roots, spans
        await asyncio.sleep(0.2)
    raise AssertionError(json.dumps(collector.spans, indent=1))


async def test_one_trace_follows_a_call_through_every_part(http, tmp_path, openai, speak, collector):
    split = Split(tmp_path, openai, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    try:
        await split.start()
        await a_call(http, split, speak, call_sid())
        expected = {"session", "POST /twilio/voice", "POST /twilio/status", "media stream", "conversation", "turn", "saying", "transcribe", "chat", "synthesize"}
        roots, spans = await spans_of_the_call(collector, lambda spans: expected <= {s["name"] for s in spans} and {s["parent"] for s in spans} <= {s["id"] for s in spans} | {""})
    finally:
        await split.stop()
    assert len(roots) == 1, "one call, one trace"
    by_id = {s["id"]: s for s in spans}
    assert len(by_id) == len(spans), "no span is told of twice"
    root = roots[0]
    assert (root["service"], root["parent"], root["attributes"]["casp.channel"]) == ("casp-control-api", "", "phone")

    def parent(span):
        return by_id[span["parent"]]["name"]

    for span in spans:
        if span is not root:
            assert span["parent"] in by_id, f"{span['name']} hangs in the air"
    named = {name: [s for s in spans if s["name"] == name] for name in {s["name"] for s in spans}}
    for name, service, above in (("POST /twilio/voice", "casp-control-api", "session"), ("POST /twilio/status", "casp-control-api", "session"),
                                 ("media stream", "casp-bridge", "session"), ("conversation", "casp-agent", "session"),
                                 ("turn", "casp-agent", "conversation"), ("saying", "casp-agent", "conversation"), ("transcribe", "casp-agent", "turn"),
                                 ("chat", "casp-agent", "turn")):
        assert {(s["service"], parent(s)) for s in named[name]} == {(service, above)}, name
    assert {parent(s) for s in named["synthesize"]} == {"saying", "turn"}
    # The requests to the providers.
    assert {parent(s) for s in named["POST"]} == {"transcribe", "chat", "synthesize"}
    assert {s["attributes"]["server.address"] for s in named["POST"]} == {"127.0.0.1"}
    # Numbers are numbers, as the conventions have them.
    answered = named["POST"] + named["POST /twilio/voice"]
    assert {type(s["attributes"]["http.response.status_code"]) for s in answered} == {int}
    assert {type(s["attributes"]["server.port"]) for s in named["POST"]} == {int}
    assert {type(v) for s in spans for k, v in s["attributes"].items() if k.endswith("_ms")} == {int}
    chat = named["chat"][-1]["attributes"]
    assert (chat["gen_ai.operation.name"], chat["gen_ai.provider.name"]) == ("chat", "openai") and chat["gen_ai.request.model"]
    assert 0 < chat["gen_ai.server.time_to_first_token"] < 10
    assert chat["gen_ai.usage.input_tokens"] > 10 and chat["gen_ai.usage.output_tokens"] > 0
    assert any(0 < s["attributes"].get("casp.time_to_first_sound", 0) < 10 for s in named["synthesize"])
    answered = [s for s in named["turn"] if "casp.latency_ms" in s["attributes"]]
    assert len(answered) == 1, "one question was answered"
    # A turn lasts as long as what belongs to it.
    for span in spans:
        if span["parent"] == answered[0]["id"]:
            assert span["ms"] <= answered[0]["ms"] + 1
    assert named["media stream"][0]["attributes"]["casp.ending"] == "completed"
    # Nothing private: no words, no numbers, no addresses, no keys.
    for span in collector.spans:
        told = json.dumps(span["attributes"])
        for secret in (openai.heard, openai.answer, "Paris", "+1555", "@", "twilio-secret", split.env["SECRET_KEY"]):
            assert secret not in told, span
        values = [v for k, v in span["attributes"].items() if isinstance(v, str) and k != "gen_ai.conversation.id"]
        assert not [v for v in values if NUMBERS.search(v)], span


async def test_a_collector_that_is_not_there_harms_nothing(http, tmp_path, openai, speak):
    split = Split(tmp_path, openai, OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:1")
    try:
        await split.start()
        await a_call(http, split, speak, call_sid())
        assert openai.of("llm")
        for part in (split.api, split.agent, split.bridge):
            assert await part.stop(timeout=15) == 0
    finally:
        await split.stop()
