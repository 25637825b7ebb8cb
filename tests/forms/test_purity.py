"""Forms is pure: it reads no clock, no dice, no disk beyond its packaged data, and cannot reach a network or a screen."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import forms

ROOM = Path(forms.__file__).parent
FILES = sorted(ROOM.rglob("*.py"))
ALLOWED = frozenset(
    {"__future__", "collections", "csv", "dataclasses", "datetime", "difflib", "enum", "forms", "functools", "importlib", "io"}
    | {
        "hashlib",
        "itertools",
        "json",
        "math",
        "openpyxl",
        "re",
        "string",
        "types",
        "typing",
        "typst",
        "unicodedata",
        "urllib",
        "yaml",
        "zipfile",
        "zlib",
    }
    | {"defusedxml", "warnings", "enum", "heapq", "bisect", "operator", "contextlib", "qrcode", "threading"}
)
CLOCKS = frozenset({"now", "utcnow", "today", "time", "monotonic"})


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module or ""


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_only_pure_modules_are_imported(file: Path) -> None:
    names = set(imported(ast.parse(file.read_text("utf-8"))))
    assert {name.split(".")[0] for name in names} <= ALLOWED
    assert not [name for name in names if name.startswith("urllib.") and name != "urllib.parse"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_no_clock_is_read_and_nothing_is_evaluated(file: Path) -> None:
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
            assert not (node.func.value.id in ("date", "datetime", "time") and node.func.attr in CLOCKS), ast.unparse(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("eval", "exec", "open", "print", "__import__"), ast.unparse(node)
