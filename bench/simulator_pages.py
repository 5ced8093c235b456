"""How quickly the simulator hands out pages of 999 users: it must never be what a client waits for.

`python -m bench.simulator_pages [--users N]` (100000). Each round walks through all users with what a sync selects,
gzip, undecoded. The first is cold: the simulator renders and compresses each page. CPU is the simulator's own.
"""

import argparse
import asyncio
import json
import os
import re
import ssl
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path
from typing import Any

import aiohttp
from yarl import URL

from bench.__main__ import wait_for
from stocktake.catalog.users import USERS

ROUNDS = 4
_NEXT = re.compile(rb'"@odata\.nextLink":"([^"]+)"')


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.simulator_pages")
    parser.add_argument("--users", type=int, default=100_000)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="m365sim-bench-") as folder:
        ready = Path(folder) / "ready.json"
        command = [sys.executable, "-m", "m365sim", "--users", str(asked.users), "--groups", "100"]
        simulator = subprocess.Popen([*command, "--ready-file", str(ready)], stdout=subprocess.DEVNULL)
        try:
            asyncio.run(measure(wait_for(ready, simulator), simulator.pid))
        finally:
            simulator.terminate()
            simulator.wait()
    return 0


async def measure(facts: dict[str, Any], pid: int) -> None:
    trust = ssl.create_default_context(cafile=facts["ca_bundle"])
    async with aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(ssl=trust), auto_decompress=False, headers={"Accept-Encoding": "gzip"}
    ) as session:
        token = await token_of(facts, session)
        for number in range(ROUNDS):
            spent, started = cpu_s(pid), time.monotonic()
            pages, size = await walk(facts, session, token)
            wall, cpu = time.monotonic() - started, cpu_s(pid) - spent
            name = "cold" if number == 0 else "warm"
            rates = f"{pages / wall:7.0f} pages/s, {pages / max(cpu, 0.01):7.0f} pages per CPU second of the simulator"
            print(f"{name}: {pages} pages of {size // pages / 1e3:.0f} kB, {wall:6.2f} s: {rates}")


async def token_of(facts: dict[str, Any], session: aiohttp.ClientSession) -> str:
    form = {
        "grant_type": "client_credentials",
        "client_id": facts["client_id"],
        "client_secret": facts["client_secret"],
        "scope": "https://graph.microsoft.com/.default",
    }
    async with session.post(f"{facts['login_url']}/{facts['tenant_id']}/oauth2/v2.0/token", data=form) as answer:
        found: dict[str, str] = json.loads(await answer.read())
        return found["access_token"]


async def walk(facts: dict[str, Any], session: aiohttp.ClientSession, token: str) -> tuple[int, int]:
    """Number of pages and bytes on the wire."""
    url: str | None = f"{facts['graph_url']}/v1.0{USERS.path}?$select={','.join(USERS.select)}&$top=999"
    pages = size = 0
    while url:
        async with session.get(URL(url, encoded=True), headers={"Authorization": f"Bearer {token}"}) as answer:
            body = await answer.read()
        pages, size = pages + 1, size + len(body)
        url = next_link(body)
    return pages, size


def next_link(body: bytes) -> str | None:
    """The link stands in the last bytes in the clear (a stored block), or the page has to be unpacked."""
    found = _NEXT.search(body[-2048:]) or _NEXT.search(zlib.decompress(body, 16 + zlib.MAX_WBITS))
    return found[1].decode() if found else None


def cpu_s(pid: int) -> float:
    """User and system time of a process so far (proc(5)); Linux alone."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(main())
