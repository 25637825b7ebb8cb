"""The documentation keeps up with the program: every command, every configuration key, every exit code, no dead link."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from door import errors
from door.table import COMMANDS, Command
from kiosk.config import FIELDS, Field
from tests.house.tree import ROOT, texts

DOCS = ROOT / "docs"


def pages() -> dict[Path, str]:
    """Every page of documentation by path from the root."""
    return dict(texts(".md"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_every_command_has_a_section_in_the_command_page(command: Command) -> None:
    page = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert re.search(rf"^## `{command.name}`$", page, re.MULTILINE)


def test_no_documented_command_is_missing_from_the_table() -> None:
    known = {command.name for command in COMMANDS}
    named = {
        (str(path), word)
        for path, text in texts(".md", ".service", "")
        for word in re.findall(r"main\.py\"? ([a-z][a-z-]*)", text)
        if word not in known | {"help"}
    }
    assert named == set()


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.key)
def test_every_configuration_key_has_its_row(field: Field) -> None:
    kinds = {str: "text", int: "whole number", float: "number", bool: "true/false"}
    default = str(field.default).lower() if field.kind is bool else str(field.default)
    row = f"| `{field.key}` | {kinds[field.kind]} | {f'`{default}`' if default else '(empty)'} | {field.doc} |"
    assert row in (DOCS / "configuration.md").read_text(encoding="utf-8").splitlines()


def test_every_exit_code_of_the_door_is_documented() -> None:
    page = (DOCS / "door.md").read_text(encoding="utf-8")
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.DoorError)]
    assert [kind.code for kind in kinds if f"| {kind.exit_code} | `{kind.code}` |" not in page] == []


def test_every_page_is_on_the_map() -> None:
    page = (DOCS / "README.md").read_text(encoding="utf-8")
    missing = [path.name for path in sorted(DOCS.glob("*.md")) if path.name != "README.md" and f"({path.name})" not in page]
    assert missing == []


def test_no_link_leads_nowhere() -> None:
    dead = []
    for path, text in pages().items():
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", text):
            if not re.match(r"[a-z]+:", target) and not (ROOT / path.parent / target).exists():
                dead.append(f"{path}: {target}")
    assert dead == []
