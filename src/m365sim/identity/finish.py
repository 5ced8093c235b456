"""The end of an authorisation: what the application, the device or the portal gets."""

from urllib.parse import quote

from aiohttp import web

from m365sim.accounts import Account
from m365sim.identity.replies import reply
from m365sim.pages import page
from m365sim.signed_in import Code, SignInRequest, new_token
from m365sim.tenant import Tenant
from m365sim.world import World


def finish(world: World, wanted: SignInRequest, account: Account, tenant: Tenant) -> web.Response:
    """The answer by purpose."""
    if wanted.purpose == "portal":
        return web.Response(status=302, headers={"Location": wanted.back_to, "Cache-Control": "no-store"})
    if wanted.purpose == "device":
        return _device(world, wanted, account, tenant)
    if wanted.purpose == "authorize":
        value = new_token("0.A")
        world.interactive.codes[value] = Code(
            wanted, account, tenant.id, world.clock.now(), second_factor=wanted.second_factor
        )
        return reply(wanted, {"code": value, "state": wanted.state or "", "session_state": new_token()[:36]})
    fields = {"admin_consent": "True", "tenant": tenant.id, "state": wanted.state or ""}
    if wanted.purpose == "adminconsent":
        fields["scope"] = " ".join(_full_names(world, wanted))
    return reply(wanted, fields)


def _full_names(world: World, wanted: SignInRequest) -> list[str]:
    names = [".default"] if wanted.static else list(wanted.scopes)
    return [f"{world.graph_url}/{quote(name)}" for name in names]


def _device(world: World, wanted: SignInRequest, account: Account, tenant: Tenant) -> web.Response:
    for device in world.interactive.devices.values():
        if device.user_code == wanted.user_code and device.state == "pending":
            device.state, device.account, device.tenant_id = "approved", account, tenant.id
            device.second_factor = wanted.second_factor
    title = f"You have signed in to the {world.applications[wanted.client_id].display_name} application on your device"
    return page("done.html", title=title, text="You may now close this window.")
