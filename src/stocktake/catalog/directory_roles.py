"""Directory roles that are in use, and who holds them (directoryrole-list.md, directoryrole-list-members.md).

Graph lists the roles that were activated in the tenant, without paging. The members are asked for role by role in
$batch; assignments that are only eligible (PIM) are not among them.
"""

from collections.abc import Iterator
from typing import Annotated, NamedTuple

from msgspec import Struct

from stocktake.catalog.columns import Means, ObjectId
from stocktake.catalog.declaration import Dataset, Stream
from stocktake.catalog.memberships import Member

_PERMISSIONS = ("RoleManagement.Read.Directory", "Directory.Read.All")


class DirectoryRole(Struct, rename="camel", gc=False):
    id: Annotated[ObjectId, Means("Object id of the role in this tenant.")]
    role_template_id: Annotated[str | None, Means("Identifier of the role, the same in every tenant.")] = None
    display_name: Annotated[str | None, Means("Name, for example Global Administrator.")] = None
    description: Annotated[str | None, Means("What the role may do.")] = None


class RoleMember(NamedTuple):
    role_id: Annotated[ObjectId, Means("The role: see directory_roles.")]
    member_id: Annotated[ObjectId, Means("Who holds it.")]
    member_type: Annotated[str, Means("user, group or servicePrincipal; unknown where Graph names no type.")]


def role_members_of(link: tuple[str, Member]) -> Iterator[RoleMember]:
    """From (role id, member)."""
    role_id, member = link
    kind = (member.odata_type or "unknown").removeprefix("#microsoft.graph.")
    yield RoleMember(ObjectId(role_id), ObjectId(member.id), kind)


DIRECTORY_ROLES = Stream(
    name="directory_roles",
    meaning="Directory roles that are in use.",
    path="/directoryRoles",
    item=DirectoryRole,
    datasets=(Dataset("directory_roles", record=DirectoryRole, key=("id",)),),
    permissions=_PERMISSIONS,
    page_sizes=(),
    optional=True,
)
ROLE_MEMBERS = Stream(
    name="role_members",
    meaning="Who holds each directory role.",
    path="/directoryRoles/{id}/members",
    item=Member,
    datasets=(Dataset("role_members", record=RoleMember, key=("role_id", "member_id"), rows=role_members_of),),
    permissions=_PERMISSIONS,
    page_sizes=(),
    parent="directory_roles",
    optional=True,
)
