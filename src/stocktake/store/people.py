"""One user with everything that is known of them, as of a run."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, text

from stocktake.store.grids import Scope
from stocktake.store.reading import view, visible

Row = dict[str, object]


@dataclass(frozen=True, slots=True)
class Profile:
    """`user` has the columns of the dataset `users`; `known_sign_ins`: the run read this user's sign-ins."""

    user: Row
    known_sign_ins: bool
    assignments: list[Row]  # sku_id, source, group_id, group_name, state, error, disabled_plans, assigned_since
    groups: list[Row]  # id, display_name, kind, dynamic
    usage: list[Row]  # report, period, refreshed_on, metrics


def read_profile(connection: Connection, scope: Scope, user_id: str) -> Profile | None:
    """None where that run knows no such user."""
    values = {"connector": scope.connector.id, "run": scope.run.id, "id": user_id.lower()}
    found = view("users")
    picked = ", ".join(f'{found.derived.get(name, f"t.{name}")} AS "{name}"' for name in found.columns)
    rows = found.rows.rpartition("ORDER BY")[0]
    user = _first(
        connection, f"SELECT t.id AS key, s.user_id AS signed, {picked} {rows} AND {found.derived['id']} = :id", values
    )
    if user is None:
        return None
    for flag in found.flags:
        user[flag] = None if user[flag] is None else bool(user[flag])
    values["key"] = user.pop("key")
    known = user.pop("signed") is not None
    return Profile(
        user, known, _assignments(connection, values), _groups(connection, values), _usage(connection, values)
    )


def _assignments(connection: Connection, values: Mapping[str, object]) -> list[Row]:
    query = f"""
        SELECT t.sku_id, k.sku_part_number, t.source, t.state, t.error, t.disabled_plan_ids, t.assigned_since,
               g.id AS group_id, n.display_name AS group_name
        FROM assignments AS t
        LEFT JOIN directory_objects AS g ON g.key = t.group_id
        LEFT JOIN groups AS n ON n.id = t.group_id AND {visible("n")}
        LEFT JOIN subscriptions AS k ON k.sku_id = t.sku_id AND {visible("k")}
        WHERE {visible("t")} AND t.user_id = :key ORDER BY t.sku_id, t.source, g.id
    """
    found = _all(connection, query, values)
    plans = _plan_names(connection, values)
    for row in found:
        row["disabled_plans"] = [
            plans.get((row["sku_id"], plan), plan) for plan in json.loads(str(row.pop("disabled_plan_ids")))
        ]
    return found


def _plan_names(connection: Connection, values: Mapping[str, object]) -> dict[tuple[object, object], object]:
    """The friendly name of each service plan where a catalogue was imported, else Microsoft's."""
    query = f"""
        SELECT t.sku_id, t.service_plan_id, COALESCE(p.friendly_name, t.service_plan_name, t.service_plan_id) AS name
        FROM service_plans AS t
        LEFT JOIN product_plans AS p ON p.sku_id = t.sku_id AND p.service_plan_id = t.service_plan_id
        WHERE {visible("t")}
        AND t.sku_id IN (SELECT a.sku_id FROM assignments AS a WHERE {visible("a")} AND a.user_id = :key)
    """
    return {(row["sku_id"], row["service_plan_id"]): row["name"] for row in _all(connection, query, values)}


def _groups(connection: Connection, values: Mapping[str, object]) -> list[Row]:
    query = f"""
        SELECT o.id, t.display_name, t.kind, t.dynamic, t.licence_sku_ids FROM memberships AS m
        JOIN directory_objects AS o ON o.key = m.group_id
        LEFT JOIN groups AS t ON t.id = m.group_id AND {visible("t")}
        WHERE {visible("m")} AND m.member_id = :key ORDER BY lower(t.display_name), o.id
    """
    found = _all(connection, query, values)
    for row in found:
        row["licence_sku_ids"] = json.loads(str(row["licence_sku_ids"] or "[]"))
    return found


def _usage(connection: Connection, values: Mapping[str, object]) -> list[Row]:
    query = f"""
        SELECT t.report, t.period, f.refreshed_on, t.last_activity_on, t.metrics FROM usage AS t
        LEFT JOIN report_files AS f ON f.report = t.report AND f.period = t.period AND {visible("f")}
        WHERE {visible("t")} AND t.user_id = :key ORDER BY t.report, t.period
    """
    found = _all(connection, query, values)
    for row in found:
        row["metrics"] = json.loads(str(row["metrics"]))
    return found


def _all(connection: Connection, query: str, values: Mapping[str, object]) -> list[Row]:
    used = {name: value for name, value in values.items() if f":{name}" in query}
    return [dict(row) for row in connection.execute(text(query), used).mappings()]


def _first(connection: Connection, query: str, values: Mapping[str, object]) -> Row | None:
    rows = _all(connection, query, values)
    return rows[0] if rows else None
