"""A tenant that can't be reached: one line from `sync`, the same from `connector check`."""

import json
import socket
from collections.abc import Iterator

import pytest
from tests.stocktake.cli.conftest import Stocktake


@pytest.fixture
def closed_port() -> Iterator[int]:
    """A port that nobody listens on, held so that nobody else takes it."""
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        yield held.getsockname()[1]


@pytest.fixture
def contoso(stocktake: Stocktake, closed_port: int) -> str:
    address = f"https://127.0.0.1:{closed_port}"
    assert stocktake("cloud", "add", "lab", "--login", address, "--graph", address).code == 0
    added = stocktake(
        *("connector", "add", "contoso", "--tenant", "contoso.com", "--cloud", "lab", "--client-secret-file", "-"),
        *("--client-id", "11111111-2222-3333-4444-555555555555"),
        stdin=b"Zx8~averysecretvalue\n",
    )
    assert added.code == 0
    return "contoso"


def test_check_names_the_host(stocktake: Stocktake, contoso: str) -> None:
    result = stocktake("connector", "check", contoso, "--json")
    assert result.code == 1
    answer = json.loads(result.out)
    assert (answer["connector"], answer["ok"]) == (contoso, False)
    (found,) = answer["checks"]
    assert found["check"] == "tenant"
    assert "127.0.0.1" in found["message"]
    assert found["remedy"]
    shown = stocktake("connector", "check", contoso)
    assert shown.out.startswith("FAILED  tenant  no connection to 127.0.0.1")
    assert shown.code == 1


def test_sync_says_so_and_remembers_the_run(stocktake: Stocktake, contoso: str) -> None:
    result = stocktake("sync", contoso)
    assert "127.0.0.1" in result.complaint
    assert result.code == 1
    runs = json.loads(stocktake("show", "runs", "--json").out)
    assert [run["outcome"] for run in runs] == ["failed"]
