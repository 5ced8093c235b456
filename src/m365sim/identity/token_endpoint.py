"""/{tenant}/oauth2/v2.0/token: one dispatcher, a grant type a line."""

from collections.abc import Callable, Mapping
from typing import TypeAlias

from aiohttp import web

from m365sim.applications import Application
from m365sim.identity.client import Call, calling_application, proof_of, with_basic
from m365sim.identity.client_credentials import client_token, single_tenant
from m365sim.identity.codes import redeem_code
from m365sim.identity.device import GRANT as DEVICE_GRANT
from m365sim.identity.device import redeem_device
from m365sim.identity.errors import answered, refused
from m365sim.identity.refresh import redeem_refresh
from m365sim.identity.sign_in_refusals import SignInError, missing
from m365sim.identity.tenants import tenant_named
from m365sim.world import WORLD, World

# (world, tenant as the address names it, the application, the form, how it proved itself) -> the answer's body.
Grant: TypeAlias = Callable[[World, str, Application, Mapping[str, str], str], dict[str, object]]

GRANTS: dict[str, Grant] = {
    "client_credentials": client_token,
    "authorization_code": redeem_code,
    "refresh_token": redeem_refresh,
    DEVICE_GRANT: redeem_device,
}


async def token(request: web.Request) -> web.Response:
    """A token or Microsoft's refusal."""
    world = request.app[WORLD]
    posted = await request.post()
    form = with_basic(
        {name: value for name, value in posted.items() if isinstance(value, str)}, request.headers.get("Authorization")
    )
    try:
        return answered(_answer(world, request.match_info["tenant"], form))
    except SignInError as refusal:
        return refused(world, request, refusal)


async def not_post(request: web.Request) -> web.Response:
    text = f"The endpoint only accepts POST requests. Received a {request.method} request."
    return refused(request.app[WORLD], request, SignInError(900561, "invalid_request", text))


def _answer(world: World, tenant_name: str, form: Mapping[str, str]) -> dict[str, object]:
    call = Call(world, tenant_name, tenant_named(world, tenant_name), form)
    grant_type = form.get("grant_type")
    if not grant_type:
        raise missing("grant_type")
    grant = GRANTS.get(grant_type)
    if grant is None:
        raise SignInError(
            70003, "unsupported_grant_type", f"The app requested an unsupported grant type '{grant_type}'."
        )
    if grant_type == "client_credentials":
        single_tenant(world, tenant_name)
    application = calling_application(call)
    return grant(world, tenant_name, application, form, proof_of(call, application))
