"""getMicrosoft365CopilotUsageUserDetail: when each holder of a Copilot licence last used it, and in which app.

Columns of version v1, the periods of both versions, and 200 with the file in the body: the page of 2026-07 (graph-facts
2.4). What v2 adds is listed there without a file: its order and spelling are ours. Only holders of the licence are
listed. ALL "reports usage for all four periods": here a row per person and period (our reading).
"""

from collections.abc import Iterator
from dataclasses import replace

from m365sim.activity import DAY as DAY_SECONDS
from m365sim.activity import extras_of, iso_day, reported_name
from m365sim.reports.devices import last_seen
from m365sim.reports.people import Person, people
from m365sim.reports.report import (
    COUNT,
    DAY,
    DISPLAY,
    LAST_ACTIVITY,
    PERIOD,
    PRINCIPAL,
    REFRESHED,
    Cell,
    Report,
    Row,
    columns,
)
from m365sim.reports.spells import Spell, draw, spell, spell_of
from m365sim.reports.window import PERIODS, Window
from m365sim.tenant import Tenant

FUNCTION = "getMicrosoft365CopilotUsageUserDetail"
PERIODS_V1: dict[str, int] = PERIODS
PERIODS_V2: dict[str, int] = {"D7": 7, "D28": 28, "D90": 90, "D180": 180}
_USERS_SIXTEENTHS = 11  # of the holders, how many ever use it

# Where Copilot is used, the workload that it goes with, and of sixteen users how many use it there.
_PLACES = (
    ("chat", None, 16),
    ("teams", "teams", 12),
    ("word", "onedrive", 9),
    ("excel", "onedrive", 5),
    ("powerpoint", "onedrive", 5),
    ("outlook", "exchange", 10),
    ("onenote", "onedrive", 3),
    ("loop", "sharepoint", 2),
)
_V1_DATES = (
    "Copilot Chat Last Activity Date",
    "Microsoft Teams Copilot Last Activity Date",
    "Word Copilot Last Activity Date",
    "Excel Copilot Last Activity Date",
    "PowerPoint Copilot Last Activity Date",
    "Outlook Copilot Last Activity Date",
    "OneNote Copilot Last Activity Date",
    "Loop Copilot Last Activity Date",
)
_V2_DATES = (
    "Copilot Chat (work) Last Activity Date",
    "Copilot Chat (web) Last Activity Date",
    "Microsoft 365 Copilot Last Activity Date",
    "Edge Last Activity Date",
    "Copilot Agent Last Activity Date",
)
_V2_COUNTS = (
    "Prompts submitted for all apps",
    "Prompts submitted for Copilot Chat (work)",
    "Prompts submitted for Copilot Chat (web)",
    "Active Usage Days for all apps",
)
_JSON_V1 = (
    "reportRefreshDate",
    "userPrincipalName",
    "displayName",
    "lastActivityDate",
    "copilotChatLastActivityDate",
    "microsoftTeamsCopilotLastActivityDate",
    "wordCopilotLastActivityDate",
    "excelCopilotLastActivityDate",
    "powerPointCopilotLastActivityDate",
    "outlookCopilotLastActivityDate",
    "oneNoteCopilotLastActivityDate",
    "loopCopilotLastActivityDate",
)
_JSON_V2 = (
    *_JSON_V1,
    "copilotChatWorkLastActivityDate",
    "copilotChatWebLastActivityDate",
    "microsoft365CopilotLastActivityDate",
    "edgeLastActivityDate",
    "copilotAgentLastActivityDate",
)
_JSON_V2_DETAILS = (
    "promptsSubmitted",
    "promptsSubmittedForCopilotChatWork",
    "promptsSubmittedForCopilotChatWeb",
    "activeUsageDays",
)


