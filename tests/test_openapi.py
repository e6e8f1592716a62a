"""The OpenAPI document says what the API does: schemathesis makes requests of it, good and bad, and reads the answers by it."""
import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).resolve().parent
OFF = {name: "0" for name in ("RATE_LIMIT_AUTH", "RATE_LIMIT_CALLS", "RATE_LIMIT_SCENARIOS", "RATE_LIMIT_GUEST_JOINS", "RATE_LIMIT_CHATS")}
CHECKS = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance"
# WebSockets, and the route that could take the key away with which all others are called.
LEFT_OUT = ["--exclude-path-regex", "^/rtc", "--exclude-name", "DELETE /v1/api-keys/{id}"]


@pytest.mark.alone
@pytest.mark.timeout(400)
@pytest.mark.parametrize("casp", [OFF], indirect=True)
async def test_schemathesis_finds_nothing(casp, artifacts, tmp_path):
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("schemathesis")), "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{casp.url}/openapi.json", "-H", f"Authorization: {casp.auth['Authorization']}",
        "--phases", "examples,coverage,fuzzing", "-n", "5", "--seed", "1", "--generation-deterministic", "--max-time", "120",
        "--request-timeout", "20", "--checks", CHECKS, "--continue-on-failure", "--no-color", *LEFT_OUT,
        cwd=tmp_path, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        out, _ = await asyncio.wait_for(process.communicate(), 360)
    finally:
        if process.returncode is None:
            process.kill()
    (artifacts / "schemathesis.txt").write_bytes(out)
    assert process.returncode == 0, out.decode(errors="replace")[-6000:]
