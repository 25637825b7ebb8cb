"""Choosing what to do: tiles by page, all procedures by group or by words, and what comes up when a service cannot start.

A service that the kiosk cannot do leads to a person, in a plain sentence. Before a filing starts the kiosk asks whether it may
(``can_file``); a refusal is shown with its cure and nothing is lost, because nothing has begun.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from forms.procedures.menu import Group, ServiceTile
from kiosk.services import Refused
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import Typing

PAGE: Final = 6


class ServiceList(Page):
    """At most six tiles a page. ``filing`` is the one a citizen stepped back from: choosing its service again goes on with it."""

    where_vi = "Chọn việc cần làm"

    def __init__(self, kiosk: Kiosk, filing: object | None = None) -> None:
        super().__init__(kiosk)
        self.all = self._tiles()
        self.line = self.services.line()
        self.page = 0
        self.filing = filing
        self._watch = self.services.on_change(self._look)

    def _tiles(self) -> Sequence[ServiceTile]:
        return self.services.tiles()

    @property
    def title(self) -> str:
        return self.kiosk.t("services.title", "Bà con cần làm giấy tờ gì?")

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.all) // PAGE))

    @property
    def tiles(self) -> Sequence[ServiceTile]:
        return self.all[self.page * PAGE : (self.page + 1) * PAGE]

    def turn(self, step: int) -> None:
        self.page = min(max(0, self.page + step), self.pages - 1)
        self.notify()

    def choose(self, code: str) -> None:
        start(self.kiosk, next(tile for tile in self.all if tile.code == code), self.filing)

    def search(self) -> None:
        self.kiosk.show(ServiceSearch(self.kiosk))

    def look_up(self) -> None:
        from kiosk.viewmodels.find import Find

        self.kiosk.show(Find(self.kiosk))

    def _look(self) -> None:
        line = self.services.line()
        if line != self.line:
            self.line = line
            self.notify()

    def spoken(self) -> Sequence[str]:
        return (self.title, *(f"{tile.title_vi}. {tile.for_whom_vi}." for tile in self.tiles))

    def close(self) -> None:
        super().close()
        self._watch.cancel()
        self.filing = None


class ServiceGroup(ServiceList):
    """The procedures of one group."""

    def __init__(self, kiosk: Kiosk, group: Group) -> None:
        self.group = group
        super().__init__(kiosk)
        self.where_vi = f"Chọn việc cần làm: {group.name_vi}"

    def _tiles(self) -> Sequence[ServiceTile]:
        return self.services.in_group(self.group.id)

    @property
    def title(self) -> str:
        return self.group.name_vi

    def back(self) -> None:
        self.search()


class ServiceSearch(Page):
    """All procedures: by group, or by people's words once something is written. Nothing found leads to a person."""

    where_vi = "Tìm giấy tờ cần làm"
    MOST: Final = 3

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__(kiosk)
        self.groups = self.services.groups()
        self.found: Sequence[ServiceTile] = ()
        """What the words find, best first."""
        self.page = 0
        self.writing = False
        """Whether the keyboard is up; before that the groups are shown."""
        self.typing = Typing(kind="text", limit=40)
        self.typing.watch(self._written)

    def _written(self) -> None:
        self.found, self.page = self.services.search(self.typing.value), 0
        self.notify()

    @property
    def pages(self) -> int:
        return max(1, -(-len(self.found) // self.MOST))

    @property
    def visible(self) -> Sequence[ServiceTile]:
        return self.found[self.page * self.MOST : (self.page + 1) * self.MOST]

    def turn(self, step: int) -> None:
        self.page = min(max(0, self.page + step), self.pages - 1)
        self.notify()

    def write(self) -> None:
        """Bring the keyboard up."""
        self.writing = True
        self.notify()

    def choose(self, code: str) -> None:
        start(self.kiosk, next(tile for tile in self.found if tile.code == code), None)

    def open_group(self, group: Group) -> None:
        self.kiosk.show(ServiceGroup(self.kiosk, group))

    def back(self) -> None:
        """From writing back to the groups, from there to the tiles."""
        if self.writing:
            self.writing = False
            self.typing.clear()
        else:
            self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        if self.writing:
            return (t("search.title", "Viết tên giấy tờ cần làm"), *(tile.title_vi for tile in self.visible))
        return (t("search.groups", "Bà con cần việc gì?"), *(group.name_vi for group in self.groups))

    def close(self) -> None:
        super().close()
        self.typing.close()


class AtCounter(Page):
    """A service that an official does together with the citizen."""

    where_vi = "Việc làm tại quầy"

    def __init__(self, kiosk: Kiosk, tile: ServiceTile) -> None:
        super().__init__(kiosk)
        self.tile = tile
        self.where_vi = f"Cần làm: {tile.title_vi}"

    def back(self) -> None:
        self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        return (self.tile.title_vi, self.tile.note_vi)


class Stopped(Page):
    """Something cannot go on: the sentence, the cure, and the ways that stay open. ``retry`` tries again, if there is one; ``back``
    leads to the services unless there is something nearer."""

    def __init__(
        self,
        kiosk: Kiosk,
        refused: Refused,
        where_vi: str,
        retry: Callable[[], None] | None = None,
        back: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(kiosk)
        self.refused = refused
        self.where_vi = where_vi
        self._retry = retry
        self._back = back

    @property
    def can_retry(self) -> bool:
        return self._retry is not None

    def retry(self) -> None:
        if self._retry is not None:
            self._retry()

    def back(self) -> None:
        if self._back is not None:
            self._back()
        else:
            self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        return (self.refused.message_vi, self.refused.cure_vi)

    def close(self) -> None:
        super().close()
        self._retry = self._back = None


def start(kiosk: Kiosk, tile: ServiceTile, filing: object | None) -> None:
    """Begin a service, go on with ``filing`` if it is the same, or say why not."""
    from kiosk.viewmodels.card import CardChoice
    from kiosk.viewmodels.filing import Filing

    if not tile.available:
        kiosk.show(AtCounter(kiosk, tile))
        return
    try:
        if not kiosk.services.procedure(tile.code).only_prepared:
            kiosk.services.can_file()
    except Refused as refused:
        kiosk.show(Stopped(kiosk, refused, f"Không bắt đầu được: {tile.title_vi}", lambda: start(kiosk, tile, filing)))
        return
    if not isinstance(filing, Filing) or filing.procedure.code != tile.code:
        filing = Filing(kiosk.services, tile.code)
    kiosk.show(CardChoice(kiosk, filing))
