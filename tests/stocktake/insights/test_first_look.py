"""Position and first facts, from a handful of rows that one can count by hand."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, update

from stocktake.insights.first_look import first_look
from stocktake.insights.position import position
from stocktake.products.names import product_name
from stocktake.settings import Settings
from stocktake.store.connectors import NewConnector, add_connector
from stocktake.store.engine import Store, open_store
from stocktake.store.runs import Run, create_run, finish_run, get_run, settle
from stocktake.store.tables import SPANS, directory_objects, runs

ENDED = "2026-11-24T12:00:00Z"
E3, E5, FREE = "05e9a617-0261-4cee-bb44-138d3ef5d965", "06ebc4ee-1bb5-47dd-8120-11324bc54e06", "f0" * 16
ANNA, BEN, CARLA, DORA = 1, 2, 3, 4


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(Settings(home=tmp_path)) as opened:
        yield opened


@pytest.fixture
def run(store: Store) -> Run:
    """Four people, three products, two purchases, read in one run."""
    new = NewConnector(name="contoso", tenant="contoso.com", cloud="global", permissions="application", client_id="x")
    connector = add_connector(store, new).id
    with store.write() as connection:
        run_id = create_run(connection, connector, "w", "full", ("users", "terms", "sign_ins"))
        for source in ("users", "terms", "sign_ins"):
            settle(connection, run_id, source, outcome="complete")
        finish_run(connection, run_id, "complete", None)
        connection.execute(update(runs).values(finished_at=ENDED))
        for key in (ANNA, BEN, CARLA, DORA):
            connection.execute(insert(directory_objects).values(key=key, connector_id=connector, id=f"id-{key}"))
        spans = {"connector_id": connector, "from_run": run_id}
        for table, rows in _rows().items():
            for row in rows:
                connection.execute(insert(SPANS[table]).values(**row, **spans))
    with store.read() as connection:
        return get_run(connection, run_id)


def _rows() -> dict[str, list[dict[str, object]]]:
    def sku(sku_id: str, part: str, enabled: int, consumed: int) -> dict[str, object]:
        units = {"enabled": enabled, "warning": 0, "suspended": 0, "locked_out": 0, "consumed": consumed}
        plain = {"sku_id": sku_id, "sku_part_number": part, "capability_status": "Enabled", "applies_to": "User"}
        return {**plain, **units, "subscription_ids": "[]"}

    def user(key: int, enabled: bool) -> dict[str, object]:
        return {"id": key, "account_enabled": enabled, "created_at": "2020-01-01T00:00:00Z"}

    def assigned(key: int, sku_id: str, group: int = 0, state: str = "Active") -> dict[str, object]:
        source = "group" if group else "direct"
        where = {"user_id": key, "sku_id": sku_id, "source": source, "group_id": group}
        return {**where, "state": state, "disabled_plan_ids": "[]"}

    def term(name: str, sku_id: str, total: int, end: str | None) -> dict[str, object]:
        return {
            "subscription_id": name,
            "sku_id": sku_id,
            "status": "Enabled",
            "total": total,
            "next_lifecycle_at": end,
        }

    return {
        "subscriptions": [sku(E3, "SPE_E3", 1, 2), sku(E5, "SPE_E5", 5, 1), sku(FREE, "FLOW_FREE", 10_000, 1)],
        "users": [user(ANNA, True), user(BEN, False), user(CARLA, True), user(DORA, True)],
        "assignments": [
            assigned(ANNA, E3),
            assigned(ANNA, E3, group=9),
            assigned(BEN, E3),
            assigned(BEN, FREE),
            assigned(CARLA, E5),
            assigned(DORA, E5, state="Error"),
        ],
        "sign_ins": [
            {"user_id": ANNA, "last_successful_sign_in_at": "2026-11-23T00:00:00Z"},
            {"user_id": CARLA, "last_sign_in_at": "2026-03-01T00:00:00Z"},
        ],
        "terms": [
            term("a", E3, 1, "2026-12-10T00:00:00Z"),
            term("b", E5, 5, "2027-06-01T00:00:00Z"),
            term("c", E5, 5, None),
        ],
    }


def test_the_position_counts_seats(store: Store, run: Run) -> None:
    with store.read() as connection:
        found = position(connection, run, lambda part, sku: product_name(part or "", sku, {}))
    assert [(p.product_name, p.bought, p.assigned, p.available, p.over_assigned, p.expiring) for p in found] == [
        ("Microsoft 365 E3", 1, 2, 0, 1, 1),
        ("Microsoft Power Automate Free", 10_000, 1, 9_999, 0, 0),
        ("Microsoft 365 E5", 5, 1, 4, 0, 0),
    ]


def test_five_facts_each_with_its_number(store: Store, run: Run) -> None:
    with store.read() as connection:
        facts = {fact.title: (fact.number, fact.detail) for fact in first_look(connection, run)}
    assert facts == {
        "Seats held by disabled accounts": (1, "on 1 accounts"),
        "Direct licences doubled by a group": (1, "for 1 people"),
        "Licensed people who stay away": (1, "holding 1 paid seats"),
        "Licence assignments in error": (1, "for 1 people"),
        "Subscriptions that end soon": (1, "with 1 seats"),
    }


def test_what_was_not_read_is_not_known(store: Store, run: Run) -> None:
    with store.write() as connection:
        reason = "not permitted: needs AuditLog.Read.All"
        settle(connection, run.id, "sign_ins", outcome="not_permitted", reason=reason)
    with store.read() as connection:
        fact = next(fact for fact in first_look(connection, run) if fact.title.startswith("Licensed people"))
    assert fact.number is None
    assert "needs AuditLog.Read.All" in fact.detail
