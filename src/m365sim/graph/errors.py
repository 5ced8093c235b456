"""Graph's error body (graph-facts 7.9; errors.md): code, message and an innerError with date and request ids."""

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


def denied() -> GraphError:
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def not_found(object_id: str) -> GraphError:
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{object_id}' does not exist or one of its queried reference-property objects are not present.",
    )


def unknown_segment(segment: str) -> GraphError:
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def unsupported_query(message: str) -> GraphError:
    return GraphError(400, "Request_UnsupportedQuery", message)


def bad_request(message: str) -> GraphError:
    """What the directory behind Graph refuses."""
    return GraphError(400, "Request_BadRequest", message)


def malformed(message: str) -> GraphError:
    """What Graph's own parser refuses before the directory sees it."""
    return GraphError(400, "BadRequest", message)
