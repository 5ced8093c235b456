"""The people of the company: who works where since when, with an account of which form."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain, repeat
from random import Random

from m365sim.company.addresses import Addresses
from m365sim.company.draw import DAY, chance, guid
from m365sim.company.names import AWKWARD, CULTURES, PersonName, ascii_of, person_name
from m365sim.company.organisation import DEPARTMENTS, SITES, Department, Identity, Site
from m365sim.tenant import User

_SITE_WEIGHTS = [site.weight for site in SITES]
_DEPARTMENT_WEIGHTS = [department.weight for department in DEPARTMENTS]
# Synced from the company's own directory, never synced, synced once (Graph's true, null and false).
_SYNC: tuple[bool | None, ...] = (True, None, False)
_SYNC_WEIGHTS = (70, 25, 5)
_AWKWARD_EVERY = 3  # of the first people, so that small companies have awkward names too


@dataclass(slots=True, frozen=True)
class Desk:
    """Where somebody works; None where the directory does not say."""

    site: Site
    department: Department


def new_person(rng: Random, identity: Identity, addresses: Addresses, now: int) -> User:
    """One more employee, who joined today."""
    desk = Desk(rng.choices(SITES, _SITE_WEIGHTS)[0], rng.choices(DEPARTMENTS, _DEPARTMENT_WEIGHTS)[0])
    user = _employee(rng, identity, addresses, desk, _name(rng, desk.site))
    user.created_at = now - rng.randrange(60, 3600)
    user.account_enabled = True
    user.usage_location = desk.site.usage_location
    user.user_type = "Member"
    return user


def employees(rng: Random, identity: Identity, addresses: Addresses, count: int, now: int) -> list[User]:
    """`count` people with the accounts that a grown company has: leavers, newcomers, awkward names."""
    desks = map(
        Desk, rng.choices(SITES, _SITE_WEIGHTS, k=count), rng.choices(DEPARTMENTS, _DEPARTMENT_WEIGHTS, k=count)
    )
    people = []
    for desk, planned in zip(desks, _awkward_names(), strict=False):
        name, title = planned or (_name(rng, desk.site), "")
        user = _employee(rng, identity, addresses, desk, name)
        if planned:
            user.job_title = title
        user.created_at = _joined(rng, now)
        people.append(user)
    _plant(people, now)
    return people


def _awkward_names() -> Iterator[tuple[PersonName, str | None] | None]:
    ordinary: Iterator[None] = repeat(None)
    spaced = chain.from_iterable((*repeat(None, _AWKWARD_EVERY - 1), entry) for entry in AWKWARD)
    return chain(spaced, ordinary)


def _name(rng: Random, site: Site) -> PersonName:
    return person_name(rng, site.culture if chance(rng, 0.75) else rng.choice(CULTURES))


def _joined(rng: Random, now: int) -> int:
    kind = rng.random()
    if kind < 0.02:
        days = rng.uniform(0.02, 20)
    elif kind < 0.14:
        days = rng.uniform(20, 365)
    else:
        days = rng.uniform(365, 8 * 365)
    return now - int(days * DAY)


def _employee(rng: Random, identity: Identity, addresses: Addresses, desk: Desk, name: PersonName) -> User:
    site, department = desk.site, desk.department
    upn = _principal_name(rng, identity, addresses.take(name.local_part), department)
    draw = rng.random
    return User(
        id=guid(rng),
        user_principal_name=upn,
        display_name=name.display,
        given_name=name.given,
        surname=name.surname,
        mail=_mail(rng, upn),
        account_enabled=draw() >= 0.04,
        user_type="Member" if draw() >= 0.001 else None,
        kind="person",
        department=department.name if draw() >= 0.03 else None,
        company_name=identity.name if department.frontline < 0.5 else f"{identity.short} Logistics",
        job_title=rng.choice(department.titles) if draw() >= 0.02 else None,
        office_location=rng.choice(site.offices) if draw() >= 0.10 else None,
        city=site.city if draw() >= 0.05 else None,
        country=site.country if draw() >= 0.04 else None,
        usage_location=site.usage_location if draw() >= 0.02 else None,
        employee_id=f"{rng.randrange(1, 10_000_000):07d}" if draw() >= 0.05 else None,
        cost_center=rng.choice(department.cost_centers) if draw() >= 0.08 else None,
        division=department.division if draw() >= 0.08 else None,
        on_premises_sync_enabled=rng.choices(_SYNC, _SYNC_WEIGHTS)[0],
        created_at=0,
    )


def _principal_name(rng: Random, identity: Identity, local_part: str, department: Department) -> str:
    domain = identity.domain
    if department.frontline >= 0.5 and chance(rng, 0.4):
        domain = identity.second_domain
    elif chance(rng, 0.03):
        domain = identity.initial_domain
    spelling = rng.random()
    if spelling < 0.05:
        local_part = local_part.title()
    elif spelling < 0.06:
        local_part, domain = local_part.upper(), domain.capitalize()
    return f"{local_part}@{domain}"


def _mail(rng: Random, upn: str) -> str | None:
    kind = rng.random()
    if kind < 0.03:
        return None
    if kind < 0.05:
        return f"{upn.partition('@')[0].replace('.', '_')}@{upn.partition('@')[2]}".lower()
    return upn if upn.islower() else upn.lower()


def _plant(people: list[User], now: int) -> None:
    """Make sure that the rare kinds exist where there are enough people for them, whatever chance said."""
    if len(people) < 40:
        return
    people[0].user_type = None
    people[1].department = people[1].mail = None
    people[3].usage_location, people[3].account_enabled = None, True
    for leaver in (people[4], people[7], people[10]):
        leaver.account_enabled, leaver.usage_location = False, leaver.usage_location or "DE"
    for newcomer, days in ((people[6], 1), (people[9], 9), (people[12], 15)):
        newcomer.created_at, newcomer.account_enabled = now - days * DAY, True
    for user, synced in zip(people[13:16], (True, False, None), strict=True):
        user.on_premises_sync_enabled = synced


def guests(rng: Random, identity: Identity, addresses: Addresses, count: int, now: int) -> list[User]:
    """People of other companies, invited by address."""
    found = []
    for _ in range(count):
        name = person_name(rng, rng.choice(CULTURES))
        partner = f"partner{rng.randrange(1, 41)}"
        local_part = addresses.take(f"{name.local_part}_{partner}.example")
        mail = f"{name.local_part}@{partner}.example"
        user = bare_user(rng, f"{local_part}#EXT#@{identity.initial_domain}", name.display, "guest")
        user.given_name, user.surname = name.given, name.surname
        user.mail = mail if chance(rng, 0.97) else None
        user.user_type = "Guest"
        user.company_name = partner.capitalize() if chance(rng, 0.5) else None
        user.usage_location = rng.choice(SITES).usage_location if chance(rng, 0.3) else None
        user.created_at = now - int(rng.uniform(1, 4 * 365) * DAY)
        found.append(user)
    return found


def bare_user(rng: Random, upn: str, display_name: str, kind: str) -> User:
    """An account of which the directory knows no more than its names."""
    return User(
        id=guid(rng),
        user_principal_name=upn,
        display_name=display_name,
        given_name=None,
        surname=None,
        mail=None,
        account_enabled=True,
        user_type="Member",
        kind=kind,
        department=None,
        company_name=None,
        job_title=None,
        office_location=None,
        city=None,
        country=None,
        usage_location=None,
        employee_id=None,
        cost_center=None,
        division=None,
        on_premises_sync_enabled=None,
        created_at=0,
    )


def address_of(text: str) -> str:
    """Any text as a local part: lower case, words joined by dots."""
    return ".".join(ascii_of(word).lower() for word in text.replace("/", " ").split() if ascii_of(word))
