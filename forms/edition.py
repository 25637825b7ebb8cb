"""One version of a procedure as data, and where versions come from: the folders people write, or the packs made of them.

A folder ``<code>/procedure.yaml`` is the first version, ``<code>/<first day>/procedure.yaml`` a later one. A version without a form
of its own takes the folder's, or the shared one that ``form`` names (``_general``, ``_ct01``), with the keys of ``shared.yaml``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from importlib.resources.abc import Traversable

from forms.checker.source import home_of, read_procedure_file, read_yaml
from forms.marked_yaml import Marked
from forms.overrides import Override
from forms.packing import Packed, editions, folders_of
from forms.procedure import Procedure, procedure_of
from forms.xlsform import Fault, Form, FormError


@dataclass(frozen=True, slots=True)
class Edition:
    """One version: what ``procedure.yaml`` says (with its shared part) and the form it is asked with."""

    source: Marked
    form: Form
    current: bool = True
    """False: no longer to be filed, kept for the dossiers that were filed with it."""

    @property
    def code(self) -> str:
        return str(self.source.data.get("code"))

    @property
    def first_day(self) -> date | None:
        valid = self.source.data.get("valid")
        first = valid.get("from") if isinstance(valid, dict) else None
        return first if isinstance(first, date) else None

    def procedure(self, overrides: Sequence[Override] = ()) -> Procedure:
        """The procedure, with these decisions on top.

        Raises:
            FormError: with every fault found.
        """
        data = self.source.data
        for override in overrides:
            data = override.apply(data)
        return procedure_of(replace(self.source, data=data), self.form)


def packed_editions(packed: Packed) -> Iterator[Edition]:
    """Every version of a set of packs, earlier releases among them.

    Raises:
        PackError: a pack is damaged.
        FormError: the program no longer accepts a form.
    """
    for entry, source, form in editions(packed):
        yield Edition(source, form, entry.current)


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
    called = folder.name if folder is base else f"{base.name}/{folder.name}"
    source = read_yaml(folder.joinpath("procedure.yaml"), f"{called}/procedure.yaml")
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
