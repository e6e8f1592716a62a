"""A caller with a connected mailbox: what tests of actions on the telephone share."""
import json
import time
import uuid

from .phone import Call, announce, stream_of


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
        # Without pauses: one in which the machine is held up would be the end of what is keyed.
        for digit in digits:
            await self.call.dtmf(digit)
        self.said_at = time.monotonic()

    async def hears(self, words):
        """The answer begins, and these words are in it."""
        try:
            await self.call._wait(lambda: words in self.answer() or None, 40, f"the agent never said {words!r}")
        except AssertionError as problem:
            raise AssertionError(f"{problem}; it said {self.answer()!r}") from problem
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
