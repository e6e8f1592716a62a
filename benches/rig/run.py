#!/usr/bin/env python3
"""`make bench`: CASP on the load rig, and a table of its figures beside the targets.

  run.py --casp target/release/casp --callers target/release/callers [--only rooms-1,phone-5] [--out benches/results]

Each run starts LiveKit's server, the stand-in providers and `casp dev`, lets simulated callers talk, and samples /proc
(measure.py). Up to 5 callers are the rig's own (LiveKit's Python SDK, a Python phone); beyond, the light callers.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

import fake_providers
import simlib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
PORT = 27910
TOKEN_S = 0.01  # between two tokens of the stand-in language model
API_KEY = "sk_" + "0" * 40
KEY, SECRET = "benchkey", "benchsecretbenchsecretbenchsecret00"

#        name: (sessions, callers, turns)
RUNS = {
    "rooms-1": (1, "rig", 6), "rooms-3": (3, "rig", 5), "phone-1": (1, "rig", 6), "phone-5": (5, "rig", 5),
    "rooms-1-light": (1, "light", 6), "phone-1-light": (1, "light", 6),
    "rooms-1-join": (1, "rig", 2),
    "rooms-30": (30, "light", 4), "phone-40": (40, "light", 4),
}


def scrape(stop, into):
    """Keeps the last answer of /metrics while the run lasts."""
    while not stop.wait(2):
        try:
            into["text"] = urllib.request.urlopen(f"http://127.0.0.1:{PORT}/metrics", timeout=1).read().decode()
        except OSError:
            pass


def quantile(text, metric, q):
    """A quantile of a Prometheus summary, in seconds."""
    found = re.search(rf'^{metric}{{[^}}]*quantile="{q}"[^}}]*}} (\S+)$', text, re.M)
    return float(found.group(1)) if found else None


def delay_parts(prov_log, sim):
    """What an answer's delay is made of, of one caller, from the providers' log: the wait (last sample of the user ->
    transcription asked for), the providers' own time, and the rest, which is CASP's and LiveKit's.

    The providers' part of a turn follows the requests that made its answer: transcription, first token, the tokens
    of the first clause (its length is that of the speech asked for), first sound.
    """
    parts = {"wait": [], "providers": [], "rest": []}
    if len(sim["per_session"]) != 1:
        return {}
    log = [json.loads(line) for line in open(prov_log)]
    tokens = re.findall(r"\S+\s*", fake_providers.REPLY)
    for turn in sim["per_session"][0]["turns"]:
        if turn["kind"] != "turn" or not turn.get("answered"):
            continue
        during = [x for x in log if x["t_first"] and turn["t_user_end"] <= x["t_start"] and x["t_first"] <= turn["t_agent_first"]]
        last = lambda kind, before: max((x for x in during if x["kind"] == kind and x["t_start"] <= before), key=lambda x: x["t_start"], default=None)
        llm = last("llm", turn["t_agent_first"])
        stt = llm and last("stt", llm["t_start"])
        tts = min((x for x in during if x["kind"] == "tts" and llm and x["t_start"] >= llm["t_first"]), key=lambda x: x["t_start"], default=None)
        if not (stt and tts):
            continue
        spoken = 0
        while len("".join(tokens[:spoken]).rstrip()) < tts["chars"]:
            spoken += 1
        clause = (spoken - 1) * TOKEN_S
        providers = (stt["t_first"] - stt["t_body"]) + (llm["t_first"] - llm["t_start"]) + clause + (tts["t_first"] - tts["t_start"])
        wait = stt["t_start"] - turn["t_user_end"]
        parts["wait"].append(wait)
        parts["providers"].append(providers)
        parts["rest"].append(turn["delay"] - wait - providers)
    return {name: simlib.stats(values) for name, values in parts.items()}


def run(name, a, tmp):
    sessions, callers, turns = RUNS[name]
    is_rooms = name.startswith("rooms")
    python = sys.executable
    join = f"--join http://127.0.0.1:{PORT} --join-key {API_KEY}" if name.endswith("-join") else ""
    if callers == "rig" and is_rooms:
        sim = f"{python} {HERE}/user_sim.py --rooms {sessions} --turns {turns} --settle 4 --room-prefix b{os.getpid()}-{name} {join} --out {{tmp}}/sim.json"
    elif callers == "rig":
        sim = f"{python} {HERE}/twilio_sim.py --url ws://127.0.0.1:{PORT}/media-stream/default --calls {sessions} --turns {turns} --settle 4 --out {{tmp}}/sim.json"
    elif is_rooms:
        sim = f"{a.callers} room --rooms {sessions} --turns {turns} --settle 4 --room-prefix b{os.getpid()}-{name} --utterance {HERE}/utterance.wav --out {{tmp}}/sim.json"
    else:
        sim = f"{a.callers} phone --url ws://127.0.0.1:{PORT}/media-stream/default --calls {sessions} --turns {turns} --settle 4 --utterance {HERE}/utterance.wav --out {{tmp}}/sim.json"
    keep = tmp / name
    env = {
        "LIVEKIT_URL": "ws://127.0.0.1:27880", "LIVEKIT_API_KEY": KEY, "LIVEKIT_API_SECRET": SECRET,
        "OPENAI_BASE_URL": "http://127.0.0.1:27900/v1", "MAX_JOBS": "200", "CASP_MEASURE_TIMER": "true",
        "CASP_DEV_API_KEY": API_KEY,
    }
    command = [
        python, str(HERE / "measure.py"), "--name", name, "--out", f"{tmp}/{name}.json", "--sessions", str(sessions),
        "--service", f"livekit|tcp:127.0.0.1:27880|{a.livekit} --config {HERE}/livekit.yaml",
        "--service", f"providers|tcp:127.0.0.1:27900|{python} {HERE}/fake_providers.py --log {{tmp}}/prov.jsonl",
        "--worker", f"{a.casp} dev --port {PORT} --data-dir {{tmp}}/casp", "--worker-ready", f"log:ready http",
        "--sim", sim, "--keep", str(keep), "--quiet-timeout", str(a.quiet_timeout), "--sim-timeout", "300",
    ]
    for k, v in env.items():
        command += ["--env", f"{k}={v}"]
    stop, metrics = threading.Event(), {}
    thread = threading.Thread(target=scrape, args=(stop, metrics))
    thread.start()
    try:
        done = subprocess.run(command, cwd=HERE, stdout=subprocess.PIPE, text=True)
    finally:
        stop.set()
        thread.join()
    if done.returncode:
        return {"name": name, "failed": done.returncode}
    result = json.load(open(f"{tmp}/{name}.json"))
    result["delay_parts_s"] = delay_parts(keep / "prov.jsonl", json.load(open(keep / "sim.json")))
    text = metrics.get("text", "")
    result["pacing_s"] = {
        "frame_p99": quantile(text, "casp_agent_frame_lateness_seconds", "0.99"),
        "bare_timer_p99": quantile(text, "casp_bare_timer_lateness_seconds", "0.99"),
    }
    return result


def ms(seconds):
    return "–" if seconds is None else f"{seconds * 1000:.0f}"


def table(results):
    r = {x["name"]: x for x in results if "failed" not in x}
    get = lambda name, *path: _dig(r.get(name), path)
    def own(name, livekit_ms):
        """The delay that is neither the end-of-turn wait nor the providers' nor LiveKit's."""
        rest = get(name, "delay_parts_s", "rest", "p50")
        return None if rest is None else rest - livekit_ms / 1000
    rows = [
        ("CPU s a call-minute, agent (rooms, N = 3)", "LiveKit Agents 13.7, Pipecat 15.9", "≤ 1.2", get("rooms-3", "steady", "worker_cpu_s_per_session_min")),
        ("the same, bridge + agent (phone, N = 5)", "Pipecat 9.0", "≤ 0.9", get("phone-5", "steady", "worker_cpu_s_per_session_min")),
        ("memory a further call, MB (rooms 30 / phone 40)", "60–103", "≤ 2", f'{get("rooms-30", "memory", "pss_per_session_mb")} / {get("phone-40", "memory", "pss_per_session_mb")}'),
        ("idle memory of the whole process, MB", "509, 109", "≤ 40", get("rooms-1", "memory", "idle_pss_mb")),
        ("30 rooms: ready, turns answered, p95 delay over p95 of N = 1", "3 rooms", "none lost, < 1.5", many(r, "rooms-30", "rooms-1-light")),
        ("40 phone calls: the same", "5 calls", "none lost, < 1.5", many(r, "phone-40", "phone-1-light")),
        ("agent seen, from the caller's connect, ms", "590–830", "≤ 480", ms(get("rooms-1", "sim", "join_s", "p50"))),
        ("the same, from the moment connect returns, ms (token from /room/join / own token)", "–", "≤ 150", f'{ms(get("rooms-1-join", "sim", "after_connect_s", "p50"))} / {ms(get("rooms-1", "sim", "after_connect_s", "p50"))}'),
        ("answer delay less the providers' time, N = 1, ms (rooms / phone)", "526, 510", "≤ 400", f'{ms(get("rooms-1", "delay_minus_provider_s", "p50"))} / {ms(get("phone-1", "delay_minus_provider_s", "p50"))}'),
        ("of that, neither end-of-turn wait nor LiveKit's 80 ms (rooms / phone)", "–", "≤ 60", f'{ms(own("rooms-1", 80))} / {ms(own("phone-1", 0))}'),
        ("barge-in: first sound → silence at the caller's ear, ms (rooms / phone)", "705, 265", "≤ 200", f'{ms(get("rooms-1", "sim", "barge", "stop_s", "p50"))} / {ms(get("phone-1", "sim", "barge", "stop_s", "p50"))}'),
        ("pacing, 30 rooms: p99 lateness of a frame / bare timer, ms", "–", "≤ 5 more", f'{ms(get("rooms-30", "pacing_s", "frame_p99"))} / {ms(get("rooms-30", "pacing_s", "bare_timer_p99"))}'),
        ("silent gaps inside played speech, ms a minute (N = 1 / 30)", "–", "0 / ≤ 20", f'{get("rooms-1-light", "sim", "gaps_ms_per_min")} / {get("rooms-30", "sim", "gaps_ms_per_min")}'),
    ]
    lines = ["| figure | peers | target | CASP |", "| --- | --- | --- | --- |"]
    lines += [f"| {a} | {b} | {c} | {'–' if d is None else d} |" for a, b, c, d in rows]
    return "\n".join(lines)


def _dig(value, path):
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def many(r, name, single):
    x, one = r.get(name), r.get(single)
    if not x or not one:
        return None
    s = x["sim"]
    p95, base = s["response_delay_s"].get("p95"), one["sim"]["response_delay_s"].get("p95")
    ratio = f"{p95 / base:.2f}" if p95 and base else "–"
    return f'{s["sessions_ready"]}/{s["sessions"]}, {s["response_delay_s"].get("n", 0)}/{s["sessions"] * s["args"]["turns"]}, {ratio}'


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--casp", default=str(ROOT / "target/release/casp"))
    p.add_argument("--callers", default=str(ROOT / "target/release/callers"))
    p.add_argument("--livekit", default=os.environ.get("LIVEKIT_SERVER_BIN") or str(ROOT / ".tools/bin/livekit-server"))
    p.add_argument("--only", default="", help="comma-separated names of runs")
    p.add_argument("--out", default=str(ROOT / "benches/results"))
    p.add_argument("--quiet-timeout", type=float, default=20)
    a = p.parse_args()
    tmp = Path(tempfile.mkdtemp(prefix="casp-bench-"))
    results = []
    for name in a.only.split(",") if a.only else RUNS:
        print(f"run {name} …", flush=True)
        results.append(run(name, a, tmp))
    text = table(results)
    print(text)
    out = Path(a.out)
    out.mkdir(parents=True, exist_ok=True)
    stamp = time.strftime("%Y-%m-%d")
    (out / f"{stamp}.md").write_text(text + "\n")
    for x in results:
        x.pop("argv", None)  # holds paths of the machine
        if "sim" in x:
            x["sim"]["args"] = {"turns": x["sim"]["args"]["turns"]}
    json.dump(results, open(out / f"{stamp}.json", "w"), indent=1)
    print(f"logs of the runs: {tmp}; results: {out}/{stamp}.json")


if __name__ == "__main__":
    main()
