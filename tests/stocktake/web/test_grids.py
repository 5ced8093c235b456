"""What a grid's address finds: exactly that, on both databases, as a page, as a file and by the API."""

import csv
import io
import json
import re
from contextlib import closing
from html import unescape

import openpyxl
import pytest
from sqlalchemy import update
from tests.stocktake.web import world
from tests.stocktake.web.server import Serving

from stocktake.store.connectors import get_connector
from stocktake.store.tables import runs

NAMES = {1: "anna@contoso.example", 2: "ben@contoso.example", 3: "carla@contoso.example", 4: "dora_ext@contoso.example"}
ZOE = "zoe@fabrikam.example"
EVERYBODY = {*NAMES.values(), ZOE}


def found(console: Serving, query: str) -> list[str]:
    """Sign-in names of the users that the address finds, in its order."""
    with console.signed_in() as client:
        answer = client.get(f"/users/export?form=jsonl&column=user_principal_name&{query}")
        assert answer.status_code == 200, answer.text
    return [json.loads(line)["user_principal_name"] for line in answer.text.splitlines()]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", EVERYBODY),
        ("connector=contoso", set(NAMES.values())),
        ("connector=fabrikam", {ZOE}),
        ("q=ANNA", {NAMES[1]}),
        ("q=M%C3%9CLLER", {NAMES[1]}),
        ("q=100%25_", {NAMES[3]}),
        ("q=%25_%5C", {NAMES[3]}),
        ("q=a_t", set()),
        ("q=dora_ext", {NAMES[4]}),
        ("q=%27%20OR%201=1", set()),
        ("q=sales", {NAMES[1], ZOE}),
        ("q=sales&connector=contoso", {NAMES[1]}),
        (f"q={world.user_id(3)}", {NAMES[3]}),
        ("enabled=no", {NAMES[2]}),
        ("type=guest", {NAMES[4]}),
        ("licensed=no", {NAMES[4]}),
        (f"product={world.E3}", {NAMES[1], NAMES[2], ZOE}),
        (f"product={world.E3}&connector=contoso", {NAMES[1], NAMES[2]}),
        (f"product={world.FLOW}", {NAMES[1]}),
        ("product=%27;drop", set()),
        ("not_since=2026-11-21", {ZOE}),  # contoso's sign-ins are unknown: nobody there may be taken for absent
        ("not_since=2026-11-20", set()),
        ("as_of=2020-01-01", set()),
        ("as_of=2999-01-01", EVERYBODY),
    ],
)
def test_search_and_filters_find_exactly(either: Serving, query: str, expected: set[str]) -> None:
    answer = found(either, query)
    assert len(answer) == len(set(answer))
    assert set(answer) == expected


def test_sorting_has_nulls_last_either_way(either: Serving) -> None:
    up, down = found(either, "sort=department"), found(either, "sort=-department")
    assert up == [NAMES[2], NAMES[3], NAMES[1], ZOE, NAMES[4]]
    assert down == [NAMES[1], ZOE, NAMES[3], NAMES[2], NAMES[4]]


def test_pages_hold_every_row_once(either_fresh: Serving) -> None:
    either = either_fresh
    store = either.app.store
    many = world.connector(store, "many")
    world.read(store, many, {"users": [world.user(100 + n, f"u{n:03}@many.example", "Same Name") for n in range(123)]})
    with either.signed_in() as client:
        seen: list[str] = []
        for page in (1, 2, 3):
            answer = client.get(f"/users?connector=many&page={page}")
            seen += re.findall(r">(u\d{3}@many\.example)<", answer.text)
        assert sorted(seen) == [f"u{n:03}@many.example" for n in range(123)]
        assert "101–123 of 123" in answer.text
        beyond = client.get("/users?connector=many&page=9")
        assert "101–123 of 123" in beyond.text
        whole = client.get("/users?connector=many&size=200")
        assert "1–123 of 123" in whole.text


@pytest.mark.parametrize("address", ["/users", "/subscriptions", "/groups", "/usage"])
def test_exports_equal_what_is_seen(either: Serving, address: str) -> None:
    with either.signed_in() as client:
        page = client.get(address)
        names = re.findall(r'name="column" value="([^"]+)"[^>]* checked', page.text)
        lines = client.get(f"{address}/export?form=jsonl")
        table = client.get(f"{address}/export?form=csv")
        book = client.get(f"{address}/export?form=xlsx")
    rows = [json.loads(line) for line in lines.text.splitlines()]
    assert [list(row) for row in rows] == [["connector", *names]] * len(rows)
    assert len(rows) == len(re.findall(r"<tr>", page.text)) > 0
    read = list(csv.reader(io.StringIO(table.text)))
    assert read[0] == ["connector", *names]
    assert len(read) == len(rows) + 1
    with closing(openpyxl.load_workbook(io.BytesIO(book.content))) as opened:
        cells = list(opened.active.values)
    assert list(cells[0]) == ["connector", *names]
    assert len(cells) == len(rows) + 1
    assert f'filename="{address[1:]}.csv"' in table.headers["content-disposition"]
    shown = unescape(page.text)
    for row in rows:
        for value in row.values():
            assert not isinstance(value, str) or value[:10] in shown


