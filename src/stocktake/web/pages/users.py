"""Users: who there is, what they hold, when they were last seen."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import quote

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Connection, text

from stocktake.catalog.columns import Kind
from stocktake.store.grids import Scope, ids_bound, ids_of
from stocktake.store.reading import view, visible
from stocktake.web.columns import columns_for
from stocktake.web.grid import Filter, Grid, GridColumn, Options, Row
from stocktake.web.pages.grids import export_grid, show_grid

_SHOWN = (
    "display_name",
    "user_principal_name",
    "account_enabled",
    "user_type",
    "department",
    "last_successful_sign_in_at",
)
_VIEW = view("users")
_HOLDS = f"EXISTS (SELECT 1 FROM assignments AS a WHERE a.user_id = t.id AND {visible('a')}{{}})"


def user_address(connector: object, user_id: object) -> str:
    return f"/users/{quote(str(connector), safe='')}/{quote(str(user_id), safe='')}"


def _link(row: Row) -> str:
    return user_address(row["connector"], row["id"])


def _licences(connection: Connection, scopes: Sequence[Scope], rows: Sequence[Row], names: Mapping[str, str]) -> None:
    """The products that each user of the page holds, by name."""
    for scope in scopes:
        mine = [row for row in rows if row["connector"] == scope.connector.name]
        held: dict[object, set[str]] = defaultdict(set)
        query = text(
            "SELECT o.id, a.sku_id FROM assignments AS a JOIN directory_objects AS o ON o.key = a.user_id "
            f"WHERE {visible('a')} AND o.connector_id = :connector AND o.id IN ({ids_bound(connection)})"
        )
        values = {"connector": scope.connector.id, "run": scope.run.id, "ids": ids_of(mine)}
        for found in connection.execute(query, values):
            held[found.id].add(names.get(found.sku_id, found.sku_id))
        for row in mine:
            row["licences"] = sorted(held[row["id"]])


def _products(names: Mapping[str, str]) -> Options:
    return sorted(((sku, name) for sku, name in names.items()), key=lambda option: option[1].lower())


def _columns() -> tuple[GridColumn, ...]:
    columns = columns_for(_VIEW, _SHOWN)
    licences = GridColumn(
        "licences", "Licences", Kind.LIST, "", "Products that the user holds, directly or through a group.", True,
        fill=_licences,
    )  # fmt: skip
    named = {"display_name", "user_principal_name"}
    linked = [_linked(column) if column.name in named else column for column in columns]
    linked = [
        replace(column, needs=("sign_ins_known",), known_by="sign_ins_known") if "sign_in_at" in column.name else column
        for column in linked
    ]
    known = GridColumn(
        "sign_ins_known", "Sign-ins known", Kind.BOOLEAN, "s.user_id IS NOT NULL",
        "No: the run could not read this user's sign-ins.",
    )  # fmt: skip
    at = len(_SHOWN) - 1
    return (*linked[:at], licences, *linked[at:], known)


def _linked(column: GridColumn) -> GridColumn:
    return replace(column, link=_link, needs=("id",))


GRID = Grid(
    name="users",
    view=_VIEW,
    columns=_columns(),
    key=("id",),
    searched=(
        "t.display_name",
        "t.user_principal_name",
        "t.mail",
        "t.department",
        "t.employee_id",
        _VIEW.derived["id"],
    ),
    sort="display_name",
    filters=(
        Filter("product", "Holds", {"": _HOLDS.format(" AND a.sku_id = :product")}, _products, any="any or no product"),
        Filter(
            "licensed",
            "Licensed",
            {"yes": _HOLDS.format(""), "no": "NOT " + _HOLDS.format("")},
            (("yes", "yes"), ("no", "no")),
        ),
        Filter(
            "enabled",
            "Enabled",
            {"yes": "t.account_enabled", "no": "NOT t.account_enabled"},
            (("yes", "yes"), ("no", "no")),
        ),
        Filter(
            "type",
            "Type",
            {
                "member": "t.user_type = 'Member'",
                "guest": "t.user_type = 'Guest'",
                "other": "t.user_type IS NULL OR t.user_type NOT IN ('Member', 'Guest')",
            },
            (("member", "member"), ("guest", "guest"), ("other", "neither")),
        ),
        Filter(
            "not_since",
            "No sign-in since",
            {
                "": "s.user_id IS NOT NULL AND COALESCE(s.last_successful_sign_in_at, s.last_sign_in_at, '') < "
                ":not_since"
            },
            kind=Kind.DAY,
        ),
    ),
)


def show(request: Request) -> Response:
    return show_grid(request, GRID, "Users")


def export(request: Request) -> Response:
    return export_grid(request, GRID)
