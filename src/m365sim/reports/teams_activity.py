"""getTeamsUserActivityUserDetail: messages, calls and meetings of each licence holder.

Columns: the v1.0 page (graph-facts 2.3). In a real file (Elastic's o365_metrics, 2025-08) counts are 0, not blank, for
who never did anything; Is Licensed and Has Other Action print Yes and No; durations are ISO 8601 with their seconds
beside them. With concealed names the User Id is replaced too: else it would reveal whom the names hide (our reading).
"""

from collections.abc import Iterator

from m365sim.activity import iso_day, product_names, reported_name, workloads_of
from m365sim.reports.people import users_of
from m365sim.reports.report import (
    COUNT,
    DELETED,
    LAST_ACTIVITY,
    NAME,
    PERIOD,
    PRINCIPAL,
    PRODUCTS,
    REFRESHED,
    YES_NO,
    Cell,
    Column,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import Spell, spell_of
from m365sim.reports.window import Window
from m365sim.tenant import Tenant

_KINDS = ("Ad Hoc Meetings", "Scheduled One-time Meetings", "Scheduled Recurring Meetings")
_NOTHING: tuple[Cell, ...] = (*(0,) * 15, *("PT0S",) * 3, *(0,) * 3, False)


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    organisation = tenant.display_name.upper()
    for person in users_of(tenant, window, "teams"):
        seen = spell_of(person.user, "teams", window)
        yield (
            window.refreshed_on,
            organisation,
            None,
            person.user.id,
            reported_name(person.user),
            None if seen is None else iso_day(seen.last_on),
            person.is_deleted,
            person.deleted_on,
            product_names(person.held),
            *(_NOTHING if seen is None or not seen.days else _counts(seen)),
            "teams" in workloads_of(person.held),
            window.period,
        )


def _counts(seen: Spell) -> tuple[Cell, ...]:
    """Messages, calls, meetings, posts, meetings by kind, durations; the chats make it a day of activity."""
    posts, replies = seen.count(seen.rate(0, 0, 8)), seen.count(seen.rate(1, 0, 12))
    organised = [seen.count(seen.rate(slot, 0, most)) for slot, most in ((2, 4), (3, 6), (4, 3))]
    attended = [seen.count(seen.rate(slot, 0, most)) for slot, most in ((5, 8), (6, 16), (7, 16))]
    calls = seen.count(seen.rate(8, 0, 20))
    audio = calls * 140 + sum(attended) * 1_700
    seconds = (audio, audio * (seen.traits & 7) // 9, sum(attended) * (seen.traits >> 3 & 0xFF))
    return (
        posts + replies,
        seen.count(seen.rate(9, 16, 320)),
        calls,
        sum(attended),
        posts,
        replies,
        seen.count(seen.rate(10, 0, 1)),
        sum(organised),
        sum(attended),
        *(count for pair in zip(organised, attended, strict=True) for count in pair),
        *map(_duration, seconds),
        *seconds,
        bool(seen.traits >> 11 & 1),
    )


def _duration(seconds: int) -> str:
    """ISO 8601, as .NET prints it: P1DT2H3M4S, without the parts that are 0."""
    days, rest = divmod(seconds, 86_400)
    hours, rest = divmod(rest, 3600)
    minutes, rest = divmod(rest, 60)
    clock = "".join(f"{part}{unit}" for part, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if part)
    if not days:
        return f"PT{clock or '0S'}"
    return f"P{days}D" + (f"T{clock}" if clock else "")


TEAMS_ACTIVITY = Report(
    function="getTeamsUserActivityUserDetail",
    columns=(
        REFRESHED,
        Column("Tenant Display Name"),
        Column("Shared Channel Tenant Display Names"),
        Column("User Id", NAME),
        PRINCIPAL,
        LAST_ACTIVITY,
        *DELETED,
        PRODUCTS,
        *columns(
            "Team Chat Message Count",
            "Private Chat Message Count",
            "Call Count",
            "Meeting Count",
            "Post Messages",
            "Reply Messages",
            "Urgent Messages",
            "Meetings Organized Count",
            "Meetings Attended Count",
            *(f"{kind} {part} Count" for kind in _KINDS for part in ("Organized", "Attended")),
            kind=COUNT,
        ),
        *columns("Audio Duration", "Video Duration", "Screen Share Duration"),
        *columns(
            "Audio Duration In Seconds",
            "Video Duration In Seconds",
            "Screen Share Duration In Seconds",
            kind=COUNT,
        ),
        *columns("Has Other Action", "Is Licensed", kind=YES_NO),
        PERIOD,
    ),
    rows=_rows,
)
