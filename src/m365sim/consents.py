"""Who allowed which application what: granting, withdrawing, and what is in force.

Application permissions stand in Application.granted_roles, delegated ones in Application.scope_grants. Every change
goes through here, whether a consent page, the portal or Graph asks for it, and stands in the audit.
"""

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from uuid import NAMESPACE_URL, uuid5

from m365sim.applications import Application, ScopeGrant
from m365sim.directory_roles import CONSENT_TO_GRAPH_ROLES, CONSENT_TO_SCOPES
from m365sim.graph_permissions import GRAPH_APP_ID, scope_named
from m365sim.signed_in import AuditEntry
from m365sim.world import World


def record(world: World, tenant_id: str, actor: str, action: str, target: str, detail: str = "") -> None:
    """One line of the audit."""
    world.interactive.audit.append(AuditEntry(world.clock.now(), tenant_id, actor, action, target, detail))


def graph_principal_id(tenant_id: str) -> str:
    """The object id of Microsoft Graph's own service principal, which differs from tenant to tenant."""
    return str(uuid5(NAMESPACE_URL, f"{tenant_id}/{GRAPH_APP_ID}"))


def principal_id(application: Application, tenant_id: str) -> str | None:
    """The object id of the application's service principal in that tenant, None where it has none."""
    if tenant_id == application.tenant_id:
        return application.service_principal_id or None
    return application.service_principals.get(tenant_id)


def ensure_principal(application: Application, tenant_id: str) -> str:
    """The service principal in that tenant, made if it is missing: what a first consent does."""
    found = principal_id(application, tenant_id)
    if found is not None:
        return found
    made = str(uuid5(NAMESPACE_URL, f"{tenant_id}/{application.object_id}"))
    if tenant_id == application.tenant_id:
        application.service_principal_id = made
    else:
        application.service_principals[tenant_id] = made
    return made


def usable_in(application: Application, tenant_id: str) -> bool:
    """True in the home tenant, and in any other for an application of many tenants."""
    return application.multi_tenant or application.tenant_id == tenant_id


def grant_roles(world: World, application: Application, tenant_id: str, roles: Iterable[str], actor: str) -> None:
    """Consent to application permissions for that tenant; tokens carry them when the propagation delay has passed."""
    ensure_principal(application, tenant_id)
    granted = application.granted_roles.setdefault(tenant_id, set())
    for role in sorted(set(roles) - granted):
        granted.add(role)
        application.visible_from[(tenant_id, role)] = world.clock.now() + world.interactive.consent_delay
        record(world, tenant_id, actor, "Add app role assignment", application.client_id, role)


def withdraw_roles(world: World, application: Application, tenant_id: str, roles: Iterable[str], actor: str) -> None:
    granted = application.granted_roles.setdefault(tenant_id, set())
    for role in sorted(set(roles) & granted):
        granted.discard(role)
        application.visible_from.pop((tenant_id, role), None)
        record(world, tenant_id, actor, "Remove app role assignment", application.client_id, role)


def roles_in_force(world: World, application: Application, tenant_id: str) -> set[str]:
    """The application permissions that a token of now carries."""
    now = world.clock.now()
    granted = application.granted_roles.get(tenant_id, set())
    return {role for role in granted if application.visible_from.get((tenant_id, role), 0.0) <= now}


def grant_scopes(
    world: World,
    application: Application,
    tenant_id: str,
    scopes: Iterable[str],
    user_id: str | None,
    actor: str,
) -> ScopeGrant:
    """Consent to delegated permissions, for one user or (None) for everybody; adds to an existing grant."""
    ensure_principal(application, tenant_id)
    grant = next(
        (found for found in application.scope_grants if found.tenant_id == tenant_id and found.principal_id == user_id),
        None,
    )
    if grant is None:
        grant = ScopeGrant(_grant_id(application, tenant_id, user_id), tenant_id, user_id, set())
        application.scope_grants.append(grant)
    added = set(scopes) - grant.scopes
    grant.scopes |= added
    if added:
        record(
            world,
            tenant_id,
            actor,
            "Add delegated permission grant",
            application.client_id,
            " ".join(sorted(added)),
        )
    return grant


def withdraw_grant(world: World, application: Application, grant: ScopeGrant, actor: str) -> None:
    application.scope_grants.remove(grant)
    record(
        world,
        grant.tenant_id,
        actor,
        "Remove delegated permission grant",
        application.client_id,
        " ".join(sorted(grant.scopes)),
    )


def scopes_in_force(application: Application, tenant_id: str, user_id: str) -> set[str]:
    """The delegated permissions that this user, or an administrator for everybody, consented to."""
    return {
        scope
        for grant in application.scope_grants
        if grant.tenant_id == tenant_id and grant.principal_id in {None, user_id}
        for scope in grant.scopes
    }


def needs_administrator(scopes: Iterable[str]) -> list[str]:
    """Those delegated permissions that a user can't consent to."""
    found = ((name, scope_named(name)) for name in scopes)
    return sorted(name for name, permission in found if permission is None or permission.admin)


def roles_missing_to_consent(
    administrator: frozenset[str], scopes: Iterable[str], roles: Iterable[str]
) -> frozenset[str]:
    """Empty if somebody with these directory roles may consent for the organisation; else the roles of which one is
    needed. Application permissions of Microsoft Graph want more than delegated ones do."""
    wanted = CONSENT_TO_GRAPH_ROLES if list(roles) else CONSENT_TO_SCOPES if list(scopes) else frozenset()
    return frozenset() if not wanted or administrator & wanted else wanted


def assignment_id(application: Application, tenant_id: str, role: str) -> str:
    """The id of an appRoleAssignment: opaque, and the same for the same assignment."""
    return _opaque(f"{application.client_id} {tenant_id} {role}")


def _grant_id(application: Application, tenant_id: str, user_id: str | None) -> str:
    return _opaque(f"{application.client_id} {tenant_id} {user_id}")


def _opaque(text: str) -> str:
    return urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).decode().rstrip("=")
