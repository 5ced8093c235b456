"""Links that Graph hands out are followed to the letter, never to another host, never twice."""

import hashlib
from urllib.parse import quote

from yarl import URL

from stocktake.errors import UntrustworthyAnswerError

VERSION = "/v1.0"

# What may stand in a request line unencoded; `%` is kept, so that nothing is encoded twice.
_SAFE = "/?&=$(),'@:;+*!~-._%[]#\"<>\\^`{|}"


def in_request_line(link: str) -> str:
    """`link` as it is, but for spaces and characters outside ASCII, which a request line can't carry."""
    return quote(link, safe=_SAFE)


def check_link(graph_url: str, link: str) -> str:
    """`link`, if it is an https address on the host and port of `graph_url`; UntrustworthyAnswerError otherwise.

    The token goes where this says, so the answer's word is not taken for it.
    """
    target = parse_https(link)
    home = URL(graph_url)
    if (target.host or "").lower() != (home.host or "").lower() or target.port != home.port:
        raise UntrustworthyAnswerError(
            f"Microsoft Graph handed out a link to another host ({target.host}), which was not followed",
            "Nothing was sent there. If it comes again, look for a proxy that rewrites answers",
        )
    return link


def parse_https(link: str) -> URL:
    """The address as it stands, nothing re-encoded; UntrustworthyAnswerError when it is not a plain https address."""
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in link):
        raise UntrustworthyAnswerError("a link in an answer holds control characters; it was not followed")
    try:
        target = URL(in_request_line(link), encoded=True)
        host, port = target.host, target.port
    except ValueError:
        host, port, target = None, None, URL()
    if target.scheme != "https" or not host or port is None:
        raise UntrustworthyAnswerError("a link in an answer is not an https address; it was not followed")
    if target.user is not None or target.password is not None or "\\" in link:
        raise UntrustworthyAnswerError("a link in an answer holds a user name or a backslash; it was not followed")
    return target


def batch_path(graph_url: str, url: str) -> str:
    """`url` as an item of a `$batch` names it: relative to the version, with its query to the letter."""
    if url.startswith("/"):
        return in_request_line(url)
    check_link(graph_url, url)
    path = str(parse_https(url).relative())
    return path.removeprefix(VERSION)


class LinkTrail:
    """The links of one listing; each may be asked for once. Keeps 16 bytes a link."""

    __slots__ = ("_seen",)

    def __init__(self) -> None:
        self._seen: set[bytes] = set()

    def follow(self, link: str) -> str:
        """`link` again; UntrustworthyAnswerError when this listing has been there: it would never end."""
        mark = hashlib.blake2b(link.encode(), digest_size=16).digest()
        if mark in self._seen:
            raise UntrustworthyAnswerError(
                "Microsoft Graph handed out the same link twice in one listing, which would never end",
                "Run the sync again; a listing that goes round in circles is a known fault of Graph",
            )
        self._seen.add(mark)
        return link
