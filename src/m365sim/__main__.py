"""python -m m365sim: a Microsoft 365 tenant on this machine."""

import argparse
import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from typing import NoReturn

from m365sim.founding import Plan
from m365sim.ready import Papers, certificate_pem, facts_of
from m365sim.server import PortTakenError, Simulator, prepare, serve
from m365sim.tls import new_authority


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """One line, without the usage."""
        self.exit(2, f"m365sim: {message}\n")


def _whole(least: int, most: int) -> Callable[[str], int]:
    def read(text: str) -> int:
        try:
            number = int(text)
        except ValueError as error:
            raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from error
        if not least <= number <= most:
            raise argparse.ArgumentTypeError(f"{text} is not from {least} to {most}")
        return number

    return read


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(
        prog="m365sim", description="Microsoft's identity platform and Graph for a company that is not there."
    )
    parser.add_argument("--users", type=_whole(1, 5_000_000), default=1000, metavar="N", help="people (1000)")
    parser.add_argument("--groups", type=_whole(0, 1_000_000), default=100, metavar="N", help="groups (100)")
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="another number is another company (1)")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    parser.add_argument("--port", type=_whole(0, 65_535), default=0, metavar="P", help="0: a free one (0)")
    parser.add_argument("--ready-file", type=Path, metavar="FILE", help="where to write how to reach it, as JSON")
    parser.add_argument("--latency", type=_whole(0, 600_000), default=0, metavar="MS", help="before each answer (0)")
    parser.add_argument("--concealed", action="store_true", help="reports conceal the names of users")
    parser.add_argument("--no-premium", action="store_true", help="no Entra ID P1: no sign-in activity")
    parser.add_argument("--parent-pid", type=_whole(1, 2**31 - 1), metavar="PID", help="end when this process does")
    parser.add_argument("--quiet", action="store_true", help="print nothing")
    return parser


def main(arguments: list[str] | None = None) -> int:
    """Exit codes: 0 ended on request, 1 could not start, 2 wrong arguments."""
    wanted = _parser().parse_args(arguments)
    plan = Plan(
        users=wanted.users,
        groups=wanted.groups,
        seed=wanted.seed,
        conceal_names=wanted.concealed,
        premium=not wanted.no_premium,
        latency_ms=wanted.latency,
    )
    try:
        papers = Papers(wanted.ready_file)
        simulator = prepare(plan, wanted.host, wanted.port)
        try:
            _run(simulator, papers, wanted)
        finally:
            papers.remove()
    except PortTakenError as error:
        return _failed(str(error))
    except OSError as error:
        return _failed(f"{error.filename or 'the ready file'}: {error.strerror or error}")
    return 0


def _run(simulator: Simulator, papers: Papers, wanted: argparse.Namespace) -> None:
    authority = new_authority(wanted.host)
    facts = facts_of(simulator.world, simulator.origin, papers, authority.ca_pem)

    def ready() -> None:
        papers.write(facts, authority.ca_pem, certificate_pem(simulator.origin))
        if not wanted.quiet:
            sys.stdout.write(_greeting(facts, told=wanted.ready_file is not None))
            sys.stdout.flush()

    asyncio.run(serve(simulator, authority.context, wanted.parent_pid, ready))


def _greeting(facts: dict[str, object], *, told: bool) -> str:
    """One line beside a ready file, else what a person needs to use it."""
    first = f"m365sim: {facts['tenant']} at {facts['graph_url']}\n"
    if told:
        return first
    shown = ("login_url", "graph_url", "control_url", "portal_url", "tenant", "tenant_id", "client_id", "client_secret")
    lines = [f"  {name:14} {facts[name]}\n" for name in (*shown, "ca_bundle", "certificate")]
    return first + "".join(lines)


def _failed(reason: str) -> int:
    sys.stderr.write(f"m365sim: {reason}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
