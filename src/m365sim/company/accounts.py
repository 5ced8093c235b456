"""Accounts that are nobody's: service accounts, shared mailboxes and rooms."""

from random import Random

from m365sim.company.addresses import Addresses
from m365sim.company.draw import DAY, chance
from m365sim.company.organisation import DEPARTMENTS, SITES, Identity
from m365sim.company.people import address_of, bare_user
from m365sim.tenant import User

_SERVICES = ("backup", "scanner", "erp-interface", "monitoring", "print", "crm-sync", "etl", "signage", "badge", "vpn")
_MAILBOXES = ("Info", "Invoices", "Orders", "Jobs", "Press", "Returns", "Support", "Claims", "Privacy", "Events")


def service_accounts(rng: Random, identity: Identity, addresses: Addresses, count: int, now: int) -> list[User]:
    """Accounts that programs sign in with; the first one is what directory synchronisation creates."""
    found = []
    for number in range(count):
        if number == 0:
            local_part, display = "Sync_DC01_4f2e9a7c1b3d", "On-Premises Directory Synchronization Service Account"
        else:
            task = rng.choice(_SERVICES)
            local_part, display = f"svc-{task}", f"SVC {task} ({rng.choice(('prod', 'test', 'do not delete'))})"
        domain = identity.initial_domain if number == 0 else identity.domain
        user = bare_user(rng, f"{addresses.take(local_part)}@{domain}", display, "service")
        user.usage_location = "DE" if chance(rng, 0.6) else None
        user.created_at = now - int(rng.uniform(60, 8 * 365) * DAY)
        found.append(user)
    return found


def shared_mailboxes(rng: Random, identity: Identity, addresses: Addresses, count: int, now: int) -> list[User]:
    """Mailboxes of teams: sign-in is blocked, as Exchange leaves them."""
    found = []
    for _ in range(count):
        site = rng.choice(SITES)
        display = f"{rng.choice(_MAILBOXES)} {rng.choice((site.city, rng.choice(DEPARTMENTS).name))}"
        user = bare_user(rng, f"{addresses.take(address_of(display))}@{identity.domain}", display, "shared")
        _block(user, now - int(rng.uniform(30, 6 * 365) * DAY))
        user.usage_location = site.usage_location
        user.company_name = identity.name if chance(rng, 0.3) else None
        found.append(user)
    return found


def rooms(rng: Random, identity: Identity, addresses: Addresses, count: int, now: int) -> list[User]:
    """Meeting rooms with a mailbox that keeps their calendar."""
    found = []
    for _ in range(count):
        site = rng.choice(SITES)
        office = rng.choice(site.offices)
        display = f"Room {office} #{rng.randrange(1, 40)} ({rng.choice((4, 6, 8, 12, 20))})"
        user = bare_user(rng, f"{addresses.take(address_of('room ' + office))}@{identity.domain}", display, "room")
        _block(user, now - int(rng.uniform(90, 6 * 365) * DAY))
        user.usage_location, user.office_location, user.city = site.usage_location, office, site.city
        found.append(user)
    return found


def _block(user: User, created_at: int) -> None:
    user.account_enabled = False
    user.mail = user.user_principal_name
    user.created_at = created_at
