"""Which permissions there are to ask for: what each buys, and what is lost without it. All of it from the catalogue."""

from dataclasses import dataclass

from stocktake.catalog import SOURCES
from stocktake.catalog.declaration import Source
from stocktake.errors import UsageError

GUIDE = ("Directory.Read.All", "Group.Read.All", "Reports.Read.All", "User.Read.All")
_SIGN_INS = "AuditLog.Read.All"
_OPTIONAL = "Optional: beyond the guide's four; a sync counts as complete without it."
_NOTES = {
    _SIGN_INS: "Needs Microsoft Entra ID P1 or P2 in the tenant.",
    "Reports.Read.All": "Delegated: the person also needs a role such as Reports Reader.",
}


@dataclass(frozen=True, slots=True)
class Permission:
    """`buys` and `lost` are sentences; `lost` is empty where another permission of the least set does the same."""

    name: str
    buys: tuple[str, ...]
    lost: tuple[str, ...]
    least: bool  # of the least-privileged set
    guide: bool  # one of the guide's four
    note: str = ""


def least_privileged() -> tuple[str, ...]:
    """For each source the least that Graph accepts, in the order of the sources."""
    return tuple(dict.fromkeys(source.permissions[0] for source in SOURCES))


def permissions() -> tuple[Permission, ...]:
    """The least-privileged set, then those of the guide that are not in it."""
    least = least_privileged()
    return tuple(_described(name, least) for name in dict.fromkeys((*least, *GUIDE)))


def chosen_scopes(names: list[str]) -> tuple[str, ...]:
    """Delegated permissions that were ticked. UsageError for one that the product never asks for, or for none."""
    known = [permission.name for permission in permissions()]
    unknown = [name for name in names if name not in known]
    if unknown:
        raise UsageError(f"{unknown[0][:60]!r} is no permission that is asked for here", "choose from the table")
    if not names:
        raise UsageError("no permission is chosen", "choose some, or ask for what the registration lists")
    return tuple(name for name in known if name in names)


def _described(name: str, least: tuple[str, ...]) -> Permission:
    bought = [source for source in SOURCES if name in source.permissions]
    alone = [source for source in bought if name == source.permissions[0]]
    optional = _OPTIONAL if alone and all(source.optional for source in alone) else ""
    return Permission(
        name=name,
        buys=tuple(dict.fromkeys(source.meaning for source in bought)),
        lost=tuple(_loss(source) for source in alone),
        least=name in least,
        guide=name in GUIDE,
        note=" ".join(filter(None, (optional, _NOTES.get(name, "")))),
    )


def _loss(source: Source) -> str:
    others = source.permissions[1:]
    return f"no {source.name.replace('_', ' ')}" + (f" (unless {' or '.join(others)} is granted)" if others else "")
