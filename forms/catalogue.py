"""The catalogue: which procedures there are, and which version of one counts on a day.

A procedure may have several versions, one for each law; a dossier follows the version in force, and the province's decisions, on
the day it is received (:meth:`Catalogue.on`), and keeps the questions it answered for life (:meth:`Catalogue.form_version`). There
is no «current» version without a day: nothing here knows a clock. Sources are folders ``<code>/procedure.yaml`` with later versions
in ``<code>/<first day>/``; a version without a form of its own takes the folder's, or the shared one that ``form`` names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Final

from forms.marked_yaml import Marked, read_marked
from forms.overrides import Override, read_overrides
from forms.procedure import Procedure, procedure_of
from forms.search import Searchable, ranked
from forms.xlsform import Fault, Form, FormError, read_form

CAO_BANG: Final = "04"
"""The province whose decisions the packaged catalogue applies."""


@dataclass(frozen=True, slots=True)
class Edition:
    """One version of a procedure as data: what ``procedure.yaml`` says (with its shared part) and the form it is asked with."""

    source: Marked
    form: Form

    @property
    def code(self) -> str:
        return str(self.source.data.get("code"))

    def procedure(self, overrides: Sequence[Override] = ()) -> Procedure:
        """The procedure, with these decisions on top.

        Raises:
            FormError: with every fault found.
        """
        data = self.source.data
        for override in overrides:
            data = override.apply(data)
        return procedure_of(replace(self.source, data=data), self.form)


@dataclass(frozen=True, slots=True)
class Named:
    """A procedure of which only code and name are known: people find it, an official does it."""

    code: str
    name_vi: str
    short_vi: str
    group: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Procedures that people look for together, in plain words."""

    id: str
    name_vi: str
    icon: str
    colour: str


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
    """How the services screen is made up: its tiles in order, the groups, and the sentence that sends people to the counter."""

    tiles: tuple[str, ...]
    groups: tuple[Group, ...]
    counter_vi: str


class Catalogue:
    """Every version of every procedure; cannot be changed."""

    def __init__(
        self, editions: Iterable[Edition], menu: Menu, named: Iterable[Named] = (), overrides: Sequence[Override] = ()
    ) -> None:
        self._editions: dict[str, list[Edition]] = {}
        self._versions: dict[str, tuple[Procedure, ...]] = {}
        self._made: dict[tuple[str, int, tuple[int, ...]], Procedure] = {}
        self._menu = menu
        self._named = {one.code: one for one in named}
        self._overrides = tuple(overrides)
        for edition in editions:
            self._editions.setdefault(edition.code, []).append(edition)
        for code, found in self._editions.items():
            found.sort(key=lambda edition: _first_day(edition) or date.min)
            self._versions[code] = tuple(edition.procedure() for edition in found)
        _refuse_overlaps(self._editions, self._versions)

    @property
    def editions(self) -> Sequence[Edition]:
        """The data of every version, by code and first day: what packs are made of."""
        return tuple(edition for code in self.codes() for edition in self._editions[code])

    def codes(self) -> tuple[str, ...]:
        """Codes of the procedures known in detail."""
        return tuple(sorted(self._editions))

    def versions(self, code: str) -> tuple[Procedure, ...]:
        """Every version of a procedure by its first day, as published (without the province's decisions); empty when unknown."""
        return self._versions.get(code, ())

    def on(self, code: str, day: date) -> Procedure | None:
        """The version in force for a dossier received on that day, with the decisions of that day; ``None``: not to be filed."""
        for place, procedure in enumerate(self.versions(code)):
            if procedure.in_force(day):
                return self._decided(code, place, day)
        return None

    def form_version(self, code: str, version: str, day: date | None = None) -> Procedure | None:
        """The procedure of a dossier filed with that form version, for life; ``None`` when this catalogue never had it.

        Several laws may share one form: ``day`` (of receipt) tells them apart, else the latest counts.
        """
        places = [place for place, procedure in enumerate(self.versions(code)) if procedure.form_version == version]
        if not places:
            return None
        if day is None:
            return self._versions[code][places[-1]]
        lawful = [place for place in places if self._versions[code][place].in_force(day)]
        return self._decided(code, (lawful or places)[-1], day)

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
        changed = Catalogue(self.editions, self._menu, self._named.values(), every)
        for code, editions in changed._editions.items():
            for edition in editions:
                edition.procedure([one for one in every if not one.codes or code in one.codes])
        return changed

    def _decided(self, code: str, place: int, day: date) -> Procedure:
        applied = tuple(number for number, override in enumerate(self._overrides) if override.applies(code, day))
        if not applied:
            return self._versions[code][place]
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
        """Every procedure of a group; those that can be filed here come first."""
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
            return self._named_tile(self._named[code])
        shown = self.shown(code, day)
        here = shown.routing.filed_here
        available = here and shown.in_force(day) and shown.question_types <= set(supported)
        note = "" if available else (not here and shown.routing.note_vi) or self._menu.counter_vi
        texts = (shown.short_vi, shown.for_whom_vi, shown.how_long_vi, shown.icon, shown.colour)
        return ServiceTile(code, *texts, available, note)

    def _named_tile(self, named: Named) -> ServiceTile:
        group = next(group for group in self._menu.groups if group.id == named.group)
        title = named.short_vi
        return ServiceTile(
            named.code, title, group.name_vi, "Cán bộ hẹn ngày trả", group.icon, group.colour, False, self._menu.counter_vi
        )

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


