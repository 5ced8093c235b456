"""The demonstration, as a newcomer calls it, and what can be asked of its home afterwards."""

import csv
import io
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from stocktake.store.reading import DATASETS

USERS = 300


@dataclass(frozen=True)
class Home:
    path: Path
    first: str  # what the demonstration printed

    def call(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return call(self.path, *arguments)


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("STOCKTAKE_")}
    return {**kept, "STOCKTAKE_HOME": str(home), "STOCKTAKE_LOG_LEVEL": "debug"}


def call(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "stocktake", *arguments]
    done = subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done


def demo(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return call(home, "demo", "--once", "--users", str(USERS), "--groups", "40", *arguments)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("demo") / "home"
    done = demo(path)
    assert done.returncode == 0, done.stderr
    return Home(path, done.stdout)


def test_it_prints_the_position_five_facts_the_ledger_and_what_to_do_next(home: Home) -> None:
    for words in (
        "Licence position of ",
        "Microsoft 365 E5",
        "over-assigned",
        "Seats held by disabled accounts",
        "Direct licences doubled by a group",
        "Licensed people who stay away",
        "Licence assignments in error",
        "Subscriptions that end soon",
        "memberships",
        "stocktake connector add NAME",
    ):
        assert words in home.first
    assert " ?  " not in home.first


def test_a_second_time_in_the_same_home_finds_nothing_new(home: Home) -> None:
    assert demo(home.path).returncode == 0
    runs = json.loads(home.call("show", "runs", "--json").stdout)
    assert [run["outcome"] for run in runs] == ["complete", "complete"]
    assert [found["name"] for found in json.loads(home.call("connector", "list", "--json").stdout)] == ["demo"]


@pytest.mark.parametrize("dataset", [view.name for view in DATASETS])
def test_every_dataset_is_shown_and_exported_in_every_format(home: Home, dataset: str, tmp_path: Path) -> None:
    shown = home.call("show", dataset, "--json")
    assert shown.returncode == 0
    rows = json.loads(shown.stdout)
    assert rows
    assert shown.stderr.splitlines()[-1].startswith("demo: complete as of ")
    lines = home.call("export", dataset, "--format", "jsonl", "--output", "-").stdout.splitlines()
    assert [json.loads(line) for line in lines] == rows
    table = home.call("export", dataset, "--format", "csv", "--output", "-").stdout
    assert len(list(csv.reader(io.StringIO(table, newline="")))) == len(rows) + 1
    for form in ("xlsx", "parquet"):
        assert home.call("export", dataset, "--format", form, "--output", str(tmp_path / form)).returncode == 0
    book = openpyxl.load_workbook(tmp_path / "xlsx", read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == len(rows) + 1
    book.close()
    from arro3.io import read_parquet

    assert read_parquet(str(tmp_path / "parquet")).read_all().num_rows == len(rows)


def test_people_see_a_table(home: Home) -> None:
    shown = home.call("show", "subscriptions")
    lines = shown.stdout.splitlines()
    assert lines[0].startswith("connector  sku_id")
    assert len(lines) == len(json.loads(home.call("show", "subscriptions", "--json").stdout)) + 1


def test_before_the_first_run_there_was_nothing(home: Home) -> None:
    shown = home.call("show", "users", "--as-of", "2001-01-01", "--json")
    assert json.loads(shown.stdout) == []
    assert "never synchronised" in shown.stderr
    wrong = home.call("show", "users", "--as-of", "yesterday")
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


def test_it_does_not_touch_a_connector_of_ones_own(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("Zx8~averysecretvalue")
    added = call(
        *(tmp_path / "home", "connector", "add", "demo", "--tenant", "contoso.com"),
        *("--client-id", "11111111-2222-3333-4444-555555555555", "--client-secret-file", str(secret)),
    )
    assert added.returncode == 0
    refused = demo(tmp_path / "home")
    assert refused.returncode == 2
    assert "there is a connector demo of yours" in refused.stderr


def test_it_runs_until_it_is_interrupted_and_takes_the_simulator_with_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stocktake", "demo", "--users", "50", "--groups", "10"]
    running = subprocess.Popen(
        command, env=environment(tmp_path / "home"), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    assert running.stderr is not None
    with running.stderr:
        for line in running.stderr:
            if "Ctrl-C" in line:
                running.send_signal(signal.SIGINT)
        assert running.wait() == 0
    checked = call(tmp_path / "home", "connector", "check", "demo", "--json")
    assert checked.returncode == 1
    assert "no connection" in json.loads(checked.stdout)["checks"][0]["message"]
