"""From a pasted Token to a saved connector: nothing is saved before it has proved itself, and nothing by half."""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import msgspec

from stocktake.app import App
from stocktake.authorize.draft import Outcome, Pending, open_outcome, open_request
from stocktake.authorize.proof import NotYetError, Proved, prove
from stocktake.authorize.token_text import altered, read_token
from stocktake.errors import ConfigurationError, TransientError, UsageError
from stocktake.identity.credentials import Certificate
from stocktake.identity.grants import seal_grant
from stocktake.store.authorizations import Authorization, find_authorization, save_authorized, used_already
from stocktake.store.connectors import Connector, NewConnector, credential_context

TOKEN_LIFETIME = timedelta(minutes=10)
RETRY_S = 3.0
_TICKET = "authorization/save"
_AGAIN = "click Authorize again"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A Token that was pasted in time; it goes on being good while Save waits for a consent to take effect."""

    state_hash: str
    connector: str
    pasted_at: float  # epoch seconds


def accept(app: App, connector: str, pasted: str) -> Ticket:
    """Judge a pasted Token for the connector of that name. UsageError (ConfigurationError where Microsoft refused)
    says what is wrong with it and what to do."""
    token, hashed = read_token(app.sealer, pasted)
    kept = find_authorization(app.store, hashed)
    if kept is None or kept.completed_at is None:
        raise UsageError("this Token belongs to no authorisation that is still known here", _AGAIN)
    if kept.used_at is not None:
        raise used_already(kept.used_at)
    if kept.connector != connector:
        raise UsageError(
            f"this Token was made for connector {kept.connector}, and not for {connector}",
            f"paste it there, or {_AGAIN} here",
        )
    age = datetime.now(UTC) - datetime.fromisoformat(kept.completed_at)
    if age > TOKEN_LIFETIME:
        raise UsageError(f"this Token is {int(age.total_seconds() // 60)} minutes old, and it was good for ten", _AGAIN)
    outcome = _outcome(app, kept)
    if not hmac.compare_digest(outcome.token_hash, sha256(token.encode()).hexdigest()):
        raise altered()
    return Ticket(hashed, connector, time.time())


def attempt(app: App, ticket: Ticket) -> Connector:
    """One try to prove and save; blocks for some seconds at most.

    NotYetError: try again in RETRY_S seconds. Every other error is final, and nothing has been saved; the Token stays
    good until it is ten minutes old.
    """
    kept = find_authorization(app.store, ticket.state_hash)
    if kept is None:
        raise UsageError("this authorisation is no longer known here", _AGAIN)
    if kept.used_at is not None:
        raise used_already(kept.used_at)
    pending = open_request(app.sealer, ticket.state_hash, kept.sealed_request)
    try:
        proved = prove(app, pending, _outcome(app, kept))
    except NotYetError as error:
        if waited_s(ticket) < app.settings.consent_patience:
            raise
        raise ConfigurationError(
            f"the consent has not taken effect within {round(app.settings.consent_patience)} seconds: {error.message}",
            error.remedy,
            code="AADSTS65001",
        ) from None
    return save_authorized(
        app.store, ticket.state_hash, pending.draft.connector_id, _connector(app, pending, proved, kept)
    )


def save_patiently(app: App, ticket: Ticket, waiting: Callable[[str], None]) -> Connector:
    """Try until it is saved or refused; `waiting` is told why it has to wait. Blocks, for minutes perhaps."""
    while True:
        try:
            return attempt(app, ticket)
        except NotYetError as error:
            waiting(error.message)
            time.sleep(RETRY_S)


def waited_s(ticket: Ticket) -> float:
    return time.time() - ticket.pasted_at


def seal_ticket(app: App, ticket: Ticket) -> str:
    """For a page that asks again: whoever holds it has shown the Token in time."""
    return app.sealer.seal(msgspec.json.encode(ticket), _TICKET)


def open_ticket(app: App, sealed: str) -> Ticket:
    """UsageError for anything that `seal_ticket` did not make."""
    try:
        return msgspec.json.decode(app.sealer.open(sealed, _TICKET), type=Ticket)
    except (ConfigurationError, msgspec.DecodeError):
        raise UsageError("this page is damaged", _AGAIN) from None


def _outcome(app: App, kept: Authorization) -> Outcome:
    if kept.sealed_result is None:
        raise TransientError("Microsoft's answer is still being looked at", "try again in a moment")
    outcome = open_outcome(app.sealer, kept.state_hash, kept.sealed_result)
    if outcome.refused:
        raise ConfigurationError(outcome.refused, outcome.remedy, code=outcome.code)
    return outcome


def _connector(app: App, pending: Pending, proved: Proved, kept: Authorization) -> NewConnector:
    draft, grant = pending.draft, proved.grant
    outcome = _outcome(app, kept)
    sealed = None
    if draft.credential is not None:
        sealed = app.sealer.seal(draft.credential, credential_context(draft.name))
    credential = draft.own_credential
    expires_at = draft.credential_expires_at
    if isinstance(credential, Certificate):
        expires_at = credential.expires_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return NewConnector(
        name=draft.name,
        tenant=draft.tenant,
        cloud=draft.cloud,
        permissions=draft.permissions,
        client_id=draft.client_id,
        description=draft.description,
        sealed_credential=sealed,
        credential_expires_at=expires_at,
        sealed_grant=seal_grant(app.sealer, draft.name, grant) if grant is not None else None,
        granted_by=outcome.granted_by,
    )
