"""Groups, and the licences that they give."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, text

from stocktake.catalog.columns import Kind
from stocktake.store.grids import Scope, ids_bound, ids_of
from stocktake.store.reading import view, visible
from stocktake.store.runs import ledger
from stocktake.web.columns import columns_for
from stocktake.web.grid import Filter, Grid, GridColumn, Row
from stocktake.web.pages.grids import export_grid, show_grid

_VIEW = view("groups")
_SHOWN = ("display_name", "kind", "dynamic", "mail")
_KINDS = {
    "security": "security",
    "microsoft365": "Microsoft 365",
    "mail_enabled_security": "mail-enabled security",
    "distribution": "distribution",
}


def _licences(_connection: Connection, _scopes: Sequence[Scope], rows: Sequence[Row], names: Mapping[str, str]) -> None:
    for row in rows:
        given = row["licence_sku_ids"]
        row["licences"] = sorted(names.get(sku, sku) for sku in given) if isinstance(given, list) else []


def _members(connection: Connection, scopes: Sequence[Scope], rows: Sequence[Row], _names: Mapping[str, str]) -> None:
    """Counted for the groups of a page; not known where the run could not read them: that is no zero."""
    for scope in scopes:
        mine = [row for row in rows if row["connector"] == scope.connector.name]
        entry = next((entry for entry in ledger(connection, scope.run.id) if entry.source == "memberships"), None)
        if entry is None or entry.outcome not in ("complete", "incomplete"):
            continue
        query = text(
            f"SELECT o.id, count(*) AS members FROM memberships AS m JOIN directory_objects AS o ON o.key = m.group_id "
            f"WHERE {visible('m')} AND o.connector_id = :connector "
            f"AND o.id IN ({ids_bound(connection)}) GROUP BY o.id"
        )
        values = {"connector": scope.connector.id, "run": scope.run.id, "ids": ids_of(mine)}
        counted = {found.id: found.members for found in connection.execute(query, values)}
        for row in mine:
            row["members"] = counted.get(row["id"], 0)


def _columns() -> tuple[GridColumn, ...]:
    columns = columns_for(_VIEW, _SHOWN)
    licences = GridColumn(
        "licences", "Licences given", Kind.LIST, "", "Products that the group gives to its direct members.",
        shown=True, fill=_licences, needs=("licence_sku_ids",),
    )  # fmt: skip
    members = GridColumn(
        "members", "Direct members", Kind.INTEGER, "", "Direct members of every type.",
        shown=True, absent="memberships were not read", fill=_members,
    )  # fmt: skip
    renamed = [
        replace(column, label="SKU ids given") if column.name == "licence_sku_ids" else column for column in columns
    ]
    return (*renamed[:3], members, licences, *renamed[3:])


GRID = Grid(
    name="groups",
    view=_VIEW,
    columns=_columns(),
    key=("id",),
    judged_by="memberships",
    searched=("t.display_name", "t.mail", _VIEW.derived["id"]),
    sort="display_name",
    filters=(
        Filter(
            "gives",
            "Gives licences",
            {"yes": "t.licence_sku_ids <> '[]'", "no": "t.licence_sku_ids = '[]'"},
            (("yes", "yes"), ("no", "no")),
        ),
        Filter("kind", "Kind", {kind: f"t.kind = '{kind}'" for kind in _KINDS}, tuple(_KINDS.items())),
        Filter("dynamic", "Dynamic", {"yes": "t.dynamic", "no": "NOT t.dynamic"}, (("yes", "yes"), ("no", "no"))),
    ),
)


def show(request: Request) -> Response:
    return show_grid(request, GRID, "Groups")


def export(request: Request) -> Response:
    return export_grid(request, GRID)
