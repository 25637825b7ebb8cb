"""Packs: what a kiosk loads instead of the files people write.

A pack is one form or one procedure as canonical JSON (sorted keys, NFC, no row numbers, no empty cells, external lists laid
into the choices), so the same content has the same bytes whether it was written as CSV or in Excel; its name is their SHA-256.
A procedure names its form by that hash: a form shared by many procedures is stored once, and a damaged or exchanged pack is
found when it is loaded. A pack holds the authored tables, not our classes: the same reader checks them again, and a pack of
years ago still loads.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from forms.procedures.marked_yaml import Marked
from forms.text import nfc
from forms.xlsform import Form
from forms.xlsform.reader import Lists
from forms.xlsform.workbook import SHEETS, Row, Sheet, Workbook

FORMAT: Final = 1
_NOT_IN_NAMES: Final = re.compile(r"[^A-Za-z0-9._-]")
_SHORT: Final = 12
"""Signs of the hash in a pack's file name; the index has all of them."""


class PackError(Exception):
    """A pack that may not be used. ``code`` is ``pack_damaged`` or ``pack_format``."""

    def __init__(self, code: str, message_vi: str, cure_vi: str) -> None:
        super().__init__(f"{code}: {message_vi}")
        self.code = code
        self.message_vi = message_vi
        self.cure_vi = cure_vi


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack as written: its bytes and the file name that says what it is."""

    name: str
    data: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()


@dataclass(frozen=True, slots=True)
class ProcedurePack:
    """A procedure as loaded: the facts of its file, and the hash of its form's pack."""

    source: Marked
    form: str


# --- making ------------------------------------------------------------------------------------------------------------------


def form_pack(book: Workbook, form: Form, lists: Lists) -> Pack:
    """The pack of a form; ``form`` is what was read from ``book``, ``lists`` gives the external lists it names."""
    tables = {name: [dict(row.cells) for row in sheet.rows] for name, sheet in book.sheets.items()}
    inside = [*tables.get("choices", ()), *_external(form, lists)]
    return _pack(form.id, form.version, {"kind": "form", "tables": {**tables, "choices": inside}})


def procedure_pack(source: Marked, version: str, form: str) -> Pack:
    """The pack of a procedure; ``version`` names its form's version, ``form`` is the hash of the form's pack."""
    return _pack(str(source.data["code"]), version, {"kind": "procedure", "procedure": _plain(source.data), "form": form})


def _pack(name: str, version: str, content: Mapping[str, Any]) -> Pack:
    data = json.dumps({**content, "format": FORMAT}, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    called = _NOT_IN_NAMES.sub("_", f"{name}-{version}")
    return Pack(f"{called}-{hashlib.sha256(data).hexdigest()[:_SHORT]}.json", data)


def _external(form: Form, lists: Lists) -> Iterator[Mapping[str, str]]:
    """Rows of the external lists, each once, with the columns that a form knows or filters by."""
    filters = {column for item in form.items if item.choice_filter for column in item.choice_filter.columns}
    for name in dict.fromkeys(item.list_name for item in form.items if item.list_name.endswith(".csv")):
        reader = csv.DictReader(io.StringIO(lists(name).decode("utf-8-sig"), newline=""))
        for row in reader:
            cells = {nfc(column): nfc(text or "") for column, text in row.items() if column}
            kept = {column: text for column, text in cells.items() if text and _kept(column, filters)}
            if kept and not next(iter(cells.values())).startswith("#"):
                yield {"list_name": name, **kept}


def _kept(column: str, filters: set[str]) -> bool:
    return column in {"name", "k_icon", "k_hint", *filters} or "::" in column


def _plain(value: Any) -> Any:
    """A value of a procedure's file as JSON has it: dates in a shape of their own, texts in NFC."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    return unicodedata.normalize("NFC", value) if isinstance(value, str) else value


# --- loading -----------------------------------------------------------------------------------------------------------------


def load_form(data: bytes, sha256: str) -> Workbook:
    """The tables of a form's pack, to be read by :func:`forms.xlsform.form_of`.

    Raises:
        PackError: not the bytes of that hash, or a format of a later program.
    """
    content = _content(data, sha256, "form")
    name = f"{sha256[:_SHORT]}.json"
    return Workbook(name, {sheet: _sheet(sheet, rows, name) for sheet, rows in content["tables"].items() if sheet in SHEETS})


def load_procedure(data: bytes, sha256: str) -> ProcedurePack:
    """A procedure's pack, to be read by :func:`forms.procedures.procedure.procedure_of`.

    Raises:
        PackError: as :func:`load_form`.
    """
    content = _content(data, sha256, "procedure")
    return ProcedurePack(Marked(f"{sha256[:_SHORT]}.json", _typed(content["procedure"])), content["form"])


def _content(data: bytes, sha256: str, kind: str) -> Mapping[str, Any]:
    if hashlib.sha256(data).hexdigest() != sha256:
        message = f"Gói biểu mẫu {sha256[:_SHORT]} đã hỏng hoặc bị thay."
        raise PackError("pack_damaged", message, "Cài lại phần mềm, hoặc chạy lại: main.py forms pack.")
    content: Mapping[str, Any] = json.loads(data)
    if content.get("format") != FORMAT or content.get("kind") != kind:
        message = f"Gói biểu mẫu {sha256[:_SHORT]} thuộc loại phần mềm này không đọc được."
        raise PackError("pack_format", message, "Cập nhật phần mềm của máy.")
    return content


def _sheet(name: str, rows: Sequence[Mapping[str, str]], file: str) -> Sheet:
    header = tuple(dict.fromkeys(column for row in rows for column in row))
    return Sheet(name, header, 0, tuple(Row(number, row) for number, row in enumerate(rows, 1)), file)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        if value.keys() == {"$date"}:
            return date.fromisoformat(value["$date"])
        return {key: _typed(inner) for key, inner in value.items()}
    return [_typed(inner) for inner in value] if isinstance(value, list) else value
