"""Reports, roles and applications of a tenant as they come, and where they do not."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests import postgres
from tests.installation import Done, Installation
from tests.oracle import differences
from tests.simulator import Simulator

from stocktake.catalog import SOURCES, Report
from stocktake.catalog.usage import USAGE

REPORTS = [source for source in SOURCES if isinstance(source, Report)]
ABOUT_PEOPLE = [report for report in REPORTS if report.datasets[0] is USAGE]


@pytest.fixture(scope="module")
def tenant(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Simulator]:
    with Simulator(users=400, groups=40, seed=4, folder=tmp_path_factory.mktemp("simulator")) as simulator:
        yield simulator


@pytest.fixture
def simulator(tenant: Simulator) -> Simulator:
    tenant.reset()
    return tenant


@pytest.fixture
def installation(tmp_path: Path, simulator: Simulator) -> Installation:
    made = Installation(tmp_path / "home")
    made.connect(simulator)
    return made


@pytest.fixture(scope="module")
def read_once(tenant: Simulator, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that has synchronised the tenant."""
    tenant.reset()
    made = Installation(tmp_path_factory.mktemp("installation") / "home")
    made.connect(tenant)
    assert made.sync().code == 0
    return made.home


@pytest.fixture
def synchronised(read_once: Path, tmp_path: Path, simulator: Simulator) -> Installation:
    shutil.copytree(read_once, tmp_path / "home")
    return Installation(tmp_path / "home")


@pytest.fixture(scope="module")
def database_url() -> Iterator[str]:
    for server in postgres.cluster():
        yield from postgres.database(server)


def line_of(done: Done, source: str) -> dict[str, Any]:
    [line] = [line for line in done.json["sources"] if line["source"] == source]
    return dict(line)


def play(simulator: Simulator, function: str, kind: str = "status", **options: object) -> None:
    rule = {"match": rf"GET /v1\.0/(copilot/)?reports/{function}", "kind": kind, "times": None, **options}
    simulator.control("faults", [rule])


def without_the_run(line: dict[str, Any]) -> tuple[int, int, int]:
    return line["added"], line["changed"], line["removed"]


@pytest.mark.parametrize("report", ABOUT_PEOPLE, ids=lambda report: report.name)
def test_every_report_about_people_has_their_rows(synchronised: Installation, report: Report) -> None:
    rows = [row for row in synchronised.rows("usage") if row["report"] == report.function]
    assert rows
    assert {row["period"] for row in rows} == {report.period}
    assert any(row["user_id"] for row in rows)
    assert all(row["refreshed_on"] for row in rows)


def test_reports_deleted_users_roles_and_applications_equal_the_oracle(
    synchronised: Installation, simulator: Simulator
) -> None:
    for dataset in ("usage", "site_usage", "group_usage", "deleted_users"):
        assert differences(synchronised, simulator, dataset) == []
    roles = {row["id"]: row for row in synchronised.rows("directory_roles")}
    held: dict[str, list[str]] = {role["role_template_id"]: [] for role in roles.values()}
    for member in synchronised.rows("role_members"):
        assert member["member_type"] == "user"
        held[roles[member["role_id"]]["role_template_id"]].append(member["member_id"])
    truth = simulator.oracle("directory_roles")
    assert held == {role["role_template_id"]: role["member_ids"] for role in truth}
    assert {role["role_template_id"]: role["display_name"] for role in truth} == {
        role["role_template_id"]: role["display_name"] for role in roles.values()
    }
    applications = {row["id"]: (row["app_id"], row["display_name"]) for row in synchronised.rows("service_principals")}
    consented = {row["id"]: (row["app_id"], row["display_name"]) for row in simulator.oracle("service_principals")}
    assert consented.items() <= applications.items()


def test_people_and_groups_are_those_of_the_directory(synchronised: Installation) -> None:
    users = {row["id"] for row in synchronised.rows("users")}
    assert {row["user_id"] for row in synchronised.rows("usage") if row["user_id"]} <= users
    groups = {row["id"] for row in synchronised.rows("groups") if row["kind"] == "microsoft365"}
    assert {row["group_id"] for row in synchronised.rows("group_usage")} >= groups


@pytest.mark.parametrize("function", ["getTeamsUserActivityUserDetail", "getOffice365GroupsActivityDetail"])
def test_a_tenant_without_data_is_not_licensed_and_loses_nothing(
    synchronised: Installation, simulator: Simulator, function: str
) -> None:
    before = {dataset: synchronised.rows(dataset) for dataset in ("usage", "group_usage")}
    play(simulator, function, status=404, code="UnknownTenantId", message="We do not recognize this tenant ID.")
    done = synchronised.sync()
    assert done.code == 0
    [name] = [report.name for report in REPORTS if report.function == function]
    line = line_of(done, name)
    assert line["outcome"] == "not_licensed"
    assert "UnknownTenantId" in line["reason"]
    assert {dataset: synchronised.rows(dataset) for dataset in before} == before


