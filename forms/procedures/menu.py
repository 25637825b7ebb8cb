"""What the services screen is made of: tiles, groups in plain words, and procedures known by name only.

All of it is data beside the procedures: ``services.yaml`` (the six tiles), ``groups.yaml``, ``codes_only.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from forms.procedures.marked_yaml import read_marked


@dataclass(frozen=True, slots=True)
class Group:
    """Procedures that people look for together, in plain words."""

    id: str
    name_vi: str
    icon: str
    colour: str


@dataclass(frozen=True, slots=True)
class Named:
    """A procedure of which only code and name are known: people find it, an official does it."""

    code: str
    name_vi: str
    short_vi: str
    group: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ServiceTile:
    """One procedure to choose. Not ``available``: ``note_vi`` says in a plain sentence who helps, and how."""

    code: str
    title_vi: str
    for_whom_vi: str
    how_long_vi: str
    icon: str
    colour: str
    available: bool
    note_vi: str = ""


@dataclass(frozen=True, slots=True)
class Menu:
    """The screen's tiles in order, its groups, procedures known by name, the sentence that sends people to the counter, and what
    a tile says in place of how long it takes when the kiosk only writes the declaration."""

    tiles: tuple[str, ...]
    groups: tuple[Group, ...]
    named: tuple[Named, ...]
    counter_vi: str
    prepared_vi: str

    def named_tile(self, named: Named) -> ServiceTile:
        """A procedure known by name as something to choose: it looks like its group."""
        group = next(group for group in self.groups if group.id == named.group)
        texts = (named.short_vi, group.name_vi, "Cán bộ hẹn ngày trả", group.icon, group.colour)
        return ServiceTile(named.code, *texts, available=False, note_vi=self.counter_vi)


def read_menu(catalogue: Traversable) -> Menu:
    """The menu of a catalogue's folder.

    Raises:
        FormError: a file is not YAML.
    """
    services = _data(catalogue, "services.yaml")
    return Menu(
        tuple(services["services"]),
        tuple(Group(**row) for row in _data(catalogue, "groups.yaml")["groups"]),
        tuple(Named(**{**row, "words": tuple(row["words"])}) for row in _data(catalogue, "codes_only.yaml")["procedures"]),
        services["at_the_counter_vi"],
        services["only_prepared_vi"],
    )


def _data(catalogue: Traversable, name: str) -> Any:
    return read_marked(catalogue.joinpath(name).read_text("utf-8"), name).data
