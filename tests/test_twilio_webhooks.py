"""Webhooks as Twilio signs them (its own validator), through proxies, in any order; and as nobody should send them."""
import asyncio
import uuid
import xml.etree.ElementTree as ET

import pytest
from twilio.request_validator import RequestValidator
from yarl import URL

from standins.phone import Call, stream_of

TOKEN = "twilio-auth-token"
PUBLIC = "https://voice.example.com"
ENV = {"TWILIO_AUTH_TOKEN": TOKEN, "PUBLIC_URL": PUBLIC}
signed_casp = pytest.mark.parametrize("casp", [ENV], indirect=True)


def call_sid():
    return "CA" + uuid.uuid4().hex


async def send(http, casp, path, form=None, *, method="POST", url=None, token=TOKEN, signature=None, headers=None):
    """A webhook to `path`, signed as if Twilio had called `url`."""
    form = form if form is not None else {}
    if signature is None:
        signature = RequestValidator(token).compute_signature(url or PUBLIC + path, form if method == "POST" else {})
    body = {"data": form} if method == "POST" else {}
    headers = {"X-Twilio-Signature": signature, **(headers or {})}
    async with http.request(method, URL(casp.url + path, encoded=True), headers=headers, **body) as r:
        return r.status, await r.text()


def voice_form(sid, **more):
    return {"CallSid": sid, "AccountSid": "AC" + "0" * 32, "From": "+15550001111", "To": "+15550002222", "CallStatus": "ringing",
            "Direction": "inbound", **more}


async def session(http, casp, sid):
    async with http.get(f"{casp.url}/sessions/phone-{sid}", headers=casp.auth) as r:
        return r.status, await r.json()


@signed_casp
async def test_what_twilio_signs_is_taken(http, casp):
    forms = [
        {},
        {"CallerName": "Zoë & Søren + Co. = 100 % ☎ 电话 \u202e", "CallerCity": "MÜNCHEN"},
        {"Empty": "", "From": ""},
        {"SpeechResult": "a+b c%20d\r\nnew line"},
    ]
    for more in forms:
        sid = call_sid()
        status, twiml = await send(http, casp, "/twilio/voice", voice_form(sid, **more))
        assert (status, "<Connect" in twiml) == (200, True), (more, status, twiml)
    for url in (PUBLIC + ":443/twilio/voice", PUBLIC + "/twilio/voice"):
        status, twiml = await send(http, casp, "/twilio/voice", voice_form(call_sid()), url=url)
        assert status == 200, url
    # Path and query count byte by byte.
    for query in ("?a=1", "?a=1&b=%20%C3%BC&c=+", "?x", "?a=b=c&&d", "?token=%2F..%2F"):
        status, _ = await send(http, casp, "/twilio/voice" + query, voice_form(call_sid()))
        assert status == 200, query


@signed_casp
async def test_what_twilio_did_not_sign_has_no_effect(http, casp):
    form, path = voice_form(call_sid()), "/twilio/voice"
    right = RequestValidator(TOKEN).compute_signature(PUBLIC + path, form)
    wrong = [
        dict(signature=""),
        dict(signature=right[:-2]),
        dict(signature=right.lower()),
        dict(token="another token"),
        dict(url="http://voice.example.com" + path),
        dict(url="https://evil.example.com" + path),
        dict(url=PUBLIC + path + "/"),
        dict(url=PUBLIC + path + "?a=1"),
        dict(url=casp.url + path),
    ]
    for how in wrong:
        status, body = await send(http, casp, path, form, **how)
        assert status == 403 and '"status_code":403' in body, how
    status, _ = await send(http, casp, path, {**form, "From": "+15550009999"}, signature=right)
    assert status == 403, "another form"
    status, _ = await send(http, casp, path + "?a=1", form, signature=right)
    assert status == 403, "another query"
    async with http.post(casp.url + path, data=form) as r:
        assert r.status == 403, "no signature"
    assert (await session(http, casp, form["CallSid"]))[0] == 404
    # A slash more is another address: not there, and not an error of ours.
    assert (await send(http, casp, path + "/", form))[0] == 404


@signed_casp
async def test_a_get_is_signed_over_its_query(http, casp):
    for route in ("/incoming-call/sales", "/incoming-call-webhook/sales"):
        sid = call_sid()
        path = f"{route}?CallSid={sid}&From=%2B15550001111&To=%2B15550002222&CallerName=Zo%C3%AB"
        status, twiml = await send(http, casp, path, method="GET")
        assert status == 200, twiml
        url, parameters, action = stream_of(twiml)
        assert url == "wss://voice.example.com/media-stream/sales" and parameters["token"]
        assert action == f"{PUBLIC}/twilio/resume/{sid}"
        assert (await session(http, casp, sid))[1]["assistant"] == "sales"
        status, _ = await send(http, casp, path, method="GET", url=PUBLIC + route)
        assert status == 403, "the query is part of it"
        status, _ = await send(http, casp, path + "&To=%2B15550003333", method="GET", url=PUBLIC + path)
        assert status == 403, "nothing can be added"


