"""Browsers of people: the cookie, who is signed in behind it, and the guard that every form carries."""

import hmac
import secrets

from aiohttp import web

from m365sim.accounts import Account
from m365sim.signed_in import REQUEST_LIFETIME, Session, SignedIn, SignInRequest
from m365sim.world import World

COOKIE = "m365sim_session"


def session_of(world: World, request: web.Request) -> tuple[str, Session]:
    """The browser's session and its key, a new one where the cookie names none."""
    key = request.cookies.get(COOKIE, "")
    found = world.interactive.sessions.get(key)
    if found is None:
        key, found = secrets.token_urlsafe(32), Session()
        world.interactive.sessions[key] = found
    return key, found


def remember(response: web.StreamResponse, key: str) -> None:
    response.set_cookie(COOKIE, key, path="/", secure=True, httponly=True, samesite="Lax")


def guarded(session: Session, form_value: str) -> bool:
    """True if the form came from a page that this session was shown."""
    return hmac.compare_digest(session.guard.encode(), form_value.encode())


def sign_in(world: World, session: Session, account: Account, *, second_factor: bool) -> None:
    """Put this person into the session."""
    before = session.people.get(account.user_id)
    kept = before is not None and before.second_factor
    session.people[account.user_id] = SignedIn(account, world.clock.now(), second_factor or kept)


def open_request(world: World, wanted: SignInRequest) -> str:
    """Keep a request while its browser walks through the pages; the key is what the forms carry."""
    now = world.clock.now()
    pending = world.interactive.requests
    for key in [key for key, request in pending.items() if request.at + REQUEST_LIFETIME < now]:
        del pending[key]
    wanted.at = now
    key = secrets.token_urlsafe(24)
    pending[key] = wanted
    return key
