"""The way of one authorisation through the pages: who, second factor, consent, answer.

Each step looks at what is still missing and shows the page for it; when nothing is, the application gets its answer.
"""

from dataclasses import dataclass

from aiohttp import web

from m365sim.accounts import Account, account_roles, user_in
from m365sim.applications import Application
from m365sim.consents import usable_in
from m365sim.identity import finish, sign_in_refusals
from m365sim.identity.asking import approval_page, consent_page, wanted_consent
from m365sim.identity.replies import refuse
from m365sim.identity.sign_in_refusals import SignInError
from m365sim.pages import page
from m365sim.signed_in import Session, SignInRequest
from m365sim.tenant import Tenant, User
from m365sim.world import World

ANY_TENANT = frozenset({"organizations", "common"})


@dataclass(slots=True, frozen=True)
class Walk:
    """One request of one browser; `key` is what the forms carry."""

    world: World
    session: Session
    key: str
    wanted: SignInRequest

    @property
    def application(self) -> Application | None:
        return self.world.applications.get(self.wanted.client_id)


@dataclass(slots=True, frozen=True)
class Person:
    """Who goes on, and as whom in the tenant that the authorisation is for."""

    account: Account
    tenant: Tenant
    user: User
    roles: frozenset[str]


def step(walk: Walk) -> web.Response:
    """The next page or the answer."""
    try:
        account = _who(walk)
        if account is None:
            return _ask_who(walk)
        walk.wanted.chosen = account.user_id
        person = person_of(walk.world, walk.wanted, account)
        if person.account.mfa and not _has_second_factor(walk, account):
            return _ask_second_factor(walk, person)
        if walk.wanted.purpose == "portal":
            walk.session.portal_user = account.user_id
        shown = _ask_device(walk, person) or _ask_consent(walk, person)
        return shown or finish.finish(walk.world, walk.wanted, account, person.tenant)
    except SignInError as refusal:
        return refuse(walk.world, walk.wanted, refusal)


def person_of(world: World, wanted: SignInRequest, account: Account) -> Person:
    """SignInError for somebody who is not in the tenant (50020, 50034), or disabled there (50057)."""
    name = account.tenant_id if wanted.tenant in ANY_TENANT else wanted.tenant
    tenant = world.tenant_of(name)
    if tenant is None:
        raise sign_in_refusals.unknown_tenant(name)
    application = world.applications.get(wanted.client_id)
    title = application.display_name if application is not None else "m365sim portal"
    user = user_in(account, tenant)
    if user is None:
        typed = sign_in_name(world, account)
        if account.tenant_id == tenant.id:
            raise sign_in_refusals.no_account(typed, tenant.display_name)
        home = f"{world.login_url}/{account.tenant_id}/"
        raise sign_in_refusals.not_in_tenant(typed, home, tenant.display_name, title)
    if application is not None and not usable_in(application, tenant.id):
        raise sign_in_refusals.unknown_application(wanted.client_id, tenant.display_name)
    if not user.account_enabled:
        raise sign_in_refusals.account_disabled()
    return Person(account, tenant, user, account_roles(account, tenant.id))


def sign_in_name(world: World, account: Account) -> str:
    """What this person types: the name in the home tenant."""
    home = world.tenants[account.tenant_id]
    user = home.users.get(account.user_id) or home.deleted_users.get(account.user_id)
    return user.user_principal_name if user is not None else account.user_id


def ask_to_sign_in(walk: Walk, *, typed: str = "", refusal: SignInError | None = None) -> web.Response:
    """The page with name and password, with what was wrong with the last try."""
    return page(
        "sign_in.html",
        login_url=walk.world.login_url,
        application=_title(walk),
        flow=walk.key,
        guard=walk.session.guard,
        typed=typed or walk.wanted.login_hint,
        message=_in_words(refusal),
        code="" if refusal is None else f"AADSTS{refusal.code}: {refusal.text}",
    )


