"""An OpenAI-compatible server that checks what it gets and can be made to fail.

`heard` decides what speech-to-text understands, `answer` what the language model says (or `script`, a function of the
messages and the names of the tools: words, or a tool's name and arguments), `fault` how a kind of
request fails from now on: a status, "stall" (nothing comes), "half" (breaks off in mid-answer), "garbage".
"""
import asyncio
import io
import json
import math
import struct
import wave

from aiohttp import web

RATE = 24000
FAULTS_HOLD_S = 120  # a stalled request is held no longer than this, which is longer than any test waits


def tone(seconds: float, hz: float = 1000.0) -> bytes:
    """A tone as loud as speech, s16le at 24 kHz."""
    return b"".join(struct.pack("<h", int(9000 * math.sin(2 * math.pi * hz * i / RATE))) for i in range(int(seconds * RATE)))


class OpenAI:
    def __init__(self):
        self.heard = "What is the weather like in Paris today?"
        self.answer = "It is sunny in Paris today. You can walk outside without a coat."
        self.script = None
        self.fault: dict[str, object] = {}
        self.requests: list[dict] = []
        self.problems: list[str] = []
        self.seconds_a_character = 1 / 25
        self._runner = None
        self.base_url = ""

    async def start(self):
        app = web.Application(client_max_size=64 << 20)
        app.router.add_post("/v1/audio/transcriptions", self._stt)
        app.router.add_post("/v1/chat/completions", self._llm)
        app.router.add_post("/v1/audio/speech", self._tts)
        app.router.add_get("/v1/models", self._models)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        port = self._runner.addresses[0][1]
        self.base_url = f"http://127.0.0.1:{port}/v1"
        return self

    async def stop(self):
        await self._runner.cleanup()

    def of(self, kind: str) -> list[dict]:
        return [r for r in self.requests if r["kind"] == kind]

    def spoken(self) -> str:
        """All that was to be said aloud so far."""
        return " ".join(r["input"].strip() for r in self.of("tts"))

    def _check(self, condition, problem):
        if not condition:
            self.problems.append(problem)

    async def _failing(self, kind):
        """The answer of a kind that shall fail before it begins, or None."""
        fault = self.fault.get(kind)
        if isinstance(fault, int):
            headers = {"Retry-After": "1"} if fault == 429 else {}
            return web.json_response({"error": {"message": "stand-in", "type": "server_error"}}, status=fault, headers=headers)
        if fault == "stall":
            await asyncio.sleep(FAULTS_HOLD_S)
            return web.Response(status=504)
        return None

    async def _models(self, _):
        return web.json_response({"object": "list", "data": [{"id": "stand-in", "object": "model"}]})

    async def _stt(self, request):
        record = {"kind": "stt", "auth": request.headers.get("Authorization")}
        self.requests.append(record)
        fields = {}
        async for part in await request.multipart():
            fields[part.name] = await part.read() if part.name == "file" else await part.text()
        self._check(bool(fields.get("model")), "transcription without a model")
        record["language"] = fields.get("language")
        try:
            with wave.open(io.BytesIO(fields["file"])) as w:
                record |= {"rate": w.getframerate(), "seconds": w.getnframes() / w.getframerate(), "channels": w.getnchannels(), "width": w.getsampwidth()}
        except (wave.Error, KeyError, EOFError) as e:
            self.problems.append(f"transcription of what is no WAV: {e!r}")
        self._check(record.get("channels") == 1 and record.get("width") == 2, "WAV is not mono 16 bit")
        if (failure := await self._failing("stt")) is not None:
            return failure
        if self.fault.get("stt") == "garbage":
            return web.Response(body=b"\x00\xff<html>", content_type="text/html")
        await asyncio.sleep(0.05)
        if self.fault.get("stt") == "half":
            response = web.StreamResponse(headers={"Content-Type": "application/json"})
            await response.prepare(request)
            body = json.dumps({"text": self.heard}).encode()
            await response.write(body[: len(body) // 2])
            request.transport.close()
            return response
        return web.json_response({"text": self.heard})

    async def _llm(self, request):
        body = await request.json()
        record = {"kind": "llm", "messages": body.get("messages", []), "temperature": body.get("temperature"), "aborted": False,
                  "tools": [t["function"]["name"] for t in body.get("tools", [])]}
        self.requests.append(record)
        self._check(body.get("stream") is True, "chat that is not streamed")
        self._check(body.get("messages") and body["messages"][0]["role"] == "system", "chat without a system prompt first")
        for tool in body.get("tools", []):
            schema = tool["function"].get("parameters")
            is_object = isinstance(schema, dict) and schema.get("type") == "object" and isinstance(schema.get("properties"), dict)
            self._check(is_object, f"the parameters of {tool['function']['name']} are no object schema with properties: {schema}")
        if (failure := await self._failing("llm")) is not None:
            return failure
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        try:
            if self.fault.get("llm") == "garbage":
                await response.write(b"data: {not json\n\n")
                return response
            await asyncio.sleep(0.05)
            answer = self.script(record["messages"], record["tools"]) if self.script else self.answer
            if isinstance(answer, tuple):
                name, arguments = answer
                self._check(name in record["tools"], f"the script calls {name}, which is not offered")
                call = {"name": name, "arguments": json.dumps(arguments)}
                await self._chunk(response, {"tool_calls": [{"index": 0, "id": f"call_{len(self.requests)}", "type": "function", "function": call}]})
                await self._chunk(response, {}, "tool_calls")
                await response.write(b"data: [DONE]\n\n")
                await response.write_eof()
                return response
            words = answer.split(" ")
            if self.fault.get("llm") == "half":
                words = words[: len(words) // 2]
            for i, word in enumerate(words):
                await self._chunk(response, {"content": word if i == 0 else " " + word})
                await asyncio.sleep(0.005)
            if self.fault.get("llm") == "half":
                request.transport.close()
                return response
            await self._chunk(response, {}, "stop")
            await response.write(b"data: [DONE]\n\n")
            await response.write_eof()
            return response
        except (asyncio.CancelledError, ConnectionError):
            record["aborted"] = True  # the caller hung up on us, as it may
            return response

    @staticmethod
    async def _chunk(response, delta, finish=None):
        chunk = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "stand-in",
                 "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]}
        await response.write(b"data: " + json.dumps(chunk).encode() + b"\n\n")

    async def _tts(self, request):
        body = await request.json()
        record = {"kind": "tts", "input": body.get("input", ""), "voice": body.get("voice"), "aborted": False}
        self.requests.append(record)
        self._check(body.get("response_format") == "pcm", "speech in another format than pcm")
        self._check(bool(body.get("voice")), "speech without a voice")
        self._check(bool(body.get("input", "").strip()), "speech without words")
        if (failure := await self._failing("tts")) is not None:
            return failure
        if self.fault.get("tts") == "garbage":
            return web.json_response({"oops": "no audio"})
        pcm = tone(max(0.3, len(body["input"]) * self.seconds_a_character))
        response = web.StreamResponse(headers={"Content-Type": "audio/pcm"})
        await response.prepare(request)
        try:
            step = 9600
            for i in range(0, len(pcm), step):
                await response.write(pcm[i:i + step])
                if self.fault.get("tts") == "half":
                    request.transport.close()
                    return response
                await asyncio.sleep(0.02)
            await response.write_eof()
            return response
        except (asyncio.CancelledError, ConnectionError):
            record["aborted"] = True  # the caller hung up on us, as it may
            return response
