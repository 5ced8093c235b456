"""One user: properties, licences and where each comes from, groups, activity, and what is not known and why."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import HTTPException, Request
from fastapi.responses import Response

from stocktake.catalog import Report
from stocktake.catalog.columns import Kind
from stocktake.catalog.declaration import ANY_LICENCE
from stocktake.catalog.report_file import snake
from stocktake.store.connectors import get_connector
from stocktake.store.grids import scopes_of
from stocktake.store.people import Profile, Row, read_profile
from stocktake.store.reading import view
from stocktake.store.runs import Entry, ledger
from stocktake.web.columns import columns_for
from stocktake.web.console import console_of
from stocktake.web.grid import said_of
from stocktake.web.pages.usage import REPORTS
from stocktake.web.rendering import page
from stocktake.web.wording import words

_FIRST = ("user_principal_name", "mail", "account_enabled", "user_type")
_ACTIVITY = "last activity date"
_WHY = {
    "concealed": "Microsoft conceals the names in its reports",
    "not_permitted": "the connector may not read it",
    "not_licensed": "the tenant's licences do not include it",
    "failed": "it could not be read",
    "incomplete": "the report was incomplete",
}


@dataclass(frozen=True, slots=True)
class Activity:
    """What a report says of a workload. `unknown` is the reason where it says nothing; `licensed` None: not told."""

    report: str
    workload: str
    licensed: bool | None
    last_on: object
    refreshed_on: object
    period: int | None
    unknown: str | None


def show(request: Request, connector: str, user: str) -> Response:
    app = console_of(request).app
    as_of = request.query_params.get("as_of") or None
    known = get_connector(app.store, connector)
    with app.store.read() as connection:
        scopes = scopes_of(connection, [known], as_of)
        profile = read_profile(connection, scopes[0], user) if scopes else None
        if profile is None:
            raise HTTPException(404, f"{connector} has no such user{f' as of {as_of}' if as_of else ''}")
        entries = {entry.source: entry for entry in ledger(connection, scopes[0].run.id)}
        name_of = app.name_of(connection)
        said = [
            line for name in ("users", "memberships", "usage") for line in said_of(connection, name, [known], as_of)
        ]
    for row in profile.assignments:
        part = row["sku_part_number"]
        row["product"] = name_of(None if part is None else str(part), str(row["sku_id"]))
    return page(
        request,
        "user.html",
        user=profile.user,
        title=profile.user["display_name"] or profile.user["user_principal_name"] or user,
        connector=known,
        run=scopes[0].run,
        as_of=as_of,
        profile=profile,
        properties=[column for column in columns_for(view("users"), _FIRST) if "sign_in_at" not in column.name],
        activities=_activities(profile, entries),
        sign_ins_unknown=_sign_ins_unknown(profile, entries.get("sign_ins")),
        groups_unknown=_unread(entries.get("memberships")),
        said=said,
    )


def _activities(profile: Profile, entries: Mapping[str, Entry]) -> list[Activity]:
    return [activity for report in REPORTS for activity in _of_report(report, profile.usage, entries.get(report.name))]


def _of_report(report: Report, usage: Sequence[Row], entry: Entry | None) -> list[Activity]:
    """A line for each workload that the report dates, or one for a report that dates its rows as a whole."""
    period = report.period or 0
    row = next((row for row in usage if row["report"] == report.function and row["period"] == period), None)
    metrics: Mapping[str, object] = row["metrics"] if row else {}  # type: ignore[assignment]
    unknown = None if row else _not_told(report, entry)
    refreshed = row["refreshed_on"] if row else None
    found = []
    for column in report.metrics:
        name = column.name.lower()
        if column.kind is not Kind.DAY or not name.endswith(_ACTIVITY):
            continue
        workload = column.name[: -len(_ACTIVITY)].strip()
        licensed = metrics.get(snake(f"has {workload} license"))
        found.append(
            Activity(
                report.function,
                workload or words(report.name).capitalize(),
                licensed if isinstance(licensed, bool) else None,
                metrics.get(snake(name)) if workload else (row or {}).get("last_activity_on"),
                refreshed,
                report.period,
                unknown,
            )
        )
    return found


def _not_told(report: Report, entry: Entry | None) -> str:
    if entry is None or entry.outcome is None:
        return "the report was never read"
    if entry.outcome != "complete":
        return f"{_WHY.get(entry.outcome, entry.outcome)}{f' ({entry.reason})' if entry.reason else ''}"
    if report.holders == ANY_LICENCE:
        return "not matched: the report has no row that is certainly this user's"
    return "no row that is certainly this user's: not licensed for it, never active, or not matched"


def _sign_ins_unknown(profile: Profile, entry: Entry | None) -> str | None:
    if profile.known_sign_ins:
        return None
    if entry is None or entry.outcome is None:
        return "sign-ins were never read"
    if entry.outcome == "complete":
        return "the account was made while the sign-ins were being read"
    return f"{_WHY.get(entry.outcome, entry.outcome)}{f' ({entry.reason})' if entry.reason else ''}"


def _unread(entry: Entry | None) -> str | None:
    if entry is not None and entry.outcome in ("complete", "incomplete"):
        return None
    return (entry.reason or entry.outcome or "never read") if entry else "never read"
