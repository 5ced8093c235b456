"""The simulated tenant that the demonstration reads: a child process that ends with us."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stocktake.errors import ConfigurationError, TransientError

_START_WITHIN_S = 120.0
_STOP_WITHIN_S = 10.0
_LOOK_EVERY_S = 0.05


@dataclass(frozen=True, slots=True)
class SimulatedTenant:
    """What the simulator said about itself."""

    login_url: str
    graph_url: str
    ca_bundle: Path
    tenant: str
    client_id: str
    client_secret: str
    portal_url: str
    administrator: str  # sign-in name of the simulated Global Administrator
    password: str
    process: "subprocess.Popen[bytes]"


@contextmanager
def simulated_tenant(arguments: Sequence[str]) -> Iterator[SimulatedTenant]:
    """A running simulator. ConfigurationError with its own words if it refuses, TransientError if it does not start.

    Its facts hold the client secret in clear, so they lie in a directory of their own outside the home, and only for as
    long as the simulator runs.
    """
    with tempfile.TemporaryDirectory(prefix="stocktake-demo-") as folder:
        ready, words = Path(folder) / "ready.json", Path(folder) / "stderr"
        command = [sys.executable, "-m", "m365sim", *arguments, "--ready-file", str(ready)]
        with words.open("wb") as stderr:
            process = subprocess.Popen(
                [*command, "--parent-pid", str(os.getpid())],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        try:
            yield _facts(process, ready, words)
        finally:
            process.terminate()
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _facts(process: "subprocess.Popen[bytes]", ready: Path, words: Path) -> SimulatedTenant:
    give_up = time.monotonic() + _START_WITHIN_S
    while not ready.exists():
        if process.poll() is not None:
            said = words.read_text(encoding="utf-8", errors="replace").strip().splitlines()
            raise ConfigurationError(f"the simulator did not start: {said[-1] if said else process.returncode}")
        if time.monotonic() > give_up:
            raise TransientError("the simulator does not start", "ask for fewer --users")
        time.sleep(_LOOK_EVERY_S)
    facts = json.loads(ready.read_text(encoding="utf-8"))
    administrator = next(person for person in facts["people"] if person["name"] == "global_administrator")
    return SimulatedTenant(
        login_url=facts["login_url"],
        graph_url=facts["graph_url"],
        ca_bundle=Path(facts["ca_bundle"]),
        tenant=facts["tenant"],
        client_id=facts["client_id"],
        client_secret=facts["client_secret"],
        portal_url=facts["portal_url"],
        administrator=administrator["user_principal_name"],
        password=administrator["password"],
        process=process,
    )
