"""Opaque tokens of page links, delta links and downloads: msgpack under a short MAC, to notice invented ones.

Everything a token needs is inside it: the simulator keeps no state for a listing that nobody finishes.
"""

import hashlib
import hmac
import itertools
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error

import msgspec

_MAC = 9
_NONCE = 4
_KEY = b"m365sim: no secret, the tokens are only meant to be opaque"


_made = itertools.count(1)


def seal(kind: str, tenant_id: str, content: msgspec.Struct) -> str:
    """A new token each time, as Graph's are: two walks through the same listing share no address."""
    payload = next(_made).to_bytes(_NONCE, "big") + msgspec.msgpack.encode(content)
    return urlsafe_b64encode(_mac(kind, tenant_id, payload) + payload).decode().rstrip("=")


def unseal(kind: str, tenant_id: str, token: str, shape: type[msgspec.Struct]) -> msgspec.Struct | None:
    """The content, or None for a token that was not made by `seal` for this kind and tenant."""
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
    except (Base64Error, ValueError):
        return None
    mac, payload = raw[:_MAC], raw[_MAC:]
    if not hmac.compare_digest(mac, _mac(kind, tenant_id, payload)):
        return None
    return msgspec.msgpack.decode(payload[_NONCE:], type=shape)


def _mac(kind: str, tenant_id: str, payload: bytes) -> bytes:
    return hashlib.blake2b(payload, key=_KEY, digest_size=_MAC, person=_person(kind, tenant_id)).digest()


def _person(kind: str, tenant_id: str) -> bytes:
    return hashlib.blake2b(f"{kind} {tenant_id}".encode(), digest_size=16).digest()
