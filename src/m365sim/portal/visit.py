"""Who visits the portal, and what they may do there."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from aiohttp import web

from m365sim.accounts import Account, account_roles, user_in
from m365sim.applications import Application
from m365sim.directory_roles import MANAGE_APPLICATIONS, named
from m365sim.identity.authorize import begin
from m365sim.identity.sessions import guarded, remember, session_of
from m365sim.pages import page
from m365sim.signed_in import Session, SignInRequest
from m365sim.tenant import Tenant, User
from m365sim.world import WORLD, World

Fields: TypeAlias = dict[str, str | bytes]


@dataclass(slots=True, frozen=True)
class Visit:
    """One request of somebody who is signed in to the portal."""

    world: World
    session: Session
    account: Account
    tenant: Tenant
    user: User
    path: str
    query: dict[str, str]
    match: dict[str, str]

    @property
    def roles(self) -> frozenset[str]:
        return account_roles(self.account, self.tenant.id)

    @property
    def name(self) -> str:
        return self.user.user_principal_name

    def manages(self, application: Application) -> bool:
        """Owners and the administrators of applications."""
        return self.user.id in application.owners or not self.roles.isdisjoint(MANAGE_APPLICATIONS)


class RefusedError(Exception):
    """What the visitor is told instead of what they asked for."""

    def __init__(self, title: str, text: str, status: int = 403) -> None:
        super().__init__(text)
        self.title = title
        self.text = text
        self.status = status


Show: TypeAlias = Callable[[Visit], web.Response]
Act: TypeAlias = Callable[[Visit, Fields], web.Response]
Handler: TypeAlias = Callable[[web.Request], Awaitable[web.StreamResponse]]


def showing(show: Show) -> Handler:
    """A page for somebody who is signed in; everybody else is sent to sign in first."""

    async def handle(request: web.Request) -> web.StreamResponse:
        key, visit = _visit(request)
        if visit is None:
            return begin(request, _portal_request(request.path_qs))
        response = _answer(visit, lambda: show(visit))
        remember(response, key)
        return response

    return handle


def acting(act: Act) -> Handler:
    """A form of such a page."""

    async def handle(request: web.Request) -> web.StreamResponse:
        key, visit = _visit(request)
        if visit is None:
            return begin(request, _portal_request("/portal"))
        fields = await _fields(request)
        if not guarded(visit.session, str(fields.get("guard", ""))):
            response = refusal_page(visit, RefusedError("This page is out of date", "Open it again and repeat."))
        else:
            response = _answer(visit, lambda: act(visit, fields))
        remember(response, key)
        return response

    return handle


async def _fields(request: web.Request) -> Fields:
    fields: Fields = {}
    for name, value in (await request.post()).items():
        fields[name] = (
            value if isinstance(value, str) else bytes(value.file.read() if hasattr(value, "file") else value)
        )
    return fields


def _answer(visit: Visit, make: Callable[[], web.Response]) -> web.Response:
    try:
        return make()
    except RefusedError as refusal:
        return refusal_page(visit, refusal)


def refusal_page(visit: Visit, refusal: RefusedError) -> web.Response:
    shown = portal_page(visit, "portal_refusal.html", heading=refusal.title, text=refusal.text)
    shown.set_status(refusal.status)
    return shown


def portal_page(visit: Visit, template: str, /, **values: object) -> web.Response:
    """A page with the portal's frame: who is signed in, where."""
    return page(
        template,
        guard=visit.session.guard,
        person=visit.user.display_name,
        upn=visit.name,
        roles=", ".join(sorted(visit.roles)) or "no directory role",
        tenant=visit.tenant.display_name,
        **values,
    )


def go(address: str) -> web.Response:
    """After a form: on to a page that can be loaded again."""
    return web.Response(status=303, headers={"Location": address, "Cache-Control": "no-store"})


def needs(roles: frozenset[str], what: str, visit: Visit) -> RefusedError:
    """Says which role is wanted and which one is there."""
    held = ", ".join(sorted(visit.roles)) or "no directory role"
    return RefusedError(
        "You do not have the role that this needs",
        f"To {what}, sign in as {named(roles)}. You are signed in as {visit.name} with {held}.",
    )


def _portal_request(back_to: str) -> SignInRequest:
    return SignInRequest("portal", "organizations", back_to=back_to)


def switch_account(request: web.Request) -> web.Response:
    """The account picker, then back to the portal."""
    wanted = _portal_request("/portal")
    wanted.prompt = frozenset({"select_account"})
    return begin(request, wanted)


def _visit(request: web.Request) -> tuple[str, Visit | None]:
    world = request.app[WORLD]
    key, session = session_of(world, request)
    signed_in = session.people.get(session.portal_user or "")
    if signed_in is None:
        return key, None
    tenant = world.tenants[signed_in.account.tenant_id]
    user = user_in(signed_in.account, tenant)
    if user is None or not user.account_enabled:
        return key, None
    visit = Visit(
        world,
        session,
        signed_in.account,
        tenant,
        user,
        request.path,
        dict(request.query),
        dict(request.match_info),
    )
    return key, visit
