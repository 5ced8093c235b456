"""How values read on a page: numbers in groups, times with UTC, yes and no, and a dash that says why it is one."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from markupsafe import Markup, escape

OUTCOMES: Mapping[str, str] = {
    "complete": "complete",
    "incomplete": "incomplete",
    "not_permitted": "not permitted",
    "not_licensed": "not licensed",
    "concealed": "names concealed",
    "failed": "failed",
}

_INSTANT = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")


def dash(why: str = "not known") -> Markup:
    """A dash that tells, to eyes by its title and to screen readers by its text, what is missing."""
    return Markup(
        '<span class="none" title="{0}"><span aria-hidden="true">–</span><span class="hidden">{0}</span></span>'
    ).format(why)


def number(value: object, why: str = "not known") -> Markup:
    """12 345 with thin spaces, which no locale misreads."""
    if value is None:
        return dash(why)
    if isinstance(value, float) and not value.is_integer():
        return escape(f"{value:,.1f}".replace(",", "\N{NARROW NO-BREAK SPACE}"))
    grouped = f"{int(str(value).split('.')[0]):,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
    if grouped.startswith("-"):
        return Markup('<span class="alarm">\N{MINUS SIGN}{}</span>').format(grouped[1:])
    return escape(grouped)


def instant(value: object, why: str = "not known") -> Markup:
    """2026-11-24 08:15 UTC from the store's text."""
    if not value:
        return dash(why)
    try:
        moment = datetime.fromisoformat(str(value))
    except ValueError:
        return escape(str(value))
    return Markup('<time datetime="{}">{} UTC</time>').format(str(value), moment.strftime("%Y-%m-%d %H:%M"))


def times(line: str) -> Markup:
    """A line for people with the instants in it written for people."""
    parts = _INSTANT.split(line)
    return Markup("").join(instant(part) if _INSTANT.fullmatch(part) else escape(part) for part in parts)


def yes_no(value: object, why: str = "not known") -> Markup:
    if value is None:
        return dash(why)
    return escape("yes" if value else "no")


def text(value: object, why: str = "none") -> Markup:
    """Text of a tenant, escaped; a dash for nothing."""
    return dash(why) if value is None or value == "" else escape(str(value))


def outcome(value: str | None) -> Markup:
    """The outcome of a source or run as a coloured word."""
    if value is None:
        return Markup('<span class="badge running">running</span>')
    return Markup('<span class="badge {}">{}</span>').format(value, OUTCOMES.get(value, value))


def duration(seconds: float) -> str:
    """3 h 20 min, 4 min 10 s, 12 s."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {whole % 60} s" if minutes else f"{whole} s"


def words(name: str) -> str:
    """subscribed_skus as people write it."""
    return name.replace("_", " ")


WORDINGS: dict[str, Callable[..., Any]] = {
    "number": number,
    "instant": instant,
    "yes_no": yes_no,
    "text": text,
    "outcome": outcome,
    "duration": duration,
    "times": times,
    "words": words,
}
