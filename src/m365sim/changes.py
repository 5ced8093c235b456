"""A day in the life of the company: a deterministic step that changes about one user in a hundred.

Every kind of change that delta can show is there at least once where the tenant has something to change, and so are
those that it can't show: sign-ins and licence states.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from random import Random
from typing import TypeVar

from m365sim.activity import LAG_DAYS, workloads_of
from m365sim.company.addresses import Addresses
from m365sim.company.draw import DAY, chance, some
from m365sim.company.group_licensing import Seats, give_directly, join, leave, license_group, seats_of
from m365sim.company.groups import Groups, team_name
from m365sim.company.licensing import wishes_of
from m365sim.company.names import CULTURES, ascii_of, person_name
from m365sim.company.organisation import Identity, identity_from
from m365sim.company.people import new_person
from m365sim.company.products import PRODUCTS
from m365sim.tenant import Assignment, Group, SignIns, Tenant, User

T = TypeVar("T")

RESTORABLE_S = 30 * DAY  # directory-deleteditems: 30 days
_ALTERABLE = ("job_title", "office_location", "city", "cost_center", "division", "employee_id", "given_name", "mail")
_TITLES = ("Acting Lead", "Specialist II", "Head of Nothing", "Überbrückung", "Chef d’équipe")
_EXTRA = PRODUCTS["FLOW_FREE"].sku_id  # what licensing groups come to assign, and stop assigning, besides


@dataclass(slots=True)
class _Step:
    tenant: Tenant
    rng: Random
    now: int
    fraction: float
    identity: Identity
    addresses: Addresses
    seats: Seats
    nicknames: Addresses = field(default_factory=Addresses)

    def users(self, weight: float, fits: Callable[[User], bool] = lambda user: True) -> list[User]:
        """Live users that the change fits, as many as its weight in the step says."""
        kept, everybody = self.tenant.kept, self.tenant.users.values()
        fitting = [user for user in everybody if user.id not in kept and fits(user)]
        return self._some(fitting, weight, len(self.tenant.users))

    def groups(self, weight: float, fits: Callable[[Group], bool]) -> list[Group]:
        return self._some(
            [group for group in self.tenant.groups.values() if fits(group)], weight, len(self.tenant.groups)
        )

    def count(self, weight: float, total: int) -> int:
        return max(1, int(total * self.fraction * weight))

    def _some(self, candidates: Sequence[T], weight: float, total: int) -> list[T]:
        return some(self.rng, candidates, self.count(weight, total))


def change_tenant(tenant: Tenant, step: int, seed: int, now: float, fraction: float = 0.01) -> dict[str, int]:
    """Change the tenant as it stands and say how many changes of each kind there were.

    The same tenant, `step`, `seed` and `now` give the same change in every process. About `fraction` of the users are
    touched, at least one for each kind of change.
    """
    rng = Random(f"change {seed} {step}")
    locals_in_use = {
        user.user_principal_name.partition("@")[0].partition("#")[0].lower()
        for table in (tenant.users, tenant.deleted_users)
        for user in table.values()
    }
    life = _Step(tenant, rng, int(now), fraction, identity_from(tenant), Addresses(locals_in_use), seats_of(tenant))
    life.nicknames.used = {group.mail_nickname.lower() for group in tenant.groups.values()}
    return {kind: change(life) for kind, change in _KINDS}


def _purge(life: _Step) -> int:
    due = life.now - RESTORABLE_S
    users = [user.id for user in life.tenant.deleted_users.values() if (user.deleted_at or 0) < due]
    groups = [group.id for group in life.tenant.deleted_groups.values() if (group.deleted_at or 0) < due]
    for user_id in users:
        life.tenant.purge_user(user_id)
    for group_id in groups:
        life.tenant.purge_group(group_id)
    return len(users) + len(groups)


def _restore_users(life: _Step) -> int:
    """Of those deleted last, for mistakes are noticed soon; the others go on to their end after 30 days."""
    count = life.count(0.04, len(life.tenant.users))
    chosen = some(life.rng, list(life.tenant.deleted_users)[-2 * count :], count)
    for user_id in chosen:
        life.tenant.restore_user(user_id, life.now)
    return len(chosen)


def _create_users(life: _Step) -> int:
    count = life.count(0.10, len(life.tenant.users))
    by_name = {group.display_name: group for group in life.tenant.groups.values() if group.licenses}
    dynamic = [group for group in life.tenant.groups.values() if group.membership_rule]
    for _ in range(count):
        user = new_person(life.rng, life.identity, life.addresses, life.now)
        life.tenant.add_user(user)
        for group in dynamic:
            if _matches(group.membership_rule or "", user):
                life.tenant.add_member(group, user.id)
        wishes = wishes_of(life.rng, user)
        for name in wishes.groups:
            if name in by_name:
                join(life.tenant, by_name[name], user.id, life.seats, life.now)
        for part in wishes.direct:
            give_directly(life.tenant, user, PRODUCTS[part].sku_id, life.seats, life.now)
    return count


def _matches(rule: str, person: User) -> bool:
    """Whether one of the company's own two forms of rule takes a new employee."""
    return "companyName" in rule or rule == f'(user.department -eq "{person.department}")'


