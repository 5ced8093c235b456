"""`make bench`: the first sync against the floor, on one simulated tenant, in one run.

ARGS: --users N (100000) --groups N (2000) --repeat N (3)
"""

import argparse
import json
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bench.measure import Measured, median, run

_PATIENCE_S = 120


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("--users", type=int, default=100_000)
    parser.add_argument("--groups", type=int, default=2_000)
    parser.add_argument("--repeat", type=int, default=3)
    asked = parser.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="stocktake-bench-"))
    try:
        return compare(asked.users, asked.groups, asked.repeat, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def compare(users: int, groups: int, repeat: int, folder: Path) -> int:
    ready = folder / "ready.json"
    command = [
        sys.executable,
        "-m",
        "m365sim",
        "--users",
        str(users),
        "--groups",
        str(groups),
        "--ready-file",
        str(ready),
    ]
    started = time.monotonic()
    simulator = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        facts = wait_for(ready, simulator)
        print(f"simulator ready after {time.monotonic() - started:.1f} s")
        application = guides(facts)
        floors, syncs = [], []
        floor(ready, application, folder)  # once for nothing: the simulator renders its pages
        for number in range(repeat):
            floors.append(floor(ready, application, folder))
            syncs.append(sync(facts, application, folder / f"home-{number}", folder))
        report(users, groups, floors, syncs)
    finally:
        simulator.terminate()
        simulator.wait()
    return 0


def wait_for(ready: Path, simulator: subprocess.Popen[bytes]) -> dict[str, Any]:
    until = time.monotonic() + _PATIENCE_S
    while not ready.exists():
        if simulator.poll() is not None or time.monotonic() > until:
            raise SystemExit("the simulator did not start")
        time.sleep(0.1)
    facts: dict[str, Any] = json.loads(ready.read_text(encoding="utf-8"))
    return facts


def guides(facts: dict[str, Any]) -> dict[str, Any]:
    """The application with the guide's four permissions: no sign-in activity, whose published pace is no measure."""
    found: list[dict[str, Any]] = [one for one in facts["applications"] if one["name"] == "guide"]
    return found[0]


def floor(ready: Path, application: dict[str, Any], folder: Path) -> Measured:
    command = [sys.executable, "-m", "bench.floor", str(ready), application["client_id"]]
    return checked(run(command, {}, folder / "floor.log"), folder / "floor.log")


def sync(facts: dict[str, Any], application: dict[str, Any], home: Path, folder: Path) -> Measured:
    log = folder / "sync.log"
    environment = {"STOCKTAKE_HOME": str(home), "SECRET": application["client_secret"]}
    stocktake = [sys.executable, "-m", "stocktake"]
    cloud = ["cloud", "add", "sim", "--login", facts["login_url"], "--graph", facts["graph_url"]]
    checked(run([*stocktake, *cloud, "--ca-bundle", facts["ca_bundle"]], environment, log), log)
    connector = [
        "connector",
        "add",
        "bench",
        "--tenant",
        facts["tenant"],
        "--cloud",
        "sim",
        "--permissions",
        "application",
    ]
    credential = ["--client-id", application["client_id"], "--client-secret-env", "SECRET"]
    checked(run([*stocktake, *connector, *credential], environment, log), log)
    done = checked(run([*stocktake, "sync", "bench", "--json"], environment, log), log)
    assert json.loads(done.output)["outcome"] == "complete"
    return done


def checked(done: Measured, log: Path) -> Measured:
    if done.exit_code != 0:
        raise SystemExit(f"exit {done.exit_code}: {done.output}\n{log.read_text(errors='replace')[-4000:]}")
    return done


def report(users: int, groups: int, floors: list[Measured], syncs: list[Measured]) -> None:
    asked = json.loads(floors[0].output)
    spent = json.loads(syncs[0].output)["sources"]
    print(f"\n{datetime.now(UTC):%Y-%m-%d}, CPython {platform.python_version()}, {platform.machine()}")
    print(f"{users:,} users, {groups:,} groups; {asked['requests']:,} requests, {asked['bytes'] / 1e6:,.0f} MB")
    print(f"sync: {sum(source['requests'] for source in spent):,} requests; medians of {len(syncs)}\n")
    print(f"{'':<12}{'wall s':>10}{'CPU s':>10}{'peak MB':>10}")
    for name, runs in (("floor", floors), ("sync", syncs)):
        wall, cpu = median(runs, lambda one: one.wall_s), median(runs, lambda one: one.cpu_s)
        print(f"{name:<12}{wall:>10.2f}{cpu:>10.2f}{median(runs, lambda one: one.peak_mb):>10.0f}")
    wall = median(syncs, lambda one: one.wall_s) / median(floors, lambda one: one.wall_s)
    cpu = median(syncs, lambda one: one.cpu_s) / median(floors, lambda one: one.cpu_s)
    print(f"{'sync/floor':<12}{wall:>10.2f}{cpu:>10.2f}")


if __name__ == "__main__":
    sys.exit(main())
