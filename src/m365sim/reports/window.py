"""The days that a report file covers."""

from dataclasses import dataclass

from m365sim.activity import iso_day, refresh_day

PERIODS: dict[str, int] = {"D7": 7, "D30": 30, "D90": 90, "D180": 180}


@dataclass(slots=True, frozen=True)
class Window:
    """Epoch days, both included. `last` is what the file calls its refresh date; `period` is what it prints.

    `covered` is the last day that any report covers at the time.
    """

    first: int
    last: int
    period: int
    covered: int
    single: bool = False  # asked by date=: only who did something on that day is listed

    @property
    def refreshed_on(self) -> str:
        return iso_day(self.last)


def last_days(now: float, days: int) -> Window:
    """A report for a period: the days up to and including the refresh date."""
    last = refresh_day(now)
    return Window(last - days + 1, last, days, last)


def one_day(now: float, day: int) -> Window:
    """A report for one day, which is seen as it was when that day was the last one covered.

    Report Period is 1 (a sample event of Elastic's o365_metrics); that the refresh date is the day itself is our
    reading of "the last day covered". A day that the reports don't cover yet has a file without rows
    (microsoft-graph-docs#5536).
    """
    return Window(day, day, 1, refresh_day(now), single=True)
