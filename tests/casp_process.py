"""Starts the real binary, knows when it is ready, and ends it by its id."""
import asyncio
import contextlib
import fcntl
import json
import os
import re
import signal
import subprocess
import tempfile
import time
import zlib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
# Of each of several pytest processes (pytest-xdist) a folder of its own.
ARTIFACTS = Path(__file__).resolve().parent / "artifacts" / os.environ.get("PYTEST_XDIST_WORKER", "")
# What no log line may hold: telephone numbers, e-mail addresses, keys, tokens.
PRIVATE = re.compile(r"(?:\+|%2[Bb]|%20)\d{7,15}|/\d{8,15}(?![\w.%-])|[\w.+-]+@[\w-]+\.[a-z]{2,}|\b(?:sk|pk|ek|whsec)_\w{4,}|eyJ[\w-]{6,}\.[\w-]+\.")
API_KEY = "sk_test_0123456789abcdefghijklmnopqrstuvwxyz"


def binary() -> str:
    """CASP_BIN, else the debug build of this checkout."""
    if path := os.environ.get("CASP_BIN"):
        return path
    meta = subprocess.run(["cargo", "metadata", "--no-deps", "--format-version=1", "--offline"], cwd=ROOT, capture_output=True, text=True, check=True)
    return str(Path(json.loads(meta.stdout)["target_directory"]) / "debug" / "casp")


def livekit_server() -> str:
    return os.environ.get("LIVEKIT_SERVER_BIN") or str(ROOT / ".tools/bin/livekit-server")


@contextlib.asynccontextmanager
async def choosing_ports():
    """Whoever starts something that chooses ports and takes them a moment later does so alone, of all the pytest processes of this
    checkout: two at once might choose the same."""
    name = f"casp-tests-{os.getuid()}-{zlib.crc32(str(ROOT).encode()):08x}.lock"
    with open(Path(tempfile.gettempdir()) / name, "w") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                await asyncio.sleep(0.05)
        yield  # closing the file gives it back, as the end of this process would


def clean_environment() -> dict:
    """Nothing of the developer's own settings reaches the tested process."""
    keep = ("PATH", "HOME", "LANG", "TMPDIR")
    return {k: v for k, v in os.environ.items() if k in keep} | {"LIVEKIT_SERVER_BIN": livekit_server()}


class Process:
    """A casp process; its log is kept in `tests/artifacts`."""

    def __init__(self, name, *args, env=None):
        ARTIFACTS.mkdir(parents=True, exist_ok=True)
        self.folder = tempfile.TemporaryDirectory(prefix="casp-test-")
        self.log_path = ARTIFACTS / f"{name}.log"
        self._log = open(self.log_path, "wb")
        self.process = subprocess.Popen([binary(), *args], cwd=self.folder.name, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=self._log, env={**clean_environment(), **(env or {})}, start_new_session=True)
        os.set_blocking(self.process.stdout.fileno(), False)
        self.out = ""

    def log(self) -> str:
        return self.log_path.read_text(errors="replace")

    async def wait_output(self, pattern, timeout=60.0):
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            self.out += (self.process.stdout.read() or b"").decode(errors="replace")
            if found := re.search(pattern, self.out):
                return found
            assert self.process.poll() is None, f"casp ended with {self.process.returncode}:\n{self.out}\n{self.log()[-4000:]}"
            await asyncio.sleep(0.02)
        raise AssertionError(f"casp did not print {pattern!r}:\n{self.out}\n{self.log()[-4000:]}")

    async def stop(self, how=signal.SIGTERM, timeout=40.0):
        if self.process.poll() is None:
            self.process.send_signal(how)
            end = time.monotonic() + timeout
            while self.process.poll() is None and time.monotonic() < end:
                await asyncio.sleep(0.02)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
                raise AssertionError(f"casp did not end within {timeout} s of {how!r}:\n{self.log()[-4000:]}")
        self._log.close()
        self.process.stdout.close()
        self.folder.cleanup()
        leaks = [line for line in self.log().splitlines() if PRIVATE.search(line)]
        assert not leaks, f"private data in the log: {leaks[:5]}"
        return self.process.returncode

    def rss_mib(self) -> float:
        for line in open(f"/proc/{self.process.pid}/status"):
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
        return 0.0


class Casp(Process):
    """`casp dev` on a free port, with a fixed API key."""

    def __init__(self, name, *, env=None):
        self._name, self._env = name, {"CASP_DEV_API_KEY": API_KEY, **(env or {})}
        self.url = ""

    async def ready(self):
        async with choosing_ports():
            super().__init__(self._name, "dev", "--port", "0", env=self._env)
            self.url = (await self.wait_output(r"ready (http://\S+)")).group(1)
        return self

    @property
    def ws_url(self):
        return self.url.replace("http", "ws", 1)

    @property
    def auth(self):
        return {"Authorization": f"Bearer {API_KEY}"}
