"""What a consent page asks for, and who may answer it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from aiohttp import web

from m365sim.applications import Application
from m365sim.consents import needs_administrator, roles_missing_to_consent, scopes_in_force
from m365sim.directory_roles import CONSENT_TO_SCOPES, named
from m365sim.graph_permissions import BY_VALUE, SIGN_IN_SCOPES
from m365sim.pages import page
from m365sim.signed_in import SignInRequest
from m365sim.tenant import Tenant
from m365sim.world import World


@dataclass(slots=True, frozen=True)
class Asked:
    """The permissions to consent to; `organization`: for everybody of the tenant, which is what /adminconsent does."""

    scopes: tuple[str, ...]
    roles: tuple[str, ...]
    organization: bool
    missing: tuple[str, ...]  # those of the delegated ones that are not in force yet: what Accept grants

    def roles_needed(self, held: frozenset[str], users_may_consent: bool) -> frozenset[str]:
        """Empty if somebody with these directory roles may consent, else the roles of which one would do."""
        if self.organization or self.roles:
            # Consent for a whole tenant is an administrator's even where nothing but a user's permissions is asked.
            return roles_missing_to_consent(held, self.scopes or ("openid",), self.roles)
        guarded = self.missing if not users_may_consent else needs_administrator(self.missing)
        return roles_missing_to_consent(held, guarded, ())


def wanted_consent(
    world: World, wanted: SignInRequest, application: Application, tenant: Tenant, user_id: str
) -> Asked | None:
    """None where everything that is asked for is in force already and no page was demanded."""
    if wanted.purpose.startswith("adminconsent"):
        return _for_organization(wanted, application)
    scopes = requested_scopes(wanted, application)
    missing = missing_scopes(scopes, scopes_in_force(application, tenant.id, user_id))
    if missing or wanted.prompt & {"consent", "admin_consent"}:
        return Asked(scopes, (), organization=False, missing=missing)
    return None


def missing_scopes(asked: Iterable[str], in_force: set[str]) -> tuple[str, ...]:
    """What is still to be consented to. The sign-in scopes are part of every first consent, whatever it names."""
    implied = SIGN_IN_SCOPES if in_force else ()
    return tuple(name for name in asked if name not in in_force and name not in implied)


def requested_scopes(wanted: SignInRequest, application: Application) -> tuple[str, ...]:
    """The delegated permissions of an authorisation, with those of the registration for /.default."""
    return (*wanted.scopes, *(sorted(application.requested_scopes) if wanted.static else ()))


def _for_organization(wanted: SignInRequest, application: Application) -> Asked:
    static = wanted.static or wanted.purpose == "adminconsent_v1"
    scopes = set(wanted.scopes) | (application.requested_scopes if static else set())
    roles = application.requested_roles if static else set()
    listed = tuple(sorted(scopes))
    return Asked(listed, tuple(sorted(roles)), organization=True, missing=listed)


def approval_page(asked: Asked, needed: frozenset[str], shown: Mapping[str, str]) -> web.Response:
    """Need admin approval: names the roles of which one is needed."""
    return page(
        "need_approval.html",
        permissions=[*asked.roles, *(name for name in asked.missing if BY_VALUE[name].admin)],
        roles=named(needed),
        code="AADSTS90094: The grant requires admin permission.",
        **shown,
    )


def consent_page(
    asked: Asked, held: frozenset[str], tenant: Tenant, publisher: Tenant, shown: Mapping[str, str]
) -> web.Response:
    listed = [_line(name, "application") for name in asked.roles] + [_line(name, "delegated") for name in asked.scopes]
    return page(
        "consent.html",
        permissions=listed,
        organization=asked.organization,
        may_consent_for_all=not asked.organization and not held.isdisjoint(CONSENT_TO_SCOPES),
        tenant=tenant.display_name,
        publisher=next((domain.id for domain in publisher.domains if domain.is_default), ""),
        **shown,
    )


def _line(name: str, kind: str) -> dict[str, str]:
    permission = BY_VALUE.get(name)
    if permission is None:
        return {"title": name, "detail": "", "value": name, "kind": kind}
    detail = permission.role_text if kind == "application" else permission.scope_text
    return {"title": permission.title, "detail": detail, "value": name, "kind": kind}
