"""The device authorization grant (v2-oauth2-device-code.md): /devicecode, the page for the code, the polling."""

import secrets
from collections.abc import Mapping

from aiohttp import web

from m365sim.applications import Application
from m365sim.consents import usable_in
from m365sim.identity import sign_in_refusals
from m365sim.identity.authorize import begin
from m365sim.identity.delegated import Granted, issue
from m365sim.identity.errors import answered, refused
from m365sim.identity.scopes import scopes_of
from m365sim.identity.sessions import guarded, remember, session_of
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.identity.walk import ANY_TENANT
from m365sim.pages import page
from m365sim.signed_in import DEVICE_INTERVAL, DEVICE_LIFETIME, Device, Session, SignInRequest, new_token
from m365sim.world import WORLD, World

_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
_CODE_LENGTH = 9
GRANT = "urn:ietf:params:oauth:grant-type:device_code"


async def device_code(request: web.Request) -> web.Response:
    """POST /{tenant}/oauth2/v2.0/devicecode"""
    world = request.app[WORLD]
    form = {name: str(value) for name, value in (await request.post()).items()}
    try:
        return answered(start_device(world, request.match_info["tenant"], form))
    except SignInError as refusal:
        return refused(world, request, refusal)


def start_device(world: World, tenant_name: str, form: Mapping[str, str]) -> dict[str, object]:
    """A device and a user code; Microsoft publishes the names of the fields, not an example."""
    name = tenant_name.lower()
    tenant = None if name in ANY_TENANT else world.tenant_of(name)
    if tenant is None and name not in ANY_TENANT:
        raise sign_in_refusals.unknown_tenant(tenant_name)
    client_id = form.get("client_id", "").lower()
    if not client_id:
        raise sign_in_refusals.missing("client_id")
    application = world.applications.get(client_id)
    if application is None or (tenant is not None and not usable_in(application, tenant.id)):
        raise sign_in_refusals.unknown_application(client_id, tenant_name)
    scopes = scopes_of(world, form.get("scope", ""), application.display_name)
    names = scopes.names if not scopes.static else (*scopes.names, *sorted(application.requested_scopes))
    device_code = new_token()
    user_code = "".join(secrets.choice(_LETTERS) for _ in range(_CODE_LENGTH))
    segment = name if tenant is None else tenant.id
    world.interactive.devices[device_code] = Device(client_id, segment, names, world.clock.now(), user_code)
    address = f"{world.login_url}/common/oauth2/deviceauth"
    return {
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": address,
        "expires_in": DEVICE_LIFETIME,
        "interval": DEVICE_INTERVAL,
        "message": f"To sign in, use a web browser to open the page {address} and enter the code {user_code} to "
        "authenticate.",
    }


def redeem_device(
    world: World, _tenant_name: str, application: Application, form: Mapping[str, str], proof: str
) -> dict[str, object]:
    """One poll: the token answer, or SignInError with what RFC 8628 says."""
    value = form.get("device_code")
    if not value:
        raise sign_in_refusals.missing("device_code")
    device = world.interactive.devices.get(value)
    if device is None or device.client_id != application.client_id:
        raise SignInError(70018, "bad_verification_code", "Bad verification code.")
    now = world.clock.now()
    hurried = device.asked_at > 0 and now < device.asked_at + DEVICE_INTERVAL - 1
    device.asked_at = now
    if device.used:
        raise SignInError(54005, "invalid_grant", "OAuth2 device code was already redeemed.")
    if device.state == "declined":
        raise SignInError(70017, "authorization_declined", "The end-user denied the authorization request.")
    if device.at + DEVICE_LIFETIME <= now:
        raise SignInError(70019, "expired_token", "Verification code expired.")
    if device.state == "pending" or device.account is None:
        word = "slow_down" if hurried else "authorization_pending"
        raise SignInError(70016, word, "OAuth 2.0 device flow error. Authorization is pending. Continue polling.")
    device.used = True
    return issue(
        world,
        Granted(
            application,
            device.account,
            world.tenants[device.tenant_id],
            device.scopes,
            device.second_factor,
            proof,
            client_info=form.get("client_info") == "1",
        ),
    )


def add_routes(app: web.Application) -> None:
    """The page where a person types the code that a device shows."""
    app.router.add_get("/common/oauth2/deviceauth", _show)
    app.router.add_post("/common/oauth2/deviceauth", _enter)


async def _show(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    key, session = session_of(world, request)
    response = _form(world, session, "")
    remember(response, key)
    return response


async def _enter(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    fields = {name: str(value) for name, value in (await request.post()).items()}
    key, session = session_of(world, request)
    typed = fields.get("otc", "").strip().upper()
    device = _pending(world, typed)
    if device is None or not guarded(session, fields.get("guard", "")):
        response = _form(world, session, "That code didn't work. Check the code and try again.")
        remember(response, key)
        return response
    wanted = SignInRequest("device", device.tenant, device.client_id, scopes=device.scopes, user_code=typed)
    return begin(request, wanted)


def _pending(world: World, typed: str) -> Device | None:
    now = world.clock.now()
    for device in world.interactive.devices.values():
        if device.user_code == typed and device.state == "pending" and device.at + DEVICE_LIFETIME > now:
            return device
    return None


def _form(world: World, session: Session, message: str) -> web.Response:
    return page("device.html", login_url=world.login_url, guard=session.guard, message=message)
