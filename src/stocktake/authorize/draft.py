"""What an authorisation is for and what came of it, as both are sealed into its row."""

from dataclasses import dataclass, field
from typing import TypeVar

import msgspec

from stocktake.errors import ConfigurationError
from stocktake.identity.credentials import Credential, deserialize, serialize
from stocktake.identity.grants import Grant
from stocktake.identity.sealing import Sealer
from stocktake.store.connectors import Permissions

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Draft:
    """What the Credentials dialog held. `connector_id` is None for a connector that is still to be made.

    `client_id` None stands for the provider's app, which brings its own credential. `scopes` empty: what the
    registration lists. `dialog` is the dialog that waits for the Token, where it is open in a browser.
    """

    name: str
    tenant: str
    cloud: str
    permissions: Permissions
    client_id: str | None
    credential: bytes | None = field(default=None, repr=False)  # of identity.credentials.serialize
    credential_expires_at: str | None = None
    description: str = ""
    scopes: tuple[str, ...] = ()
    connector_id: int | None = None
    dialog: str = ""

    @property
    def own_credential(self) -> Credential | None:
        return deserialize(self.credential) if self.credential is not None else None


def sealed_form(credential: Credential | None) -> bytes | None:
    """A credential as a draft holds it."""
    return serialize(credential) if credential is not None else None


@dataclass(frozen=True, slots=True)
class Pending:
    """An authorisation that was sent to Microsoft."""

    draft: Draft
    redirect_uri: str
    tenant_id: str
    scopes: tuple[str, ...]
    nonce: str = field(repr=False)
    verifier: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back: a consent (no grant), a grant, or a refusal. `token_hash` is of the Token that names it."""

    token_hash: str = ""
    granted_by: str | None = None
    grant: Grant | None = field(default=None, repr=False)
    refused: str = ""
    remedy: str = ""
    code: str = ""


def seal_request(sealer: Sealer, state_hash: str, pending: Pending) -> str:
    return sealer.seal(msgspec.json.encode(pending), _context(state_hash, "request"))


def open_request(sealer: Sealer, state_hash: str, sealed: str) -> Pending:
    return _opened(sealer, sealed, _context(state_hash, "request"), Pending)


def seal_outcome(sealer: Sealer, state_hash: str, outcome: Outcome) -> str:
    return sealer.seal(msgspec.json.encode(outcome), _context(state_hash, "result"))


def open_outcome(sealer: Sealer, state_hash: str, sealed: str) -> Outcome:
    return _opened(sealer, sealed, _context(state_hash, "result"), Outcome)


def _opened(sealer: Sealer, sealed: str, context: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(sealer.open(sealed, context), type=kind)
    except msgspec.DecodeError:
        raise ConfigurationError("the stored authorisation can't be read", "Authorize again") from None


def _context(state_hash: str, part: str) -> str:
    return f"authorization/{state_hash}/{part}"
