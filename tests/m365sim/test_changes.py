"""A step changes about one user in a hundred, and the journal tells of every change that delta shows."""

import copy
from collections import Counter

import pytest
from tests.m365sim.invariants import check_invariants

from m365sim.changes import change_tenant
from m365sim.company.build import build_tenant
from m365sim.oracle import dataset
from m365sim.tenant import Tenant, User, merged_licences

NOW = 1_764_000_000.0
DAY = 86_400

UNTRACKED = {"sign_ins", "activity", "assignments", "revision", "changed"}


def tracked(user: User) -> tuple[object, ...]:
    """What users/delta shows: licences as assignedLicenses merges them, no sign-ins."""
    plain = tuple(getattr(user, name) for name in User.__slots__ if name not in UNTRACKED)
    return (*plain, merged_licences(user.assignments))


def test_invariants_hold_over_thirty_steps() -> None:
    tenant = build_tenant(400, 60, 1, NOW)
    totals: Counter[str] = Counter()
    for step in range(30):
        totals.update(change_tenant(tenant, step, 1, NOW + (step + 1) * 2 * DAY))
        check_invariants(tenant)
    assert all(count > 0 for count in totals.values()), totals
    assert 300 < len(tenant.users) < 500
    assert tenant.deleted_users
    reasons = {(removal.kind, removal.reason) for removal in tenant.removals}
    assert reasons == {("user", "changed"), ("user", "deleted"), ("group", "changed"), ("group", "deleted")}


def test_every_kind_of_change_happens_in_each_step() -> None:
    tenant = build_tenant(500, 80, 1, NOW)
    for step in range(3):
        counts = change_tenant(tenant, step, 1, NOW + step)
        assert [kind for kind, count in counts.items() if not count] == ["purged"]


@pytest.mark.parametrize(("users", "groups"), [(0, 0), (1, 0), (1, 1), (3, 2), (25, 10)])
def test_small_tenants_live_too(users: int, groups: int) -> None:
    tenant = build_tenant(users, groups, 1, NOW)
    for step in range(20):
        change_tenant(tenant, step, 1, NOW + step * DAY)
        check_invariants(tenant)


def test_the_same_step_is_the_same_change() -> None:
    first, second = build_tenant(200, 50, 1, NOW), build_tenant(200, 50, 1, NOW)
    assert change_tenant(first, 0, 9, NOW + 60) == change_tenant(second, 0, 9, NOW + 60)
    assert first == second
    change_tenant(first, 1, 9, NOW + 60)
    change_tenant(second, 2, 9, NOW + 60)
    assert first != second


def test_about_the_fraction_of_users_is_touched() -> None:
    for fraction in (0.01, 0.1):
        tenant = build_tenant(4000, 100, 1, NOW)
        before = {user.id: tracked(user) for user in tenant.users.values()}
        change_tenant(tenant, 0, 1, NOW + DAY, fraction)
        differing = [user.id for user in tenant.users.values() if before.get(user.id) != tracked(user)]
        assert 0.5 * fraction < len(differing) / 4000 < 1.5 * fraction + 0.02


def delta_view(before: Tenant, after: Tenant) -> dict[str, tuple[object, ...]]:
    """The users of `before` brought up to date from the journal of `after` alone."""
    view = {user.id: tracked(user) for user in before.users.values()}
    for removal in after.removals:
        if removal.sequence > before.sequence:
            view.pop(removal.object_id, None)
    view |= {user.id: tracked(user) for user in after.users.values() if user.changed > before.sequence}
    return view


def test_the_journal_tells_of_every_tracked_change() -> None:
    tenant = build_tenant(500, 80, 1, NOW)
    for step in range(12):
        before = copy.deepcopy(tenant)
        for inner in range(1 + step % 3):
            change_tenant(tenant, step * 3 + inner, 1, NOW + step * 5 * DAY)
        assert delta_view(before, tenant) == {user.id: tracked(user) for user in tenant.users.values()}
        members = {group.id: set(group.members) for group in before.groups.values()}
        for change in tenant.member_changes:
            if change.sequence > before.sequence:
                found = members.setdefault(change.group_id, set())
                (found.discard if change.removed else found.add)(change.member_id)
        assert {group.id: members.get(group.id, set()) for group in tenant.groups.values()} == {
            group.id: set(group.members) for group in tenant.groups.values()
        }


def test_untracked_changes_move_the_revision_alone() -> None:
    tenant = build_tenant(500, 80, 1, NOW)
    before = copy.deepcopy(tenant)
    change_tenant(tenant, 0, 1, NOW + DAY)
    silent = [
        user
        for user in tenant.users.values()
        if user.id in before.users and user.changed <= before.sequence and user != before.users[user.id]
    ]
    assert any(user.sign_ins != before.users[user.id].sign_ins for user in silent)
    assert any(user.assignments != before.users[user.id].assignments for user in silent)
    for user in tenant.users.values():
        if user.id in before.users and user != before.users[user.id]:
            assert user.revision > before.revision


def test_a_restored_user_has_licences_and_groups_again() -> None:
    tenant = build_tenant(300, 60, 1, NOW)
    user = next(
        user for user in tenant.users.values() if {way.group_id is None for way in user.assignments} == {True, False}
    )
    held, groups = set(user.assignments), {group.id for group in tenant.groups.values() if user.id in group.members}
    tenant.delete_user(user.id, int(NOW))
    assert not user.assignments
    assert [removal.reason for removal in tenant.removals] == ["changed"]
    tenant.restore_user(user.id, int(NOW) + 60)
    assert set(user.assignments) == held
    assert {group.id for group in tenant.groups.values() if user.id in group.members} == groups
    assert tenant.removals == []
    check_invariants(tenant)


def test_a_group_that_assigns_licences_cannot_be_deleted() -> None:
    tenant = build_tenant(50, 20, 1, NOW)
    licensed = next(group for group in tenant.groups.values() if group.licenses)
    with pytest.raises(ValueError, match="still assigns licences"):
        tenant.delete_group(licensed.id, int(NOW))
    assert licensed.id in tenant.groups


def test_changes_show_in_the_datasets() -> None:
    tenant = build_tenant(500, 80, 1, NOW)
    names = ("subscriptions", "users", "groups", "memberships", "assignments", "terms", "usage")
    before = {name: list(dataset(tenant, name, NOW)) for name in names}
    change_tenant(tenant, 0, 1, NOW + DAY)
    assert [name for name in names if before[name] == list(dataset(tenant, name, NOW))] == []
