"""The tenant segment of the identity platform's addresses."""

import re

from m365sim.identity.sign_in_refusals import SignInError, unknown_tenant
from m365sim.tenant import Tenant
from m365sim.world import World

SHARED = frozenset({"common", "organizations", "consumers"})
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+", re.IGNORECASE)


def tenant_named(world: World, name: str) -> Tenant | None:
    """The tenant of a segment, None for common, organizations and consumers.

    SignInError 900023 for what is neither a GUID nor a domain name, 90002 for a tenant that there is not.
    """
    if name.lower() in SHARED:
        return None
    if not _GUID.fullmatch(name) and not _DOMAIN.fullmatch(name):
        text = f"Specified tenant identifier '{name}' is neither a valid DNS name, nor a valid external domain."
        raise SignInError(900023, "invalid_request", text)
    tenant = world.tenant_of(name)
    if tenant is None:
        raise unknown_tenant(name)
    return tenant
