"""The control plane: state, change, reset, clock, switches, the true answer."""

import json
from typing import Any

import pytest
import requests
from tests.simulator import Simulator

DATASETS = ("subscriptions", "users", "groups", "memberships", "assignments", "terms", "usage")


def test_the_state(fresh: Simulator) -> None:
    state = fresh.control("state")
    assert (state["users"], state["groups"], state["steps"], state["offset"]) == (1200, 80, 0, 0)
    assert (state["tenant"], state["tenant_id"]) == (fresh.tenant, fresh.tenant_id)
    assert (state["premium"], state["conceal_names"]) == (True, False)


def test_a_reset_brings_back_everything(fresh: Simulator, graph: requests.Session) -> None:
    before = {dataset: fresh.oracle(dataset) for dataset in DATASETS}
    state = fresh.control("state")
    changed = fresh.control("change", {"steps": 2, "fraction": 0.05})
    assert changed["steps"] == 2
    assert sum(changed["changes"].values()) > 60
    fresh.control("tenant", {"conceal_names": True, "premium": False})
    fresh.control("latency", {"ms": 1})
    fresh.control("tokens", {"lifetime": 60})
    fresh.control("clock", {"advance": 86_400})
    fresh.control("faults", [{"match": "x", "kind": "drop"}])
    fresh.control(f"applications/{fresh.client_id}", {"roles": [], "expire_secrets": True})
    assert fresh.oracle("users") != before["users"]
    graph.get(f"{fresh.graph_url}/v1.0/users", timeout=30)
    fresh.reset()
    assert {dataset: fresh.oracle(dataset) for dataset in DATASETS} == before
    assert {**fresh.control("state"), "now": ""} == {**state, "now": ""}
    assert fresh.ledger()["requests"] == {}
    assert fresh.ledger()["complaints"] == []
    shown = next(item for item in fresh.control("applications") if item["client_id"] == fresh.client_id)
    assert len(shown["roles"]) == 9
    assert graph.get(f"{fresh.graph_url}/v1.0/organization", timeout=30).status_code == 200


def test_the_same_steps_lead_to_the_same_tenant(fresh: Simulator) -> None:
    def walked() -> Any:
        fresh.reset()
        for _ in range(3):
            fresh.control("change", {})
        return [{**row, "assigned_since": None} for row in fresh.oracle("assignments")], fresh.oracle("memberships")

    assert walked() == walked()


def test_the_switches_are_what_graph_shows(fresh: Simulator, graph: requests.Session) -> None:
    def concealed() -> bool:
        settings = graph.get(f"{fresh.graph_url}/v1.0/admin/reportSettings", timeout=30).json()
        found: bool = settings.get("value", settings)["displayConcealedNames"]
        return found

    assert not concealed()
    assert fresh.control("tenant", {"conceal_names": True}) == {"conceal_names": True, "premium": True}
    assert concealed()
    assert all(row["user_id"] is None for row in fresh.oracle("usage"))
    fresh.control("tenant", {"premium": False})
    refused = graph.get(f"{fresh.graph_url}/v1.0/users?$select=id,signInActivity&$top=5", timeout=30)
    assert refused.json()["error"]["code"] == "Authentication_RequestFromNonPremiumTenantOrB2CTenant"


def test_the_true_answer_in_both_forms(fresh: Simulator, http: requests.Session) -> None:
    for dataset in DATASETS:
        lines = http.get(f"{fresh.control_url}/oracle/{dataset}", params={"format": "jsonl"}).text.splitlines()
        assert [json.loads(line) for line in lines] == fresh.oracle(dataset)
        assert lines


def test_the_true_answer_for_one_person_and_for_another_tenant(fresh: Simulator) -> None:
    business = next(person for person in fresh.people if person["business"])
    seen = fresh.oracle("users", as_user=business["user_principal_name"])
    assert 0 < len(seen) < 1200
    other = fresh.oracle("users", tenant=fresh.tenants[1]["domain"])
    assert 0 < len(other) < 1200
    assert not {row["id"] for row in other} & {row["id"] for row in fresh.oracle("users")}


@pytest.mark.parametrize(
    ("path", "payload", "words"),
    [
        ("change", {"steps": 0}, "steps"),
        ("change", {"fraction": 2}, "fraction"),
        ("change", {"step": 1}, "step"),
        ("change?tenant=nobody.example", {}, "there is no tenant nobody.example"),
        ("clock", {}, "advance"),
        ("clock", {"advance": 1e20}, "that far"),
        ("latency", {"ms": -1}, "ms"),
        ("tokens", {"lifetime": 0}, "lifetime"),
        ("tenant", {"premium": "yes"}, "premium"),
        ("applications/nobody", {}, "there is no application nobody"),
        ("oracle/nothing", None, "there is no dataset nothing; known are subscriptions"),
        ("oracle/users?format=xml", None, "format is json or jsonl"),
        ("oracle/users?as_user=nobody", None, "there is no user nobody"),
    ],
)
def test_bad_input_is_refused_in_one_line(simulator: Simulator, path: str, payload: object, words: str) -> None:
    answer = simulator.ask_control(path, payload)
    assert answer.status_code == 400, answer.text
    assert words in answer.text
    assert answer.text.count("\n") == 1


def test_unknown_permissions_are_refused(simulator: Simulator) -> None:
    answer = simulator.ask_control(f"applications/{simulator.client_id}", {"roles": ["Fly.All"]})
    assert (answer.status_code, answer.text) == (400, "there is no application permission Fly.All\n")
