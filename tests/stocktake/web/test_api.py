"""The API: the shapes of the command line contract, and nothing secret."""

from typing import Any

import httpx
import pytest
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving, token_of

from stocktake.store.connectors import list_connectors
from stocktake.store.reading import read_dataset, view

DATASETS = ("subscriptions", "users", "groups", "assignments", "usage")


def get(client: httpx.Client, address: str) -> Any:
    answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("dataset", DATASETS)
def test_rows_are_those_of_the_export(either: Serving, dataset: str) -> None:
    app = either.app
    with app.store.read() as connection:
        expected = list(read_dataset(connection, dataset, list_connectors(app.store), None, app.name_of(connection)))
    with either.signed_in() as client:
        answer = get(client, f"{dataset}?size=1000")
    assert [list(row) for row in answer["rows"]] == [["connector", *view(dataset).columns]] * len(expected)
    assert sorted(answer["rows"], key=str) == sorted(expected, key=str)
    assert answer["total"] == len(expected)
    assert [said["connector"] for said in answer["completeness"]] == ["contoso", "fabrikam"]


@pytest.mark.parametrize(
    ("address", "count"),
    [
        (f"assignments?user_id={world.user_id(1)}", 3),
        (f"assignments?user_id={world.user_id(1)}&source=group", 1),
        (f"assignments?sku_id={world.E3}&connector=contoso", 3),
        ("users?account_enabled=false", 1),
        ("users?account_enabled=true&connector=contoso", 3),
        ("subscriptions?enabled=5", 1),
        ("usage?report=getOffice365ActiveUserDetail&period=180", 3),
        ("groups?kind=microsoft365&dynamic=false", 1),
        ("users?q=zoe", 1),
    ],
)
def test_columns_are_asked_for_by_value(either: Serving, address: str, count: int) -> None:
    with either.signed_in() as client:
        assert get(client, address)["total"] == count


def test_pages_and_order(either: Serving) -> None:
    with either.signed_in() as client:
        names = [
            get(client, f"users?size=2&page={page}&sort=-user_principal_name&column=user_principal_name")["rows"]
            for page in (1, 2, 3)
        ]
    flat = [row["user_principal_name"].split("@")[0] for page in names for row in page]
    assert flat == ["zoe", "dora_ext", "carla", "ben", "anna"]


@pytest.mark.parametrize(
    "address", ["users?nonsense=1", "users?account_enabled=perhaps", "subscriptions?enabled=many", "users?size=1001"]
)
def test_a_wrong_question_is_refused_in_json(console: Serving, address: str) -> None:
    with console.signed_in() as client:
        answer = client.get(f"/api/v1/{address}")
    assert answer.status_code == 400
    assert answer.json()["error"]["remedy"]


def test_connectors_come_without_secrets(fresh: Serving) -> None:
    sealed = world.connector(fresh.app.store, "sealed", sealed_credential="SEALED-1", sealed_grant="SEALED-2")
    with fresh.signed_in() as client:
        answer = client.get("/api/v1/connectors")
    assert sealed.name in [row["name"] for row in answer.json()["rows"]]
    assert "SEALED" not in answer.text
    assert not any("sealed" in name for row in answer.json()["rows"] for name in row)


def test_runs_have_the_shape_of_sync_json(console: Serving) -> None:
    with console.signed_in() as client:
        runs = get(client, "runs?connector=contoso")
        one = get(client, "runs/1")
        assert client.get("/api/v1/runs/99").status_code == 404
    assert [row["run"] for row in runs["rows"]] == [1]
    assert (one["connector"], one["outcome"]) == ("contoso", "incomplete")
    assert {"source", "outcome", "reason", "waited_s", "check"} <= set(one["sources"][0])


def test_the_description_is_for_those_who_are_signed_in(console: Serving) -> None:
    with console.signed_in() as client:
        paths = get(client, "openapi.json")["paths"]
    assert "/api/v1/users" in paths
    assert all(path.startswith("/api/v1/") for path in paths)


def test_starting_what_can_not_run_is_told(console: Serving) -> None:
    with console.signed_in("analyst") as client:
        headers = {"X-CSRF-Token": token_of(client.get("/"))}
        unknown = client.post("/api/v1/connectors/other/sync", headers=headers)
        idle = client.post("/api/v1/connectors/contoso/cancel", headers=headers)
    assert unknown.status_code == 400
    assert idle.status_code == 404
