"""$skiptoken of a listing: where the next page begins, for which question, since when.

A page is pinned by the key of its last row and not by its number: rows that come or go between two pages neither hide
nor repeat others.
"""

import hashlib

import msgspec

from m365sim.graph.errors import GraphError, bad_request
from m365sim.graph.request import GraphRequest
from m365sim.graph.seals import seal, unseal

LIFETIME_S = 3600  # undocumented (graph-facts 10); users report minutes to an hour


class Token(msgspec.Struct, array_like=True, frozen=True):
    issued: int
    question: bytes  # a token is worth nothing to another listing
    after: list[str | int | float | bool | None]


def question_of(request: GraphRequest, *parts: str | None) -> bytes:
    text = "\0".join([*(segment.lower() for segment in request.segments), *(part or "" for part in parts)])
    return hashlib.blake2b(text.encode(), digest_size=6).digest()


def page_link(request: GraphRequest, link: str, question: bytes, after: list[str | int | float | bool | None]) -> str:
    """@odata.nextLink with the query of this request and a new token."""
    token = seal("page", request.tenant.id, Token(int(request.now), question, after))
    return f"{request.root}/{'/'.join(request.segments)}?{link}{'&' if link else ''}$skiptoken={token}"


def after_of(request: GraphRequest, text: str, question: bytes) -> list[str | int | float | bool | None]:
    """The key to go on from; GraphError 400 for a token that is invented, foreign or older than an hour."""
    token = unseal("page", request.tenant.id, text, Token)
    if not isinstance(token, Token) or token.question != question:
        raise bad_request("The specified page token value is invalid.")
    if request.now - token.issued > LIFETIME_S:
        raise expired()
    return token.after


def expired() -> GraphError:
    return GraphError(
        400,
        "Directory_ExpiredPageToken",
        "The specified page token value has expired and can no longer be included in your request.",
    )
