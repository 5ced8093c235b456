"""The control plane's part for people, consent and the audit: /_sim/people, /_sim/rules, /_sim/audit and so on."""

from dataclasses import asdict, replace

import msgspec
from aiohttp import web

from m365sim.accounts import Account, user_in
from m365sim.consents import withdraw_grant, withdraw_roles
from m365sim.control.bodies import bad, told
from m365sim.directory_roles import TEMPLATE_IDS
from m365sim.identity.walk import sign_in_name
from m365sim.settling import people_facts
from m365sim.world import WORLD, World


class PersonChange(msgspec.Struct, forbid_unknown_fields=True):
    """What may be done to a person; what is left out stays."""

    mfa: bool | None = None
    account_enabled: bool | None = None
    password: str | None = None
    roles: list[str] | None = None
    revoke: bool = False  # every refresh token issued so far


class RulesChange(msgspec.Struct, forbid_unknown_fields=True):
    """`tenant`: id or domain."""

    tenant: str
    users_may_consent: bool | None = None
    users_may_register: bool | None = None
    users_may_read_others: bool | None = None


class Delay(msgspec.Struct, forbid_unknown_fields=True):
    """Seconds until consented application permissions appear in tokens, by the simulator's clock."""

    seconds: float


class Withdrawal(msgspec.Struct, forbid_unknown_fields=True):
    client_id: str
    tenant: str


def add_routes(app: web.Application) -> None:
    app.router.add_get("/_sim/people", _people)
    app.router.add_post("/_sim/people/{name}", _change_person)
    app.router.add_post("/_sim/rules", _rules)
    app.router.add_post("/_sim/consent-delay", _delay)
    app.router.add_post("/_sim/withdraw", _withdraw)
    app.router.add_get("/_sim/audit", _audit)


async def _people(request: web.Request) -> web.Response:
    return web.json_response(people_facts(request.app[WORLD]))


async def _change_person(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    account = _person(world, request.match_info["name"])
    change = await told(request, PersonChange)
    if account is None:
        raise bad(f"there is no person {request.match_info['name']}")
    unknown = sorted(set(change.roles or []) - set(TEMPLATE_IDS))
    if unknown:
        raise bad(f"there is no directory role {unknown[0]}")
    account.mfa = account.mfa if change.mfa is None else change.mfa
    account.password = change.password or account.password
    account.roles = account.roles if change.roles is None else frozenset(change.roles)
    if change.revoke:
        account.revoked_at = world.clock.now()
    tenant = world.tenants[account.tenant_id]
    user = user_in(account, tenant)
    if user is not None and change.account_enabled is not None:
        user.account_enabled = change.account_enabled
        tenant.touch(user)
    return web.json_response({"name": account.key, "user_principal_name": sign_in_name(world, account)})


def _person(world: World, name: str) -> Account | None:
    """By key or by user principal name."""
    for account in world.interactive.accounts.values():
        if name == account.key or name.lower() == sign_in_name(world, account).lower():
            return account
    return None


async def _rules(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    change = await told(request, RulesChange)
    tenant = world.tenant_of(change.tenant)
    if tenant is None:
        raise bad(f"there is no tenant {change.tenant}")
    wanted = {
        name: value for name, value in msgspec.structs.asdict(change).items() if name != "tenant" and value is not None
    }
    rules = replace(world.interactive.rules_of(tenant.id), **wanted)
    world.interactive.rules[tenant.id] = rules
    return web.json_response(asdict(rules))


async def _delay(request: web.Request) -> web.Response:
    seconds = (await told(request, Delay)).seconds
    request.app[WORLD].interactive.consent_delay = seconds
    return web.json_response({"seconds": seconds})


async def _withdraw(request: web.Request) -> web.Response:
    """Take back everything that this tenant consented to for this application."""
    world = request.app[WORLD]
    wanted = await told(request, Withdrawal)
    tenant, application = world.tenant_of(wanted.tenant), world.applications.get(wanted.client_id)
    if tenant is None or application is None:
        raise bad("there is no such tenant or application")
    roles = set(application.granted_roles.get(tenant.id, set()))
    withdraw_roles(world, application, tenant.id, roles, "control plane")
    grants = [grant for grant in application.scope_grants if grant.tenant_id == tenant.id]
    for grant in grants:
        withdraw_grant(world, application, grant, "control plane")
    return web.json_response({"roles": sorted(roles), "grants": len(grants)})


async def _audit(request: web.Request) -> web.Response:
    """Every write, oldest first."""
    return web.json_response([asdict(entry) for entry in request.app[WORLD].interactive.audit])
