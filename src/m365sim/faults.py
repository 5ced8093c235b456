"""What goes wrong by order of a test: rules that match requests, each active for some of those that it matches.

Nothing is drawn by chance: which request a rule hits follows from the order of the requests alone.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http import HTTPStatus
from urllib.parse import unquote, urlsplit

from m365sim.ledger import Ledger

# The kinds that are a whole answer of their own: status, Graph's code and message (graph-facts 6, 7.9, 8; errors.md).
_ANSWERS: dict[str, tuple[int, str, str]] = {
    "throttle": (429, "TooManyRequests", "Please retry again later."),
    "status": (503, "", ""),
    "expired_page_token": (
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    ),
    "expired_delta_token": (410, "syncStateNotFound", "The sync state generation is not found."),
    "not_found": (
        404,
        "Request_ResourceNotFound",
        "Resource does not exist or one of its queried reference-property objects are not present.",
    ),
    "forbidden": (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
}
REWRITES = frozenset({"empty_page", "foreign_next_link", "loop_next_link"})
BREAKS = frozenset({"drop", "truncate", "slow", "stall"})
KINDS = frozenset({*_ANSWERS, *REWRITES, *BREAKS})
_CODES = {
    500: ("InternalServerError", "An unexpected error occurred."),
    502: ("BadGateway", "The upstream server gave an invalid response."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The upstream server did not answer in time."),
    509: ("BandwidthLimitExceeded", "The bandwidth limit has been exceeded."),
}
BODY_KINDS = frozenset({"json", "html", "empty"})
_NUMBER = re.compile(r"\d+(\.\d+)?")
_FIELDS = frozenset({"match", "kind", "skip", "times", "retry_after", "status", "code", "message", "body_kind", "ms"})


class BadRuleError(ValueError):
    """A rule that can't be used; the text says why, in one line."""


@dataclass(slots=True, frozen=True)
class Fault:
    """One injected fault. `status` counts for the kinds that are an answer of their own (`is_answer`)."""

    kind: str
    status: int = 0
    code: str = ""
    message: str = ""
    body_kind: str = "json"  # json | html | empty
    retry_after: str | None = None  # as the header will say it
    delay_ms: int = 0

    @property
    def is_answer(self) -> bool:
        return self.kind in _ANSWERS

    @property
    def headers(self) -> dict[str, str]:
        return {} if self.retry_after is None else {"Retry-After": self.retry_after}

    @property
    def wait_s(self) -> float | None:
        """Seconds that Retry-After asks for from now on; None where it says nothing."""
        return wait_of(self.retry_after)


@dataclass(slots=True)
class Rule:
    """`match` is searched in "METHOD path?query", decoded. `skip` such requests pass, then `times` fail."""

    match: re.Pattern[str]
    kind: str
    skip: int = 0
    times: int | None = 1  # None: for ever
    options: dict[str, str | int | None] = field(default_factory=dict)
    seen: int = 0
    used: int = 0

    def takes(self, line: str) -> bool:
        """Count the request if the rule matches it, and say whether it is one of those that fail."""
        if not self.match.search(line):
            return False
        self.seen += 1
        if self.seen <= self.skip or (self.times is not None and self.used >= self.times):
            return False
        self.used += 1
        return True

    def fault(self) -> Fault:
        return fault_of(self.kind, self.options)

    def as_json(self) -> dict[str, object]:
        return {
            "match": self.match.pattern,
            "kind": self.kind,
            "skip": self.skip,
            "times": self.times,
            **self.options,
            "seen": self.seen,
            "used": self.used,
        }


