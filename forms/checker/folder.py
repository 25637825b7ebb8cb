"""Everything that is wrong with a folder of the catalogue, or with a form that stands alone.

A form shared by many is judged once, in its own folder; a procedure that uses it is judged for what it adds.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from importlib.resources.abc import Traversable

from forms.checker import check_form, check_procedure
from forms.checker.draft import Draft
from forms.checker.world import Search
from forms.procedures.marked_yaml import Marked
from forms.procedures.sources import FormFile, called, home_of, read_form_file, read_procedure_file, read_yaml
from forms.xlsform.model import Fault, FormError


def check_file(file: Traversable, folder: Traversable) -> tuple[Fault, ...]:
    """Everything wrong with a form that stands alone."""
    try:
        found = read_form_file(file, folder, file.name)
    except FormError as error:
        return error.faults
    return check_form(_draft(found))


def check_folder(folder: Traversable, base: Traversable, catalogue: Traversable) -> tuple[Fault, ...]:
    """Everything wrong with a folder; ``base`` is the procedure's folder when this one is a later law's."""
    return tuple(dict.fromkeys(_check(folder, base, catalogue)))


def _check(folder: Traversable, base: Traversable, catalogue: Traversable) -> Iterator[Fault]:
    name = "shared.yaml" if folder.joinpath("shared.yaml").is_file() else "procedure.yaml"
    source: Marked | None = None
    try:
        source = read_yaml(folder.joinpath(name), f"{called(folder, base)}/{name}")
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
