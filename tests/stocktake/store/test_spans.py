"""Staging and merging: history that matches what was seen, and nobody closed without proof."""

from collections.abc import Mapping

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from stocktake.catalog.memberships import MEMBERSHIPS
from stocktake.catalog.usage import USAGE
from stocktake.catalog.users import USERS
from stocktake.store.bulk import object_keys, stage
from stocktake.store.connectors import Connector
from stocktake.store.engine import Store
from stocktake.store.spans import Changes, Proof, merge

MEMBERS = MEMBERSHIPS.datasets[0]
PEOPLE, ASSIGNMENTS = USERS.datasets
State = Mapping[tuple[str, str], str]


def run(store: Store, connector: Connector, number: int, state: State, *, proved: bool = True) -> Changes:
    rows = [(group, member, kind) for (group, member), kind in state.items()]
    with store.write() as connection:
        stage(connection, MEMBERS, connector.id, rows)
    with store.write() as connection:
        proof = Proof("memberships", number) if proved else None
        return merge(connection, MEMBERS, connector.id, number, {}, proof)


def as_of(store: Store, connector: Connector, number: int) -> State:
    query = text(
        "SELECT g.id, m.id AS member, t.member_type FROM memberships AS t "
        "JOIN directory_objects AS g ON g.key = t.group_id JOIN directory_objects AS m ON m.key = t.member_id "
        "WHERE t.connector_id = :c AND t.from_run <= :r AND (t.to_run IS NULL OR t.to_run > :r)"
    )
    with store.read() as connection:
        found = connection.execute(query, {"c": connector.id, "r": number}).all()
    assert len(found) == len({(group, member) for group, member, _ in found})
    return {(group, member): kind for group, member, kind in found}


STATES = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from(["g1", "g2", "g3"]), st.sampled_from(["m1", "m2", "m3", "m4"])),
        st.sampled_from(["user", "device"]),
    ),
    min_size=1,
    max_size=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(states=STATES)
def test_every_earlier_state_can_be_read_again(store: Store, connector: Connector, states: list[State]) -> None:
    with store.write() as connection:
        connection.execute(text("DELETE FROM memberships"))
    before: State = {}
    for number, state in enumerate(states, start=1):
        changes = run(store, connector, number, state)
        common = before.keys() & state.keys()
        assert changes == Changes(
            rows=len(state),
            added=len(state.keys() - before.keys()),
            changed=sum(before[key] != state[key] for key in common),
            removed=len(before.keys() - state.keys()),
        )
        before = state
    for number, state in enumerate(states, start=1):
        assert as_of(store, connector, number) == state


def test_the_same_again_changes_nothing(store: Store, connector: Connector) -> None:
    state = {("g", "a"): "user", ("g", "b"): "user"}
    run(store, connector, 1, state)
    assert run(store, connector, 2, state) == Changes(rows=2, added=0, changed=0, removed=0)


def test_without_proof_nobody_is_removed(store: Store, connector: Connector) -> None:
    run(store, connector, 1, {("g", "a"): "user", ("g", "b"): "user"})
    changes = run(store, connector, 2, {("g", "a"): "device"}, proved=False)
    assert changes == Changes(rows=1, added=0, changed=1, removed=0)
    assert as_of(store, connector, 2) == {("g", "a"): "device", ("g", "b"): "user"}


def test_a_proof_of_another_run_proves_nothing(store: Store, connector: Connector) -> None:
    with store.write() as connection, pytest.raises(ValueError, match="run 7"):
        merge(connection, MEMBERS, connector.id, 8, {}, Proof("memberships", 7))


def test_of_two_rows_with_one_key_the_later_wins(store: Store, connector: Connector) -> None:
    with store.write() as connection:
        stage(connection, MEMBERS, connector.id, [("g", "a", "user"), ("g", "a", "device")])
        stage(connection, MEMBERS, connector.id, [("G", "A", "orgContact")])
        merge(connection, MEMBERS, connector.id, 1, {}, None)
    assert as_of(store, connector, 1) == {("g", "a"): "orgContact"}


def test_a_scope_keeps_to_its_own_report(store: Store, connector: Connector) -> None:
    def row(report: str, subject: str) -> tuple[object, ...]:
        return (report, 180, subject, None, subject, None, {"n": 1})

    scopes = {report: {"report": report, "period": 180} for report in ("one", "two")}
    with store.write() as connection:
        stage(connection, USAGE, connector.id, [row("one", "a"), row("two", "a")])
        for report, scope in scopes.items():
            assert merge(connection, USAGE, connector.id, 1, scope, Proof(report, 1)).added == 1
    with store.write() as connection:
        stage(connection, USAGE, connector.id, [row("one", "b")])
        assert merge(connection, USAGE, connector.id, 2, scopes["one"], Proof("one", 2)) == Changes(1, 1, 0, 1)
        present = text("SELECT report, subject FROM usage WHERE to_run IS NULL ORDER BY report")
        assert connection.execute(present).all() == [("one", "b"), ("two", "a")]


def test_awkward_text_comes_back_as_it_went_in(store: Store, connector: Connector) -> None:
    names = ["O'Brien", 'Zoë "Z"', "李", "=1+1", "a\tb\\c\nd", "🙂", "ß", ""]
    rows = [(f"id-{n}", name, name, *[None] * 14) for n, name in enumerate(names)]
    with store.write() as connection:
        stage(connection, PEOPLE, connector.id, rows)
        merge(connection, PEOPLE, connector.id, 1, {}, Proof("users", 1))
        found = connection.execute(text("SELECT display_name, user_principal_name_folded FROM users ORDER BY id")).all()
    assert {name for name, _ in found} == set(names)
    assert {folded for _, folded in found} == {name.casefold() for name in names}


def test_an_object_keeps_its_key_whatever_its_case(store: Store, connector: Connector) -> None:
    with store.write() as connection:
        first = object_keys(connection, connector.id, ["ABC", "abc", "def"])
        again = object_keys(connection, connector.id, ["abc", "xyz"])
    assert first["ABC"] == first["abc"] == again["abc"]
    assert len({*first.values(), *again.values()}) == 3


def test_a_licence_without_a_group_has_a_key_too(store: Store, connector: Connector) -> None:
    def row(group: str | None) -> tuple[object, ...]:
        return ("u", "sku", "group" if group else "direct", group, "Active", None, (), None)

    with store.write() as connection:
        stage(connection, ASSIGNMENTS, connector.id, [row(None), row("g"), row(None)])
        assert merge(connection, ASSIGNMENTS, connector.id, 1, {}, Proof("users", 1)).rows == 2
