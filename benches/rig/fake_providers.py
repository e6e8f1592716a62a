#!/usr/bin/env python3
"""OpenAI-compatible fake STT / LLM / TTS server with fixed, declared latencies.

Endpoints (all under /v1): POST /chat/completions (SSE and plain, tool calls on request),
POST /audio/transcriptions, POST /audio/speech (pcm, wav, mp3; raw or `stream_format=sse`), GET /models.

Every request is logged as one JSON line (--log) with CLOCK_MONOTONIC seconds:
  {"kind","id","t_start","t_first","t_end","nominal_ms","aborted",...}
t_first is the first byte/token handed to the socket, so t_first - t_start - nominal is the
rig's own lateness (CPU starvation of this server), to be read beside every result.
"""
import argparse
import array
import asyncio
import base64
import json
import math
import re
import shutil
import struct
import subprocess
import time

from aiohttp import web

REPLY = ("The weather in Paris is sunny today with a light breeze. "
         "You can walk outside without any coat at all.")  # 11 + 9 = 20 word tokens, 2 sentences
SR = 24000
now = time.monotonic


class Log:
    def __init__(self, path):
        self.f = open(path, "a", buffering=1) if path else None
        self.n = 0

    def open(self, kind, nominal_ms, **kw):
        self.n += 1
        return {"kind": kind, "id": self.n, "t_start": now(), "t_first": None, "t_end": None,
                "nominal_ms": nominal_ms, "aborted": False, **kw}

    def close(self, rec):
        rec["t_end"] = now()
        if self.f:
            self.f.write(json.dumps(rec) + "\n")


def tone(seconds, hz=1000.0, amp=9000):
    period = SR // int(hz)
    one = [int(amp * math.sin(2 * math.pi * hz * i / SR)) for i in range(period)]
    n = int(seconds * SR) // period + 1
    return (array.array("h", one) * n).tobytes()


def wav_header(n_bytes):
    return (b"RIFF" + struct.pack("<I", 36 + n_bytes) + b"WAVEfmt " +
            struct.pack("<IHHIIHH", 16, 1, 1, SR, SR * 2, 2, 16) + b"data" + struct.pack("<I", n_bytes))