class Faults:
    """The rules in force, in order: a request is counted by each rule that matches it until one of them takes it."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self.rules: list[Rule] = []

    def add(self, rules: list[Rule]) -> None:
        self.rules.extend(rules)

    def clear(self) -> None:
        self.rules.clear()

    def take(self, method: str, target: str) -> Fault | None:
        """The fault for a request of this path and query, if any."""
        return self._take(request_line(method, target), inner=False)

    def for_inner(self, method: str, url: str) -> Fault | None:
        """The fault for a request inside $batch; `url` is relative to the version, such as /groups/ID/members.

        Only the kinds that are an answer can hit it: use its `status`, `headers`, `code` and `message`.
        """
        if not self.rules:
            return None
        target = f"/v1.0/{url.lstrip('/')}"
        fault = self._take(request_line(method, target), inner=True)
        if fault is not None:
            self._ledger.inner_refused(method, target, fault.wait_s, fault.status)
        return fault

    def _take(self, line: str, *, inner: bool) -> Fault | None:
        for rule in self.rules:
            if (rule.kind in _ANSWERS or not inner) and rule.takes(line):
                return rule.fault()
        return None


def wait_of(retry_after: str | None) -> float | None:
    """Seconds from now that the header asks for, as a number or as an HTTP date; ValueError for anything else."""
    if retry_after is None:
        return None
    if _NUMBER.fullmatch(retry_after):
        return float(retry_after)
    until = datetime.strptime(retry_after, "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    return max(0.0, (until - datetime.now(UTC)).total_seconds())


def request_line(method: str, target: str) -> str:
    """What rules are matched against: the method, a blank, the path with its query, decoded."""
    parts = urlsplit(target)
    query = f"?{unquote(parts.query)}" if parts.query else ""
    return f"{method} {unquote(parts.path)}{query}"


def fault_of(kind: str, options: dict[str, str | int | None]) -> Fault:
    """The fault that a rule of this kind injects now: "+2" as retry_after is the HTTP date two seconds ahead."""
    status, code, message = _ANSWERS.get(kind, (0, "", ""))
    status = int(options.get("status") or status)
    if kind == "status":
        code, message = _CODES.get(status, (HTTPStatus(status).phrase.replace(" ", ""), HTTPStatus(status).phrase))
    retry_after = options.get("retry_after", "2" if kind == "throttle" else None)
    return Fault(
        kind,
        status=status,
        code=str(options.get("code") or code),
        message=str(options.get("message") or message),
        body_kind=str(options.get("body_kind") or "json"),
        retry_after=None if retry_after is None else _header(str(retry_after)),
        delay_ms=int(options.get("ms") or 0),
    )


def _header(retry_after: str) -> str:
    if not retry_after.startswith("+"):
        return retry_after
    # Rounded up: a date is in whole seconds, and a client may not come before it.
    ahead = datetime.now(UTC) + timedelta(seconds=float(retry_after[1:]) + 1)
    return format_datetime(ahead.replace(microsecond=0), usegmt=True)


def rule_of(described: object) -> Rule:
    """A rule from the control plane's JSON; BadRuleError in one line."""
    if not isinstance(described, dict):
        raise BadRuleError("a rule is an object")
    if unknown := sorted(set(described) - _FIELDS):
        raise BadRuleError(f"a rule has no field {unknown[0]!r}; known are {', '.join(sorted(_FIELDS))}")
    kind = described.get("kind")
    if kind not in KINDS:
        raise BadRuleError(f"there is no fault {kind!r}; known are {', '.join(sorted(KINDS))}")
    try:
        pattern = re.compile(str(described.get("match", "")))
    except re.error as error:
        raise BadRuleError(f"match is no regular expression: {error}") from error
    options = {name: described[name] for name in _FIELDS - {"match", "kind", "skip", "times"} if name in described}
    _check_options(options)
    times = described.get("times", 1)
    return Rule(
        pattern,
        str(kind),
        skip=_whole("skip", described.get("skip", 0)),
        times=None if times is None else _whole("times", times),
        options=options,
    )


def _check_options(options: dict[str, object]) -> None:
    if "ms" in options:
        _whole("ms", options["ms"])
    if "status" in options and not 400 <= _whole("status", options["status"]) <= 599:
        raise BadRuleError("status is from 400 to 599")
    if options.get("body_kind", "json") not in BODY_KINDS:
        raise BadRuleError(f"body_kind is one of {', '.join(sorted(BODY_KINDS))}")
    retry_after = options.get("retry_after")
    if retry_after is None:
        return
    try:
        _ = fault_of("throttle", {"retry_after": str(retry_after)}).wait_s
    except ValueError as error:
        raise BadRuleError(
            "retry_after is seconds, an HTTP date, +seconds for a date that far ahead, or null"
        ) from error


def _whole(name: str, value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise BadRuleError(f"{name} is a whole number from 0 on")
    return value
