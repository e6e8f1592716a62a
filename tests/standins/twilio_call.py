"""A call that Twilio's stand-in makes, and whoever is called."""
import asyncio
import contextlib
import time
import xml.etree.ElementTree as ET
from urllib.parse import urljoin

import websockets

from .phone import Call, stream_of
from .twilio_shapes import E164, OVER, VERSION, rfc2822, sid


class OutboundCall:
    """A call that was placed: rings, is answered (or not), follows TwiML, ends."""

    def __init__(self, twilio, parameters):
        self.twilio, self.parameters, self.sid, self.status = twilio, parameters, sid("CA"), "queued"
        self.created, self.answered, self.ended, self.answered_by = time.time(), None, None, None
        self.callbacks, self.said = [], []
        self.over = asyncio.Event()
        self.told = asyncio.Event()  # that it is over, whoever wanted to know
        self._new_twiml, self.stream = None, None
        self.dialed = []  # (number, attributes of <Dial>), in order
        self.caller_ids = twilio.numbers

    def view(self):
        seconds = str(round(self.ended - self.answered)) if self.ended and self.answered else "0" if self.ended else None
        return {"sid": self.sid, "account_sid": self.twilio.account_sid, "api_version": VERSION, "status": self.status, "to": self.parameters["To"],
                "to_formatted": self.parameters["To"], "from": self.parameters["From"], "from_formatted": self.parameters["From"],
                "direction": "outbound-api", "date_created": rfc2822(self.created), "date_updated": rfc2822(),
                "start_time": rfc2822(self.answered) if self.answered else None, "end_time": rfc2822(self.ended) if self.ended else None,
                "duration": seconds, "price": None, "price_unit": "USD", "answered_by": self.answered_by, "annotation": None, "caller_name": None,
                "forwarded_from": None, "group_sid": None, "parent_call_sid": None, "phone_number_sid": sid("PN"), "queue_time": "0",
                "trunk_sid": None, "subresource_uris": {}, "uri": f"/{VERSION}/Accounts/{self.twilio.account_sid}/Calls/{self.sid}.json"}

    def form(self, **more):
        return {"CallSid": self.sid, "AccountSid": self.twilio.account_sid, "ApiVersion": VERSION, "From": self.parameters["From"],
                "To": self.parameters["To"], "Caller": self.parameters["From"], "Called": self.parameters["To"], "Direction": "outbound-api",
                "CallStatus": self.status, **more}

    async def tell(self, status):
        """The call has this status now, and whoever wants to know is told."""
        self.status = status
        event = {"in-progress": "answered"}.get(status, "completed" if status in OVER else status)
        if self.parameters.get("StatusCallback") and event in self.parameters.get("StatusCallbackEvent", ["completed"]):
            self.callbacks.append(status)
            more = {"CallDuration": self.view()["duration"] or "0"} if status in OVER else {}
            await self.twilio.webhook(self.parameters["StatusCallback"], self.form(SequenceNumber=str(len(self.callbacks) - 1), **more))

    async def end(self, status="completed"):
        if self.over.is_set():
            return
        self.over.set()
        self.ended = time.time()
        await self._hang_up()
        await self.tell(status)
        self.told.set()

    async def _hang_up(self):
        if self.stream:
            with contextlib.suppress(websockets.ConnectionClosed):  # the other side may have been faster
                await self.stream.hang_up()

    async def update(self, p):
        if p.get("Status"):
            await self.end("completed" if self.answered else "canceled")
        elif "Twiml" in p:
            self._new_twiml = p["Twiml"]
            await self._hang_up()

    async def run(self):
        await self.tell("initiated")
        await asyncio.sleep(0.05)
        if not self.over.is_set():
            await self.tell("ringing")
        callee = self.twilio.callees.get(self.parameters["To"])
        await (callee(Callee(self)) if callee else Callee(self).no_answer())

    async def follow(self, twiml, talk):
        """Does what TwiML says until the call is over; `talk` speaks on a stream."""
        while twiml and not self.over.is_set():
            root, again = ET.fromstring(twiml), None
            for verb in root:
                if verb.tag == "Say":
                    self.said.append(verb.text)
                elif verb.tag == "Hangup":
                    break
                elif verb.tag == "Connect":
                    again = await self._connect(twiml, talk)
                    break
                elif verb.tag == "Dial":
                    again = await self._dial(verb)
                    break
            twiml, self._new_twiml = self._new_twiml or again, None
        await self.end()

    async def _connect(self, twiml, talk):
        url, parameters, action = stream_of(twiml)
        async with Call(url, self.sid, parameters) as self.stream:
            talking = asyncio.create_task(talk(self.stream))
            closed = asyncio.create_task(self.stream.ws.wait_closed())
            await asyncio.wait({talking, closed}, return_when=asyncio.FIRST_COMPLETED)
            if talking.done():
                talking.result()
                self.stream = None
                await self.end()
            talking.cancel()
            closed.cancel()
        self.stream = None
        if self._new_twiml or self.over.is_set() or not action:
            return None
        return (await self.twilio.webhook(urljoin(self.parameters["Url"], action), self.form()))[1]


    async def _dial(self, verb):
        """Rings whoever is to be dialled; what becomes of it `twilio.dials` says, by number."""
        unknown = set(verb.attrib) - {"action", "callerId", "timeout", "timeLimit", "method", "answerOnBridge", "hangupOnStar", "ringTone", "record"}
        (number,) = verb.findall("Number")
        assert not unknown and E164.match(number.text), ET.tostring(verb)
        assert 5 <= int(verb.get("timeout", "30")) <= 600 and int(verb.get("timeLimit", "14400")) <= 14400, verb.attrib
        self.dialed.append((number.text, dict(verb.attrib)))
        # Twilio's error 13214: only the caller's own number, or one of the account's, can be shown.
        can_be_shown = verb.get("callerId") in self.caller_ids
        fate = self.twilio.dials.get(number.text, "no-answer") if can_be_shown else "failed"
        await asyncio.sleep(0.3)
        if fate == "completed":
            await asyncio.sleep(1)
        more = {"DialCallStatus": fate, "DialCallSid": sid("CA")} | ({"DialCallDuration": "1", "DialBridged": "true"} if fate == "completed" else {})
        if self.over.is_set():
            return None
        return (await self.twilio.webhook(urljoin(self.parameters["Url"], verb.get("action")), self.form(**more)))[1]


