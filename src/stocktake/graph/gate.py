"""The gate through which every request of one tenant and workload goes.

Limits: Graph's service-specific throttling limits (learn.microsoft.com/graph/throttling-limits, stored copies of 2026):
users with signInActivity 10 requests a minute; usage reports 14 requests in 10 minutes for each report.
"""

import asyncio
import contextlib
import random
import time
from collections import deque
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Literal

from stocktake.graph.meter import Meter

Workload = Literal["identity", "reports", "sign_ins"]


@dataclass(frozen=True, slots=True)
class Rate:
    """At most `requests` in any window of `per_s` seconds; all of them may go at once."""

    requests: int
    per_s: float


SIGN_IN_RATE = Rate(10, 60.0)
REPORT_RATE = Rate(14, 600.0)


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that a `Retry-After` asks for: whole, decimal or an HTTP date; None where it is missing or unreadable.

    `headers` has to be blind to case, or in lower case. A date is read against the answer's own Date, so that a wrong
    clock on this machine neither shortens nor lengthens the wait.
    """
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        until = _epoch(text)
        if until is None:
            return None
        sent = _epoch(headers.get("date", ""))
        seconds = until - (time.time() if sent is None else sent)
    if not 0 <= seconds < float("inf"):
        return 0.0 if seconds < 0 else None
    return seconds


def whole(text: str | None) -> int:
    """The number in a header such as `x-ms-resource-unit`; 0 where it is missing or unreadable."""
    return int(text) if text is not None and text.isascii() and text.isdecimal() else 0


def _epoch(text: str) -> float | None:
    try:
        return parsedate_to_datetime(text).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None


@dataclass(slots=True)
class Gate:
    """Shared by all tasks that read one workload of one tenant, inside one event loop."""

    name: Workload
    concurrency: int = 8
    rate: Rate | None = None
    _slots: asyncio.Semaphore = field(init=False, repr=False)
    _closed_until: float = field(default=0.0, init=False, repr=False)
    _pace_s: float = field(default=0.0, init=False, repr=False)
    _entered_at: float = field(default=float("-inf"), init=False, repr=False)  # by the last one
    _windows: dict[str, deque[float]] = field(default_factory=dict, init=False, repr=False)

    def __post_init__(self) -> None:
        self._slots = asyncio.Semaphore(self.concurrency)

    @contextlib.asynccontextmanager
    async def admitted(self, meter: Meter, key: str = "") -> AsyncIterator[None]:
        """Wait for a free slot, an open gate and the budget of `key` (a report's name where each counts alone)."""
        async with self._slots:
            loop = asyncio.get_running_loop()
            while (turn := self._turn(loop.time(), key))[0] > 0:
                with meter.wait(turn[1]):
                    await asyncio.sleep(turn[0])
            self._enter(loop.time(), key)
            yield

    def close_for(self, seconds: float) -> None:
        """Nobody of this workload asks until `seconds` have passed; never opens earlier than promised before.

        A little more is waited than was asked for: a server's clock ticks differently, and clients that were refused
        together should not come back together.
        """
        extra = random.uniform(0.02, 0.05 + 0.05 * seconds)  # noqa: S311 - spreads load, guards nothing
        until = asyncio.get_running_loop().time() + seconds + min(extra, 5.0)
        self._closed_until = max(self._closed_until, until)

    def observe(self, headers: Mapping[str, str]) -> None:
        """Slow down when an ordinary answer says that more than 0.8 of the limit is used; go on when none says so.

        `x-ms-throttle-limit-percentage` is sent from 0.8 to 1.8 and left out below.
        """
        text = headers.get("x-ms-throttle-limit-percentage")
        if text is None:
            self._pace_s = 0.0
            return
        with contextlib.suppress(ValueError):
            used = float(text)
            self._pace_s = min(2.0, 0.05 + max(0.0, used - 0.8) * 2.0) if used >= 0.8 else 0.0

    def _turn(self, now: float, key: str) -> tuple[float, str]:
        waits = [
            (self._closed_until - now, f"Microsoft asked to wait ({self.name})"),
            (self._entered_at + self._pace_s - now, f"close to Microsoft's limit ({self.name})"),
            (self._budget_wait(now, key), f"Microsoft's budget of requests ({self.name})"),
        ]
        return max(waits)

    def _budget_wait(self, now: float, key: str) -> float:
        if self.rate is None:
            return 0.0
        sent = self._windows.get(key)
        if sent is None or len(sent) < self.rate.requests:
            return 0.0
        return sent[0] + self.rate.per_s - now

    def _enter(self, now: float, key: str) -> None:
        self._entered_at = now
        if self.rate is not None:
            self._windows.setdefault(key, deque(maxlen=self.rate.requests)).append(now)


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of one tenant; every client that reads the tenant is given the same."""

    identity: Gate = field(default_factory=lambda: Gate("identity"))
    reports: Gate = field(default_factory=lambda: Gate("reports", concurrency=4, rate=REPORT_RATE))
    sign_ins: Gate = field(default_factory=lambda: Gate("sign_ins", concurrency=2, rate=SIGN_IN_RATE))
    # The host that holds the files of reports: when it asks one download to wait, it means them all.
    downloads: Gate = field(default_factory=lambda: Gate("reports", concurrency=4))

    def of(self, workload: Workload) -> Gate:
        gates: dict[Workload, Gate] = {
            "identity": self.identity,
            "reports": self.reports,
            "sign_ins": self.sign_ins,
        }
        return gates[workload]