def _in_words(refusal: SignInError | None) -> str:
    if refusal is None:
        return ""
    words = {
        50126: "Your account or password is incorrect.",
        50034: "We couldn't find an account with that username.",
        50057: "Your account has been disabled. Please contact your administrator.",
    }
    return words.get(refusal.code, refusal.text)


def _who(walk: Walk) -> Account | None:
    """The person who goes on with this request, None where that is still to be asked."""
    wanted, people = walk.wanted, walk.session.people
    if wanted.chosen is not None and wanted.chosen in people:
        return people[wanted.chosen].account
    hinted = [
        signed_in.account
        for signed_in in people.values()
        if not wanted.login_hint or sign_in_name(walk.world, signed_in.account).lower() == wanted.login_hint.lower()
    ]
    if "none" in wanted.prompt:
        if not hinted:
            raise SignInError(
                50058,
                "login_required",
                "A silent sign-in request was sent but no user is signed in.",
            )
        if len(hinted) > 1:
            raise SignInError(
                16000,
                "interaction_required",
                "Either multiple user identities are available for the current request or selected account is not "
                "supported for the scenario.",
            )
        return hinted[0]
    if not wanted.prompt & {"login", "select_account"} and wanted.login_hint and len(hinted) == 1:
        return hinted[0]
    return None


def _ask_who(walk: Walk) -> web.Response:
    people = walk.session.people
    if not people or "login" in walk.wanted.prompt:
        return ask_to_sign_in(walk)
    listed = [
        {
            "id": account.user_id,
            "upn": sign_in_name(walk.world, account),
            "name": _display_name(walk.world, account),
        }
        for account in (signed_in.account for signed_in in people.values())
    ]
    return page(
        "pick_account.html",
        login_url=walk.world.login_url,
        application=_title(walk),
        flow=walk.key,
        guard=walk.session.guard,
        people=listed,
    )


def _display_name(world: World, account: Account) -> str:
    user = world.tenants[account.tenant_id].users.get(account.user_id)
    return user.display_name if user is not None else ""


def _title(walk: Walk) -> str:
    application = walk.application
    return application.display_name if application is not None else "m365sim portal"


def _has_second_factor(walk: Walk, account: Account) -> bool:
    signed_in = walk.session.people.get(account.user_id)
    if walk.wanted.second_factor or (signed_in is not None and signed_in.second_factor):
        walk.wanted.second_factor = True
    return walk.wanted.second_factor


def _ask_second_factor(walk: Walk, person: Person) -> web.Response:
    if "none" in walk.wanted.prompt:
        raise sign_in_refusals.second_factor_wanted()
    return page(
        "second_factor.html",
        login_url=walk.world.login_url,
        upn=person.user.user_principal_name,
        flow=walk.key,
        guard=walk.session.guard,
    )


def _ask_device(walk: Walk, person: Person) -> web.Response | None:
    if walk.wanted.purpose != "device" or walk.wanted.confirmed:
        return None
    return page(
        "device_confirm.html",
        login_url=walk.world.login_url,
        upn=person.user.user_principal_name,
        application=_title(walk),
        flow=walk.key,
        guard=walk.session.guard,
    )


def _ask_consent(walk: Walk, person: Person) -> web.Response | None:
    """The consent page, the page that sends for an administrator, or None where nothing is to be asked."""
    application, wanted = walk.application, walk.wanted
    if application is None or wanted.consented:
        return None
    asked = wanted_consent(walk.world, wanted, application, person.tenant, person.user.id)
    if asked is None:
        return None
    if "none" in wanted.prompt:
        raise sign_in_refusals.consent_missing(application.client_id, application.display_name, "consent_required")
    needed = asked.roles_needed(person.roles, walk.world.interactive.rules_of(person.tenant.id).users_may_consent)
    shown = {
        "login_url": walk.world.login_url,
        "flow": walk.key,
        "guard": walk.session.guard,
        "upn": person.user.user_principal_name,
        "application": application.display_name,
    }
    if needed:
        return approval_page(asked, needed, shown)
    return consent_page(asked, person.roles, person.tenant, walk.world.tenants[application.tenant_id], shown)
