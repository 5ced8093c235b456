"""The addresses of registrations, consent and settings: what Graph's part of the directory lets one change."""

from m365sim.graph import applications, consent_grants, report_settings, service_principals
from m365sim.graph.request import Handler

REPORT_SETTINGS = "admin/reportSettings"  # whose reading is not here
# path (with {} for a parameter) -> method -> handler
REGISTRY: dict[str, dict[str, Handler]] = {
    "me": {"GET": report_settings.me},
    "applications": {"GET": applications.collection, "POST": applications.create},
    "applications/{}": {"GET": applications.one, "PATCH": applications.update, "DELETE": applications.delete},
    "applications/{}/addPassword": {"POST": applications.add_password},
    "applications/{}/removePassword": {"POST": applications.remove_password},
    "servicePrincipals": {"GET": service_principals.collection, "POST": service_principals.create},
    "servicePrincipals/{}": {"GET": service_principals.one},
    "servicePrincipals/{}/appRoleAssignedTo": {
        "GET": service_principals.assigned_to,
        "POST": service_principals.assign,
    },
    "servicePrincipals/{}/appRoleAssignedTo/{}": {"DELETE": service_principals.unassign},
    "servicePrincipals/{}/appRoleAssignments": {
        "GET": service_principals.assignments,
        "POST": service_principals.assign,
    },
    "servicePrincipals/{}/appRoleAssignments/{}": {"DELETE": service_principals.unassign},
    "servicePrincipals/{}/oauth2PermissionGrants": {"GET": consent_grants.of_principal},
    "oauth2PermissionGrants": {"GET": consent_grants.collection, "POST": consent_grants.create},
    "oauth2PermissionGrants/{}": {
        "GET": consent_grants.one,
        "PATCH": consent_grants.update,
        "DELETE": consent_grants.delete,
    },
    REPORT_SETTINGS: {"PATCH": report_settings.update},
}
