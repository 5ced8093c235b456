"""A refusal of Graph, and its body: code, message and an innerError with date and ids (graph-facts 7.9, errors.md).

It stands outside of `graph`, because the check of bearer tokens refuses in the same form and `graph` calls that check.
"""

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec


class GraphError(Exception):
    """A refusal: HTTP status, Graph's code and message, further headers of the answer."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers: dict[str, str] = dict(headers or {})


def error_body(error: GraphError, now: float, request_id: str, client_request_id: str) -> bytes:
    """The body as JSON; `now` is in epoch seconds, and Graph prints it without a zone."""
    return msgspec.json.encode(
        {
            "error": {
                "code": error.code,
                "message": error.message,
                "innerError": {
                    "date": datetime.fromtimestamp(int(now), UTC).strftime("%Y-%m-%dT%H:%M:%S"),
                    "request-id": request_id,
                    "client-request-id": client_request_id,
                },
            }
        }
    )
