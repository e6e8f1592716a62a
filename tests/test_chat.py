"""The chat API, called by OpenAI's own client for Python: on the offline default, and with a language model behind it."""
import asyncio
import io
import json
import subprocess
import wave
from pathlib import Path

import openai as openai_sdk
import pytest
import pytest_asyncio
from openai import AsyncOpenAI
from pydantic import BaseModel

from casp_process import API_KEY, Casp
from conftest import test_name as name_of
from standins.gmail import Gmail
from standins.office import connect

WEATHER = [{"type": "function", "function": {
    "name": "get_weather", "description": "Tells the weather.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}}]


ANN, BOB = "ann@example.com", "bob@example.com"
WISH = "Send Ramesh a mail that says I approved the quotation."
MAIL = {"to": "Ramesh", "subject": "Quotation", "body": "I approved the quotation."}


class Day(BaseModel):
    day: str


@pytest_asyncio.fixture
async def gmail():
    stand_in = await Gmail().start()
    stand_in.inbox = [("m1", "Ramesh Kumar <ramesh@example.com>", "Offer", "Please look at the offer.")]
    yield stand_in
    await stand_in.stop()
    assert not stand_in.problems, stand_in.problems


@pytest_asyncio.fixture
async def office(request, http, openai, gmail):
    """`casp dev` whose model sends the mail when it is asked to, with Google's stand-in, and Ann's and Bob's mailboxes."""
    openai.script = sends_when_asked
    env = {"OPENAI_BASE_URL": openai.base_url, "GOOGLE_API_BASE_URL": gmail.url}
    process = await Casp(name_of(request), env=env).ready()
    for resource in (ANN, BOB):
        await connect(http, process, gmail, resource)
    yield process
    await process.stop()


def sends_when_asked(messages, _):
    last = messages[-1]
    if last["role"] == "tool":
        return "It is sent." if '"status":"succeeded"' in last["content"] else "That did not work."
    return ("gmail__send", MAIL) if WISH in last["content"] else "What do you mean?"


def client(process, key=API_KEY, **options):
    return AsyncOpenAI(api_key=key, base_url=f"{process.url}/v1", max_retries=0, **options)


def user(words):
    return [{"role": "user", "content": words}]


def answered(question, words):
    """The conversation as the client keeps it: the wish, what the assistant asked, and what is said to that."""
    return [*user(WISH), {"role": "assistant", "content": question}, *user(words)]


async def neighbour(http, casp, gmail):
    """A client with another account's key, whose end user of the same name has a mailbox too."""
    async def post(path, body, token=None):
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        async with http.post(casp.url + path, json=body, headers=headers) as r:
            assert r.status < 300, await r.text()
            return await r.json()
    me = {"email": "next@example.com", "password": "secure_password"}
    await post("/auth/register", me)
    token = (await post("/auth/login", me))["access_token"]
    key = (await post("/v1/api-keys", {"name": "theirs"}, token))["key"]
    tokens = {"provider": "gmail", "access_token": gmail.token, "expires_in": 3600, "resource": ANN}
    await post("/v1/oauth/register", tokens, key)
    return client(casp, key)


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


async def test_a_mail_is_sent_once_after_the_yes_of_the_one_who_asked_for_it(office, http, gmail):
    async def chat(messages, resource=ANN, sdk=client(office)):
        answer = await sdk.chat.completions.create(model="casp-realtime", messages=messages, user=resource)
        return answer.choices[0].message.content, [(a["name"], a["status"]) for a in answer.casp["actions"]]

    question, actions = await chat(user(WISH))
    assert actions == [("gmail.send", "needs_confirmation")]
    assert question.startswith("Shall I send") and question.endswith("?"), question
    assert "I approved the quotation." in question and "ramesh@example.com" in question, question
    assert not gmail.sent, "sent before the yes"

    yes = answered(question, "Yes.")
    for whose, stranger in [("another end user", {"resource": BOB}), ("another account", {"sdk": await neighbour(http, office, gmail)})]:
        _, actions = await chat(yes, **stranger)
        assert not actions and not gmail.sent, f"{whose} agreed to it"

    words, actions = await chat(yes)
    assert (words, actions) == ("It is sent.", [("gmail.send", "succeeded")])
    (mail,) = gmail.sent
    assert [(a.display_name, a.addr_spec) for a in mail["To"].addresses] == [("Ramesh Kumar", "ramesh@example.com")]
    assert mail["Subject"] == "Quotation" and mail["Message-ID"] and mail["Date"] and not mail["Cc"]
    assert mail.get_content_type() == "text/plain" and mail.get_content().strip() == "I approved the quotation."

    _, actions = await chat(yes)
    assert not actions and len(gmail.sent) == 1, "sent again"


@pytest.mark.parametrize("words, sent", [("Yes, please.", 1), ("No, thank you.", 0)])
async def test_a_streamed_question_is_answered_as_any_other(office, gmail, words, sent):
    async def stream(messages):
        chunks = [chunk async for chunk in await client(office).chat.completions.create(
            model="casp-realtime", messages=messages, user=ANN, stream=True)]
        text = "".join(c.choices[0].delta.content or "" for c in chunks)
        return text, [(a["name"], a["status"]) for a in chunks[-1].casp["actions"]]

    question, actions = await stream(user(WISH))
    assert actions == [("gmail.send", "needs_confirmation")] and "ramesh@example.com" in question, question
    assert not gmail.sent
    _, actions = await stream(answered(question, words))
    assert actions == [("gmail.send", "succeeded")] * sent and len(gmail.sent) == sent
    # What was refused is not done by a late yes, nor what was done done again.
    _, actions = await stream(answered(question, "Yes."))
    assert not actions and len(gmail.sent) == sent


async def test_an_order_succeeds_with_the_end_users_own_mailbox(office, http, openai, gmail):
    done = await client(office).chat.completions.create(
        model="casp-realtime", messages=user('{"action":"gmail.unread","limit":3}'), user=ANN)
    outcome = json.loads(done.choices[0].message.content)
    assert (outcome["name"], outcome["status"]) == ("gmail.unread", "succeeded"), outcome
    assert outcome["result"]["spoken"] == "You have one unread message." and "Offer" in json.dumps(outcome["result"])
    assert [(a["name"], a["status"]) for a in done.casp["actions"]] == [("gmail.unread", "succeeded")]
    assert gmail.looked and not openai.of("llm"), "a model was asked"
    # An e-mail is the same in any case; without one, the account's own mailbox is meant, as by its own e-mail.
    for resource, status in [("Ann@Example.com", "succeeded"), ("DEV@casp.local", "failed")]:
        other = await client(office).chat.completions.create(
            model="casp-realtime", messages=user('{"action":"gmail.unread"}'), user=resource)
        assert json.loads(other.choices[0].message.content)["status"] == status, resource
    await connect(http, office, gmail, "dev@casp.local")
    own = await client(office).chat.completions.create(
        model="casp-realtime", messages=user('{"action":"gmail.unread"}'), user="DEV@casp.local")
    assert json.loads(own.choices[0].message.content)["status"] == "succeeded"


async def test_an_order_without_a_connection_of_ones_own_fails(office):
    unconnected = await client(office).chat.completions.create(
        model="casp-realtime", messages=user('{"action":"gmail.unread","limit":3}'))
    assert json.loads(unconnected.choices[0].message.content)["status"] == "failed", "the account's own mailbox is another"


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
