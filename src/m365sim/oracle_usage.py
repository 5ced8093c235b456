"""What the usage reports come to, row by row, in the shape of the contract's `usage` dataset.

`metrics` holds the report's columns in its own order and snake_case, without those that the row itself carries: Report
Refresh Date, User Principal Name (of OneDrive accounts: Owner Principal Name), Last Activity Date, Report Period.
Truths are booleans, counts integers, days YYYY-MM-DD, lists arrays; an empty cell is None, of a list []. Activations
have several lines for a user: there, `metrics` holds display_name and an array `activations` of the other columns, in
the order of product_type. Reports about sites and groups have `site_id` or `group_id` in place of the user.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from m365sim.narrowed import NarrowedTenant
from m365sim.reports.activations import ACTIVATIONS
from m365sim.reports.active_users import ACTIVE_USERS
from m365sim.reports.catalogue import EVERY
from m365sim.reports.copilot import COPILOT, COPILOT_V2, PERIODS_V2
from m365sim.reports.files import named
from m365sim.reports.groups_activity import GROUPS_ACTIVITY
from m365sim.reports.report import Cell, Report, Row, rows_of
from m365sim.reports.sites import SHAREPOINT_SITES
from m365sim.reports.window import PERIODS, Window, last_days, one_day
from m365sim.tenant import Tenant

PERIOD = 180
_EPOCH = date(1970, 1, 1)
_OWN = frozenset({"Report Refresh Date", "Last Activity Date", "Report Period"})
_BY_NAME: dict[str, Report] = {report.function: report for report in EVERY}
_ABOUT = {"site_usage": SHAREPOINT_SITES, "group_usage": GROUPS_ACTIVITY, "usage": ACTIVE_USERS}


def is_usage(name: str) -> bool:
    """Whether `usage_rows` answers it."""
    head, *rest = name.split(":")
    if head not in _ABOUT:
        return False
    if head == "usage" and rest:
        function, *rest = rest
        if function != "*" and function not in _BY_NAME:
            return False
    if rest and rest[-1] == "v2":
        rest.pop()
    return not rest or (len(rest) == 1 and _days_of(rest[0]) is not None)


def usage_rows(tenant: Tenant, name: str, now: float) -> Iterator[dict[str, object]]:
    """`usage`, `usage:FUNCTION`, `usage:*` (each report of users), `site_usage`, `group_usage`.

    `usage` alone is the report of active users. After the name may stand `:D30` or `:2026-11-20` (else 180 days), and
    for Copilot `:v2`. Rows come in the order of report, period and printed key.
    """
    head, *rest = name.split(":")
    second = bool(rest) and rest[-1] == "v2"
    if second:
        rest.pop()
    chosen = [_ABOUT[head]]
    if head == "usage" and rest:
        function = rest.pop(0)
        chosen = [item for item in EVERY if item.subject == "user"] if function == "*" else [_BY_NAME[function]]
    for report in sorted(chosen, key=lambda report: report.function):
        yield from _of(COPILOT_V2 if second and report is COPILOT else report, tenant, now, rest)


def _days_of(text: str) -> int | date | None:
    """A period in days, or a date."""
    known = PERIODS | PERIODS_V2
    if text in known:
        return known[text]
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _window(now: float, rest: list[str]) -> Window:
    asked = _days_of(rest[0]) if rest else PERIOD
    if isinstance(asked, date):
        return one_day(now, (asked - _EPOCH).days)
    return last_days(now, asked or PERIOD)


def _of(report: Report, tenant: Tenant, now: float, rest: list[str]) -> Iterator[dict[str, object]]:
    """A view of a tenant matches the users that it shows, in the report of the whole: reports are not narrowed."""
    window = _window(now, rest)
    if window.last > window.covered:
        return
    by_name = {} if tenant.conceal_names else {u.user_principal_name.lower(): u.id for u in tenant.users.values()}
    whole = tenant.whole if isinstance(tenant, NarrowedTenant) and tenant.whole is not None else tenant
    layout = _layout(report)
    rows = [
        _shape(layout, row, by_name.get(str(row[layout.key]).lower()), window)
        for row in named(report, rows_of(report, whole, window), conceal=tenant.conceal_names)
    ]
    if report is ACTIVATIONS:
        rows = _by_user(rows)
    key = "user_principal_name" if report.subject == "user" else f"{report.subject}_id"
    yield from sorted(rows, key=lambda row: str(row[key]))


@dataclass(slots=True, frozen=True)
class _Layout:
    report: Report
    key: int  # where the column stands that says whom a row is about
    gone: tuple[int, Cell]  # the column and its value in a row about somebody deleted
    activity: tuple[int, ...]
    metrics: tuple[tuple[int, str], ...]


@lru_cache
def _layout(report: Report) -> _Layout:
    titles = [column.title for column in report.columns]
    own = _OWN | {report.key}
    gone: tuple[int, Cell] = (0, "")
    if "Is Deleted" in titles:
        gone = (titles.index("Is Deleted"), True)
    elif "User State" in titles:
        gone = (titles.index("User State"), "deleted")
    return _Layout(
        report,
        titles.index(report.key),
        gone,
        report.activity_columns,
        tuple((at, _snake(title)) for at, title in enumerate(titles) if title not in own),
    )


def _shape(layout: _Layout, row: Row, user_id: str | None, window: Window) -> dict[str, object]:
    report, (at_gone, gone) = layout.report, layout.gone
    about: dict[str, object]
    if report.subject == "user":
        about = {"user_id": None if row[at_gone] == gone else user_id, "user_principal_name": row[layout.key]}
    else:
        about = {f"{report.subject}_id": row[layout.key]}
    return {
        "report": report.function,
        **about,
        "refreshed_on": window.refreshed_on,
        "period": window.period if report.periods else None,
        "last_activity_on": max((str(row[at]) for at in layout.activity if row[at]), default=None),
        "metrics": {name: _typed(row[at]) for at, name in layout.metrics},
    }


def _by_user(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """One row for each user of the report of activations."""
    found: dict[object, dict[str, object]] = {}
    lines: dict[object, list[dict[str, object]]] = {}
    for row in rows:
        name, metrics = row["user_principal_name"], row["metrics"]
        if isinstance(metrics, dict):
            display = metrics.pop("display_name")
            lines.setdefault(name, []).append(metrics)
            found.setdefault(name, row | {"metrics": {"display_name": display, "activations": lines[name]}})
    for several in lines.values():
        several.sort(key=lambda line: str(line["product_type"]))
    return list(found.values())


def _snake(title: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")


def _typed(cell: Cell) -> object:
    return list(cell) if isinstance(cell, tuple) else cell
