"""How long a failing request is repeated."""

import asyncio
import random
from dataclasses import dataclass

from stocktake.errors import StocktakeError, TransientError, UntrustworthyAnswerError
from stocktake.graph.meter import Meter


@dataclass(frozen=True, slots=True)
class Patience:
    """Limits for one request. By default it is given up at the eighth failure in a row, after one to two minutes.

    Throttling (429) is not limited: Microsoft says when to come back, and the answer comes in the end
    (Graph's throttling guidance: "repeat till it succeeds").
    """

    failing_s: float = 120.0  # longest sum of backoffs after 5xx, dropped connections and cut bodies: TransientError
    unreachable_tries: int = 4  # the same while the host has never answered at all, before ConfigurationError
    distrusted_tries: int = 4  # complete answers that are no sound JSON, before UntrustworthyAnswerError
    first_s: float = 1.0
    cap_s: float = 30.0

    def ceiling_s(self, failures: int) -> float:
        """The longest backoff after the `failures`-th failure in a row (from 1)."""
        return min(self.cap_s, self.first_s * 2.0 ** min(failures, 30))

    def backoff_s(self, failures: int) -> float:
        """Seconds to wait after the `failures`-th failure in a row (from 1): exponential with full jitter."""
        ceiling = self.ceiling_s(failures)
        return random.uniform(min(self.first_s, ceiling), ceiling)  # noqa: S311 - spreads load, guards nothing


@dataclass(slots=True)
class Trial:
    """The failures of one request until now."""

    patience: Patience
    failures: int = 0
    backed_off_s: float = 0.0
    throttles: int = 0
    distrusted: int = 0
    renewed: bool = False  # a new token has been asked for once
    fresh: bool = False  # the next try goes over a new connection

    def after_failure(self, what: str, reason: str) -> float:
        """Seconds to wait before the next try; TransientError when there have been enough."""
        self.failures += 1
        self.fresh = True
        self.backed_off_s += self.patience.ceiling_s(self.failures)
        if self.backed_off_s > self.patience.failing_s:
            raise TransientError(
                f"{what} failed {_times(self.failures)} ({reason})",
                "Try again later; what has been read is kept",
            )
        return self.patience.backoff_s(self.failures)

    def after_throttle(self) -> float:
        """Seconds to wait after a 429 that does not say for how long."""
        self.throttles += 1
        return self.patience.backoff_s(self.throttles)

    def after_distrust(self, error: UntrustworthyAnswerError) -> float:
        """Seconds to wait before asking again for what came back unsound; raises `error` when it stays so."""
        self.distrusted += 1
        self.fresh = True
        if self.distrusted >= self.patience.distrusted_tries:
            raise error
        return self.patience.backoff_s(self.distrusted)

    def after_unreachable(self, error: StocktakeError) -> float:
        """Seconds to wait before knocking again at a host that has never answered; raises `error` in the end."""
        self.failures += 1
        if self.failures >= self.patience.unreachable_tries:
            raise error
        return self.patience.backoff_s(self.failures)


async def pause(seconds: float, meter: Meter, reason: str) -> None:
    """Wait, and book it."""
    with meter.wait(reason):
        await asyncio.sleep(seconds)


def _times(failures: int) -> str:
    return "once" if failures == 1 else f"{failures} times in a row"
