"""Directory roles that the simulator knows, and what they allow.

Template ids and rights: Microsoft Entra built-in roles (permissions-reference.md of the Entra documentation). A role's
template id is what a token carries in `wids`.
"""

GLOBAL_ADMINISTRATOR = "Global Administrator"
PRIVILEGED_ROLE_ADMINISTRATOR = "Privileged Role Administrator"
CLOUD_APPLICATION_ADMINISTRATOR = "Cloud Application Administrator"
APPLICATION_ADMINISTRATOR = "Application Administrator"
REPORTS_READER = "Reports Reader"
GLOBAL_READER = "Global Reader"

TEMPLATE_IDS: dict[str, str] = {
    GLOBAL_ADMINISTRATOR: "62e90394-69f5-4237-9190-012177145e10",
    PRIVILEGED_ROLE_ADMINISTRATOR: "e8611ab8-c189-46e8-94e1-60213ab1f814",
    CLOUD_APPLICATION_ADMINISTRATOR: "158c047a-c907-4556-b7ef-446551a6b5f7",
    APPLICATION_ADMINISTRATOR: "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3",
    REPORTS_READER: "4a5d8f65-41da-4de4-8968-e035b65339cf",
    GLOBAL_READER: "f2ef992c-3afb-46b9-b7cf-a126ee74c451",
    "Exchange Administrator": "29232cdf-9323-42fd-ade2-1d097af3e4de",
    "SharePoint Administrator": "f28a1f50-f6e7-4571-818b-6a12f2af6b6c",
    "Teams Administrator": "69091246-20e8-4a56-aa4d-066075b2a7a8",
    "Directory Readers": "88d8e3e3-8f55-4a1e-953a-9b9898b8876b",
}
# Every member's token carries this one beside their roles.
DEFAULT_USER = "b79fbf4d-3ef9-4689-8143-76b194e85509"

# Who may consent for the organisation: to delegated permissions, and to application permissions of Microsoft Graph.
# The application administrators may consent to everything "except application permissions for Microsoft Graph".
CONSENT_TO_SCOPES = frozenset(
    {
        GLOBAL_ADMINISTRATOR,
        PRIVILEGED_ROLE_ADMINISTRATOR,
        CLOUD_APPLICATION_ADMINISTRATOR,
        APPLICATION_ADMINISTRATOR,
    }
)
CONSENT_TO_GRAPH_ROLES = frozenset({GLOBAL_ADMINISTRATOR, PRIVILEGED_ROLE_ADMINISTRATOR})
MANAGE_APPLICATIONS = frozenset({GLOBAL_ADMINISTRATOR, CLOUD_APPLICATION_ADMINISTRATOR, APPLICATION_ADMINISTRATOR})
CHANGE_REPORT_SETTINGS = frozenset({GLOBAL_ADMINISTRATOR})
# Whoever holds one of these reads the whole directory, whatever the tenant keeps from its users.
READ_DIRECTORY = frozenset(TEMPLATE_IDS) - {REPORTS_READER}


def named(roles: frozenset[str]) -> str:
    """The roles for a sentence: "A, B or C"."""
    every = sorted(roles)
    return every[0] if len(every) == 1 else f"{', '.join(every[:-1])} or {every[-1]}"
