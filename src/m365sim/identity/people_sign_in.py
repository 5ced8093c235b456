"""What the forms of the sign-in pages send: password, account, second factor, consent."""

import hmac
from collections.abc import Awaitable, Callable

from aiohttp import web

from m365sim.accounts import Account
from m365sim.consents import grant_roles, grant_scopes
from m365sim.directory_roles import CONSENT_TO_SCOPES
from m365sim.identity import sign_in_refusals
from m365sim.identity.asking import wanted_consent
from m365sim.identity.replies import error_page, refuse, reply
from m365sim.identity.sessions import guarded, remember, session_of, sign_in
from m365sim.identity.sign_in_refusals import SignInError, incident
from m365sim.identity.walk import ANY_TENANT, Person, Walk, ask_to_sign_in, person_of, sign_in_name, step
from m365sim.pages import page
from m365sim.world import WORLD, World

Fields = dict[str, str]


def add_routes(app: web.Application) -> None:
    """The addresses that the forms lead to."""
    for path, answer in (
        ("password", _password),
        ("pick", _pick),
        ("factor", _factor),
        ("consent", _consent),
        ("device", _device),
        ("cancel", _cancel),
        ("no-approval", _no_approval),
    ):
        app.router.add_post(f"/signin/{path}", _form(answer))
    app.router.add_get("/{tenant}/oauth2/v2.0/logout", _sign_out)


