"""`stocktake serve` as a process of its own, on a free port."""

import re
import socket
import threading
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.installation import Installation
from tests.simulator import Simulator

PASSWORD = "correct horse battery"
_START_WITHIN_S = 60
_STOP_WITHIN_S = 30


class Console(Installation):
    """A home whose console runs as long as the context; the simulator is known to it as cloud m365sim."""

    def __init__(self, home: Path, simulator: Simulator) -> None:
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        super().__init__(home, listen_port=port)
        login, graph = ("--login", simulator.login_url), ("--graph", simulator.graph_url)
        self.ok("cloud", "add", "m365sim", *login, *graph, "--ca-bundle", simulator.ca_bundle)
        self.simulator = simulator
        self.address = f"http://localhost:{port}"
        self.words = ""
        self._spoken = threading.Condition()

    def __enter__(self) -> Self:
        self._process = self.start("serve")
        self._listener = threading.Thread(target=self._listen)
        self._listener.start()
        self.wait_for(f"The console is at {self.address}\n")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.terminate()
        try:
            self._process.wait(_STOP_WITHIN_S)
        finally:
            self._process.kill()
            self._listener.join()
            for stream in (self._process.stdout, self._process.stderr):
                if stream is not None:
                    stream.close()
            self._process.wait()

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            with self._spoken:
                self.words += line
                self._spoken.notify_all()
        with self._spoken:
            self._spoken.notify_all()

    def wait_for(self, pattern: str) -> str:
        """The first group of the pattern, or all of it, as soon as the process has printed it."""
        with self._spoken:
            found = self._spoken.wait_for(
                lambda: re.search(pattern, self.words) or self._process.poll() is not None, _START_WITHIN_S
            )
        assert isinstance(found, re.Match), f"{pattern} was not printed: {self.words}"
        return found[found.re.groups]

    def first_start_link(self) -> str:
        return self.wait_for(r"(http\S+/first-start/\S+)\n")

    def add_people(self, *roles: str) -> None:
        """An account of each role, named like the role."""
        for role in roles:
            self.ok("user", "add", role, "--role", role, "--password-env", "TEST_PASSWORD", TEST_PASSWORD=PASSWORD)
