"""Finds the files of external choice lists: the procedure's own in its ``media`` folder, then those all procedures share."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable

from forms.xlsform.reader import Lists


def lists_beside(folder: Traversable) -> Lists:
    """External lists for a form that lies in ``folder``."""
    shared = resources.files("forms").joinpath("catalog", "_lists")

    def read(name: str) -> bytes:
        for place in (folder.joinpath("media"), shared):
            if place.joinpath(name).is_file():
                return place.joinpath(name).read_bytes()
        raise KeyError(name)

    return read
