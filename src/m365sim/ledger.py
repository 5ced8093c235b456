"""Judges the client: what it asked, what it spent, and what it did that Microsoft asks clients not to do.

The rules are Microsoft's: wait as Retry-After says (throttling.md), follow links once and verbatim (paging.md), send no
token to a pre-authenticated address (report pages), ask with $select for what is needed (best-practices.md). And
the product under test only reads.
"""

import re
import time
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import unquote

# A request that came so soon after a refusal of another one had been sent before the client could read that refusal.
_IN_FLIGHT_S = 0.5
_TOLERANCE_S = 0.02
_MOST_COMPLAINTS = 10_000

_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[0-9a-f-]{36})?", re.IGNORECASE)
_KEYED = frozenset({"users", "groups", "domains", "applications", "serviceprincipals", "subscribedskus"})
_KEYWORDS = frozenset({"delta", "delta()", "$count", "$ref"})
_LISTINGS = re.compile(r"/(v1\.0|beta)/(users|groups)(/delta(\(\))?)?/?", re.IGNORECASE)


@dataclass(slots=True, frozen=True)
class Asked:
    """One request as the ledger sees it."""

    method: str
    path: str  # decoded
    query: str  # decoded, without the question mark
    holder: str  # who asks: the application's client id, or what stands for an unknown token
    authorized: bool  # it carries an Authorization header
    to_report_host: bool
    to_token_endpoint: bool = False

    @property
    def line(self) -> str:
        return f"{self.method} {self.path}" + (f"?{self.query}" if self.query else "")

    @property
    def workload(self) -> str:
        """What Microsoft throttles together (throttling-limits.md): a refusal closes this and nothing else."""
        if self.to_token_endpoint or self.to_report_host:
            return "token" if self.to_token_endpoint else "download"
        lower = self.line.lower()
        if "/reports/" in lower:
            return "reports"
        return "sign-ins" if "signinactivity" in lower or "/auditlogs/" in lower else "directory"

    @property
    def is_page(self) -> bool:
        return "$skiptoken=" in self.query


@dataclass(slots=True, frozen=True)
class _Closed:
    line: str
    since: float
    until: float

    def breached_by(self, line: str, now: float) -> bool:
        # Two batches have one line although they ask for different things.
        again = line == self.line and not line.endswith("/$batch")
        sent_later = again or now > self.since + _IN_FLIGHT_S
        return sent_later and now < self.until - _TOLERANCE_S


class Ledger:
    """Real time counts for waiting, whatever the simulator's clock says."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self.requests: Counter[str] = Counter()
        self.resource_units = 0
        self.throttled = 0
        self.batch_items = 0
        self.complaints: list[dict[str, str]] = []
        self._closed: dict[tuple[str, str], _Closed] = {}
        self._closed_inner: dict[str, _Closed] = {}
        self._pages: dict[tuple[str, str], set[str]] = {}  # (holder, path) -> queries of pages answered whole

    def asked(self, request: Asked) -> None:
        """Count and judge a request before it is answered."""
        self.requests[f"{request.method} {template(request.path)}"] += 1
        self._judge_method(request)
        if request.to_report_host and request.authorized:
            self.complain("sent an Authorization header to another host", request.line)
        if request.method == "GET" and lacks_select(request.path, request.query):
            self.complain("listed without $select", request.line)
        closed = self._closed.get((request.holder, request.workload))
        if closed is not None and closed.breached_by(request.line, time.monotonic()):
            self.complain("asked before Retry-After had passed", request.line)
        self._judge_page(request)

    def answered(self, request: Asked, status: int, *, units: int, wait_s: float | None, whole: bool) -> None:
        """What became of it: `whole` says that nothing was injected; `wait_s` is what Retry-After asks for."""
        self.resource_units += units
        if status == 429:
            self.throttled += 1
        if status in {429, 503} and wait_s is not None:
            now = time.monotonic()
            self._closed[request.holder, request.workload] = _Closed(request.line, now, now + wait_s)
        if status == 200 and whole and request.is_page:
            self._pages.setdefault((request.holder, request.path), set()).add(request.query)

    def batch_item(self, method: str, url: str) -> None:
        """Count and judge a request inside $batch; `url` as it stands there, relative to the version."""
        path, _, query = url.partition("?")
        path = "/v1.0/" + unquote(path).lstrip("/")
        line = f"{method} {path}" + (f"?{unquote(query)}" if query else "")
        self.batch_items += 1
        self.requests[f"$batch {method} {template(path)}"] += 1
        if method != "GET":
            self.complain("put something else than GET into a batch", line)
        elif lacks_select(path, unquote(query)):
            self.complain("listed without $select", line)
        closed = self._closed_inner.get(line)
        if closed is not None and closed.breached_by(line, time.monotonic()):
            self.complain("asked before Retry-After had passed", line)

    def inner_refused(self, method: str, target: str, wait_s: float | None, status: int = 429) -> None:
        """An injected refusal inside $batch; only the same inner request has to wait for it."""
        if status == 429:
            self.throttled += 1
        if status in {429, 503} and wait_s is not None:
            now, line = time.monotonic(), f"{method} {unquote(target)}"
            self._closed_inner[line] = _Closed(line, now, now + wait_s)

    def complain(self, complaint: str, request: str) -> None:
        if len(self.complaints) < _MOST_COMPLAINTS:
            at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            self.complaints.append({"complaint": complaint, "request": request, "at": at})

    def as_json(self) -> dict[str, object]:
        return {
            "requests": dict(sorted(self.requests.items())),
            "resource_units": self.resource_units,
            "complaints": self.complaints,
            "throttled": self.throttled,
            "batch_items": self.batch_items,
        }

    def _judge_method(self, request: Asked) -> None:
        if request.method == "GET":
            return
        posted = request.method == "POST" and (
            request.to_token_endpoint or request.path.rstrip("/").endswith(("/v1.0/$batch", "/beta/$batch"))
        )
        if not posted:
            self.complain("used another method than GET", request.line)

    def _judge_page(self, request: Asked) -> None:
        place = (request.holder, request.path)
        if not request.is_page:
            self._pages.pop(place, None)  # a listing that begins anew may meet the same links again
        elif request.query in self._pages.get(place, ()):
            self.complain("asked for the same page twice", request.line)


def lacks_select(path: str, query: str) -> bool:
    """True for a first page of users or groups that does not say what it wants; later links carry it."""
    if not _LISTINGS.fullmatch(path) or "$select=" in query or "$skiptoken=" in query:
        return False
    return "$deltatoken=" not in query or "$deltatoken=latest" in query


@lru_cache(maxsize=4096)
def template(path: str) -> str:
    """The path with what varies taken out: /v1.0/groups/{id}/members, /reports/getX()."""
    if path.endswith("/oauth2/v2.0/token"):
        return "/{tenant}/oauth2/v2.0/token"
    if path.startswith("/data/download/"):
        return "/data/download/{token}"
    parts = path.split("/")
    shown = [_shown(part, before) for before, part in zip(["", *parts], parts, strict=False)]
    return "/".join(shown)


def _shown(part: str, before: str) -> str:
    keyed = before.lower() in _KEYED and part != "" and part.lower() not in _KEYWORDS
    if keyed or _ID.fullmatch(part):
        return "{id}"
    name, bracket, _ = part.partition("(")
    return f"{name}()" if bracket and part != "delta()" else part
