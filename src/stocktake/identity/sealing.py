"""Secrets at rest: AES-256-GCM, with the id of the key in the token and the place of use bound in.

The place (connector and column) is associated data: a sealed secret that is copied to another row does not open there.
"""

import base64
import binascii
import contextlib
import hashlib
import os
import secrets
import stat
from collections.abc import Mapping
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from stocktake.errors import ConfigurationError

KEY_FILE = "key"
_FORM = "v1"
_KEY_BYTES = 32
_NONCE_BYTES = 12
_MISFIT = "Restore the key file of this installation, or give each connector its credential again"


class Sealer:
    """Seals with the current key, opens with any that it was given."""

    def __init__(self, keys: Mapping[str, bytes], current: str) -> None:
        self._keys = {key_id: AESGCM(key) for key_id, key in keys.items()}
        self._current = current
        if current not in self._keys:
            raise ValueError("the current key is not among the keys")

    def __repr__(self) -> str:
        return f"Sealer(keys={sorted(self._keys)}, current={self._current!r})"

    def seal(self, plain: bytes, context: str) -> str:
        """`v1.KEYID.NONCE.CIPHERTEXT` (base64url); opens only with the same `context`."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        sealed = self._keys[self._current].encrypt(nonce, plain, _bound(self._current, context))
        return ".".join((_FORM, self._current, _encode(nonce), _encode(sealed)))

    def open(self, token: str, context: str) -> bytes:
        """What was sealed; ConfigurationError when the key does not fit or the token was changed or moved."""
        parts = token.split(".")
        if len(parts) != 4 or parts[0] != _FORM:
            raise ConfigurationError("a stored secret is not in a form that this version can read", _MISFIT)
        key = self._keys.get(parts[1])
        if key is None:
            raise ConfigurationError(
                "the key does not fit the data: the stored secrets were sealed with another", _MISFIT
            )
        try:
            return key.decrypt(_decode(parts[2]), _decode(parts[3]), _bound(parts[1], context))
        except (InvalidTag, ValueError):
            raise ConfigurationError(
                "a stored secret can't be opened: it was changed, or belongs to another place", _MISFIT
            ) from None


def load_sealer(home: Path, env_key: str | None) -> Sealer:
    """The sealer of an installation: the key of the environment where given, else the file `key` in `home`.

    The file is made on first use, readable by its owner alone. ConfigurationError: a key that is no base64 of 32
    bytes, a file that others can read, or that can't be read or written.
    """
    if env_key:
        key = _parse(env_key, "the key in STOCKTAKE_KEY")
    else:
        path = home / KEY_FILE
        try:
            key = _read_key(path)
        except FileNotFoundError:
            key = _make_key(path)
        except OSError as error:
            raise ConfigurationError(
                f"the key file {path} can't be read: {error.strerror}", "Check who owns it"
            ) from None
    key_id = key_id_of(key)
    return Sealer({key_id: key}, key_id)


def key_id_of(key: bytes) -> str:
    """Eight hex digits that tell keys apart and nothing about them."""
    return hashlib.sha256(b"stocktake key id\0" + key).hexdigest()[:8]


def _read_key(path: Path) -> bytes:
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        if mode & 0o077:
            raise ConfigurationError(
                f"the key file {path} can be read by others (mode {mode:04o})", f"chmod 600 {path}"
            )
        text = file.read(1024)
    return _parse(text.decode("ascii", "replace"), f"the key file {path}")


def _make_key(path: Path) -> bytes:
    """Write the whole file under another name and link it: nobody ever reads half a key, nobody overwrites one."""
    key = secrets.token_bytes(_KEY_BYTES)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            os.write(handle, base64.b64encode(key) + b"\n")
            os.fsync(handle)
        finally:
            os.close(handle)
        os.link(draft, path)
    except FileExistsError:  # another process was first
        return _read_key(path)
    except OSError as error:
        raise ConfigurationError(
            f"the key file {path} can't be written: {error.strerror}", "Check that STOCKTAKE_HOME is writable"
        ) from None
    finally:
        with contextlib.suppress(OSError):
            draft.unlink()
    return key


def _parse(text: str, what: str) -> bytes:
    try:
        key = base64.b64decode(text.strip().replace("-", "+").replace("_", "/"), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != _KEY_BYTES:
        raise ConfigurationError(f"{what} is not 32 bytes in base64", "Make one with: openssl rand -base64 32")
    return key


def _bound(key_id: str, context: str) -> bytes:
    return f"{_FORM}\0{key_id}\0{context}".encode()


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return base64.b64decode(text.replace("-", "+").replace("_", "/") + "=" * (-len(text) % 4), validate=True)