def _first_day(edition: Edition) -> date | None:
    valid = edition.source.data.get("valid")
    first = valid.get("from") if isinstance(valid, Mapping) else None
    return first if isinstance(first, date) else None


def _refuse_overlaps(editions: Mapping[str, Sequence[Edition]], versions: Mapping[str, Sequence[Procedure]]) -> None:
    faults = []
    for code, found in versions.items():
        for before, after, edition in zip(found, found[1:], editions[code][1:], strict=False):
            if before.valid_to is None or after.valid_from is None or before.valid_to >= after.valid_from:
                message = "Hai bản của thủ tục cùng có hiệu lực một ngày. Ghi valid.to của bản trước là ngày liền trước bản này."
                faults.append(Fault(edition.source.file, edition.source.line(("valid", "from")), "valid.from", "overlap", message))
    if faults:
        raise FormError(faults)


# --- sources -------------------------------------------------------------------------------------------------------------


def load_catalogue() -> Catalogue:
    """The packaged catalogue with the decisions of Cao Bằng; read once.

    Raises:
        FormError: a file of the catalogue is wrong (a build that passes its tests never raises this).
    """
    return _packaged()


@cache
def _packaged() -> Catalogue:
    return from_sources()


def from_sources(folder: Traversable | None = None, province: str = CAO_BANG) -> Catalogue:
    """The catalogue of a folder, by default the packaged one, with the decisions of one province.

    Raises:
        FormError: with every fault of every procedure.
    """
    folder = folder or resources.files("forms").joinpath("catalog")
    faults: list[Fault] = []
    shared = _Shared(folder)
    editions: list[Edition] = []
    for entry in sorted((entry for entry in folder.iterdir() if entry.is_dir()), key=_name):
        if entry.joinpath("procedure.yaml").is_file():
            editions += _editions(entry, shared, faults)
    for edition in editions:
        faults += _unsound(edition)
    if faults:
        raise FormError(list(dict.fromkeys(faults)))
    decisions = [one for one in read_overrides(_text(folder, "overrides.yaml")) if one.province in ("", province)]
    return Catalogue(editions, _menu(folder), _named(folder), decisions)


def read_edition(folder: Traversable, catalogue: Traversable | None = None) -> Edition:
    """One procedure's folder, also outside the catalogue (work in progress), with the shared forms of the catalogue.

    Raises:
        FormError: with every fault found so far.
    """
    shared = _Shared(catalogue or resources.files("forms").joinpath("catalog"))
    return _edition(folder, folder, shared)


def _name(entry: Traversable) -> str:
    return entry.name


def _unsound(edition: Edition) -> Sequence[Fault]:
    try:
        edition.procedure()
    except FormError as error:
        return error.faults
    return ()


