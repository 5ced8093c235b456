"""Marks: what was told is closed, what was read anew replaces, and nothing else is touched. Read from delta pages."""

import json
from collections.abc import Mapping
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from tests.contract import examples, needs_contract

from stocktake.catalog import Stream
from stocktake.catalog.groups import GROUPS
from stocktake.catalog.memberships import MEMBERSHIPS
from stocktake.catalog.users import USERS
from stocktake.errors import UntrustworthyAnswerError
from stocktake.store.bulk import stage
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.marks import clear_marks, mark, replace
from stocktake.store.spans import Changes, Proof, close_orphans, merge, present, touched_unmarked
from stocktake.sync.delta import RoundReader, delta_select, properties_behind

MEMBERS = MEMBERSHIPS.datasets[0]
PEOPLE, ASSIGNMENTS = USERS.datasets
TEAMS = GROUPS.datasets[0]

Links = dict[tuple[str, str], str]
STATES = st.dictionaries(
    st.tuples(st.sampled_from(["g1", "g2", "g3"]), st.sampled_from(["m1", "m2", "m3"])),
    st.sampled_from(["user", "device"]),
)
TOLD = st.lists(
    st.tuples(
        st.sampled_from(["g1", "g2", "g3"]),
        st.one_of(st.none(), st.sampled_from(["m1", "m2", "m3"])),
        st.sampled_from([None, "user", "device"]),
    ),
    max_size=12,
)


def links(store: Store, connector: Connector) -> Links:
    query = text(
        "SELECT g.id, m.id AS member, t.member_type FROM memberships AS t "
        "JOIN directory_objects AS g ON g.key = t.group_id JOIN directory_objects AS m ON m.key = t.member_id "
        "WHERE t.connector_id = :c AND t.to_run IS NULL"
    )
    with store.read() as connection:
        found = connection.execute(query, {"c": connector.id}).all()
    assert len(found) == len({(group, member) for group, member, _ in found})
    return {(group, member): kind for group, member, kind in found}


def begin(store: Store, connector: Connector, state: Mapping[tuple[str, str], str]) -> None:
    with store.write() as connection:
        connection.execute(text("DELETE FROM memberships"))
        stage(connection, MEMBERS, connector.id, [(*key, kind) for key, kind in state.items()])
        merge(connection, MEMBERS, connector.id, 1, {}, Proof("memberships", 1))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(state=STATES, told=TOLD)
def test_what_was_told_holds_in_the_order_in_which_it_was_told(
    store: Store, connector: Connector, state: Links, told: list[tuple[str, str | None, str | None]]
) -> None:
    begin(store, connector, state)
    expected = dict(state)
    for _replay in range(2):
        with store.write() as connection:
            for group, member, kind in told:
                if member is None or kind is None:
                    replace(connection, MEMBERS, connector.id, [(group, member)])
                    expected = {key: value for key, value in expected.items() if key[: 2 if member else 1] != (
                        (group, member) if member else (group,)
                    )}  # fmt: skip
                else:
                    stage(connection, MEMBERS, connector.id, [(group, member, kind)])
                    expected[group, member] = kind
            merge(connection, MEMBERS, connector.id, 2 + _replay, {}, None)
            assert present(connection, MEMBERS, connector.id) == len(expected)
        assert links(store, connector) == expected


def test_marks_of_one_dataset_close_nothing_of_another(store: Store, connector: Connector) -> None:
    begin(store, connector, {("g", "a"): "user"})
    with store.write() as connection:
        mark(connection, connector.id, "groups", ["g"])
        mark(connection, connector.id, "named:memberships", ["g"])
        assert merge(connection, MEMBERS, connector.id, 2, {}, None) == Changes(0, 0, 0, 0)
        clear_marks(connection, connector.id)
    assert links(store, connector) == {("g", "a"): "user"}


def test_only_a_mark_for_every_way_closes_a_licence(store: Store, connector: Connector) -> None:
    def row(user: str, sku: str, group: str | None) -> tuple[object, ...]:
        return (user, sku, "group" if group else "direct", group, "Active", None, (), None)

    with store.write() as connection:
        stage(connection, ASSIGNMENTS, connector.id, [row("u", "a", None), row("u", "b", "g"), row("v", "a", None)])
        merge(connection, ASSIGNMENTS, connector.id, 1, {}, Proof("users", 1))
        replace(connection, ASSIGNMENTS, connector.id, [("u", None)])
        stage(connection, ASSIGNMENTS, connector.id, [row("u", "c", None), row("u", "b", "g")])
        assert merge(connection, ASSIGNMENTS, connector.id, 2, {}, None) == Changes(
            rows=2, added=1, changed=0, removed=1
        )
        query = "SELECT o.id, a.sku_id FROM assignments AS a JOIN directory_objects AS o ON o.key = a.user_id "
        found = connection.execute(text(query + "WHERE a.to_run IS NULL")).all()
    assert sorted(map(tuple, found)) == [("u", "b"), ("u", "c"), ("v", "a")]