def holders(tenant: Tenant, window: Window) -> Iterator[tuple[Person, dict[str, Spell | None]]]:
    """Everybody with the licence, and what they did with it by place."""
    for person in people(tenant, window):
        since = extras_of(person.held).get("copilot")
        if since is not None and not person.is_deleted:
            yield person, _spells(person, since // DAY_SECONDS, window)


def _spells(person: Person, since: int, window: Window) -> dict[str, Spell | None]:
    """In each place some days before the workload was last used, but not before the licence was there."""
    chance = draw(person.user.id, "copilot")
    found: dict[str, Spell | None] = {place: None for place, _, _ in _PLACES}
    if chance & 0xF >= _USERS_SIXTEENTHS or person.user.kind != "person":
        return found
    for slot, (place, workload, sixteenths) in enumerate(_PLACES):
        with_it = last_seen(person, window) if workload is None else spell_of(person.user, workload, window)
        if with_it is not None and chance >> 8 + slot * 4 & 0xF < sixteenths:
            last = with_it.last_on - (chance >> 48 + slot * 8 & 0xFF) % 12
            found[place] = spell(person.user.id, f"copilot {place}", (since, last), window) if last >= since else None
    return found


def _day(seen: Spell | None) -> str | None:
    return None if seen is None else iso_day(seen.last_on)


def _row(person: Person, spells: dict[str, Spell | None], window: Window) -> tuple[Cell, ...]:
    days = [seen.last_on for seen in spells.values() if seen is not None]
    return (
        window.refreshed_on,
        reported_name(person.user),
        person.user.display_name,
        iso_day(max(days)) if days else None,
        *(_day(seen) for seen in spells.values()),
    )


def _rows(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person, spells in holders(tenant, window):
        yield (*_row(person, spells, window), window.period)


def _rows_v2(tenant: Tenant, window: Window) -> Iterator[Row]:
    for person, spells in holders(tenant, window):
        chat, chance = spells["chat"], draw(person.user.id, "copilot v2")
        work = chat if chance & 0xF < 13 else None
        web = chat if work is None or chance >> 4 & 3 == 0 else None
        elsewhere = [seen for place, seen in spells.items() if seen is not None and place != "chat"]
        every = [seen for seen in spells.values() if seen is not None]
        by_work, by_web = _prompts(work, 0), _prompts(web, 1)
        yield (
            *_row(person, spells, window),
            _day(work),
            _day(web),
            _day(max(elsewhere, key=lambda seen: seen.last_on, default=None)),
            _day(chat if chance >> 8 & 3 == 0 else None),
            _day(chat if chance >> 10 & 7 == 0 else None),
            (by_work or 0) + (by_web or 0) + sum(seen.count(seen.rate(2, 16, 60)) for seen in elsewhere)
            if every
            else None,
            by_work,
            by_web,
            max(seen.days for seen in every) if every else None,
            window.period,
        )


def _prompts(chat: Spell | None, slot: int) -> int | None:
    return None if chat is None else chat.count(chat.rate(slot, 16, 120))


def copilot_json(row: Row) -> dict[str, object]:
    """A row as the JSON form has it: an absent date is an empty string (graph-facts 2.4)."""
    names = _JSON_V1 if len(row) == len(COPILOT.columns) else _JSON_V2
    counts = () if names is _JSON_V1 else row[len(names) : -1]
    details = dict(zip(_JSON_V2_DETAILS, counts, strict=False))
    whole: dict[str, object] = {name: cell if cell is not None else "" for name, cell in zip(names, row, strict=False)}
    whole["copilotActivityUserDetailsByPeriod"] = [{"reportPeriod": row[-1], **details}]
    return whole


def all_periods(window: Window, version: str) -> tuple[Window, ...]:
    """What ALL asks for."""
    periods = PERIODS_V2 if version == "v2" else PERIODS_V1
    return tuple(replace(window, first=window.last - days + 1, period=days) for days in periods.values())


COPILOT = Report(
    function=FUNCTION,
    columns=(REFRESHED, PRINCIPAL, DISPLAY, LAST_ACTIVITY, *columns(*_V1_DATES, kind=DAY), PERIOD),
    rows=_rows,
    days_back=None,
)
COPILOT_V2 = Report(
    function=FUNCTION,
    columns=(
        *COPILOT.columns[:-1],
        *columns(*_V2_DATES, kind=DAY),
        *columns(*_V2_COUNTS, kind=COUNT),
        PERIOD,
    ),
    rows=_rows_v2,
    days_back=None,
)
