"""Files that exports write: what is in them, and what becomes of a file that can't be finished."""

import csv
import datetime as dt
import json
import os
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from stocktake.catalog.columns import Column, Kind
from stocktake.errors import ConfigurationError, UsageError
from stocktake.export.cells import flat, harmless
from stocktake.export.files import export_rows
from stocktake.export.writers import XLSX_ROWS

COLUMNS = (
    Column("id", Kind.TEXT, ""),
    Column("count", Kind.INTEGER, ""),
    Column("enabled", Kind.BOOLEAN, ""),
    Column("created_at", Kind.INSTANT, ""),
    Column("day", Kind.DAY, ""),
    Column("plans", Kind.LIST, ""),
    Column("metrics", Kind.JSON, ""),
)
ROWS: list[dict[str, object]] = [
    {
        "id": 'Zoë, "O\'Brien"\n李 🎉',
        "count": -3,
        "enabled": True,
        "created_at": "2026-11-24T11:00:00Z",
        "day": "2026-11-22",
        "plans": ["a", "b"],
        "metrics": {"teams_last": None, "é": ["x"]},
    },
    {
        "id": "=HYPERLINK(1)",
        "count": None,
        "enabled": False,
        "created_at": None,
        "day": None,
        "plans": [],
        "metrics": {},
    },
    {"id": None},
]


def exported(tmp_path: Path, form: str, rows: list[dict[str, object]] = ROWS) -> Path:
    path = tmp_path / f"out.{form}"
    export_rows(rows, COLUMNS, form, str(path))
    assert [entry.name for entry in tmp_path.iterdir()] == [path.name]
    return path


