"""The reports agree with each other and with the directory about each person."""

from typing import Any

import pytest
from tests.m365sim.graph.asking import Graph
from tests.m365sim.reports.files import ACTIVATIONS, by_person, call_of, table
from tests.simulator import Simulator

WORKLOADS = {
    "getEmailActivityUserDetail": "Exchange",
    "getEmailAppUsageUserDetail": "Exchange",
    "getMailboxUsageDetail": "Exchange",
    "getOneDriveActivityUserDetail": "OneDrive",
    "getSharePointActivityUserDetail": "SharePoint",
    "getTeamsUserActivityUserDetail": "Teams",
    "getTeamsDeviceUsageUserDetail": "Teams",
    "getYammerActivityUserDetail": "Yammer",
}
OFFICE = {"MICROSOFT 365 APPS FOR ENTERPRISE", "MICROSOFT 365 APPS FOR BUSINESS"}


@pytest.fixture
def active(graph: Graph) -> dict[str, dict[str, str]]:
    return by_person(table(graph, call_of("getOffice365ActiveUserDetail")))


def report(graph: Graph, function: str, days: int = 180) -> dict[str, dict[str, str]]:
    key = "Owner Principal Name" if function == "getOneDriveUsageAccountDetail" else "User Principal Name"
    return by_person(table(graph, call_of(function, days)), key)


@pytest.mark.parametrize("function", WORKLOADS)
def test_workloads_have_the_dates_of_the_active_users(
    graph: Graph, active: dict[str, dict[str, str]], function: str
) -> None:
    workload = WORKLOADS[function]
    rows = report(graph, function)
    wanted = {
        name
        for name, row in active.items()
        if row[f"Has {workload} License"] == "True" or row[f"{workload} Last Activity Date"]
    }
    if function == "getMailboxUsageDetail":
        assert wanted <= rows.keys()
    else:
        assert wanted == rows.keys()
    for name in wanted:
        assert rows[name]["Last Activity Date"] == active[name][f"{workload} Last Activity Date"]
        assert rows[name].get("Is Deleted", active[name]["Is Deleted"]) == active[name]["Is Deleted"]
        products = active[name]["Assigned Products"]
        assert rows[name].get("Assigned Products", products) == products
        if "Is Licensed" in rows[name]:
            assert (rows[name]["Is Licensed"] == "Yes") == (active[name]["Has Teams License"] == "True")


def test_counts_are_blank_without_known_activity_and_zero_before_the_period(graph: Graph) -> None:
    week = report(graph, "getEmailActivityUserDetail", 7)
    refreshed = next(iter(week.values()))["Report Refresh Date"]
    counts = ("Send Count", "Receive Count", "Read Count", "Meeting Created Count", "Meeting Interacted Count")
    never = [row for row in week.values() if not row["Last Activity Date"]]
    assert never
    assert all(row[name] == "" for row in never for name in counts)
    before = [row for row in week.values() if row["Last Activity Date"] and row["Last Activity Date"] < refreshed[:8]]
    quiet = [row for row in before if row["Read Count"] == "0"]
    assert quiet
    assert all(int(row["Read Count"]) > 0 for row in week.values() if row["Last Activity Date"] == refreshed)


def test_teams_prints_zeroes_for_who_never_used_it(graph: Graph) -> None:
    rows = report(graph, "getTeamsUserActivityUserDetail")
    never = [row for row in rows.values() if not row["Last Activity Date"]]
    assert never
    assert {(row["Private Chat Message Count"], row["Audio Duration"], row["Has Other Action"]) for row in never} == {
        ("0", "PT0S", "No")
    }
    devices = report(graph, "getTeamsDeviceUsageUserDetail")
    used = [title for title in next(iter(devices.values())) if title.startswith("Used ")]
    assert all(devices[row["User Principal Name"]][title] == "No" for row in never for title in used)
    for row in rows.values():
        parts = [title for title in row if title.startswith(("Ad Hoc", "Scheduled")) and "Attended" in title]
        assert sum(int(row[title]) for title in parts) == int(row["Meetings Attended Count"])


def test_a_longer_period_has_no_less(graph: Graph) -> None:
    short, long = report(graph, "getEmailActivityUserDetail", 7), report(graph, "getEmailActivityUserDetail", 180)
    assert all(int(row["Receive Count"] or 0) <= int(long[name]["Receive Count"] or 0) for name, row in short.items())
    assert sum(int(row["Receive Count"] or 0) for row in long.values()) > 10 * sum(
        int(row["Receive Count"] or 0) for row in short.values()
    )


def test_apps_devices_and_mail_programs_agree(graph: Graph) -> None:
    apps = report(graph, "getM365AppUserDetail", 30)
    devices, mail = report(graph, "getTeamsDeviceUsageUserDetail", 30), report(graph, "getEmailAppUsageUserDetail", 30)
    for name, row in apps.items():
        if name in devices:
            used = devices[name]
            assert row["Teams (Windows)"] == used["Used Windows"]
            assert row["Teams (Mac)"] == used["Used Mac"]
            assert row["Teams (Web)"] == used["Used Web"]
            assert (row["Teams (Mobile)"] == "Yes") == ("Yes" in (used["Used iOS"], used["Used Android Phone"]))
        if name in mail:
            for program, pair in (("Windows", "Windows"), ("Mac", "Mac"), ("Mobile", "Mobile"), ("Web", "Web")):
                assert (row[f"Outlook ({pair})"] == "Yes") == bool(mail[name][f"Outlook For {program}"])
    for platform in ("Windows", "Mac", "Mobile", "Web"):
        for row in apps.values():
            pairs = [value for title, value in row.items() if title.endswith(f"({platform})")]
            assert (row[platform] == "Yes") == ("Yes" in pairs)
    assert {used["Used Windows Phone"] for used in devices.values()} == {"No"}