def _rename_users(life: _Step) -> int:
    chosen = life.users(0.10, lambda user: user.kind == "person")
    for user in chosen:
        name = person_name(life.rng, life.rng.choice(CULTURES))
        user.surname, user.display_name = name.surname, f"{user.given_name or name.given} {name.surname}"
        given = ascii_of(user.given_name or "").lower() or name.local_part.partition(".")[0]
        local_part = life.addresses.take(f"{given}.{name.local_part.partition('.')[2]}")
        user.user_principal_name = f"{local_part}@{user.user_principal_name.partition('@')[2]}"
        user.mail = user.user_principal_name if user.mail else None
        life.tenant.touch(user)
    return len(chosen)


def _respell_users(life: _Step) -> int:
    """The same address in another case, which is the same address."""
    chosen = life.users(0.02, lambda user: user.kind == "person" and user.user_principal_name.islower())
    for user in chosen:
        user.user_principal_name = user.user_principal_name.title()
        life.tenant.touch(user)
    return len(chosen)


def _alter_users(life: _Step) -> int:
    chosen = life.users(0.10)
    for user in chosen:
        user.job_title = life.rng.choice([title for title in _TITLES if title != user.job_title])
        life.tenant.touch(user)
    return len(chosen)


def _null_users(life: _Step) -> int:
    chosen = life.users(0.08, lambda user: any(getattr(user, name) is not None for name in _ALTERABLE))
    for user in chosen:
        filled = [name for name in _ALTERABLE if getattr(user, name) is not None]
        setattr(user, life.rng.choice(filled), None)
        life.tenant.touch(user)
    return len(chosen)


def _disable_users(life: _Step) -> int:
    chosen = life.users(0.08, lambda user: user.account_enabled)
    for user in chosen:
        user.account_enabled = False
        life.tenant.touch(user)
    return len(chosen)


def _delete_users(life: _Step) -> int:
    chosen = life.users(0.08) if len(life.tenant.users) > 2 else []
    for user in chosen:
        life.tenant.delete_user(user.id, life.now)
    return len(chosen)


def _add_licences(life: _Step) -> int:
    given = 0
    parts = ("VISIOCLIENT", "POWER_BI_PRO", "POWER_BI_STANDARD", "FLOW_FREE", "SPE_E3", "SPE_E5", "EXCHANGESTANDARD")
    for user in life.users(0.10, lambda user: user.usage_location is not None):
        missing = [part for part in parts if not _holds_directly(user, PRODUCTS[part].sku_id)]
        tried = some(life.rng, missing, len(missing))
        given += any(give_directly(life.tenant, user, PRODUCTS[part].sku_id, life.seats, life.now) for part in tried)
    return given


def _holds_directly(user: User, sku_id: str) -> bool:
    return any(way.sku_id == sku_id and way.group_id is None for way in user.assignments)


def _is_direct(way: Assignment) -> bool:
    return way.group_id is None


def _remove_licences(life: _Step) -> int:
    chosen = life.users(0.08, lambda user: any(map(_is_direct, user.assignments)))
    for user in chosen:
        gone = life.rng.choice([way for way in user.assignments if _is_direct(way)])
        life.tenant.set_assignments(user, tuple(way for way in user.assignments if way is not gone))
    return len(chosen)


def _change_licences(life: _Step) -> int:
    """Switch one more plan of a direct licence off, or all on again."""
    chosen = life.users(0.06, lambda user: any(map(_is_direct, user.assignments)))
    for user in chosen:
        old = life.rng.choice([way for way in user.assignments if _is_direct(way)])
        plans = [plan.id for plan in life.tenant.skus[old.sku_id].plans if plan.applies_to == "User"]
        on = [plan for plan in plans if plan not in old.disabled_plans]
        disabled = () if not on or len(old.disabled_plans) > 2 else tuple(sorted((*old.disabled_plans, on[0])))
        new = replace(old, disabled_plans=disabled, updated_at=life.now)
        life.tenant.set_assignments(user, tuple(new if way is old else way for way in user.assignments))
    return len(chosen)


def _smallest_licensing_group(life: _Step) -> Group | None:
    """Changing what a large one assigns would touch far more than the fraction of the step."""
    candidates = [group for group in life.tenant.groups.values() if group.licenses and group.members]
    return min(candidates, key=lambda group: (len(group.members), group.id), default=None)


def _change_group_licences(life: _Step) -> int:
    group = _smallest_licensing_group(life)
    if group is None or (_EXTRA not in life.tenant.skus):
        return 0
    if any(sku_id == _EXTRA for sku_id, _ in group.licenses):
        licenses = tuple(entry for entry in group.licenses if entry[0] != _EXTRA)
    else:
        licenses = (*group.licenses, (_EXTRA, ()))
    license_group(life.tenant, group, licenses, life.seats, life.now)
    return 1


def _change_group_plans(life: _Step) -> int:
    group = _smallest_licensing_group(life)
    if group is None:
        return 0
    (sku_id, disabled), *rest = group.licenses
    plans = sorted(plan.id for plan in life.tenant.skus[sku_id].plans if plan.applies_to == "User")
    license_group(life.tenant, group, ((sku_id, () if disabled else (plans[0],)), *rest), life.seats, life.now)
    return 1


