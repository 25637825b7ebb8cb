"""From the files people write to the packs a kiosk loads, and what a release fixes for good.

Packs of forms and procedures lie in one folder with ``index.json``, which names each by its full hash. Until a release they are
made anew from the sources each time. A release marks them: from then on a form of that version never changes, its pack stays in
the folder for the dossiers that were filed with it, and the codes in it stay what they are (:mod:`forms.release`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from importlib.resources.abc import Traversable
from typing import Final, Literal

from forms.checker.source import FormFile, Home, home_of, read_procedure_file, read_yaml
from forms.marked_yaml import Marked
from forms.pack import FORMAT, Pack, PackError, form_pack, load_form, load_procedure, procedure_pack
from forms.release import Retired, release_faults, reused
from forms.xlsform import Form
from forms.xlsform.model import Fault
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


# --- making ----------------------------------------------------------------------------------------------------------------


def folders_of(catalogue: Traversable) -> Iterator[tuple[Traversable, Traversable]]:
    """Every procedure's folder with the folder of its first version, later laws after it."""
    for base in sorted((entry for entry in catalogue.iterdir() if entry.is_dir()), key=_name):
        if base.joinpath("procedure.yaml").is_file():
            later = [entry for entry in base.iterdir() if entry.joinpath("procedure.yaml").is_file()]
            yield from ((folder, base) for folder in (base, *sorted(later, key=_name)))


def pack_catalogue(catalogue: Traversable) -> Packed:
    """Pack every procedure and form of a sound catalogue.

    Raises:
        FormError: a file is wrong.
    """
    homes: dict[str, tuple[FormFile, Pack]] = {}
    files: dict[str, bytes] = {}
    entries: list[Entry] = []
    for folder, base in folders_of(catalogue):
        source = read_yaml(folder.joinpath("procedure.yaml"), f"{base.name}/{folder.name}/procedure.yaml")
        home = home_of(source, folder, base, catalogue)
        if home.called not in homes:
            found = home.read()
            homes[home.called] = found, form_pack(found.book, found.form, found.lists)
        found, form = homes[home.called]
        files[form.name] = form.data
        entries.append(Entry("form", found.form.id, found.form.version, form.name, form.sha256))
        pack, entry = _procedure(source, home, found, form)
        files[pack.name] = pack.data
        entries.append(entry)
    return Packed(files, _sorted(entries))


def _procedure(source: Marked, home: Home, found: FormFile, form: Pack) -> tuple[Pack, Entry]:
    whole, procedure = read_procedure_file(source, found.form, home)
    pack = procedure_pack(whole, procedure.form_version, form.sha256)
    first, last = (day.isoformat() if day else "" for day in (procedure.valid_from, procedure.valid_to))
    return pack, Entry("procedure", procedure.code, procedure.form_version, pack.name, pack.sha256, form.sha256, first, last)


def _name(entry: Traversable) -> str:
    return entry.name


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(dict.fromkeys(entries), key=lambda one: (one.kind, one.id, one.valid_from, one.version, one.sha256)))


# --- reading ---------------------------------------------------------------------------------------------------------------


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


# --- releasing -------------------------------------------------------------------------------------------------------------


def succeed(before: Packed, fresh: Packed, *, release: bool = False) -> Packed:
    """``fresh`` packs with what was released before kept beside them; ``release`` marks all of them."""
    released = {entry.sha256 for entry in before.entries if entry.released}
    now = {entry.sha256 for entry in fresh.entries}
    kept = [replace(entry, current=False) for entry in before.entries if entry.released and entry.sha256 not in now]
    entries = [replace(entry, released=release or entry.sha256 in released) for entry in fresh.entries]
    files = {**fresh.files, **{entry.file: before.files[entry.file] for entry in kept}}
    return Packed(files, _sorted([*entries, *kept]))


def unlawful(before: Packed, fresh: Packed, retired: Sequence[Retired]) -> tuple[Fault, ...]:
    """What the new forms change that a release has fixed."""
    faults: list[Fault] = []
    for entry in fresh.entries:
        if entry.kind == "form":
            form = _form(fresh, entry)
            file = f"{entry.id} {entry.version}"
            faults += reused(form, retired, file)
            past = [one for one in before.entries if one.kind == "form" and one.id == entry.id and one.released]
            for one in past[-1:]:
                faults += release_faults(_form(before, one), form, retired, file)
    return tuple(faults)


def _form(packed: Packed, entry: Entry) -> Form:
    return form_of(load_form(packed.files[entry.file], entry.sha256))
