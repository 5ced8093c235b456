"""The pictures of the documents: made here and in the walk through the guide, there, linked, and small."""

import re
from pathlib import Path

from playwright.sync_api import expect
from tests.browser import connecting
from tests.browser.conftest import PICTURES, Photograph, Visit
from tests.browser.serving import Console

ROOT = PICTURES.parents[1]
DOCUMENTS = (ROOT / "README.md", *(ROOT / "docs").rglob("*.md"))
LARGEST = 150_000  # bytes


def test_the_main_pages(settled: Console, visit: Visit, photograph: Photograph) -> None:
    page = connecting.sign_in(visit(size=(1280, 720)), settled.address, "administrator")
    for path, name in (
        ("/?connector=halbrook", "overview"),
        ("/users?connector=halbrook&licensed=yes&sort=last_successful_sign_in_at", "users"),
        ("/runs/1", "run"),
    ):
        page.goto(settled.address + path)
        photograph(page, name)


def test_a_check(settled: Console, visit: Visit, photograph: Photograph) -> None:
    page = connecting.sign_in(visit(size=(1280, 720)), settled.address, "analyst")
    page.goto(f"{settled.address}{connecting.HERE}/halbrook/check")
    page.get_by_role("button", name="Check now").click()
    expect(page.get_by_text("A check reads only, and changes nothing.")).to_be_visible()
    photograph(page, "check")


def linked() -> set[Path]:
    """Every picture that a document shows."""
    return {
        (document.parent / found).resolve()
        for document in DOCUMENTS
        for found in re.findall(r"!\[[^\]]+\]\(([^)]+\.png)\)", document.read_text(encoding="utf-8"))
    }


def test_every_picture_is_shown_and_small() -> None:
    kept = set(PICTURES.glob("*.png"))
    assert kept
    assert kept == linked()
    assert [file.name for file in kept if file.stat().st_size >= LARGEST] == []


def test_every_picture_is_made_by_a_test() -> None:
    made = set()
    for test in Path(__file__).parent.glob("test_*.py"):
        made |= set(re.findall(r'"([a-z-]+)"', test.read_text(encoding="utf-8")))
    assert {file.stem for file in PICTURES.glob("*.png")} <= made
