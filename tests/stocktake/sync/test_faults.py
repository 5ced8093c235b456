"""One fault at the first, a middle and the last page: exact in the end, or exit 3 and nobody removed."""

from typing import Any

import pytest
from tests.installation import Done, Installation
from tests.oracle import KEYS, assert_exact
from tests.simulator import Simulator

USERS = r"GET /v1\.0/users\?.*userPrincipalName"
GROUPS = r"GET /v1\.0/groups\?"
BATCH = r"POST /v1\.0/\$batch"
MEMBERS = r"GET /v1\.0/groups/[^/]+/members"
REPORT = r"GET /v1\.0/reports/"
DOWNLOAD = r"GET /data/download/"
SIGN_INS = r"GET /v1\.0/users\?.*signInActivity"

PASSING: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503},
    "503 with a date": {"kind": "status", "status": 503, "retry_after": "1"},
    "500 as HTML": {"kind": "status", "status": 500, "body_kind": "html"},
    "504": {"kind": "status", "status": 504, "body_kind": "empty"},
    "429 whole": {"kind": "throttle", "retry_after": "2"},
    "429 decimal": {"kind": "throttle", "retry_after": "1.5"},
    "429 missing": {"kind": "throttle", "retry_after": None},
    "dropped": {"kind": "drop"},
    "truncated": {"kind": "truncate"},
    "empty page": {"kind": "empty_page"},
}
PAGES = {"first": 0, "middle": 1, "last": 2}


def complete(done: Done) -> None:
    assert done.code == 0, done.out
    assert done.json["outcome"] == "complete"


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("fault", PASSING)
def test_a_passing_fault_in_the_listing_of_users_leaves_no_trace(
    installation: Installation, simulator: Simulator, fault: str, page: str
) -> None:
    simulator.control("faults", [{"match": USERS, "skip": PAGES[page], "times": 1, **PASSING[fault]}])
    done = installation.sync()
    complete(done)
    assert [rule["used"] for rule in simulator.faults()] == [1]
    assert_exact(installation, simulator)
    assert simulator.ledger()["complaints"] == []
    [line] = [line for line in done.json["sources"] if line["source"] == "users"]
    if fault != "empty page":
        assert line["retries"] >= 1
    assert line["throttled"] == (1 if fault.startswith("429") else 0)


@pytest.mark.parametrize("match", [GROUPS, BATCH, MEMBERS, REPORT, DOWNLOAD, SIGN_INS], ids=str)
@pytest.mark.parametrize("fault", ["503", "429 decimal", "dropped", "truncated"])
def test_a_passing_fault_at_another_source_leaves_no_trace(
    installation: Installation, simulator: Simulator, fault: str, match: str
) -> None:
    if match == MEMBERS and fault in {"dropped", "truncated"}:
        match = BATCH  # an item of a batch has a status of its own, but no connection
    simulator.control("faults", [{"match": match, "skip": 0, "times": 1, **PASSING[fault]}])
    complete(installation.sync())
    assert [rule["used"] for rule in simulator.faults()] == [1]
    assert_exact(installation, simulator)
    assert simulator.ledger()["complaints"] == []


LASTING: dict[str, dict[str, Any]] = {
    "503": {"kind": "status", "status": 503},
    "dropped": {"kind": "drop"},
    "truncated": {"kind": "truncate"},
    "foreign link": {"kind": "foreign_next_link"},
    "loop": {"kind": "loop_next_link"},
    "page token": {"kind": "expired_page_token"},
}


@pytest.mark.parametrize("fault", LASTING)
def test_a_lasting_fault_is_told_and_removes_nobody(
    installation: Installation, simulator: Simulator, fault: str
) -> None:
    complete(installation.sync())
    before = {dataset: installation.rows(dataset) for dataset in KEYS}
    simulator.control("faults", [{"match": USERS, "skip": 1, "times": None, **LASTING[fault]}])
    hasty = Installation(installation.home, graph_page_size=200, graph_patience=2)
    done = hasty.sync()
    assert done.code == 3, done
    assert done.json["outcome"] == "incomplete"
    [line] = [line for line in done.json["sources"] if line["source"] == "users"]
    assert line["outcome"] == "incomplete"
    assert line["reason"]
    assert line["removed"] == 0
    assert {dataset: installation.rows(dataset) for dataset in KEYS} == before
    assert "another host" not in str(simulator.ledger()["complaints"])
    said = installation.run("show", "users", "--json").err
    assert "incomplete" in said
    simulator.control("faults", [])
    complete(installation.sync())
    assert_exact(installation, simulator)


def test_what_may_not_be_read_is_not_permitted_and_not_zero(installation: Installation, simulator: Simulator) -> None:
    application = simulator.application("Reports.Read.All")
    installation.connect(simulator, "limited", application)
    done = installation.sync("limited")
    assert done.code == 3
    [line] = [line for line in done.json["sources"] if line["source"] == "active_users"]
    assert (line["outcome"], line["rows"]) == ("not_permitted", 0)
    assert "Reports.Read.All" in line["reason"]
    assert "Reports.Read.All" in line["remedy"]


def test_the_guides_four_permissions_are_enough_to_end_complete(
    installation: Installation, simulator: Simulator
) -> None:
    installation.connect(simulator, "guide", simulator.application("guide"))
    done = installation.sync("guide")
    complete(done)
    lines = {line["source"]: line["outcome"] for line in done.json["sources"]}
    assert lines["sign_ins"] == "not_permitted"
    assert lines["users"] == lines["memberships"] == lines["active_users"] == "complete"


def test_a_tenant_without_premium_is_not_licensed_for_sign_ins(
    installation: Installation, simulator: Simulator
) -> None:
    simulator.control("tenant", {"premium": False})
    done = installation.sync()
    complete(done)
    [line] = [line for line in done.json["sources"] if line["source"] == "sign_ins"]
    assert (line["outcome"], line["rows"]) == ("not_licensed", 0)
    assert_exact(installation, simulator)


def test_concealed_names_are_told(installation: Installation, simulator: Simulator) -> None:
    simulator.control("tenant", {"conceal_names": True})
    done = installation.sync()
    assert done.code == 3
    [line] = [line for line in done.json["sources"] if line["source"] == "active_users"]
    assert line["outcome"] == "concealed"
    assert "de-identified" in line["remedy"]
    assert_exact(installation, simulator)
    assert all(row["user_id"] is None for row in installation.rows("usage"))
