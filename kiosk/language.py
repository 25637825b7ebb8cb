"""Languages of the citizen's screens: gettext catalogues by stable ids, Vietnamese as the source.

A text is asked for as ``t("attract.start", "Chạm vào đây để bắt đầu")``: the first is the id (msgctxt), the second the source.
A language without a catalogue, or a text a catalogue lacks, shows the Vietnamese: minority texts must come from native speakers and
are never made up. The ``.po`` files are read directly, so a translator's edit needs no build step.
"""

from __future__ import annotations

import ast
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

CATALOGUES: Final = Path(__file__).resolve().parent.parent / "locale"
DOMAIN: Final = "kiosk"


@dataclass(frozen=True, slots=True)
class Language:
    """``code`` (ISO 639), ``name`` in the language itself, whether texts exist."""

    code: str
    name: str
    texts: bool


LANGUAGES: Final = (
    Language("vi", "Tiếng Việt", True),
    Language("en", "English", True),
    Language("tyz", "Tày – Nùng", False),
    Language("hmv", "Hmôngz", False),
    Language("ium", "Dao", False),
)
"""In the order shown. Without texts: chosen and remembered, so that the call for help says it; words fall back to Vietnamese."""


def read_po(text: str) -> dict[tuple[str, str], str]:
    """``{(msgctxt, msgid): msgstr}`` of a catalogue without plurals; fuzzy and empty entries are left out."""
    entries: dict[tuple[str, str], str] = {}
    entry: dict[str, str] = {}
    part, fuzzy = "", False

    def keep() -> None:
        if entry.get("msgid") and entry.get("msgstr") and not fuzzy:
            entries[entry.get("msgctxt", ""), entry["msgid"]] = entry["msgstr"]

    for line in [*text.splitlines(), ""]:
        line = line.strip()
        if not line:
            keep()
            entry, part, fuzzy = {}, "", False
        elif line.startswith("#,") and "fuzzy" in line:
            fuzzy = True
        elif line.startswith("#"):
            continue
        elif line.startswith('"'):
            entry[part] += ast.literal_eval(line)
        else:
            part, _, quoted = line.partition(" ")
            entry[part] = ast.literal_eval(quoted)
    return entries


@cache
def catalogue(code: str) -> Mapping[tuple[str, str], str]:
    """The catalogue of a language; empty for Vietnamese and for languages that have none."""
    file = CATALOGUES / code / "LC_MESSAGES" / f"{DOMAIN}.po"
    return read_po(file.read_text(encoding="utf-8")) if file.is_file() else {}


class Words:
    """Looks words up in one language: ``words("head.back", "Quay lại")``; ``{name}`` places are filled from keywords."""

    def __init__(self, code: str = "vi") -> None:
        self.code = code

    def __call__(self, key: str, source: str, **places: Any) -> str:
        text = catalogue(self.code).get((key, source), source)
        return text.format(**places) if places else text
