"""Connections through the real process: consent, callback, list, disconnect; the calendar's routes; renewal and keys."""
import asyncio
import base64
import json
import os
import subprocess
import time
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import aiohttp
import pytest
import pytest_asyncio
from aiohttp import web
from standardwebhooks.webhooks import Webhook

import conftest
from casp_process import Casp, binary, clean_environment
from standins.oauth import OAuth

HERE = Path(__file__).resolve().parent
FRONTEND = "http://localhost:5173"
OPEN = {"ALLOW_PRIVATE_URLS": "true", "FRONTEND_URL": FRONTEND, "RATE_LIMIT_AUTH": "0"}


@pytest_asyncio.fixture
async def logins():
    logins = await OAuth().start()
    yield logins
    await logins.stop()
    assert not logins.problems, logins.problems


@pytest_asyncio.fixture
async def casp(request, logins):
    """`casp dev` with all logins at the stand-in; `@pytest.mark.parametrize("casp", [{...env}], indirect=True)` sets more."""
    more = getattr(request, "param", {})
    process = await Casp(conftest.test_name(request), env={**logins.environment, **OPEN, **more}).ready()
    logins.is_for(process.url)
    yield process
    await process.stop()


class Browser:
    """Keeps cookies, and follows nothing by itself."""

    def __init__(self):
        self.http = aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        await self.http.close()

    async def sent_to(self, url, **more):
        async with self.http.get(url, allow_redirects=False, **more) as answer:
            assert answer.status in (302, 303), (answer.status, await answer.text())
            return answer.headers["Location"]

    async def status(self, url):
        async with self.http.get(url, allow_redirects=False) as answer:
            assert "Location" not in answer.headers
            return answer.status


def connect_url(casp, provider, redirect_uri=None, **more):
    query = {"redirect_uri": redirect_uri or f"{casp.url}/connected", **more}
    return f"{casp.url}/v1/oauth/connect/{provider}?" + "&".join(f"{key}={value}" for key, value in query.items())


async def json_of(http, method, url, status=200, **more):
    async with http.request(method, url, **more) as answer:
        assert answer.status == status, (answer.status, await answer.text())
        return await answer.json()


async def connection(http, casp, provider, auth=None, resource=""):
    return await json_of(http, "GET", f"{casp.url}/v1/oauth/status?provider={provider}&resource={resource}", headers=auth or casp.auth)


async def neighbour(http, casp):
    """Another account's credentials."""
    me = {"email": "next@example.com", "password": "secure_password"}
    await json_of(http, "POST", f"{casp.url}/auth/register", 201, json=me)
    tokens = await json_of(http, "POST", f"{casp.url}/auth/login", json=me)
    return {"Authorization": f"Bearer {tokens['access_token']}"}


async def until(what, is_so, timeout=60):
    end = time.monotonic() + timeout
    while not is_so():
        assert time.monotonic() < end, f"never: {what}"
        await asyncio.sleep(0.05)


@pytest.mark.parametrize("provider, vendor", [("gmail", "google"), ("outlook", None), ("slack", "slack"), ("hubspot", "hubspot"), ("jira", None)])
async def test_a_user_connects_is_listed_and_disconnects(casp, logins, http, provider, vendor):
    async with Browser() as browser:
        page = await browser.sent_to(connect_url(casp, provider, resource="ann", state="mine"), headers=casp.auth)
        back = await logins.consent(http, page)
        assert await browser.sent_to(back) == f"{casp.url}/connected?success=true&provider={provider}&state=mine"
    seen = await connection(http, casp, provider, resource="ann")
    assert seen["connected"] and not seen["needs_reauth"] and seen["user_email"] == logins.email and seen["scopes"]
    every = await json_of(http, "GET", f"{casp.url}/v1/oauth/status?resource=ann", headers=casp.auth)
    assert [one["provider"] for one in every if one["connected"]] == [provider]
    assert not (await connection(http, casp, provider))["connected"], "the account itself has none"
    gone = await json_of(http, "DELETE", f"{casp.url}/v1/oauth/disconnect/{provider}?resource=ann", headers=casp.auth)
    assert gone == {"disconnected": True}
    assert not (await connection(http, casp, provider, resource="ann"))["connected"]
    if vendor:
        await until("the provider was told", lambda: logins.revoked == [vendor])


async def test_a_state_belongs_to_one_browser_and_is_good_once(casp, logins, http):
    async with Browser() as ours, Browser() as theirs:
        page = await ours.sent_to(connect_url(casp, "gmail"), headers=casp.auth)
        await theirs.sent_to(connect_url(casp, "gmail"), headers=casp.auth)
        back = await logins.consent(http, page)
        assert await theirs.status(back) == 400, "another browser, though it is at a consent page itself"
        assert not (await connection(http, casp, "gmail"))["connected"]
        assert "success=true" in await ours.sent_to(back)
        assert await ours.status(back) == 400, "it was spent"


