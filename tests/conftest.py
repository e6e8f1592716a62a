"""Fixtures of the whole-system tests."""
import re
import subprocess
import wave

import aiohttp
import numpy as np
import pytest
import pytest_asyncio

from casp_process import ARTIFACTS, Casp
from standins.openai import OpenAI
from standins.twilio import Twilio


def load_wav(path, rate):
    """16-bit mono WAV as int16 at `rate`, silence trimmed."""
    with wave.open(str(path)) as w:
        have, pcm = w.getframerate(), np.frombuffer(w.readframes(w.getnframes()), dtype=np.int16)
    if have != rate:
        at = np.arange(int(len(pcm) * rate / have)) * have / rate
        pcm = np.interp(at, np.arange(len(pcm)), pcm.astype(np.float64)).round().astype(np.int16)
    loud = np.flatnonzero(np.abs(pcm.astype(np.int32)) > 300)
    return pcm[loud[0]:loud[-1] + 1]


@pytest.fixture(scope="session")
def speak(tmp_path_factory):
    """speak(text, rate): speech by Flite as int16 samples; speak.file(text): the WAV."""
    folder = tmp_path_factory.mktemp("speech")

    class Speak:
        @staticmethod
        def file(text):
            path = folder / (re.sub(r"\W+", "-", text.lower())[:60] + ".wav")
            if not path.exists():
                subprocess.run(["flite", "-voice", "slt", "-t", text, "-o", str(path)], check=True, capture_output=True)
            return path

        def __call__(self, text, rate):
            return load_wav(self.file(text), rate)

    return Speak()


@pytest_asyncio.fixture
async def twilio():
    """Twilio's stand-in; what it got must have been right."""
    stand_in = await Twilio().start()
    yield stand_in
    await stand_in.stop()
    assert not stand_in.problems, stand_in.problems


@pytest_asyncio.fixture
async def http():
    async with aiohttp.ClientSession() as session:
        yield session


@pytest_asyncio.fixture
async def openai():
    stand_in = await OpenAI().start()
    yield stand_in
    await stand_in.stop()
    assert not stand_in.problems, stand_in.problems


def test_name(request):
    return re.sub(r"[^A-Za-z0-9_.-]+", "-", request.node.name)


@pytest_asyncio.fixture
async def casp(request, openai):
    """`casp dev` whose providers are the OpenAI stand-in. `@pytest.mark.parametrize("casp", [{...env}], indirect=True)` sets more."""
    env = {"OPENAI_BASE_URL": openai.base_url, **getattr(request, "param", {})}
    process = await Casp(test_name(request), env=env).ready()
    yield process
    await process.stop()


@pytest_asyncio.fixture
async def offline_casp(request):
    """`casp dev` as it is with no account anywhere."""
    process = await Casp(test_name(request)).ready()
    yield process
    await process.stop()


@pytest.fixture(scope="session")
def artifacts():
    ARTIFACTS.mkdir(parents=True, exist_ok=True)
    return ARTIFACTS
