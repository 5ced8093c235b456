"""Answers that are compressed once and finished many times.

A page of a listing differs from one request to the next in its last bytes alone: the page token. So the page is kept
as deflate blocks that end on a byte, with the checksum up to there, and the tail is added as a stored block
(RFC 1951 3.2.4, RFC 1952 2.3): a page of a megabyte costs a copy of its compressed bytes.
"""

import zlib
from dataclasses import dataclass

_GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_LEVEL = 1
_SMALLEST_WORTH = 1400  # one network packet


@dataclass(slots=True, frozen=True)
class Packed:
    """The compressed beginning of an answer."""

    deflated: bytes
    crc: int
    size: int  # of the plain text, in bytes


@dataclass(slots=True, frozen=True)
class Sealed:
    """A packed beginning and the tail that completes it (less than 64 KB)."""

    packed: Packed
    tail: bytes

    def plain(self) -> bytes:
        return zlib.decompressobj(-zlib.MAX_WBITS).decompress(self.packed.deflated) + self.tail

    def gzip(self) -> bytes:
        length = len(self.tail)
        stored = b"\x01" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little")
        crc = zlib.crc32(self.tail, self.packed.crc).to_bytes(4, "little")
        size = ((self.packed.size + length) & 0xFFFFFFFF).to_bytes(4, "little")
        return b"".join((_GZIP_HEADER, self.packed.deflated, stored, self.tail, crc, size))


def pack(text: bytes) -> Packed:
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    deflated = compressor.compress(text) + compressor.flush(zlib.Z_FULL_FLUSH)
    return Packed(deflated, zlib.crc32(text), len(text))


def plain(body: bytes | Sealed) -> bytes:
    return body.plain() if isinstance(body, Sealed) else body


def gzipped(body: bytes | Sealed) -> bytes | None:
    """The gzip form; None where compressing is not worth it."""
    if isinstance(body, Sealed):
        return body.gzip()
    if len(body) < _SMALLEST_WORTH:
        return None
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, 16 + zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()
