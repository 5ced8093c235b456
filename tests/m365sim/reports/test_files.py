"""Every report as it is downloaded: columns as published, contents as the oracle says, names, days, refusals."""

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest
from tests.contract import needs_contract
from tests.m365sim.graph.asking import Graph
from tests.m365sim.reports.files import (
    ABOUT_OTHERS,
    ACTIVATIONS,
    COPILOT,
    EVERY,
    PERIOD_AND_DATE,
    agrees,
    call_of,
    content,
    header_of,
    published,
    snake,
    table,
)
from tests.simulator import Simulator

CODE = re.compile(r"[0-9A-F]{32}")
LAG = 2
NAMES = (
    "User Principal Name",
    "Display Name",
    "User Id",
    "Owner Display Name",
    "Owner Principal Name",
    "Group Display Name",
)


@pytest.fixture
def concealing(simulator: Simulator) -> Iterator[None]:
    simulator.control("tenant", {"conceal_names": True})
    yield
    simulator.control("tenant", {"conceal_names": False})


def key_of(function: str) -> str:
    subject = ABOUT_OTHERS.get(function, "user")
    if function == "getOneDriveUsageAccountDetail":
        return "Owner Principal Name"
    return {"site": "Site Id", "group": "Group Id", "user": "User Principal Name"}[subject]


def truth_of(simulator: Simulator, function: str, asked: str = "") -> list[dict[str, object]]:
    subject = ABOUT_OTHERS.get(function)
    return simulator.oracle((f"{subject}_usage" if subject else f"usage:{function}") + asked)


@needs_contract
@pytest.mark.parametrize("function", EVERY)
def test_columns_are_the_published_ones(graph: Graph, function: str) -> None:
    """With the two that real files have and the pages lack (graph-facts 2.3)."""
    wanted = published(function)
    if function == "getMailboxUsageDetail":
        wanted.insert(wanted.index("Report Period"), "Recipient Type")
    if function == "getOneDriveUsageAccountDetail":
        wanted.insert(1, "Site Id")
    assert header_of(graph, call_of(function)) == wanted


@pytest.mark.parametrize("function", [name for name in EVERY if name != ACTIVATIONS])
@pytest.mark.parametrize("days", [7, 180])
def test_the_file_is_what_the_oracle_says(graph: Graph, simulator: Simulator, function: str, days: int) -> None:
    key, own = key_of(function), ABOUT_OTHERS.get(function)
    column = f"{own}_id" if own else "user_principal_name"
    rows = {row[key]: row for row in table(graph, call_of(function, days))}
    truth = {str(row[column]): row for row in truth_of(simulator, function, f":D{days}")}
    assert rows
    assert rows.keys() == truth.keys()
    for name, row in rows.items():
        assert not list(agrees(row, truth[name], key)), name
        assert truth[name]["report"] == function
        assert truth[name]["period"] == days
        assert row.get("Report Period", str(days)) == str(days)
        assert row["Report Refresh Date"] == truth[name]["refreshed_on"]
        if "Last Activity Date" in row:
            assert row["Last Activity Date"] == (truth[name]["last_activity_on"] or "")


def test_activations_are_a_row_for_each_product(graph: Graph, simulator: Simulator) -> None:
    rows = table(graph, call_of(ACTIVATIONS))
    truth = {str(row["user_principal_name"]): row for row in simulator.oracle(f"usage:{ACTIVATIONS}")}
    assert {row["period"] for row in truth.values()} == {None}
    expected = [
        (
            name,
            line["product_type"],
            line["last_activated_date"] or "",
            line["windows"],
            line["activated_on_shared_computer"],
        )
        for name, row in truth.items()
        for line in row["metrics"]["activations"]
    ]
    found = [
        (
            row["User Principal Name"],
            row["Product Type"],
            row["Last Activated Date"],
            int(row["Windows"]) if row["Windows"] else None,
            row["Activated On Shared Computer"] == "True",
        )
        for row in rows
    ]
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert len(rows) > len(truth)
    never = [row for row in rows if not row["Last Activated Date"]]
    assert never
    assert all(row[name] == "" for row in never for name in ("Windows", "Mac", "iOS", "Android"))


def test_each_user_of_the_oracle_is_a_live_one_by_name(simulator: Simulator) -> None:
    names = {user["id"]: user["user_principal_name"].lower() for user in simulator.oracle("users")}
    rows = simulator.oracle("usage:*")
    assert {row["report"] for row in rows} == set(EVERY) - set(ABOUT_OTHERS)
    assert all(names[row["user_id"]] == row["user_principal_name"].lower() for row in rows if row["user_id"])
    deleted = [row for row in rows if row["metrics"].get("is_deleted")]
    assert deleted
    assert {row["user_id"] for row in deleted} == {None}


def test_usage_alone_is_the_report_of_active_users(simulator: Simulator) -> None:
    assert simulator.oracle("usage") == simulator.oracle("usage:getOffice365ActiveUserDetail")


@pytest.mark.parametrize("function", EVERY)
def test_concealed_names(graph: Graph, simulator: Simulator, concealing: None, function: str) -> None:
    rows = table(graph, call_of(function, 30 if function == COPILOT else 180))
    assert rows
    for row in rows:
        assert all(CODE.fullmatch(row[name]) for name in NAMES if row.get(name)), row
        assert row.get("Site URL", "") == ""
        assert "@" not in "".join(row.values()).replace("Outlook", "")
    if function not in ABOUT_OTHERS:
        assert {row["user_id"] for row in truth_of(simulator, function)} == {None}