def person(object_id: str, name: str = "n") -> tuple[object, ...]:
    return (object_id, f"{name}@example", name, *[None] * 14)


def test_memberships_of_those_who_left_are_closed_though_nobody_said_so(store: Store, connector: Connector) -> None:
    begin(store, connector, {("g", "left"): "user", ("g", "stays"): "user", ("g", "never seen"): "user"})
    with store.write() as connection:
        stage(connection, PEOPLE, connector.id, [person("left"), person("stays")])
        merge(connection, PEOPLE, connector.id, 1, {}, Proof("users", 1))
        replace(connection, PEOPLE, connector.id, [("left", None)])
        merge(connection, PEOPLE, connector.id, 2, {}, None)
        assert close_orphans(connection, MEMBERS, PEOPLE, connector.id, (3, 3)) == 0
        stage(connection, MEMBERS, connector.id, [("g", "left", "user")])
        assert close_orphans(connection, MEMBERS, PEOPLE, connector.id, (1, 3)) == 0
        merge(connection, MEMBERS, connector.id, 3, {}, None)
        assert close_orphans(connection, MEMBERS, PEOPLE, connector.id, (1, 4)) == 1
    assert links(store, connector) == {("g", "stays"): "user", ("g", "never seen"): "user"}


def test_what_a_run_changed_and_nobody_told_is_counted(store: Store, connector: Connector) -> None:
    with store.write() as connection:
        stage(connection, PEOPLE, connector.id, [person("a"), person("b"), person("c")])
        merge(connection, PEOPLE, connector.id, 1, {}, Proof("users", 1))
        stage(connection, PEOPLE, connector.id, [person("a", "new"), person("b"), person("d")])
        merge(connection, PEOPLE, connector.id, 2, {}, Proof("users", 2))
        mark(connection, connector.id, "told:users", ["d"])
        assert touched_unmarked(connection, PEOPLE, connector.id, 2, "told:users") == 2
        assert touched_unmarked(connection, PEOPLE, connector.id, 1, "told:users") == 3


def read(store: Store, connector: Connector, stream: Stream, run: int, *pages: list[Any], first: bool = False) -> None:
    reader = RoundReader(stream, first=first, note=None)
    with store.write() as connection:
        for page in pages:
            for part in reader.parts([msgspec.Raw(json.dumps(item).encode()) for item in page]):
                reader.apply(connection, connector.id, part)
        merge(connection, stream.datasets[0], connector.id, run, {}, Proof(stream.name, run) if first else None)
        if stream is GROUPS:
            merge(connection, MEMBERS, connector.id, run, {}, Proof("memberships", run) if first else None)


def teams(store: Store, connector: Connector) -> dict[str, tuple[Any, ...]]:
    query = text(
        "SELECT o.id, t.display_name, t.mail, t.kind, t.licence_sku_ids FROM groups AS t JOIN directory_objects AS o "
        "ON o.key = t.id WHERE t.connector_id = :c AND t.to_run IS NULL"
    )
    with store.read() as connection:
        return {row.id: tuple(row)[1:] for row in connection.execute(query, {"c": connector.id})}


def whole(object_id: str, **more: Any) -> dict[str, Any]:
    facts = {"displayName": "Team", "mail": "team@example", "mailEnabled": True, "securityEnabled": True}
    lists = {"groupTypes": [], "assignedLicenses": [{"skuId": "SKU"}], "membershipRule": None, "visibility": None}
    return {"id": object_id, **facts, **lists, **more}


def test_what_is_not_there_keeps_its_value_and_null_empties_it(store: Store, connector: Connector) -> None:
    read(store, connector, GROUPS, 1, [whole("g"), whole("h")], first=True)
    before = teams(store, connector)
    assert before["g"] == ("Team", "team@example", "mail_enabled_security", '["sku"]')
    read(store, connector, GROUPS, 2, [{"id": "g", "members@delta": [{"id": "m"}]}, {"id": "h", "displayName": None}])
    after = teams(store, connector)
    assert after["g"] == before["g"]
    assert after["h"] == (None, *before["h"][1:])
    assert links(store, connector) == {("g", "m"): "unknown"}


