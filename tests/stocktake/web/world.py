"""Tenants put straight into a store, by the store's own functions, so that every figure can be counted by hand."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import func, select, text

from stocktake.catalog import SOURCES, Report, datasets
from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.catalog.groups import Group
from stocktake.catalog.memberships import Membership
from stocktake.catalog.sign_ins import SignIn
from stocktake.catalog.subscribed_skus import Subscription
from stocktake.catalog.usage import ReportFile, Usage
from stocktake.catalog.users import Assignment
from stocktake.store.bulk import stage
from stocktake.store.connectors import Connector, NewConnector, add_connector
from stocktake.store.engine import Store
from stocktake.store.runs import create_run, finish_run, settle
from stocktake.store.spans import Proof, merge
from stocktake.store.tables import runs

E3, E5, FLOW = (
    "05e9a617-0261-4cee-bb44-138d3ef5d965",
    "06ebc4ee-1bb5-47dd-8120-11324bc54e06",
    "f30db892-07e9-47e9-837c-80727f46fd3d",
)
SEEN = "2026-11-20T08:00:00Z"
REFRESHED = "2026-11-22"
Rows = Mapping[str, Sequence[tuple[Any, ...]]]
_MATCH = """
    UPDATE stage_usage SET user_id = COALESCE((
        SELECT u.id FROM users AS u WHERE u.connector_id = :connector AND u.to_run IS NULL
        AND u.user_principal_name_folded = stage_usage.subject
    ), 0) WHERE connector_id = :connector
"""
_DATASETS = {dataset.name: dataset for dataset in datasets()}


def connector(store: Store, name: str, **values: Any) -> Connector:
    new = {"tenant": f"{name}.example", "cloud": "global", "permissions": "application", "client_id": "c", **values}
    return add_connector(store, NewConnector(name=name, **new))


def user_id(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def user(number: int, upn: str, name: str | None, **more: Any) -> tuple[Any, ...]:
    """A row of the dataset `users`, in the order of its columns."""
    values = {"account_enabled": True, "user_type": "Member", "created_at": "2024-01-01T00:00:00Z", **more}
    own = {"id": user_id(number), "user_principal_name": upn, "display_name": name, **values}
    return tuple(own.get(column.name) for column in _DATASETS["users"].columns)


def assignment(number: int, sku: str, group: str | None = None, **more: Any) -> Assignment:
    values = {"state": "Active", "error": None, "disabled_plan_ids": (), "assigned_since": SEEN, **more}
    return Assignment(user_id(number), sku, "group" if group else "direct", group, **values)  # type: ignore[arg-type]


def subscription(sku: str, part: str, enabled: int, consumed: int, **more: Any) -> Subscription:
    values = {"warning": 0, "suspended": 0, "locked_out": 0, "applies_to": "User", "subscription_ids": (), **more}
    return Subscription(sku, part, "Enabled", enabled, values.pop("warning"), consumed=consumed, **values)


def activity(upn: str, teams: str | None) -> Usage:
    """A row of the active users report: licensed for everything, active in Teams alone."""
    metrics: dict[str, object] = {"is_deleted": False, "has_teams_license": True, "teams_last_activity_date": teams}
    return Usage(ACTIVE_USERS.function, ACTIVE_USERS.period or 0, upn.casefold(), None, upn, teams, metrics)  # type: ignore[arg-type]


def read(store: Store, into: Connector, rows: Rows, outcomes: Mapping[str, tuple[str, str]] | None = None) -> int:
    """A finished run that found these rows; `outcomes` gives (outcome, reason) of sources that were not complete."""
    found = {"report_files": [ReportFile(ACTIVE_USERS.function, 180, REFRESHED, False, (), ())], **rows}  # type: ignore[arg-type]
    bad = dict(outcomes or {})
    with store.write() as connection:
        run = create_run(
            connection, into.id, f"w-{into.id}-{_runs(store)}", "full", [source.name for source in SOURCES]
        )
        for source in SOURCES:
            outcome, reason = bad.get(source.name, ("complete", None))
            for dataset in source.datasets:
                if outcome not in ("complete", "incomplete"):
                    continue
                if source is ACTIVE_USERS or not isinstance(source, Report):
                    stage(connection, dataset, into.id, found.get(dataset.name, ()))
                if dataset.name == "usage":
                    connection.execute(text(_MATCH), {"connector": into.id})
                scope = {"report": source.function, "period": source.period or 0} if isinstance(source, Report) else {}
                changes = merge(connection, dataset, into.id, run, scope, Proof(source.name, run))
                if dataset is source.datasets[0]:
                    counted = {"rows": changes.rows, "added": changes.added}
                    settle(connection, run, source.name, **counted, changed=changes.changed, removed=changes.removed)
            settle(connection, run, source.name, outcome=outcome, reason=reason, pages=1)
        finish_run(connection, run, "incomplete" if bad else "complete", None)
    return run


def _runs(store: Store) -> int:
    with store.read() as connection:
        return int(connection.execute(select(func.count()).select_from(runs)).scalar_one())


def contoso() -> dict[str, Iterable[tuple[Any, ...]]]:
    """Four people, three products, a group; names that try to be HTML and formulas."""
    group = "11111111-0000-4000-8000-000000000001"
    return {
        "subscriptions": [
            subscription(E3, "SPE_E3", 2, 3, subscription_ids=("p1",)),
            subscription(E5, "SPE_E5", 5, 1, subscription_ids=("p2",)),
            subscription(FLOW, "FLOW_FREE", 10_000, 1),
        ],
        "users": [
            user(1, "anna@contoso.example", "Anna Müller", department="Sales", country="Germany"),
            user(2, "ben@contoso.example", '<script>alert("ben")</script>', account_enabled=False, department="=1+1"),
            user(3, "carla@contoso.example", "Carla 100%_\\", department="Finance"),
            user(4, "dora_ext@contoso.example", None, user_type="Guest"),
        ],
        "assignments": [
            assignment(1, E3),
            assignment(1, E3, group),
            assignment(1, FLOW),
            assignment(2, E3),
            assignment(3, E5, state="Error", error="CountViolation"),
        ],
        "groups": [Group(group, "Sales <b>all</b>", "sales@contoso.example", "microsoft365", False, (E3,), None, None)],  # type: ignore[arg-type]
        "memberships": [Membership(group, user_id(number), "user") for number in (1, 3)],  # type: ignore[arg-type]
        "sign_ins": [
            SignIn(user_id(1), SEEN, SEEN),  # type: ignore[arg-type]
            SignIn(user_id(2), "2026-01-05T00:00:00Z", None),  # type: ignore[arg-type]
            SignIn(user_id(3), None, None),  # type: ignore[arg-type]
        ],
        "usage": [activity("Anna@contoso.example", "2026-11-21"), activity("ben@contoso.example", None)],
        "terms": [
            ("p1", E3, "Enabled", 2, False, "2024-01-01T00:00:00Z", "2026-12-10T00:00:00Z", "SPE_E3", None),
        ],
    }