def _add_members(life: _Step) -> int:
    tenant, count, added = life.tenant, life.count(0.10, len(life.tenant.users)), 0
    users, groups, others = list(tenant.users), list(tenant.groups), list(tenant.others)
    targets = [group for group in tenant.groups.values() if not group.membership_rule]
    if not targets:
        return 0
    for number in range(max(count, 3)):
        group = life.rng.choice(targets)
        source = (users, groups, others)[number] if number < 3 else users
        candidate = life.rng.choice(source or users)
        if candidate != group.id and candidate not in group.members:
            join(tenant, group, candidate, life.seats, life.now)
            added += 1
    return added


def _remove_members(life: _Step) -> int:
    targets = [group for group in life.tenant.groups.values() if group.members and not group.membership_rule]
    chosen = some(life.rng, targets, life.count(0.10, len(life.tenant.users)))
    for group in chosen:
        leave(life.tenant, group, life.rng.choice(list(group.members)))
    return len(chosen)


def _create_groups(life: _Step) -> int:
    frame = Groups(life.rng, life.identity, life.now, life.nicknames)
    users = list(life.tenant.users)
    count = life.count(0.4, len(life.tenant.groups))
    for _ in range(count):
        group = frame.add_any(team_name(life.rng))
        group.created_at = life.now
        life.tenant.add_group(group)
        for user_id in some(life.rng, users, life.rng.randrange(12)):
            life.tenant.add_member(group, user_id)
    return count


def _delete_groups(life: _Step) -> int:
    chosen = life.groups(0.3, lambda group: not group.licenses and not group.membership_rule)
    for group in chosen if len(life.tenant.groups) > len(chosen) + 3 else []:
        life.tenant.delete_group(group.id, life.now)
    return len(chosen) if chosen and chosen[0].id not in life.tenant.groups else 0


def _rename_groups(life: _Step) -> int:
    chosen = life.groups(0.3, lambda group: not group.licenses and not group.membership_rule)
    for group in chosen:
        group.display_name, group.description = f"{team_name(life.rng)} (renamed)", None
        life.tenant.touch(group)
    return len(chosen)


def _buy_seats(life: _Step) -> int:
    offers = [
        (sku, term)
        for sku in life.tenant.skus.values()
        for term in sku.subscriptions
        if term.status == "Enabled" and term.next_lifecycle_at is not None and not term.is_trial
    ]
    if not offers:
        return 0
    sku, term = life.rng.choice(offers)
    life.tenant.buy_seats(sku, term, life.rng.choice((1, 5, 10, 25)))
    return 1


def _sign_in(life: _Step) -> int:
    """People come to work. The usage report learns of it two days later."""
    chosen = life.users(1.0, lambda user: user.account_enabled and user.kind == "person")
    for user in chosen:
        at = max(user.created_at, life.now - life.rng.randrange(3600))
        covered = max(user.created_at // DAY, life.now // DAY - LAG_DAYS)
        known = {workload: user.activity.get(workload) for workload in workloads_of(user.assignments)}
        for workload, day in known.items():
            if day is not None or workload in ("exchange", "teams"):
                user.activity[workload] = max(day or 0, covered)
        life.tenant.set_sign_ins(user, SignIns(at, at if chance(life.rng, 0.5) else None, at))
    return len(chosen)


def _change_states(life: _Step) -> int:
    """A licence that works gets a blemish, or loses it: assignedLicenses stays as it is."""
    chosen = life.users(0.05, lambda user: any(way.state.startswith("Active") for way in user.assignments))
    for user in chosen:
        old = next(way for way in user.assignments if way.state.startswith("Active"))
        state, error = ("ActiveWithError", "Other") if old.state == "Active" else ("Active", "None")
        new = replace(old, state=state, error=error, updated_at=life.now)
        life.tenant.set_assignments(user, tuple(new if way is old else way for way in user.assignments))
    return len(chosen)


# In this order: who is restored has been deleted before this step, and who is deleted has not been touched for nothing.
_KINDS: tuple[tuple[str, Callable[[_Step], int]], ...] = (
    ("purged", _purge),
    ("users_restored", _restore_users),
    ("users_deleted", _delete_users),
    ("users_created", _create_users),
    ("users_renamed", _rename_users),
    ("users_respelt", _respell_users),
    ("users_altered", _alter_users),
    ("properties_nulled", _null_users),
    ("users_disabled", _disable_users),
    ("seats_bought", _buy_seats),
    ("licences_removed", _remove_licences),
    ("licences_added", _add_licences),
    ("licences_changed", _change_licences),
    ("group_licences_changed", _change_group_licences),
    ("group_plans_changed", _change_group_plans),
    ("groups_deleted", _delete_groups),
    ("groups_created", _create_groups),
    ("groups_renamed", _rename_groups),
    ("members_added", _add_members),
    ("members_removed", _remove_members),
    ("sign_ins", _sign_in),
    ("licence_states", _change_states),
)
