"""What Microsoft's group-based licensing does when members or group licences change."""

from dataclasses import dataclass, replace

from m365sim.tenant import Assignment, Group, Tenant, User

Licenses = tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(slots=True)
class Seats:
    """Seats still free, counted down while licences are given; a returned seat counts from the next step on."""

    free: dict[str, int]

    def take(self, sku_id: str) -> bool:
        """True if there was one."""
        left = self.free.get(sku_id, 0)
        self.free[sku_id] = left - 1 if left > 0 else left
        return left > 0


def seats_of(tenant: Tenant) -> Seats:
    """The free seats of each SKU: bought, also those in their grace period, minus consumed."""
    consumed = tenant.consumed()
    return Seats({sku.sku_id: sku.enabled + sku.warning - consumed[sku.sku_id] for sku in tenant.skus.values()})


def give_directly(tenant: Tenant, user: User, sku_id: str, seats: Seats, now: int) -> bool:
    """False where Microsoft refuses: no usage location, no seat, or held directly already."""
    if not user.usage_location or any(way.sku_id == sku_id and way.group_id is None for way in user.assignments):
        return False
    if not _has_seat(user, sku_id, seats):
        return False
    tenant.set_assignments(user, (*user.assignments, Assignment(sku_id, None, (), "Active", "None", now)))
    return True


def join(tenant: Tenant, group: Group, object_id: str, seats: Seats, now: int) -> None:
    """Make it a member; a user then holds what the group assigns, or has the error that says why not."""
    if object_id in group.members:
        return
    tenant.add_member(group, object_id)
    user = tenant.users.get(object_id)
    if user and group.licenses:
        ways = tuple(_way(user, group.id, sku_id, disabled, seats, now) for sku_id, disabled in group.licenses)
        tenant.set_assignments(user, (*user.assignments, *ways))


def leave(tenant: Tenant, group: Group, object_id: str) -> None:
    """End the membership and what came with it."""
    tenant.remove_member(group, object_id)
    user = tenant.users.get(object_id)
    if user and group.licenses:
        tenant.set_assignments(user, tuple(way for way in user.assignments if way.group_id != group.id))


def license_group(tenant: Tenant, group: Group, licenses: Licenses, seats: Seats, now: int) -> int:
    """Change what the group assigns, for itself and its direct members; the number of users whose ways changed."""
    before, after = dict(group.licenses), dict(licenses)
    group.licenses = licenses
    tenant.touch(group)
    changed = 0
    for user in [tenant.users[member] for member in group.members if member in tenant.users]:
        ways = [way for way in user.assignments if way.group_id != group.id or way.sku_id in after]
        for number, way in enumerate(ways):
            if way.group_id == group.id and way.disabled_plans != after[way.sku_id]:
                ways[number] = replace(way, disabled_plans=after[way.sku_id], updated_at=now)
        added = [sku_id for sku_id in after if sku_id not in before]
        ways += [_way(user, group.id, sku_id, after[sku_id], seats, now) for sku_id in added]
        changed += tuple(ways) != user.assignments
        tenant.set_assignments(user, tuple(ways))
    return changed


def _way(user: User, group_id: str, sku_id: str, disabled: tuple[str, ...], seats: Seats, now: int) -> Assignment:
    if not user.usage_location:
        return Assignment(sku_id, group_id, disabled, "Error", "ProhibitedInUsageLocationViolation", now)
    if not _has_seat(user, sku_id, seats):
        return Assignment(sku_id, group_id, disabled, "Error", "CountViolation", now)
    return Assignment(sku_id, group_id, disabled, "Active", "None", now)


def _has_seat(user: User, sku_id: str, seats: Seats) -> bool:
    """Who holds the SKU by another way needs no second seat."""
    return any(way.sku_id == sku_id and way.state != "Error" for way in user.assignments) or seats.take(sku_id)