async def test_who_says_no_comes_back_unconnected(casp, logins, http):
    async with Browser() as browser:
        page = await browser.sent_to(connect_url(casp, "outlook"), headers=casp.auth)
        end = await browser.sent_to(await logins.consent(http, page, allows=False))
    assert parse_qs(urlsplit(end).query)["error"] == ["access_denied"]
    assert not (await connection(http, casp, "outlook"))["connected"]


async def test_users_are_sent_nowhere_that_is_not_listed(casp, http):
    foreign = "https://elsewhere.example.com/back"
    for uri in (foreign, f"{casp.url}.elsewhere.example.com/", "javascript:alert(1)"):
        await json_of(http, "GET", connect_url(casp, "gmail", uri), 400, headers=casp.auth)
    uris = f"{casp.url}/v1/oauth/redirect-uris"
    await json_of(http, "PUT", uris, headers=casp.auth, json={"redirect_uris": [foreign]})
    theirs = await neighbour(http, casp)
    await json_of(http, "GET", connect_url(casp, "gmail", foreign), 400, headers=theirs)
    async with Browser() as browser:
        assert await browser.sent_to(connect_url(casp, "gmail", foreign), headers=casp.auth)


async def test_the_tenant_next_door_sees_nothing(casp, logins, http):
    async with Browser() as browser:
        page = await browser.sent_to(connect_url(casp, "slack", resource="ann"), headers=casp.auth)
        await browser.sent_to(await logins.consent(http, page))
    theirs = await neighbour(http, casp)
    assert not (await connection(http, casp, "slack", theirs, "ann"))["connected"]
    await json_of(http, "DELETE", f"{casp.url}/v1/oauth/disconnect/slack?resource=ann", 404, headers=theirs)
    assert (await connection(http, casp, "slack", resource="ann"))["connected"]


async def test_a_backends_link_connects_one_end_user(casp, logins, http):
    wish = {"provider": "hubspot", "resource": "bob", "redirect_uri": f"{casp.url}/connected"}
    made = await json_of(http, "POST", f"{casp.url}/v1/oauth/sessions", 201, headers=casp.auth, json=wish)
    async with Browser() as browser:
        page = await browser.sent_to(made["url"])
        await browser.sent_to(await logins.consent(http, page))
        assert await browser.status(made["url"]) == 401, "once"
    assert (await connection(http, casp, "hubspot", resource="bob"))["connected"]


async def test_google_calendar_as_the_first_application_has_it(casp, logins, http):
    calendar = f"{casp.url}/google-calendar"
    await json_of(http, "GET", f"{calendar}/events", 409, headers=casp.auth)
    page = (await json_of(http, "GET", f"{calendar}/auth", headers=casp.auth))["authorization_url"]
    async with Browser() as browser:
        no = await browser.sent_to(await logins.consent(http, page, allows=False))
        assert no.startswith(f"{FRONTEND}/scheduled-meetings?error=calendar_connection_failed&message="), no
        page = (await json_of(http, "GET", f"{calendar}/auth", headers=casp.auth))["authorization_url"]
        yes = await browser.sent_to(await logins.consent(http, page))
        assert yes == f"{FRONTEND}/scheduled-meetings?success=true&connected=calendar"
    events = await json_of(http, "GET", f"{calendar}/events?max_results=10", headers=casp.auth)
    assert events == [{"id": "event_id_123", "summary": "Team Meeting", "start": "2024-01-15T14:00:00Z", "end": "2024-01-15T15:00:00Z",
                       "location": "Conference Room A", "description": "Weekly team sync"}]
    day = {"timeMin": "2024-01-15T00:00:00Z", "timeMax": "2024-01-16T00:00:00Z"}
    busy = await json_of(http, "POST", f"{calendar}/free-busy", headers=casp.auth, json=day)
    assert busy["busy"] == [{"start": "2024-01-15T14:00:00Z", "end": "2024-01-15T15:00:00Z"}]
    seen = await json_of(http, "GET", f"{calendar}/credentials-status", headers=casp.auth)
    assert seen["connected"] and seen["email"] == logins.email
    await json_of(http, "POST", f"{calendar}/revoke", headers=casp.auth)
    await until("google was told", lambda: logins.revoked == ["google"])
    assert not (await json_of(http, "GET", f"{calendar}/credentials-status", headers=casp.auth))["connected"]


