"""S0's example on a telephone: a mail is sent by voice, after the caller proved who they are and said yes."""
import asyncio
import json
import time
import uuid

import pytest_asyncio

from casp_process import Casp
from conftest import test_name as name_of
from standins.gmail import Gmail
from standins.phone import Call, announce, stream_of

WISH = "Send a mail to Ramesh saying I approved the quotation."
QUESTION = "Shall I send “I approved the quotation.” to Ramesh Kumar at ramesh@example.com?"
PIN = "4071"


@pytest_asyncio.fixture
async def gmail():
    stand_in = await Gmail().start()
    yield stand_in
    await stand_in.stop()
    assert not stand_in.problems, stand_in.problems


@pytest_asyncio.fixture
async def office(request, openai, gmail):
    """`casp dev`: speech by the OpenAI stand-in, the offline assistant, and Google's stand-in."""
    env = {"OPENAI_BASE_URL": openai.base_url, "LLM": "builtin", "GOOGLE_API_BASE_URL": gmail.url}
    process = await Casp(name_of(request), env=env).ready()
    yield process
    await process.stop()


async def ask(http, casp, method, path, body):
    async with http.request(method, casp.url + path, json=body, headers=casp.auth) as r:
        text = await r.text()
        assert r.status < 300, text
        return json.loads(text) if text else None


async def connect(http, casp, gmail, resource):
    """The mailbox of an end user is connected by tokens of the account's own."""
    tokens = {"provider": "gmail", "access_token": gmail.token, "expires_in": 3600, "resource": resource}
    await ask(http, casp, "POST", "/v1/oauth/register", tokens)


class Talk:
    """A call, and what the agent says in it."""

    def __init__(self, call, openai, speak):
        self.call, self.openai, self.speak = call, openai, speak
        self.said_at, self.said_before = time.monotonic(), ""

    def spoken(self):
        return " ".join(r["input"] for r in self.openai.of("tts"))

    def answer(self):
        """What the agent has said since the caller spoke."""
        return self.spoken()[len(self.said_before):]

    async def says(self, words):
        self.openai.heard, self.said_before = words, self.spoken()
        self.said_at = await self.call.say(self.speak(words, 8000))

    async def keys(self, digits):
        self.said_before = self.spoken()
        for digit in digits:
            await self.call.dtmf(digit)
            await asyncio.sleep(0.1)
        self.said_at = time.monotonic()

    async def hears(self, words):
        """The answer begins, and these words are in it."""
        await self.call._wait(lambda: words in self.answer() or None, 15, f"the agent never said {words!r} but {self.answer()!r}")
        await self.call.wait_loud(self.said_at)

    async def hears_out(self, words):
        await self.hears(words)
        await self.call.wait_quiet()


async def ring(http, casp, number):
    sid = "CA" + uuid.uuid4().hex
    status, twiml = await announce(http, casp.url, sid, From=number)
    assert status == 200, twiml
    url, parameters, _ = stream_of(twiml)
    return Call(url, sid, parameters)


@pytest_asyncio.fixture
async def talk(http, office, openai, gmail, speak):
    """Ann is on the line, her PIN is keyed, and she is being asked about the mail."""
    number = "+15550001111"
    linked = await ask(http, office, "POST", "/v1/identities", {"channel": "phone", "address": number})
    await ask(http, office, "PUT", f"/v1/identities/{linked['id']}/pin", {"pin": PIN})
    await connect(http, office, gmail, linked["resource"])
    async with await ring(http, office, number) as call:
        talk = Talk(call, openai, speak)
        await call.wait_loud(0, timeout=8)
        await call.wait_quiet()
        await talk.says(WISH)
        await talk.hears_out("PIN")
        await talk.keys(PIN)
        await talk.hears(QUESTION)
        yield talk
        await call.hang_up()


async def test_the_mail_is_sent_after_a_spoken_yes(talk, http, office, gmail):
    await talk.call.wait_quiet()
    assert not gmail.sent, "sent before the yes"
    await talk.says("Yes, please.")
    await talk.hears_out("sent")
    assert len(gmail.sent) == 1
    mail = gmail.sent[0]
    assert mail["To"].addresses[0].addr_spec == "ramesh@example.com"
    assert mail["To"].addresses[0].display_name == "Ramesh Kumar"
    assert "I approved the quotation" in mail.get_content()
    assert mail["Subject"] and mail["Message-ID"] and mail["Date"]
    async with http.get(f"{office.url}/v1/actions/log", headers=office.auth) as r:
        entries = (await r.json())["entries"]
    sent = [entry for entry in entries if entry["action"] == "gmail.send"]
    assert [(e["status"], e["kind"]) for e in sent] == [("succeeded", "write")]
    assert "quotation" not in str(entries) and "ramesh" not in str(entries).lower()
    for secret in (PIN, gmail.token, "quotation"):
        assert secret not in office.log(), f"{secret} is in the log"


async def test_after_a_no_nothing_is_sent(talk, gmail):
    await talk.call.wait_quiet()
    await talk.says("No, thank you.")
    await talk.hears_out("All right")
    # What was refused is not done by a late yes either.
    await talk.says("Yes.")
    await talk.hears_out("")
    assert not gmail.sent


async def test_who_interrupts_with_something_else_has_not_agreed(talk, gmail):
    await talk.says("What time is it?")
    await talk.hears_out("It's")
    await talk.says("Yes.")
    await talk.hears_out("")
    assert not gmail.sent
    await talk.says(WISH)
    await talk.hears_out(QUESTION)
    await talk.says("Yes.")
    await talk.hears_out("sent")
    assert len(gmail.sent) == 1


async def test_a_stranger_who_asks_for_the_mail_hears_nothing_of_it(http, office, openai, gmail, speak):
    await connect(http, office, gmail, "dev@casp.local")
    async with await ring(http, office, "+15559998888") as call:
        talk = Talk(call, openai, speak)
        await call.wait_loud(0, timeout=8)
        await call.wait_quiet()
        await talk.says(WISH)
        await talk.hears_out("")
        assert "ramesh@example.com" not in talk.spoken()
        await talk.says("Yes.")
        await talk.hears_out("")
        assert not gmail.sent
        await call.hang_up()
