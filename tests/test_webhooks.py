"""Outgoing webhooks, read by the official Standard Webhooks library, also when casp is killed before they are sent."""
import asyncio
import signal
import time
import uuid

import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from casp_process import Casp
from standins.phone import announce

OPEN = {"ALLOW_PRIVATE_URLS": "true"}


class Backend:
    """A tenant's backend. `refuses` is how many messages it answers with 500 first."""

    def __init__(self):
        self.secret, self.refuses = None, 0
        self.taken, self.problems = [], []
        self.tried = asyncio.Event()

    async def take(self, request):
        body = await request.read()
        try:
            message = Webhook(self.secret).verify(body, dict(request.headers))
        except WebhookVerificationError as e:
            self.problems.append(str(e))
            return web.Response(status=401)
        self.tried.set()
        if self.refuses > 0:
            self.refuses -= 1
            return web.Response(status=500)
        self.taken.append((request.headers["webhook-id"], message))
        return web.Response(status=204)

    async def start(self):
        app = web.Application()
        app.router.add_post("/webhooks/oauth/refresh", self.take)
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, "127.0.0.1", 0)
        await site.start()
        self.url = "http://127.0.0.1:%d" % site._server.sockets[0].getsockname()[1]
        return self

    async def one(self, timeout=60):
        end = time.monotonic() + timeout
        while not self.taken:
            assert time.monotonic() < end, f"nothing came; {self.problems}"
            await asyncio.sleep(0.05)
        return self.taken[0]


@pytest_asyncio.fixture
async def backend():
    backend = await Backend().start()
    yield backend
    await backend.runner.cleanup()
    assert not backend.problems, backend.problems


async def listen(http, casp, backend):
    async with http.put(f"{casp.url}/v1/webhooks", json={"url": backend.url}, headers=casp.auth) as r:
        assert r.status == 200, await r.text()
        answer = await r.json()
    assert answer["url"] == backend.url + "/webhooks/oauth/refresh"
    backend.secret = answer["secret"]


async def a_call_that_ends(http, casp):
    sid = "CA" + uuid.uuid4().hex
    status, twiml = await announce(http, casp.url, sid)
    assert status == 200, twiml
    status, _ = await announce(http, casp.url, sid, path="/twilio/status", CallStatus="completed")
    assert status in (200, 204)
    return sid


async def deliveries(http, casp):
    async with http.get(f"{casp.url}/v1/webhooks/deliveries", headers=casp.auth) as r:
        return (await r.json())["deliveries"]


@pytest.mark.parametrize("casp", [OPEN], indirect=True)
async def test_a_backend_is_told_of_a_call_that_ended(http, casp, backend):
    await listen(http, casp, backend)
    sid = await a_call_that_ends(http, casp)
    message_id, message = await backend.one()
    assert message["type"] == "call.ended"
    assert message["data"]["call_sid"] == sid
    for _ in range(600):
        [delivery] = await deliveries(http, casp)
        if delivery["status"] == "delivered":
            break
        await asyncio.sleep(0.05)
    assert (delivery["id"], delivery["status"], delivery["payload"]) == (message_id, "delivered", message)


async def test_a_message_outlives_the_process_that_was_to_send_it(http, backend, request, tmp_path):
    env = {**OPEN, "DATABASE_URL": f"sqlite:///{tmp_path}/casp.db", "SECRET_KEY": "x" * 64}
    first = await Casp(request.node.name + "-1", env=env).ready()
    await listen(http, first, backend)
    backend.refuses = 1000  # whatever comes before the end of the first
    await a_call_that_ends(http, first)
    await asyncio.wait_for(backend.tried.wait(), 30)
    await first.stop(signal.SIGKILL)
    assert not backend.taken
    backend.refuses = 0
    second = await Casp(request.node.name + "-2", env=env).ready()
    # The lease of the process that died runs out, or the backoff of the attempt that failed.
    _, message = await backend.one()
    assert message["type"] == "call.ended"
    await second.stop()
