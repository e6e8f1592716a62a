"""The logins of Google, Microsoft, Slack, HubSpot and Atlassian at one address, with as much of their APIs as tells who the
user is, and Google Calendar's events and free-busy.

Strict: a consent page that is asked for an unknown parameter, another client or a redirect URI that was not registered
shows the vendor's error, tokens are given for a code once, to its client, verifier and redirect URI, and refresh tokens
rotate at all but Google and HubSpot. A consent page has two links, `#allow` and `#deny`, as a browser or `consent` clicks them.
"""
import base64
import functools
import hashlib
import html
import json
import uuid
from dataclasses import dataclass, field
from urllib.parse import urlencode

from aiohttp import web

CLIENT_ID, CLIENT_SECRET = "casp-client", "casp-client-secret"


@dataclass
class Vendor:
    page: str
    tokens: str
    extra: dict
    scope: str = "scope"
    is_json: bool = False
    rotates: bool = True


VENDORS = {
    "google": Vendor("/o/oauth2/v2/auth", "/token", {"access_type": "offline", "prompt": "consent", "include_granted_scopes": "true"}, rotates=False),
    "microsoft": Vendor("/common/oauth2/v2.0/authorize", "/common/oauth2/v2.0/token", {"response_mode": "query"}),
    "slack": Vendor("/oauth/v2/authorize", "/api/oauth.v2.access", {}, scope="user_scope"),
    "hubspot": Vendor("/oauth/authorize", "/oauth/v1/token", {}, rotates=False),
    "atlassian": Vendor("/authorize", "/oauth/token", {"audience": "api.atlassian.com", "prompt": "consent"}, is_json=True),
}
CALENDAR_SCOPES = {f"https://www.googleapis.com/auth/{name}" for name in ("calendar.readonly", "calendar.events")}


@dataclass
class Grant:
    vendor: str
    scope: str
    refresh: str = ""
    access: list = field(default_factory=list)
    is_over: bool = False