class _Shared:
    """Forms and keys that several procedures share: the folders ``_general`` and ``_ct01``, each read once."""

    def __init__(self, folder: Traversable) -> None:
        self.folder = folder
        self._read: dict[str, tuple[Mapping[str, object], Form]] = {}

    def named(self, name: str, asker: Marked) -> tuple[Mapping[str, object], Form]:
        if name not in self._read:
            folder = self.folder.joinpath(f"_{name}")
            if not folder.joinpath("shared.yaml").is_file():
                message = f"Không có biểu mẫu dùng chung «{name}». Viết own (biểu mẫu riêng), general (đơn đề nghị) hoặc ct01."
                raise FormError([Fault(asker.file, asker.line(("form",)), "form", "reference", message)])
            data = read_marked(_text(folder, "shared.yaml"), f"{folder.name}/shared.yaml").data
            self._read[name] = data, _form(folder, self.folder)
        return self._read[name]


def _editions(folder: Traversable, shared: _Shared, faults: list[Fault]) -> Iterator[Edition]:
    """The base version and those of the dated sub-folders."""
    later = [entry for entry in folder.iterdir() if entry.is_dir() and entry.joinpath("procedure.yaml").is_file()]
    for entry in (folder, *sorted(later, key=_name)):
        try:
            edition = _edition(entry, folder, shared)
        except FormError as error:
            faults += error.faults
            continue
        source = edition.source
        if edition.code != folder.name:
            faults.append(Fault(source.file, source.line(("code",)), "code", "code", f"code phải là «{folder.name}», tên thư mục."))
        if entry is not folder and str(_first_day(edition)) != entry.name:
            message = f"valid.from phải là «{entry.name}», tên thư mục."
            faults.append(Fault(source.file, source.line(("valid", "from")), "valid.from", "date", message))
        yield edition


def _edition(folder: Traversable, base: Traversable, shared: _Shared) -> Edition:
    file = f"{folder.name}/procedure.yaml" if folder is base else f"{base.name}/{folder.name}/procedure.yaml"
    source = read_marked(_text(folder, "procedure.yaml"), file)
    kind = str(source.data.get("form", "own"))
    if kind == "own":
        return Edition(source, _form(folder if _form_file(folder) else base, shared.folder))
    common, form = shared.named(kind, source)
    return Edition(replace(source, data={**common, **source.data}), form)


def _form(folder: Traversable, catalogue: Traversable) -> Form:
    """A folder's form, CSV or workbook; its lists stand in its ``media`` folder or in the shared ``_lists``."""

    def lists(name: str) -> bytes:
        for place in (folder.joinpath("media"), catalogue.joinpath("_lists")):
            if place.joinpath(name).is_file():
                return place.joinpath(name).read_bytes()
        raise KeyError(name)

    name = _form_file(folder)
    if not name:
        raise FormError([Fault(f"{folder.name}/form.csv", 0, "", "file", "Thiếu biểu mẫu: cần form.csv hoặc form.xlsx.")])
    return read_form(folder.joinpath(name).read_bytes(), f"{folder.name}/{name}", lists)


def _form_file(folder: Traversable) -> str:
    return next((name for name in ("form.csv", "form.xlsx") if folder.joinpath(name).is_file()), "")


def _text(folder: Traversable, name: str) -> str:
    try:
        return folder.joinpath(name).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        raise FormError([Fault(f"{folder.name}/{name}", 0, "", "file", "Không đọc được tệp (cần có, mã UTF-8).")]) from None


def _menu(folder: Traversable) -> Menu:
    services = read_marked(_text(folder, "services.yaml"), "services.yaml").data
    groups = read_marked(_text(folder, "groups.yaml"), "groups.yaml").data["groups"]
    return Menu(
        tuple(services["services"]),
        tuple(Group(row["id"], row["name_vi"], row["icon"], row["colour"]) for row in groups),
        services["at_the_counter_vi"],
    )


def _named(folder: Traversable) -> Iterator[Named]:
    for row in read_marked(_text(folder, "codes_only.yaml"), "codes_only.yaml").data["procedures"]:
        yield Named(row["code"], row["name_vi"], row["short_vi"], row["group"], tuple(row["words"]))
