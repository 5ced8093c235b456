"""Secrets at rest."""

import base64
import os
import secrets
import stat
import threading
from pathlib import Path

import pytest

from stocktake.errors import ConfigurationError
from stocktake.identity.sealing import Sealer, key_id_of, load_sealer

PLAIN = b"a client secret"
PLACE = "connector:contoso:credential"


def sealer(*keys: bytes) -> Sealer:
    return Sealer({key_id_of(key): key for key in keys}, key_id_of(keys[0]))


def test_round_trip() -> None:
    mine = sealer(bytes(32))
    token = mine.seal(PLAIN, PLACE)
    assert mine.open(token, PLACE) == PLAIN
    assert token.startswith(f"v1.{key_id_of(bytes(32))}.")
    assert mine.seal(PLAIN, PLACE) != token
    assert base64.b64encode(PLAIN).decode().rstrip("=") not in token


def test_the_key_may_change() -> None:
    old, new = bytes(32), secrets.token_bytes(32)
    token = sealer(old).seal(PLAIN, PLACE)
    assert sealer(new, old).open(token, PLACE) == PLAIN
    with pytest.raises(ConfigurationError, match="key does not fit the data"):
        sealer(new).open(token, PLACE)


def test_a_token_opens_only_in_its_place() -> None:
    token = sealer(bytes(32)).seal(PLAIN, PLACE)
    with pytest.raises(ConfigurationError, match="another place"):
        sealer(bytes(32)).open(token, "connector:fabrikam:credential")


def test_every_change_is_found() -> None:
    mine = sealer(bytes(32))
    token = mine.seal(PLAIN, PLACE)
    for position in range(len(token)):
        for other in "Aa.~":
            changed = token[:position] + other + token[position + 1 :]
            if changed != token and not _same_bytes(changed, token):
                with pytest.raises(ConfigurationError):
                    mine.open(changed, PLACE)
    for cut in ("", "v1", token[:-5], token + ".x", "ä" + token):
        with pytest.raises(ConfigurationError):
            mine.open(cut, PLACE)


def _same_bytes(one: str, other: str) -> bool:
    """The last character of unpadded base64 has bits that mean nothing."""
    try:
        return [base64.urlsafe_b64decode(part + "==") for part in one.split(".")[2:]] == [
            base64.urlsafe_b64decode(part + "==") for part in other.split(".")[2:]
        ] and one.split(".")[:2] == other.split(".")[:2]
    except ValueError:
        return False


def test_the_key_file_is_made_once_and_kept_private(tmp_path: Path) -> None:
    first = load_sealer(tmp_path, None)
    token = first.seal(PLAIN, PLACE)
    path = tmp_path / "key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [entry.name for entry in tmp_path.iterdir()] == ["key"]
    assert len(base64.b64decode(path.read_text())) == 32
    assert load_sealer(tmp_path, None).open(token, PLACE) == PLAIN
    assert path.read_text().strip() not in repr(first)


def test_two_processes_agree_on_one_key(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    tokens: list[str] = []

    def begin() -> None:
        start.wait()
        tokens.append(load_sealer(tmp_path, None).seal(PLAIN, PLACE))

    threads = [threading.Thread(target=begin) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(tokens) == 8
    mine = load_sealer(tmp_path, None)
    assert {mine.open(token, PLACE) for token in tokens} == {PLAIN}


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_a_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    load_sealer(tmp_path, None)
    (tmp_path / "key").chmod(mode)
    with pytest.raises(ConfigurationError, match="can be read by others") as caught:
        load_sealer(tmp_path, None)
    assert caught.value.remedy.startswith("chmod 600 ")


@pytest.mark.parametrize("content", ["", "short", base64.b64encode(bytes(16)).decode(), "ä" * 44])
def test_a_key_file_that_holds_no_key(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="32 bytes"):
        load_sealer(tmp_path, None)


def test_the_key_of_the_environment_comes_first(tmp_path: Path) -> None:
    key = secrets.token_bytes(32)
    token = load_sealer(tmp_path, base64.b64encode(key).decode()).seal(PLAIN, PLACE)
    assert list(tmp_path.iterdir()) == []
    assert load_sealer(tmp_path, base64.urlsafe_b64encode(key).decode()).open(token, PLACE) == PLAIN
    with pytest.raises(ConfigurationError, match="STOCKTAKE_KEY") as caught:
        load_sealer(tmp_path, "not a key")
    assert "not a key" not in caught.value.message


def test_a_home_that_can_not_hold_a_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="can't be written"):
        load_sealer(tmp_path / "missing", None)
    (tmp_path / "key").mkdir()
    with pytest.raises(ConfigurationError, match="can't be read"):
        load_sealer(tmp_path, None)


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads and writes everything")
def test_a_home_without_permission(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(ConfigurationError, match="can't be written"):
            load_sealer(tmp_path, None)
    finally:
        tmp_path.chmod(0o700)
