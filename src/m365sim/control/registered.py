"""Registrations: what they may do, whether their credentials still work, and tokens that nobody would be given."""

import msgspec
from aiohttp import web

from m365sim.applications import Application
from m365sim.control.bodies import bad, tenant_meant, told
from m365sim.graph_permissions import BY_VALUE
from m365sim.identity.tokens import sign
from m365sim.tenant import Tenant
from m365sim.world import WORLD


class ApplicationChange(msgspec.Struct, forbid_unknown_fields=True):
    """What is left out stays as it is."""

    roles: list[str] | None = None  # exactly these application permissions are asked for and consented to, at once
    consented: bool | None = None  # false: nobody consented to anything; true: to all that is asked for
    expire_secrets: bool = False
    secrets_end_at: int | None = None  # epoch seconds
    remove_keys: bool = False  # take its certificates away


async def show_applications(request: web.Request) -> web.Response:
    """Every registration, without its secrets."""
    tenant = tenant_meant(request)
    return web.json_response([_shown(item, tenant) for item in request.app[WORLD].applications.values()])


async def change_application(request: web.Request) -> web.Response:
    """Grant, withdraw, expire. Tokens that were issued before keep what they carry, as with Microsoft."""
    world, tenant = request.app[WORLD], tenant_meant(request)
    application = world.applications.get(request.match_info["client_id"].lower())
    if application is None:
        raise bad(f"there is no application {request.match_info['client_id']}")
    wanted = await told(request, ApplicationChange)
    if wanted.roles is not None:
        unknown = sorted(name for name in wanted.roles if name not in BY_VALUE)
        if unknown:
            raise bad(f"there is no application permission {unknown[0]}")
        application.requested_roles = set(wanted.roles)
    if wanted.roles is not None or wanted.consented is not None:
        granted = set() if wanted.consented is False else set(application.requested_roles)
        application.granted_roles[tenant.id] = granted
        application.visible_from.clear()
    _change_credentials(application, wanted, int(world.clock.now()))
    return web.json_response(_shown(application, tenant))


async def sign_claims(request: web.Request) -> web.Response:
    """A token with exactly these claims, rightly signed: for another audience, without roles, of any age."""
    claims = await told(request, dict[str, object])
    return web.json_response({"token": sign(request.app[WORLD], claims)})


def _change_credentials(application: Application, wanted: ApplicationChange, now: int) -> None:
    ends_at = now - 1 if wanted.expire_secrets else wanted.secrets_end_at
    if ends_at is not None:
        for secret in application.secrets:
            secret.ends_at = ends_at
    if wanted.remove_keys:
        application.keys.clear()


def _shown(application: Application, tenant: Tenant) -> dict[str, object]:
    return {
        "client_id": application.client_id,
        "display_name": application.display_name,
        "tenant_id": application.tenant_id,
        "requested_roles": sorted(application.requested_roles),
        "roles": sorted(application.granted_roles.get(tenant.id, ())),
        "secrets": [{"hint": secret.hint, "ends_at": secret.ends_at} for secret in application.secrets],
        "keys": [key.thumbprint_sha1.hex().upper() for key in application.keys],
    }
