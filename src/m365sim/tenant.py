"""What one simulated tenant holds, and the journal of how it changed.

Plain state and the few ways to change it, so that listing, delta, reports and the oracle read the same truth.
Every change goes through a method here: it takes the next sequence number, which is what delta tokens carry.
What delta does not track (sign-ins, licence states) moves `revision` alone, so that caches can tell and delta
does not notice.
Instants are whole epoch seconds (UTC); identifiers are lower-case GUID strings, shared by reference.
"""

from dataclasses import dataclass, field


@dataclass(slots=True, frozen=True)
class ServicePlan:
    id: str
    name: str  # Microsoft's servicePlanName, for example EXCHANGE_S_ENTERPRISE
    applies_to: str  # User | Company


@dataclass(slots=True)
class Subscription:
    """A companySubscription (/directory/subscriptions): one purchase behind a subscribed SKU."""

    id: str
    commerce_subscription_id: str
    status: str  # Enabled | Warning | Suspended | Deleted | LockedOut
    total: int
    is_trial: bool
    created_at: int
    next_lifecycle_at: int | None


@dataclass(slots=True)
class Sku:
    """A subscribed SKU. consumedUnits is not stored: it is counted from the assignments."""

    sku_id: str
    part_number: str
    plans: tuple[ServicePlan, ...]
    applies_to: str  # User | Company
    capability_status: str  # Enabled | Warning | Suspended | Deleted | LockedOut
    enabled: int
    warning: int
    suspended: int
    locked_out: int
    subscriptions: list[Subscription]


@dataclass(slots=True, frozen=True)
class Assignment:
    """One way in which a user holds a SKU: Graph's licenseAssignmentState."""

    sku_id: str
    group_id: str | None  # None: assigned directly
    disabled_plans: tuple[str, ...]
    state: str  # Active | ActiveWithError | Disabled | Error
    error: str  # None (Graph says the word) | CountViolation | MutuallyExclusiveViolation | DependencyViolation | ...
    updated_at: int


@dataclass(slots=True, frozen=True)
class SignIns:
    last_attempt_at: int | None
    last_non_interactive_at: int | None
    last_successful_at: int | None


@dataclass(slots=True, frozen=True)
class Held:
    """What a deleted user had at the time, which a restore gives back as far as it still exists."""

    assignments: tuple[Assignment, ...]
    group_ids: tuple[str, ...]


@dataclass(slots=True)
class User:
    id: str
    user_principal_name: str
    display_name: str
    given_name: str | None
    surname: str | None
    mail: str | None
    account_enabled: bool
    user_type: str | None  # Member | Guest
    kind: str  # person | guest | service | shared | room: what the account is for (not a Graph property)
    department: str | None
    company_name: str | None
    job_title: str | None
    office_location: str | None
    city: str | None
    country: str | None
    usage_location: str | None
    employee_id: str | None
    cost_center: str | None
    division: str | None
    on_premises_sync_enabled: bool | None
    created_at: int
    sign_ins: SignIns | None = None
    assignments: tuple[Assignment, ...] = ()
    # Last activity as epoch day (days since 1970-01-01) by workload: exchange, onedrive, sharepoint, skype, yammer,
    # teams.
    activity: dict[str, int] = field(default_factory=dict)
    deleted_at: int | None = None
    deleted_with: Held | None = None
    changed: int = 0  # sequence number of the last change that delta shows
    created_seq: int = 0
    revision: int = 0  # Tenant.revision at the last change of any kind


@dataclass(slots=True)
class Group:
    id: str
    display_name: str
    mail: str | None
    mail_nickname: str
    description: str | None
    mail_enabled: bool
    security_enabled: bool
    group_types: tuple[str, ...]  # Unified, DynamicMembership
    membership_rule: str | None
    visibility: str | None  # Public | Private | HiddenMembership
    on_premises_sync_enabled: bool | None
    created_at: int
    licenses: tuple[tuple[str, tuple[str, ...]], ...] = ()  # (sku id, disabled plan ids)
    # Object ids of the direct members, in the order they joined; a dict is an ordered set. Types are found by
    # Tenant.type_of.
    members: dict[str, None] = field(default_factory=dict)
    deleted_at: int | None = None
    changed: int = 0
    created_seq: int = 0


