"""What a listing has cost so far."""

import contextlib
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(slots=True)
class Meter:
    """Counts what one source of one run spent; several tasks may share one."""

    requests: int = 0  # sent over the wire, repeats and report downloads included; a $batch is one
    retries: int = 0  # of those (and of the items of batches), how many asked for something again
    throttled: int = 0  # answers, or items of a batch, with status 429
    waited_s: float = 0.0  # seconds spent waiting for permission to ask, summed over tasks
    bytes: int = 0  # of answer bodies, after decompression
    resource_units: int = 0  # as Graph reported them (x-ms-resource-unit)
    waiting: str = ""  # what is being waited for at this moment, for people; empty when nothing is

    @contextlib.contextmanager
    def wait(self, reason: str) -> Iterator[None]:
        """Book the time spent inside as waiting for `reason`."""
        started = time.monotonic()
        self.waiting = reason
        try:
            yield
        finally:
            self.waited_s += time.monotonic() - started
            self.waiting = ""