def test_csv_is_flat_text_that_no_spreadsheet_runs(tmp_path: Path) -> None:
    with exported(tmp_path, "csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.reader(source))
    assert rows == [
        [column.name for column in COLUMNS],
        [
            'Zoë, "O\'Brien"\n李 🎉',
            "-3",
            "true",
            "2026-11-24T11:00:00Z",
            "2026-11-22",
            "a;b",
            '{"teams_last":null,"é":["x"]}',
        ],
        ["'=HYPERLINK(1)", "", "false", "", "", "", "{}"],
        [""] * 7,
    ]


def test_json_lines_are_intact(tmp_path: Path) -> None:
    lines = exported(tmp_path, "jsonl").read_text(encoding="utf-8").splitlines()
    empty = dict.fromkeys(column.name for column in COLUMNS)
    assert [json.loads(line) for line in lines] == [{**empty, **row} for row in ROWS]


def test_a_workbook_holds_dates_and_no_formula(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(exported(tmp_path, "xlsx"))
    rows = list(book.active.iter_rows())
    assert [cell.value for cell in rows[0]] == [column.name for column in COLUMNS]
    assert [cell.value for cell in rows[1]] == [
        'Zoë, "O\'Brien"\n李 🎉',
        -3,
        True,
        dt.datetime(2026, 11, 24, 11),  # noqa: DTZ001
        dt.datetime(2026, 11, 22),  # noqa: DTZ001
        "a;b",
        '{"teams_last":null,"é":["x"]}',
    ]
    assert (rows[2][0].value, rows[2][0].data_type) == ("=HYPERLINK(1)", "s")
    book.close()


def test_an_export_of_nothing_still_has_its_header(tmp_path: Path) -> None:
    book = openpyxl.load_workbook(exported(tmp_path, "xlsx", []))
    assert book.active.cell(1, 2).value == "count"
    book.close()


def test_a_cell_that_excel_cannot_hold_is_refused_and_leaves_no_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="Excel takes 32767"):
        export_rows([{"id": "x" * 32_768}], COLUMNS, "xlsx", str(tmp_path / "out.xlsx"))
    assert list(tmp_path.iterdir()) == []


def test_a_full_sheet_is_followed_by_another(tmp_path: Path) -> None:
    path = tmp_path / "out.xlsx"
    export_rows(({"id": 1} for _ in range(XLSX_ROWS)), [Column("id", Kind.INTEGER, "")], "xlsx", str(path))
    book = openpyxl.load_workbook(path, read_only=True)
    assert book.sheetnames == ["Sheet1", "Sheet2"]
    assert [row[0].value for row in book["Sheet2"].iter_rows()] == ["id", 1]
    book.close()


def test_parquet_keeps_types(tmp_path: Path) -> None:
    from arro3.io import read_parquet

    table = read_parquet(exported(tmp_path, "parquet")).read_all()
    columns = {name: table[name].to_pylist() if hasattr(table[name], "to_pylist") else [v.as_py() for v in table[name]]
               for name in (column.name for column in COLUMNS)}  # fmt: skip
    assert columns["id"] == [row["id"] for row in ROWS]
    assert columns["count"] == [-3, None, None]
    assert columns["enabled"] == [True, False, None]
    assert columns["created_at"][0] == dt.datetime(2026, 11, 24, 11, tzinfo=dt.UTC)
    assert columns["day"][0] == dt.date(2026, 11, 22)
    assert columns["plans"] == [["a", "b"], [], None]
    assert json.loads(columns["metrics"][0]) == ROWS[0]["metrics"]


@pytest.mark.parametrize("form", ["csv", "jsonl", "xlsx", "parquet"])
def test_a_failing_source_leaves_what_was_there(tmp_path: Path, form: str) -> None:
    path = tmp_path / "out"
    path.write_text("before")

    def rows() -> Iterator[dict[str, object]]:
        yield ROWS[0]
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        export_rows(rows(), COLUMNS, form, str(path))
    assert path.read_text() == "before"
    assert [entry.name for entry in tmp_path.iterdir()] == ["out"]


def test_places_that_cannot_be_written_are_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="is a directory"):
        export_rows(ROWS, COLUMNS, "csv", str(tmp_path))
    with pytest.raises(ConfigurationError, match="can't be written: No such file"):
        export_rows(ROWS, COLUMNS, "csv", str(tmp_path / "missing" / "out.csv"))
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="can't be written: Not a directory"):
        export_rows(ROWS, COLUMNS, "parquet", str(tmp_path / "file" / "out"))
    with pytest.raises(UsageError, match="no format 'ods'"):
        export_rows(ROWS, COLUMNS, "ods", str(tmp_path / "out"))
    with pytest.raises(UsageError, match="standard output"):
        export_rows(ROWS, COLUMNS, "xlsx", "-")


def test_a_link_is_followed_and_a_pipe_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "target")
    export_rows(ROWS[2:], COLUMNS, "jsonl", str(tmp_path / "link"))
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "target").read_text().startswith("{")
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    received: list[str] = []
    reader = threading.Thread(target=lambda: received.append(pipe.read_text()))
    reader.start()
    export_rows(ROWS[2:], COLUMNS, "csv", str(pipe))
    reader.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)
    assert received[0].startswith("id,count")
    with pytest.raises(UsageError):
        export_rows(ROWS, COLUMNS, "xlsx", str(pipe))


@pytest.mark.parametrize("text", ["=1+1", "+x", "-x", "@SUM(A1)", "\tx", "\rx", "-1+1", "=", "-1\n"])
def test_formulas_are_made_harmless(text: str) -> None:
    assert harmless(text) == "'" + text


@pytest.mark.parametrize("text", ["", "x", "-1", "+44", "-3.5", "x=1", "'x", "0x"])
def test_plain_text_and_numbers_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(st.text())
def test_what_is_harmless_loses_nothing(text: str) -> None:
    assert harmless(text) in {text, "'" + text}


def test_lists_and_objects_are_flattened() -> None:
    assert flat(["a", None, True, 1]) == "a;;true;1"
    assert flat(()) == ""
    assert flat({"b": 1}) == '{"b":1}'
    assert flat(False) == "false"
    assert flat(0) == "0"
