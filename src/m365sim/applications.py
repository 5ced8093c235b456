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
class Application:
    """A registration and (in its home tenant) its service principal."""

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
