"""The usage report: 302 to another host, an address that lives five minutes, a CSV with a byte order mark."""

import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import requests
from tests.contract import CONTRACT, needs_contract
from tests.m365sim.graph.asking import Graph
from tests.simulator import Simulator

REPORT = "reports/getOffice365ActiveUserDetail"


def address_of(graph: Graph, call: str = "(period='D180')") -> str:
    answer = graph.ask(REPORT + call)
    assert (answer.status_code, answer.headers["Content-Type"]) == (302, "text/plain")
    return answer.headers["Location"]


def download(graph: Graph, address: str) -> requests.Response:
    with requests.Session() as anybody:
        anybody.trust_env = False
        return anybody.get(address, verify=str(graph.simulator.ca_bundle), timeout=60)


def table(graph: Graph, call: str = "(period='D180')") -> list[dict[str, str]]:
    answer = download(graph, address_of(graph, call))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert b"\n" not in answer.content.replace(b"\r\n", b"")
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"), newline="")))


def test_the_file_agrees_with_the_oracle(graph: Graph, simulator: Simulator) -> None:
    rows = table(graph)
    expected = {row["user_principal_name"]: row for row in simulator.oracle("usage")}
    assert {row["User Principal Name"] for row in rows} == set(expected)
    for row in rows:
        metrics = expected[row["User Principal Name"]]["metrics"]
        assert row["Teams Last Activity Date"] == (metrics["teams_last_activity_date"] or "")
        assert row["Has Exchange License"] == str(metrics["has_exchange_license"])
        assert row["Is Deleted"] in {"True", "False"}


@needs_contract
def test_the_columns_are_those_of_the_published_file(graph: Graph) -> None:
    published = (CONTRACT / "reports/getOffice365ActiveUserDetail.csv").read_text(encoding="utf-8-sig")
    assert list(table(graph)[0]) == published.strip().split(",")


def test_concealed_names(fresh: Simulator, graph: Graph) -> None:
    fresh.control("tenant", {"conceal_names": True})
    assert graph.json("admin/reportSettings")["value"]["displayConcealedNames"] is True
    rows = table(graph)
    assert all(len(row[name]) == 32 and "@" not in row[name] for row in rows
               for name in ("User Principal Name", "Display Name"))  # fmt: skip
    fresh.control("tenant", {"conceal_names": False})


def test_an_address_lives_five_minutes(fresh: Simulator, graph: Graph) -> None:
    address = address_of(graph)
    assert address.startswith(f"{fresh.reports_url}/data/download/")
    assert download(graph, address).status_code == 200
    fresh.control("clock", {"advance": 301})
    assert download(graph, address).status_code == 403
    assert download(graph, f"{fresh.reports_url}/data/download/invented").status_code == 403


def test_a_single_day(graph: Graph) -> None:
    day = (datetime.now(UTC) - timedelta(days=4)).date()
    for call in (f"(date={day})", f"(date='{day}')"):
        assert all(str(day) in row.values() for row in table(graph, call))


@pytest.mark.parametrize("call", ["(period='D8')", "(date=2020-01-01)", "(date=yesterday)"])
def test_periods_and_days_that_there_are_not(graph: Graph, call: str) -> None:
    assert graph.refused(REPORT + call)[:2] == (400, "InvalidArgument")


def test_an_unknown_report(graph: Graph) -> None:
    status, code, message = graph.refused("reports/getNothing(period='D7')")
    assert (status, code) == (400, "BadRequest")
    assert "segment 'getNothing'" in message


def test_the_reports_have_their_own_refusal(graph_with: Callable[..., Graph]) -> None:
    asking = graph_with("User.Read.All", "Directory.Read.All")
    assert asking.refused(f"{REPORT}(period='D7')") == (403, "S2SUnauthorized", "Invalid permission.")
    status, code, message = asking.refused("admin/reportSettings")
    assert (status, code) == (403, "UnknownError")
    assert "S2SUnauthorized" in message
