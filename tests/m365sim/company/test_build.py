"""The believable company: exact sizes, the same from the same seed, and every awkward kind in it."""

import hashlib
import os
import subprocess
import sys
from collections import Counter

import pytest

from m365sim.activity import DAY, workloads_of
from m365sim.company.build import build_tenant
from m365sim.company.names import AWKWARD
from m365sim.tenant import Assignment, Tenant, User

NOW = 1_764_000_000.0

# Prints a digest of a built and thrice changed tenant.
DIGEST_PROGRAM = """
import hashlib, sys
from m365sim.changes import change_tenant
from m365sim.company.build import build_tenant
tenant = build_tenant(300, 60, 7, 1764000000.0)
for step in range(3):
    change_tenant(tenant, step, 7, 1764000000.0 + step)
sys.stdout.write(hashlib.sha256(repr(tenant).encode()).hexdigest())
"""


@pytest.fixture(scope="module")
def company() -> Tenant:
    return build_tenant(1000, 120, 1, NOW)


def ways(tenant: Tenant) -> list[tuple[User, Assignment]]:
    return [(user, way) for user in tenant.users.values() for way in user.assignments]


def test_is_the_same_in_every_process() -> None:
    digests = set()
    for hash_seed in ("0", "1"):
        done = subprocess.run(
            [sys.executable, "-c", DIGEST_PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            check=True,
        )
        digests.add(done.stdout)
    assert len(digests) == 1
    assert len(digests.pop()) == hashlib.sha256().digest_size * 2


def test_follows_the_seed_and_the_clock() -> None:
    first = build_tenant(80, 20, 3, NOW)
    assert build_tenant(80, 20, 3, NOW) == first
    assert build_tenant(80, 20, 4, NOW).id != first.id
    assert not {d.id for d in build_tenant(80, 20, 4, NOW).domains} & {d.id for d in first.domains}
    later = build_tenant(80, 20, 3, NOW + DAY)
    assert list(later.users) == list(first.users)
    assert [user.created_at - DAY for user in later.users.values()] == [u.created_at for u in first.users.values()]


@pytest.mark.parametrize(
    ("users", "groups"), [(0, 0), (0, 7), (1, 0), (1, 1), (7, 3), (19, 10), (20, 11), (61, 40), (1000, 120), (10, 200)]
)
def test_has_exactly_the_size_that_was_asked_for(users: int, groups: int) -> None:
    tenant = build_tenant(users, groups, 5, NOW)
    assert (len(tenant.users), len(tenant.groups)) == (users, groups)


@pytest.mark.parametrize(
    ("users", "groups", "mean"), [(1000, 100, 50), (10_000, 1000, 50), (2000, 400, 20), (500, 25, 100)]
)
def test_groups_have_the_mean_membership(users: int, groups: int, mean: int) -> None:
    tenant = build_tenant(users, groups, 2, NOW, members_mean=mean)
    total = sum(len(group.members) for group in tenant.groups.values())
    assert total / groups == pytest.approx(mean, rel=0.03)


def test_a_hundred_thousand_users_can_be_built() -> None:
    tenant = build_tenant(100_000, 2000, 1, NOW)
    assert (len(tenant.users), len(tenant.groups)) == (100_000, 2000)
    assert len({user.user_principal_name.lower() for user in tenant.users.values()}) == 100_000


def test_nothing_of_the_building_is_in_the_journal(company: Tenant) -> None:
    assert (company.member_changes, company.removals, company.sequence) == ([], [], 1)
    assert {user.changed for user in company.users.values()} | {g.created_seq for g in company.groups.values()} == {1}


def test_accounts_of_every_kind_are_there(company: Tenant) -> None:
    users = list(company.users.values())
    kinds = Counter(user.kind for user in users)
    assert min(kinds[kind] for kind in ("person", "guest", "service", "shared", "room")) > 0
    assert {user.user_type for user in users} == {"Member", "Guest", None}
    assert {user.on_premises_sync_enabled for user in users} == {True, False, None}
    assert all("#EXT#@" in user.user_principal_name for user in users if user.kind == "guest")
    assert not any(user.account_enabled for user in users if user.kind in ("shared", "room"))
    for name in ("mail", "department", "usage_location", "employee_id", "job_title", "cost_center", "city"):
        values = [getattr(user, name) for user in users if user.kind == "person"]
        assert None in values
        assert len(set(values)) > 2
    assert any(not user.user_principal_name.islower() for user in users if user.kind == "person")
    principal_names = [user.user_principal_name.lower() for user in users]
    assert len(set(principal_names)) == len(users)


def test_awkward_names_are_there(company: Tenant) -> None:
    displayed = {user.display_name for user in company.users.values()}
    assert {name.display for name, _ in AWKWARD} <= displayed
    assert any((user.job_title or "").endswith(" ") for user in company.users.values())
    assert all(user.display_name for user in company.users.values())


def test_paid_licences_lie_where_nobody_uses_them(company: Tenant) -> None:
    users = list(company.users.values())
    assert any(user.assignments for user in users if user.kind == "person" and not user.account_enabled)
    assert not all(user.assignments for user in users if user.kind == "person" and not user.account_enabled)
    for kind in ("guest", "shared", "room"):
        assert any(user.assignments for user in users if user.kind == kind)


def test_assignments_of_every_form_are_there(company: Tenant) -> None:
    errors = {(way.state, way.error) for _, way in ways(company)}
    assert errors >= {
        ("Active", "None"),
        ("ActiveWithError", "Other"),
        ("Disabled", "None"),
        ("Error", "CountViolation"),
        ("Error", "MutuallyExclusiveViolation"),
        ("Error", "DependencyViolation"),
        ("Error", "ProhibitedInUsageLocationViolation"),
        ("Error", "UniquenessViolation"),
    }
    assert any(way.disabled_plans for _, way in ways(company) if way.group_id is None)
    forms = set()
    for user in company.users.values():
        for sku_id in {way.sku_id for way in user.assignments}:
            by_group = [way.group_id is not None for way in user.assignments if way.sku_id == sku_id]
            forms.add(tuple(sorted(by_group)))
    assert forms >= {(False,), (True,), (False, True), (True, True)}
    by_group = sum(way.group_id is not None for _, way in ways(company) if way.state == "Active")
    paid = [way for _, way in ways(company) if company.skus[way.sku_id].enabled < 10_000]
    assert by_group > len(paid) / 2


def test_purchases_of_every_state_are_there(company: Tenant) -> None:
    consumed = company.consumed()
    skus = {sku.part_number: sku for sku in company.skus.values()}
    assert 20 <= len(skus) <= 30
    assert skus["ENTERPRISEPACK"].enabled < consumed[skus["ENTERPRISEPACK"].sku_id]
    assert (skus["VISIOCLIENT"].capability_status, skus["VISIOCLIENT"].enabled) == ("Warning", 0)
    assert skus["VISIOCLIENT"].warning > 0
    assert (skus["EMSPREMIUM"].capability_status, skus["EMSPREMIUM"].enabled) == ("Suspended", 0)
    assert skus["SPB"].locked_out > 0
    assert skus["POWER_BI_STANDARD"].enabled == 1_000_000
    assert skus["SHAREPOINTSTORAGE"].applies_to == "Company"
    assert consumed[skus["SHAREPOINTSTORAGE"].sku_id] == 0
    assert len(skus["SPE_E3"].subscriptions) == 2
    assert skus["SPE_E5"].enabled > consumed[skus["SPE_E5"].sku_id]
    assert skus["Microsoft_365_Copilot"].enabled == consumed[skus["Microsoft_365_Copilot"].sku_id]
    terms = [term for sku in skus.values() for term in sku.subscriptions]
    assert any(term.is_trial and NOW < (term.next_lifecycle_at or 0) < NOW + 30 * DAY for term in terms)
    assert any(term.next_lifecycle_at is None and not term.is_trial for term in terms)
    in_twenty_days = (skus["PROJECTPROFESSIONAL"].subscriptions[0].next_lifecycle_at or 0) - NOW
    assert 19 * DAY < in_twenty_days <= 20 * DAY


def test_groups_of_every_kind_are_there(company: Tenant) -> None:
    groups = list(company.groups.values())
    forms = {(group.mail_enabled, group.security_enabled, "Unified" in group.group_types) for group in groups}
    assert forms == {(False, True, False), (True, False, True), (True, True, False), (True, False, False)}
    assert any(group.membership_rule and "DynamicMembership" in group.group_types for group in groups)
    assert any(not group.members for group in groups)
    people = {user.id for user in company.users.values() if user.kind == "person"}
    assert any(set(group.members) == people for group in groups)
    types = {company.type_of(member) for group in groups for member in group.members}
    assert types == {
        f"#microsoft.graph.{name}" for name in ("user", "group", "device", "servicePrincipal", "orgContact")
    }
    assert "HiddenMembership" not in {group.visibility for group in groups}
    assert sum(bool(group.licenses) for group in groups) == 10


def test_some_groups_contain_each_other_in_a_circle(company: Tenant) -> None:
    def reaches(start: str, goal: str) -> bool:
        pending, seen = list(company.groups[start].members), set()
        while pending:
            member = pending.pop()
            if member == goal:
                return True
            if member in company.groups and member not in seen:
                seen.add(member)
                pending += company.groups[member].members
        return False

    assert any(reaches(group_id, group_id) for group_id in company.groups)


def test_nobody_acts_before_joining_or_in_the_future(company: Tenant) -> None:
    for user in company.users.values():
        assert user.created_at <= NOW
        seen = user.sign_ins
        instants = (seen.last_attempt_at, seen.last_non_interactive_at, seen.last_successful_at) if seen else ()
        assert all(at is None or user.created_at <= at <= NOW for at in instants)
        assert all(user.created_at // DAY <= day <= NOW // DAY for day in user.activity.values())
        assert all(way.updated_at <= NOW for way in user.assignments)


def test_activity_fits_the_people(company: Tenant) -> None:
    users = list(company.users.values())
    for user in users:
        if user.account_enabled:
            assert set(user.activity) <= set(workloads_of(user.assignments))
    assert all(user.sign_ins and user.sign_ins.last_attempt_at is None for user in users if user.kind == "service")
    leavers = [user for user in users if user.kind == "person" and not user.account_enabled]
    assert all(
        (user.sign_ins.last_successful_at or 0) < NOW - 14 * DAY or user.created_at > NOW - 15 * DAY
        for user in leavers
        if user.sign_ins
    )
    staff = [user for user in users if user.kind == "person" and user.account_enabled]
    assert any(user.sign_ins is None for user in staff)
    assert any(set(user.activity) == {"exchange"} for user in staff)
    assert any(user.created_at > NOW - 20 * DAY for user in staff)
    covered = NOW // DAY - 2
    assert sum(max(user.activity.values(), default=0) >= covered - 5 for user in staff) > len(staff) / 3


def test_deleted_users_can_be_restored_for_some_time_yet(company: Tenant) -> None:
    assert company.deleted_users
    assert all(NOW - 30 * DAY < (user.deleted_at or 0) <= NOW for user in company.deleted_users.values())
    assert not set(company.deleted_users) & set(company.users)
