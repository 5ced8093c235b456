"""Random texts of an authorisation, and the proof that whoever redeems a code has asked for it (RFC 7636)."""

import base64
import secrets
from hashlib import sha256


def random_text() -> str:
    """256 random bits in 43 characters of base64url: fit for a state, a nonce and a code verifier."""
    return secrets.token_urlsafe(32)


def challenge_of(verifier: str) -> str:
    """The S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(sha256(verifier.encode("ascii")).digest()).rstrip(b"=").decode()


def state_hash(state: str) -> str:
    """How a state is kept. It is random, so that the hash needs no salt."""
    return sha256(state.encode()).hexdigest()
