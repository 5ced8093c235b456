"""Connectors: which tenants are connected, how they stand, and switching one off."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Form, Request
from fastapi.responses import RedirectResponse, Response

from stocktake.store.connector_changes import set_enabled
from stocktake.store.connectors import Connector, get_connector, list_connectors
from stocktake.store.runs import list_runs
from stocktake.web.console import console_of
from stocktake.web.rendering import page

ADDRESS = "/connectors/microsoft-365"
_SOON = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Line:
    """A connector with how it stands: `state` for people, `badge` its colour, `remedy` what to do about it."""

    connector: Connector
    state: str
    badge: str
    remedy: str
    last_at: str | None
    last_outcome: str | None
    expires_soon: bool

    @property
    def address(self) -> str:
        return f"{ADDRESS}/{self.connector.name}"


def show(request: Request, saved: str = "", deleted: str = "") -> Response:
    app = console_of(request).app
    with app.store.read() as connection:
        last = {str(run["connector"]): run for run in reversed(list_runs(connection)) if run.get("finished_at")}
    lines = [_line(connector, last.get(connector.name, {})) for connector in list_connectors(app.store)]
    known = {line.connector.name for line in lines}
    return page(
        request,
        "connectors.html",
        lines=lines,
        saved=saved if saved in known else "",
        deleted=deleted if deleted and deleted not in known else "",
    )


def switch(request: Request, name: str, enabled: Annotated[str, Form()] = "") -> Response:
    """Switch a connector on or off; its data stay."""
    app = console_of(request).app
    set_enabled(app.store, get_connector(app.store, name), enabled=enabled == "yes")
    return RedirectResponse(ADDRESS, 303)


def _line(connector: Connector, run: dict[str, object]) -> Line:
    state, badge, remedy = _standing(connector)
    expires = connector.credential_expires_at
    return Line(
        connector,
        state,
        badge,
        remedy,
        last_at=_text(run.get("finished_at")),
        last_outcome=_text(run.get("outcome")),
        expires_soon=expires is not None and datetime.fromisoformat(expires) - datetime.now(UTC) < _SOON,
    )


def _standing(connector: Connector) -> tuple[str, str, str]:
    """(state, badge, what to do)."""
    if not connector.enabled:
        return "disabled", "", ""
    if connector.permissions == "delegated" and connector.sealed_grant is None:
        return "not authorised", "incomplete", "Open its Credentials and click Authorize."
    if connector.grant_lost is not None:
        return "authorise again", "failed", f"The authorisation no longer works: {connector.grant_lost}."
    expires = connector.credential_expires_at
    if expires is not None and datetime.fromisoformat(expires) < datetime.now(UTC):
        return "secret expired", "failed", "Make a new client secret in the portal and give it in Credentials."
    return "ready", "complete", ""


def _text(value: object) -> str | None:
    return None if value is None else str(value)