def test_a_tenant_without_the_copilot_report_is_not_licensed(installation: Installation, simulator: Simulator) -> None:
    function = "getMicrosoft365CopilotUsageUserDetail"
    message = f"Resource not found for the segment '{function}'."
    play(simulator, function, status=400, code="BadRequest", message=message)
    done = installation.sync()
    assert done.code == 0
    assert line_of(done, "copilot")["outcome"] == "not_licensed"


@pytest.mark.parametrize(
    "refusal",
    [
        {"status": 404, "code": "Request_ResourceNotFound"},
        {"status": 400, "code": "BadRequest", "message": "Resource not found for the segment 'getX'."},
    ],
    ids=lambda refusal: refusal["status"],
)
def test_any_other_refusal_is_a_failure(
    synchronised: Installation, simulator: Simulator, refusal: dict[str, Any]
) -> None:
    before = synchronised.rows("usage")
    play(simulator, "getEmailActivityUserDetail", **refusal)
    done = synchronised.sync()
    assert done.code == 3
    line = line_of(done, "email_activity")
    assert (line["outcome"], line["rows"]) == ("failed", 0)
    assert line["reason"]
    assert synchronised.rows("usage") == before


def test_a_passing_fault_at_every_report_leaves_no_trace(synchronised: Installation, simulator: Simulator) -> None:
    """All of them at once: each report is hit once where it is asked for, and each download once."""
    hits = {"503": {"kind": "status", "status": 503}, "dropped": {"kind": "drop"}, "truncated": {"kind": "truncate"}}
    rules = [
        {"match": rf"GET /v1\.0/(copilot/)?reports/{report.function}", "times": 1, **list(hits.values())[at % 3]}
        for at, report in enumerate(REPORTS)
    ]
    rules += [
        {"match": "GET /data/download/", "skip": 2 * at, "times": 1, **hit} for at, hit in enumerate(hits.values())
    ]
    simulator.control("faults", rules)
    done = synchronised.sync()
    assert done.code == 0, done.out
    assert all(rule["used"] == 1 for rule in simulator.faults())
    for line in done.json["sources"]:
        assert without_the_run(line) == (0, 0, 0), line
    assert simulator.ledger()["complaints"] == []


def test_a_tiny_tenant_in_which_nobody_holds_some_licences_is_complete(tmp_path: Path) -> None:
    folder = tmp_path / "simulator"
    folder.mkdir()
    with Simulator(users=6, groups=2, seed=3, folder=folder) as simulator:
        installation = Installation(tmp_path / "home")
        installation.connect(simulator)
        done = installation.sync()
        empty = [
            line for line in done.json["sources"] if line["source"] in {r.name for r in REPORTS} and not line["rows"]
        ]
        assert empty, "every report has rows: choose a smaller tenant"
        assert done.code == 0, [line for line in done.json["sources"] if line["outcome"] != "complete"]


def test_concealed_names_leave_sites_and_groups_with_their_figures(
    installation: Installation, simulator: Simulator
) -> None:
    simulator.control("tenant", {"conceal_names": True})
    done = installation.sync()
    assert done.code == 3
    assert {line_of(done, report.name)["outcome"] for report in REPORTS} == {"concealed"}
    for dataset in ("usage", "site_usage", "group_usage"):
        assert differences(installation, simulator, dataset) == []
    assert "owners can't be told" in line_of(done, "sharepoint_site_usage")["reason"]
    assert all(row["user_id"] is None for row in installation.rows("usage"))


def test_roles_and_applications_are_no_reason_for_an_incomplete_run(
    installation: Installation, simulator: Simulator
) -> None:
    simulator.control(
        "faults",
        [
            {"match": r"GET /v1\.0/directoryRoles", "kind": "forbidden", "times": None},
            {"match": r"GET /v1\.0/servicePrincipals", "kind": "forbidden", "times": None},
        ],
    )
    done = installation.sync()
    assert done.code == 0
    lines = {name: line_of(done, name) for name in ("directory_roles", "role_members", "service_principals")}
    assert {line["outcome"] for line in lines.values()} == {"not_permitted"}
    assert "RoleManagement.Read.Directory" in lines["directory_roles"]["remedy"]
    assert "Application.Read.All" in lines["service_principals"]["remedy"]


def test_reports_are_asked_for_once_and_without_the_token(synchronised: Installation, simulator: Simulator) -> None:
    synchronised.sync()
    ledger = simulator.ledger()
    assert ledger["complaints"] == []
    asked = {request: times for request, times in ledger["requests"].items() if "reports/" in request}
    assert sum(asked.values()) == len(REPORTS), asked


def test_postgresql_comes_to_the_same(tmp_path: Path, simulator: Simulator, database_url: str) -> None:
    installation = Installation(tmp_path / "home", database_url=database_url)
    installation.connect(simulator)
    first, second = installation.sync(), installation.sync()
    assert (first.code, second.code) == (0, 0), first
    for dataset in ("usage", "site_usage", "group_usage", "deleted_users"):
        assert differences(installation, simulator, dataset) == []
    for line in second.json["sources"]:
        assert without_the_run(line) == (0, 0, 0), line
