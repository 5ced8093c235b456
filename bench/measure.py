"""Running a command and measuring that one process: wall, CPU, peak memory."""

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Measured:
    wall_s: float
    cpu_s: float
    peak_mb: float
    output: str
    exit_code: int


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> Measured:
    """Run to the end; CPU and peak memory are the child's own, from wait4."""
    with log.open("ab") as errors:
        started = time.monotonic()
        child = subprocess.Popen(
            command, env={**os.environ, **environment}, stdout=subprocess.PIPE, stderr=errors, stdin=subprocess.DEVNULL
        )
        assert child.stdout is not None
        output = child.stdout.read().decode()
        child.stdout.close()
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - started
    return Measured(wall, usage.ru_utime + usage.ru_stime, _megabytes(usage), output, child.returncode)


def median(values: Sequence[Measured], of: Callable[[Measured], float]) -> float:
    return statistics.median(of(value) for value in values)


def _megabytes(usage: resource.struct_rusage) -> float:
    unit = 1 if sys.platform == "darwin" else 1024  # ru_maxrss: bytes there, KiB on Linux
    return usage.ru_maxrss * unit / 1e6
