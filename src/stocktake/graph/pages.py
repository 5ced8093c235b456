"""A page of a listing, decoded straight into typed items."""

from typing import Generic, TypeVar

import msgspec

from stocktake.errors import UntrustworthyAnswerError
from stocktake.graph.answers import error_in

T = TypeVar("T")


class Page(msgspec.Struct, Generic[T], gc=False, kw_only=True):
    """What one request of a listing brought.

    `next_link` leads to the next page, `delta_link` to the next round of a delta query; neither: the listing is at its
    end. `count` (`@odata.count`) stands on the first page only.
    """

    items: list[T] = msgspec.field(name="value")
    next_link: str | None = msgspec.field(name="@odata.nextLink", default=None)
    delta_link: str | None = msgspec.field(name="@odata.deltaLink", default=None)
    count: int | None = msgspec.field(name="@odata.count", default=None)
    error: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET  # Graph appends one when it fails in the middle of a page


def page_decoder(item_type: type[T]) -> msgspec.json.Decoder[Page[T]]:
    """The decoder of pages of `item_type`; make it once, it is used for every page."""
    return msgspec.json.Decoder(Page[item_type])  # type: ignore[valid-type]


def decode_page(body: bytes, decoder: msgspec.json.Decoder[Page[T]]) -> Page[T]:
    """The page that `body` holds; UntrustworthyAnswerError when it is no JSON, no page, or holds an error instead.

    The message names the place and the types that do not fit, never a value.
    """
    try:
        page = decoder.decode(body)
    except msgspec.DecodeError as problem:
        found = error_in(body)
        if found.code or found.message:
            raise _holds_error(found.code, found.message) from None
        if not isinstance(problem, msgspec.ValidationError):
            raise UntrustworthyAnswerError(f"an answer of Microsoft Graph is no sound JSON: {problem}") from None
        raise UntrustworthyAnswerError(f"an answer of Microsoft Graph has a wrong shape: {problem}") from None
    if not isinstance(page.error, msgspec.UnsetType):
        found = error_in(body)
        raise _holds_error(found.code, found.message)
    if page.next_link == "" or page.delta_link == "":
        raise UntrustworthyAnswerError("an answer of Microsoft Graph holds an empty link, so its end is not certain")
    return page


def _holds_error(code: str, message: str) -> UntrustworthyAnswerError:
    return UntrustworthyAnswerError(
        f"an answer of Microsoft Graph says 200 but holds an error: {code} {message}".rstrip()
    )
