"""Which permission opens what (permissions.json of 2026-08-07 and the documentation, graph-facts 1.1).

Left out on purpose: Intune's and the agents' permissions, which open the directory by the way.
"""

from m365sim.graph.errors import GraphError, denied
from m365sim.graph.request import GraphRequest
from m365sim.principal import Principal

_DIRECTORY = "Directory.Read.All Directory.ReadWrite.All"
_USERS = f"User.Read.All User.ReadWrite.All {_DIRECTORY}"
_GROUPS = f"GroupMember.Read.All Group.Read.All Group.ReadWrite.All Group.ReadBasic.All {_DIRECTORY}"
_MEMBERS = f"GroupMember.ReadBasic.All GroupMember.ReadWrite.All {_GROUPS}"
_ORGANISATION = f"Organization.Read.All Organization.ReadWrite.All {_DIRECTORY}"

# what: (application permissions, delegated permissions)
_ACCEPTED: dict[str, tuple[str, str]] = {
    "organization": (f"{_ORGANISATION} User.Read.All", f"{_ORGANISATION} User.Read User.Read.All"),
    "domains": ("Domain.Read.All Domain.ReadWrite.All Directory.Read.All",) * 2,
    "subscribedSkus": (f"LicenseAssignment.Read.All {_ORGANISATION}",) * 2,
    "subscriptions": (_ORGANISATION, "Organization.Read.All Directory.Read.All"),
    "users": (f"{_USERS} User.ReadBasic.All",) * 2,
    "usersDelta": (_USERS,) * 2,
    "licenseDetails": (f"LicenseAssignment.Read.All {_USERS}", f"LicenseAssignment.Read.All User.Read {_USERS}"),
    "deletedUsers": (_USERS,) * 2,
    "groups": (_GROUPS,) * 2,
    "members": (_MEMBERS,) * 2,
    "deletedGroups": (f"Group.Read.All Group.ReadWrite.All {_DIRECTORY}",) * 2,
    "directoryRoles": (
        f"RoleManagement.Read.Directory RoleManagement.ReadWrite.Directory RoleManagement.Read.All {_DIRECTORY}",
    )
    * 2,
    "reportSettings": ("ReportSettings.Read.All ReportSettings.ReadWrite.All",) * 2,
    "reports": ("Reports.Read.All",) * 2,
    "signInActivity": ("AuditLog.Read.All",) * 2,
    "hiddenMembers": ("Member.Read.Hidden",) * 2,
    "#microsoft.graph.user": (f"{_USERS} User.ReadBasic.All",) * 2,
    "#microsoft.graph.group": (_GROUPS,) * 2,
    "#microsoft.graph.device": (f"Device.Read.All Device.ReadWrite.All {_DIRECTORY}",) * 2,
    "#microsoft.graph.servicePrincipal": (f"Application.Read.All Application.ReadWrite.All {_DIRECTORY}",) * 2,
    "#microsoft.graph.orgContact": (f"OrgContact.Read.All {_DIRECTORY}",) * 2,
}
_SETS = {
    what: (frozenset(application.split()), frozenset(delegated.split()))
    for what, (application, delegated) in _ACCEPTED.items()
}
_WHOLE_USER = frozenset(_USERS.split())

# Directory roles of a signed-in user that open usage reports (reportroot-authorization.md), by role template id:
# Global, Exchange, SharePoint, Skype for Business, Teams, Teams Communications Administrator, Global Reader,
# Reports Reader.
_REPORT_ROLES = frozenset(
    {
        "62e90394-69f5-4237-9190-012177145e10",
        "29232cdf-9323-42fd-ade2-1d097af3e4de",
        "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",
        "75941009-915a-4869-abe7-691bff18279e",
        "69091246-20e8-4a56-aa4d-066075b2a7a8",
        "baf37b3a-610e-45da-9e62-d9d1e5e8914b",
        "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
        "4a5d8f65-41da-4de4-8968-e035b65339cf",
    }
)


def allows(principal: Principal, what: str) -> bool:
    """True if one of the caller's permissions opens this."""
    application, delegated = _SETS[what]
    if principal.user_id is None:
        return not application.isdisjoint(principal.roles)
    return not delegated.isdisjoint(principal.scopes)


def require(request: GraphRequest, what: str) -> None:
    """GraphError 403 Authorization_RequestDenied without such a permission."""
    if not allows(request.principal, what):
        raise denied()


def reads_whole_users(principal: Principal) -> bool:
    """False for a caller who has User.ReadBasic.All alone: names and address (permissions-reference.md)."""
    return not _WHOLE_USER.isdisjoint(principal.roles if principal.user_id is None else principal.scopes)


def require_sign_ins(request: GraphRequest) -> None:
    """Two refusals: no AuditLog.Read.All (microsoft-graph-explorer-v4#2731), no premium licence in the tenant."""
    if not allows(request.principal, "signInActivity"):
        raise GraphError(
            403,
            "Authentication_MSGraphPermissionMissing",
            "Calling principal does not have required MSGraph permissions AuditLog.Read.All",
        )
    if not request.tenant.premium:
        raise GraphError(
            403,
            "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
            "Neither tenant is B2C or tenant doesn't have premium license",
        )


def require_reports(request: GraphRequest) -> None:
    """The reports have a refusal of their own (microsoft-graph-docs#8547)."""
    principal = request.principal
    granted = allows(principal, "reports")
    if not granted or (principal.user_id is not None and _REPORT_ROLES.isdisjoint(principal.wids)):
        raise GraphError(403, "S2SUnauthorized", "Invalid permission.")


def require_report_settings(request: GraphRequest) -> None:
    """The refusal of the reports, wrapped once more: so it was recorded for /admin/reportSettings in 2026."""
    if not allows(request.principal, "reportSettings"):
        raise GraphError(403, "UnknownError", '{"error":{"code":"S2SUnauthorized","message":"Invalid permission."}}')