@pytest.mark.parametrize("function", PERIOD_AND_DATE)
def test_a_day_lists_who_did_something_on_it(graph: Graph, simulator: Simulator, function: str) -> None:
    day = (datetime.now(UTC) - timedelta(days=LAG + 4)).date()
    rows = table(graph, f"reports/{function}(date={day})")
    assert rows == table(graph, f"reports/{function}(date='{day}')")
    assert rows
    for row in rows:
        dates = [cell for title, cell in row.items() if title.endswith("Last Activity Date")]
        assert max(dates) == row["Report Refresh Date"] == str(day)
        assert row.get("Report Period", "1") == "1"
    assert len(rows) == len(truth_of(simulator, function, f":{day}"))


@pytest.mark.parametrize("function", [name for name in PERIOD_AND_DATE if name != "getM365AppUserDetail"])
def test_days_add_up_to_the_period(graph: Graph, function: str) -> None:
    """Counts of things done: sizes and totals are states, which don't add up."""
    done = {"Send Count", "Receive Count", "Read Count", "Viewed Or Edited File Count", "Synced File Count",
            "Visited Page Count", "Posted Count", "Liked Count", "Call Count", "Meeting Count",
            "Private Chat Message Count", "Page View Count", "Exchange Received Email Count"}  # fmt: skip
    done -= {"Visited Page Count"} if function == "getSharePointSiteUsageDetail" else set()
    key = key_of(function)
    week = {row[key]: row for row in table(graph, call_of(function, 7))}
    refreshed = datetime.fromisoformat(next(iter(week.values()))["Report Refresh Date"]).date()
    summed: dict[str, dict[str, int]] = {}
    for ago in range(7):
        for row in table(graph, f"reports/{function}(date={refreshed - timedelta(days=ago)})"):
            counts = summed.setdefault(row[key], {})
            for title in done & set(row):
                counts[title] = counts.get(title, 0) + int(row[title] or 0)
    for name, row in week.items():
        for title in done & set(row):
            assert int(row[title] or 0) == summed.get(name, {}).get(title, 0), (name, title)


def test_a_day_that_is_not_covered_yet_has_no_rows(graph: Graph) -> None:
    assert table(graph, f"reports/getEmailActivityUserDetail(date={datetime.now(UTC).date()})") == []


@pytest.mark.parametrize("function", PERIOD_AND_DATE)
def test_days_that_are_too_long_ago(graph: Graph, function: str) -> None:
    today = datetime.now(UTC).date()
    allowed = 28 if function == "getTeamsDeviceUsageUserDetail" else 30
    table(graph, f"reports/{function}(date={today - timedelta(days=allowed)})")
    status, code, message = graph.refused(f"reports/{function}(date={today - timedelta(days=allowed + 1)})")
    assert (status, code) == (400, "InvalidArgument")
    assert f"past {allowed} days" in message


@pytest.mark.parametrize(
    "call",
    [
        "reports/getOffice365ActivationsUserDetail(period='D7')",
        "reports/getMailboxUsageDetail(date=2026-01-01)",
        "reports/getEmailActivityUserDetail",
        "reports/getEmailActivityUserDetail()",
        "reports/getEmailActivityUserDetail(period='D7',date=2026-01-01)",
        "reports/getEmailActivityUserDetail(period)",
        "reports/getMicrosoft365CopilotUsageUserDetail(period='D7')",
        "copilot/reports/getMailboxUsageDetail(period='D7')",
        "reports/getEmailActivityUserDetails(period='D7')",
    ],
)
def test_calls_that_lead_nowhere(graph: Graph, call: str) -> None:
    status, code, message = graph.refused(call)
    assert (status, code) == (400, "BadRequest")
    assert "Resource not found for the segment 'get" in message


def test_activations_take_empty_brackets(graph: Graph) -> None:
    assert content(graph, f"reports/{ACTIVATIONS}()") == content(graph, f"reports/{ACTIVATIONS}")


@pytest.mark.parametrize("function", ["getMailboxUsageDetail", "getTeamsUserActivityUserDetail", COPILOT])
def test_every_report_needs_the_permission(
    graph: Graph, simulator: Simulator, graph_without: Callable[[str], Graph], function: str
) -> None:
    refused = graph_without("Reports.Read.All").refused(call_of(function))
    assert refused == (403, "S2SUnauthorized", "Invalid permission.")


def test_an_unknown_dataset_of_usage(simulator: Simulator) -> None:
    for name in (
        "usage:getNothing",
        "usage:getMailboxUsageDetail:D8",
        "usage:getMailboxUsageDetail:D7:D30",
        "findings",
    ):
        answer = simulator.ask_control(f"oracle/{name}")
        assert answer.status_code == 400, name
        assert "there is no dataset" in answer.text


def test_snake_names_are_unique_in_every_report(graph: Graph) -> None:
    for function in EVERY:
        titles = header_of(graph, call_of(function))
        assert len({snake(title) for title in titles}) == len(titles)
