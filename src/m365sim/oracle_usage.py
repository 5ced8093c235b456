"""What the usage reports come to, row by row, in the shape of the contract's `usage` dataset.

`metrics` holds the report's columns in its own order and snake_case, without those that the row itself carries: Report
Refresh Date, User Principal Name (of OneDrive accounts: Owner Principal Name), Last Activity Date, Report Period.
Truths are booleans, counts integers, days YYYY-MM-DD, lists arrays; an empty cell is None, of a list []. Activations
have several lines for a user: there, `metrics` holds display_name and an array `activations` of the other columns, in
the order of product_type. Reports about sites and groups have `site_id` or `group_id` in place of the user.
"""

import re
from collections.abc import Iterator
from datetime import date

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
    window = _window(now, rest)
    if window.last > window.covered:
        return
    by_name = {user.user_principal_name.lower(): user.id for user in tenant.users.values()}
    rows = []
    for row in rows_of(report, tenant, window):
        matched = None if tenant.conceal_names or _is_deleted(report, row) else by_name.get(_key(report, row).lower())
        (shown,) = named(report, [row], conceal=tenant.conceal_names)
        rows.append(_shape(report, shown, matched, window))
    if report is ACTIVATIONS:
        rows = _by_user(rows)
    key = "user_principal_name" if report.subject == "user" else f"{report.subject}_id"
    yield from sorted(rows, key=lambda row: str(row[key]))


def _key(report: Report, row: Row) -> str:
    return str(row[report.position(report.key)])


def _is_deleted(report: Report, row: Row) -> bool:
    titles = [column.title for column in report.columns]
    if "User State" in titles:
        return row[titles.index("User State")] == "deleted"
    return "Is Deleted" in titles and row[titles.index("Is Deleted")] is True


def _shape(report: Report, row: Row, user_id: str | None, window: Window) -> dict[str, object]:
    own = _OWN | {report.key}
    metrics = {
        _snake(column.title): _typed(cell)
        for column, cell in zip(report.columns, row, strict=True)
        if column.title not in own
    }
    about: dict[str, object] = {"user_id": user_id, "user_principal_name": _key(report, row)}
    if report.subject != "user":
        about = {f"{report.subject}_id": _key(report, row)}
    return {
        "report": report.function,
        **about,
        "refreshed_on": window.refreshed_on,
        "period": window.period if report.periods else None,
        "last_activity_on": max((str(row[at]) for at in report.activity_columns if row[at]), default=None),
        "metrics": metrics,
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
