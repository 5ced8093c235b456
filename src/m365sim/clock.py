"""The simulator's own time: tests move it, nothing else of the process does.

Instants are whole epoch seconds (UTC); Graph and the token endpoint both read this clock, so that a moved
clock expires tokens, page tokens, secrets and download addresses alike.
"""

import time
from datetime import UTC, datetime


class Clock:
    """Wall time plus an offset that the control plane sets."""

    def __init__(self) -> None:
        self._offset = 0.0

    def now(self) -> float:
        """Epoch seconds, with fraction."""
        return time.time() + self._offset

    def advance(self, seconds: float) -> None:
        """Move by that many seconds; negative moves back."""
        self._offset += seconds

    def reset(self) -> None:
        self._offset = 0.0

    @property
    def offset(self) -> float:
        return self._offset


def iso(epoch: float) -> str:
    """Graph's form of an instant, for example 2026-11-24T08:00:00Z."""
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
