"""The repository's own promises: documents name commands and targets that exist, and the machinery is whole."""

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

from stocktake.cli.entry import COMMANDS
from stocktake.settings import PREFIX, Settings

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted((*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")))
# A decision may speak of what is yet to come.
INSTRUCTIONS = [path for path in DOCUMENTS if path.parent.name != "decisions"]
MAKEFILE = (ROOT / "Makefile").read_text()


@pytest.mark.parametrize("document", INSTRUCTIONS, ids=lambda path: path.name)
def test_documents_name_targets_and_commands_that_exist(document: Path) -> None:
    text = document.read_text()
    targets = set(re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE))
    assert set(re.findall(r"`make ([a-z]+)", text)) <= targets
    known = {path for path, _ in COMMANDS}
    groups = {path.split()[0] for path in known if " " in path}
    for first, second in re.findall(r"(?:^|`)stocktake ([a-z]+)(?: ([a-z]+))?", text, re.MULTILINE):
        assert (f"{first} {second}" if first in groups and second else first) in known | groups, (first, second)


def test_documents_link_to_files_that_exist() -> None:
    for document in DOCUMENTS:
        for link in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text()):
            assert (document.parent / link).exists(), f"{document.name}: {link}"


def test_every_setting_has_a_default_and_says_what_it_is() -> None:
    for name, field in Settings.model_fields.items():
        assert not field.is_required(), PREFIX + name.upper()
        assert field.description, PREFIX + name.upper()
        assert field.description.endswith("."), PREFIX + name.upper()


def test_every_command_says_what_it_does() -> None:
    for path, command in COMMANDS:
        assert command.__doc__, path
    assert len({path for path, _ in COMMANDS}) == len(COMMANDS)


def test_every_target_that_help_names_is_phony() -> None:
    described = set(re.findall(r"^([a-z]+):.*## ", MAKEFILE, re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split())
    assert described | {"help"} == phony


def test_the_two_packages_are_held_apart_by_contract() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {"layers", "independence", "acyclic_siblings"} <= {contract["type"] for contract in contracts}


def test_the_licence_is_whole() -> None:
    licence = (ROOT / "LICENSE").read_text()
    assert "Apache License" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


def test_ci_is_a_script_that_stops_at_the_first_failure() -> None:
    script = ROOT / ".ci" / "run"
    assert "set -euo pipefail" in script.read_text()
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0