class OAuth:
    def __init__(self, email="ann@example.com"):
        self.email, self.life_s = email, 3600
        self.redirect_uris, self.problems, self.revoked, self.refreshed = set(), [], [], []
        self.events = [{"id": "event_id_123", "status": "confirmed", "summary": "Team Meeting", "location": "Conference Room A",
                        "description": "Weekly team sync", "start": {"dateTime": "2024-01-15T15:00:00+01:00"}, "end": {"dateTime": "2024-01-15T16:00:00+01:00"}}]
        self._codes, self._grants = {}, []

    async def start(self):
        app = web.Application()
        for name, vendor in VENDORS.items():
            app.router.add_get(vendor.page, functools.partial(self._page, name))
            app.router.add_post(vendor.tokens, functools.partial(self._tokens, name))
        add = app.router.add_route
        add("POST", "/revoke", self._revoke_google)
        add("POST", "/api/auth.revoke", self._revoke_slack)
        add("DELETE", "/oauth/v1/refresh-tokens/{token}", self._revoke_hubspot)
        add("GET", "/oauth2/v3/userinfo", self._told("google", {"sub": "1", "email": self.email, "email_verified": True}))
        add("GET", "/v1.0/me", self._told("microsoft", {"mail": self.email, "userPrincipalName": self.email}))
        add("GET", "/api/users.info", self._told("slack", {"ok": True, "user": {"id": "U1", "is_email_confirmed": True, "profile": {"email": self.email}}}))
        add("GET", "/oauth/v1/access-tokens/{token}", self._told("hubspot", {"user": self.email, "hub_id": 62515, "hub_domain": "casp.example"}))
        add("GET", "/oauth/token/accessible-resources", self._told("atlassian", [
            {"id": "cloud-1", "url": "https://casp.atlassian.net", "name": "casp", "scopes": ["read:jira-work", "write:jira-work"]}]))
        add("GET", "/me", self._told("atlassian", {"account_type": "atlassian", "account_id": "1", "email": self.email}))
        add("GET", "/calendar/v3/calendars/primary/events", self._events)
        add("POST", "/calendar/v3/freeBusy", self._free_busy)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self):
        await self._runner.cleanup()

    @property
    def environment(self):
        """Settings that bring casp here."""
        roots = ["GOOGLE_OAUTH_BASE_URL", "GOOGLE_API_BASE_URL", "MICROSOFT_LOGIN_BASE_URL", "MICROSOFT_GRAPH_BASE_URL", "SLACK_API_BASE_URL",
                 "HUBSPOT_API_BASE_URL", "JIRA_API_BASE_URL"]
        clients = {f"{name}_CLIENT_{what}": value for name in ("GOOGLE", "MICROSOFT", "SLACK", "HUBSPOT", "JIRA")
                   for what, value in (("ID", CLIENT_ID), ("SECRET", CLIENT_SECRET))}
        return {name: self.base_url for name in roots} | clients

    def is_for(self, casp_url):
        """Registers casp's callbacks, as one does at each vendor."""
        providers = ("gmail", "google-calendar", "google-drive", "outlook", "outlook-calendar", "teams", "onedrive", "slack", "hubspot", "jira")
        self.redirect_uris |= {f"{casp_url}/v1/oauth/callback/{provider}" for provider in providers} | {f"{casp_url}/google-calendar/callback"}

    def granted_before(self, vendor, refresh, scope="openid"):
        """A grant whose refresh token somebody has."""
        self._grants.append(Grant(vendor, scope, refresh))

    def end_grants(self):
        """The user takes everything back."""
        for grant in self._grants:
            grant.is_over = True

    async def consent(self, http, page, allows=True):
        """What a user does at a consent page; where the browser is sent."""
        async with http.get(page) as answer:
            text = await answer.text()
            assert answer.status == 200, text
        link = "allow" if allows else "deny"
        return html.unescape(text.split(f'id="{link}" href="')[1].split('"')[0])

    # Consent pages.

    async def _page(self, name, request):
        vendor, asked = VENDORS[name], dict(request.query)
        wanted = {"client_id": CLIENT_ID, "response_type": "code", "code_challenge_method": "S256", **vendor.extra}
        free = {"redirect_uri", "state", "code_challenge", vendor.scope}
        problem = next((f"{key} is {asked.get(key)!r}" for key, value in wanted.items() if asked.get(key) != value), None)
        problem = problem or next((f"no {key}" for key in free if not asked.get(key)), None)
        problem = problem or next((f"unknown {key}" for key in asked if key not in free | set(wanted) | {"login_hint"}), None)
        if not problem and asked["redirect_uri"] not in self.redirect_uris:
            problem = f"Error 400: redirect_uri_mismatch: {asked['redirect_uri']}"
        if problem:
            self.problems.append(f"{request.path}: {problem}")
            return web.Response(status=400, text=problem)
        code = f"code-{uuid.uuid4().hex}"
        self._codes[code] = (name, asked)
        back = lambda pairs: html.escape(f"{asked['redirect_uri']}?{urlencode({**pairs, 'state': asked['state']})}")
        allow, deny = back({"code": code}), back({"error": "access_denied"})
        scopes = "".join(f"<li>{html.escape(scope)}</li>" for scope in asked[vendor.scope].replace(",", " ").split())
        return web.Response(content_type="text/html", text=(
            '<!doctype html><title>Sign in</title><link rel="icon" href="data:,">'
            f"<h1>CASP wants to use your {name} account</h1><ul>{scopes}</ul>"
            f'<a id="allow" href="{allow}">Allow</a> <a id="deny" href="{deny}">Deny</a>'))

    # Tokens.

    async def _tokens(self, name, request):
        vendor = VENDORS[name]
        wanted = "application/json" if vendor.is_json else "application/x-www-form-urlencoded"
        if request.content_type != wanted:
            return self._refused(name, "invalid_request", f"a body of {request.content_type}")
        form = dict(await (request.json() if vendor.is_json else request.post()))
        if (form.pop("client_id", None), form.pop("client_secret", None)) != (CLIENT_ID, CLIENT_SECRET):
            return self._refused(name, "invalid_client", "another client")
        match form.pop("grant_type", None), sorted(form):
            case "authorization_code", ["code", "code_verifier", "redirect_uri"]:
                of, asked = self._codes.pop(form["code"], (None, {}))
                challenge = base64.urlsafe_b64encode(hashlib.sha256(form["code_verifier"].encode()).digest()).rstrip(b"=").decode()
                if of != name or asked["code_challenge"] != challenge or asked["redirect_uri"] != form["redirect_uri"]:
                    return self._refused(name, "invalid_code" if name == "slack" else "invalid_grant")
                grant = Grant(name, asked[vendor.scope], f"refresh-{uuid.uuid4().hex}")
                self._grants.append(grant)
            case "refresh_token", ["refresh_token"]:
                grant = next((g for g in self._grants if g.vendor == name and g.refresh == form["refresh_token"] and not g.is_over), None)
                if grant is None:
                    return self._refused(name, "invalid_refresh_token" if name == "slack" else "invalid_grant")
                self.refreshed.append(form["refresh_token"])
                if vendor.rotates:
                    grant.refresh = f"refresh-{uuid.uuid4().hex}"
            case _, fields:
                return self._refused(name, "invalid_request", f"fields {fields}")
        grant.access.append(f"access-{uuid.uuid4().hex}")
        tokens = {"access_token": grant.access[-1], "refresh_token": grant.refresh, "expires_in": self.life_s, "scope": grant.scope, "token_type": "Bearer"}
        if name == "slack":
            tokens = {"ok": True, "app_id": "A1", "authed_user": {"id": "U1", **tokens, "token_type": "user"}, "team": {"id": "T1", "name": "Casp"}}
        return web.json_response(tokens)

    def _refused(self, name, error, problem=None):
        if problem:
            self.problems.append(f"{name}: {problem}")
        if name == "slack":
            return web.json_response({"ok": False, "error": error})
        return web.json_response({"error": error, "error_description": "Bad Request"}, status=401 if error == "invalid_client" else 400)

    # What needs a token.

    def _grant(self, request, vendor):
        token = request.match_info.get("token") or request.headers.get("Authorization", "").removeprefix("Bearer ")
        return next((g for g in self._grants if g.vendor == vendor and token in g.access and not g.is_over), None)

    def _told(self, vendor, body):
        async def answer(request):
            if self._grant(request, vendor) is None:
                return web.json_response({"error": "invalid_token"}, status=401)
            return web.json_response(body)
        return answer

    def _google_refusal(self, request):
        grant = self._grant(request, "google")
        if grant is None:
            return web.json_response({"error": {"code": 401, "message": "Invalid Credentials", "status": "UNAUTHENTICATED"}}, status=401)
        if not CALENDAR_SCOPES & set(grant.scope.split()):
            body = {"code": 403, "message": "Request had insufficient authentication scopes.", "status": "PERMISSION_DENIED"}
            return web.json_response({"error": body}, status=403)
        return None

    async def _events(self, request):
        if refusal := self._google_refusal(request):
            return refusal
        if unknown := set(request.query) - {"timeMin", "timeMax", "maxResults", "singleEvents", "orderBy", "pageToken", "q", "timeZone", "fields"}:
            return web.json_response({"error": {"code": 400, "message": f"Unknown name {unknown}"}}, status=400)
        if request.query.get("orderBy") == "startTime" and request.query.get("singleEvents") != "true":
            return web.json_response({"error": {"code": 400, "message": "The requested ordering is not available for the particular query."}}, status=400)
        return web.json_response({"kind": "calendar#events", "timeZone": "Europe/Paris", "items": self.events[:int(request.query.get("maxResults", 250))]})

    async def _free_busy(self, request):
        if refusal := self._google_refusal(request):
            return refusal
        body = await request.json()
        if set(body) - {"timeMin", "timeMax", "timeZone", "items"} or not body.get("timeMin", "").endswith("Z"):
            return web.json_response({"error": {"code": 400, "message": f"Bad Request: {json.dumps(body)}"}}, status=400)
        busy = [{"start": "2024-01-15T14:00:00Z", "end": "2024-01-15T15:00:00Z"}]
        return web.json_response({"kind": "calendar#freeBusy", "calendars": {item["id"]: {"busy": busy} for item in body["items"]}})

    # Revocation.

    def _revoke(self, vendor, token):
        found = [g for g in self._grants if g.vendor == vendor and token in (g.refresh, *g.access) and not g.is_over]
        for grant in found:
            grant.is_over = True
            self.revoked.append(vendor)
        return bool(found)

    async def _revoke_google(self, request):
        known = self._revoke("google", (await request.post()).get("token"))
        return web.json_response({} if known else {"error": "invalid_token"}, status=200 if known else 400)

    async def _revoke_slack(self, request):
        known = self._revoke("slack", request.headers.get("Authorization", "").removeprefix("Bearer "))
        return web.json_response({"ok": True, "revoked": True} if known else {"ok": False, "error": "invalid_auth"})

    async def _revoke_hubspot(self, request):
        return web.Response(status=204 if self._revoke("hubspot", request.match_info["token"]) else 404)
