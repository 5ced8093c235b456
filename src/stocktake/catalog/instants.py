"""Graph's instants in one form."""

from datetime import UTC, datetime

_NEVER = "0001-01-01"  # Graph's way of saying that it never happened (graph-facts 1.3)
_PLAIN = len("2026-11-24T08:00:00Z")


def instant(value: object) -> str | None:
    """UTC ISO 8601 with Z, digits of a fraction kept; None for absent, empty and Graph's year 1.

    A value that is no instant raises ValueError: the source then says so instead of storing a guess.
    """
    if not value:
        return None
    text = str(value)
    if text.startswith(_NEVER):
        return None
    if text.endswith("Z") and text[10:11] == "T" and len(text) >= _PLAIN:
        return text
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
