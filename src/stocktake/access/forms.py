"""The forms of what people type about a connector, in the console as on the command line."""

import re
from datetime import date
from uuid import UUID

from stocktake.errors import UsageError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_DOMAIN = re.compile(
    r"(?=.{4,253}\Z)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z][a-z0-9-]{0,61}[a-z0-9]", re.IGNORECASE
)
_MANY_TENANTS = {"common", "organizations", "consumers"}
LONGEST_DESCRIPTION = 500


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


def valid_description(text: str) -> str:
    """UsageError for one that is too long."""
    shown = " ".join(text.split())
    if len(shown) > LONGEST_DESCRIPTION:
        raise UsageError(f"the description has {len(shown)} characters", f"use up to {LONGEST_DESCRIPTION} of them")
    return shown


def valid_day(text: str) -> str | None:
    """The end of a day as an instant of the store; None for nothing; UsageError for what is no date."""
    if not text.strip():
        return None
    try:
        return f"{date.fromisoformat(text.strip()).isoformat()}T23:59:59Z"
    except ValueError:
        raise UsageError(f"{text[:20]!r} is no date", "write it as 2027-11-24") from None


def is_guid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False
