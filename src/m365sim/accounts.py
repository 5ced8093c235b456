"""People of the simulated tenants who can sign in: real users of the directory, with a password and roles.

They are chosen among the people that the company has anyway, so the number of users stays what was asked for.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from m365sim.directory_roles import (
    APPLICATION_ADMINISTRATOR,
    CLOUD_APPLICATION_ADMINISTRATOR,
    DEFAULT_USER,
    GLOBAL_ADMINISTRATOR,
    GLOBAL_READER,
    PRIVILEGED_ROLE_ADMINISTRATOR,
    REPORTS_READER,
    TEMPLATE_IDS,
)
from m365sim.tenant import Tenant, User

_WORDS = ("anchor", "birch", "copper", "delta", "ember", "falcon", "granite", "harbour", "indigo", "juniper")


@dataclass(slots=True)
class Account:
    """Somebody's sign-in. `user_id` is the user of the home tenant; `guest_in` the users elsewhere, by tenant id."""

    key: str  # what tests and the ready file call this person
    user_id: str
    tenant_id: str
    password: str
    roles: frozenset[str] = frozenset()  # directory roles of the home tenant, by name
    purpose: str = ""
    business: str | None = None  # sees the members of this company name alone
    mfa: bool = False  # a policy wants a second factor
    guest_in: dict[str, str] = field(default_factory=dict)
    revoked_at: float = 0.0  # refresh tokens from before are dead


@dataclass(slots=True, frozen=True)
class _Role:
    key: str
    purpose: str
    roles: frozenset[str] = frozenset()
    mfa: bool = False


_STAFF = (
    _Role("global_administrator", "may do everything", frozenset({GLOBAL_ADMINISTRATOR})),
    _Role(
        "privileged_role_administrator",
        "may consent to everything",
        frozenset({PRIVILEGED_ROLE_ADMINISTRATOR}),
    ),
    _Role(
        "cloud_application_administrator",
        "manages applications; may not consent to Graph's application permissions",
        frozenset({CLOUD_APPLICATION_ADMINISTRATOR}),
    ),
    _Role(
        "application_administrator",
        "manages applications; may not consent to Graph's application permissions",
        frozenset({APPLICATION_ADMINISTRATOR}),
    ),
    _Role("reports_reader", "an ordinary user who may read usage reports", frozenset({REPORTS_READER})),
    _Role("global_reader", "reads everything, changes nothing", frozenset({GLOBAL_READER})),
    _Role("user", "an ordinary user: no role, so no usage reports"),
    _Role("mfa", "an ordinary user of whom a policy wants a second factor", mfa=True),
)


def plant_accounts(tenant: Tenant, neighbour: Tenant, seed: int) -> dict[str, Account]:
    """The accounts of both tenants by user id. Small tenants have as many of them as they have people.

    Called before the tenants are served: it may set properties of users, and none of that stands in the journal.
    """
    rng = Random(f"accounts {seed}")
    accounts: dict[str, Account] = {}
    free = _people(tenant, accounts)
    for role in _STAFF:
        _plant(accounts, next(free, None), tenant, role, rng)
    _plant_business(accounts, tenant, rng)
    _plant_disabled(accounts, tenant, rng)
    abroad = _people(neighbour, accounts)
    for role in (
        _Role("neighbour_administrator", "administrator of the second tenant", frozenset({GLOBAL_ADMINISTRATOR})),
        _Role("neighbour_user", "a user of the second tenant, unknown in the first"),
    ):
        _plant(accounts, next(abroad, None), neighbour, role, rng)
    _plant_guest(accounts, next(abroad, None), tenant, neighbour, rng)
    return accounts


def account_roles(account: Account, tenant_id: str) -> frozenset[str]:
    """Directory roles in that tenant: a guest has none."""
    return account.roles if tenant_id == account.tenant_id else frozenset()


def wids_of(account: Account, tenant_id: str) -> list[str]:
    """What a token of this person carries as `wids` in that tenant."""
    roles = [TEMPLATE_IDS[role] for role in sorted(account_roles(account, tenant_id))]
    return [*roles, DEFAULT_USER] if tenant_id == account.tenant_id else roles


def user_in(account: Account, tenant: Tenant) -> User | None:
    """The user that this person is in that tenant, if any and not deleted."""
    user_id = account.user_id if tenant.id == account.tenant_id else account.guest_in.get(tenant.id)
    return None if user_id is None else tenant.users.get(user_id)


def _people(tenant: Tenant, taken: dict[str, Account]) -> Iterator[User]:
    """People with an account that is easy to type, in listing order."""
    for user in list(tenant.users.values()):
        typed = user.user_principal_name
        plain = typed.isascii() and typed.islower() and "'" not in typed
        person = user.kind == "person" and user.account_enabled and user.user_type == "Member"
        if person and plain and user.id not in taken:
            yield user


def _plant(accounts: dict[str, Account], user: User | None, tenant: Tenant, role: _Role, rng: Random) -> None:
    if user is not None:
        accounts[user.id] = Account(
            role.key, user.id, tenant.id, _password(rng), role.roles, role.purpose, mfa=role.mfa
        )


def _password(rng: Random) -> str:
    return f"{rng.choice(_WORDS)}-{rng.choice(_WORDS)}-{rng.randrange(1000, 10000)}"


def _plant_business(accounts: dict[str, Account], tenant: Tenant, rng: Random) -> None:
    """Somebody of the smallest company name that has a few people."""
    sizes: dict[str, int] = {}
    for user in tenant.users.values():
        if user.company_name is not None and user.kind == "person":
            sizes[user.company_name] = sizes.get(user.company_name, 0) + 1
    if len(sizes) < 2:
        return
    business = min(sizes, key=lambda name: (sizes[name], name))
    colleague = next((user for user in _people(tenant, accounts) if user.company_name == business), None)
    if colleague is not None:
        _plant(accounts, colleague, tenant, _Role("business_user", f"sees {business} alone"), rng)
        accounts[colleague.id].business = business


def _plant_disabled(accounts: dict[str, Account], tenant: Tenant, rng: Random) -> None:
    """Somebody whose account is disabled: a leaver if the company has one."""
    leavers = (
        user
        for user in tenant.users.values()
        if user.kind == "person" and not user.account_enabled and user.user_principal_name.isascii()
    )
    _plant(accounts, next(leavers, None), tenant, _Role("disabled", "a leaver: the account is disabled"), rng)


def _plant_guest(
    accounts: dict[str, Account], user: User | None, tenant: Tenant, neighbour: Tenant, rng: Random
) -> None:
    """A user of the second tenant who was invited to the first: takes the place of one of its guests."""
    guest = next((user for user in tenant.users.values() if user.user_type == "Guest"), None)
    if user is None or guest is None:
        return
    initial = next(domain.id for domain in tenant.domains if domain.is_initial)
    guest.user_principal_name = f"{user.user_principal_name.replace('@', '_')}#EXT#@{initial}"
    guest.mail, guest.display_name = user.user_principal_name, user.display_name
    guest.given_name, guest.surname, guest.account_enabled = user.given_name, user.surname, True
    _plant(accounts, user, neighbour, _Role("guest", "a user of the second tenant, guest in the first"), rng)
    accounts[user.id].guest_in[tenant.id] = guest.id
