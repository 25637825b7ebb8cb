"""From the files people write to the packs a kiosk loads, and what a release fixes for good.

Until a release packs are made anew from the sources each time. A release marks them: from then on a form of that version never
changes, its pack stays in the folder for the dossiers that were filed with it, and the codes in it stay what they are
(:mod:`forms.procedures.release`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from importlib.resources.abc import Traversable

from forms.procedures.marked_yaml import Marked
from forms.procedures.pack import Pack, form_pack, load_form, procedure_pack
from forms.procedures.packs import Entry, Packed
from forms.procedures.release import Retired, code_faults, reused
from forms.procedures.sources import FormFile, Home, folders_of, home_of, read_procedure_file, read_yaml
from forms.xlsform import Form
from forms.xlsform.model import Fault
from forms.xlsform.reader import form_of


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


def _sorted(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    return tuple(sorted(dict.fromkeys(entries), key=lambda one: (one.kind, one.id, one.valid_from, one.version, one.sha256)))


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
    """What the new forms change that a release has fixed: a code of any release, or anything at all under a released version."""
    faults: list[Fault] = []
    for entry in fresh.entries:
        if entry.kind == "form":
            form = _form(fresh, entry)
            file = f"{entry.id} {entry.version}"
            faults += reused(form, retired, file)
            past = [one for one in before.entries if one.kind == "form" and one.id == entry.id and one.released]
            for one in past:
                faults += code_faults(_form(before, one), form, retired, file)
            if any(one.version == entry.version and one.sha256 != entry.sha256 for one in past):
                message = f"Bản {entry.version} đã phát hành, nay nội dung khác. Tăng số version ở trang settings."
                faults.append(Fault(file, 0, "version", "version", message))
    return tuple(dict.fromkeys(faults))


def _form(packed: Packed, entry: Entry) -> Form:
    return form_of(load_form(packed.files[entry.file], entry.sha256))
