"""The simulator as a child process, which ends with the test run whatever happens to that."""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

_START_WITHIN_S = 120
_STOP_WITHIN_S = 20
_ANSWER_WITHIN_S = 120


class Simulator:
    """`python -m m365sim` on a free port, with what its ready file says as attributes; a context manager.

    `folder` is an existing directory for its files; without one it makes and removes its own. `options` are further
    arguments of the command line.
    """

    login_url: str
    graph_url: str
    reports_url: str
    control_url: str
    portal_url: str
    ca_pem: str
    tenant: str
    tenant_id: str
    client_id: str
    client_secret: str
    certificate_pem: str
    pid: int
    applications: list[dict[str, Any]]
    people: list[dict[str, Any]]
    tenants: list[dict[str, Any]]

    def __init__(
        self, *options: str, users: int = 300, groups: int = 40, seed: int = 1, folder: Path | None = None
    ) -> None:
        self._own = tempfile.TemporaryDirectory(prefix="m365sim-test-") if folder is None else None
        self.folder = Path(self._own.name) if self._own is not None else folder or Path()
        self.ready_file = self.folder / "ready.json"
        self._words = self.folder / "stderr.txt"
        size = ("--users", str(users), "--groups", str(groups), "--seed", str(seed))
        ends = ("--ready-file", str(self.ready_file), "--parent-pid", str(os.getpid()), "--quiet")
        with self._words.open("wb") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "m365sim", *size, *ends, *options],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=stderr,
            )
        self._session = requests.Session()
        self._session.trust_env = False
        try:
            self.facts: dict[str, Any] = self._wait()
        except BaseException:
            self.stop()
            raise
        vars(self).update(
            {name: value for name, value in self.facts.items() if name not in {"ca_bundle", "certificate"}}
        )
        self.ca_bundle = Path(self.facts["ca_bundle"])
        self.certificate = Path(self.facts["certificate"])
        self._session.verify = str(self.ca_bundle)

    def _wait(self) -> dict[str, Any]:
        until = time.monotonic() + _START_WITHIN_S
        while not self.ready_file.exists():
            if self.process.poll() is not None:
                raise RuntimeError(f"the simulator ended with {self.process.returncode}: {self.words()}")
            if time.monotonic() > until:
                raise RuntimeError(f"the simulator does not start: {self.words()}")
            time.sleep(0.01)
        facts: dict[str, Any] = json.loads(self.ready_file.read_text(encoding="utf-8"))
        return facts

    def words(self) -> str:
        """What it wrote to stderr so far."""
        return self._words.read_text(encoding="utf-8", errors="replace")

    def stop(self) -> int:
        """End it by SIGTERM and return its exit code; a second call does nothing."""
        self._session.close()
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        if self._own is not None:
            self._own.cleanup()
        return self.process.returncode

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def control(self, path: str, payload: object = None, *, method: str | None = None) -> Any:
        """Ask the control plane: GET without a payload, POST with one. An answer that is no 200 fails the test."""
        answer = self.ask_control(path, payload, method=method)
        assert answer.status_code == 200, f"{path}: {answer.status_code} {answer.text}"
        return answer.json()

    def ask_control(self, path: str, payload: object = None, *, method: str | None = None) -> requests.Response:
        """The same with whatever status it has."""
        verb = method or ("GET" if payload is None else "POST")
        return self._session.request(verb, f"{self.control_url}/{path}", json=payload, timeout=_ANSWER_WITHIN_S)

    def reset(self) -> None:
        """Everything as it was at the start: tenant, registrations, people, clock; no faults, an empty ledger."""
        self.control("reset", {})

    def ledger(self) -> dict[str, Any]:
        found: dict[str, Any] = self.control("ledger")
        return found

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how many requests each has seen and hit."""
        found: list[dict[str, Any]] = self.control("faults")
        return found

    def oracle(self, dataset: str, **query: str) -> list[dict[str, Any]]:
        """The true rows of a dataset; tenant= and as_user= choose whose view."""
        answer = self._session.get(f"{self.control_url}/oracle/{dataset}", params=query, timeout=_ANSWER_WITHIN_S)
        assert answer.status_code == 200, answer.text
        rows: list[dict[str, Any]] = answer.json()
        return rows

    def application(self, words: str) -> dict[str, Any]:
        """The planted registration whose name holds these words."""
        found = [item for item in self.applications if words in item["name"]]
        assert len(found) == 1, f"{len(found)} registrations are called {words!r}"
        return found[0]

    def person(self, name: str) -> dict[str, Any]:
        """The planted person of that name."""
        return next(person for person in self.people if person["name"] == name)
