"""What the interactive part of the identity platform remembers: sessions, pending requests, codes and tokens.

All of it lives in memory and dies with the process or a reset. Instants are epoch seconds of the simulator's clock.
"""

import secrets
from dataclasses import dataclass, field

from m365sim.accounts import Account
from m365sim.applications import Application

CODE_LIFETIME = 600  # "about ten minutes" (v2-oauth2-auth-code-flow.md)
DEVICE_LIFETIME = 900  # v2-oauth2-device-code.md
DEVICE_INTERVAL = 5
REFRESH_LIFETIME = 90 * 24 * 3600  # refresh-tokens.md
REQUEST_LIFETIME = 3600


@dataclass(slots=True, frozen=True)
class SignedIn:
    """One person in one browser."""

    account: Account
    at: float
    second_factor: bool


@dataclass(slots=True)
class Session:
    """One browser. `guard` is sent with every form, so that another site can't send it."""

    people: dict[str, SignedIn] = field(default_factory=dict)  # by user id
    portal_user: str | None = None
    fresh_secret: tuple[str, str] | None = None  # key id and value, for the one page that shows it
    guard: str = field(default_factory=lambda: secrets.token_urlsafe(24))


@dataclass(slots=True)
class SignInRequest:
    """An authorisation that somebody's browser is walking through.

    `purpose` is authorize, adminconsent (v2), adminconsent_v1, device or portal; `tenant` is the segment of the
    address: an id, a domain, organizations or common.
    """

    purpose: str
    tenant: str
    client_id: str = ""
    redirect_uri: str = ""
    scopes: tuple[str, ...] = ()  # Graph's delegated permissions and the sign-in scopes, without a resource
    static: bool = False  # /.default: what the registration asks for
    state: str | None = None
    nonce: str | None = None
    response_mode: str = "query"
    prompt: frozenset[str] = frozenset()
    challenge: str | None = None
    challenge_method: str = "plain"
    login_hint: str = ""
    domain_hint: str = ""
    user_code: str = ""
    back_to: str = ""  # portal: the path to go on with
    at: float = 0.0
    chosen: str | None = None  # user id of the person who goes on
    second_factor: bool = False
    consented: bool = False  # Accept was pressed for this very request
    confirmed: bool = False  # device: Continue was pressed


@dataclass(slots=True)
class Code:
    """An authorization code."""

    request: SignInRequest
    account: Account
    tenant_id: str
    at: float
    second_factor: bool
    used: bool = False


@dataclass(slots=True)
class Refresh:
    """A refresh token: bound to person, client and tenant of issue, not to a resource (refresh-tokens.md)."""

    client_id: str
    account: Account
    tenant_id: str
    scopes: tuple[str, ...]
    at: float
    second_factor: bool
    revoked: bool = False


@dataclass(slots=True)
class Device:
    """A pending device authorisation; `state` is pending, approved or declined."""

    client_id: str
    tenant: str
    scopes: tuple[str, ...]
    at: float
    user_code: str
    state: str = "pending"
    account: Account | None = None
    tenant_id: str = ""
    second_factor: bool = False
    asked_at: float = 0.0
    used: bool = False


@dataclass(slots=True, frozen=True)
class AuditEntry:
    """One write, by whom: `actor` is a user principal name or a client id."""

    at: float
    tenant_id: str
    actor: str
    action: str
    target: str
    detail: str


@dataclass(slots=True)
class Rules:
    """What a tenant allows its ordinary users (authorizationPolicy)."""

    users_may_consent: bool = True
    users_may_register: bool = True
    users_may_read_others: bool = True


@dataclass(slots=True)
class Interactive:
    """Everything of the interactive part, one field of World."""

    accounts: dict[str, Account] = field(default_factory=dict)  # by user id of the home tenant
    rules: dict[str, Rules] = field(default_factory=dict)  # by tenant id
    consent_delay: float = 0.0  # seconds until consented application permissions appear in tokens
    sessions: dict[str, Session] = field(default_factory=dict)
    requests: dict[str, SignInRequest] = field(default_factory=dict)
    codes: dict[str, Code] = field(default_factory=dict)
    refresh: dict[str, Refresh] = field(default_factory=dict)
    devices: dict[str, Device] = field(default_factory=dict)  # by device code
    audit: list[AuditEntry] = field(default_factory=list)
    deleted_applications: dict[str, Application] = field(default_factory=dict)  # by client id

    def account_of(self, user_id: str, tenant_id: str) -> Account | None:
        """Whose user this is in that tenant, as member or as guest."""
        found = self.accounts.get(user_id)
        if found is not None and found.tenant_id == tenant_id:
            return found
        guests = (account for account in self.accounts.values() if account.guest_in.get(tenant_id) == user_id)
        return next(guests, None)

    def rules_of(self, tenant_id: str) -> Rules:
        return self.rules.setdefault(tenant_id, Rules())


def new_token(prefix: str = "") -> str:
    return prefix + secrets.token_urlsafe(48)
