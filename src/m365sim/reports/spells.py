"""How much somebody did in some days, worked out from the last day on which they did anything.

The tenant keeps nothing but that last day for each workload. The days before it follow from the object's id: a weekly
pattern, and for each count a rate in sixteenths per day of activity. A count is the difference of two running totals,
so that the days of a period add up to the period exactly, and a period costs no more than a day.
"""

import hashlib
from functools import lru_cache
from typing import NamedTuple

from m365sim.activity import DAY
from m365sim.reports.window import Window
from m365sim.tenant import User

# Of sixteen workdays, how many see activity. The epoch began on a Thursday: 2 and 3 are Saturday and Sunday.
_WORKDAYS = {"exchange": 15, "teams": 14, "onedrive": 10, "sharepoint": 7, "yammer": 3, "skype": 2}
_OTHER_WORKDAYS = 6
_WEEKEND = (2, 3)
# For each of the 128 weekly patterns, how many of its first 0 to 7 days are days of activity.
_MASK = (1 << 128) - 1
_RUNNING = tuple(tuple((mask & ((1 << days) - 1)).bit_count() for days in range(8)) for mask in range(128))


class Spell(NamedTuple):
    """What is known of one kind of activity at the end of a window."""

    last_on: int  # epoch day
    before: int  # days of activity before the window, counted from 1970
    until: int  # and up to its end
    so_far: int  # days of activity since the beginning, at the end of the window
    traits: int  # chance that belongs to this object and activity

    @property
    def days(self) -> int:
        """Days of activity in the window."""
        return self.until - self.before

    def count(self, sixteenths: int) -> int:
        """How often something happened in the window, at that many sixteenths per day of activity."""
        return (sixteenths * self.until >> 4) - (sixteenths * self.before >> 4)

    def rate(self, slot: int, least: int, most: int) -> int:
        """A rate for the `slot`-th (0 to 11) count of this kind of activity."""
        return least + ((self.traits >> (slot * 8) & 0xFF) * (most - least + 1) >> 8)


def draw(subject: str, purpose: str) -> int:
    """128 bits of chance that are the same each time for the same object and purpose.

    The middle of a product: a hash for each would be half of what a report costs.
    """
    return _number(subject) * _factor(purpose) >> 64 & _MASK


@lru_cache(maxsize=8)
def _number(subject: str) -> int:
    """Kept for the object at hand, of which a report asks several things in a row."""
    return int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=16).digest())


@lru_cache(maxsize=64)
def _factor(purpose: str) -> int:
    return _number(purpose) | 1 << 127 | 1


def spell_of(user: User, workload: str, window: Window) -> Spell | None:
    """A user's activity in a workload; None where the report knows of none."""
    last = user.activity.get(workload)
    return None if last is None else spell(user.id, workload, (user.created_at // DAY, last), window)


def spell(subject: str, kind: str, life: tuple[int, int], window: Window) -> Spell | None:
    """Activity of that kind between the two epoch days of `life`, of which the second always has some.

    The reports know nothing of an activity whose last day they don't cover yet; one for a past day knows of others what
    had happened by then.
    """
    born, last = life
    if last > window.covered:
        return None
    traits = draw(subject, kind)
    mask = _pattern(traits & 0x3FF, _WORKDAYS.get(kind, _OTHER_WORKDAYS))
    last_on = last if last <= window.last else _latest(mask, window.last, born)
    if last_on is None:
        return None
    until = _days_before(mask, last_on + 1)
    if last_on == last and not mask >> last % 7 & 1:
        until += 1
    before = until if last_on < window.first else min(until, _days_before(mask, max(window.first, born)))
    return Spell(last_on, before, until, max(1, until - _days_before(mask, born)), traits >> 32)


@lru_cache(maxsize=8192)
def _pattern(chance: int, workdays: int) -> int:
    """Seven bits, one for each day of the week, from ten bits of chance."""
    drawn = draw(str(chance), "week")
    mask = 0
    for day in range(7):
        if drawn >> (day * 4) & 0xF < (1 if day in _WEEKEND else workdays):
            mask |= 1 << day
    return mask


def _days_before(mask: int, day: int) -> int:
    running = _RUNNING[mask]
    return day // 7 * running[7] + running[day % 7]


def _latest(mask: int, day: int, born: int) -> int | None:
    """The last day of the pattern up to `day`."""
    for candidate in range(day, max(day - 7, born - 1), -1):
        if mask >> candidate % 7 & 1:
            return candidate
    return None