class Providers:
    def __init__(self, a):
        self.a, self.log = a, Log(a.log)
        self.pcm = tone(60)
        self.mp3 = b""
        self.tokens = re.findall(r"\S+\s*", a.reply)

    # ---- LLM
    async def chat(self, req):
        body = await req.json()
        rec = self.log.open("llm", self.a.llm_ms, stream=bool(body.get("stream")),
                            messages=len(body.get("messages", [])))
        cid = f"chatcmpl-{rec['id']}"
        model = body.get("model", "fake")
        base = {"id": cid, "created": int(time.time()), "model": model}
        last = (body.get("messages") or [{}])[-1]
        text = last.get("content") or ""
        if isinstance(text, list):
            text = " ".join(p.get("text", "") for p in text if isinstance(p, dict))
        # "call tool NAME {json}" in the last user message => one tool call
        m = re.search(r"call tool (\w+)\s*(\{.*\})?", text) if last.get("role") == "user" else None
        calls = None
        if m and body.get("tools"):
            calls = [{"index": 0, "id": f"call_{rec['id']}", "type": "function",
                      "function": {"name": m.group(1), "arguments": m.group(2) or "{}"}}]
        usage = {"prompt_tokens": 10, "completion_tokens": len(self.tokens),
                 "total_tokens": 10 + len(self.tokens)}
        try:
            await asyncio.sleep(self.a.llm_ms / 1000)
            if not body.get("stream"):
                await asyncio.sleep(self.a.token_ms / 1000 * len(self.tokens))
                rec["t_first"] = now()
                msg = {"role": "assistant", "content": None if calls else self.a.reply}
                if calls:
                    msg["tool_calls"] = [{k: v for k, v in c.items() if k != "index"} for c in calls]
                return web.json_response({**base, "object": "chat.completion", "usage": usage, "choices": [
                    {"index": 0, "message": msg, "finish_reason": "tool_calls" if calls else "stop"}]})
            r = web.StreamResponse(headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"})
            await r.prepare(req)

            async def send(delta, fin=None, **kw):
                await r.write(b"data: " + json.dumps({**base, "object": "chat.completion.chunk", "choices": [
                    {"index": 0, "delta": delta, "finish_reason": fin}], **kw}).encode() + b"\n\n")

            t0 = rec["t_first"] = now()
            if calls:
                await send({"role": "assistant", "content": None, "tool_calls": calls})
            else:
                for i, tok in enumerate(self.tokens):
                    d = t0 + i * self.a.token_ms / 1000 - now()
                    if d > 0:
                        await asyncio.sleep(d)
                    await send({"role": "assistant", "content": tok} if i == 0 else {"content": tok})
                    if "t_sentence" not in rec and tok.rstrip()[-1:] in ".!?":
                        rec["t_sentence"] = now()
            await send({}, "tool_calls" if calls else "stop")
            if (body.get("stream_options") or {}).get("include_usage"):
                await r.write(b"data: " + json.dumps({**base, "object": "chat.completion.chunk",
                                                      "choices": [], "usage": usage}).encode() + b"\n\n")
            await r.write(b"data: [DONE]\n\n")
            await r.write_eof()
            return r
        except (asyncio.CancelledError, ConnectionError):
            rec["aborted"] = True
            raise
        finally:
            self.log.close(rec)

    # ---- STT
    async def stt(self, req):
        rec = self.log.open("stt", self.a.stt_ms, bytes=0)
        try:
            fmt = "json"
            async for part in await req.multipart():
                if part.name == "file":
                    while chunk := await part.read_chunk(65536):
                        rec["bytes"] += len(chunk)
                elif part.name == "response_format":
                    fmt = (await part.text()).strip()
            rec["t_body"] = now()  # the declared delay starts at the end of the upload
            await asyncio.sleep(self.a.stt_ms / 1000)
            rec["t_first"] = now()
            if fmt == "text":
                return web.Response(text=self.a.stt_text)
            out = {"text": self.a.stt_text}
            if fmt == "verbose_json":
                out |= {"language": "english", "duration": 2.0, "segments": []}
            return web.json_response(out)
        except (asyncio.CancelledError, ConnectionError):
            rec["aborted"] = True
            raise
        finally:
            self.log.close(rec)

    # ---- TTS
    async def tts(self, req):
        body = await req.json()
        text, fmt = body.get("input", ""), body.get("response_format", "mp3")
        sse = body.get("stream_format") == "sse"
        secs = self.a.tts_seconds or max(0.3, len(text) / self.a.tts_cps)
        rec = self.log.open("tts", self.a.tts_ms, seconds=round(secs, 3), chars=len(text), format=fmt, sse=sse)
        if fmt == "mp3":
            data, per_s, ctype = self.mp3[:int(secs / 0.024) * 144], 6000, "audio/mpeg"
        else:
            data, per_s, ctype = self.pcm[:int(secs * SR) * 2], SR * 2, "audio/pcm"
            if fmt == "wav":
                data, ctype = wav_header(len(data)) + data, "audio/wav"
            elif fmt != "pcm":
                return web.json_response({"error": {"message": f"format {fmt} not supported"}}, status=400)
        try:
            await asyncio.sleep(self.a.tts_ms / 1000)
            r = web.StreamResponse(headers={"Content-Type": "text/event-stream" if sse else ctype})
            await r.prepare(req)
            rec["t_first"] = t0 = now()
            step = max(144, int(per_s * 0.2)) // 144 * 144  # 200 ms of audio a chunk
            for i, off in enumerate(range(0, len(data), step)):
                d = t0 + i * 0.2 / self.a.tts_speed - now()
                if d > 0:
                    await asyncio.sleep(d)
                chunk = data[off:off + step]
                if sse:
                    chunk = b"data: " + json.dumps({"type": "speech.audio.delta",
                                                    "audio": base64.b64encode(chunk).decode()}).encode() + b"\n\n"
                await r.write(chunk)
            if sse:
                await r.write(b'data: {"type":"speech.audio.done","usage":{"input_tokens":1,'
                              b'"output_tokens":1,"total_tokens":2}}\n\n')
            await r.write_eof()
            return r
        except (asyncio.CancelledError, ConnectionError):
            rec["aborted"] = True
            raise
        finally:
            self.log.close(rec)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--host", default="127.0.0.1")
    p.add_argument("--port", type=int, default=27900)
    p.add_argument("--stt-ms", type=float, default=50)
    p.add_argument("--llm-ms", type=float, default=100, help="delay to the first token")
    p.add_argument("--token-ms", type=float, default=10)
    p.add_argument("--tts-ms", type=float, default=80, help="delay to the first audio byte")
    p.add_argument("--tts-seconds", type=float, default=0, help="fixed audio length per request (0: by --tts-cps)")
    p.add_argument("--tts-cps", type=float, default=25, help="spoken characters per second")
    p.add_argument("--tts-speed", type=float, default=10, help="delivery speed, times real time")
    p.add_argument("--stt-text", default="Could you tell me what the weather is like in Paris today?")
    p.add_argument("--reply", default=REPLY)
    p.add_argument("--log", default="", help="JSON-lines request log")
    a = p.parse_args()
    pr = Providers(a)
    if shutil.which("ffmpeg"):  # only for clients that ask for mp3
        pr.mp3 = subprocess.run(["ffmpeg", "-loglevel", "error", "-f", "s16le", "-ar", str(SR), "-ac", "1", "-i", "-",
                                 "-c:a", "libmp3lame", "-b:a", "48k", "-write_xing", "0", "-id3v2_version", "0",
                                 "-f", "mp3", "-"], input=pr.pcm, stdout=subprocess.PIPE, check=True).stdout
    app = web.Application(client_max_size=64 << 20)
    app.router.add_post("/v1/chat/completions", pr.chat)
    app.router.add_post("/v1/audio/transcriptions", pr.stt)
    app.router.add_post("/v1/audio/speech", pr.tts)

    async def models(_):
        return web.json_response({"object": "list", "data": [{"id": "fake", "object": "model"}]})

    app.router.add_get("/v1/models", models)
    web.run_app(app, host=a.host, port=a.port, access_log=None, print=None)


if __name__ == "__main__":
    main()