async def test_registered_tokens_are_renewed_and_the_backend_is_told(casp, logins, http):
    taken, secrets = [], []

    async def take(request):
        taken.append(Webhook(secrets[0]).verify(await request.read(), dict(request.headers)))
        return web.Response(status=204)

    app = web.Application()
    app.router.add_post("/webhooks/oauth/refresh", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    secrets.append((await json_of(http, "PUT", f"{casp.url}/v1/webhooks", headers=casp.auth, json={"url": url}))["secret"])
    logins.granted_before("google", "refresh-theirs")
    tokens = {"provider": "gmail", "access_token": "access-theirs", "refresh_token": "refresh-theirs", "expires_in": 2, "user_email": "user@gmail.com"}
    made = await json_of(http, "POST", f"{casp.url}/v1/oauth/register", 201, headers=casp.auth, json=tokens)
    assert made["resource"] == "user@gmail.com" and "theirs" not in str(made)
    await until("it was renewed and told", lambda: taken)
    assert logins.refreshed == ["refresh-theirs"]
    assert taken[0]["type"] == "oauth.refreshed" and taken[0]["data"]["resource"] == "user@gmail.com"
    logins.end_grants()
    tokens |= {"refresh_token": "refresh-nobodys", "resource": "bob"}
    await json_of(http, "POST", f"{casp.url}/v1/oauth/register", 201, headers=casp.auth, json=tokens)
    await until("the end was told", lambda: len(taken) == 2)
    assert taken[1]["type"] == "oauth.needs_reauth" and taken[1]["data"]["resource"] == "bob"
    ended = await connection(http, casp, "gmail", resource="bob")
    assert ended["needs_reauth"] and not ended["connected"]
    await runner.cleanup()


async def test_keys_are_rotated_while_it_runs(logins, http, tmp_path, request):
    key = lambda name: f"{name}:{base64.b64encode(os.urandom(32)).decode()}"
    old, new = key("old"), key("new")
    settings = {**logins.environment, **OPEN, "DATABASE_URL": f"sqlite://{tmp_path}/casp.db", "SECRET_KEY": "s" * 40}

    async def running(keys):
        casp = await Casp(conftest.test_name(request) + keys[:3], env={**settings, "ENCRYPTION_KEYS": keys}).ready()
        logins.is_for(casp.url)
        return casp

    async def events(casp):
        return len(await json_of(http, "GET", f"{casp.url}/google-calendar/events", headers=casp.auth))

    casp = await running(old)
    page = (await json_of(http, "GET", f"{casp.url}/google-calendar/auth", headers=casp.auth))["authorization_url"]
    async with Browser() as browser:
        await browser.sent_to(await logins.consent(http, page))
    await casp.stop()
    casp = await running(f"{new},{old}")
    assert await events(casp) == 1, "the old key opens"
    rotated = subprocess.run([binary(), "keys", "rotate"], cwd=tmp_path, env={**clean_environment(), **settings, "ENCRYPTION_KEYS": f"{new},{old}"},
                             capture_output=True, text=True, timeout=60)
    assert rotated.returncode == 0 and "1 brought under new" in rotated.stdout, rotated.stdout + rotated.stderr
    assert await events(casp) == 1, "while it runs"
    await casp.stop()
    casp = await running(new)
    assert await events(casp) == 1, "without the old key"
    await casp.stop()


@pytest.mark.parametrize("casp", [{"CASP_DEV_PASSWORD": "a password of the tests", "HUBSPOT_CLIENT_ID": ""}], indirect=True)
async def test_a_browser_connects_and_disconnects_on_the_page(casp, logins, http, artifacts):
    node = await asyncio.create_subprocess_exec(
        "node", str(HERE / "browser" / "connections.mjs"), casp.url, "dev@casp.local", "a password of the tests", str(artifacts),
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    line = await asyncio.wait_for(node.stdout.readline(), 150)
    assert line == b"connected\n", (line, (await node.stderr.read()).decode()[-4000:])
    # The user takes the grant back at Google; an action then learns it.
    logins.end_grants()
    tokens = {"provider": "gmail", "access_token": "x", "refresh_token": "refresh-nobodys", "expires_in": 0}
    await json_of(http, "POST", f"{casp.url}/v1/oauth/register", 201, headers=casp.auth, json=tokens)
    while not (await connection(http, casp, "gmail"))["needs_reauth"]:
        await asyncio.sleep(0.05)
    out, err = await asyncio.wait_for(node.communicate(b"\n"), 120)
    assert node.returncode == 0, err.decode()[-4000:]
    seen = json.loads(out.decode().strip().splitlines()[-1])
    assert seen["providers"] == 10 and seen["unavailable"] == 1, seen
    assert seen["refused"] == "Gmail was not connected. You did not allow it." and seen["outcome"] == "Gmail is connected."
    assert seen["address"] == f"{casp.url}/connections" and seen["in_addresses"] == [] and seen["isForgotten"], seen
    assert seen["problems"] == [], seen["problems"]
    for name in ("connections-sign-in", "connections", "connections-ended", "connections-phone"):
        assert (artifacts / f"{name}.png").stat().st_size > 5000
