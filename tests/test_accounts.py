"""Accounts of the real binary: signing in, the terminal's commands, secrets that are refused."""
import subprocess

import pytest
import pytest_asyncio

from casp_process import Casp, binary, clean_environment

PASSWORD = "a password of the tests"


@pytest_asyncio.fixture
async def dev():
    casp = await Casp("accounts-dev", env={"CASP_DEV_PASSWORD": PASSWORD, "RATE_LIMIT_AUTH": "0"}).ready()
    yield casp
    await casp.stop()


def run(*args, folder, **env):
    return subprocess.run([binary(), *args], cwd=folder, env={**clean_environment(), **env}, capture_output=True, text=True, timeout=60)


async def test_the_seeded_account_signs_in_and_is_an_administrator(dev, http):
    async with http.post(f"{dev.url}/auth/login", json={"email": "dev@casp.local", "password": PASSWORD}) as answer:
        assert answer.status == 200
        body = await answer.json()
    assert body["user"]["is_admin"] and body["token_type"] == "bearer"
    bearer = {"Authorization": f"Bearer {body['access_token']}"}
    async with http.get(f"{dev.url}/debug/protected-admin", headers=bearer) as answer:
        assert answer.status == 200
    async with http.post(f"{dev.url}/auth/logout", headers=bearer) as answer:
        assert answer.status == 204
    async with http.get(f"{dev.url}/users/me", headers=bearer) as answer:
        assert answer.status == 401


async def test_a_stranger_registers_and_is_nobody_special(dev, http):
    me = {"email": "Stranger@example.com", "password": "secure_password"}
    async with http.post(f"{dev.url}/auth/register", json=me) as answer:
        assert answer.status == 201
        assert (await answer.json())["email"] == "stranger@example.com"
    form = {"username": "stranger@example.com", "password": "secure_password"}
    async with http.post(f"{dev.url}/token", data=form) as answer:
        token = (await answer.json())["access_token"]
    async with http.get(f"{dev.url}/debug/all-users", headers={"Authorization": f"Bearer {token}"}) as answer:
        assert answer.status == 403


def test_the_terminal_makes_verifies_and_limits_accounts(tmp_path):
    url = {"DATABASE_URL": f"sqlite://{tmp_path}/casp.db"}
    assert run("migrate", folder=tmp_path, **url).returncode == 0
    made = run("accounts", "create", "Boss@example.com", folder=tmp_path, **url)
    assert made.returncode == 0 and "boss@example.com, password " in made.stdout, made.stderr
    assert run("accounts", "create", "boss@example.com", folder=tmp_path, **url).returncode == 1
    assert run("accounts", "make-admin", "boss@example.com", folder=tmp_path, **url).returncode == 0
    assert "boss@example.com  admin" in run("accounts", "list", folder=tmp_path, **url).stdout
    limits = run("accounts", "limits", "boss@example.com", "--calls", "7", "--destinations", "+1,+49", folder=tmp_path, **url)
    assert "calls        7" in limits.stdout and "+1,+49" in limits.stdout, limits.stdout + limits.stderr
    assert "unlimited" in run("accounts", "limits", "boss@example.com", "--calls", "unlimited", folder=tmp_path, **url).stdout
    assert run("accounts", "limits", "boss@example.com", "--calls", "many", folder=tmp_path, **url).returncode == 2
    assert "\nin_" in run("accounts", "invite", "new@example.com", folder=tmp_path, **url).stdout
    unknown = run("accounts", "verify", "nobody@example.com", folder=tmp_path, **url)
    assert unknown.returncode == 1 and "there is no account" in unknown.stderr


@pytest.mark.parametrize("secret", ["", "short", "your_secret_key_here-your_secret_key_here"])
def test_outside_dev_a_weak_secret_key_is_refused(tmp_path, secret):
    env = {"DATABASE_URL": f"sqlite://{tmp_path}/casp.db", "SECRET_KEY": secret, "LIVEKIT_URL": "ws://127.0.0.1:1",
           "LIVEKIT_API_KEY": "k", "LIVEKIT_API_SECRET": "s" * 32, "PORT": "0"}
    refused = run("control-api", folder=tmp_path, **env)
    assert refused.returncode == 1 and "SECRET_KEY" in refused.stderr, refused.stderr
