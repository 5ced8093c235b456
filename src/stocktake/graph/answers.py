"""What Graph's status codes and error bodies mean to us.

Codes: Graph's error reference and best practices (merill/msgraph@b330ffc, 2026-05-20: errors.md, best-practices.md,
throttling.md, batching.md); expired page tokens: cartography-cncf/cartography#2853; delta: delta-query-overview.md.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from stocktake.errors import (
    ConfigurationError,
    ExpiredLinkError,
    LicenceMissingError,
    PermissionMissingError,
    StocktakeError,
    UntrustworthyAnswerError,
)

REPEATABLE = frozenset({408, 429, 500, 502, 503, 504, 509})  # 409 too, when its code speaks of concurrency

_EXPIRED_CODES = frozenset({"directory_expiredpagetoken", "syncstatenotfound", "resyncrequired", "syncstateinvalid"})
_UNLICENSED_CODE = "authentication_requestfromnonpremiumtenantorb2ctenant"


class NotFoundError(StocktakeError):
    """What was asked for does not exist (any more), or the tenant has no data of that kind."""

    def __init__(self, message: str, remedy: str = "", *, code: str = "") -> None:
        super().__init__(message, remedy)
        self.code = code


class RefusedError(StocktakeError):
    """Graph won't answer such a request: a query that it does not understand or a limit of the resource."""

    def __init__(self, message: str, remedy: str = "", *, code: str = "", status: int = 0) -> None:
        super().__init__(message, remedy)
        self.code = code
        self.status = status


class GraphError(NamedTuple):
    """`error.code` and `error.message` of a body; empty where it has none, as in HTML from a gateway.

    `codes` are the outer code and those nested in innerError (or innererror), in lower case.
    """

    code: str = ""
    message: str = ""
    codes: frozenset[str] = frozenset()


def error_in(body: bytes) -> GraphError:
    """The error that a body holds, whatever it holds."""
    try:
        whole = msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return GraphError()
    error = whole.get("error") if isinstance(whole, dict) else None
    if isinstance(error, str):  # the OAuth shape, as gateways in front of Graph use it
        return GraphError(error, one_line(str(whole.get("error_description", ""))), frozenset({error.lower()}))
    if not isinstance(error, dict):
        return GraphError()
    codes = frozenset(code.lower() for code in _nested_codes(error))
    return GraphError(_text(error.get("code")), one_line(_text(error.get("message"))), codes)


def _nested_codes(error: dict[str, Any]) -> list[str]:
    codes: list[str] = []
    level: Any = error
    while isinstance(level, dict) and len(codes) < 10:
        codes.append(_text(level.get("code")))
        level = level.get("innerError", level.get("innererror"))
    return [code for code in codes if code]


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def one_line(text: str, limit: int = 200) -> str:
    """`text` fit for a one-line message: white space and control characters folded, cut at `limit`."""
    folded = " ".join(re.sub(r"[\x00-\x1f\x7f]+", " ", text).split())
    return folded if len(folded) <= limit else folded[: limit - 1] + "…"


def repeatable(status: int, body: bytes) -> bool:
    """Whether the same request may be answered well a moment later."""
    return status in REPEATABLE or (status == 409 and any("concurrency" in code for code in error_in(body).codes))


def claims_challenge(headers: Mapping[str, str]) -> str | None:
    """The claims (JSON text) that a 401 of continuous access evaluation asks for; None where it has none.

    `WWW-Authenticate: Bearer …, error="insufficient_claims", claims="<base64>"` (entra-docs claims-challenge.md).
    """
    challenge = headers.get("www-authenticate", "")
    found = re.search(r'\bclaims="([A-Za-z0-9+/_=-]+)"', challenge)
    if found is None:
        return None
    encoded = found[1].rstrip("=").replace("-", "+").replace("_", "/")
    try:
        claims = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
        msgspec.json.decode(claims, type=dict[str, Any])
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError):
        return None
    return claims.decode()


def failure(what: str, status: int, body: bytes) -> StocktakeError:
    """The error that a final answer stands for. `what` names the request for people, without its query."""
    error = error_in(body)
    if status == 410 or error.codes & _EXPIRED_CODES:
        return ExpiredLinkError(
            f"{what}: the link to go on with is no longer valid ({error.code or status})", "Start it again"
        )
    said = one_line(f"{error.code or f'HTTP {status}'}: {error.message}") if error.message else error.code
    said = said or f"HTTP {status} without an explanation"
    match status:
        case 401:
            return ConfigurationError(
                f"Microsoft Graph does not accept the access token ({said})",
                "Check that the connector's cloud is the tenant's, then run `stocktake connector check`",
                code=error.code,
            )
        case 403 if _UNLICENSED_CODE in error.codes:
            return LicenceMissingError(
                f"{what}: the tenant has no Microsoft Entra ID P1 or P2 licence, which Graph asks for here"
            )
        case 403:
            return PermissionMissingError(
                f"{what}: the connector has no permission for it ({said})",
                "Grant the permission in the portal (API permissions, then Grant admin consent)",
            )
        case 404:
            return NotFoundError(f"{what}: not found ({said})", code=error.code)
        case _ if 400 <= status < 500 or status == 501:
            return RefusedError(f"{what}: Microsoft Graph refused the request ({said})", code=error.code, status=status)
        case _:
            return UntrustworthyAnswerError(f"{what}: Microsoft Graph answered with the unexpected status {status}")
