"""What somebody works with: devices, activated programs, and which apps they used on which platform.

One truth for four reports (activations, Microsoft 365 apps, e-mail apps, Teams devices), so that they agree: Outlook on
Windows is in the first three for the same people. All of it follows from the object id, the licences and the activity.
"""

from typing import NamedTuple

from m365sim.activity import DAY, EXTRA_PLANS, WORKLOADS
from m365sim.reports.people import Person
from m365sim.reports.spells import Spell, draw, spell_of
from m365sim.reports.window import Window

OFFICE = ("MICROSOFT 365 APPS FOR ENTERPRISE", "MICROSOFT 365 APPS FOR BUSINESS")
CLIENTS = tuple(extra for extra in EXTRA_PLANS if extra != "copilot")
PLATFORMS = ("windows", "mac", "mobile", "web")
APPS = ("outlook", "word", "excel", "powerpoint", "onenote", "teams")
# An app belongs to one workload, the four of documents to either of two.
_NEEDS = {"outlook": ("exchange",), "teams": ("teams",)}
_DOCUMENTS = ("onedrive", "sharepoint")
_UNUSED_SIXTEENTHS = {"word": 1, "excel": 4, "powerpoint": 8, "onenote": 11}


class Devices(NamedTuple):
    desktop: str  # windows | mac | linux | chrome | empty
    phone: str  # ios | android | empty
    web: bool  # uses browsers although there is an app


class Activation(NamedTuple):
    """The devices on which a product was activated; None in place of one: never."""

    day: int
    windows: int
    mac: int
    ios: int
    android: int
    shared: bool


class Used(NamedTuple):
    """What a window saw. `last_on` is an epoch day; `pairs` are (app, platform)."""

    last_on: int | None
    pairs: frozenset[tuple[str, str]]

    def on(self, platform: str) -> bool:
        return any(used == platform for _, used in self.pairs)

    def app(self, app: str) -> bool:
        return any(used == app for used, _ in self.pairs)


_NO_DEVICES = Devices("", "", web=False)
UNUSED = Used(None, frozenset())


def devices_of(person: Person) -> Devices:
    """Mailboxes of teams and rooms have none: whoever opens them does it with their own."""
    if person.user.kind in ("shared", "room", "service"):
        return _NO_DEVICES
    chance = draw(person.user.id, "devices")
    desktop, phone = chance & 0xFF, chance >> 8 & 0xFF
    return Devices(
        "windows" if desktop < 200 else "mac" if desktop < 226 else {226: "linux", 227: "chrome"}.get(desktop, ""),
        "ios" if phone < 90 else "android" if phone < 180 else "",
        chance >> 16 & 0xFF < 100,
    )


def fetches_mail_only(person: Person) -> bool:
    """Somebody whose telephone fetches the mail, and who does nothing else."""
    return person.user.kind == "person" and set(person.user.activity) == {"exchange"}


def activation_of(person: Person, product: str, since: int, window: Window) -> Activation | None:
    """When and where the program was activated, for a licence held since that epoch second.

    Within six weeks of the licence and while its holder was still active; a third never do it for Project and Visio,
    and one in ten for Office.
    """
    chance, devices = draw(person.user.id, product), devices_of(person)
    office = product in OFFICE
    day = since // DAY + chance % 42
    last = max((day for day in person.user.activity.values() if day <= window.covered), default=0)
    never = (chance >> 8 & 0xFF) < (26 if office else 85)
    on_desktop = devices.desktop if devices.desktop in ("windows", "mac") else ""
    on_phone = devices.phone if office else ""
    if never or day > min(last, window.last) or fetches_mail_only(person) or not (on_desktop or on_phone):
        return None
    return Activation(
        day,
        1 + (chance >> 16 & 3) // 2 if on_desktop == "windows" else 0,
        1 if on_desktop == "mac" else 0,
        1 if on_phone == "ios" else 0,
        1 + (chance >> 18 & 7) // 7 if on_phone == "android" else 0,
        on_desktop == "windows" and chance >> 24 & 0x1F == 0,
    )


def apps_used(person: Person, office: Activation | None, window: Window) -> Used:
    """Apps by platform in the window; programs of Office on a desktop only where they are activated."""
    devices = devices_of(person)
    if devices is _NO_DEVICES or fetches_mail_only(person):
        return UNUSED
    seen = {workload: spell_of(person.user, workload, window) for workload in ("exchange", "teams", *_DOCUMENTS)}
    days = [part.last_on for part in seen.values() if part is not None]
    if not days:
        return UNUSED
    chance = draw(person.user.id, "apps")
    pairs: set[tuple[str, str]] = set()
    for slot, app in enumerate(APPS):
        if _in_use(app, seen, chance >> 64 + slot * 4 & 0xF):
            pairs |= {(app, platform) for platform in _platforms(app, devices, office, chance >> slot * 8 & 0xFF)}
    return Used(max(days), frozenset(pairs))


def _in_use(app: str, seen: dict[str, Spell | None], sixteenth: int) -> bool:
    workloads = _NEEDS.get(app, _DOCUMENTS)
    return sixteenth >= _UNUSED_SIXTEENTHS.get(app, 0) and any(part.days for w in workloads if (part := seen[w]))


def _platforms(app: str, devices: Devices, office: Activation | None, chance: int) -> list[str]:
    """The first that there is, and of the others those that chance says."""
    desktop = devices.desktop if devices.desktop in ("windows", "mac") else ""
    there = []
    if desktop and (app == "teams" or (office is not None and office.windows + office.mac)):
        there.append(desktop)
    if devices.phone:
        there.append("mobile")
    if devices.web or not there:
        there.append("web")
    return [there[0], *(platform for at, platform in enumerate(there[1:]) if chance >> at * 2 & 3)]


def last_seen(person: Person, window: Window) -> Spell | None:
    """Of all workloads the spell that ended last."""
    spells = [spell for workload in WORKLOADS if (spell := spell_of(person.user, workload, window)) is not None]
    return max(spells, key=lambda spell: spell.last_on, default=None)


def office_of(person: Person, extras: dict[str, int], window: Window) -> Activation | None:
    """The activation of Office, by whichever licence."""
    found = [activation_of(person, product, extras[product], window) for product in OFFICE if product in extras]
    return next((activation for activation in found if activation is not None), None)
