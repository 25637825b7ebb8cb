"""Finds what an author wrote in a folder, and says everything that is wrong with it.

A folder of the catalogue is a procedure (``procedure.yaml``, with a form of its own or a shared one), a shared form
(``shared.yaml`` beside ``form.csv``), or just a form in the making. A form shared by many is judged once, in its own folder; a
procedure that uses it is judged for what it adds.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib.resources.abc import Traversable
from typing import Final

from forms.checker import check_form, check_procedure
from forms.checker.draft import Draft
from forms.checker.world import Search
from forms.marked_yaml import Marked, read_marked
from forms.procedure import Procedure, procedure_of
from forms.xlsform import Form, lists_beside
from forms.xlsform.model import Fault, FormError
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


def check_file(file: Traversable, folder: Traversable) -> tuple[Fault, ...]:
    """Everything wrong with a form that stands alone."""
    try:
        found = read_form_file(file, folder, file.name)
    except FormError as error:
        return error.faults
    return check_form(_draft(found))


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
    return Home(folder, _called(folder, base)) if own else Home(base, base.name)


def _called(folder: Traversable, base: Traversable) -> str:
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


def check_folder(folder: Traversable, base: Traversable, catalogue: Traversable) -> tuple[Fault, ...]:
    """Everything wrong with a folder; ``base`` is the procedure's folder when this one is a later law's."""
    return tuple(dict.fromkeys(_check(folder, base, catalogue)))


def _check(folder: Traversable, base: Traversable, catalogue: Traversable) -> Iterator[Fault]:
    name = "shared.yaml" if folder.joinpath("shared.yaml").is_file() else "procedure.yaml"
    source: Marked | None = None
    try:
        source = read_yaml(folder.joinpath(name), f"{_called(folder, base)}/{name}")
    except FormError as error:
        yield from error.faults
    home = home_of(source, folder, base, catalogue)
    try:
        found = home.read()
    except FormError as error:
        yield from error.faults
        return
    draft = replace(_draft(found), yaml=source)
    if home.folder is folder:
        yield from check_form(draft)
    if source is None:
        return
    try:
        procedure = read_procedure_file(source, found.form, home)[1] if name == "procedure.yaml" else None
    except FormError as error:
        yield from error.faults
        return
    form = procedure.form if procedure is not None else found.form
    yield from check_procedure(replace(draft, procedure=procedure, form=form))


def _draft(found: FormFile) -> Draft:
    return Draft(found.book, found.form, Search(found.form), media=found.media)
