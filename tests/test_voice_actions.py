"""S0's example on a telephone: a mail is sent by voice, after the caller proved who they are and said yes."""
import pytest_asyncio

from casp_process import Casp
from conftest import test_name as name_of
from standins.gmail import Gmail
from standins.office import Talk, ask, connect, ring

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


@pytest_asyncio.fixture
async def talk(http, office, openai, gmail, speak):
    """Ann is on the line, her PIN is keyed, and she is being asked about the mail."""
    number = "+15550001111"
    linked = await ask(http, office, "POST", "/v1/identities", {"channel": "phone", "address": number})
    await ask(http, office, "PUT", f"/v1/identities/{linked['id']}/pin", {"pin": PIN})
    await connect(http, office, gmail, linked["resource"])
    async with await ring(http, office, number) as call:
        talk = Talk(call, openai, speak)
        await call.wait_loud(0)
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
        await call.wait_loud(0)
        await call.wait_quiet()
        await talk.says(WISH)
        await talk.hears_out("")
        assert "ramesh@example.com" not in talk.spoken()
        await talk.says("Yes.")
        await talk.hears_out("")
        assert not gmail.sent
        await call.hang_up()
