"""The chat API, called by OpenAI's own client for Python: on the offline default, and with a language model behind it."""
import asyncio
import io
import json
import subprocess
import wave
from pathlib import Path

import openai as openai_sdk
import pytest
from openai import AsyncOpenAI
from pydantic import BaseModel

from casp_process import API_KEY

WEATHER = [{"type": "function", "function": {
    "name": "get_weather", "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


class Day(BaseModel):
    day: str


def client(process, **options):
    return AsyncOpenAI(api_key=API_KEY, base_url=f"{process.url}/v1", max_retries=0, **options)


def user(words):
    return [{"role": "user", "content": words}]


async def test_the_offline_default_answers_acts_and_keeps_to_forms(offline_casp):
    casp = client(offline_casp)
    plain = await casp.chat.completions.create(model="casp-realtime", messages=user("Hello"))
    assert "How can I help you?" in plain.choices[0].message.content
    assert plain.choices[0].finish_reason == "stop" and plain.usage.total_tokens > 0
    assert plain.model == "casp-realtime" and plain.object == "chat.completion"

    acted = await casp.chat.completions.create(model="casp-realtime", messages=user("What is on my calendar today?"))
    assert "connect" in acted.choices[0].message.content.lower()
    # Neither calendar is connected, and none was named.
    assert [a["name"] for a in acted.casp["actions"]] == ["google-calendar.agenda", "outlook-calendar.agenda"]

    short = await casp.chat.completions.create(model="casp-realtime", messages=user("Tell me a joke."), max_tokens=3)
    assert short.choices[0].finish_reason == "length" and len(short.choices[0].message.content.split()) == 3

    json_answer = await casp.chat.completions.create(
        model="casp-realtime", messages=user("Hello"), response_format={"type": "json_object"})
    assert "help" in json.loads(json_answer.choices[0].message.content)["answer"]
    parsed = await casp.chat.completions.parse(model="casp-realtime", messages=user("What day is it?"), response_format=Day)
    assert "Today is" in parsed.choices[0].message.parsed.day

    called = await casp.chat.completions.create(
        model="casp-realtime", messages=user("Paris"), tools=WEATHER, tool_choice={
            "type": "function", "function": {"name": "get_weather"}})
    call = called.choices[0].message.tool_calls[0]
    assert called.choices[0].finish_reason == "tool_calls"
    assert json.loads(call.function.arguments) == {"city": "Paris"}


async def test_a_stream_ends_with_usage_and_actions(offline_casp):
    chunks = [chunk async for chunk in await client(offline_casp).chat.completions.create(
        model="casp-realtime", messages=user("What is on my calendar today?"), stream=True,
        stream_options={"include_usage": True})]
    text = "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)
    assert "connect" in text.lower() and len(chunks) > 4
    assert chunks[-2].choices[0].finish_reason == "stop"
    assert chunks[-1].usage.total_tokens > 0 and chunks[-1].choices == []
    assert chunks[-1].casp["actions"][0]["status"] == "failed"


async def test_an_order_is_carried_out_and_its_outcome_is_the_answer(offline_casp):
    done = await client(offline_casp).chat.completions.create(
        model="casp-realtime", messages=user('{"action": "gmail.send", "to": "ramesh@example.com", "body": "Approved."}'),
        user="ann@example.com")
    outcome = json.loads(done.choices[0].message.content)
    assert outcome["name"] == "gmail.send" and outcome["status"] == "failed", outcome
    assert outcome["connect"] == "/v1/oauth/connect/gmail"


async def test_the_client_raises_what_it_should(casp, openai):
    sdk = client(casp)
    with pytest.raises(openai_sdk.NotFoundError) as missing:
        await sdk.chat.completions.create(model="gpt-5", messages=user("Hello"))
    assert missing.value.code == "model_not_found" and missing.value.param == "model"
    with pytest.raises(openai_sdk.BadRequestError) as bad:
        await sdk.chat.completions.create(model="casp-realtime", messages=user("Hello"), temperature=9)
    assert bad.value.param == "temperature"
    with pytest.raises(openai_sdk.AuthenticationError):
        stranger = AsyncOpenAI(api_key="sk_wrong", base_url=f"{casp.url}/v1", max_retries=0)
        await stranger.models.list()
    openai.fault["llm"] = 429
    with pytest.raises(openai_sdk.RateLimitError):
        await sdk.chat.completions.create(model="casp-realtime", messages=user("Hello"))
    openai.fault["llm"] = "half"
    with pytest.raises(openai_sdk.APIError):
        async for _ in await sdk.chat.completions.create(model="casp-realtime", messages=user("Hello"), stream=True):
            pass


@pytest.mark.parametrize("casp", [{"RATE_LIMIT_CHATS": "2"}], indirect=True)
async def test_too_many_requests_are_a_rate_limit(casp):
    sdk = client(casp)
    for _ in range(2):
        await sdk.chat.completions.create(model="casp-realtime", messages=user("Hello"))
    with pytest.raises(openai_sdk.RateLimitError) as limited:
        await sdk.chat.completions.create(model="casp-realtime", messages=user("Hello"))
    assert int(limited.value.response.headers["retry-after"]) > 0


async def test_the_model_gets_the_conversation_and_its_words_come_back(casp, openai):
    answer = await client(casp).chat.completions.create(
        model="casp-realtime", temperature=0.25, metadata={"assistant": "support"}, messages=[
            {"role": "system", "content": "Speak like a pirate."}, {"role": "user", "content": "Hi"},
            {"role": "assistant", "content": "Ahoy."}, {"role": "user", "content": [{"type": "text", "text": "Weather?"}]}])
    assert answer.choices[0].message.content == openai.answer
    asked = openai.of("llm")[-1]
    assert asked["temperature"] == 0.25
    assert [m["role"] for m in asked["messages"]] == ["system", "system", "user", "assistant", "user"]
    assert "support agent" in asked["messages"][0]["content"]


async def test_a_client_that_goes_away_stops_the_model(casp, openai):
    openai.answer = "word " * 20_000
    stream = await client(casp).chat.completions.create(model="casp-realtime", messages=user("Talk."), stream=True)
    async for chunk in stream:
        if chunk.choices[0].delta.content:
            break
    await stream.close()
    for _ in range(600):
        if openai.of("llm")[-1]["aborted"]:
            return
        await asyncio.sleep(0.05)
    raise AssertionError("the model was not stopped")


async def test_models_and_audio(casp, openai, speak):
    sdk = client(casp)
    assert "casp-realtime" in [model.id async for model in await sdk.models.list()]
    assert (await sdk.models.retrieve("casp-realtime")).owned_by == "casp"
    with pytest.raises(openai_sdk.NotFoundError):
        await sdk.models.retrieve("gpt-5")
    file = speak.file("What is the weather like in Paris today?")
    words = await sdk.audio.transcriptions.create(model="whisper-1", file=file)
    assert words.text == openai.heard
    verbose = await sdk.audio.transcriptions.create(model="whisper-1", file=file, response_format="verbose_json", language="en")
    assert verbose.segments[0].text == openai.heard and 1 < verbose.duration < 10
    text = await sdk.audio.transcriptions.create(model="casp-realtime", file=file, response_format="text")
    assert text.strip() == openai.heard
    with pytest.raises(openai_sdk.BadRequestError):
        await sdk.audio.transcriptions.create(model="whisper-1", file=("letter.txt", b"Dear Sir or Madam, this is a letter"))
    with pytest.raises(openai_sdk.BadRequestError):
        await sdk.audio.speech.create(model="tts-1", voice="alloy", input="Hello", response_format="mp3")
    pcm = await sdk.audio.speech.create(model="tts-1", voice="alloy", input="Hello there.", response_format="pcm")
    assert len(pcm.content) % 2 == 0 and len(pcm.content) > 24000 * 2 * 0.25
    assert openai.of("tts")[-1]["voice"] == "alloy"


async def test_offline_speech_is_a_wav_that_can_be_heard_again(offline_casp):
    sdk = client(offline_casp)
    spoken = await sdk.audio.speech.create(model="tts-1", voice="concerned_female", input="What is on my calendar today?", response_format="wav")
    with wave.open(io.BytesIO(spoken.content)) as w:
        assert (w.getframerate(), w.getnchannels(), w.getsampwidth()) == (24000, 1, 2)
    heard = await sdk.audio.transcriptions.create(model="whisper-1", file=("speech.wav", spoken.content))
    assert "calendar" in heard.text.lower(), heard.text


async def test_openais_client_for_node_works_unchanged(offline_casp):
    script = Path(__file__).resolve().parent / "node" / "chat.mjs"
    node = await asyncio.create_subprocess_exec(
        "node", str(script), f"{offline_casp.url}/v1", API_KEY, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await asyncio.wait_for(node.communicate(), 120)
    assert node.returncode == 0, err.decode()[-4000:]
    seen = json.loads(out)
    assert "connect" in seen["content"].lower() and seen["streamed"] == seen["content"], seen
    assert seen["actions"][0]["name"] == seen["lastActions"][0]["name"] == "google-calendar.agenda"
    assert "How can I help you?" in seen["helper"] and "help" in seen["json"]["answer"]
    assert seen["call"]["name"] == "get_weather" and json.loads(seen["call"]["arguments"]) == {"city": "Paris"}
    assert "casp-realtime" in seen["models"] and seen["wav"] == "RIFF"
    assert seen["unknown"] == "NotFoundError 404 model_not_found"
    assert seen["bad"] == "BadRequestError 400 invalid_value"
    assert seen["stranger"] == "AuthenticationError 401 invalid_api_key"
