"""Subscriptions: what each tenant owns of each product, and how much of it is assigned."""

from dataclasses import replace
from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import Response

from stocktake.catalog.columns import Kind
from stocktake.store.grids import product_lookup
from stocktake.store.reading import view, visible
from stocktake.web.columns import columns_for
from stocktake.web.grid import Filter, Grid, GridColumn, Row
from stocktake.web.pages.grids import export_grid, show_grid

_BOUGHT = "(COALESCE(t.enabled, 0) + COALESCE(t.warning, 0))"
_SHOWN = ("product_name", "sku_part_number", "capability_status", "consumed", "available", "warning", "suspended")


def holders_address(row: Row) -> str:
    """Who holds the product."""
    return "/users?" + urlencode({"connector": row["connector"], "product": row["sku_id"]})


def _product_name(sqlite: bool) -> str:
    return product_lookup("t.sku_id", sqlite=sqlite)


def _columns() -> tuple[GridColumn, ...]:
    columns = [
        replace(column, link=holders_address) if column.name == "product_name" else column
        for column in columns_for(view("subscriptions"), _SHOWN)
    ]
    bought = GridColumn(
        "bought", "Bought", Kind.INTEGER, _BOUGHT, "Seats that can be used now: active, and in their grace period.",
        shown=True, absent="not known",
    )  # fmt: skip
    ends = GridColumn(
        "next_change_at",
        "Next change",
        Kind.INSTANT,
        f"(SELECT MIN(e.next_lifecycle_at) FROM terms AS e WHERE e.sku_id = t.sku_id AND {visible('e')} "
        "AND e.status IN ('Enabled', 'Warning'))",
        "When the first of its purchases changes state unless somebody renews.",
        shown=True,
        absent="no date known",
    )
    return (*columns[:3], bought, *columns[3 : len(_SHOWN)], ends, *columns[len(_SHOWN) :])


GRID = Grid(
    name="subscriptions",
    view=view("subscriptions"),
    columns=_columns(),
    key=("sku_id",),
    searched=(_product_name, "t.sku_part_number", "t.sku_id"),
    sort="-consumed",
    filters=(
        Filter(
            "state",
            "Position",
            {
                "over": f"t.consumed > {_BOUGHT}",
                "free": f"t.consumed < {_BOUGHT}",
                "unused": "COALESCE(t.consumed, 0) = 0",
            },
            (("over", "over-assigned"), ("free", "seats available"), ("unused", "nothing assigned")),
        ),
        Filter(
            "status",
            "Status",
            {
                status.lower(): f"t.capability_status = '{status}'"
                for status in ("Enabled", "Warning", "Suspended", "Deleted", "LockedOut")
            },
            tuple((s.lower(), s) for s in ("Enabled", "Warning", "Suspended", "Deleted", "LockedOut")),
        ),
    ),
)


def show(request: Request) -> Response:
    return show_grid(request, GRID, "Subscriptions")


def export(request: Request) -> Response:
    return export_grid(request, GRID)
