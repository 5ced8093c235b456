"""The interactive part of a world at its start: the second tenant, the people, and the registrations they meet."""

from uuid import UUID, uuid5

from m365sim.accounts import plant_accounts, user_in
from m365sim.applications import Application, Secret
from m365sim.company.build import build_tenant
from m365sim.consents import ensure_principal
from m365sim.identity.walk import sign_in_name
from m365sim.signed_in import Interactive
from m365sim.tenant import Tenant
from m365sim.world import World

NEIGHBOUR_USERS = 60
NEIGHBOUR_GROUPS = 12
_YEAR = 365 * 24 * 3600
# The path of the product's callback; with http://localhost Microsoft ignores the port.
CALLBACK = "http://localhost/connectors/microsoft-365/authorize"
GUIDE = frozenset({"Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All"})


def settle(world: World, tenant: Tenant, seed: int, founded_at: float) -> None:
    """Put the interactive part at its start. Called at the founding and at each reset; the same seed gives the same."""
    world.interactive = Interactive()
    neighbour = _neighbour(world, tenant, seed, founded_at)
    world.interactive.accounts = plant_accounts(tenant, neighbour, seed)
    for home in (tenant, neighbour):
        home.kept = _signing_in(world, home)
    for application in list(world.applications.values()):
        application.redirect_uris[:] = dict.fromkeys([*application.redirect_uris, "http://localhost", CALLBACK])
        application.requested_scopes |= application.requested_roles | {"User.Read"}
    owner = _key(world, "user")
    for made in (_provider(neighbour, founded_at), _public(tenant, founded_at)):
        world.applications[made.client_id] = made
        made.owners |= {owner} if made.tenant_id == tenant.id and owner else set()


def people_facts(world: World) -> list[dict[str, object]]:
    """Who can sign in, for the ready file: passwords are in it, as they are of no use elsewhere."""
    return [
        {
            "name": account.key,
            "user_principal_name": sign_in_name(world, account),
            "password": account.password,
            "roles": sorted(account.roles),
            "user_id": account.user_id,
            "tenant_id": account.tenant_id,
            "business": account.business,
            "purpose": account.purpose,
        }
        for account in world.interactive.accounts.values()
    ]


def tenant_facts(world: World) -> list[dict[str, object]]:
    """The tenants of the simulator, the one of the command line first."""
    return [
        {
            "id": tenant.id,
            "name": tenant.display_name,
            "domain": next(domain.id for domain in tenant.domains if domain.is_default),
        }
        for tenant in world.tenants.values()
    ]


def interactive_applications(world: World) -> list[dict[str, object]]:
    """The provider's multi-tenant application and the public client, in the form of the ready file's list."""
    found = [item for item in world.applications.values() if item.display_name in {_PROVIDER, _PUBLIC}]
    return [
        {
            "name": "provider" if application.multi_tenant else "public client",
            "client_id": application.client_id,
            "client_secret": application.secrets[0].value if application.secrets else "",
            "purpose": (
                "registered by the second tenant for any tenant; nobody consented yet"
                if application.multi_tenant
                else "signs in by device code, without a credential"
            ),
        }
        for application in found
    ]


_PROVIDER = "Stocktake for providers"
_PUBLIC = "Stocktake on a device"


def _neighbour(world: World, tenant: Tenant, seed: int, founded_at: float) -> Tenant:
    found = next((other for other in world.tenants.values() if other.id != tenant.id), None)
    if found is None or found.revision != 1:
        found = build_tenant(NEIGHBOUR_USERS, NEIGHBOUR_GROUPS, seed + 1, founded_at)
        world.tenants[found.id] = found
    return found


def _signing_in(world: World, tenant: Tenant) -> frozenset[str]:
    users = (user_in(account, tenant) for account in world.interactive.accounts.values())
    return frozenset(user.id for user in users if user is not None)


def _key(world: World, key: str) -> str | None:
    accounts = world.interactive.accounts.values()
    return next((account.user_id for account in accounts if account.key == key), None)


def _provider(tenant: Tenant, founded_at: float) -> Application:
    application = _application(tenant, _PROVIDER, founded_at)
    application.multi_tenant = True
    application.requested_roles = set(GUIDE)
    value = f"prv8Q~{uuid5(UUID(tenant.id), 'provider secret').hex}"
    ends = int(founded_at) + _YEAR
    application.secrets.append(
        Secret(str(uuid5(UUID(tenant.id), "secret")), value, value[:3], "planted", ends - _YEAR, ends)
    )
    application.redirect_uris.extend(["http://localhost", CALLBACK])
    return application


def _public(tenant: Tenant, founded_at: float) -> Application:
    application = _application(tenant, _PUBLIC, founded_at)
    application.public_client = True
    application.public_redirect_uris.append("http://localhost")
    return application


def _application(tenant: Tenant, name: str, founded_at: float) -> Application:
    made = Application(
        object_id=str(uuid5(UUID(tenant.id), f"{name} application")),
        client_id=str(uuid5(UUID(tenant.id), f"{name} client")),
        display_name=name,
        tenant_id=tenant.id,
        service_principal_id="",
        requested_scopes={*GUIDE, "User.Read"},
        created_at=int(founded_at),
    )
    ensure_principal(made, tenant.id)
    return made
