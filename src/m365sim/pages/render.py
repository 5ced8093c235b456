"""Renders a template as a complete answer, with headers that keep the page to itself."""

import secrets
from datetime import UTC, datetime

from aiohttp import web
from jinja2 import Environment, PackageLoader, StrictUndefined

_TEMPLATES = Environment(
    loader=PackageLoader("m365sim.pages"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)


def _date(epoch: float) -> str:
    return datetime.fromtimestamp(int(epoch), UTC).strftime("%Y-%m-%d")


_TEMPLATES.filters["date"] = _date


def page(template: str, /, **values: object) -> web.Response:
    """`values` are the template's variables. Forms may lead anywhere: form_post leads to the application's address."""
    nonce = secrets.token_urlsafe(16)
    text = _TEMPLATES.get_template(template).render(nonce=nonce, **values)
    return web.Response(
        text=text,
        content_type="text/html",
        headers={
            "Cache-Control": "no-store",
            "Content-Security-Policy": (
                f"default-src 'none'; style-src 'nonce-{nonce}'; script-src 'nonce-{nonce}'; base-uri 'none'; "
                "frame-ancestors 'none'"
            ),
            "Referrer-Policy": "strict-origin-when-cross-origin",
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
        },
    )
