"""/api/v1/connectors: connectors without anything that is secret."""

from fastapi import Request
from fastapi.responses import JSONResponse, Response

from stocktake.store.connectors import list_connectors
from stocktake.web.console import console_of

# Named one by one: a column that is added to the table has to be let out on purpose.
_OPEN = (
    "name",
    "tenant",
    "cloud",
    "description",
    "permissions",
    "client_id",
    "credential_expires_at",
    "granted_by",
    "grant_lost",
    "enabled",
    "created_at",
)


def show(request: Request) -> Response:
    connectors = list_connectors(console_of(request).app.store)
    return JSONResponse({"rows": [{name: getattr(connector, name) for name in _OPEN} for connector in connectors]})
