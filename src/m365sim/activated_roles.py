"""The directory roles of a tenant and who holds them: Graph's directoryRoles (directoryrole-list.md).

Only activated roles are listed: those that somebody holds, and two that every tenant has had from its beginning.
"""

from dataclasses import dataclass
from uuid import UUID, uuid5

from m365sim.accounts import account_roles, user_in
from m365sim.directory_roles import GLOBAL_ADMINISTRATOR, TEMPLATE_IDS
from m365sim.tenant import Tenant
from m365sim.world import World

_ALWAYS = (GLOBAL_ADMINISTRATOR, "Directory Readers")


@dataclass(slots=True, frozen=True)
class ActivatedRole:
    id: str  # of the role in this tenant
    template_id: str  # the same in every tenant
    name: str
    member_ids: tuple[str, ...]  # live users, in the order of their ids


def activated_roles(world: World, tenant: Tenant) -> list[ActivatedRole]:
    """In the order of their template ids."""
    held: dict[str, list[str]] = {name: [] for name in _ALWAYS}
    for account in world.interactive.accounts.values():
        user = user_in(account, tenant)
        if user is not None:
            for name in account_roles(account, tenant.id):
                held.setdefault(name, []).append(user.id)
    roles = [
        ActivatedRole(str(uuid5(UUID(tenant.id), name)), TEMPLATE_IDS[name], name, tuple(sorted(members)))
        for name, members in held.items()
    ]
    return sorted(roles, key=lambda role: role.template_id)
