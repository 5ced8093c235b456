"""The permissions that Microsoft Graph offers to applications, as far as anybody here asks for them.

Identifiers: provisioningInfo.json and permissions-descriptions.json of microsoft-graph-devx-content (2026); names and
descriptions follow the permissions reference.
"""

from dataclasses import dataclass

GRAPH_APP_ID = "00000003-0000-0000-c000-000000000000"
# The documentation's names for what sign-in itself needs.
SIGN_IN_SCOPES = ("openid", "profile", "email", "offline_access")


@dataclass(slots=True, frozen=True)
class Permission:
    """`role_id` is null where there is no application permission, `scope_id` where there is no delegated one."""

    value: str
    title: str
    role_id: str | None
    scope_id: str | None
    admin: bool = True  # the delegated permission wants an administrator's consent

    @property
    def role_text(self) -> str:
        return f"Allows the app to {_lower(self.title)}, without a signed-in user."

    @property
    def scope_text(self) -> str:
        return f"Allows the app to {_lower(self.title)}, on behalf of the signed-in user."


def _lower(title: str) -> str:
    return title[0].lower() + title[1:]


PERMISSIONS: tuple[Permission, ...] = (
    Permission(
        "Application.Read.All",
        "Read all applications",
        "9a5d68dd-52b0-4cc2-bd40-abcf44ac3a30",
        "c79f8feb-a9db-4090-85f9-90d820caa0eb",
    ),
    Permission(
        "Application.ReadWrite.All",
        "Read and write all applications",
        "1bfefb4e-e0b5-418b-a88f-73c46d2cc8e9",
        "bdfbf15f-ee85-4955-8675-146e8e5296b5",
    ),
    Permission(
        "Application.ReadWrite.OwnedBy",
        "Manage apps that this app creates or owns",
        "18a4783c-866b-4cc7-a460-3d5e5662c884",
        None,
    ),
    Permission(
        "AppRoleAssignment.ReadWrite.All",
        "Manage app permission grants and app role assignments",
        "06b708a9-e830-4db3-a914-8e69da51d44f",
        "84bccea3-f856-4a8a-967b-dbe0a3d53a64",
    ),
    Permission(
        "AuditLog.Read.All",
        "Read all audit log data",
        "b0afded3-3588-46d8-8b3d-9842eff778da",
        "e4c9e354-4dc5-45b8-9e7c-e1393b0b1a20",
    ),
    Permission(
        "DelegatedPermissionGrant.ReadWrite.All",
        "Manage all delegated permission grants",
        "8e8e4742-1d95-4f68-9d56-6ee75648c72a",
        "41ce6ca6-6826-4807-84f1-1c82854f7ee5",
    ),
    Permission(
        "Directory.Read.All",
        "Read directory data",
        "7ab1d382-f21e-4acd-a863-ba3e13f7da61",
        "06da0dbc-49e2-44d2-8312-53f166ab848a",
    ),
    Permission(
        "Directory.ReadWrite.All",
        "Read and write directory data",
        "19dbc75e-c2e2-444c-a770-ec69d8559fc7",
        "c5366453-9fb0-48a5-a156-24f0c49a4b84",
    ),
    Permission(
        "Domain.Read.All",
        "Read domains",
        "dbb9058a-0e50-45d7-ae91-66909b5d4664",
        "2f9ee017-59c1-4f1d-9472-bd5529a7b311",
    ),
    Permission(
        "Group.Read.All",
        "Read all groups",
        "5b567255-7703-4780-807c-7be8301ae99b",
        "5f8c59db-677d-491f-a6b8-5f174b11ec1d",
    ),
    Permission(
        "GroupMember.Read.All",
        "Read all group memberships",
        "98830695-27a2-44f7-8c18-0c3ebc9698f6",
        "bc024368-1153-4739-b217-4326f2e966d0",
    ),
    Permission(
        "LicenseAssignment.Read.All",
        "Read all license assignments",
        "e2f98668-2877-4f38-a2f4-8202e0717aa1",
        "f395577a-0960-456b-979f-7228de0c5996",
    ),
    Permission(
        "Member.Read.Hidden",
        "Read all hidden memberships",
        "658aa5d8-239f-45c4-aa12-864f4fc7e490",
        "f6a3db3e-f7e8-4ed2-a414-557c8c9830be",
    ),
    Permission(
        "Organization.Read.All",
        "Read organization information",
        "498476ce-e0fe-48b0-b801-37ba7e2685c6",
        "4908d5b9-3fb2-4b1e-9336-1888b7937185",
    ),
    Permission(
        "Reports.Read.All",
        "Read all usage reports",
        "230c1aed-a721-4c5d-9cb4-a90514e508ef",
        "02e97553-ed7b-43d0-ab3c-f8bace0d040c",
    ),
    Permission(
        "ReportSettings.Read.All",
        "Read all admin report settings",
        "ee353f83-55ef-4b78-82da-555bfa2b4b95",
        "84fac5f4-33a9-4100-aa38-a20c6d29e5e7",
    ),
    Permission(
        "ReportSettings.ReadWrite.All",
        "Read and write all admin report settings",
        "2a60023f-3219-47ad-baa4-40e17cd02a1d",
        "b955410e-7715-4a88-a940-dfd551018df3",
    ),
    Permission(
        "RoleManagement.Read.Directory",
        "Read all directory RBAC settings",
        "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
        "741c54c3-0c1e-44a1-818b-3f97ab4e8c83",
    ),
    Permission("User.Read", "Sign in and read user profile", None, "e1fe6dd8-ba31-4d61-89e7-88639da4683d", admin=False),
    Permission(
        "User.Read.All",
        "Read all users' full profiles",
        "df021288-bdef-4463-88db-98f22de89214",
        "a154be20-db9c-4678-8ab7-66f6cc099a59",
    ),
    Permission(
        "User.ReadBasic.All",
        "Read all users' basic profiles",
        "97235f07-e226-4f63-ace3-39588e11d3a1",
        "b340eb25-3456-403f-be2f-af7a0d370277",
        admin=False,
    ),
    Permission("openid", "Sign users in", None, "37f7f235-527c-4136-accd-4a02d197296e", admin=False),
    Permission("profile", "View users' basic profile", None, "14dad69e-099b-42c9-810b-d002981feec1", admin=False),
    Permission("email", "View users' email address", None, "64a6cdd6-aab1-4aaf-94b8-3cc8405e90d0", admin=False),
    Permission(
        "offline_access",
        "Maintain access to data you have given it access to",
        None,
        "7427e0e9-2fba-42fe-b0c0-848c9e6a8182",
        admin=False,
    ),
)
BY_VALUE: dict[str, Permission] = {permission.value: permission for permission in PERMISSIONS}
ROLES: dict[str, Permission] = {item.role_id: item for item in PERMISSIONS if item.role_id is not None}
SCOPES: dict[str, Permission] = {item.scope_id: item for item in PERMISSIONS if item.scope_id is not None}
_BY_LOWER = {permission.value.lower(): permission for permission in PERMISSIONS}


def scope_named(name: str) -> Permission | None:
    """The delegated permission of that name, case-blind as Microsoft reads it."""
    found = _BY_LOWER.get(name.lower())
    return found if found is not None and found.scope_id is not None else None
