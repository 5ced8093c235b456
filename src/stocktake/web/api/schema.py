"""/api/v1/openapi.json: the description of the API, for whoever is signed in."""

from fastapi import Request
from fastapi.responses import JSONResponse, Response


def show(request: Request) -> Response:
    return JSONResponse(request.app.openapi())
