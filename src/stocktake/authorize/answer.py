"""Microsoft's answer, as the browser brings it to the redirect address."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256

from stocktake.app import App
from stocktake.authorize.begin import application_of_draft, errand_of
from stocktake.authorize.draft import Draft, Outcome, Pending, open_request, seal_outcome
from stocktake.authorize.token_text import make_token
from stocktake.errors import ConfigurationError, StocktakeError, UsageError
from stocktake.identity.authorization import consented, redeem, refuse_error
from stocktake.identity.pkce import state_hash
from stocktake.store.authorizations import Authorization, claim_answer, find_authorization, keep_result
from stocktake.store.clouds import get_cloud

PATIENCE = timedelta(hours=1)  # for the person at Microsoft's pages
_ONE_MORE = "go back to the connector's Credentials and click Authorize again"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the callback page shows: a Token, or why there is none."""

    draft: Draft
    granted_by: str | None
    token: str = field(default="", repr=False)
    failure: StocktakeError | None = None


def receive(app: App, query: Mapping[str, str]) -> Answer:
    """Judge an answer, redeem its code at once, and make the Token that names what came of it.

    UsageError for an answer that nobody here waits for. What Microsoft refused is not raised but in the answer. Blocks.
    """
    hashed = state_hash(query.get("state", ""))
    kept = find_authorization(app.store, hashed)
    if kept is None:
        raise UsageError(
            "no authorisation waits for this answer"
            if query.get("state")
            else "this address is where Microsoft sends people back to, and it was opened without an answer",
            "start in the console: Connectors, the connector, Credentials, Authorize",
        )
    if not claim_answer(app.store, hashed):
        raise UsageError("this answer was received already", f"use the Token that was shown then, or {_ONE_MORE}")
    pending = open_request(app.sealer, hashed, kept.sealed_request)
    token = make_token(app.sealer, hashed)
    try:
        outcome = _judged(app, kept, pending, query)
    except StocktakeError as error:
        code = error.code if isinstance(error, ConfigurationError) else ""
        refused = Outcome(refused=error.message, remedy=error.remedy, code=code)
        keep_result(app.store, hashed, seal_outcome(app.sealer, hashed, refused))
        return Answer(pending.draft, None, failure=error)
    named = Outcome(sha256(token.encode()).hexdigest(), outcome.granted_by, outcome.grant)
    keep_result(app.store, hashed, seal_outcome(app.sealer, hashed, named))
    return Answer(pending.draft, outcome.granted_by, token)


def _judged(app: App, kept: Authorization, pending: Pending, query: Mapping[str, str]) -> Outcome:
    if datetime.now(UTC) - datetime.fromisoformat(kept.created_at) > PATIENCE:
        raise UsageError("this authorisation was begun more than an hour ago", _ONE_MORE)
    draft = pending.draft
    application = application_of_draft(app, draft)
    errand = errand_of(get_cloud(app.store, draft.cloud), pending, application.client_id)
    if draft.permissions == "application":
        consented(errand, query)
        return Outcome()
    refuse_error(errand, query)
    code = query.get("code", "")
    if not code:
        raise ConfigurationError("Microsoft's answer holds no code", "Authorize again")
    signed_in = redeem(errand, application, code, pending.nonce, pending.verifier)
    return Outcome(granted_by=signed_in.granted_by, grant=signed_in.grant)
