"""What is true of every tenant at every instant: licences, members, purchases and journal agree."""

from m365sim.tenant import Group, Tenant, User


def check_invariants(tenant: Tenant) -> None:
    """AssertionError with the object that breaks a rule."""
    for user in tenant.users.values():
        _check_user(tenant, user)
    for group in tenant.groups.values():
        _check_group(tenant, group)
    assert not set(tenant.users) & set(tenant.deleted_users)
    assert not set(tenant.groups) & set(tenant.deleted_groups)
    assert all(user.deleted_at and not user.assignments for user in tenant.deleted_users.values())
    _check_purchases(tenant)
    _check_journal(tenant)


def _check_user(tenant: Tenant, user: User) -> None:
    assert user.deleted_at is None, user
    assert 0 < user.created_seq <= user.changed <= tenant.sequence, user
    assert user.revision <= tenant.revision, user
    assert len({(way.sku_id, way.group_id) for way in user.assignments}) == len(user.assignments), user
    for way in user.assignments:
        assert (way.error == "None") == (way.state in ("Active", "Disabled")), way
        assert list(way.disabled_plans) == sorted(set(way.disabled_plans)), way
        assert set(way.disabled_plans) <= {plan.id for plan in tenant.skus[way.sku_id].plans}, way
        if way.group_id is None:
            assert user.usage_location, user
        else:
            assert user.id in tenant.groups[way.group_id].members, way
            assert (way.sku_id, way.disabled_plans) in tenant.groups[way.group_id].licenses, way


def _check_group(tenant: Tenant, group: Group) -> None:
    assert 0 < group.created_seq <= group.changed <= tenant.sequence, group
    assert group.id not in group.members, group
    for member in group.members:
        tenant.type_of(member)
        if member in tenant.users:
            held = {
                (way.sku_id, way.disabled_plans) for way in tenant.users[member].assignments if way.group_id == group.id
            }
            assert held == set(group.licenses), (group.display_name, member)


def _check_purchases(tenant: Tenant) -> None:
    seats = {
        sku_id: {
            user.id
            for user in tenant.users.values()
            for way in user.assignments
            if way.sku_id == sku_id and way.state != "Error"
        }
        for sku_id in tenant.skus
    }
    assert tenant.consumed() == {sku_id: len(holders) for sku_id, holders in seats.items()}
    for sku in tenant.skus.values():
        units = {
            "Enabled": sku.enabled,
            "Warning": sku.warning,
            "Suspended": sku.suspended,
            "LockedOut": sku.locked_out,
        }
        for status, count in units.items():
            assert count == sum(term.total for term in sku.subscriptions if term.status == status), sku
        assert sku.capability_status in {term.status for term in sku.subscriptions}, sku


def _check_journal(tenant: Tenant) -> None:
    members = [change.sequence for change in tenant.member_changes]
    removals = [removal.sequence for removal in tenant.removals]
    assert members == sorted(set(members))
    assert removals == sorted(set(removals))
    assert not set(members) & set(removals)
    assert max([*members, *removals, 0]) <= tenant.sequence
    assert not {removal.object_id for removal in tenant.removals} & (set(tenant.users) | set(tenant.groups))
