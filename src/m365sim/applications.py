"""Registered applications, their credentials and what the tenant consented to."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Secret:
    key_id: str
    value: str
    hint: str  # the first three characters, which is all that Graph ever shows again
    display_name: str
    starts_at: int
    ends_at: int


@dataclass(slots=True)
class KeyCredential:
    """An uploaded certificate; `pem` is the public certificate alone."""

    key_id: str
    pem: str
    thumbprint_sha1: bytes
    thumbprint_sha256: bytes
    display_name: str
    starts_at: int
    ends_at: int


@dataclass(slots=True)
class ScopeGrant:
    """An oauth2PermissionGrant: delegated permissions to Graph; `principal_id` None: for everybody of the tenant."""

    id: str
    tenant_id: str
    principal_id: str | None
    scopes: set[str]


@dataclass(slots=True)
class Application:
    """A registration and (in its home tenant) its service principal, whose id is empty where there is none."""

    object_id: str
    client_id: str
    display_name: str
    tenant_id: str
    service_principal_id: str
    multi_tenant: bool = False
    redirect_uris: list[str] = field(default_factory=list)
    secrets: list[Secret] = field(default_factory=list)
    keys: list[KeyCredential] = field(default_factory=list)
    requested_roles: set[str] = field(default_factory=set)  # application permissions asked for in the registration
    requested_scopes: set[str] = field(default_factory=set)  # delegated permissions asked for in the registration
    # tenant id -> application permissions that an administrator of that tenant consented to
    granted_roles: dict[str, set[str]] = field(default_factory=dict)
    created_at: int = 0
    owners: set[str] = field(default_factory=set)  # user ids of the home tenant
    public_client: bool = False  # isFallbackPublicClient: device code without a credential
    public_redirect_uris: list[str] = field(default_factory=list)  # of the kind "mobile and desktop"
    service_principals: dict[str, str] = field(default_factory=dict)  # in other tenants: tenant id -> object id
    scope_grants: list[ScopeGrant] = field(default_factory=list)
    # (tenant id, application permission) -> epoch seconds from which tokens carry it; absent: at once
    visible_from: dict[tuple[str, str], float] = field(default_factory=dict)
