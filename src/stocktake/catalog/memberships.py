"""Who is a direct member of which group, every type of member.

They ride on the delta of groups. Where Graph refuses that, they are asked for group by group in $batch; never by
$expand=members, which stops at 20 (graph-facts 1.2, 1.8, 8).
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct, field

from stocktake.catalog.columns import Means, ObjectId
from stocktake.catalog.declaration import Dataset, Stream

_PREFIX = "#microsoft.graph."


class Member(Struct, gc=False):
    id: str
    odata_type: str | None = field(default=None, name="@odata.type")
    removed: dict[str, str | None] | None = field(default=None, name="@removed")  # in a delta: no longer a member


class Membership(NamedTuple):
    group_id: Annotated[ObjectId, Means("The group.")]
    member_id: Annotated[ObjectId, Means("The member.")]
    member_type: Annotated[
        str, Means("user, group, device, servicePrincipal, orgContact; unknown where Graph names no type.")
    ]


def memberships_of(link: tuple[str, Member]) -> Iterator[Membership]:
    """From (group id, member)."""
    group_id, member = link
    kind = (member.odata_type or "unknown").removeprefix(_PREFIX)
    yield Membership(ObjectId(group_id), ObjectId(member.id), kind)


MEMBERSHIPS = Stream(
    name="memberships",
    meaning="Direct members of each group.",
    path="/groups/{id}/members",
    item=Member,
    datasets=(Dataset("memberships", record=Membership, key=("group_id", "member_id"), rows=memberships_of),),
    permissions=("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"),
    parent="groups",
)
