"""The groups of the company: who is in them, what they are for, and how they nest."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random

from m365sim.company.addresses import Addresses
from m365sim.company.draw import DAY, chance, guid, some
from m365sim.company.licensing import LICENSING_GROUPS
from m365sim.company.organisation import DEPARTMENTS, SITES, Identity
from m365sim.company.people import address_of
from m365sim.tenant import Group, OtherObject, User

_DYNAMIC_DEPARTMENTS = ("Finance", "Legal & Compliance", "Marketing")
_LEAST_TEAM = 6  # members of a small group on average, where the large ones have used up the mean
_FORMS = ("security", "unified", "mail_security", "distribution")
_FORM_WEIGHTS = (40, 35, 10, 15)
_TOPICS = ("Project", "Team", "Access", "Share", "Rollout", "Committee", "Newsletter", "Pilot", "Audit", "Site", "App")
_AWKWARD = (
    'Finance, "Q3 close"; <b>draft</b>',
    "=SUM(A1:A9) owners",
    "🎉 Party Committee 委員會",
    "O'Hare & Sons – Zürich",
    "Long " + "and longer " * 22,
    "+plus -minus @at",
)


@dataclass(slots=True)
class Groups:
    """Groups under construction. `teams` still wait for their members."""

    rng: Random
    identity: Identity
    now: int
    addresses: Addresses = field(default_factory=Addresses)
    by_id: dict[str, Group] = field(default_factory=dict)
    teams: list[Group] = field(default_factory=list)

    def add(self, display_name: str, form: str) -> Group:
        """`form` is security, unified, mail_security or distribution."""
        nickname = self.addresses.take(address_of(display_name) or "group")
        unified, with_mail = form == "unified", form != "security"
        draw = self.rng.random
        group = Group(
            id=guid(self.rng),
            display_name=display_name,
            mail=f"{nickname}@{self.identity.domain}" if with_mail else None,
            mail_nickname=nickname,
            description=f"{display_name} ({self.identity.short})" if draw() < 0.6 else None,
            mail_enabled=with_mail,
            security_enabled=form in ("security", "mail_security"),
            group_types=("Unified",) if unified else (),
            membership_rule=None,
            visibility=("Private" if draw() < 0.6 else "Public") if unified else None,
            on_premises_sync_enabled=True if not unified and draw() < 0.4 else None,
            created_at=self.now - int(self.rng.uniform(2, 7 * 365) * DAY),
        )
        self.by_id[group.id] = group
        return group

    def add_any(self, display_name: str) -> Group:
        """Of a form drawn as they occur."""
        return self.add(display_name, self.rng.choices(_FORMS, _FORM_WEIGHTS)[0])

    def dynamic(self, display_name: str, rule: str) -> Group:
        group = self.add(display_name, "security")
        group.group_types, group.membership_rule = ("DynamicMembership",), rule
        group.on_premises_sync_enabled = None
        return group


def other_objects(rng: Random, users: int) -> list[OtherObject]:
    """Devices, service principals and contacts that groups can have as members."""
    devices = [
        OtherObject(guid(rng), "#microsoft.graph.device", f"PC-{rng.randrange(10_000, 99_999)}")
        for _ in range(max(4, min(users // 50, 2_000)))
    ]
    services = [
        OtherObject(guid(rng), "#microsoft.graph.servicePrincipal", f"{name} connector")
        for name in ("ERP", "Backup", "Power BI gateway", "Signage")
    ]
    contacts = [
        OtherObject(guid(rng), "#microsoft.graph.orgContact", f"Forwarder {number} <desk>") for number in range(1, 13)
    ]
    return [*devices, *services, *contacts]


def licensing_groups(groups: Groups, count: int) -> dict[str, Group]:
    """Those that a company with `count` groups has, by name; at most half of all its groups."""
    found = {}
    for spec in LICENSING_GROUPS[: count // 2]:
        group = groups.add(spec.name, "security")
        group.licenses = spec.licenses()
        group.created_at = groups.now - (spec.licensed_days_ago + 10) * DAY
        group.description = "Assigns licences. Do not add people by hand."
        group.on_premises_sync_enabled = None
        found[spec.name] = group
    return found


def other_groups(groups: Groups, count: int, users: list[User]) -> None:
    """Fill up to exactly `count` groups, empty as yet but for the dynamic ones."""
    if len(groups.by_id) < count:
        everybody = groups.dynamic(
            "All Staff", f'(user.userType -ne "Guest") -and (user.companyName -startsWith "{groups.identity.short}")'
        )
        everybody.members = dict.fromkeys(user.id for user in users if user.kind == "person")
    if count >= 40:
        for name in _DYNAMIC_DEPARTMENTS:
            group = groups.dynamic(f"All of {name}", f'(user.department -eq "{name}")')
            group.members = dict.fromkeys(user.id for user in users if user.department == name)
    names = _team_names(groups.rng)
    while len(groups.by_id) < count:
        groups.teams.append(groups.add_any(next(names)))


def _team_names(rng: Random) -> Iterator[str]:
    yield "Steering Committee"
    yield from _AWKWARD
    while True:
        yield team_name(rng)


def team_name(rng: Random) -> str:
    """An ordinary name, which other groups may have too."""
    return f"{rng.choice(DEPARTMENTS).name} {rng.choice(SITES).city} {rng.choice(_TOPICS)} {rng.randrange(1, 500)}"


def fill(groups: Groups, users: list[User], others: list[OtherObject], members_mean: int) -> None:
    """Give the teams members, so that all groups together come to `members_mean` on average.

    The huge groups count: where they alone go beyond the mean, teams keep a small mean of their own.
    """
    teams = groups.teams
    if not teams or not users:
        return
    emptied = max(1, len(teams) // 50) if len(teams) >= 10 else 0
    staffed = teams[: len(teams) - emptied]
    _nest(groups, staffed)
    _add_others(groups.rng, staffed, others)
    present = sum(len(group.members) for group in groups.by_id.values())
    budget = max(members_mean * len(groups.by_id) - present, _LEAST_TEAM * len(teams))
    sizes = [groups.rng.lognormvariate(0, 0.9) for _ in staffed] + [0.0] * emptied
    scale = budget / (sum(sizes) or 1)
    by_department: dict[str, list[str]] = {}
    for user in users:
        if user.department:
            by_department.setdefault(user.department, []).append(user.id)
    everybody = [user.id for user in users if user.kind != "service"] or [user.id for user in users]
    carried = 0.0
    for group, size in zip(teams, sizes, strict=True):
        wanted = size * scale + (carried if size else 0)
        count = int(wanted)
        carried = wanted - count if size else carried
        pool = by_department.get(next((d.name for d in DEPARTMENTS if group.display_name.startswith(d.name)), ""), [])
        chosen = some(groups.rng, pool if len(pool) >= 3 * count and chance(groups.rng, 0.8) else everybody, count)
        group.members.update(dict.fromkeys(chosen))


def _nest(groups: Groups, teams: list[Group]) -> None:
    """Groups in groups, three of them in a cycle, and one inside a licensing group, whom its licences don't reach."""
    if len(teams) < 8:
        return
    first, second, third = teams[1:4]
    first.members[second.id] = second.members[third.id] = third.members[first.id] = None
    for parent in teams[4 :: max(4, len(teams) // 40)]:
        for child in some(groups.rng, teams, 3):
            if child is not parent:
                parent.members[child.id] = None
    licensed = [group for group in groups.by_id.values() if group.licenses]
    if licensed:
        licensed[-1].members[teams[5].id] = None


def _add_others(rng: Random, teams: list[Group], others: list[OtherObject]) -> None:
    if len(teams) < 4:
        return
    by_type: dict[str, list[OtherObject]] = {}
    for other in others:
        by_type.setdefault(other.odata_type, []).append(other)
    for objects in by_type.values():
        teams[2].members[objects[0].id] = None
    for group in teams[3 :: max(3, len(teams) // 30)]:
        group.members.update(dict.fromkeys(other.id for other in some(rng, others, 5)))