@signed_casp
async def test_a_proxy_in_between_changes_nothing(http, casp):
    for headers in ({"Host": "internal:8080"}, {"X-Forwarded-Proto": "http", "X-Forwarded-Host": "evil.example.com"},
                    {"Forwarded": "proto=http;host=evil.example.com"}, {"X-Original-URL": "/admin"}):
        status, twiml = await send(http, casp, "/twilio/voice", voice_form(call_sid()), headers=headers)
        assert status == 200 and "wss://voice.example.com/" in twiml, headers
        status, _ = await send(http, casp, "/twilio/voice", voice_form(call_sid()), headers=headers,
                               url="https://evil.example.com/twilio/voice")
        assert status == 403, headers


@pytest.mark.parametrize("casp", [{**ENV, "PUBLIC_URL": "http://example.com:8080/casp/"}], indirect=True)
async def test_an_address_with_port_and_prefix(http, casp):
    public = "http://example.com:8080/casp/twilio/voice"
    status, twiml = await send(http, casp, "/twilio/voice", voice_form(call_sid()), url=public)
    assert status == 200 and "ws://example.com:8080/casp/twilio/stream/" in twiml
    status, _ = await send(http, casp, "/twilio/voice", voice_form(call_sid()), url="http://example.com:8080/twilio/voice")
    assert status == 403


@signed_casp
async def test_callers_may_be_anything(http, casp):
    strange = ["anonymous", "sip:ann@example.com;user=phone", "client:ann", "", "+266696687", "x" * 10_240, "+1\x00\x07555", "';--",
               "<Say>hi</Say>", "whatsapp:+15550001111", "\u202e\ufeff☎", "%00", "{{7*7}}"]
    for who in strange:
        for form in (voice_form(call_sid(), From=who), voice_form(call_sid(), To=who), voice_form(call_sid(), Direction=who)):
            for path in ("/twilio/voice", "/incoming-call/support", "/handle-user-input", "/twilio/routing"):
                form = {**form, "CallSid": call_sid()}
                status, twiml = await send(http, casp, path, form)
                assert status == 200, (path, who[:20], twiml)
                ET.fromstring(twiml)
    for sid in strange[:1] + ["", "../x", "a/b", "é", "x" * 10_240, "\x00"]:
        for path in ("/twilio/voice", "/twilio/status", "/twilio-callback", "/twilio/routing", "/handle-user-input", "/recording-callback"):
            status, _ = await send(http, casp, path, {"CallSid": sid, "CallStatus": "completed", "RecordingSid": "RE1"})
            assert status in (200, 204, 404, 422), (path, sid[:20])


@signed_casp
async def test_numbers_are_given_by_the_operator_and_answer_with_their_assistant(http, casp):
    async with http.put(f"{casp.url}/v1/numbers", json={"number": "+15550002222", "assistant": "support"}, headers=casp.auth) as r:
        assert r.status == 200, await r.text()
    sid = call_sid()
    assert (await send(http, casp, "/twilio/voice", voice_form(sid)))[0] == 200
    assert (await session(http, casp, sid))[1]["assistant"] == "support"


async def scenario(http, casp, **more):
    body = {"persona": "A friendly receptionist", "prompt": "Help the caller.", "voice_type": "concerned_female", "temperature": 0.7, **more}
    async with http.post(f"{casp.url}/realtime/custom-scenario", json=body, headers=casp.auth) as r:
        assert r.status in (200, 201), await r.text()
        return (await r.json())["scenario_id"]


MENU = {"sentence": "For sales press 1, for support press 2.", "choices": {"1": "sales", "2": "support"}}


async def test_a_menu_leads_to_the_assistant_behind_the_key(http, casp):
    name = await scenario(http, casp, menu=MENU)
    async with http.put(f"{casp.url}/v1/numbers", json={"number": "+15550002222", "assistant": name}, headers=casp.auth) as r:
        assert r.status == 200, await r.text()

    async def post(path, **form):
        async with http.post(casp.url + path, data=form) as r:
            assert r.status == 200, await r.text()
            return ET.fromstring(await r.text()), await r.text()

    sid = call_sid()
    root, _ = await post("/twilio/voice", **voice_form(sid))
    gather = root.find("Gather")
    assert [e.tag for e in root] == ["Gather", "Connect"], "and then the stream, when nothing is pressed"
    assert (gather.get("input"), gather.get("numDigits")) == ("dtmf", "1")
    assert gather.get("action").endswith("/twilio/routing")
    assert gather.find("Say").text == MENU["sentence"]
    root, _ = await post("/twilio/routing", **voice_form(sid, Digits="7"))
    assert [e.tag for e in root] == ["Gather", "Connect"], "not one of the choices"
    _, twiml = await post("/twilio/routing", **voice_form(sid, Digits="2"))
    url, parameters, _ = stream_of(twiml)
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        assert (await session(http, casp, sid))[1]["assistant"] == "support"
        await call.hang_up()


