"""A usage report is read by column name, whatever Microsoft did to the file."""

from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktake.catalog import Report
from stocktake.catalog.active_users import ACTIVE_USERS
from stocktake.catalog.report_file import ReportReader, snake
from stocktake.catalog.usage import ReportFile, Usage
from stocktake.errors import UntrustworthyAnswerError

NAMES = [column.name for column in ACTIVE_USERS.columns]
CELLS = {
    "Report Refresh Date": "2026-11-22",
    "User Principal Name": "Zoe@Norvelt.example",
    "Display Name": 'Zoë "Z", O\'Brien',
    "Is Deleted": "False",
    "Has Exchange License": "True",
    "Has Teams License": "Yes",
    "Has Yammer License": "no",
    "Exchange Last Activity Date": "2026-11-20",
    "Teams Last Activity Date": "2026-11-21",
    "Assigned Products": "MICROSOFT 365 E5+ENTERPRISE MOBILITY + SECURITY E3",
}


class ParsedReport(NamedTuple):
    rows: tuple[Usage, ...]
    file: ReportFile


def read_report(report: Report, body: bytes) -> ParsedReport:
    reader = ReportReader(report, body)
    return ParsedReport(tuple(reader.rows()), reader.file)


def quoted(cells: list[str]) -> str:
    return ",".join('"' + cell.replace('"', '""') + '"' for cell in cells)


def read(names: list[str], cells: dict[str, str], *, bom: bool = True, end: str = "\r\n") -> ParsedReport:
    lines = [quoted(names), quoted([cells.get(name.strip(), "") for name in names])]
    return read_report(ACTIVE_USERS, (("\ufeff" if bom else "") + end.join(lines) + end).encode())


def test_cells_become_typed_metrics() -> None:
    [row] = read(NAMES, CELLS).rows
    assert row.user_principal_name == "Zoe@Norvelt.example"
    assert row.last_activity_on == "2026-11-21"
    assert row.metrics["display_name"] == 'Zoë "Z", O\'Brien'
    assert row.metrics["has_exchange_license"] is True
    assert row.metrics["has_teams_license"] is True
    assert row.metrics["has_yammer_license"] is False
    assert row.metrics["has_onedrive_license"] is None  # blank is unknown
    assert row.metrics["exchange_last_activity_date"] == "2026-11-20"
    assert row.metrics["assigned_products"] == ["MICROSOFT 365 E5", "ENTERPRISE MOBILITY + SECURITY E3"]
    assert "user_principal_name" not in row.metrics
    assert len(row.metrics) == len(NAMES) - 2


@given(
    order=st.permutations(NAMES), bom=st.booleans(), pad=st.sampled_from(["", " "]), end=st.sampled_from(["\n", "\r\n"])
)
def test_order_blanks_bom_and_line_ends_do_not_matter(order: list[str], bom: bool, pad: str, end: str) -> None:
    usual = read(NAMES, CELLS)
    other = read([f"{pad}{name}{pad}" for name in order], CELLS, bom=bom, end=end)
    assert other.file == usual.file
    assert other.rows == usual.rows


def test_case_of_a_column_does_not_matter() -> None:
    lower = read_report(
        ACTIVE_USERS,
        (quoted([name.lower() for name in NAMES]) + "\n" + quoted([CELLS.get(n, "") for n in NAMES])).encode(),
    )
    assert lower.rows == read(NAMES, CELLS).rows


def test_a_new_column_is_kept_and_said() -> None:
    parsed = read([*NAMES, "Loop Last Visit"], {**CELLS, "Loop Last Visit": "=1+1"})
    assert parsed.file.unknown_columns == ("Loop Last Visit",)
    assert parsed.rows[0].metrics["loop_last_visit"] == "=1+1"


def test_a_missing_column_is_said() -> None:
    parsed = read([name for name in NAMES if name != "Teams Last Activity Date"], CELLS)
    assert parsed.file.missing_columns == ("Teams Last Activity Date",)
    assert parsed.rows[0].last_activity_on == "2026-11-20"


def test_concealed_names_are_recognised_by_their_shape() -> None:
    assert read(NAMES, {**CELLS, "User Principal Name": "E58EEF6A6BBD3D0293CB306D24A42057"}).file.concealed
    assert not read(NAMES, CELLS).file.concealed


def test_a_deleted_user_is_not_taken_for_a_live_one_of_the_same_name() -> None:
    live = read(NAMES, CELLS).rows[0]
    deleted = read(NAMES, {**CELLS, "Is Deleted": "True", "Deleted Date": "2026-11-01"}).rows[0]
    assert live.subject == "zoe@norvelt.example"
    assert deleted.subject != live.subject


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "header"),
        (b"<html><body>Service unavailable</body></html>", "User Principal Name"),
        (b'{"error":{"code":"x"}}', "User Principal Name"),
        (b"\xff\xfe\x00", "UTF-8"),
        (quoted(NAMES).encode() + b'\n"unclosed', "CSV"),
        (quoted(NAMES).encode() + b"\nonly,three,cells", "cells"),
        (quoted(NAMES).encode() + b"\n" + quoted(["yesterday", *[""] * 23]).encode(), None),
        (
            quoted(NAMES).encode() + b"\n" + quoted(["2026-11-22", "a@b", "", "perhaps", *[""] * 20]).encode(),
            "is deleted",
        ),
    ],
)
def test_what_is_no_such_report_is_refused_in_one_line(body: bytes, says: str | None) -> None:
    if says is None:
        body = body.replace(b'"yesterday","",', b'"2026-11-22","",')
        assert read_report(ACTIVE_USERS, body).rows[0].user_principal_name is None
        return
    with pytest.raises(UntrustworthyAnswerError) as refusal:
        read_report(ACTIVE_USERS, body)
    assert says in str(refusal.value)
    assert "\n" not in str(refusal.value)


def test_names_in_snake_case() -> None:
    assert snake("Storage Used (Byte)") == "storage_used_byte"
    assert snake("OneDrive Last Activity Date") == "onedrive_last_activity_date"
