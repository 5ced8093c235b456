"""Graph's refusals by what was wrong (codes and texts: graph-facts 7.9, examples advanced-query-error.*, batch.1)."""

from m365sim.refusal import GraphError, error_body

__all__ = ["GraphError", "bad_request", "denied", "error_body", "malformed", "not_found", "unknown_segment"]
__all__ += ["unsupported_query"]


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
