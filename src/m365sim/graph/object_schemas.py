"""Groups, and the other types that can be members (group.md, device.md, serviceprincipal.md, orgcontact.md)."""

from collections.abc import Callable

from m365sim.graph.caches import remembered
from m365sim.graph.schema import Entity, Traits, describe, words
from m365sim.graph.user_schema import when
from m365sim.tenant import Group, OtherObject, Tenant


def _licences(_tenant: Tenant, group: Group) -> list[dict[str, object]]:
    return [{"disabledPlans": sorted(disabled), "skuId": sku_id} for sku_id, disabled in group.licenses]


def has_licence_errors(tenant: Tenant, group: Group) -> bool:
    failing = remembered(tenant, "groups with licence errors", tenant.revision, lambda: _failing(tenant))
    return group.id in failing


def _failing(tenant: Tenant) -> frozenset[str]:
    return frozenset(
        way.group_id
        for user in tenant.users.values()
        for way in user.assignments
        if way.group_id is not None and way.state in {"Error", "ActiveWithError"}
    )


READERS: dict[str, Callable[[Tenant, Group], object]] = {
    "id": lambda _, group: group.id,
    "deletedDateTime": lambda _, group: None if group.deleted_at is None else when(group.deleted_at),
    "createdDateTime": lambda _, group: when(group.created_at),
    "description": lambda _, group: group.description,
    "displayName": lambda _, group: group.display_name,
    "groupTypes": lambda _, group: list(group.group_types),
    "mail": lambda _, group: group.mail,
    "mailEnabled": lambda _, group: group.mail_enabled,
    "mailNickname": lambda _, group: group.mail_nickname,
    "membershipRule": lambda _, group: group.membership_rule,
    "membershipRuleProcessingState": lambda _, group: None if group.membership_rule is None else "On",
    "onPremisesSyncEnabled": lambda _, group: group.on_premises_sync_enabled,
    "proxyAddresses": lambda _, group: [] if group.mail is None else [f"SMTP:{group.mail}"],
    "renewedDateTime": lambda _, group: when(group.created_at),
    "securityEnabled": lambda _, group: group.security_enabled,
    "visibility": lambda _, group: group.visibility,
    "assignedLicenses": _licences,
    "hasMembersWithLicenseErrors": has_licence_errors,
    "licenseProcessingState": lambda _, group: {"state": "ProcessingComplete"} if group.licenses else None,
}
_EMPTY_DEFAULTS = words(
    "classification expirationDateTime isAssignableToRole onPremisesDomainName onPremisesLastSyncDateTime "
    "onPremisesNetBiosName onPremisesSamAccountName onPremisesSecurityIdentifier preferredDataLocation "
    "preferredLanguage securityIdentifier theme uniqueName"
)
_SINGLE_ONLY = words(
    "accessType allowExternalSenders autoSubscribeNewMembers hideFromAddressLists hideFromOutlookClients isArchived "
    "isFavorite isSubscribedByMail unseenConversationsCount unseenCount unseenMessagesCount"
)
_EMPTY_ON_SELECT = words("isManagementRestricted onPremisesExtensionAttributes organizationId welcomeMessageEnabled")
_EMPTY_LIST_DEFAULTS = words(
    "onPremisesProvisioningErrors resourceBehaviorOptions resourceProvisioningOptions serviceProvisioningErrors"
)
_ON_SELECT = ("assignedLicenses", "hasMembersWithLicenseErrors", "licenseProcessingState")

_COMPARED = "eq ne not ge le in"
_OPERATORS = {
    "id": "eq ne not in",
    "assignedLicenses": "eq not any $count",
    "description": "eq ne not ge le startsWith",
    "displayName": f"{_COMPARED} startsWith",
    "groupTypes": "eq not any $count",
    "hasMembersWithLicenseErrors": "eq",
    "mail": f"{_COMPARED} startsWith endsWith",
    "mailEnabled": "eq ne not",
    "mailNickname": f"{_COMPARED} startsWith",
    "membershipRule": "eq ne not ge le startsWith",
    "onPremisesSyncEnabled": "eq ne not in",
    "proxyAddresses": "eq not any startsWith endsWith",
    "securityEnabled": "eq ne not in",
    "deletedDateTime": _COMPARED,
}

GROUP: Entity[Group] = Entity(
    "microsoft.graph.group",
    "Group",
    describe(
        READERS,
        Traits(
            operators=_OPERATORS,
            defaults=frozenset((set(READERS) - set(_ON_SELECT)) | {*_EMPTY_DEFAULTS, *_EMPTY_LIST_DEFAULTS}),
            single_only=frozenset(_SINGLE_ONLY),
        ),
        [*_EMPTY_DEFAULTS, *_SINGLE_ONLY, *_EMPTY_ON_SELECT],
        [*_EMPTY_LIST_DEFAULTS, "assignedLabels", "infoCatalogs"],
    ),
    searchable=("displayName", "description", "mail", "mailNickname"),
)


def _other(type_name: str, resource: str, values: str, lists: str = "") -> Entity[OtherObject]:
    readers: dict[str, Callable[[Tenant, OtherObject], object]] = {
        "id": lambda _, item: item.id,
        "deletedDateTime": lambda _, item: None,
        "displayName": lambda _, item: item.display_name,
    }
    every = frozenset([*readers, *values.split(), *lists.split()])
    traits = Traits(operators={"id": "eq ne not in", "displayName": f"{_COMPARED} startsWith"}, defaults=every)
    return Entity(type_name, resource, describe(readers, traits, values.split(), lists.split()))


OTHERS: dict[str, Entity[OtherObject]] = {
    "#microsoft.graph.device": _other(
        "microsoft.graph.device",
        "Device",
        "accountEnabled approximateLastSignInDateTime deviceId deviceOwnership deviceVersion isCompliant isManaged "
        "manufacturer model operatingSystem operatingSystemVersion onPremisesSyncEnabled profileType "
        "registrationDateTime trustType",
        "alternativeSecurityIds physicalIds systemLabels",
    ),
    "#microsoft.graph.servicePrincipal": _other(
        "microsoft.graph.servicePrincipal",
        "ServicePrincipal",
        "accountEnabled appDisplayName appId appOwnerOrganizationId description homepage servicePrincipalType "
        "signInAudience",
        "alternativeNames replyUrls servicePrincipalNames tags",
    ),
    "#microsoft.graph.orgContact": _other(
        "microsoft.graph.orgContact",
        "OrgContact",
        "companyName department givenName jobTitle mail mailNickname onPremisesSyncEnabled surname",
        "addresses phones proxyAddresses",
    ),
}
