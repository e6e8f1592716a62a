"""A browser on the real page: speaks through a fake microphone, hears the answer, sees the transcript."""
import asyncio
import json
import subprocess
import uuid
import wave
from pathlib import Path

import numpy as np
import pytest

from conftest import load_wav

HERE = Path(__file__).resolve().parent


def microphone_file(path, pcm, rate=48000, lead_s=14.0, tail_s=60.0):
    """What the fake microphone plays: quiet while the greeting is spoken, then the question, then quiet."""
    with wave.open(str(path), "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(rate)
        quiet = np.random.default_rng(1).normal(0, 6, int(rate * lead_s)).astype(np.int16)
        w.writeframes(quiet.tobytes() + pcm.tobytes() + np.zeros(int(rate * tail_s), np.int16).tobytes())
    return path


@pytest.mark.alone
async def test_a_browser_talks_with_the_agent(casp, openai, speak, tmp_path, artifacts):
    openai.answer = "It is sunny in Paris today. You can walk outside without a coat."
    question = load_wav(speak.file("What is the weather like in Paris today?"), 48000)
    wav = microphone_file(tmp_path / "microphone.wav", question)
    room = f"browser-{uuid.uuid4().hex[:6]}"
    node = await asyncio.create_subprocess_exec(
        "node", str(HERE / "browser" / "talk.mjs"), casp.url, room, str(wav), str(artifacts), openai.heard, openai.answer,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await asyncio.wait_for(node.communicate(), 250)
    assert node.returncode == 0, err.decode()[-4000:]
    seen = json.loads(out.decode().strip().splitlines()[-1])
    assert seen["answer_heard"], "the agent's answer was not audible in the browser"
    assert openai.heard in seen["user_transcript"], seen
    assert openai.answer in seen["agent_transcript"], seen
    assert seen["latency_ms"] and 0 < seen["latency_ms"] < 3000, seen
    assert seen["typed_answered"], seen
    assert seen["problems"] == [], seen["problems"]
    for name in ("page-idle", "page-call", "page-call-phone"):
        assert (artifacts / f"{name}.png").stat().st_size > 5000


async def test_swagger_ui_works_under_the_content_security_policy(offline_casp, artifacts):
    node = await asyncio.create_subprocess_exec(
        "node", str(HERE / "browser" / "docs.mjs"), offline_casp.url, str(artifacts),
        stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, err = await asyncio.wait_for(node.communicate(), 150)
    assert node.returncode == 0, err.decode()[-4000:]
    seen = json.loads(out.decode().strip().splitlines()[-1])
    assert seen["operations"] > 50, seen
    assert seen["problems"] == [], seen["problems"]
