"""Passwords of the console: argon2id, at the strength that argon2-cffi recommends (RFC 9106, low memory)."""

import secrets
import unicodedata
from functools import cache
from hashlib import sha256

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from stocktake.errors import UsageError

SHORTEST = 12
LONGEST = 256
_LONGEST_NAME = 64


def hash_password(password: str) -> str:
    """UsageError for a password that is too short or too long."""
    text = _normal(password)
    if not SHORTEST <= len(text) <= LONGEST:
        raise UsageError(
            f"a password has {SHORTEST} to {LONGEST} characters, and this one has {len(text)}",
            "take several words; length is what counts",
        )
    return _hasher().hash(text)


def matches(password_hash: str | None, password: str) -> bool:
    """True if that is the password; without a hash (nobody of that name) false, in the same time."""
    try:
        _hasher().verify(password_hash or _nobody(), _normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError):
        return False
    return password_hash is not None


def valid_account_name(name: str) -> str:
    """The name without blanks around it; UsageError if it has another form."""
    text = unicodedata.normalize("NFC", name.strip())
    if not 0 < len(text) <= _LONGEST_NAME or not text.isprintable():
        raise UsageError(f"{text[:70]!r} is no account name", f"use 1 to {_LONGEST_NAME} printable characters")
    return text


def new_token() -> str:
    """256 random bits, as text for cookies and addresses."""
    return secrets.token_urlsafe(32)


def token_hash(token: str) -> str:
    """How a token is kept: whoever reads the database can't use it. It is random, so that it needs no salt."""
    return sha256(token.encode()).hexdigest()


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@cache
def _nobody() -> str:
    return _hasher().hash(secrets.token_urlsafe(16))


def _normal(password: str) -> str:
    return unicodedata.normalize("NFKC", password)
