"""The first screen and the sentences told before a citizen starts.

The attract screen invites, offers the languages and says how the line and the devices are; a touch anywhere starts in
Vietnamese. If something does not work today it is told first (UI_FACTS S2), never in the middle of a filing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from kiosk.language import LANGUAGES
from kiosk.services import Cancel
from kiosk.viewmodels.flow import Kiosk, Page

CLOCK_S: Final = 5.0


class Attract(Page):
    """Invites. ``day`` and ``hour`` follow the clock."""

    timed = False
    where_vi = "Màn hình chào"

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__(kiosk)
        self.place = self.services.place()
        self.languages = LANGUAGES
        self.day, self.hour = self.services.clock_vi()
        self.line = self.services.line()
        self.troubles: Sequence[str] = self.services.troubles()
        self._watch = self.services.on_change(self._look)
        self._tick: Cancel = self.scheduler.call_later(CLOCK_S, self._count)

    def _count(self) -> None:
        self._tick = self.scheduler.call_later(CLOCK_S, self._count)
        self._look()

    def _look(self) -> None:
        seen = (self.day, self.hour, self.line, tuple(self.troubles))
        self.day, self.hour = self.services.clock_vi()
        self.line, self.troubles = self.services.line(), self.services.troubles()
        if seen != (self.day, self.hour, self.line, tuple(self.troubles)):
            self.notify()

    def start(self, language: str = "vi") -> None:
        """Begin in a language: what does not work today first, then the services."""
        from kiosk.viewmodels.services import ServiceList

        kiosk = self.kiosk
        kiosk.set_language(language)
        troubles = self.services.troubles()
        kiosk.show(BeforeStart(kiosk, troubles) if troubles else ServiceList(kiosk))

    def staff(self) -> None:
        self.kiosk.open_staff()

    def spoken(self) -> Sequence[str]:
        t = self.kiosk.t
        return (t("attract.greeting", "Kính chào bà con."), t("attract.start", "Chạm vào đây để bắt đầu"))

    def close(self) -> None:
        super().close()
        self._watch.cancel()
        self._tick.cancel()


class BeforeStart(Page):
    """What does not work today, and that one can go on all the same."""

    where_vi = "Thông báo trước khi bắt đầu"

    def __init__(self, kiosk: Kiosk, troubles: Sequence[str]) -> None:
        super().__init__(kiosk)
        self.troubles = tuple(troubles)

    def go_on(self) -> None:
        from kiosk.viewmodels.services import ServiceList

        self.kiosk.show(ServiceList(self.kiosk))

    def spoken(self) -> Sequence[str]:
        return self.troubles
