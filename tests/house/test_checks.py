"""The checks a reviewer would run by hand: style, types, and which room may know which."""

from __future__ import annotations

import subprocess
import sys

from tests.house.tree import PRODUCT, ROOT, run


def test_ruff_has_no_complaint() -> None:
    done = run("ruff", "check", "--no-cache", ".")
    assert done.returncode == 0, done.stdout


def test_every_file_is_formatted_by_ruff() -> None:
    done = run("ruff", "format", "--no-cache", "--check", ".")
    assert done.returncode == 0, done.stdout


def test_types_hold() -> None:
    done = run("mypy", *PRODUCT, "tests")
    assert done.returncode == 0, done.stdout


def test_no_room_imports_what_it_may_not_know() -> None:
    script = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout
