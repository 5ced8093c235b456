"""What is answered at once: Copilot's file in two versions, JSON of Copilot and of the Microsoft 365 apps."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from tests.contract import examples, needs_contract
from tests.m365sim.graph.asking import Graph
from tests.m365sim.reports.files import COPILOT, agrees, by_person, call_of, header_of, table
from tests.simulator import Simulator

APPS = "reports/getM365AppUserDetail(period='D30')"
JSON = "$format=application/json"


def copilot(period: str, version: str = "") -> str:
    return f"copilot/reports/{COPILOT}(period='{period}'" + (f",version='{version}')" if version else ")")


def test_copilot_answers_the_file_itself(graph: Graph) -> None:
    answer = graph.ask(copilot("D7"))
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/octet-stream")
    assert answer.content.startswith(b"\xef\xbb\xbf")


def test_copilot_lists_the_holders_of_its_licence(graph: Graph, simulator: Simulator) -> None:
    rows = by_person(table(graph, copilot("D180")))
    held = {
        way["user_id"]
        for way in simulator.oracle("assignments")
        if way["sku_part_number"] == "Microsoft_365_Copilot" and way["state"] != "Error"
    }
    refreshed = next(iter(rows.values()))["Report Refresh Date"]
    known = {u["user_principal_name"].lower() for u in simulator.oracle("users")
             if u["id"] in held and u["created_at"][:10] <= refreshed}  # fmt: skip
    named = {name.lower() for name in rows}
    gone = named - known
    deleted = {u["user_principal_name"].lower() for u in simulator.oracle("deleted_users")}
    assert known <= named
    assert gone <= deleted
    assert any(not row["Last Activity Date"] for row in rows.values())
    assert any(row["Word Copilot Last Activity Date"] for row in rows.values())


def test_version_2_says_more_of_the_same(graph: Graph, simulator: Simulator) -> None:
    first, second = by_person(table(graph, copilot("D7"))), by_person(table(graph, copilot("D7", "v2")))
    assert first.keys() == second.keys()
    shared = [title for title in header_of(graph, copilot("D7")) if title in header_of(graph, copilot("D7", "v2"))]
    assert shared == header_of(graph, copilot("D7"))
    for name, row in first.items():
        assert all(second[name][title] == row[title] for title in shared)
    truth = {row["user_principal_name"]: row for row in simulator.oracle(f"usage:{COPILOT}:D7:v2")}
    assert truth.keys() == second.keys()
    for name, row in second.items():
        assert not list(agrees(row, truth[name], "User Principal Name"))
    prompts = [int(row["Prompts submitted for all apps"]) for row in second.values() if row["Last Activity Date"]]
    assert any(prompts)
    assert all(int(row["Active Usage Days for all apps"] or 0) <= 7 for row in second.values())


@pytest.mark.parametrize(
    ("period", "version", "allowed"),
    [
        ("D30", "", True),
        ("D28", "", False),
        ("D30", "v1", True),
        ("D28", "v1", False),
        ("D28", "v2", True),
        ("D30", "v2", False),
        ("D7", "v3", False),
        ("D8", "", False),
        ("ALL", "", True),
        ("ALL", "v2", True),
    ],
)
def test_periods_belong_to_versions(graph: Graph, period: str, version: str, allowed: bool) -> None:
    call = copilot(period, version)
    if allowed:
        assert table(graph, call)
    else:
        assert graph.refused(call)[:2] == (400, "InvalidArgument")


def test_all_periods_at_once(graph: Graph) -> None:
    rows = table(graph, copilot("ALL", "v2"))
    assert {row["Report Period"] for row in rows} == {"7", "28", "90", "180"}
    one = table(graph, copilot("D28", "v2"))
    assert [row for row in rows if row["Report Period"] == "28"] == one


@needs_contract
def test_copilot_json_has_the_shape_of_the_example(graph: Graph) -> None:
    (example,) = examples("copilotreportroot-usageuserdetail.beta")[:1]
    wanted = example["response"]["body"]["value"][0]
    answer = graph.ask(f"{copilot('D7')}?{JSON}")
    assert answer.headers["Content-Type"] == "application/json"
    rows = answer.json()["value"]
    assert all(list(row) == list(wanted) for row in rows)
    assert all(row["copilotActivityUserDetailsByPeriod"] == [{"reportPeriod": 7}] for row in rows)
    assert len(rows) == len(table(graph, copilot("D7")))
    assert any(row["lastActivityDate"] == "" for row in rows)
    detailed = graph.json(f"{copilot('D28', 'v2')}?{JSON}")["value"]
    assert set(detailed[0]["copilotActivityUserDetailsByPeriod"][0]) == {
        "reportPeriod",
        "promptsSubmitted",
        "activeUsageDays",
        "promptsSubmittedForCopilotChatWork",
        "promptsSubmittedForCopilotChatWeb",
    }


@needs_contract
def test_apps_json_has_the_shape_of_the_example(graph: Graph) -> None:
    (example,) = examples("reportroot-getm365appuserdetail.json")
    wanted = example["response"]["body"]["value"][0]
    page = graph.json(f"{APPS}?{JSON}")
    assert list(page["value"][0]) == list(wanted)
    assert list(page["value"][0]["details"][0]) == list(wanted["details"][0])
    assert len(page["value"]) == 200
    assert "$skiptoken=" in page["@odata.nextLink"]


def test_apps_json_says_what_the_file_says(graph: Graph) -> None:
    rows = graph.rows(f"{APPS}?{JSON}")
    file = by_person(table(graph, APPS))
    assert [row["userPrincipalName"] for row in rows] == list(file)
    for row in rows:
        line, (details,) = file[row["userPrincipalName"]], row["details"]
        assert (row["lastActivityDate"] or "") == line["Last Activity Date"]
        assert details["reportPeriod"] == 30
        assert details["outlookWindows"] is (line["Outlook (Windows)"] == "Yes")
        assert details["powerPoint"] is (line["PowerPoint"] == "Yes")


@pytest.mark.parametrize("size", [1, 150, 200, 999])
def test_apps_json_by_other_pages(graph: Graph, size: int) -> None:
    first = graph.json(f"{APPS}?{JSON}&$top={size}")
    assert len(first["value"]) == min(size, len(by_person(table(graph, APPS))))
    second = graph.json(first["@odata.nextLink"]) if "@odata.nextLink" in first else {"value": []}
    whole = graph.rows(f"{APPS}?{JSON}")
    assert first["value"] + second["value"] == whole[: 2 * size]


def test_apps_json_of_a_day(graph: Graph) -> None:
    day = (datetime.now(UTC) - timedelta(days=6)).date()
    rows = graph.rows(f"reports/getM365AppUserDetail(date='{day}')?{JSON}")
    assert rows
    assert {row["lastActivityDate"] for row in rows} == {str(day)}
    assert {row["details"][0]["reportPeriod"] for row in rows} == {1}


def test_a_token_of_another_question_is_refused(graph: Graph) -> None:
    token = graph.json(f"{APPS}?{JSON}&$top=5")["@odata.nextLink"].rpartition("=")[2]
    assert graph.refused(f"{APPS}?{JSON}&$top=6&$skiptoken={token}")[0] == 400
    assert graph.refused(f"{APPS}?{JSON}&$skiptoken=invented")[0] == 400


def test_other_formats(graph: Graph) -> None:
    assert graph.ask(f"{APPS}?$format={quote('text/csv')}").status_code == 302
    assert graph.refused(f"{APPS}?$format=xml")[0] == 400


def test_reports_inside_a_batch(graph: Graph) -> None:
    replies = graph.batch(
        {"id": "1", "method": "GET", "url": f"/{call_of('getMailboxUsageDetail')}"},
        {"id": "2", "method": "GET", "url": f"/{APPS}?{JSON}"},
    )
    assert replies["1"]["status"] == 302
    assert "/data/download/" in replies["1"]["headers"]["Location"]
    assert replies["2"]["status"] == 200
    assert len(replies["2"]["body"]["value"]) == 200
