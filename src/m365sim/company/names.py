"""Names of people: common ones of a dozen countries, and the awkward ones that break importers."""

import json
import unicodedata
from dataclasses import dataclass
from importlib.resources import files
from random import Random

# Letters that Unicode does not decompose, as directories usually write them in an address.
_LETTERS = str.maketrans(
    {"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "ß": "ss", "đ": "d", "Đ": "D", "æ": "ae", "Æ": "Ae", "ı": "i", "þ": "th"}
)
_ALLOWED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789'.-_")


@dataclass(slots=True, frozen=True)
class PersonName:
    given: str | None
    surname: str | None
    display: str
    local_part: str  # what stands before the @, before it is made unique


def _read() -> dict[str, tuple[tuple[str, ...], tuple[str, ...]]]:
    pools = json.loads(files("m365sim.company").joinpath("names.json").read_text(encoding="utf-8"))
    return {
        culture: (tuple(names["given"].split()), tuple(names["surnames"].split())) for culture, names in pools.items()
    }


_CULTURES = _read()
CULTURES: tuple[str, ...] = tuple(_CULTURES)

LONGEST = "Maximiliane-Theodora " + "von und zu Hohenfels-" * 10 + "Ende"

# Names and titles of the kind that real directories hold and that spoil careless CSV, HTML, SQL and spreadsheets.
AWKWARD: tuple[tuple[PersonName, str | None], ...] = (
    (PersonName("Seán", "O'Brien", "Seán O'Brien", "sean.o'brien"), "Warehouse Lead"),
    (PersonName("Zoë", "Müller-Lüdenscheidt", "Zoë Müller-Lüdenscheidt", "Zoe.Mueller-Luedenscheidt"), "Controller"),
    (PersonName("Łukasz", "Żółć", "Łukasz Żółć", "lukasz.zolc"), "Analyst "),
    (PersonName("明", "李", "李 明", "ming.li"), "工程师"),
    (PersonName("محمد", "العلي", "محمد العلي", "mohammed.alali"), "مدير المشروع"),
    (PersonName("שרה", "כהן", "שרה כהן", "sara.cohen"), "Buyer"),
    (PersonName("Дмитрий", "Соколов", "Соколов, Дмитрий", "Dmitri.Sokolov"), "Инженер"),
    (PersonName("さくら", "田中", "田中 さくら 🌸", "sakura.tanaka"), "Designer"),
    (PersonName("Erika", "Mustermann", "Mustermann, Erika", "ERIKA.MUSTERMANN"), "Head of Sales, EMEA"),
    (PersonName("Robert", "Tables", "Robert'); DROP TABLE Students;--", "robert.tables"), "Intern"),
    (PersonName("William", "Gates", 'William "Bill" Gates', "bill.gates2"), 'Engineer "Tools"'),
    (PersonName("Ana;Maria", "Costa", "Ana;Maria Costa", "ana-maria.costa"), "R&D; Prototypes"),
    (PersonName("=1+1", None, "=1+1", "eq.one"), '=HYPERLINK("http://norvelt.example","x")'),
    (PersonName("+49", "Hotline", "+49 Hotline", "plus.hotline"), "+Support"),
    (PersonName("-", "Placeholder", "- Placeholder", "dash.placeholder"), "-"),
    (PersonName("@all", "Staff", "@all Staff", "at.all"), "@Desk"),
    (PersonName("<b>Bold</b>", "Tag", "<b>Bold</b> Tag", "bold.tag"), "<script>alert(1)</script>"),
    (PersonName("Ampère", "& Söhne", "Ampère & Söhne", "ampere.soehne"), "Research & Development"),
    (PersonName("Maximiliane-Theodora", "von und zu Hohenfels", LONGEST, "max." + "h" * 50), "Vorstand" * 12),
    (PersonName(None, None, "Nobody Inparticular", "nobody"), None),
    (PersonName("Null", "Null", "null", "null"), "NULL"),
    (PersonName("Renée", "L’Écuyer", "Rene\u0301e L’Écuyer", "renee.lecuyer"), "Trésorière"),
    (PersonName("Tab", "Stop", "Tab\u00a0Stop", "tab.stop"), "Back\\slash / Operator"),
    (PersonName("Ġorġ", "Ħ", "Ġorġ Ħ", "g.h"), "100% FTE"),
)


def ascii_of(text: str) -> str:
    """Latin text as the local part of an address allows it."""
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS))
    return "".join(letter for letter in plain if letter in _ALLOWED)


# Every name is spelt the same way each time, so the address form is worked out once.
_PLAIN: dict[str, str] = {
    name: ascii_of(name).lower() for pools in _CULTURES.values() for pool in pools for name in pool
}


def person_name(rng: Random, culture: str) -> PersonName:
    """A name of one of `CULTURES`; now and then surname first or with a middle initial."""
    givens, surnames = _CULTURES[culture]
    given, surname = rng.choice(givens), rng.choice(surnames)
    form = rng.random()
    if form < 0.04:
        display = f"{surname}, {given}"
    elif form < 0.10:
        display = f"{given} {rng.choice('ABCDEFGHJKLMPRSTW')}. {surname}"
    else:
        display = f"{given} {surname}"
    return PersonName(given, surname, display, f"{_PLAIN[given]}.{_PLAIN[surname]}")
