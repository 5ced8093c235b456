"""Options that several commands have, and the forms of what people type."""

import re
from typing import Annotated
from uuid import UUID

import typer

from stocktake.errors import UsageError

Json = Annotated[bool, typer.Option("--json", help="Print JSON.")]
ConnectorName = Annotated[str | None, typer.Option("--connector", metavar="NAME", help="This connector only.")]
AsOf = Annotated[str | None, typer.Option("--as-of", metavar="DATE", help="As it was at the end of that day (UTC).")]

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
_MANY_TENANTS = {"common", "organizations", "consumers"}


def valid_name(name: str, kind: str) -> str:
    """The name of a connector or cloud; UsageError if it has another form."""
    if not _NAME.fullmatch(name):
        raise UsageError(
            f"{name[:70]!r} is no {kind} name", "use up to 63 letters, digits, dots, dashes and underscores"
        )
    return name


def valid_tenant(tenant: str) -> str:
    """A tenant by a domain of its own or by its id; UsageError for anything else."""
    text = tenant.strip()
    if text.lower() in _MANY_TENANTS:
        raise UsageError(f"{text} stands for many tenants", "name one by its domain, such as contoso.com, or by its id")
    if is_guid(text) or _DOMAIN.fullmatch(text):
        return text
    raise UsageError(
        f"{tenant[:70]!r} is no tenant",
        "give a domain of the tenant (portal: Custom domain names), such as contoso.onmicrosoft.com, or the tenant id",
    )


def valid_client_id(text: str) -> str:
    """An application (client) id in lower case; UsageError if it is no GUID."""
    if not is_guid(text.strip()):
        raise UsageError(
            f"{text[:70]!r} is no client id", "copy the Application (client) ID from the portal: App registrations"
        )
    return text.strip().lower()


def is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
