"""The catalogue: which procedures there are, and which version counts on a day.

A procedure may have several versions, one for each law; a dossier follows the version in force, and the province's decisions, on
the day it is received (:meth:`Catalogue.on`), and keeps the questions it answered for life (:meth:`Catalogue.form_version`). There
is no «current» version without a day: nothing here knows a clock. It is loaded from packs; :mod:`forms.procedures.sources` makes
one of the files people write.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from forms.deadlines.calendar import VIETNAM
from forms.dossier import Fields
from forms.dossier.reading import parsed
from forms.procedures.edition import Edition, packed_editions
from forms.procedures.menu import Group, Menu, ServiceTile, read_menu
from forms.procedures.overrides import Override, read_overrides
from forms.procedures.packs import Packed, read_packs
from forms.procedures.procedure import Procedure
from forms.procedures.search import Searchable, ranked
from forms.xlsform import Fault, FormError

CAO_BANG: Final = "04"
"""The province whose decisions the packaged catalogue applies."""


class Catalogue:
    """Every version of every procedure; cannot be changed."""

    def __init__(self, editions: Iterable[Edition], menu: Menu, overrides: Sequence[Override] = ()) -> None:
        self._editions: dict[str, list[Edition]] = {}
        self._published: dict[str, tuple[Procedure, ...]] = {}
        self._versions: dict[str, tuple[Procedure, ...]] = {}
        self._made: dict[tuple[str, int, tuple[int, ...]], Procedure] = {}
        self._menu = menu
        self._named = {one.code: one for one in menu.named}
        self._overrides = tuple(overrides)
        for edition in editions:
            self._editions.setdefault(edition.code, []).append(edition)
        for code, found in self._editions.items():
            found.sort(key=lambda edition: (edition.current, edition.first_day or date.min))
            self._published[code] = tuple(edition.procedure() for edition in found)
            self._versions[code] = tuple(self._published[code][place] for place, one in enumerate(found) if one.current)
            _refuse_overlaps([edition for edition in found if edition.current], self._versions[code])

    def codes(self) -> tuple[str, ...]:
        """Codes of the procedures known in detail."""
        return tuple(code for code in sorted(self._editions) if self._versions[code])

    def versions(self, code: str) -> tuple[Procedure, ...]:
        """Every version of a procedure by its first day, as published (without the province's decisions); empty when unknown."""
        return self._versions.get(code, ())

    def on(self, code: str, day: date) -> Procedure | None:
        """The version in force for a dossier received on that day, with the decisions of that day; ``None``: not to be filed."""
        for place, edition in enumerate(self._editions.get(code, ())):
            if edition.current and self._published[code][place].in_force(day):
                return self._decided(code, place, day)
        return None

    def form_version(self, code: str, version: str, day: date | None = None) -> Procedure | None:
        """The procedure of a dossier filed with that form version, for life; ``None`` when this catalogue never had it.

        Several laws may share one form: ``day`` (of receipt) tells them apart, else the latest counts.
        """
        published = self._published.get(code, ())
        places = [place for place, procedure in enumerate(published) if procedure.form_version == version]
        if not places:
            return None
        if day is None:
            return published[places[-1]]
        lawful = [place for place in places if published[place].in_force(day)]
        return self._decided(code, (lawful or places)[-1], day)

    def filed(self, fields: Fields) -> Procedure | None:
        """The procedure of a dossier from its folded fields: the questions it answered, by the law of the day it was filed."""
        filed = parsed(fields.get("filed_at"))
        day = None if filed is None else filed.astimezone(VIETNAM).date()
        return self.form_version(str(fields.get("procedure")), str(fields.get("form")), day)

    def shown(self, code: str, day: date) -> Procedure:
        """The version to show people on a day: the one in force, else the latest known.

        Raises:
            KeyError: not known in detail.
        """
        return self.on(code, day) or self._versions[code][-1]

    def title(self, code: str) -> str:
        """What people call a procedure, known in detail or by name only; '' for a code nobody knows."""
        if versions := self.versions(code):
            return versions[-1].short_vi
        return self._named[code].short_vi if code in self._named else ""

    def official_name(self, code: str) -> str:
        """The published name of a procedure; '' for a code nobody knows."""
        if versions := self.versions(code):
            return versions[-1].name_vi
        return self._named[code].name_vi if code in self._named else ""

    def with_overrides(self, overrides: Sequence[Override]) -> Catalogue:
        """This catalogue with more decisions (a machine's own file), which win over those it has.

        Raises:
            FormError: a decision makes a procedure unsound.
        """
        every = (*self._overrides, *overrides)
        editions = [edition for found in self._editions.values() for edition in found]
        for edition in editions:
            edition.procedure([one for one in every if not one.codes or edition.code in one.codes])
        return Catalogue(editions, self._menu, every)

    def _decided(self, code: str, place: int, day: date) -> Procedure:
        applied = tuple(number for number, override in enumerate(self._overrides) if override.applies(code, day))
        if not applied:
            return self._published[code][place]
        key = code, place, applied
        if key not in self._made:
            self._made[key] = self._editions[code][place].procedure([self._overrides[number] for number in applied])
        return self._made[key]

    # --- choosing ------------------------------------------------------------------------------------------------------

    def services(self, day: date, supported: Collection[str]) -> tuple[ServiceTile, ...]:
        """The tiles of the services screen. ``supported``: types of questions the screen can ask, ``repeat`` among them or not."""
        return tuple(self.tile(code, day, supported) for code in self._menu.tiles)

    def groups(self) -> tuple[Group, ...]:
        """Plain-word groups in the order of the screen."""
        return self._menu.groups

    def in_group(self, group: str, day: date, supported: Collection[str]) -> tuple[ServiceTile, ...]:
        """Every procedure of a group; those that begin at the kiosk come first."""
        tiles = [self.tile(code, day, supported) for code in self._everything() if self._group_of(code) == group]
        return tuple(sorted(tiles, key=lambda tile: not tile.available))

    def search(self, words: str, day: date, supported: Collection[str]) -> tuple[ServiceTile, ...]:
        """Procedures found by people's words, by official name or by code, best first; nothing written finds nothing."""
        return tuple(self.tile(code, day, supported) for code in ranked(words, self._searchable()))

    def tile(self, code: str, day: date, supported: Collection[str]) -> ServiceTile:
        """A procedure as something to choose.

        Raises:
            KeyError: a code nobody knows.
        """
        if not self.versions(code):
            return self._menu.named_tile(self._named[code])
        shown = self.shown(code, day)
        here = shown.routing.filed_here
        begins = here or shown.only_prepared
        available = begins and shown.in_force(day) and shown.question_types <= set(supported)
        note = "" if available else (not here and shown.routing.note_vi) or self._menu.counter_vi
        how_long = self._menu.prepared_vi if shown.only_prepared else shown.how_long_vi
        texts = (shown.short_vi, shown.for_whom_vi, how_long, shown.icon, shown.colour)
        return ServiceTile(code, *texts, available, note)

    def _everything(self) -> Iterator[str]:
        """Codes, those people come for most often first."""
        yield from self._menu.tiles
        yield from (code for code in self.codes() if code not in self._menu.tiles)
        yield from (code for code in self._named if code not in self._editions)

    def _group_of(self, code: str) -> str:
        versions = self.versions(code)
        return versions[-1].group if versions else self._named[code].group

    def _searchable(self) -> Iterator[Searchable]:
        for code in self._everything():
            if versions := self.versions(code):
                one = versions[-1]
                yield Searchable(code, (one.short_vi, *one.words), one.for_whom_vi, one.name_vi)
            else:
                named = self._named[code]
                yield Searchable(code, (named.short_vi, *named.words), "", named.name_vi)


def _refuse_overlaps(editions: Sequence[Edition], versions: Sequence[Procedure]) -> None:
    for before, after, edition in zip(versions, versions[1:], editions[1:], strict=False):
        if before.valid_to is None or after.valid_from is None or before.valid_to >= after.valid_from:
            message = "Hai bản của thủ tục cùng có hiệu lực một ngày. Ghi valid.to của bản trước là ngày liền trước bản này."
            raise FormError([Fault(edition.source.file, edition.source.line(("valid", "from")), "valid.from", "overlap", message)])


# --- loading -----------------------------------------------------------------------------------------------------------


def load_catalogue() -> Catalogue:
    """The packaged catalogue with the decisions of Cao Bằng, from its packs. Read once.

    Raises:
        PackError: a pack is damaged.
        FormError: a file of the catalogue is wrong (a build that passes its tests never raises this).
    """
    return _packaged()


@cache
def _packaged() -> Catalogue:
    return from_packs(read_packs(resources.files("forms").joinpath("packs")))


def from_packs(packed: Packed, province: str = CAO_BANG) -> Catalogue:
    """The catalogue of a set of packs, with the menu and the decisions packaged beside them.

    Raises:
        PackError: a pack is damaged.
        FormError: the program no longer accepts a form.
    """
    return assembled(packed_editions(packed), _catalog(), province)


def _catalog() -> Traversable:
    return resources.files("forms").joinpath("catalog")


def assembled(editions: Iterable[Edition], folder: Traversable, province: str) -> Catalogue:
    """A catalogue of these versions, with the menu and the decisions that lie in ``folder``.

    Raises:
        FormError: a file of them is wrong.
    """
    decisions = read_overrides(folder.joinpath("overrides.yaml").read_text("utf-8"))
    return Catalogue(editions, read_menu(folder), [one for one in decisions if one.province in ("", province)])
