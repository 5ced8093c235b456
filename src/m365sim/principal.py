"""Who a verified access token speaks for."""

from dataclasses import dataclass

from m365sim.tenant import Tenant


@dataclass(slots=True, frozen=True)
class Principal:
    """An application (`user_id` is None, `roles` count) or a user of it (`scopes` and `wids` count)."""

    tenant: Tenant
    client_id: str
    roles: frozenset[str]  # application permissions
    scopes: frozenset[str]  # delegated permissions
    user_id: str | None
    wids: frozenset[str] = frozenset()  # template ids of the user's directory roles


@dataclass(slots=True, frozen=True)
class Verified:
    """A token whose signature has been checked once; instants are epoch seconds of the simulator's clock."""

    principal: Principal
    not_before: int
    expires_at: int
