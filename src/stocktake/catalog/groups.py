"""Groups with the licences that they give to their members (graph-facts 1.2, 1.7)."""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct

from stocktake.catalog.columns import Means, ObjectId
from stocktake.catalog.declaration import Dataset, Delta, Stream
from stocktake.catalog.memberships import MEMBERSHIPS


class GroupLicence(Struct, rename="camel", gc=False):
    sku_id: str


class GroupItem(Struct, rename="camel", gc=False):
    id: str
    display_name: str | None = None
    mail: str | None = None
    mail_enabled: bool | None = None
    security_enabled: bool | None = None
    group_types: list[str] | None = None
    membership_rule: str | None = None
    visibility: str | None = None
    assigned_licenses: list[GroupLicence] | None = None


class Group(NamedTuple):
    id: Annotated[ObjectId, Means("Object id in Entra ID.")]
    display_name: Annotated[str | None, Means("Name of the group.")]
    mail: Annotated[str | None, Means("Address of the group.")]
    kind: Annotated[str, Means("security, microsoft365, mail_enabled_security or distribution.")]
    dynamic: Annotated[bool, Means("True: a rule decides who is a member.")]
    licence_sku_ids: Annotated[tuple[str, ...], Means("Products that the group gives to its direct members.")]
    membership_rule: Annotated[str | None, Means("The rule of a dynamic group.")]
    visibility: Annotated[str | None, Means("Public, Private or HiddenMembership.")]


def kind_of(group: GroupItem) -> str:
    """The four kinds that Microsoft's documents name (resources/groups-overview)."""
    if "Unified" in (group.group_types or ()):
        return "microsoft365"
    if group.mail_enabled:
        return "mail_enabled_security" if group.security_enabled else "distribution"
    return "security"


def groups_of(group: GroupItem) -> Iterator[Group]:
    yield Group(
        id=ObjectId(group.id),
        display_name=group.display_name,
        mail=group.mail,
        kind=kind_of(group),
        dynamic="DynamicMembership" in (group.group_types or ()),
        licence_sku_ids=tuple(sorted(licence.sku_id.lower() for licence in group.assigned_licenses or ())),
        membership_rule=group.membership_rule,
        visibility=group.visibility,
    )


GROUPS = Stream(
    name="groups",
    meaning="Groups, and the licences that they give.",
    path="/groups",
    item=GroupItem,
    datasets=(Dataset("groups", record=Group, key=("id",), rows=groups_of),),
    permissions=("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
    counted="/groups/$count",
    delta=Delta(
        "/groups/delta",
        links=MEMBERSHIPS,
        made_of={
            "kind": ("mailEnabled", "securityEnabled", "groupTypes"),
            "dynamic": ("groupTypes",),
            "licence_sku_ids": ("assignedLicenses",),
        },
    ),
)
