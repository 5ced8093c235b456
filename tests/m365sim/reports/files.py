"""Downloading a report as a client does, and reading it without the simulator's own code."""

import csv
import io
import re
from collections.abc import Iterator
from typing import Any

import requests
from tests.contract import CONTRACT
from tests.m365sim.graph.asking import Graph

# Function, parameters that it takes, and what its rows are about.
PERIOD_AND_DATE = (
    "getOffice365ActiveUserDetail",
    "getM365AppUserDetail",
    "getEmailActivityUserDetail",
    "getEmailAppUsageUserDetail",
    "getOneDriveActivityUserDetail",
    "getOneDriveUsageAccountDetail",
    "getSharePointActivityUserDetail",
    "getSharePointSiteUsageDetail",
    "getTeamsUserActivityUserDetail",
    "getTeamsDeviceUsageUserDetail",
    "getYammerActivityUserDetail",
    "getOffice365GroupsActivityDetail",
)
COPILOT = "getMicrosoft365CopilotUsageUserDetail"
ACTIVATIONS = "getOffice365ActivationsUserDetail"
EVERY = (*PERIOD_AND_DATE, "getMailboxUsageDetail", ACTIVATIONS, COPILOT)
ABOUT_OTHERS = {"getSharePointSiteUsageDetail": "site", "getOffice365GroupsActivityDetail": "group"}

_OWN = {"report_refresh_date", "user_principal_name", "last_activity_date", "report_period"}
_TRUTHS = {"True": True, "False": False, "Yes": True, "No": False}


def call_of(function: str, days: int = 180) -> str:
    """The address of a report for a period."""
    if function == ACTIVATIONS:
        return f"reports/{function}"
    return f"{'copilot/' if function == COPILOT else ''}reports/{function}(period='D{days}')"


def content(graph: Graph, call: str) -> bytes:
    """What the client has in the end: by 302 from another host without a token, or at once."""
    answer = graph.ask(call)
    if answer.status_code == 302:
        with requests.Session() as anybody:
            anybody.trust_env = False
            answer = anybody.get(answer.headers["Location"], verify=str(graph.simulator.ca_bundle), timeout=60)
    assert answer.status_code == 200, (call, answer.status_code, answer.text[:500])
    assert answer.headers["Content-Type"] == "application/octet-stream"
    return answer.content


def table(graph: Graph, call: str) -> list[dict[str, str]]:
    text = content(graph, call).decode("utf-8-sig")
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = next(reader)
    rows = []
    for cells in reader:
        assert len(cells) == len(header), cells
        rows.append(dict(zip(header, cells, strict=True)))
    return rows


def header_of(graph: Graph, call: str) -> list[str]:
    return next(csv.reader(io.StringIO(content(graph, call).decode("utf-8-sig"), newline="")))


def published(function: str) -> list[str]:
    """The header that Microsoft published."""
    with (CONTRACT / "reports" / f"{function}.csv").open(encoding="utf-8-sig", newline="") as file:
        return next(csv.reader(file))


def snake(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def by_person(rows: list[dict[str, str]], key: str = "User Principal Name") -> dict[str, dict[str, str]]:
    found = {row[key]: row for row in rows}
    assert len(found) == len(rows)
    return found


def agrees(row: dict[str, str], truth: dict[str, Any], key: str) -> Iterator[tuple[str, str, object]]:
    """The cells in which a row of the file differs from what the oracle says."""
    metrics = truth["metrics"]
    own = {*_OWN, snake(key)}
    for title, cell in row.items():
        name = snake(title)
        if name not in own and not _same(cell, metrics[name]):
            yield title, cell, metrics[name]
    if set(metrics) != {snake(title) for title in row} - own:
        yield "columns", "", sorted(metrics)


def _same(cell: str, value: object) -> bool:
    if value is None:
        return cell == ""
    if isinstance(value, bool):
        return _TRUTHS[cell] is value
    if isinstance(value, list):
        return cell == "+".join(value)
    return cell == str(value)
