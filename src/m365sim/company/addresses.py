"""Addresses that no other account of the tenant has."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Addresses:
    """Local parts in use, compared without case, as the directory compares them."""

    used: set[str] = field(default_factory=set)
    numbers: dict[str, int] = field(default_factory=dict)

    def take(self, local_part: str) -> str:
        """The local part itself, or with the next free number behind it; at most 64 characters (RFC 5321)."""
        wanted = local_part[:58]
        key = wanted.lower()
        if key not in self.used:
            self.used.add(key)
            return wanted
        number = self.numbers.get(key, 1) + 1
        while f"{key}{number}" in self.used:
            number += 1
        self.numbers[key] = number
        self.used.add(f"{key}{number}")
        return f"{wanted}{number}"
