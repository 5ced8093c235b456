"""An installation of the product, driven by its command line as a process of its own."""

import contextlib
import io
import json
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.simulator import Simulator

from stocktake.cli import main


@dataclass(frozen=True, slots=True)
class Done:
    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class Installation:
    """A home, and commands in it. Settings are environment variables without their prefix, in lower case."""

    def __init__(self, home: Path, **settings: object) -> None:
        self.home = home
        # A machine may forbid Python to keep what it compiled; hundreds of starts would then compile everything anew.
        kept = {name: value for name, value in os.environ.items() if not name.startswith("STOCKTAKE_")}
        kept.pop("PYTHONDONTWRITEBYTECODE", None)
        self.environment = {
            **kept,
            "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / f"stocktake-tests-{os.getuid()}"),
            "STOCKTAKE_HOME": str(home),
            "STOCKTAKE_SIGN_INS_PER_MINUTE": "6000",
            **{f"STOCKTAKE_{name.upper()}": str(value) for name, value in settings.items()},
        }

    def start(self, *arguments: object, **variables: str) -> subprocess.Popen[str]:
        """A command that is left running; its output is read by whoever started it."""
        return subprocess.Popen(
            [sys.executable, "-m", "stocktake", *(str(argument) for argument in arguments)],
            env={**self.environment, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
        )

    def run(self, *arguments: object, **variables: str) -> Done:
        child = self.start(*arguments, **variables)
        out, err = child.communicate()
        assert "Traceback" not in err, err
        return Done(child.returncode, out, err)

    def ok(self, *arguments: object, **variables: str) -> Done:
        done = self.run(*arguments, **variables)
        assert done.code == 0, (arguments, done)
        return done

    def connect(self, simulator: Simulator, name: str = "norvelt", application: dict[str, Any] | None = None) -> None:
        """Add the simulator as a cloud and a connector for its tenant, with the default application or another."""
        credential = application or {"client_id": simulator.client_id, "client_secret": simulator.client_secret}
        if "m365sim" not in self.here("cloud", "list", "--json").out:
            login, graph = ("--login", simulator.login_url), ("--graph", simulator.graph_url)
            self.here("cloud", "add", "m365sim", *login, *graph, "--ca-bundle", simulator.ca_bundle)
        tenant = ("--tenant", simulator.tenant, "--cloud", "m365sim", "--permissions", "application")
        secret = ("--client-id", credential["client_id"], "--client-secret-env", "STOCKTAKE_TEST_SECRET")
        self.here("connector", "add", name, *tenant, *secret, STOCKTAKE_TEST_SECRET=credential["client_secret"])

    def here(self, *arguments: object, **variables: str) -> Done:
        """A command inside this process, for what is asked for very often; it has to end well."""
        before, words = dict(os.environ), sys.argv
        mine = {name: value for name, value in self.environment.items() if name.startswith("STOCKTAKE_")}
        os.environ.update({**mine, **variables})
        sys.argv = ["stocktake", *(str(argument) for argument in arguments)]
        out, err = io.StringIO(), io.StringIO()
        try:
            with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
                code = main()
        finally:
            sys.argv = words
            os.environ.clear()
            os.environ.update(before)
        assert code == 0, (arguments, err.getvalue())
        return Done(code, out.getvalue(), err.getvalue())

    def sync(self, name: str = "norvelt") -> Done:
        return self.run("sync", name, "--json")

    def rows(self, dataset: str, *options: object) -> list[dict[str, Any]]:
        """A dataset as JSON Lines exports it."""
        output = self.home.with_name(f"{dataset}.jsonl")
        self.here("export", dataset, "--format", "jsonl", "--output", output, *options)
        return [json.loads(line) for line in output.read_text(encoding="utf-8").splitlines()]


def kill(child: subprocess.Popen[str]) -> None:
    child.send_signal(signal.SIGKILL)
    child.communicate()
