"""The command table and the front of the door: help, unknown words, the right Python, every row resolvable."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from door.table import COMMANDS, Command
from tests.door.building import SOURCE, Building

RESOLVE = """
import importlib, inspect, sys
for entry in sys.argv[1:]:
    module, name = entry.split(":")
    try:
        inspect.signature(getattr(importlib.import_module(module), name)).bind([])
    except (ImportError, AttributeError, TypeError) as error:
        print(entry, error)
"""
PRETEND = """
import runpy, sys
sys.version_info = {version}
sys.argv = [{main!r}, "--help"]
sys.path.insert(0, {root!r})
runpy.run_path({main!r}, run_name="__main__")
"""


def test_help_stands_before_the_environment_does(building: Building) -> None:
    done = building.enter("--help")
    assert done.returncode == 0
    assert all(command.name in done.stdout and command.vi in done.stdout for command in COMMANDS)
    assert not (building.root / ".venv").exists()


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_each_command_has_help_before_the_environment_stands(command: Command, building: Building) -> None:
    done = building.enter(command.name, "--help")
    assert done.returncode == 0
    assert command.vi in done.stdout
    assert f"python3 main.py {command.name}" in done.stdout
    assert not (building.root / ".venv").exists()


def test_without_a_word_the_table_is_shown_as_a_wrong_call(building: Building) -> None:
    done = building.enter()
    assert done.returncode == 2
    assert "province" in done.stdout


def test_an_unknown_word_names_the_nearest_command(building: Building) -> None:
    done = building.enter("provnce")
    assert done.returncode == 2
    assert "Có phải ý bạn là: province?" in done.stderr


def test_every_row_leads_to_a_function_that_takes_the_arguments() -> None:
    entries = [command.entry for command in COMMANDS]
    environment = {
        **os.environ,
        "SDL_VIDEODRIVER": "offscreen",
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_NO_FILELOG": "1",
    }
    done = subprocess.run([sys.executable, "-c", RESOLVE, *entries], cwd=SOURCE, env=environment, capture_output=True, text=True)
    assert done.stdout.splitlines() == [], done.stderr


def test_the_front_can_be_read_by_python_3_6() -> None:
    source = (SOURCE / "main.py").read_text(encoding="utf-8")
    assert ast.parse(source, feature_version=(3, 6))


def pretend(building: Building, version: tuple[object, ...], path: Path) -> subprocess.CompletedProcess[str]:
    """Enter with an interpreter that says it is of another version, seeing only the programs in one folder."""
    script = PRETEND.format(version=version, main=str(building.root / "main.py"), root=str(building.root))
    environment = building.environment({"PATH": str(path)})
    return subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True)


def test_a_wrong_python_says_which_is_needed(building: Building, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for version in ((3, 9, 18, "final", 0), (3, 14, 0, "final", 0)):
        done = pretend(building, version, empty)
        assert done.returncode == 10
        assert "wrong_python: Chương trình cần Python 3.11, 3.12 hoặc 3.13" in done.stderr


def test_a_wrong_python_finds_the_right_one_on_the_path(building: Building, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    # GIVEN a shim that only fails under one right name, and the real thing under another
    shim, real = programs / "python3.11", programs / "python3.12"
    shim.write_text("#!/bin/sh\nexit 127\n")
    shim.chmod(0o755)
    real.symlink_to(os.path.realpath(shutil.which(sys.executable) or sys.executable))
    done = pretend(building, (3, 9, 18, "final", 0), programs)
    assert done.returncode == 0, done.stderr
    assert "Một Cửa Xã" in done.stdout
