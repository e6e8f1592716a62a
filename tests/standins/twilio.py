"""Twilio: its REST API and Voice Intelligence v2, strict, and the calls it makes.

A request with a wrong password, an unknown parameter, or what Twilio would not take gets Twilio's error JSON. A call
that is placed is made: its status callbacks and its TwiML are asked for with Twilio's own signature, and `<Connect>`
opens Media Streams. What the other side of a call does, `callees` says, by number: an async function of a `Callee` (see `twilio_call`).
Twilio's own Python SDK is run against this in `test_twilio_sdk.py`, so that it is known to be true.
"""
import asyncio
import base64
import json
import re
import time
import uuid
import xml.etree.ElementTree as ET
from urllib.parse import urlencode

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator

from .twilio_call import InboundCall, OutboundCall
from .twilio_shapes import (CALL_PARAMETERS, E164, MANY_TIMES, MESSAGE_PARAMETERS, OVER, PAGE_PARAMETERS, TRANSCRIPT_FILTERS,
                            UPDATE_PARAMETERS, VERSION, Refused, iso8601, rfc2822, sid)


class Twilio:
    def __init__(self, numbers=("+15017122661",)):
        self.account_sid, self.auth_token = sid("AC"), uuid.uuid4().hex
        self.numbers = set(numbers)
        self.callees, self.calls, self.messages, self.recordings, self.transcripts = {}, {}, {}, {}, {}
        # What becomes of a number that <Dial> rings: a DialCallStatus; by default nobody answers.
        self.dials = {}
        self.requests, self.problems, self._tasks = [], [], set()
        # Once each: a status to answer with, or "lost": done, and the connection cut before the answer.
        self.faults = []
        # URLs of processes that the test has killed: a webhook that finds nobody there is lost, as Twilio's would be.
        self.killed = set()
        self.base_url, self._runner, self._http = "", None, None

    async def start(self):
        app = web.Application(middlewares=[self._guard])
        account = f"/{VERSION}/Accounts/{self.account_sid}"
        route = app.router.add_route
        route("POST", account + "/Calls.json", self._create_call)
        route("GET", account + "/Calls.json", self._list_calls)
        route("GET", account + "/Calls/{sid}.json", self._fetch_call)
        route("POST", account + "/Calls/{sid}.json", self._update_call)
        route("GET", account + "/Calls/{sid}/Recordings.json", self._list_recordings)
        route("POST", account + "/Messages.json", self._create_message)
        route("GET", account + "/Messages/{sid}.json", self._fetch_message)
        route("GET", account + "/Recordings/{sid}.json", self._fetch_recording)
        route("GET", account + "/Recordings/{sid}.{format:wav|mp3}", self._recording_media)
        route("DELETE", account + "/Recordings/{sid}.json", self._delete_recording)
        route("POST", "/v2/Transcripts", self._create_transcript)
        route("GET", "/v2/Transcripts", self._list_transcripts)
        route("GET", "/v2/Transcripts/{sid}", self._fetch_transcript)
        route("DELETE", "/v2/Transcripts/{sid}", self._delete_transcript)
        route("GET", "/v2/Transcripts/{sid}/Sentences", self._list_sentences)
        route("GET", "/v2/Transcripts/{sid}/OperatorResults", self._list_operator_results)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.base_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"
        self._http = aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=15))
        return self

    async def stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._http.close()
        await self._runner.cleanup()

    @property
    def environment(self):
        """Settings that bring casp here."""
        return {"TWILIO_ACCOUNT_SID": self.account_sid, "TWILIO_AUTH_TOKEN": self.auth_token, "TWILIO_API_BASE_URL": self.base_url,
                "TWILIO_INTELLIGENCE_BASE_URL": self.base_url, "TWILIO_PHONE_NUMBER": sorted(self.numbers)[0]}

    # What holds for every request.

    @web.middleware
    async def _guard(self, request, handler):
        form = await request.post() if request.method == "POST" else None
        self.requests.append((request.method, request.path, dict(form or request.query)))
        fault = self.faults.pop(0) if self.faults else None
        if isinstance(fault, int):
            return web.json_response({"code": 20500, "message": "stand-in", "status": fault}, status=fault)
        try:
            self._authenticate(request)
            if request.method == "POST" and request.content_type != "application/x-www-form-urlencoded":
                raise Refused(400, 20001, f"bodies are forms, not {request.content_type}")
            answer = await handler(request)
        except Refused as refused:
            answer = web.json_response(refused.body, status=refused.status)
        except web.HTTPNotFound:
            answer = web.json_response(Refused(404, 20404, f"The requested resource {request.path} was not found").body, status=404)
        if fault == "lost":
            request.transport.close()
        return answer

    def _authenticate(self, request):
        expected = "Basic " + base64.b64encode(f"{self.account_sid}:{self.auth_token}".encode()).decode()
        if request.headers.get("Authorization") != expected:
            raise Refused(401, 20003, "Authenticate")

    def _parameters(self, given, allowed):
        parameters = {}
        for name in dict.fromkeys(given):
            if name not in allowed:
                raise Refused(400, 20001, f"Unknown parameter {name}")
            values = given.getall(name)
            if len(values) > 1 and name not in MANY_TIMES:
                raise Refused(400, 20001, f"{name} is given {len(values)} times")
            parameters[name] = values if name in MANY_TIMES else values[0]
        return parameters

    @staticmethod
    def _find(kind, request):
        if (found := kind.get(request.match_info["sid"])) is None:
            raise Refused(404, 20404, f"The requested resource {request.path} was not found")
        return found

    def _page(self, request, filters, entries, prefix):
        """Which entries are on the page that was asked for, and the query of the next."""
        parameters = self._parameters(request.query, PAGE_PARAMETERS | filters)
        size, page = int(parameters.get("PageSize", 50)), int(parameters.get("Page", 0))
        if not 1 <= size <= 1000:
            raise Refused(400, 20006, f"Page size of {size} is not 1 to 1000")
        if page and not parameters.get("PageToken", "").startswith(prefix):
            raise Refused(400, 20001, "a page other than the first needs its PageToken")
        shown = entries[page * size:(page + 1) * size]
        rest = {k: v for k, v in parameters.items() if k not in PAGE_PARAMETERS}
        query = lambda n: urlencode({**rest, "PageSize": size, "Page": n, **({"PageToken": f"{prefix}{n}"} if n else {})})
        return shown, size, page, query, (page + 1) * size < len(entries)

    def _list(self, request, name, filters, entries):
        shown, size, page, query, has_more = self._page(request, filters, entries, "PA")
        uri = lambda n: f"{request.path}?{query(n)}"
        return web.json_response({
            name: shown, "page": page, "page_size": size, "start": page * size, "end": page * size + max(0, len(shown) - 1), "uri": uri(page),
            "first_page_uri": uri(0), "previous_page_uri": uri(page - 1) if page else None, "next_page_uri": uri(page + 1) if has_more else None})

    def _list_v2(self, request, name, filters, entries):
        shown, size, page, query, has_more = self._page(request, filters, entries, "PT")
        url = lambda n: f"https://intelligence.twilio.com{request.path}?{query(n)}"
        return web.json_response({name: shown, "meta": {
            "key": name, "page": page, "page_size": size, "url": url(page), "first_page_url": url(0),
            "previous_page_url": url(page - 1) if page else None, "next_page_url": url(page + 1) if has_more else None}})

    # Calls.

    async def _create_call(self, request):
        p = self._parameters(await request.post(), CALL_PARAMETERS)
        if not p.get("To"):
            raise Refused(400, 21201, "No 'To' number is specified")
        if not p.get("From"):
            raise Refused(400, 21213, "No 'From' number is specified")
        if not E164.match(p["To"]):
            raise Refused(400, 21211, f"The phone number you are attempting to call, {p['To']}, is not valid.")
        if p["From"] not in self.numbers:
            raise Refused(400, 21210, f"The source phone number provided, {p['From']}, is not yet verified for your account.")
        if sum(name in p for name in ("Url", "Twiml", "ApplicationSid")) != 1:
            raise Refused(400, 21205, "one of Url, Twiml and ApplicationSid")
        for name in ("Url", "StatusCallback", "AsyncAmdStatusCallback"):
            if name in p and not re.match(r"^https?://[^\s]+$", p[name]):
                raise Refused(400, 21205, f"{name} is not a valid URL: {p[name]}")
        if not 1 <= int(p.get("Timeout", 60)) <= 600:
            raise Refused(400, 20001, "Timeout is 1 to 600")
        if unknown := set(p.get("StatusCallbackEvent", [])) - {"initiated", "ringing", "answered", "completed"}:
            raise Refused(400, 21626, f"Invalid StatusCallbackEvents: {unknown}")
        if p.get("MachineDetection", "Enable") not in ("Enable", "DetectMessageEnd"):
            raise Refused(400, 20001, "Invalid MachineDetection")
        call = OutboundCall(self, p)
        self.calls[call.sid] = call
        self.spawn(call.run())
        return web.json_response(call.view(), status=201)

    def incoming(self, url, caller, talk):
        """Somebody calls the number whose webhook is `url`, and speaks: `talk(stream)`, once for each stream."""
        call = InboundCall(self, url, caller)
        self.calls[call.sid] = call
        self.spawn(call.run(talk))
        return call

    def spawn(self, work):
        task = asyncio.create_task(self._watched(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _watched(self, work):
        try:
            await work
        except asyncio.CancelledError:
            raise
        except Exception as problem:  # a stand-in that dies silently makes tests that pass silently
            self.problems.append(f"{problem!r}")

    async def _list_calls(self, request):
        filters = {"To", "From", "Status", "ParentCallSid", "StartTime", "StartTime<", "StartTime>", "EndTime", "EndTime<", "EndTime>"}
        wanted = request.query
        fits = lambda call: all(call.parameters[k] == wanted[k] for k in ("To", "From") if k in wanted) and wanted.get("Status", call.status) == call.status
        views = [call.view() for call in reversed(self.calls.values()) if fits(call)]
        return self._list(request, "calls", filters, views)

    async def _fetch_call(self, request):
        self._parameters(request.query, set())
        return web.json_response(self._find(self.calls, request).view())

    async def _update_call(self, request):
        call = self._find(self.calls, request)
        p = self._parameters(await request.post(), UPDATE_PARAMETERS)
        if call.status in OVER:
            raise Refused(400, 21220, "Call is not in-progress. Cannot redirect.")
        if p.get("Status") not in (None, "completed", "canceled"):
            raise Refused(400, 21218, "Invalid Status")
        if "Twiml" in p:
            ET.fromstring(p["Twiml"])
        await call.update(p)
        return web.json_response(call.view())

    # Messages.

    async def _create_message(self, request):
        p = self._parameters(await request.post(), MESSAGE_PARAMETERS)
        if not re.match(r"^(whatsapp:)?\+[1-9]\d{6,14}$", p.get("To", "")):
            raise Refused(400, 21211, f"The 'To' number {p.get('To')} is not a valid phone number.")
        if not p.get("From") and not p.get("MessagingServiceSid"):
            raise Refused(400, 21603, "A 'From' phone number is required.")
        if p.get("From") and p["From"].removeprefix("whatsapp:") not in self.numbers:
            raise Refused(400, 21606, f"The 'From' phone number provided ({p['From']}) is not a valid message-capable Twilio phone number.")
        if not any(p.get(name) for name in ("Body", "MediaUrl", "ContentSid")):
            raise Refused(400, 21619, "A text message body or media urls must be specified.")
        if "ContentVariables" in p and not isinstance(json.loads(p["ContentVariables"]), dict):
            raise Refused(400, 21656, "The Content Variables parameter is invalid.")
        made = sid("MM" if "MediaUrl" in p else "SM")
        self.messages[made] = {
            "sid": made, "account_sid": self.account_sid, "api_version": VERSION, "body": p.get("Body", ""), "status": "queued", "to": p["To"],
            "from": p.get("From"), "messaging_service_sid": p.get("MessagingServiceSid"), "direction": "outbound-api", "num_segments": "1",
            "num_media": str(len(p.get("MediaUrl", []))), "date_created": rfc2822(), "date_updated": rfc2822(), "date_sent": None, "price": None,
            "price_unit": "USD", "error_code": None, "error_message": None, "subresource_uris": {},
            "uri": f"/{VERSION}/Accounts/{self.account_sid}/Messages/{made}.json"}
        return web.json_response(self.messages[made], status=201)

    async def _fetch_message(self, request):
        return web.json_response(self._find(self.messages, request))

    # Recordings.

    def record(self, call_sid, wav: bytes, seconds=1, channels=1):
        """A recording that is there from now on."""
        made = sid("RE")
        self.recordings[made] = ({
            "sid": made, "account_sid": self.account_sid, "api_version": VERSION, "call_sid": call_sid, "conference_sid": None, "channels": channels,
            "date_created": rfc2822(), "date_updated": rfc2822(), "start_time": rfc2822(), "duration": str(seconds), "price": None,
            "price_unit": "USD", "source": "OutboundAPI", "status": "completed", "error_code": None, "encryption_details": None, "track": "both",
            "uri": f"/{VERSION}/Accounts/{self.account_sid}/Recordings/{made}.json", "subresource_uris": {},
            "media_url": f"{self.base_url}/{VERSION}/Accounts/{self.account_sid}/Recordings/{made}"}, wav)
        return made

    async def _list_recordings(self, request):
        call = request.match_info["sid"]
        return self._list(request, "recordings", set(), [view for view, _ in self.recordings.values() if view["call_sid"] == call])

    async def _fetch_recording(self, request):
        self._parameters(request.query, {"IncludeSoftDeleted"})
        return web.json_response(self._find(self.recordings, request)[0])

    async def _recording_media(self, request):
        self._parameters(request.query, {"RequestedChannels"})
        kind = {"wav": "audio/x-wav", "mp3": "audio/mpeg"}[request.match_info["format"]]
        return web.Response(body=self._find(self.recordings, request)[1], content_type=kind)

    async def _delete_recording(self, request):
        self._find(self.recordings, request)
        del self.recordings[request.match_info["sid"]]
        return web.Response(status=204)

    # Voice Intelligence.

    async def _create_transcript(self, request):
        p = self._parameters(await request.post(), {"ServiceSid", "Channel", "CustomerKey", "MediaStartTime"})
        if not p.get("ServiceSid", "").startswith("GA"):
            raise Refused(400, 20001, "ServiceSid is invalid")
        try:
            channel = json.loads(p["Channel"])
            media = channel["media_properties"]
        except (KeyError, TypeError, ValueError) as e:
            raise Refused(400, 20001, "Channel is invalid") from e
        if set(channel) - {"media_properties", "participants"} or set(media) not in ({"media_url"}, {"source_sid"}):
            raise Refused(400, 20001, "Channel is invalid: media_properties with either media_url or source_sid")
        for participant in channel.get("participants", []):
            known = {"channel_participant", "role", "media_participant_id", "user_id", "full_name", "email", "image_url", "routing_properties"}
            if set(participant) - known or participant.get("channel_participant") not in (1, 2) or participant.get("role") not in ("Agent", "Customer", "agent", "customer"):
                raise Refused(400, 20001, f"Channel is invalid: {participant}")
        if media.get("source_sid") and media["source_sid"] not in self.recordings:
            raise Refused(404, 20404, "The recording was not found")
        made = sid("GT")
        url = f"https://intelligence.twilio.com/v2/Transcripts/{made}"
        view = {"sid": made, "account_sid": self.account_sid, "service_sid": p["ServiceSid"], "status": "queued", "channel": channel,
                "data_logging": False, "language_code": "en-US", "customer_key": p.get("CustomerKey"), "media_start_time": p.get("MediaStartTime"),
                "duration": None, "date_created": iso8601(), "date_updated": iso8601(), "redaction": True, "encryption_credential_sid": None, "url": url,
                "links": {"sentences": url + "/Sentences", "media": url + "/Media", "operator_results": url + "/OperatorResults"}}
        self.transcripts[made] = {"view": view, "sentences": [], "operator_results": []}
        return web.json_response(view, status=201)

    def transcribed(self, transcript_sid, sentences, operator_results=()):
        """The transcript is done: (channel, start, end, text) each sentence."""
        transcript = self.transcripts[transcript_sid]
        transcript["view"] |= {"status": "completed", "duration": int(sentences[-1][2]) if sentences else 0, "date_updated": iso8601()}
        transcript["sentences"] = [
            {"sid": sid("GX"), "media_channel": channel, "sentence_index": i, "start_time": str(start), "end_time": str(end), "transcript": text,
             "confidence": "0.95", "words": None} for i, (channel, start, end, text) in enumerate(sentences)]
        transcript["operator_results"] = list(operator_results)

    async def _list_transcripts(self, request):
        wanted = request.query
        of = lambda view: view["channel"]["media_properties"].get("source_sid")
        views = [t["view"] for t in reversed(self.transcripts.values())]
        views = [v for v in views if wanted.get("SourceSid", of(v)) == of(v) and wanted.get("Status", v["status"]) == v["status"]]
        return self._list_v2(request, "transcripts", TRANSCRIPT_FILTERS, views)

    async def _fetch_transcript(self, request):
        return web.json_response(self._find(self.transcripts, request)["view"])

    async def _delete_transcript(self, request):
        self._find(self.transcripts, request)
        del self.transcripts[request.match_info["sid"]]
        return web.Response(status=204)

    async def _list_sentences(self, request):
        return self._list_v2(request, "sentences", {"Redacted", "WordTimestamps"}, self._find(self.transcripts, request)["sentences"])

    async def _list_operator_results(self, request):
        return self._list_v2(request, "operator_results", {"Redacted"}, self._find(self.transcripts, request)["operator_results"])

    # Webhooks.

    async def webhook(self, url, form):
        """A signed webhook; (status, text). Twilio wants an answer of 2xx."""
        signature = RequestValidator(self.auth_token).compute_signature(url, form)
        try:
            async with self._http.post(url, data=form, headers={"X-Twilio-Signature": signature}) as r:
                text = await r.text()
                if r.status >= 300:
                    self.problems.append(f"{url} answered {r.status}: {text[:300]}")
                return r.status, text
        except aiohttp.ClientConnectionError:
            if not any(url.startswith(there) for there in self.killed):
                raise
            return 502, ""

    async def ended(self, call, timeout=150):
        """The call is over and everybody has been told."""
        end = time.monotonic() + timeout
        while not call.told.is_set():
            assert not self.problems, self.problems
            assert time.monotonic() < end, "the call goes on"
            await asyncio.sleep(0.02)

    async def settled(self, timeout=60):
        """All calls that were placed are over, and everybody has been told."""
        await asyncio.wait_for(asyncio.gather(*self._tasks), timeout)