def test_in_a_first_round_what_is_not_there_has_no_value(store: Store, connector: Connector) -> None:
    read(store, connector, GROUPS, 1, [whole("g")], first=True)
    read(store, connector, GROUPS, 2, [{"id": "g", "displayName": "Team", "securityEnabled": True}], first=True)
    assert teams(store, connector) == {"g": ("Team", None, "security", "[]")}


def test_a_large_group_goes_on_without_its_properties(store: Store, connector: Connector) -> None:
    pages = [
        [whole("g", **{"members@delta": [{"id": "a"}, {"id": "b"}]})],
        [{"id": "G", "members@delta": [{"id": "c"}]}, {"id": "g", "members@delta": [{"id": "d"}]}],
    ]
    read(store, connector, GROUPS, 1, *pages, first=True)
    assert teams(store, connector)["g"][0] == "Team"
    assert {member for _, member in links(store, connector)} == {"a", "b", "c", "d"}


@pytest.mark.parametrize("pages", [1, 2])
def test_of_an_object_that_comes_twice_the_later_wins(store: Store, connector: Connector, pages: int) -> None:
    read(store, connector, GROUPS, 1, [whole("a"), whole("b"), whole("c")], first=True)
    told = [
        whole("a", displayName="changed", **{"members@delta": [{"id": "m"}, {"id": "n"}]}),
        {"id": "b", "@removed": {"reason": "changed"}},
        {"id": "a", "@removed": {"reason": "deleted"}},
        whole("b", displayName="back", **{"members@delta": [{"id": "m"}, {"id": "m", "@removed": {"reason": "x"}}]}),
        {"id": "nobody", "@removed": {"reason": "deleted"}},
        {"id": "c", "members@delta": [{"id": "x", "@removed": {"reason": "deleted"}}, {"id": "x"}]},
    ]
    split = [told] if pages == 1 else [told[:2], told[2:]]
    for run in (2, 3):  # a replay changes nothing
        read(store, connector, GROUPS, run, *split)
        assert {name: facts[0] for name, facts in teams(store, connector).items()} == {"b": "back", "c": "Team"}
        assert links(store, connector) == {("c", "x"): "unknown"}


def test_a_removed_user_holds_nothing_any_more(store: Store, connector: Connector) -> None:
    with store.write() as connection:
        stage(connection, PEOPLE, connector.id, [person("u"), person("v")])
        merge(connection, PEOPLE, connector.id, 1, {}, Proof("users", 1))
        rows = [(user, "sku", "direct", None, "Active", None, (), None) for user in ("u", "v")]
        stage(connection, ASSIGNMENTS, connector.id, rows)
        merge(connection, ASSIGNMENTS, connector.id, 1, {}, Proof("users", 1))
    read(store, connector, USERS, 2, [{"id": "u", "@removed": {"reason": "changed"}}])
    with store.write() as connection:
        assert present(connection, PEOPLE, connector.id) == 1
        assert merge(connection, ASSIGNMENTS, connector.id, 2, {}, None).removed == 1


@pytest.mark.parametrize(
    "item",
    [{}, {"id": None}, {"id": 7}, {"id": "u", "accountEnabled": "yes"}, {"id": "u", "createdDateTime": "soon"}, 3],
)
def test_an_object_that_makes_no_sense_is_not_believed(item: object) -> None:
    reader = RoundReader(USERS, first=False, note=None)
    with pytest.raises(UntrustworthyAnswerError, match=r"/users"):
        list(reader.parts([msgspec.Raw(json.dumps(item).encode())]))


@pytest.mark.parametrize("stream", [USERS, GROUPS], ids=lambda stream: stream.name)
def test_every_column_is_made_of_properties_that_are_asked_for(stream: Stream) -> None:
    asked = set(delta_select(stream))
    assert all(behind <= asked for _, behind in properties_behind(stream))


@needs_contract
@pytest.mark.parametrize(
    ("prefix", "stream"),
    [("user-delta", USERS), ("concept-delta-query-users", USERS), ("concept-delta-query-groups", GROUPS)],
)
def test_published_rounds_are_read(store: Store, connector: Connector, prefix: str, stream: Stream) -> None:
    rounds = [
        example["response"]["body"]["value"]
        for example in examples(prefix)
        if isinstance(example["response"].get("body"), dict) and "value" in example["response"]["body"]
    ]
    rounds = [[item for item in page if "id" in item] for page in rounds]
    assert any(rounds)
    removed = {item["id"] for page in rounds for item in page if "@removed" in item}
    shown = {item["id"] for page in rounds for item in page if "@removed" not in item}
    read(store, connector, stream, 1, *rounds)
    with store.read() as connection:
        assert present(connection, stream.datasets[0], connector.id) == len(shown - removed)