def test_programs_on_a_desktop_are_activated_there(graph: Graph) -> None:
    activated: dict[str, list[dict[str, str]]] = {}
    for line in table(graph, call_of(ACTIVATIONS)):
        if line["Product Type"] in OFFICE and line["Last Activated Date"]:
            activated.setdefault(line["User Principal Name"], []).append(line)
    apps = report(graph, "getM365AppUserDetail")
    assert any(row["Word (Windows)"] == "Yes" for row in apps.values())
    for name, row in apps.items():
        lines = activated.get(name, [])
        assert bool(row["Last Activation Date"]) == bool(lines)
        for platform in ("Windows", "Mac"):
            if row[f"Word ({platform})"] == "Yes":
                assert any(int(line[platform]) for line in lines)
        if row["Last Activity Date"]:
            assert all(line["Last Activated Date"] <= row["Last Activity Date"] for line in lines)


def test_mailboxes_of_teams_and_rooms_are_there(graph: Graph, simulator: Simulator) -> None:
    rows = report(graph, "getMailboxUsageDetail")
    kinds = {row["Recipient Type"] for row in rows.values()}
    assert kinds == {"User", "Shared", "Room"}
    disabled = {u["user_principal_name"].lower() for u in simulator.oracle("users") if not u["account_enabled"]}
    assert all(name.lower() in disabled for name, row in rows.items() if row["Recipient Type"] != "User")
    for row in rows.values():
        assert int(row["Storage Used (Byte)"]) < int(row["Prohibit Send/Receive Quota (Byte)"])
        assert row["Created Date"] <= row["Report Refresh Date"]
    assert {row["Has Archive"] for row in rows.values()} == {"True", "False"}
    assert any(row["Is Deleted"] == "True" and row["Deleted Date"] for row in rows.values())


def test_files_in_use_are_files(graph: Graph) -> None:
    accounts = report(graph, "getOneDriveUsageAccountDetail", 30)
    activity = report(graph, "getOneDriveActivityUserDetail", 30)
    assert accounts.keys() <= activity.keys()
    for name, row in accounts.items():
        assert int(row["Active File Count"]) <= int(row["File Count"])
        assert row["Last Activity Date"] == activity[name]["Last Activity Date"]
    assert any(not row["Last Activity Date"] and row["File Count"] == "0" for row in accounts.values())
    assert len({row["Site Id"] for row in accounts.values()}) == len(accounts)


def test_groups_and_their_sites(graph: Graph, simulator: Simulator) -> None:
    groups = {row["Group Id"]: row for row in table(graph, call_of("getOffice365GroupsActivityDetail"))}
    live = {row["id"]: row for row in simulator.oracle("groups") if row["kind"] == "microsoft365"}
    assert live.keys() == {key for key, row in groups.items() if row["Is Deleted"] == "False"}
    members: dict[str, int] = {}
    for row in simulator.oracle("memberships"):
        members[row["group_id"]] = members.get(row["group_id"], 0) + 1
    for key, row in live.items():
        assert groups[key]["Group Display Name"] == row["display_name"]
        assert int(groups[key]["Member Count"]) == members.get(key, 0)
        assert groups[key]["Group Type"] in {"Public", "Private"}
    sites = table(graph, call_of("getSharePointSiteUsageDetail"))
    assert sum(row["Root Web Template"] == "Group" for row in sites) == len(groups)
    assert {row["Site URL"] for row in sites} == {""}


def test_what_a_day_of_changes_does(fresh: Simulator, graph: Graph) -> None:
    """Who came to work and who was deleted shows when the reports have caught up, and no earlier."""
    before = report(graph, "getTeamsUserActivityUserDetail", 7)
    fresh.control("change", {})
    fresh.control("clock", {"advance": 3 * 86_400})
    graph.renew()
    after = report(graph, "getTeamsUserActivityUserDetail", 7)
    assert next(iter(after.values()))["Report Refresh Date"] > next(iter(before.values()))["Report Refresh Date"]
    deleted = {row["user_principal_name"].lower() for row in deleted_users(fresh)}
    shown = {name.lower(): row for name, row in after.items()}
    gone = [shown[name] for name in deleted & shown.keys()]
    assert gone
    assert all(row["Is Deleted"] == "True" and row["Deleted Date"] and row["Is Licensed"] == "No" for row in gone)
    truth = {row["user_principal_name"]: row for row in fresh.oracle("usage:getTeamsUserActivityUserDetail:D7")}
    assert truth.keys() == after.keys()


def deleted_users(simulator: Simulator) -> list[dict[str, Any]]:
    return simulator.oracle("deleted_users")