def test_an_export_takes_filters_order_and_columns_from_the_address(either: Serving) -> None:
    query = "column=department&column=display_name&sort=-department&connector=contoso&q=contoso&enabled=yes"
    with either.signed_in() as client:
        lines = client.get(f"/users/export?form=jsonl&{query}").text.splitlines()
    assert [json.loads(line) for line in lines] == [
        {"connector": "contoso", "display_name": "Anna Müller", "department": "Sales"},
        {"connector": "contoso", "display_name": "Carla 100%_\\", "department": "Finance"},
        {"connector": "contoso", "display_name": None, "department": None},
    ]


def test_formulas_are_text_in_files(console: Serving) -> None:
    with console.signed_in() as client:
        table = client.get("/users/export?form=csv&q=ben").text
        lines = client.get("/users/export?form=jsonl&q=ben").text
        book = client.get("/users/export?form=xlsx&q=ben").content
    assert "'=1+1" in table
    assert json.loads(lines)["department"] == "=1+1"
    with closing(openpyxl.load_workbook(io.BytesIO(book))) as opened:
        row = next(row for row in opened.active.iter_rows(min_row=2))
    assert ("=1+1", "s") in [(cell.value, cell.data_type) for cell in row]


def test_licences_are_named_once_and_by_connector(either: Serving) -> None:
    with either.signed_in() as client:
        lines = client.get("/users/export?form=jsonl&column=licences&column=user_principal_name").text.splitlines()
    held = {row["user_principal_name"]: row["licences"] for row in map(json.loads, lines)}
    assert held[NAMES[1]] == ["Microsoft 365 E3", "Microsoft Power Automate Free"]
    assert held[NAMES[3]] == ["Microsoft 365 E5"]
    assert held[NAMES[4]] == []
    assert held[ZOE] == ["Microsoft 365 E3"]


def test_subscriptions_are_found_by_product_and_position(either: Serving) -> None:
    with either.signed_in() as client:

        def parts(query: str) -> list[tuple[str, str, int]]:
            lines = client.get(f"/subscriptions/export?form=jsonl&{query}").text.splitlines()
            rows = map(json.loads, lines)
            return [(row["connector"], row["sku_part_number"], row["available"]) for row in rows]

        assert parts("state=over") == [("contoso", "SPE_E3", -1)]
        assert parts("q=power+automate") == [("contoso", "FLOW_FREE", 9999)]
        assert parts("sort=product_name&connector=contoso") == [
            ("contoso", "SPE_E3", -1),
            ("contoso", "SPE_E5", 4),
            ("contoso", "FLOW_FREE", 9999),
        ]


def test_usage_has_the_columns_of_its_report(either: Serving) -> None:
    with either.signed_in() as client:

        def rows(query: str) -> list[tuple[str, str | None, bool | None]]:
            picked = "column=user_principal_name&column=teams_last_activity_date&column=has_teams_license"
            lines = client.get(f"/usage/export?form=jsonl&{picked}&{query}").text.splitlines()
            names = ("user_principal_name", "teams_last_activity_date", "has_teams_license")
            return [tuple(row[name] for name in names) for row in map(json.loads, lines)]

        assert rows("connector=contoso") == [
            ("Anna@contoso.example", "2026-11-21", True),
            ("ben@contoso.example", None, True),
        ]
        assert rows("active=no") == [("ben@contoso.example", None, True)]
        assert rows("idle_since=2026-11-21&sort=-last_activity_on") == [
            (ZOE, "2026-11-20", True),
            ("ben@contoso.example", None, True),
        ]
        assert rows("matched=no") == []
        page = client.get("/usage").text
    assert "activity is known for 2 of 3 licensed users" in page
    assert "<strong>unknown for 1</strong>" in page


def test_groups_say_what_they_give(either: Serving) -> None:
    with either.signed_in() as client:
        lines = client.get("/groups/export?form=jsonl&gives=yes").text.splitlines()
        assert client.get("/groups/export?form=jsonl&gives=no").text == ""
    [row] = map(json.loads, lines)
    assert (row["display_name"], row["members"], row["licences"]) == ("Sales <b>all</b>", 2, ["Microsoft 365 E3"])


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("sort=password", "there is no column"),
        ("sort=licences", "can&#39;t be sorted by"),
        ("column=x", "there is no column"),
        ("page=0", "is no page"),
        ("page=x", "is no page"),
        ("size=100000", "is no page size"),
        ("as_of=yesterday", "is no date"),
        ("not_since=soon", "is no date"),
        ("enabled=perhaps", "is no choice"),
        ("connector=other", "there is no connector other"),
    ],
)
def test_a_wrong_address_says_what_is_wrong(console: Serving, query: str, message: str) -> None:
    with console.signed_in() as client:
        for path in ("/users", "/users/export"):
            answer = client.get(f"{path}?form=csv&{query}")
            assert answer.status_code == 400
            assert message in answer.text.replace("There is", "there is")


def test_earlier_days_show_what_was_true_then(either_fresh: Serving) -> None:
    either = either_fresh
    store = either.app.store
    with store.write() as connection:
        connection.execute(update(runs).values(finished_at="2026-01-15T10:00:00Z"))
    rows = {**world.contoso(), "users": [world.user(1, "anna@contoso.example", "Anna Renamed")]}
    world.read(store, get_connector(store, "contoso"), rows)  # type: ignore[arg-type]
    assert found(either, "connector=contoso") == [NAMES[1]]
    assert set(found(either, "connector=contoso&as_of=2026-01-15")) == set(NAMES.values())
    assert found(either, "connector=contoso&as_of=2026-01-14") == []
    assert found(either, "q=renamed") == [NAMES[1]]
    assert found(either, "q=renamed&as_of=2026-01-15") == []
