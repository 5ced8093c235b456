"""The budgets of the project: sizes, names, broad `except`, and what no tracked file may hold."""

import ast
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MOST_LINES_IN_A_FILE = 400
MOST_LINES_IN_A_FUNCTION = 50
MOST_PARAMETERS = 6
FORBIDDEN_NAMES = {"util", "utils", "helper", "helpers", "common", "manager", "service", "services", "base", "misc"}
# (module, function) whose business is that nothing gets past it: the end of one source's run, the end of one request.
BROAD_EXCEPT_ALLOWED: set[tuple[str, str]] = {("stocktake.sync.collect", "_source")}
# Written in two parts so that this file does not hold what it forbids.
FORBIDDEN_TEXT = {
    "a path of a machine": ("/wo" + "rk/", "/opt/" + "pypi", "/opt/" + "wheels"),
    "the address of a package registry": (
        "pypi" + ".org",
        "files.pythonhosted" + ".org",
        "registry.npmjs" + ".org",
        "deb.debian" + ".org",
        "--index" + "-url",
        "--find" + "-links",
        "proxy.golang" + ".org",
    ),
}
UNFINISHED = re.compile(
    (r"\bTO" + r"DO\b|\bFIX" + r"ME\b").encode()
)  # whole words: Microsoft has a plan BPOS_S_TO..._1
# The switches that keep addresses out of the locks name what they keep out.
NAMED_BY_NEED = {"Makefile": ("--index" + "-url", "--find" + "-links")}


def tracked() -> list[Path]:
    """Files in git or about to be; outside a git checkout every file of the source directories."""
    found = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=False,
    )
    if found.returncode == 0:
        names = [name.decode() for name in found.stdout.split(b"\0") if name]
    else:
        names = [str(path.relative_to(ROOT)) for part in ("src", "tests", "docs") for path in (ROOT / part).rglob("*")]
    return sorted(ROOT / name for name in names if (ROOT / name).is_file() and "__pycache__" not in name)


TRACKED = tracked()
PYTHON = [path for path in TRACKED if path.suffix == ".py"]


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def is_generated(path: Path) -> bool:
    return "migrations" in path.parts and "versions" in path.parts


def is_command(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Parameters of a command are its options; of a route, what the request carries."""
    calls = [decorator.func for decorator in function.decorator_list if isinstance(decorator, ast.Call)]
    names = {call.attr for call in calls if isinstance(call, ast.Attribute)}
    annotations = [argument.annotation for argument in function.args.args if argument.annotation is not None]
    options = any("typer.Option(" in ast.unparse(annotation) for annotation in annotations)
    return options or not names.isdisjoint({"get", "post", "put", "delete", "patch"})


def parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    arguments = function.args
    every = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
    return len([argument for argument in every if argument.arg not in {"self", "cls"}])


def _raises_again(handler: ast.ExceptHandler) -> bool:
    last = handler.body[-1]
    return isinstance(last, ast.Raise) and last.exc is None


def broad_handlers(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """(line, innermost function) of each handler that takes anything and does not raise it again."""
    owners: dict[ast.AST, str] = {}
    for function in functions(tree):
        for node in ast.walk(function):
            owners[node] = function.name
    for node in ast.walk(tree):
        if isinstance(node, ast.ExceptHandler) and not _raises_again(node):
            caught = [] if node.type is None else list(ast.walk(node.type))
            names = {item.id for item in caught if isinstance(item, ast.Name)}
            if node.type is None or names & {"Exception", "BaseException"}:
                yield node.lineno, owners.get(node, "")


def test_files_and_functions_are_small() -> None:
    too_big = []
    for path in PYTHON:
        if is_generated(path):
            continue
        text = path.read_text()
        if (lines := len(text.splitlines())) > MOST_LINES_IN_A_FILE:
            too_big.append(f"{name(path)}: {lines} lines")
        for function in functions(ast.parse(text)):
            if (lines := (function.end_lineno or 0) - function.lineno + 1) > MOST_LINES_IN_A_FUNCTION:
                too_big.append(f"{name(path)}:{function.lineno} {function.name}: {lines} lines")
            if not is_command(function) and (count := parameters(function)) > MOST_PARAMETERS:
                too_big.append(f"{name(path)}:{function.lineno} {function.name}: {count} parameters")
    assert too_big == []


def test_modules_are_named_by_their_subject() -> None:
    wrong = [name(path) for path in PYTHON if {path.stem, path.parent.name} & FORBIDDEN_NAMES]
    assert wrong == []


def test_broad_except_stands_in_named_places_alone() -> None:
    wrong = []
    for path in PYTHON:
        if path.is_relative_to(ROOT / "src"):
            module = ".".join(path.relative_to(ROOT / "src").with_suffix("").parts)
            for line, function in broad_handlers(ast.parse(path.read_text())):
                if (module, function) not in BROAD_EXCEPT_ALLOWED:
                    wrong.append(f"{name(path)}:{line} in {function or 'the module'}")
    assert wrong == []


@pytest.mark.parametrize("kind", sorted(FORBIDDEN_TEXT))
def test_no_tracked_file_holds(kind: str) -> None:
    found = []
    for path in TRACKED:
        content = path.read_bytes()
        allowed = NAMED_BY_NEED.get(name(path), ())
        texts = [text for text in FORBIDDEN_TEXT[kind] if text not in allowed and text.encode() in content]
        found.extend(f"{name(path)} holds {text!r}" for text in texts)
    assert found == []


def test_nothing_is_left_for_later() -> None:
    assert [name(path) for path in TRACKED if UNFINISHED.search(path.read_bytes())] == []


def test_no_private_key_is_tracked() -> None:
    mark = b"-----BEGIN " + b"PRIVATE KEY-----\n" + b"M"
    assert [name(path) for path in TRACKED if mark in path.read_bytes()] == []


def test_locks_hold_a_hash_for_everything_and_no_address() -> None:
    for lock in sorted((ROOT / "requirements").glob("*.txt")):
        lines = lock.read_text().splitlines()
        packages = [line for line in lines if line and not line.startswith((" ", "#"))]
        assert packages, f"{lock.name} is empty"
        for line in packages:
            assert "==" in line, line
            assert line.endswith("\\"), line
        assert not [line for line in lines if "://" in line]
