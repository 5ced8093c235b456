"""The demonstration, as a newcomer calls it, and what can be asked of its home afterwards."""

import csv
import json
import os
import signal
import socket
import subprocess
import sys
import warnings
from pathlib import Path

import openpyxl
import pytest
import requests
from tests.stocktake.cli.conftest import Stocktake

from stocktake.products.free import FREE_PART_NUMBERS
from stocktake.store.reading import DATASETS

USERS = 300


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
def printed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A home, and what the demonstration in it printed."""
    path = tmp_path_factory.mktemp("demo") / "home"
    done = demo(path)
    assert done.returncode == 0, done.stderr
    return path, done.stdout


@pytest.fixture
def home(printed: tuple[Path, str]) -> Path:
    return printed[0]


def test_it_prints_the_position_five_facts_the_ledger_and_what_to_do_next(printed: tuple[Path, str]) -> None:
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
        assert words in printed[1]
    assert " ?  " not in printed[1]


def test_its_facts_are_those_of_the_exported_data(stocktake: Stocktake, printed: tuple[Path, str]) -> None:
    def rows(dataset: str) -> list[dict[str, object]]:
        return list(json.loads(stocktake("show", dataset, "--json").out))

    users = {user["id"]: user for user in rows("users")}
    free = {sku["sku_id"] for sku in rows("subscriptions") if sku["sku_part_number"] in FREE_PART_NUMBERS}
    holding = [row for row in rows("assignments") if row["state"] != "Error"]
    paid = {(row["user_id"], row["sku_id"]) for row in holding if row["sku_id"] not in free}
    ways: dict[tuple[object, object], set[object]] = {}
    for row in holding:
        ways.setdefault((row["user_id"], row["sku_id"]), set()).add(row["source"])
    disabled = sum(1 for user_id, _ in paid if users[user_id]["account_enabled"] is False)
    doubled = sum(1 for sources in ways.values() if len(sources) == 2)
    assert disabled
    assert doubled
    assert f"{disabled:>6}  Seats held by disabled accounts" in printed[1]
    assert f"{doubled:>6}  Direct licences doubled by a group" in printed[1]


def test_a_second_time_in_the_same_home_finds_nothing_new(stocktake: Stocktake, home: Path) -> None:
    assert demo(home).returncode == 0
    runs = json.loads(stocktake("show", "runs", "--json").out)
    assert [run["outcome"] for run in runs] == ["complete", "complete"]
    assert [found["name"] for found in json.loads(stocktake("connector", "list", "--json").out)] == ["demo"]


@pytest.mark.parametrize("dataset", [view.name for view in DATASETS])
def test_every_dataset_is_shown_and_exported_in_every_format(
    stocktake: Stocktake, dataset: str, tmp_path: Path
) -> None:
    shown = stocktake("show", dataset, "--json")
    assert shown.code == 0
    rows = json.loads(shown.out)
    assert rows
    assert shown.err.splitlines()[-1].startswith("demo: complete as of ")
    lines = stocktake("export", dataset, "--format", "jsonl", "--output", "-").out.splitlines()
    assert [json.loads(line) for line in lines] == rows
    for form in ("csv", "xlsx", "parquet"):
        assert stocktake("export", dataset, "--format", form, "--output", str(tmp_path / f"out.{form}")).code == 0
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as table:
        assert sum(1 for _ in csv.reader(table)) == len(rows) + 1
    book = openpyxl.load_workbook(tmp_path / "out.xlsx", read_only=True)
    assert sum(1 for _ in book.worksheets[0].iter_rows()) == len(rows) + 1
    book.close()
    from arro3.io import read_parquet

    assert read_parquet(str(tmp_path / "out.parquet")).read_all().num_rows == len(rows)


def test_people_see_a_table(stocktake: Stocktake) -> None:
    lines = stocktake("show", "subscriptions").out.splitlines()
    assert lines[0].startswith("connector  sku_id")
    assert len(lines) == len(json.loads(stocktake("show", "subscriptions", "--json").out)) + 1


def test_before_the_first_run_there_was_nothing(stocktake: Stocktake) -> None:
    shown = stocktake("show", "users", "--as-of", "2001-01-01", "--json")
    assert json.loads(shown.out) == []
    assert "never synchronised" in shown.err
    wrong = stocktake("show", "users", "--as-of", "yesterday")
    assert "yesterday" in wrong.complaint
    assert wrong.code == 2


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


def test_it_leaves_console_and_portal_running_until_it_is_interrupted(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "stocktake", "demo", "--users", "50", "--groups", "10"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    running = subprocess.Popen(
        command,
        env={**environment(tmp_path / "home"), "STOCKTAKE_LISTEN_PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert running.stderr is not None
    said: list[str] = []
    with running.stderr:
        for line in running.stderr:
            said.append(line)
            if "Ctrl-C" in line:
                console = requests.get(f"http://localhost:{port}/sign-in", timeout=20)
                [portal] = [word for text in said for word in text.split() if word.endswith("/portal")]
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # nobody knows the certificate: a browser would ask, too
                    simulated = requests.get(portal, timeout=20, verify=False)  # noqa: S501
                running.send_signal(signal.SIGINT)
        assert running.wait() == 0
    assert (console.status_code, simulated.status_code) == (200, 200)
    assert any("/first-start/" in line for line in said)
    assert any("with the password" in line for line in said)
    checked = call(tmp_path / "home", "connector", "check", "demo", "--json")
    assert checked.returncode == 1
    assert "no connection" in json.loads(checked.stdout)["checks"][0]["message"]