@dataclass(slots=True, frozen=True)
class OtherObject:
    """A device, service principal or organisational contact that can be a member."""

    id: str
    odata_type: str  # #microsoft.graph.device and so on
    display_name: str


@dataclass(slots=True, frozen=True)
class MemberChange:
    sequence: int
    group_id: str
    member_id: str
    removed: bool


@dataclass(slots=True, frozen=True)
class Removal:
    """A user or group that left the listing; reason is Graph's: changed (soft deleted) or deleted (gone)."""

    sequence: int
    object_id: str
    reason: str
    kind: str = "user"  # user | group: whose delta shows it


@dataclass(slots=True, frozen=True)
class Domain:
    id: str
    is_default: bool
    is_initial: bool
    is_verified: bool


@dataclass(slots=True)
class Tenant:
    id: str
    display_name: str
    country_letter_code: str
    created_at: int
    domains: list[Domain]
    skus: dict[str, Sku]
    users: dict[str, User]  # live users, in listing order
    groups: dict[str, Group]  # live groups, in listing order
    others: dict[str, OtherObject] = field(default_factory=dict)
    deleted_users: dict[str, User] = field(default_factory=dict)
    deleted_groups: dict[str, Group] = field(default_factory=dict)
    premium: bool = True  # Entra ID P1/P2: without it signInActivity answers 403
    conceal_names: bool = False  # adminReportSettings.displayConcealedNames
    sequence: int = 0
    revision: int = 0  # moves with every change, also with those that delta does not track
    member_changes: list[MemberChange] = field(default_factory=list)
    removals: list[Removal] = field(default_factory=list)
    kept: frozenset[str] = frozenset()  # users whom no step of life touches: people sign in as them
    view: str = ""  # set where this is what somebody may see of a tenant (m365sim.narrowed)

    def type_of(self, object_id: str) -> str:
        """Graph's @odata.type of a live directory object; KeyError if there is none."""
        if object_id in self.users:
            return "#microsoft.graph.user"
        if object_id in self.groups:
            return "#microsoft.graph.group"
        return self.others[object_id].odata_type

    def next_sequence(self) -> int:
        self.sequence += 1
        self.revision += 1
        return self.sequence

    def touch(self, subject: User | Group) -> None:
        """Say that a property of the object that delta tracks has changed."""
        subject.changed = self.next_sequence()
        if isinstance(subject, User):
            subject.revision = self.revision

    def touch_untracked(self, user: User) -> None:
        """Say that sign-ins or licence states changed, which no delta shows (microsoft-graph-docs#16690)."""
        self.revision += 1
        user.revision = self.revision

    def add_user(self, user: User) -> None:
        self.touch(user)
        user.created_seq = user.changed
        self.users[user.id] = user

    def add_group(self, group: Group) -> None:
        group.created_seq = group.changed = self.next_sequence()
        self.groups[group.id] = group

    def add_member(self, group: Group, object_id: str) -> None:
        if object_id not in group.members:
            group.members[object_id] = None
            self.member_changes.append(MemberChange(self.next_sequence(), group.id, object_id, removed=False))

    def remove_member(self, group: Group, object_id: str) -> None:
        if object_id in group.members:
            del group.members[object_id]
            self.member_changes.append(MemberChange(self.next_sequence(), group.id, object_id, removed=True))

    def set_assignments(self, user: User, assignments: tuple[Assignment, ...]) -> None:
        """Give the user these licences. Delta shows it when assignedLicenses differs."""
        before, user.assignments = user.assignments, assignments
        if merged_licences(before) != merged_licences(assignments):
            self.touch(user)
        elif before != assignments:
            self.touch_untracked(user)

    def set_sign_ins(self, user: User, sign_ins: SignIns | None) -> None:
        user.sign_ins = sign_ins
        self.touch_untracked(user)

    def delete_user(self, user_id: str, now: int) -> None:
        """Soft delete, as Microsoft does: out of the listing and the groups, seats freed, restorable for 30 days."""
        user = self.users.pop(user_id)
        groups = [group for group in self.groups.values() if user_id in group.members]
        user.deleted_with = Held(user.assignments, tuple(group.id for group in groups))
        user.deleted_at = now
        user.assignments = ()
        self.deleted_users[user_id] = user
        for group in groups:
            self.remove_member(group, user_id)
        self.removals.append(Removal(self.next_sequence(), user_id, "changed"))

    def restore_user(self, user_id: str, now: int) -> None:
        """Undo a soft delete with its memberships and licences, as far as groups and what they assign still exist.

        The removal leaves the journal: to every older delta token the user is simply a changed one.
        """
        user = self.deleted_users.pop(user_id)
        held, user.deleted_with, user.deleted_at = user.deleted_with, None, None
        self.users[user_id] = user
        self._forget_removals(user_id)
        self.touch(user)
        if held is None:
            return
        ways = [way for way in held.assignments if way.group_id is None]
        before = {(way.group_id, way.sku_id): way for way in held.assignments}
        for group in (self.groups[group_id] for group_id in held.group_ids if group_id in self.groups):
            self.add_member(group, user_id)
            for sku_id, disabled in group.licenses:
                way = before.get((group.id, sku_id))
                unchanged = way is not None and way.disabled_plans == disabled
                ways.append(way if way and unchanged else Assignment(sku_id, group.id, disabled, "Active", "None", now))
        self.set_assignments(user, tuple(ways))

    def purge_user(self, user_id: str) -> None:
        """The end of the 30 days: gone for good."""
        del self.deleted_users[user_id]
        self._forget_removals(user_id)
        self.removals.append(Removal(self.next_sequence(), user_id, "deleted"))

    def delete_group(self, group_id: str, now: int) -> None:
        """Microsoft 365 groups are soft deleted, the others are gone at once.

        ValueError for a group that assigns licences: Microsoft refuses to delete it while it does.
        """
        if self.groups[group_id].licenses:
            raise ValueError(f"group {group_id} still assigns licences")
        group = self.groups.pop(group_id)
        group.deleted_at = now
        soft = "Unified" in group.group_types
        if soft:
            self.deleted_groups[group_id] = group
        for parent in self.groups.values():
            self.remove_member(parent, group_id)
        self.removals.append(Removal(self.next_sequence(), group_id, "changed" if soft else "deleted", "group"))

    def purge_group(self, group_id: str) -> None:
        """The end of a soft-deleted group's 30 days."""
        del self.deleted_groups[group_id]
        self._forget_removals(group_id)
        self.removals.append(Removal(self.next_sequence(), group_id, "deleted", "group"))

    def buy_seats(self, sku: Sku, subscription: Subscription, seats: int) -> None:
        """More seats in a subscription that is Enabled."""
        subscription.total += seats
        sku.enabled += seats
        self.revision += 1

    def consumed(self) -> dict[str, int]:
        """consumedUnits by SKU id: users who hold it by at least one way that is not in Error, counted once."""
        totals = dict.fromkeys(self.skus, 0)
        for user in self.users.values():
            for sku_id in {a.sku_id for a in user.assignments if a.state != "Error"}:
                totals[sku_id] += 1
        return totals

    def _forget_removals(self, object_id: str) -> None:
        self.removals[:] = [removal for removal in self.removals if removal.object_id != object_id]


def merged_licences(assignments: tuple[Assignment, ...]) -> dict[str, frozenset[str]]:
    """assignedLicenses: SKU id to disabled plan ids, over all ways of holding it (microsoft-graph-docs#13002).

    A way in Error gives nothing; a plan is disabled only if every other way disables it.
    """
    merged: dict[str, frozenset[str]] = {}
    for way in assignments:
        if way.state != "Error":
            disabled = frozenset(way.disabled_plans)
            merged[way.sku_id] = merged.get(way.sku_id, disabled) & disabled
    return merged
