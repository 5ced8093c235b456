"""Links to the letter, pages by type, errors in whatever shape they come."""

import json
from pathlib import Path

import msgspec
import pytest

from stocktake.errors import UntrustworthyAnswerError
from stocktake.graph.answers import claims_challenge, error_in, failure
from stocktake.graph.link import LinkTrail, batch_path, check_link
from stocktake.graph.pages import decode_page, page_decoder

EXAMPLES = Path("../shared/contract/examples")


class Person(msgspec.Struct, gc=False, rename="camel"):
    id: str
    display_name: str | None = None


PEOPLE = page_decoder(Person)


def test_a_page_with_everything() -> None:
    page = decode_page(
        b'{"@odata.context": "x", "@odata.count": 3, "@odata.deltaLink": "https://a/d", '
        b'"value": [{"id": "1", "displayName": "Zo\xc3\xab", "other": {"deep": [1]}}]}',
        PEOPLE,
    )
    assert page.items == [Person("1", "Zoë")]
    assert (page.count, page.next_link, page.delta_link) == (3, None, "https://a/d")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "no sound JSON"),
        (b"<html>", "no sound JSON"),
        (b'{"value": [', "no sound JSON"),
        (b"[]", "wrong shape"),
        (b"{}", "value"),
        (b'{"value": null}', "value"),
        (b'{"value": [{"id": 7}]}', "id"),
        (b'{"value": [], "@odata.nextLink": ""}', "empty link"),
        (b'{"error": {"code": "UnknownError", "message": "m"}}', "UnknownError"),
        (b'{"value": [{"id": "1"}], "error": {"code": "Late", "message": "too late"}}', "Late"),
    ],
)
def test_what_is_no_page(body: bytes, says: str) -> None:
    with pytest.raises(UntrustworthyAnswerError, match=says):
        decode_page(body, PEOPLE)


def test_a_wrong_shape_is_told_without_values() -> None:
    with pytest.raises(UntrustworthyAnswerError) as caught:
        decode_page(b'{"value": [{"id": "1", "displayName": ["Anna Secret"]}]}', PEOPLE)
    assert "Anna" not in str(caught.value)
    assert "displayName" in str(caught.value)


def test_a_listing_never_goes_in_circles() -> None:
    trail = LinkTrail()
    assert trail.follow("https://a/1") == "https://a/1"
    trail.follow("https://a/2")
    with pytest.raises(UntrustworthyAnswerError, match="twice"):
        trail.follow("https://a/1")


@pytest.mark.parametrize(
    "link",
    [
        "https://graph.microsoft.com/v1.0/users?$skiptoken=RFNwdAoAAQ",
        "https://GRAPH.microsoft.com:443/v1.0/users/delta?$deltatoken=a%2Fb+c==",
        "https://graph.microsoft.com/v1.0/me/x?$filter=city eq null",
    ],
)
def test_links_of_the_cloud_pass_unchanged(link: str) -> None:
    assert check_link("https://graph.microsoft.com", link) == link


def test_batch_paths() -> None:
    graph = "https://localhost:8443"
    assert batch_path(graph, "/groups?$filter=a eq 'ö'") == "/groups?$filter=a%20eq%20'%C3%B6'"
    assert batch_path(graph, f"{graph}/v1.0/groups?x=%20y") == "/groups?x=%20y"


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        (b"", "", ""),
        (b"<html>503</html>", "", ""),
        (b"\xff\xfe", "", ""),
        (b'"text"', "", ""),
        (b'{"error": null}', "", ""),
        (b'{"error": {"code": null, "message": 5}}', "", ""),
        (b'{"error": {"code": "A", "message": "line\\r\\nline\\u0000"}}', "A", "line line"),
        (b'{"error": "invalid_request", "error_description": "d"}', "invalid_request", "d"),
    ],
)
def test_error_bodies(body: bytes, code: str, message: str) -> None:
    error = error_in(body)
    assert (error.code, error.message) == (code, message)


@pytest.mark.parametrize("spelling", ["innerError", "innererror"])
def test_codes_nest(spelling: str) -> None:
    body = {
        "error": {"code": "badRequest", "message": "m", spelling: {"code": "resyncRequired", spelling: {"code": "z"}}}
    }
    assert error_in(json.dumps(body).encode()).codes == {"badrequest", "resyncrequired", "z"}


def test_long_messages_are_cut() -> None:
    body = json.dumps({"error": {"code": "A", "message": "x" * 5000}}).encode()
    assert len(str(failure("/users", 400, body))) < 400


@pytest.mark.parametrize(
    "challenge",
    [
        "",
        "Bearer",
        'Bearer claims="%%%"',
        'Bearer claims="bm90IGpzb24="',
        'Bearer claims="WyJsaXN0Il0="',
        'Bearer claims=""',
    ],
)
def test_challenges_without_sound_claims(challenge: str) -> None:
    assert claims_challenge({"www-authenticate": challenge}) is None


@pytest.mark.skipif(not EXAMPLES.is_dir(), reason="needs ../shared/contract, which is beside a development checkout")
def test_published_errors_are_read() -> None:
    """Every error body in Microsoft's published examples has a code that we find."""
    seen = 0
    for path in sorted(EXAMPLES.glob("*.json")):
        response = json.loads(path.read_text("utf-8")).get("response") or {}
        body = response.get("body")
        if isinstance(body, dict) and "error" in body:
            error = error_in(json.dumps(body).encode())
            assert error.code or error.message, path.name
            seen += 1
    assert seen > 5
