"""The registrations that a simulated tenant begins with: one for each thing that can be right or wrong with one."""

import secrets
from dataclasses import dataclass
from uuid import UUID, uuid5

from m365sim.applications import Application, KeyCredential, Secret
from m365sim.signing import KeyPair
from m365sim.tenant import Tenant

DAY = 86_400
_YEAR = 365 * DAY

GUIDE = frozenset({"Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All"})
EVERYTHING = GUIDE | {
    "AuditLog.Read.All",
    "ReportSettings.Read.All",
    "Member.Read.Hidden",
    "Application.Read.All",
    "RoleManagement.Read.Directory",
}
LEAST = frozenset(
    {
        "User.Read.All",
        "GroupMember.Read.All",
        "LicenseAssignment.Read.All",
        "Organization.Read.All",
        "Domain.Read.All",
        "Reports.Read.All",
        "AuditLog.Read.All",
        "ReportSettings.Read.All",
        "RoleManagement.Read.Directory",
        "Application.Read.All",
    }
)


@dataclass(slots=True, frozen=True)
class Planted:
    """A registration with its secret in clear, and what it is there for."""

    name: str
    application: Application
    secret: str
    purpose: str


@dataclass(slots=True, frozen=True)
class _Wish:
    name: str
    display_name: str
    roles: frozenset[str]
    purpose: str
    consented: bool = True
    secret_ends_in: int = _YEAR


_WISHES = (
    _Wish("default", "Stocktake", EVERYTHING, "everything that a licence inventory can use"),
    _Wish("guide", "Licence Connector", GUIDE, "the four permissions of the guide and nothing else"),
    _Wish("least", "Stocktake least", LEAST, "the least permissions that show everything"),
    _Wish("no consent", "Stocktake unconsented", GUIDE, "asks for the guide's four; nobody consented", consented=False),
    _Wish("expired secret", "Stocktake expired", GUIDE, "its secret expired ten days ago", secret_ends_in=-10 * DAY),
    _Wish(
        "without Reports.Read.All",
        "Stocktake without reports",
        GUIDE - {"Reports.Read.All"},
        "the guide's four without Reports.Read.All: no usage reports",
    ),
    # Directory.Read.All would read groups as well, so this one is cut from the least set.
    _Wish(
        "without Group.Read.All",
        "Stocktake without groups",
        LEAST - {"GroupMember.Read.All"},
        "no permission that reads groups or their members",
    ),
)


def planted_applications(tenant: Tenant, now: float, certificate: KeyPair) -> tuple[Planted, ...]:
    """The default registration, which has the certificate too, and the others. Ids follow from the tenant's."""
    made = tuple(_planted(tenant, int(now), wish) for wish in _WISHES)
    made[0].application.keys.append(_key_credential(certificate, tenant, int(now)))
    return made


def _planted(tenant: Tenant, now: int, wish: _Wish) -> Planted:
    # The form of Microsoft's: 40 characters, a tilde among them; the first three are all that is ever shown again.
    value = f"{secrets.token_urlsafe(3)[:3]}8Q~{secrets.token_urlsafe(30)[:34]}"
    created = now - 2 * _YEAR + min(0, wish.secret_ends_in)
    application = Application(
        object_id=_id(tenant, wish, "application"),
        client_id=_id(tenant, wish, "client"),
        display_name=wish.display_name,
        tenant_id=tenant.id,
        service_principal_id=_id(tenant, wish, "service principal"),
        redirect_uris=["http://localhost"],
        requested_roles=set(wish.roles),
        granted_roles={tenant.id: set(wish.roles)} if wish.consented else {},
        created_at=created,
    )
    ends = now + wish.secret_ends_in
    application.secrets.append(Secret(_id(tenant, wish, "secret"), value, value[:3], "planted", ends - 2 * _YEAR, ends))
    return Planted(wish.name, application, value, wish.purpose)


def _key_credential(pair: KeyPair, tenant: Tenant, now: int) -> KeyCredential:
    return KeyCredential(
        key_id=str(uuid5(UUID(tenant.id), "certificate")),
        pem=pair.certificate_pem,
        thumbprint_sha1=pair.thumbprint_sha1,
        thumbprint_sha256=pair.thumbprint_sha256,
        display_name="planted",
        starts_at=now - DAY,
        ends_at=now + _YEAR,
    )


def _id(tenant: Tenant, wish: _Wish, what: str) -> str:
    return str(uuid5(UUID(tenant.id), f"{wish.name} {what}"))
