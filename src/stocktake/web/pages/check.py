"""Check: what of a connector works, what is missing, and which step of the guide mends it."""

from dataclasses import dataclass

import msgspec
from fastapi import Request
from fastapi.responses import RedirectResponse, Response

from stocktake.check import check_connector, keep_checks
from stocktake.identity.guide import Step, step_of_check
from stocktake.store.checks import last_check
from stocktake.store.clouds import get_cloud
from stocktake.store.connectors import get_connector
from stocktake.web.console import console_of
from stocktake.web.pages.connectors import ADDRESS
from stocktake.web.rendering import page


class Found(msgspec.Struct, frozen=True):
    """A line of the check, as it was stored."""

    check: str
    ok: bool | None
    message: str
    remedy: str | None = None
    code: str | None = None
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    found: Found
    step: Step | None

    @property
    def badge(self) -> tuple[str, str]:
        """(class, word)."""
        if self.found.ok:
            return "complete", "works"
        if self.found.ok is None:
            return "", "not known"
        return ("incomplete", "missing") if self.found.optional else ("failed", "failed")


def show(request: Request, name: str) -> Response:
    app = console_of(request).app
    connector = get_connector(app.store, name)
    stored = last_check(app.store, connector.id)
    found = msgspec.json.decode(stored.result, type=list[Found]) if stored else []
    lines = [Line(item, None if item.ok else step_of_check(item.check, item.code or "")) for item in found]
    good = not any(item.ok is False and not item.optional for item in found)
    return page(
        request,
        "check.html",
        connector=connector,
        lines=lines,
        checked_at=stored.checked_at if stored else None,
        good=good,
    )


def run(request: Request, name: str) -> Response:
    """Ask Microsoft, which takes some seconds, and keep what it said."""
    app = console_of(request).app
    connector = get_connector(app.store, name)
    cloud = get_cloud(app.store, connector.cloud)
    keep_checks(app.store, connector, check_connector(app.settings, app.store, app.sealer, cloud, connector))
    return RedirectResponse(f"{ADDRESS}/{name}/check", 303)
