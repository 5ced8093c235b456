"""Who holds which licence, and by which way: directly, by a licensing group, by both, or not at all because it fails.

Rules of Microsoft that hold here: group licensing reaches the direct members alone, not those of nested groups; a user
without usage location gets nothing (ProhibitedInUsageLocationViolation); what a group can't give stands in the user's
states as an Error with its cause (Graph: licenseAssignmentState).
"""

from dataclasses import dataclass, field
from random import Random

from m365sim.company.draw import DAY, chance
from m365sim.company.organisation import DEPARTMENTS_BY_NAME, Department
from m365sim.company.products import PRODUCTS
from m365sim.tenant import Assignment, Group, User

OFFICE_DEPARTMENT = DEPARTMENTS_BY_NAME["Sales"]  # what is assumed of somebody whose department is unknown

SUSPENDED = "EMSPREMIUM"


@dataclass(slots=True, frozen=True)
class LicensingGroup:
    """A group whose purpose is to give its members these products."""

    name: str
    products: tuple[tuple[str, tuple[str, ...]], ...]  # part number, names of disabled plans
    licensed_days_ago: int

    def licenses(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """As `Group.licenses` wants it: SKU ids and plan ids."""
        return tuple(
            (PRODUCTS[part].sku_id, tuple(sorted(PRODUCTS[part].plan_id(name) for name in disabled)))
            for part, disabled in self.products
        )


E3, F3, E5, COPILOT = "LIC-M365-E3", "LIC-M365-F3", "LIC-M365-E5", "LIC-M365-Copilot"
OFFICE, PROJECTS, PHONE = "LIC-O365-E3-EMS", "LIC-M365-E3-Projects", "LIC-Teams-Phone"
POWER_BI, PLANNING, WINDOWS = "LIC-PowerBI-Pro", "LIC-Project-Plan3", "LIC-Windows-E3"

# Most important first: a company with few groups has the first of them, and gives the rest directly.
LICENSING_GROUPS: tuple[LicensingGroup, ...] = (
    LicensingGroup(E3, (("SPE_E3", ()),), 1100),
    LicensingGroup(F3, (("SPE_F1", ("YAMMER_ENTERPRISE",)),), 1090),
    LicensingGroup(E5, (("SPE_E5", ()),), 700),
    LicensingGroup(COPILOT, (("Microsoft_365_Copilot", ()),), 150),
    LicensingGroup(OFFICE, (("ENTERPRISEPACK", ("SWAY", "YAMMER_ENTERPRISE")), ("EMS", ())), 1500),
    LicensingGroup(PROJECTS, (("SPE_E3", ("YAMMER_ENTERPRISE",)),), 400),
    LicensingGroup(PHONE, (("MCOEV", ()),), 900),
    LicensingGroup(POWER_BI, (("POWER_BI_PRO", ()),), 600),
    LicensingGroup(PLANNING, (("PROJECTPROFESSIONAL", ()),), 345),
    LicensingGroup(WINDOWS, (("WIN10_VDA_E3", ()),), 800),
)
_BY_NAME = {group.name: group for group in LICENSING_GROUPS}


@dataclass(slots=True)
class Wishes:
    """What one account is to hold."""

    groups: list[str] = field(default_factory=list)  # names of licensing groups
    direct: list[str] = field(default_factory=list)  # part numbers


@dataclass(slots=True)
class Allocation:
    """Turns wishes into memberships and assignments; equal assignments are one object, which saves much memory."""

    rng: Random
    now: int
    groups: dict[str, Group]  # the licensing groups that exist, by name
    shared: dict[Assignment, Assignment] = field(default_factory=dict)
    planted: dict[str, int] = field(default_factory=dict)

    def give(self, user: User, wishes: Wishes) -> None:
        direct = dict.fromkeys(wishes.direct)
        by_group: list[tuple[LicensingGroup, Group]] = []
        for name in wishes.groups:
            spec = _BY_NAME[name]
            if name in self.groups:
                by_group.append((spec, self.groups[name]))
            else:
                direct.update(dict.fromkeys(part for part, _ in spec.products))
        ways = [self._direct(user, part) for part in direct] if user.usage_location else []
        for spec, group in by_group:
            group.members[user.id] = None
            ways += self._by_group(user, spec, group, set(direct))
        user.assignments = tuple(ways)

    def _direct(self, user: User, part: str) -> Assignment:
        product = PRODUCTS[part]
        disabled: tuple[str, ...] = ()
        switchable = [plan.id for plan in product.plans if plan.applies_to == "User"]
        if len(switchable) > 3 and self._plant("disabled plans", 0.12):
            disabled = tuple(sorted(self.rng.sample(switchable, self.rng.randrange(1, 4))))
        state = "Disabled" if part == SUSPENDED else "Active"
        campaign = self.now - 90 * DAY * self.rng.randrange(1, 9)
        updated_at = campaign if campaign > user.created_at else min(user.created_at + 3600, self.now)
        return self._one(Assignment(product.sku_id, None, disabled, state, "None", updated_at))

    def _by_group(self, user: User, spec: LicensingGroup, group: Group, direct: set[str]) -> list[Assignment]:
        updated_at = max(self.now - spec.licensed_days_ago * DAY, min(user.created_at + 3600, self.now))
        state, error = self._outcome(user, spec.name, direct)
        return [
            self._one(Assignment(sku_id, group.id, disabled, state, error, updated_at))
            for sku_id, disabled in group.licenses
        ]

    def _outcome(self, user: User, name: str, direct: set[str]) -> tuple[str, str]:
        if user.usage_location is None:
            return "Error", "ProhibitedInUsageLocationViolation"
        if name == COPILOT and self._plant("CountViolation", 0.03):
            return "Error", "CountViolation"
        if name == E3 and "STANDARDPACK" in direct:
            return "Error", "MutuallyExclusiveViolation"
        if name == PHONE and "DESKLESSPACK" in direct:
            return "Error", "DependencyViolation"
        if name == E5 and self._plant("UniquenessViolation", 0.001):
            return "Error", "UniquenessViolation"
        if name == F3 and self._plant("ActiveWithError", 0.001):
            return "ActiveWithError", "Other"
        return "Active", "None"

    def _plant(self, kind: str, probability: float) -> bool:
        """Chance, but the first one that is asked for always comes true: small companies show every kind."""
        hit = chance(self.rng, probability) or kind not in self.planted
        if hit:
            self.planted[kind] = self.planted.get(kind, 0) + 1
        return hit

    def _one(self, assignment: Assignment) -> Assignment:
        return self.shared.setdefault(assignment, assignment)


def wishes_of(rng: Random, user: User) -> Wishes:
    """What an account of this kind holds in a company that has bought for years and tidied up seldom."""
    match user.kind:
        case "person":
            return _of_person(rng, user)
        case "room":
            return Wishes(direct=["Microsoft_Teams_Rooms_Pro"] if chance(rng, 0.4) else [])
        case "shared":
            return Wishes(direct=_one_of(rng, (("EXCHANGEENTERPRISE", 0.15), ("EXCHANGESTANDARD", 0.05))))
        case "service":
            return Wishes(direct=_one_of(rng, (("EXCHANGESTANDARD", 0.25), ("POWER_BI_PRO", 0.05))))
        case _:
            return Wishes(direct=_one_of(rng, (("POWER_BI_PRO", 0.03), ("VISIOCLIENT", 0.01))))


def _one_of(rng: Random, odds: tuple[tuple[str, float], ...]) -> list[str]:
    drawn = rng.random()
    for part, probability in odds:
        if drawn < probability:
            return [part]
        drawn -= probability
    return []


def _of_person(rng: Random, user: User) -> Wishes:
    wishes = Wishes()
    if not user.account_enabled and chance(rng, 0.45):
        return wishes  # a leaver whose licences were taken back
    department = DEPARTMENTS_BY_NAME.get(user.department or "", OFFICE_DEPARTMENT)
    if chance(rng, department.frontline):
        _frontline(rng, wishes)
        return wishes
    _suite(rng, department, wishes)
    _additions(rng, department, wishes)
    return wishes


def _frontline(rng: Random, wishes: Wishes) -> None:
    kind = rng.random()
    if kind < 0.92:
        wishes.groups.append(F3)
    elif kind < 0.97:
        wishes.direct.append("DESKLESSPACK")
        if chance(rng, 0.06):
            wishes.groups.append(PHONE)
    else:
        wishes.direct.append("M365_F1")


_SUITES: tuple[tuple[str, float], ...] = (
    ("STANDARDPACK", 0.03),
    ("SPB", 0.03),
    ("ENTERPRISEPREMIUM", 0.02),
    ("TEAMS_EXPLORATORY", 0.01),
)


def _suite(rng: Random, department: Department, wishes: Wishes) -> None:
    if chance(rng, department.leading):
        wishes.groups.append(E5)
        if chance(rng, 0.02):
            wishes.groups.append(E3)
        return
    kind = rng.random()
    if kind < 0.07:
        wishes.groups.append(OFFICE)
    elif kind < 0.90:
        wishes.groups.append(E3)
        overlap = rng.random()
        if overlap < 0.03:
            wishes.direct.append("SPE_E3")
        elif overlap < 0.06:
            wishes.groups.append(PROJECTS)
        elif overlap < 0.064:
            wishes.direct.append("STANDARDPACK")
    else:
        wishes.direct += _one_of(rng, _SUITES)


_ADDED_BY_GROUP = ((COPILOT, 0.08), (PHONE, 0.10), (POWER_BI, 0.06), (PLANNING, 0.03), (WINDOWS, 0.02))
_ADDED_DIRECTLY = (
    ("POWER_BI_STANDARD", 0.30),
    ("FLOW_FREE", 0.20),
    ("VISIOCLIENT", 0.03),
    (SUSPENDED, 0.004),
    ("EXCHANGEENTERPRISE", 0.003),
)


def _additions(rng: Random, department: Department, wishes: Wishes) -> None:
    wishes.groups += [name for name, probability in _ADDED_BY_GROUP if rng.random() < probability]
    wishes.direct += [part for part, probability in _ADDED_DIRECTLY if rng.random() < probability]
    if department.name == "Information Technology":
        if chance(rng, 0.20):
            wishes.direct.append("AAD_PREMIUM_P2")
        if chance(rng, 0.05):
            wishes.direct.append("DEVELOPERPACK")


# The ways and products that every company of some size shows, given to its first desk workers and accounts.
_PLANTED_PEOPLE: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...] = (
    ((E3,), ("SPE_E3",)),  # doubled: directly and by a group
    ((E3, PROJECTS), ()),  # doubled by two groups
    ((E3,), ("STANDARDPACK",)),  # mutually exclusive
    ((PHONE,), ("DESKLESSPACK",)),  # depends on what is missing
    ((E3, COPILOT), ("VISIOCLIENT",)),  # the first Copilot seat asked for is the one that is not there
    ((E5, COPILOT, POWER_BI), ("ENTERPRISEPREMIUM",)),
    ((E5,), (SUSPENDED, "AAD_PREMIUM_P2", "DEVELOPERPACK")),
    ((OFFICE, PLANNING), ("POWER_BI_STANDARD", "FLOW_FREE")),
    ((F3,), ()),
    ((F3, WINDOWS), ("EXCHANGESTANDARD",)),
    ((E3, COPILOT), ("EXCHANGEENTERPRISE",)),
    ((), ("SPB", "TEAMS_EXPLORATORY")),
    ((), ("M365_F1",)),
)


def planted_wishes(users: list[User]) -> dict[str, Wishes]:
    """By user id, for companies of 40 people and more; the rest of the accounts are left to `wishes_of`."""
    people = [user for user in users if user.kind == "person"]
    if len(people) < 40:
        return {}
    fit = [user for user in people if user.account_enabled and user.usage_location]
    planted = {
        user.id: Wishes(list(groups), list(direct))
        for user, (groups, direct) in zip(fit, _PLANTED_PEOPLE, strict=False)
    }
    leaver = next((user for user in people if not user.account_enabled and user.usage_location), None)
    nowhere = next((user for user in people if user.account_enabled and not user.usage_location), None)
    for user, wishes in ((leaver, Wishes([E3], ["VISIOCLIENT"])), (nowhere, Wishes([E3]))):
        if user:
            planted[user.id] = wishes
    for kind, part in (
        ("guest", "POWER_BI_PRO"),
        ("shared", "EXCHANGEENTERPRISE"),
        ("room", "Microsoft_Teams_Rooms_Pro"),
    ):
        account = next((user for user in users if user.kind == kind), None)
        if account:
            account.usage_location = account.usage_location or "DE"
            planted[account.id] = Wishes(direct=[part])
    return planted