def _form(
    answer: Callable[[Walk, Fields], web.Response],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """A handler that finds the request which the form belongs to; a stale or foreign form gets an error page."""

    async def handle(request: web.Request) -> web.StreamResponse:
        world = request.app[WORLD]
        fields = {name: str(value) for name, value in (await request.post()).items()}
        key, session = session_of(world, request)
        wanted = world.interactive.requests.get(fields.get("flow", ""))
        if wanted is None or not guarded(session, fields.get("guard", "")):
            stale = SignInError(50089, "invalid_request", "Authentication failed due to flow token expired.")
            return error_page(stale, incident(world))
        try:
            response = answer(Walk(world, session, fields["flow"], wanted), fields)
        except SignInError as refusal:
            response = refuse(world, wanted, refusal)
        remember(response, key)
        return response

    return handle


def _password(walk: Walk, fields: Fields) -> web.Response:
    typed = fields.get("loginfmt", "").strip()
    try:
        account = _known(walk, typed)
        if not hmac.compare_digest(account.password.encode(), fields.get("passwd", "").encode()):
            raise sign_in_refusals.wrong_password()
        _check_home(walk, account)
    except SignInError as refusal:
        return ask_to_sign_in(walk, typed=typed, refusal=refusal)
    sign_in(walk.world, walk.session, account, second_factor=False)
    walk.wanted.chosen = account.user_id
    return step(walk)


def _known(walk: Walk, typed: str) -> Account:
    """Whose name that is. SignInError 50034 for a name that no tenant has, 50126 for one without a password here."""
    lower = typed.lower()
    for account in walk.world.interactive.accounts.values():
        if sign_in_name(walk.world, account).lower() == lower:
            return account
    for tenant in walk.world.tenants.values():
        if any(user.user_principal_name.lower() == lower for user in tenant.users.values()):
            raise sign_in_refusals.wrong_password()
    raise sign_in_refusals.no_account(typed, _directory(walk))


def _directory(walk: Walk) -> str:
    tenant = None if walk.wanted.tenant in ANY_TENANT else walk.world.tenant_of(walk.wanted.tenant)
    return tenant.display_name if tenant is not None else walk.wanted.tenant


def _check_home(walk: Walk, account: Account) -> None:
    """A disabled account is told only to somebody who knows its password, as with Microsoft."""
    user = walk.world.tenants[account.tenant_id].users.get(account.user_id)
    if user is None:
        raise sign_in_refusals.no_account(sign_in_name(walk.world, account), _directory(walk))
    if not user.account_enabled:
        raise sign_in_refusals.account_disabled()


def _pick(walk: Walk, fields: Fields) -> web.Response:
    chosen = fields.get("account", "")
    if chosen not in walk.session.people:
        walk.wanted.chosen = None
        walk.wanted.login_hint = ""
        return ask_to_sign_in(walk)
    walk.wanted.chosen = chosen
    return step(walk)


def _factor(walk: Walk, fields: Fields) -> web.Response:
    if fields.get("answer") != "approve":
        raise sign_in_refusals.second_factor_wanted()
    person = _person(walk)
    sign_in(walk.world, walk.session, person.account, second_factor=True)
    walk.wanted.second_factor = True
    return step(walk)


def _consent(walk: Walk, fields: Fields) -> web.Response:
    if fields.get("answer") != "accept":
        raise sign_in_refusals.consent_declined()
    _accept(walk, _person(walk), for_all=fields.get("for_all") == "yes")
    walk.wanted.consented = True
    return step(walk)


def _accept(walk: Walk, person: Person, *, for_all: bool) -> None:
    """Grant what the page listed; SignInError 90094 for somebody who may not (they were shown no such page)."""
    world, wanted, application = walk.world, walk.wanted, walk.application
    if application is None:
        raise sign_in_refusals.unknown_application(wanted.client_id, person.tenant.display_name)
    asked = wanted_consent(world, wanted, application, person.tenant, person.user.id)
    if asked is None:
        return
    rules = world.interactive.rules_of(person.tenant.id)
    for_all = for_all and not person.roles.isdisjoint(CONSENT_TO_SCOPES)
    if asked.roles_needed(person.roles, rules.users_may_consent):
        raise sign_in_refusals.administrator_wanted()
    actor = person.user.user_principal_name
    whose = None if asked.organization or for_all else person.user.id
    grant_roles(world, application, person.tenant.id, asked.roles, actor)
    if asked.missing:
        grant_scopes(world, application, person.tenant.id, asked.missing, whose, actor)


def _device(walk: Walk, fields: Fields) -> web.Response:
    if fields.get("answer") == "continue":
        walk.wanted.confirmed = True
        return step(walk)
    for device in walk.world.interactive.devices.values():
        if device.user_code == walk.wanted.user_code and device.state == "pending":
            device.state = "declined"
    return page("done.html", title="You cancelled the sign-in", text="The device was told. You may close this window.")


def _cancel(walk: Walk, _fields: Fields) -> web.Response:
    wanted = walk.wanted
    if wanted.purpose == "portal":
        return web.Response(status=302, headers={"Location": "/portal"})
    if wanted.purpose != "authorize":
        raise sign_in_refusals.consent_declined()
    # As the documentation of the code flow prints it: without a number.
    fields = {"error": "access_denied", "error_subcode": "cancel", "state": wanted.state or ""}
    return reply(wanted, {**fields, "error_description": "the user canceled the authentication"})


def _no_approval(_walk: Walk, _fields: Fields) -> web.Response:
    raise sign_in_refusals.administrator_wanted()


def _person(walk: Walk) -> Person:
    """Who answers; SignInError 50058 if the session lost them."""
    signed_in = walk.session.people.get(walk.wanted.chosen or "")
    if signed_in is None:
        raise SignInError(50058, "login_required", "A silent sign-in request was sent but no user is signed in.")
    return person_of(walk.world, walk.wanted, signed_in.account)


async def _sign_out(request: web.Request) -> web.Response:
    """Ends the browser's session; goes on to post_logout_redirect_uri only if some application registered it."""
    world: World = request.app[WORLD]
    key, session = session_of(world, request)
    session.people.clear()
    session.portal_user = None
    world.interactive.sessions.pop(key, None)
    onward = request.query.get("post_logout_redirect_uri", "")
    if any(onward in application.redirect_uris for application in world.applications.values()):
        return web.Response(status=302, headers={"Location": onward})
    return page("done.html", title="You signed out of your account", text="You may close this window.")