async def test_without_a_key_the_menu_falls_through_to_the_stream(http, casp):
    name = await scenario(http, casp, menu=MENU, greeting="Hello, I am an AI. How can I help?")
    async with http.put(f"{casp.url}/v1/numbers", json={"number": "+15550002222", "assistant": name}, headers=casp.auth) as r:
        assert r.status == 200, await r.text()
    sid = call_sid()
    async with http.post(f"{casp.url}/twilio/voice", data=voice_form(sid)) as r:
        url, parameters, _ = stream_of(await r.text())
    await asyncio.sleep(2)  # the menu is read out
    async with Call(url, sid, parameters) as call:
        await call.wait_loud(0)
        assert (await session(http, casp, sid))[1]["assistant"] == name
        await call.hang_up()


async def test_a_conversation_by_gather(http, casp, openai):
    sid = call_sid()

    async def post(url, **form):
        async with http.post(url, data={"CallSid": sid, "From": "+15550001111", "To": "+15550002222", **form}) as r:
            assert r.status == 200, await r.text()
            return ET.fromstring(await r.text())

    root = await post(f"{casp.url}/handle-user-input")
    gather = root.find("Gather")
    assert "AI" in gather.find("Say").text and gather.get("input") == "speech dtmf"
    openai.answer = "It is sunny in Paris."
    first = gather.get("action")
    root = await post(first, SpeechResult="What is the weather like in Paris?", Confidence="0.93")
    assert root.find("Gather/Say").text == "It is sunny in Paris."
    again = await post(first, SpeechResult="What is the weather like in Paris?", Confidence="0.93")
    assert again.find("Gather/Say").text == "It is sunny in Paris."
    assert len(openai.of("llm")) == 1, "a webhook that comes twice is answered once"
    openai.answer = "It rains in Rome."
    root = await post(root.find("Gather").get("action"), SpeechResult="And in Rome?")
    assert root.find("Gather/Say").text == "It rains in Rome."
    said = [m["content"] for m in openai.of("llm")[-1]["messages"] if m["role"] in ("user", "assistant")]
    assert said[-3:] == ["What is the weather like in Paris?", "It is sunny in Paris.", "And in Rome?"]
    async with http.post(f"{casp.url}/twilio/status", data={"CallSid": sid, "CallStatus": "completed"}) as r:
        assert r.status == 204
    assert (await session(http, casp, sid))[0] == 404
    root = await post(root.find("Gather").get("action"), SpeechResult="Hello?")
    assert [e.tag for e in root] == ["Hangup"]


async def test_a_slow_model_never_means_silence(http, casp, openai):
    sid = call_sid()
    openai.fault["llm"] = "stall"

    async def post(url, **form):
        async with http.post(url, data={"CallSid": sid, "From": "+15550001111", "To": "+15550002222", **form}) as r:
            assert r.status == 200, await r.text()
            return ET.fromstring(await r.text())

    loop = asyncio.get_running_loop()
    url, form = f"{casp.url}/handle-user-input", {"SpeechResult": "Hello"}
    for _ in range(10):
        begin = loop.time()
        root = await post(url, **form)
        assert loop.time() - begin < 15, "Twilio waits no longer"
        assert root.find(".//Say") is not None, "never silence"
        if root.find("Gather") is not None:
            break
        url, form = root.find("Redirect").text, {}
    else:
        raise AssertionError("the caller waits for ever")
    assert "sorry" in root.find("Gather/Say").text
    openai.fault.clear()
    openai.answer = "I am back."
    root = await post(root.find("Gather").get("action"), SpeechResult="Are you there?")
    assert root.find("Gather/Say").text == "I am back."


async def test_a_number_belongs_to_whom_the_command_line_says(http, casp):
    import subprocess

    from casp_process import binary
    env = {"DATABASE_URL": f"sqlite://{casp.folder.name}/.casp/casp.db", "PATH": "/usr/bin:/bin"}

    def numbers(*args):
        return subprocess.run([binary(), "numbers", *args], env=env, cwd=casp.folder.name, capture_output=True, text=True, timeout=60)

    given = numbers("assign", "+15550002222", "--account", "dev@casp.local", "--assistant", "sales")
    assert given.returncode == 0, given.stderr
    assert numbers("list").stdout == "+15550002222  dev@casp.local  sales\n"
    sid = call_sid()
    async with http.post(f"{casp.url}/twilio/voice", data=voice_form(sid)) as r:
        assert r.status == 200
    assert (await session(http, casp, sid))[1]["assistant"] == "sales"
    for wrong in (["assign", "5551", "--account", "dev@casp.local"], ["assign", "+15550002222", "--account", "nobody@x.y"],
                  ["assign", "+15550002222", "--account", "dev@casp.local", "--assistant", "nobody"], ["release", "+15559999999"]):
        refused = numbers(*wrong)
        assert refused.returncode == 1 and refused.stderr.startswith("casp: "), wrong
    assert numbers("release", "+15550002222").returncode == 0
    assert numbers("list").stdout == ""
