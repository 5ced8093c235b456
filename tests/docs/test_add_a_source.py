"""The how-to is followed to the letter in a copy of the sources, and the new source is synchronised."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.installation import Installation
from tests.simulator import Simulator

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "howto" / "add-a-source.md"
BLOCK = re.compile(
    r"^```python (?P<what>file|insert)=(?P<path>\S+)(?: after=\"(?P<after>[^\"]+)\")?\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    shutil.copytree(
        ROOT / "src" / "stocktake", tmp_path / "src" / "stocktake", ignore=shutil.ignore_patterns("__pycache__")
    )
    return tmp_path


def follow(copy: Path) -> None:
    lines = 0
    for block in BLOCK.finditer(PAGE.read_text(encoding="utf-8")):
        target = copy / block["path"]
        if block["what"] == "file":
            assert not target.exists()
            target.write_text(block["code"], encoding="utf-8")
            continue
        text = target.read_text(encoding="utf-8")
        place = f"{block['after']}\n"
        assert text.count(place) == 1, place
        target.write_text(text.replace(place, place + block["code"]), encoding="utf-8")
        lines += block["code"].count("\n")
    assert lines == 2, "the page promises two lines"


def test_one_file_two_lines_and_a_migration(copy: Path, tmp_path: Path) -> None:
    follow(copy)
    environment = {**os.environ, "PYTHONPATH": str(copy / "src")}
    made = subprocess.run(
        [sys.executable, "-m", "stocktake.store.migrate", "deleted", "groups"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    migration = Path(made.stdout.splitlines()[-1])
    assert migration.is_relative_to(copy)
    written = migration.read_text(encoding="utf-8")
    assert re.findall(r"create_table\(\s*['\"](\w+)", written) == ["deleted_groups", "stage_deleted_groups"]
    schema = copy / "src" / "stocktake" / "store" / "schema.py"
    text = schema.read_text(encoding="utf-8")
    schema.write_text(re.sub(r'HEAD = "\d+"', f'HEAD = "{migration.name[:4]}"', text), encoding="utf-8")

    folder = tmp_path / "simulator"
    folder.mkdir()
    with Simulator(users=300, groups=40, seed=4, folder=folder) as simulator:
        installation = Installation(tmp_path / "home")
        installation.environment["PYTHONPATH"] = str(copy / "src")
        installation.connect(simulator)
        simulator.control("change", {"steps": 4, "fraction": 0.5})
        done = installation.sync()
        assert done.code == 0, done
        [line] = [line for line in done.json["sources"] if line["source"] == "deleted_groups"]
        rows = installation.ok("show", "deleted_groups", "--json").json
        assert line["outcome"] == "complete"
        assert line["rows"] == len(rows) > 0
        assert all(row["deleted_at"] and row["display_name"] for row in rows)
