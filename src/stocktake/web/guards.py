"""Who is asking, and whether they may.

`application.py` puts `at_least(role)` before every address of `routes.py` that names a role, and `refuse_forgery`
before every one that changes something; a handler calls `signed_in(request)` to know the person.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import structlog
from fastapi import BackgroundTasks, HTTPException, Request
from fastapi.responses import Response
from sqlalchemy.exc import OperationalError
from starlette.datastructures import UploadFile

from stocktake.store.accounts import ROLES, Role
from stocktake.store.sessions import Session, begin_session, end_session, find_session, touch_session
from stocktake.web.console import Console, console_of
from stocktake.web.passwords import new_token, token_hash

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "X-CSRF-Token"
_SEEN_EVERY = timedelta(minutes=5)  # a write for every page would only wear out the database
_OWN_SITE = {"same-origin", "none"}  # Sec-Fetch-Site: our own pages, or the person's own typing

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Person:
    """Whoever is signed in."""

    account_id: int
    name: str
    role: Role

    def may(self, role: Role) -> bool:
        return ROLES.index(self.role) >= ROLES.index(role)


def whoever(request: Request) -> Person | None:
    """The person who is signed in, if anybody is."""
    session = _session(request)
    return Person(session.account_id, session.name, session.role) if session else None


def signed_in(request: Request) -> Person:
    """The person. HTTPException 401 for a stranger: pages turn it into the way to the sign-in page."""
    person = whoever(request)
    if person is None:
        raise HTTPException(401, "sign in first")
    return person


def at_least(role: Role) -> Callable[[Request, BackgroundTasks], Person]:
    """A dependency that lets pass who has that role or a higher one: 401 for strangers, 403 for others."""

    def guard(request: Request, after: BackgroundTasks) -> Person:
        person = signed_in(request)
        if not person.may(role):
            raise HTTPException(403, f"this needs the role {role}, and {person.name} is {person.role}")
        session = _session(request)
        seen = datetime.fromisoformat(session.last_seen_at) if session else datetime.now(UTC)
        if datetime.now(UTC) - seen > _SEEN_EVERY:
            after.add_task(_touch, console_of(request), _token(request))
        return person

    return guard


def csrf(request: Request) -> str:
    """What forms of this page carry in the field `csrf_token`, and htmx in the header X-CSRF-Token."""
    session = _session(request)
    if session is not None:
        return session.csrf_token
    if not hasattr(request.state, "visit"):
        request.state.visit = request.cookies.get(visit_cookie(console_of(request))) or new_token()
    return str(request.state.visit)


async def refuse_forgery(request: Request) -> None:
    """HTTPException 403 unless the request comes from a page of ours: by the browser's word and by the token."""
    console = console_of(request)
    site = request.headers.get("Sec-Fetch-Site")
    origin = request.headers.get("Origin")
    if (site is not None and site not in _OWN_SITE) or (origin is not None and not _same_origin(origin, console)):
        raise HTTPException(403, "this request came from another site")
    given = request.headers.get(CSRF_HEADER) or await _posted_token(request)
    session = _session(request)
    wanted = session.csrf_token if session else request.cookies.get(visit_cookie(console), "")
    if not wanted or not secrets.compare_digest(given.encode(), wanted.encode()):
        raise HTTPException(403, "this form is too old: open the page again and send it once more")


def _same_origin(origin: str, console: Console) -> bool:
    parts, own = urlsplit(origin.lower()), urlsplit(console.address)
    return (parts.scheme, parts.netloc) == (own.scheme, own.netloc)


async def _posted_token(request: Request) -> str:
    if not request.headers.get("Content-Type", "").startswith(
        ("application/x-www-form-urlencoded", "multipart/form-data")
    ):
        return ""
    value = (await request.form()).get(CSRF_FIELD, "")
    return "" if isinstance(value, UploadFile) else value


def begin(request: Request, response: Response, account_id: int) -> None:
    """Sign a person in: a new token whatever cookie came along, so that nobody can have planted it."""
    console = console_of(request)
    token = new_token()
    with console.app.store.write() as connection:
        if old := _token(request):
            end_session(connection, token_hash(old))
        begin_session(connection, account_id, token_hash(token), new_token())
    _set_cookie(response, console, session_cookie(console), token)
    response.delete_cookie(visit_cookie(console), path="/", secure=console.secure, httponly=True, samesite="lax")


def end(request: Request, response: Response) -> None:
    """Sign the person out, here and wherever the token was copied to."""
    console = console_of(request)
    with console.app.store.write() as connection:
        end_session(connection, token_hash(_token(request)))
    response.delete_cookie(session_cookie(console), path="/", secure=console.secure, httponly=True, samesite="lax")


def keep_visit(request: Request, response: Response) -> None:
    """Give a stranger's browser the cookie that the token of the page's form is compared with."""
    console = console_of(request)
    visit = csrf(request)
    if request.cookies.get(visit_cookie(console)) != visit and _session(request) is None:
        _set_cookie(response, console, visit_cookie(console), visit)


def session_cookie(console: Console) -> str:
    # Browsers refuse the prefix without TLS. With it no neighbouring host can plant the cookie.
    return "__Host-stocktake-session" if console.secure else "stocktake-session"


def visit_cookie(console: Console) -> str:
    return "__Host-stocktake-visit" if console.secure else "stocktake-visit"


def _set_cookie(response: Response, console: Console, name: str, value: str) -> None:
    response.set_cookie(name, value, path="/", secure=console.secure, httponly=True, samesite="lax")


def _token(request: Request) -> str:
    return request.cookies.get(session_cookie(console_of(request)), "")


def _session(request: Request) -> Session | None:
    """Looked up once a request."""
    if not hasattr(request.state, "session"):
        token = _token(request)
        request.state.session = None
        if token:
            with console_of(request).app.store.read() as connection:
                request.state.session = find_session(connection, token_hash(token))
    session: Session | None = request.state.session
    return session


def _touch(console: Console, token: str) -> None:
    try:
        with console.app.store.write() as connection:
            touch_session(connection, token_hash(token))
    except OperationalError:
        # A sync that is closing holds the database for long; the next page tries again.
        log.info("session not touched: the database is busy")
