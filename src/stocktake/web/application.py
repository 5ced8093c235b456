"""The console as an ASGI application: addresses with their guards, errors as pages, and what every answer carries."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import Depends, FastAPI
from fastapi.routing import APIRoute
from starlette.staticfiles import StaticFiles

from stocktake.app import App
from stocktake.jobs.background import SyncRunner
from stocktake.web.console import Console, address_of
from stocktake.web.guards import at_least, refuse_forgery
from stocktake.web.mistakes import handlers
from stocktake.web.protection import Protection
from stocktake.web.rendering import STATIC
from stocktake.web.routes import ROUTES, Address

_SAFE = {"GET", "HEAD"}


def create_console(app: App) -> FastAPI:
    """The console of an installation. ConfigurationError where its own address is not known.

    Its runner takes up syncs that a killed process left behind when the application starts, and stops when it ends.
    """
    console = Console(app, SyncRunner(app.settings, app.store, app.sealer), address_of(app.settings))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        console.runner.resume()
        try:
            yield
        finally:
            console.runner.stop()

    made = FastAPI(
        title="Stocktake",
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        exception_handlers=handlers(console),
    )
    made.state.console = console
    for address in ROUTES:
        made.router.routes.append(_route(address))
    made.mount("/static", StaticFiles(directory=STATIC), name="static")
    made.add_middleware(Protection, console=console)
    return made


def _route(address: Address) -> APIRoute:
    guards = []
    if address.role is not None:
        guards.append(Depends(at_least(address.role)))
    if address.method not in _SAFE:
        guards.append(Depends(refuse_forgery))
    return APIRoute(
        address.path,
        address.handler,
        methods=[address.method],
        dependencies=guards,
        include_in_schema=address.path.startswith("/api/"),
        response_model=None,
        name=f"{address.handler.__module__.rpartition('.')[2]}.{address.handler.__name__}",
    )
