"""Twilio's own SDK against our stand-in for Twilio: what it takes from Twilio, it takes from the stand-in."""
import asyncio
import json

import pytest
import pytest_asyncio
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from standins.twilio import Twilio

TO, FROM = "+14155550123", "+15017122661"


class Here(TwilioHttpClient):
    """Sends what is for Twilio to the stand-in."""

    def __init__(self, base_url):
        super().__init__(timeout=40)
        self.base_url = base_url

    def request(self, method, url, *args, **more):
        for host in ("https://api.twilio.com", "https://intelligence.twilio.com"):
            url = url.replace(host, self.base_url)
        return super().request(method, url, *args, **more)


@pytest_asyncio.fixture
async def twilio():
    stand_in = await Twilio().start()
    yield stand_in
    await stand_in.stop()


@pytest.fixture
def sdk(twilio):
    return Client(twilio.account_sid, twilio.auth_token, http_client=Here(twilio.base_url))


def aside(work):
    """The SDK blocks; the stand-in must go on."""
    return asyncio.to_thread(work)


async def test_calls_are_placed_looked_at_listed_and_ended(twilio, sdk):
    ringing = asyncio.Event()
    twilio.callees[TO] = lambda callee: ringing.wait()
    made = await aside(lambda: sdk.calls.create(
        to=TO, from_=FROM, url="http://127.0.0.1:9/x", timeout=30, machine_detection="Enable", async_amd="true",
        async_amd_status_callback="http://127.0.0.1:9/amd"))
    assert (made.to, made._from, made.status, made.direction) == (TO, FROM, "queued", "outbound-api")
    assert made.date_created is not None
    seen = await aside(lambda: sdk.calls(made.sid).fetch())
    assert seen.status in ("initiated", "ringing") and seen.start_time is None
    for _ in range(4):
        await aside(lambda: sdk.calls.create(to=TO, from_=FROM, twiml="<Response><Hangup/></Response>"))
    listed = await aside(lambda: sdk.calls.list(to=TO, from_=FROM, page_size=2))
    assert len({call.sid for call in listed}) == 5 and listed[-1].sid == made.sid
    ended = await aside(lambda: sdk.calls(made.sid).update(status="completed"))
    assert ended.status == "canceled"
    with pytest.raises(TwilioRestException) as refused:
        await aside(lambda: sdk.calls(made.sid).update(status="completed"))
    assert refused.value.code == 21220


@pytest.mark.parametrize("wrong,code", [
    ({"to": "911"}, 21211), ({"from_": "+15550009999"}, 21210), ({"url": "nowhere"}, 21205), ({"machine_detection": "Maybe"}, 20001),
    ({"status_callback": "http://127.0.0.1:9/", "status_callback_event": ["sneezed"]}, 21626),
])
async def test_what_twilio_would_not_take_is_refused(sdk, wrong, code):
    with pytest.raises(TwilioRestException) as refused:
        await aside(lambda: sdk.calls.create(**{"to": TO, "from_": FROM, "url": "http://127.0.0.1:9/x", **wrong}))
    assert (refused.value.status, refused.value.code) == (400, code)


async def test_strangers_and_unknown_things_are_refused(twilio, sdk):
    stranger = Client(twilio.account_sid, "wrong", http_client=Here(twilio.base_url))
    with pytest.raises(TwilioRestException) as refused:
        await aside(lambda: stranger.calls("CA" + "0" * 32).fetch())
    assert (refused.value.status, refused.value.code) == (401, 20003)
    with pytest.raises(TwilioRestException) as refused:
        await aside(lambda: sdk.calls("CA" + "0" * 32).fetch())
    assert (refused.value.status, refused.value.code) == (404, 20404)


async def test_messages(twilio, sdk):
    sent = await aside(lambda: sdk.messages.create(to=TO, from_=FROM, body="Hello", media_url=["https://example.com/a.png"]))
    assert (sent.status, sent.body, sent.num_media) == ("queued", "Hello", "1")
    template = await aside(lambda: sdk.messages.create(
        to=f"whatsapp:{TO}", from_=f"whatsapp:{FROM}", content_sid="HX1", content_variables=json.dumps({"1": "John"})))
    assert (await aside(lambda: sdk.messages(template.sid).fetch())).to == f"whatsapp:{TO}"
    with pytest.raises(TwilioRestException) as refused:
        await aside(lambda: sdk.messages.create(to=TO, from_=FROM))
    assert refused.value.code == 21619


async def test_recordings(twilio, sdk):
    call = "CA" + "1" * 32
    made = [twilio.record(call, b"RIFF....WAVE", seconds=12, channels=2) for _ in range(3)]
    listed = await aside(lambda: sdk.calls(call).recordings.list(page_size=1))
    assert {r.sid for r in listed} == set(made) and listed[0].duration == "12"
    assert (await aside(lambda: sdk.recordings(made[0]).fetch())).channels == 2
    assert await aside(lambda: sdk.recordings(made[0]).delete())
    with pytest.raises(TwilioRestException):
        await aside(lambda: sdk.recordings(made[0]).fetch())


async def test_transcripts(twilio, sdk):
    recording = twilio.record("CA" + "1" * 32, b"RIFF")
    transcripts = sdk.intelligence.v2.transcripts
    people = [{"channel_participant": 1, "role": "Agent", "full_name": "Mike"}, {"channel_participant": 2, "role": "Customer"}]
    made = await aside(lambda: transcripts.create(
        service_sid="GA" + "1" * 32, channel={"media_properties": {"source_sid": recording}, "participants": people}, customer_key="k"))
    assert (made.status, made.customer_key, made.duration) == ("queued", "k", None)
    twilio.transcribed(made.sid, [(1, 0.5, 3.2, "Hello."), (2, 3.5, 5.0, "Hi!"), (1, 5.5, 9.0, "Bye.")],
                       [{"operator_sid": "LY1", "operator_type": "text_generation", "name": "Summary", "text_generation_results": {"result": "A call."}}])
    done = await aside(lambda: transcripts(made.sid).fetch())
    assert (done.status, done.duration) == ("completed", 9)
    sentences = await aside(lambda: transcripts(made.sid).sentences.list(page_size=2))
    assert [(s.media_channel, s.transcript) for s in sentences] == [(1, "Hello."), (2, "Hi!"), (1, "Bye.")]
    results = await aside(lambda: transcripts(made.sid).operator_results.list())
    assert results[0].text_generation_results == {"result": "A call."}
    assert [t.sid for t in await aside(lambda: transcripts.list(source_sid=recording))] == [made.sid]
    assert await aside(lambda: transcripts.list(source_sid="RE" + "9" * 32)) == []
    with pytest.raises(TwilioRestException):
        await aside(lambda: transcripts.create(service_sid="GA1", channel={"media_properties": {}}))
    assert await aside(lambda: transcripts(made.sid).delete())