class InboundCall(OutboundCall):
    """Somebody calls one of our numbers: `url` is the number's webhook."""

    def __init__(self, twilio, url, caller):
        to = sorted(twilio.numbers)[0]
        status = urljoin(url, "/twilio/status")
        super().__init__(twilio, {"From": caller, "To": to, "Url": url, "StatusCallback": status})
        self.caller_ids = twilio.numbers | {caller}

    def form(self, **more):
        return super().form(**{"Direction": "inbound", **more})

    async def run(self, talk):
        self.status, self.answered = "ringing", time.time()
        _, twiml = await self.twilio.webhook(self.parameters["Url"], self.form())
        self.status = "in-progress"
        await self.follow(twiml, talk)


class Callee:
    """Who is called."""

    def __init__(self, call):
        self.call = call

    async def answer(self, talk):
        """Takes the call and speaks: `talk(stream)`; hangs up when it returns."""
        call = self.call
        call.answered = time.time()
        await call.tell("in-progress")
        if "Twiml" in call.parameters:
            twiml = call.parameters["Twiml"]
        else:
            _, twiml = await call.twilio.webhook(call.parameters["Url"], call.form())
        await call.follow(twiml, talk)

    async def machine(self, answered_by="machine_end_beep"):
        """Takes the call as an answering machine, which Twilio notices where it was asked to."""
        async def beep(stream):
            if self.call.parameters.get("AsyncAmd") == "true":
                self.call.answered_by = answered_by
                await self.call.twilio.webhook(self.call.parameters["AsyncAmdStatusCallback"], self.call.form(AnsweredBy=answered_by, MachineDetectionDuration="1000"))
            await self.call.over.wait()
        await self.answer(beep)

    async def busy(self):
        await self.call.end("busy")

    async def no_answer(self):
        await asyncio.sleep(0.2)
        await self.call.end("no-answer")
