"""Builds the tenant of a believable company from a seed."""

from dataclasses import dataclass
from random import Random

from m365sim.company.accounts import rooms, service_accounts, shared_mailboxes
from m365sim.company.addresses import Addresses
from m365sim.company.behaviour import behave
from m365sim.company.draw import DAY, guid
from m365sim.company.groups import Groups, fill, licensing_groups, other_groups, other_objects
from m365sim.company.licensing import Allocation, Wishes, planted_wishes, wishes_of
from m365sim.company.organisation import Identity, identity_of
from m365sim.company.people import employees, guests
from m365sim.company.purchases import purchases
from m365sim.tenant import Group, Held, Tenant, User


@dataclass(slots=True, frozen=True)
class _Headcount:
    people: int
    guests: int
    services: int
    mailboxes: int
    rooms: int
    deleted: int  # on top of the live ones


def _headcount(users: int) -> _Headcount:
    if users < 20:
        return _Headcount(users, 0, 0, 0, 0, 0)
    invited, services = users * 6 // 100 or 1, users * 12 // 1000 or 1
    mailboxes, meeting = users * 3 // 100 or 1, users * 12 // 1000 or 1
    people = users - invited - services - mailboxes - meeting
    return _Headcount(people, invited, services, mailboxes, meeting, max(3, users * 8 // 1000))


def build_tenant(users: int, groups: int, seed: int, now: float, *, members_mean: int = 50) -> Tenant:
    """A company with exactly `users` live users and `groups` live groups; the same arguments give the same tenant.

    Groups have about `members_mean` direct members on average, counting the huge ones (everybody; the licensing
    groups). More where these alone exceed it, that is above some 25 users a group; fewer where there are too few users.
    The kinds that make a directory awkward are all there from about 100 users and 40 groups on.
    Nothing of the building stands in the journal: the sequence is 1 and all objects were created in it.
    """
    rng, instant = Random(f"company {seed}"), int(now)
    identity, tenant_id = identity_of(seed), guid(rng)
    live, leaving = _census(rng, identity, users, instant)
    frame = Groups(rng, identity, instant)
    licensing = licensing_groups(frame, groups)
    allocation = Allocation(rng, instant, licensing)
    planted = planted_wishes(live)
    for user in live:
        allocation.give(user, planted.get(user.id) or wishes_of(rng, user))
    other_groups(frame, groups, live)
    others = other_objects(rng, users)
    fill(frame, live, others, members_mean)
    for user in live:
        behave(rng, user, instant)
    allocation.groups = {}
    for number, user in enumerate(leaving):
        # The first was deleted after the day that the usage reports end with.
        _delete(rng, user, allocation, instant - int((rng.uniform(3, 28) if number else 0.5) * DAY))
    tenant = Tenant(
        id=tenant_id,
        display_name=identity.name,
        country_letter_code="DE",
        created_at=instant - 9 * 365 * DAY,
        domains=identity.domains(),
        skus={},
        users={user.id: user for user in live},
        groups=_shuffled(rng, frame),
        others={other.id: other for other in others},
        deleted_users={user.id: user for user in leaving},
        sequence=1,
        revision=1,
    )
    tenant.skus = purchases(rng, _seats(live), instant)
    for user in (*live, *leaving):
        user.changed = user.created_seq = user.revision = 1
    for group in tenant.groups.values():
        group.changed = group.created_seq = 1
    return tenant


def _census(rng: Random, identity: Identity, users: int, now: int) -> tuple[list[User], list[User]]:
    """The live accounts in listing order, and those deleted lately."""
    count, addresses = _headcount(users), Addresses()
    people = employees(rng, identity, addresses, count.people + count.deleted, now)
    live, leaving = people[: count.people], people[count.people :]
    live += guests(rng, identity, addresses, count.guests, now)
    live += service_accounts(rng, identity, addresses, count.services, now)
    live += shared_mailboxes(rng, identity, addresses, count.mailboxes, now)
    live += rooms(rng, identity, addresses, count.rooms, now)
    rng.shuffle(live)
    return live, leaving


def _delete(rng: Random, user: User, allocation: Allocation, deleted_at: int) -> None:
    """Make it an account that was deleted at that instant, with what it held and did until then."""
    user.usage_location = user.usage_location or "DE"
    user.created_at = min(user.created_at, deleted_at - 60 * DAY)
    allocation.give(user, Wishes(direct=[rng.choice(("SPE_E3", "SPE_F1", "ENTERPRISEPACK"))]))
    user.deleted_at = deleted_at
    behave(rng, user, deleted_at)
    user.deleted_with, user.assignments = Held(user.assignments, ()), ()


def _shuffled(rng: Random, frame: Groups) -> dict[str, Group]:
    found = list(frame.by_id.values())
    rng.shuffle(found)
    return {group.id: group for group in found}


def _seats(live: list[User]) -> dict[str, int]:
    seats: dict[str, int] = {}
    for user in live:
        for sku_id in {way.sku_id for way in user.assignments if way.state != "Error"}:
            seats[sku_id] = seats.get(sku_id, 0) + 1
    return seats
