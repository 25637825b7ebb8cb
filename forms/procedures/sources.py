"""The folders people write: which procedures lie in a catalogue, each with the form it is asked with.

A folder ``<code>/procedure.yaml`` is the first version, ``<code>/<first day>/procedure.yaml`` a later one. A version without a form
of its own takes the folder's, or the shared one that ``form`` names (``_general``, ``_ct01``), with the keys of ``shared.yaml``.
Authors, the checker and the packing read these; a kiosk loads packs (:mod:`forms.procedures.packs`).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from forms.procedures.catalogue import CAO_BANG, Catalogue, assembled
from forms.procedures.edition import Edition
from forms.procedures.marked_yaml import Marked, read_marked
from forms.procedures.procedure import Procedure, procedure_of
from forms.xlsform import Fault, Form, FormError, lists_beside
from forms.xlsform.reader import Lists, form_of
from forms.xlsform.workbook import MAX_BYTES, Workbook, read_workbook

FORM_FILES: Final = ("form.csv", "form.xlsx")


@dataclass(frozen=True, slots=True)
class FormFile:
    """A form as authored: its tables, what was read from them, and what lies beside it."""

    book: Workbook
    form: Form
    lists: Lists
    media: frozenset[str]


def read_form_file(file: Traversable, folder: Traversable, called: str) -> FormFile:
    """Read a form that lies in ``folder``.

    Raises:
        FormError: with every fault found.
    """
    lists = lists_beside(folder)
    book = read_workbook(read_bytes(file, called), called)
    media = folder.joinpath("media")
    names = frozenset(entry.name for entry in media.iterdir()) if media.is_dir() else frozenset()
    return FormFile(book, form_of(book, lists), lists, names)


def read_bytes(file: Traversable, called: str) -> bytes:
    """A file's bytes, but never more than a form may have.

    Raises:
        FormError: it cannot be read.
    """
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError:
        raise FormError([Fault(called, 0, "", "file", "Không đọc được tệp. Xem lại tên tệp và quyền đọc.")]) from None


def read_yaml(file: Traversable, called: str) -> Marked:
    """Read a file of pairs in UTF-8 and NFC.

    Raises:
        FormError: with every fault found.
    """
    data = read_bytes(file, called)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
        raise FormError([Fault(called, row, "", "encoding", "Chữ không phải UTF-8. Lưu lại tệp với mã UTF-8.")]) from None
    apart = [row for row, line in enumerate(text.splitlines(), 1) if not unicodedata.is_normalized("NFC", line)]
    if apart:
        message = "Chữ ở dạng tổ hợp (NFD). Gõ lại với bảng mã «Unicode dựng sẵn»."
        raise FormError([Fault(called, row, "", "nfc", message) for row in apart])
    return read_marked(text, called)


def form_file_of(folder: Traversable) -> Traversable | None:
    """The form that lies in a folder."""
    return next((folder.joinpath(name) for name in FORM_FILES if folder.joinpath(name).is_file()), None)


@dataclass(frozen=True, slots=True)
class Home:
    """The folder a procedure's form lies in: its own, its first version's, or a shared one."""

    folder: Traversable
    called: str

    def read(self) -> FormFile:
        """Read the form.

        Raises:
            FormError: there is none, or it is wrong.
        """
        file = form_file_of(self.folder)
        if file is None:
            message = "Thiếu biểu mẫu: cần form.csv hoặc form.xlsx. Bắt đầu bằng: main.py forms new."
            raise FormError([Fault(f"{self.called}/form.csv", 0, "", "file", message)])
        return read_form_file(file, self.folder, f"{self.called}/{file.name}")


def home_of(source: Marked | None, folder: Traversable, base: Traversable, catalogue: Traversable) -> Home:
    """Where the form of ``folder`` lies; ``base`` is the procedure's folder when this one is a later law's."""
    kind = str(source.data.get("form", "own")) if source is not None else "own"
    if kind != "own":
        return Home(catalogue.joinpath(f"_{kind}"), f"_{kind}")
    own = folder is base or form_file_of(folder) is not None
    return Home(folder, called(folder, base)) if own else Home(base, base.name)


def called(folder: Traversable, base: Traversable) -> str:
    """How a folder is named in messages: its code, and the first day of a later version."""
    return folder.name if folder is base else f"{base.name}/{folder.name}"


def read_procedure_file(source: Marked, form: Form, home: Home) -> tuple[Marked, Procedure]:
    """A procedure's file with the keys that come with a shared form, and the procedure.

    Raises:
        FormError: with every fault found.
    """
    shared = home.folder.joinpath("shared.yaml")
    common = read_yaml(shared, f"{home.called}/shared.yaml").data if shared.is_file() else {}
    whole = replace(source, data={**common, **source.data})
    return whole, procedure_of(whole, form)


def folders_of(catalogue: Traversable) -> Iterator[tuple[Traversable, Traversable]]:
    """Every procedure's folder with the folder of its first version, later laws after it."""
    for base in sorted((entry for entry in catalogue.iterdir() if entry.is_dir()), key=_name):
        if base.joinpath("procedure.yaml").is_file():
            later = [entry for entry in base.iterdir() if entry.joinpath("procedure.yaml").is_file()]
            yield from ((folder, base) for folder in (base, *sorted(later, key=_name)))


def _name(entry: Traversable) -> str:
    return entry.name


# --- the whole catalogue -----------------------------------------------------------------------------------------------


def from_sources(folder: Traversable | None = None, province: str = CAO_BANG) -> Catalogue:
    """The catalogue of a folder, by default the packaged one, with the decisions of one province.

    Raises:
        FormError: with every fault of every procedure.
    """
    folder = folder or resources.files("forms").joinpath("catalog")
    return assembled(written_editions(folder), folder, province)


def written_editions(catalogue: Traversable) -> Sequence[Edition]:
    """Every version that the folders of a catalogue hold.

    Raises:
        FormError: with every fault of every procedure.
    """
    forms: dict[str, Form] = {}
    found: list[Edition] = []
    faults: list[Fault] = []
    for folder, base in folders_of(catalogue):
        try:
            edition = _written(folder, base, catalogue, forms)
        except FormError as error:
            faults += error.faults
        else:
            faults += _misplaced(edition, folder, base)
            found.append(edition)
    if faults:
        raise FormError(list(dict.fromkeys(faults)))
    return found


def _written(folder: Traversable, base: Traversable, catalogue: Traversable, forms: dict[str, Form]) -> Edition:
    source = read_yaml(folder.joinpath("procedure.yaml"), f"{called(folder, base)}/procedure.yaml")
    home = home_of(source, folder, base, catalogue)
    if not home.folder.is_dir():
        message = "Không có biểu mẫu dùng chung này. Viết own (biểu mẫu riêng), general (đơn đề nghị) hoặc ct01."
        raise FormError([Fault(source.file, source.line(("form",)), "form", "reference", message)])
    if home.called not in forms:
        forms[home.called] = home.read().form
    whole, _ = read_procedure_file(source, forms[home.called], home)
    return Edition(whole, forms[home.called])


def _misplaced(edition: Edition, folder: Traversable, base: Traversable) -> Iterator[Fault]:
    """A folder is named by the code, a later version's by its first day."""
    source = edition.source
    if edition.code != base.name:
        yield Fault(source.file, source.line(("code",)), "code", "code", f"code phải là «{base.name}», tên thư mục.")
    if folder is not base and str(edition.first_day) != folder.name:
        message = f"valid.from phải là «{folder.name}», tên thư mục."
        yield Fault(source.file, source.line(("valid", "from")), "valid.from", "date", message)
