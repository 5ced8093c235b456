"""What can become of a source, and what that means for its run."""

from dataclasses import dataclass
from enum import StrEnum

from stocktake.catalog import Source
from stocktake.errors import LicenceMissingError, PermissionMissingError, StocktakeError


class Outcome(StrEnum):
    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_PERMITTED = "not_permitted"
    NOT_LICENSED = "not_licensed"  # also: not offered in the connector's cloud
    CONCEALED = "concealed"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Verdict:
    outcome: Outcome
    reason: str | None = None  # one line for people
    remedy: str | None = None
    check: str | None = None  # the independent figure, and what it was


def verdict_of(source: Source, error: StocktakeError, *, begun: bool) -> Verdict:
    """What an error makes of a source; `begun`: something of it had been stored before."""
    if isinstance(error, PermissionMissingError):
        wanted = error.permission or source.permissions[0]
        return Verdict(
            Outcome.NOT_PERMITTED,
            f"not permitted: needs {wanted}",
            f"Portal: App registrations, API permissions: add {wanted} and grant admin consent",
        )
    if isinstance(error, LicenceMissingError):
        return Verdict(Outcome.NOT_LICENSED, error.message, error.remedy or None)
    outcome = Outcome.INCOMPLETE if begun else Outcome.FAILED
    return Verdict(outcome, error.message, error.remedy or None)


def is_whole(source: Source, outcome: str | None) -> bool:
    """True where the source is no reason to call the run incomplete (design, section 11)."""
    if outcome == Outcome.NOT_PERMITTED:
        return source.optional
    return outcome in (Outcome.COMPLETE, Outcome.NOT_LICENSED)


def run_outcome(wholes: list[bool], outcomes: list[str | None]) -> Outcome:
    """Complete, incomplete, or failed where no source brought anything."""
    if all(wholes):
        return Outcome.COMPLETE
    if any(outcome in (Outcome.COMPLETE, Outcome.INCOMPLETE, Outcome.CONCEALED) for outcome in outcomes):
        return Outcome.INCOMPLETE
    return Outcome.FAILED
