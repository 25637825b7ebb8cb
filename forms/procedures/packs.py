"""The packs a kiosk loads: one folder with ``index.json``, which names each by its full hash.

Packs are made from the sources by :mod:`forms.procedures.packing`. A pack of an earlier release stays in the folder for the
dossiers that were filed with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from importlib.resources.abc import Traversable
from typing import Final, Literal

from forms.procedures.marked_yaml import Marked
from forms.procedures.pack import FORMAT, PackError, load_form, load_procedure
from forms.xlsform import Form
from forms.xlsform.reader import form_of

INDEX: Final = "index.json"


@dataclass(frozen=True, slots=True)
class Entry:
    """One pack in the index. ``form`` of a procedure is the hash of its form's pack; days are ISO, '' is open."""

    kind: Literal["form", "procedure"]
    id: str
    version: str
    file: str
    sha256: str
    form: str = ""
    valid_from: str = ""
    valid_to: str = ""
    released: bool = False
    current: bool = True
    """Whether the present sources make it; else it is kept for dossiers of an earlier release."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A whole catalogue as packs: the files to write, and the index over them."""

    files: Mapping[str, bytes]
    entries: tuple[Entry, ...]

    @property
    def index(self) -> bytes:
        rows = [asdict(entry) for entry in self.entries]
        return (json.dumps({"format": FORMAT, "packs": rows}, ensure_ascii=False, indent=1, sort_keys=True) + "\n").encode()


def read_packs(folder: Traversable) -> Packed:
    """The packs that lie in a folder; none when it has no index.

    Raises:
        PackError: the index cannot be read, or a pack it names is missing.
    """
    if not folder.joinpath(INDEX).is_file():
        return Packed({}, ())
    try:
        content = json.loads(folder.joinpath(INDEX).read_bytes())
        entries = tuple(Entry(**row) for row in content["packs"])
        files = {entry.file: folder.joinpath(entry.file).read_bytes() for entry in entries}
    except (OSError, ValueError, KeyError, TypeError):
        raise PackError("pack_damaged", "Thư mục gói biểu mẫu thiếu tệp hoặc đã hỏng.", "Cài lại phần mềm.") from None
    return Packed(files, entries)


def editions(packed: Packed) -> Iterator[tuple[Entry, Marked, Form]]:
    """Every procedure of a set of packs with its form; a form that several use is read once.

    Raises:
        PackError: a pack is damaged, or not of this format.
        FormError: the program no longer accepts a form.
    """
    files = {entry.sha256: packed.files[entry.file] for entry in packed.entries}
    forms: dict[str, Form] = {}
    for entry in packed.entries:
        if entry.kind == "procedure":
            pack = load_procedure(files[entry.sha256], entry.sha256)
            if pack.form not in forms:
                forms[pack.form] = form_of(load_form(files[pack.form], pack.form))
            yield entry, pack.source, forms[pack.form]
