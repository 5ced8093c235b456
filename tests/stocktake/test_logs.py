"""Secrets are taken out of log lines, whoever writes them."""

import json
import logging

import pytest
import structlog

from stocktake.logs import HIDDEN, configure_logs, hide, redact

JWT = "eyJhbGciOiJSUzI1NiJ9.eyJhdWQiOiJodHRwczovL2dyYXBoIn0.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"Authorization: Bearer {JWT}",
        f"got {JWT} back",
        "grant_type=client_credentials&client_secret=Zx8~secret&scope=x",
        "bearer abcdef.ghijkl.mnopqr",
        "client_assertion=abcdefgh",
        "-----BEGIN PRIVATE KEY-----\nMIIEvQ\n-----END PRIVATE KEY-----",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIEvQ",
    ],
)
def test_secrets_are_known_by_their_shape(text: str) -> None:
    cleaned = str(redact(text))
    assert HIDDEN in cleaned
    for secret in ("eyJhdWQ", "Zx8~secret", "abcdef", "MIIEvQ"):
        assert secret not in cleaned


def test_secrets_are_known_by_their_key() -> None:
    event = {"client_secret": "x", "headers": {"Authorization": "y"}, "list": [{"password": ["z"]}], "token_count": 3}
    assert redact(event) == {
        "client_secret": HIDDEN,
        "headers": {"Authorization": HIDDEN},
        "list": [{"password": HIDDEN}],
        "token_count": 3,
    }


def test_plain_text_is_left_alone() -> None:
    text = "GET /v1.0/users?$select=id&$top=999 took 3 s (basic information, the bearer of news)"
    assert redact(text) == text
    assert redact(None) is None


def test_every_logger_is_cleaned_and_libraries_are_quiet(capfd: pytest.CaptureFixture[str]) -> None:
    hide("Zx8~hidden")
    try:
        configure_logs("debug", "json")
        structlog.get_logger("stocktake.x").debug("ours", secret="a", text="it is Zx8~hidden")
        logging.getLogger("stocktake.y").debug("theirs %s", "Zx8~hidden")
        logging.getLogger("msal.application").debug("quiet")
        logging.getLogger("dbos").setLevel(logging.DEBUG)
        logging.getLogger("dbos").debug("advertisement")
        logging.getLogger("msal.application").warning("loud %s", JWT)
        try:
            raise ValueError("Zx8~hidden")
        except ValueError:
            logging.getLogger("stocktake.z").exception("failed")
    finally:
        configure_logs("warning", "text")
    captured = capfd.readouterr()
    events = [json.loads(line) for line in captured.err.splitlines()]
    assert [event["event"] for event in events] == [
        "ours",
        f"theirs {HIDDEN}",
        f"loud {HIDDEN}",
        "failed",
    ]
    assert events[0]["secret"] == HIDDEN
    assert "Zx8~hidden" not in captured.err
    assert "ValueError" in captured.err
    assert captured.out == ""
