"""Reading datasets in the shape of the command line contract, as of now or of an earlier day.

A row is visible as of a run when the run lies inside its span; which run that is depends on the connector and the day.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from stocktake.errors import UsageError
from stocktake.store.connectors import Connector
from stocktake.store.runs import finished_run, ledger

NameOf = Callable[[str | None, str], str]  # (part number, SKU id) -> name of the product


@dataclass(frozen=True, slots=True)
class View:
    """A dataset as people see it: its columns after `connector`, where each comes from, and the rows in key order.

    `rows` is the SQL from FROM on; it sees `:connector` and `:run`. A column that is not `derived` is the table's own.
    """

    name: str
    columns: tuple[str, ...]
    rows: str
    derived: Mapping[str, str] = field(default_factory=dict)
    lists: tuple[str, ...] = ()
    objects: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()  # whose completeness decides about this dataset's

    @property
    def sql(self) -> str:
        picked = ", ".join(f'{self.derived.get(name, f"t.{name}")} AS "{name}"' for name in self.columns)
        return f"SELECT {picked} {self.rows}"


def visible(alias: str) -> str:
    """SQL: the spans of that table that hold as of `:run`."""
    return (
        f"{alias}.connector_id = :connector AND {alias}.from_run <= :run "
        f"AND ({alias}.to_run IS NULL OR {alias}.to_run > :run)"
    )


_SUBSCRIPTIONS = View(
    name="subscriptions",
    columns=(
        "sku_id",
        "sku_part_number",
        "product_name",
        "capability_status",
        "enabled",
        "warning",
        "suspended",
        "locked_out",
        "consumed",
        "available",
        "applies_to",
        "subscription_ids",
    ),
    derived={"product_name": "NULL", "available": "t.enabled + COALESCE(t.warning, 0) - t.consumed"},
    rows=f"FROM subscriptions AS t WHERE {visible('t')} ORDER BY t.sku_id",
    lists=("subscription_ids",),
    sources=("subscribed_skus",),
)

_USERS = View(
    name="users",
    columns=(
        "id",
        "user_principal_name",
        "display_name",
        "mail",
        "account_enabled",
        "user_type",
        "department",
        "company_name",
        "job_title",
        "office_location",
        "country",
        "usage_location",
        "employee_id",
        "cost_center",
        "on_premises_sync_enabled",
        "created_at",
        "last_sign_in_at",
        "last_successful_sign_in_at",
        "division",
    ),
    derived={
        "id": "o.id",
        "last_sign_in_at": "s.last_sign_in_at",
        "last_successful_sign_in_at": "s.last_successful_sign_in_at",
    },
    rows=f"""
        FROM users AS t JOIN directory_objects AS o ON o.key = t.id
        LEFT JOIN sign_ins AS s ON s.user_id = t.id AND {visible("s")}
        WHERE {visible("t")} ORDER BY o.id
    """,
    flags=("account_enabled", "on_premises_sync_enabled"),
    sources=("users", "sign_ins"),
)

_GROUPS = View(
    name="groups",
    columns=("id", "display_name", "mail", "kind", "dynamic", "licence_sku_ids", "membership_rule", "visibility"),
    derived={"id": "o.id"},
    rows=f"FROM groups AS t JOIN directory_objects AS o ON o.key = t.id WHERE {visible('t')} ORDER BY o.id",
    lists=("licence_sku_ids",),
    flags=("dynamic",),
    sources=("groups",),
)

_MEMBERSHIPS = View(
    name="memberships",
    columns=("group_id", "member_id", "member_type"),
    derived={"group_id": "g.id", "member_id": "m.id"},
    rows=f"""
        FROM memberships AS t JOIN directory_objects AS g ON g.key = t.group_id
        JOIN directory_objects AS m ON m.key = t.member_id
        WHERE {visible("t")} ORDER BY g.id, m.id
    """,
    sources=("groups", "memberships"),
)

_ASSIGNMENTS = View(
    name="assignments",
    columns=(
        "user_id",
        "user_principal_name",
        "sku_id",
        "sku_part_number",
        "source",
        "group_id",
        "state",
        "error",
        "disabled_plan_ids",
        "assigned_since",
    ),
    derived={
        "user_id": "o.id",
        "user_principal_name": "u.user_principal_name",
        "sku_part_number": "k.sku_part_number",
        "group_id": "g.id",
    },
    rows=f"""
        FROM assignments AS t JOIN directory_objects AS o ON o.key = t.user_id
        LEFT JOIN directory_objects AS g ON g.key = t.group_id
        LEFT JOIN users AS u ON u.id = t.user_id AND {visible("u")}
        LEFT JOIN subscriptions AS k ON k.sku_id = t.sku_id AND {visible("k")}
        WHERE {visible("t")} ORDER BY o.id, t.sku_id, t.source, g.id
    """,
    lists=("disabled_plan_ids",),
    sources=("users",),
)

_TERMS = View(
    name="terms",
    columns=(
        "subscription_id",
        "sku_id",
        "status",
        "total",
        "is_trial",
        "created_at",
        "next_lifecycle_at",
        "sku_part_number",
        "commerce_subscription_id",
    ),
    rows=f"FROM terms AS t WHERE {visible('t')} ORDER BY t.subscription_id",
    flags=("is_trial",),
    sources=("terms",),
)

_USAGE = View(
    name="usage",
    columns=("report", "user_id", "user_principal_name", "refreshed_on", "period", "last_activity_on", "metrics"),
    derived={"user_id": "o.id", "refreshed_on": "f.refreshed_on", "period": "NULLIF(t.period, 0)"},
    rows=f"""
        FROM usage AS t LEFT JOIN directory_objects AS o ON o.key = t.user_id
        LEFT JOIN report_files AS f ON f.report = t.report AND f.period = t.period AND {visible("f")}
        WHERE {visible("t")} ORDER BY t.report, t.period, t.subject
    """,
    objects=("metrics",),
    sources=("users", "active_users"),
)

_SERVICE_PLANS = View(
    name="service_plans",
    columns=("sku_id", "service_plan_id", "service_plan_name", "provisioning_status", "applies_to"),
    rows=f"FROM service_plans AS t WHERE {visible('t')} ORDER BY t.sku_id, t.service_plan_id",
    sources=("subscribed_skus",),
)

_DOMAINS = View(
    name="domains",
    columns=("name", "is_default", "is_initial", "is_verified"),
    rows=f"FROM domains AS t WHERE {visible('t')} ORDER BY t.name",
    flags=("is_default", "is_initial", "is_verified"),
    sources=("domains",),
)

DATASETS: tuple[View, ...] = (
    _SUBSCRIPTIONS,
    _USERS,
    _GROUPS,
    _MEMBERSHIPS,
    _ASSIGNMENTS,
    _TERMS,
    _USAGE,
    _SERVICE_PLANS,
    _DOMAINS,
)


def view(name: str) -> View:
    """UsageError, naming the known ones, for an unknown dataset."""
    for found in DATASETS:
        if found.name == name:
            return found
    raise UsageError(f"there is no dataset {name}", "use one of: " + ", ".join(found.name for found in DATASETS))


def instant_of(as_of: str | None) -> str | None:
    """The last instant that `--as-of` means: the end of a day (UTC), or the very instant that was written."""
    if as_of is None:
        return None
    try:
        if len(as_of) == len("2026-11-24"):
            end = datetime.combine(date.fromisoformat(as_of), datetime.min.time(), UTC) + timedelta(days=1, seconds=-1)
        else:
            end = datetime.fromisoformat(as_of)
    except ValueError:
        raise UsageError(f"{as_of} is no date", "write it as 2026-11-24 or 2026-11-24T08:00:00Z") from None
    return end.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def read_dataset(
    connection: Connection, name: str, connectors: list[Connector], as_of: str | None, name_of: NameOf
) -> Iterator[dict[str, object]]:
    """Rows in key order, connector by connector; nothing for a connector that had no finished run by then."""
    found = view(name)
    until = instant_of(as_of)
    for connector in connectors:
        run = finished_run(connection, connector.id, until)
        if run is None:
            continue
        result = connection.execution_options(yield_per=2000).execute(
            text(found.sql), {"connector": connector.id, "run": run.id}
        )
        for row in result.mappings():
            yield _shaped(found, connector.name, dict(row), name_of)


def _shaped(found: View, connector: str, row: dict[str, object], name_of: NameOf) -> dict[str, object]:
    for column in (*found.lists, *found.objects):
        row[column] = json.loads(str(row[column]))
    for column in found.flags:
        row[column] = None if row[column] is None else bool(row[column])
    if "product_name" in row:
        part_number = row["sku_part_number"]
        row["product_name"] = name_of(None if part_number is None else str(part_number), str(row["sku_id"]))
    return {"connector": connector, **row}


def completeness(connection: Connection, name: str, connectors: list[Connector], as_of: str | None) -> list[str]:
    """A line for each connector: "contoso: complete as of …", or what is missing and why."""
    found = view(name)
    until = instant_of(as_of)
    return [_completeness(connection, found, connector, until) for connector in connectors]


def _completeness(connection: Connection, found: View, connector: Connector, until: str | None) -> str:
    run = finished_run(connection, connector.id, until)
    if run is None:
        return f"{connector.name}: never synchronised" + (f" by {until}" if until else "")
    missing = [
        f"{entry.source}: {entry.reason or entry.outcome}"
        for entry in ledger(connection, run.id)
        if entry.source in found.sources and entry.outcome != "complete"
    ]
    if missing:
        return f"{connector.name}: incomplete as of {run.finished_at}: " + "; ".join(missing)
    return f"{connector.name}: complete as of {run.finished_at}"
