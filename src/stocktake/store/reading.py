"""Reading datasets in the shape of the command line contract, as of now or of an earlier day.

A row is visible as of a run when the run lies inside its span; which run that is depends on the connector and the day.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta

from sqlalchemy import Connection, text

from stocktake.catalog import SOURCES, Dataset, Stream, datasets
from stocktake.catalog.columns import Kind
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


def plain(dataset: Dataset, *, sources: tuple[str, ...], **derived: str) -> View:
    """A dataset as its table has it, object keys turned into ids; `derived` adds columns at the end."""
    objects = [column.name for column in dataset.columns if column.kind is Kind.OBJECT]
    ids = {name: f"o{place}.id" for place, name in enumerate(objects)}
    joins = " ".join(
        f"LEFT JOIN directory_objects AS o{place} ON o{place}.key = t.{name}" for place, name in enumerate(objects)
    )
    order = ", ".join(ids.get(name, f"t.{name}") for name in dataset.key)
    return View(
        name=dataset.name,
        columns=(*(column.name for column in dataset.columns), *derived),
        rows=f"FROM {dataset.name} AS t {joins} WHERE {visible('t')} ORDER BY {order}",
        derived={**ids, **derived},
        lists=_of_kind(dataset, Kind.LIST),
        objects=_of_kind(dataset, Kind.JSON),
        flags=_of_kind(dataset, Kind.BOOLEAN),
        sources=sources,
    )


def _of_kind(dataset: Dataset, kind: Kind) -> tuple[str, ...]:
    return tuple(column.name for column in dataset.columns if column.kind is kind)


def _filling(dataset: Dataset) -> tuple[str, ...]:
    """The sources that fill a dataset, and the parents that those are asked for."""
    found: dict[str, None] = {}
    for source in SOURCES:
        if dataset in source.datasets:
            if isinstance(source, Stream) and source.parent:
                found[source.parent] = None
            found[source.name] = None
    return tuple(found)


_SUBSCRIPTION_COLUMNS = (
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
)
_ASSIGNMENT_COLUMNS = (
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
)
_USER_COLUMNS = (
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
)
# After the report, and what a row is about.
_USAGE_COLUMNS = ("refreshed_on", "period", "last_activity_on", "metrics")
_USAGE_ABOUT = {
    "usage": ("user_id", "user_principal_name"),
    "site_usage": ("site_id",),
    "group_usage": ("group_id",),
}


def _described(dataset: Dataset) -> View:
    """The view of a dataset; those whose contract names columns of other tables are put together here."""
    view = plain(dataset, sources=_filling(dataset))
    match dataset.name:
        case "subscriptions":
            # Seats in their grace period can still be assigned (Microsoft: licenseUnitsDetail), so they count.
            available = "t.enabled + COALESCE(t.warning, 0) - t.consumed"
            return _with(view, _SUBSCRIPTION_COLUMNS, "", product_name="NULL", available=available)
        case "users":
            joined = f"LEFT JOIN sign_ins AS s ON s.user_id = t.id AND {visible('s')}"
            view = _with(
                view,
                _USER_COLUMNS,
                joined,
                last_sign_in_at="s.last_sign_in_at",
                last_successful_sign_in_at="s.last_successful_sign_in_at",
            )
            return replace(view, sources=("users", "sign_ins"))
        case "assignments":
            joined = (
                f"LEFT JOIN users AS u ON u.id = t.user_id AND {visible('u')} "
                f"LEFT JOIN subscriptions AS k ON k.sku_id = t.sku_id AND {visible('k')}"
            )
            names = {"user_principal_name": "u.user_principal_name", "sku_part_number": "k.sku_part_number"}
            return _with(view, _ASSIGNMENT_COLUMNS, joined, **names)
        case "usage" | "site_usage" | "group_usage" as name:
            joined = f"LEFT JOIN report_files AS f ON f.report = t.report AND f.period = t.period AND {visible('f')}"
            columns = ("report", *_USAGE_ABOUT[name], *_USAGE_COLUMNS)
            view = _with(view, columns, joined, refreshed_on="f.refreshed_on", period="NULLIF(t.period, 0)")
            return replace(view, sources=("users", *view.sources) if name == "usage" else view.sources)
        case _:
            return view


def _with(view: View, columns: tuple[str, ...], joined: str, **derived: str) -> View:
    rows = view.rows.replace(" WHERE ", f" {joined} WHERE ", 1) if joined else view.rows
    return replace(view, columns=columns, rows=rows, derived={**view.derived, **derived})


_CONTRACT_ORDER = ("subscriptions", "users", "groups", "memberships", "assignments", "terms", "usage")


def _views() -> tuple[View, ...]:
    found = {dataset.name: _described(dataset) for dataset in datasets()}
    return tuple(found.pop(name) for name in _CONTRACT_ORDER) + tuple(found.values())


DATASETS: tuple[View, ...] = _views()


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


def completeness(
    connection: Connection,
    name: str,
    connectors: list[Connector],
    as_of: str | None,
    sources: tuple[str, ...] = (),
) -> list[str]:
    """A line for each connector: "contoso: complete as of …", or what is missing and why.

    `sources` narrows it to those, for a part of a dataset: one report of all.
    """
    found = replace(view(name), sources=sources) if sources else view(name)
    until = instant_of(as_of)
    return [_completeness(connection, found, connector, until) for connector in connectors]


def _completeness(connection: Connection, found: View, connector: Connector, until: str | None) -> str:
    run = finished_run(connection, connector.id, until)
    if run is None:
        return f"{connector.name}: never synchronised" + (f" by {until}" if until else "")
    entries = {entry.source: entry for entry in ledger(connection, run.id)}
    missing = [f"{name}: was not read then" for name in found.sources if name not in entries]
    missing += [
        f"{entry.source}: {entry.reason or entry.outcome}"
        for entry in entries.values()
        if entry.source in found.sources and entry.outcome != "complete"
    ]
    eyes = seen_as(connector)
    if missing:
        return f"{connector.name}: incomplete as of {run.finished_at}: " + "; ".join([*eyes, *missing])
    if eyes:
        return f"{connector.name}: partial as of {run.finished_at}: {eyes[0]}, and completeness can't be proved"
    return f"{connector.name}: complete as of {run.finished_at}"


def seen_as(connector: Connector) -> list[str]:
    """What is to be said of every figure of a delegated connector; empty for one that sees the whole tenant."""
    if connector.permissions != "delegated":
        return []
    return [f"as seen by {connector.granted_by or 'nobody yet'}; partial by design"]
