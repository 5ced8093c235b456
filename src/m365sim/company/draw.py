"""How chance is drawn: every figure of the company comes from one `random.Random`, in one order."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")

DAY = 86_400


def guid(rng: Random) -> str:
    """A version 4 GUID in lower case."""
    bits = rng.getrandbits(128) & ~(0xF << 76) & ~(0x3 << 62) | (0x4 << 76) | (0x2 << 62)
    text = f"{bits:032x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def some(rng: Random, items: Sequence[T], count: int) -> list[T]:
    """At most `count` different items, in drawn order."""
    return rng.sample(items, min(count, len(items)))


def chance(rng: Random, probability: float) -> bool:
    return rng.random() < probability
