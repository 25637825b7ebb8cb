"""Choosing what to do: tiles by page, search by name, and what comes up when a service cannot start.

A service that the kiosk cannot do leads to a person, in a plain sentence. Before a filing starts the kiosk asks whether it may
(``can_file``); a refusal is shown with its cure and nothing is lost, because nothing has begun.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forms.menu import ServiceTile
from forms.text import fold
from kiosk.services import Refused
from kiosk.viewmodels.flow import Kiosk, Page
from kiosk.viewmodels.typing import Typing

PAGE: Final = 6


class ServiceList(Page):
    """At most six tiles a page. ``filing`` is the one a citizen stepped back from: choosing its service again goes on with it."""

    where_vi = "Chọn việc cần làm"

    def __init__(self, kiosk: Kiosk, filing: object | None = None) -> None:
        super().__init__(kiosk)
        self.all: Sequence[ServiceTile] = self.services.tiles()
        self.line = self.services.line()
        self.page = 0
        self.filing = filing
        self._watch = self.services.on_change(self._look)

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
        start(self.kiosk, code, self.filing)

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
        t = self.kiosk.t
        return (
            t("services.title", "Bà con cần làm giấy tờ gì?"),
            *(f"{tile.title_vi}. {tile.for_whom_vi}." for tile in self.tiles),
        )

    def close(self) -> None:
        super().close()
        self._watch.cancel()
        self.filing = None


class ServiceSearch(Page):
    """Services by name, without accents. Nothing found leads to a person."""

    where_vi = "Tìm giấy tờ cần làm"
    MOST: Final = 3

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__(kiosk)
        self.all = self.services.tiles()
        self.typing = Typing(kind="text", limit=40)
        self.typing.watch(self.notify)

    @property
    def found(self) -> Sequence[ServiceTile]:
        """Services one of whose words begins with what is written; the first few."""
        wanted = fold(self.typing.text)
        matching = [tile for tile in self.all if not wanted or f" {wanted}" in f" {fold(tile.title_vi)} {fold(tile.for_whom_vi)}"]
        return matching[: self.MOST]

    def choose(self, code: str) -> None:
        start(self.kiosk, code, None)

    def back(self) -> None:
        self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        return (self.kiosk.t("search.title", "Viết tên giấy tờ cần làm"),)

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
    """Something cannot go on: the sentence, the cure, and the ways that stay open. ``retry`` tries again, if there is a way."""

    def __init__(self, kiosk: Kiosk, refused: Refused, where_vi: str, retry: object | None = None) -> None:
        super().__init__(kiosk)
        self.refused = refused
        self.where_vi = where_vi
        self._retry = retry

    @property
    def can_retry(self) -> bool:
        return self._retry is not None

    def retry(self) -> None:
        if callable(self._retry):
            self._retry()

    def back(self) -> None:
        self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        return (self.refused.message_vi, self.refused.cure_vi)

    def close(self) -> None:
        super().close()
        self._retry = None


def start(kiosk: Kiosk, code: str, filing: object | None) -> None:
    """Begin a service, go on with ``filing`` if it is the same, or say why not."""
    from kiosk.viewmodels.card import CardChoice
    from kiosk.viewmodels.filing import Filing

    tile = next(tile for tile in kiosk.services.tiles() if tile.code == code)
    if not tile.available:
        kiosk.show(AtCounter(kiosk, tile))
        return
    try:
        kiosk.services.can_file()
    except Refused as refused:
        kiosk.show(Stopped(kiosk, refused, f"Không bắt đầu được: {tile.title_vi}", lambda: start(kiosk, code, filing)))
        return
    if not isinstance(filing, Filing) or filing.procedure.code != code:
        filing = Filing(kiosk.services, code)
    kiosk.show(CardChoice(kiosk, filing))
