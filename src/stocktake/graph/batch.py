"""`$batch`: up to 20 requests in one, each with its own status, headers and body.

JSON batching: merill/msgraph@b330ffc batching.md. The outer status is 200 even where every item failed; items may be
throttled one by one, and nobody but us repeats those.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from stocktake.errors import UntrustworthyAnswerError

BATCH_LIMIT = 20


@dataclass(frozen=True, slots=True)
class BatchItem:
    """A GET inside a batch. `id` is the caller's; `url` is relative (`/groups/…`) or a link that Graph handed out."""

    id: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchAnswer:
    """`body` is the raw JSON of the item's body (`null` where it has none); header names are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


class _Inner(msgspec.Struct):
    id: str
    status: int
    headers: dict[str, Any] | None = None
    body: msgspec.Raw = msgspec.Raw(b"null")


class _Outer(msgspec.Struct):
    responses: list[_Inner]


_decoder = msgspec.json.Decoder(_Outer)


def encode_batch(paths: Sequence[tuple[str, Mapping[str, str]]]) -> bytes:
    """The body of a batch; the ids on the wire are positions, because Graph compares ids without regard to case."""
    requests: list[dict[str, object]] = []
    for position, (path, headers) in enumerate(paths):
        request: dict[str, object] = {"id": str(position), "method": "GET", "url": path}
        if headers:
            request["headers"] = dict(headers)
        requests.append(request)
    return msgspec.json.encode({"requests": requests})


def decode_batch(body: bytes, asked: int) -> dict[int, BatchAnswer]:
    """Answers by position. Those that are missing or make no sense are left out, for the caller to ask again.

    UntrustworthyAnswerError when the body is no batch at all.
    """
    try:
        outer = _decoder.decode(body)
    except msgspec.DecodeError as problem:
        raise UntrustworthyAnswerError(f"the answer to a batch of requests is not one: {problem}") from None
    answers: dict[int, BatchAnswer] = {}
    for inner in outer.responses:
        if inner.id.isascii() and inner.id.isdecimal() and int(inner.id) < asked and 100 <= inner.status < 600:
            headers = {name.lower(): str(value) for name, value in (inner.headers or {}).items()}
            answers[int(inner.id)] = BatchAnswer(inner.status, headers, bytes(inner.body))
    return answers
