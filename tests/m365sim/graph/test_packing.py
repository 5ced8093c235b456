"""A page that is finished many times is the same gzip member as one that was compressed at once."""

import gzip
import zlib

import pytest

from m365sim.graph.packing import Sealed, gzipped, pack, plain


@pytest.mark.parametrize("size", [0, 1, 1399, 1400, 200_000])
@pytest.mark.parametrize("tail", [b"}", b',"@odata.nextLink":"https://localhost/x"}'])
def test_a_sealed_page_reads_as_what_went_in(size: int, tail: bytes) -> None:
    text = (b'{"id":"%d","name":"x"},' * (size // 20 + 1))[:size]
    sealed = Sealed(pack(text), tail)
    assert gzip.decompress(sealed.gzip()) == text + tail
    assert sealed.plain() == text + tail == plain(sealed)


def test_a_sealed_page_is_one_gzip_member() -> None:
    """Clients that stop after the first member see all of it."""
    decoder = zlib.decompressobj(16 + zlib.MAX_WBITS)
    assert decoder.decompress(Sealed(pack(b"a" * 5000), b"}").gzip()) == b"a" * 5000 + b"}"
    assert decoder.eof
    assert decoder.unused_data == b""


def test_small_bodies_are_not_compressed() -> None:
    assert gzipped(b"x" * 100) is None
    assert gzip.decompress(gzipped(b"x" * 2000) or b"") == b"x" * 2000
