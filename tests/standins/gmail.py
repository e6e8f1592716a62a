"""Google's People and Gmail APIs for one user, as strict as Google about what they get.

`contacts` is the address book; `inbox` what came and nobody has read: (id, from, subject, text); `sent` holds every message that was sent, parsed (email.message.EmailMessage)."""
import base64
import email
import email.policy

from aiohttp import web

ADDRESS = "me@example.com"


def error(status, reason, message):
    return web.json_response({"error": {"code": status, "message": message, "errors": [{"reason": reason, "message": message}],
                                        "status": {400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 404: "NOT_FOUND"}[status]}}, status=status)


class Gmail:
    def __init__(self, token="ya29.stand-in"):
        self.token = token
        self.contacts = {"Ramesh Kumar": "ramesh@example.com"}
        self.inbox = []
        self.looked = []  # the paths of messages and lists that were asked for
        self.sent = []
        self.problems = []
        self._runner = None
        self.url = ""

    async def start(self):
        app = web.Application(client_max_size=40 << 20, middlewares=[self._guard])
        app.router.add_get("/v1/people:searchContacts", self._contacts)
        app.router.add_get("/v1/otherContacts:search", self._others)
        app.router.add_get("/gmail/v1/users/me/profile", self._profile)
        app.router.add_get("/gmail/v1/users/me/messages", self._list)
        app.router.add_get("/gmail/v1/users/me/messages/{id}", self._message)
        app.router.add_post("/gmail/v1/users/me/messages/send", self._send)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        return self

    async def stop(self):
        await self._runner.cleanup()

    @web.middleware
    async def _guard(self, request, handler):
        if request.headers.get("Authorization") != f"Bearer {self.token}":
            return error(401, "authError", "Request had invalid authentication credentials.")
        try:
            return await handler(request)
        except web.HTTPNotFound:
            self.problems.append(f"nobody knows {request.method} {request.path}")
            return error(404, "notFound", "Requested entity was not found.")

    def _found(self, request, people):
        mask = request.query.get("readMask", "")
        if not set(mask.split(",")) <= {"names", "emailAddresses", "metadata", "phoneNumbers"} or not mask:
            return error(400, "badRequest", "Invalid readMask")
        words = request.query.get("query", "").lower()
        found = [{"person": {"resourceName": "people/1", "names": [{"displayName": name}], "emailAddresses": [{"value": address}]}}
                 for name, address in people.items() if words and any(part.startswith(words) for part in [name.lower(), *name.lower().split()])]
        return web.json_response({"results": found} if found else {})

    async def _contacts(self, request):
        return self._found(request, self.contacts)

    async def _others(self, request):
        return self._found(request, {})

    async def _profile(self, _):
        return web.json_response({"emailAddress": ADDRESS, "messagesTotal": 0, "threadsTotal": 0, "historyId": "1"})

    async def _list(self, request):
        self.looked.append(request.path)
        if unknown := set(request.query) - {"q", "labelIds", "maxResults", "pageToken", "includeSpamTrash"}:
            return error(400, "badRequest", f"Invalid parameter {sorted(unknown)}")
        if "SENT" in request.query.getall("labelIds", []) or not self.inbox:
            return web.json_response({"resultSizeEstimate": 0})
        return web.json_response({"messages": [{"id": m[0], "threadId": m[0]} for m in self.inbox], "resultSizeEstimate": len(self.inbox)})

    async def _message(self, request):
        self.looked.append(request.path)
        found = [m for m in self.inbox if m[0] == request.match_info["id"]]
        if not found:
            return error(404, "notFound", "Requested entity was not found.")
        ((made, sender, subject, text),) = found
        payload = {"mimeType": "text/plain", "filename": "", "headers": [
            {"name": "From", "value": sender}, {"name": "To", "value": ADDRESS}, {"name": "Subject", "value": subject}]}
        if request.query.get("format", "full") == "full":
            payload["body"] = {"size": len(text), "data": base64.urlsafe_b64encode(text.encode()).decode()}
        return web.json_response({"id": made, "threadId": made, "labelIds": ["INBOX", "UNREAD"], "snippet": text[:100],
                                  "internalDate": "1764547200000", "payload": payload})

    async def _send(self, request):
        body = await request.json()
        if unknown := set(body) - {"raw", "threadId"}:
            return error(400, "badRequest", f"Invalid JSON payload received. Unknown name {sorted(unknown)}: Cannot find field.")
        try:
            raw = base64.b64decode(body["raw"].replace("-", "+").replace("_", "/") + "=" * (-len(body["raw"]) % 4), validate=True)
        except (KeyError, ValueError):
            return error(400, "badRequest", "Invalid value for ByteString: raw")
        message = email.message_from_bytes(raw, policy=email.policy.default)
        if message.defects or not message["To"]:
            self.problems.append(f"not a message: {message.defects}")
            return error(400, "invalidArgument", "Recipient address required")
        self.sent.append(message)
        return web.json_response({"id": f"m{len(self.sent)}", "threadId": f"t{len(self.sent)}", "labelIds": ["SENT"]})
