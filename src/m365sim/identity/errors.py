"""How the token endpoint and discovery refuse (entra-docs reference-error-codes.md, graph-facts 7.1)."""

import re
from uuid import uuid4

from aiohttp import web

from m365sim.identity.sign_in_refusals import Incident, SignInError, incident
from m365sim.world import World

_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
NO_STORE = {"Cache-Control": "no-store, no-cache", "Pragma": "no-cache"}


def refused(world: World, request: web.Request, refusal: SignInError, status: int | None = None) -> web.Response:
    """The JSON of a refusal: 401 for a client that is not proved (recorded for 7000215), else 400.

    The client's own correlation id comes back, as Microsoft does with `client-request-id`.
    """
    happened = incident(world)
    correlation = request.headers.get("client-request-id", "")
    if _GUID.fullmatch(correlation):
        happened = Incident(happened.trace_id, correlation, happened.timestamp)
    if status is None:
        status = 401 if refusal.error == "invalid_client" else 400
    return web.json_response(
        {
            "error": refusal.error,
            "error_description": happened.description(refusal.code, refusal.text),
            "error_codes": [refusal.code],
            "timestamp": happened.timestamp,
            "trace_id": happened.trace_id,
            "correlation_id": happened.correlation_id,
            "error_uri": f"{world.login_url}/error?code={refusal.code}",
        },
        status=status,
        headers={**NO_STORE, "x-ms-request-id": happened.trace_id},
    )


def answered(body: dict[str, object]) -> web.Response:
    """A successful answer of the token endpoint."""
    return web.json_response(body, headers={**NO_STORE, "x-ms-request-id": str(uuid4())})
