"""One version of a procedure as data: what its file says, and the form it is asked with."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from forms.procedures.marked_yaml import Marked
from forms.procedures.overrides import Override
from forms.procedures.packs import Packed, editions
from forms.procedures.procedure import Procedure, procedure_of
from forms.xlsform import Form


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
