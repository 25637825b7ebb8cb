"""The kiosk on a real, invisible window with a finger on it: what the tests of officials' and technicians' screens share.

Real shell, real screens, real view models, from the attract screen on; behind them the services twin. Time for view models stands
still until ``clock.advance``; Kivy's own clock only runs the list's short delays, so waiting is a bounded loop of its ticks.
Nothing is drawn: the layout checks and the gallery look at pictures.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Any

from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import SignIn
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin
from tests.kiosk.touch.harness import LANDSCAPE, PORTRAIT, stage

__all__ = ["LANDSCAPE", "PORTRAIT", "OfficialGlass", "stage"]

PINS = {"official": "246810", "technician": "135790"}


class OfficialGlass:
    """``size`` real pixels; ``role`` signs in at once, ``None`` stays at the attract screen; ``prepare`` fills the twin before."""

    def __init__(self, size: tuple[int, int], role: str | None, prepare: Callable[[ServicesTwin], None] | None = None) -> None:
        from kiosk.touch.app import make_kiosk
        from kiosk.touch.controls import guard

        self.clock = FakeScheduler()
        self.services = ServicesTwin(self.clock)
        if prepare is not None:
            prepare(self.services)
        stage()
        self.kiosk: Kiosk = make_kiosk(self.services, self.clock)
        self._ticks = 0.0
        guard.now = self._tick
        guard.forget()
        self.shell = stage().play(self.kiosk, size, frames=0)
        self.frames()
        if role is not None:
            self.sign_in(PINS[role])

    def _tick(self) -> float:
        """Half a minute passes between any two taps, as far as the tap guard can tell."""
        self._ticks += 30.0
        return self._ticks

    def sign_in(self, pin: str) -> None:
        """Through the pad's view model: the pad itself has tests of its own."""
        self.kiosk.open_staff()
        pad = self.kiosk.screen
        assert isinstance(pad, SignIn)
        for digit in pin:
            pad.press(digit)
        pad.submit()
        self.frames()

    @property
    def page(self) -> Any:
        """View model of the page on the glass."""
        return self.kiosk.screen

    @property
    def screen(self) -> Any:
        """The screen on the glass."""
        return self.shell.screen

    @property
    def id(self) -> str:
        """Id of the screen on the glass."""
        assert self.shell.screen is not None
        return self.shell.screen.id

    def frames(self, count: int = 3) -> None:
        """Let Kivy's clock tick, without drawing."""
        from kivy.clock import Clock

        for _ in range(count):
            Clock.tick()
            Clock.tick_draw()

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Tick until ``done``, at most five seconds."""
        end = monotonic() + 5.0
        while not done():
            assert monotonic() < end, f"never happened: {what}"
            self.frames(1)

    def found(self, key: str) -> list[Any]:
        """Touchable parts with this id, topmost first."""
        from kiosk.touch.widgets import Tappable, every

        parts = [part for part in every(self.shell) if isinstance(part, Tappable) and part.key == key and part.interactive]
        return [part for part in reversed(parts) if part.opacity > 0]

    def has(self, key: str) -> bool:
        return bool(self.found(key))

    def shown_keys(self) -> set[str]:
        from kiosk.touch.widgets import Tappable, every

        return {part.key for part in every(self.shell) if isinstance(part, Tappable) and part.key}

    def words(self) -> str:
        """Every word on the glass."""
        from kiosk.touch.widgets import Txt, every

        return "\n".join(part.text for part in every(self.shell) if isinstance(part, Txt) and part.text)

    def press(self, x: float, y: float) -> None:
        """A finger at window pixels, down and up."""
        from kivy.tests.common import UnitTestTouch

        touch = UnitTestTouch(x, y)
        touch.touch_down()
        self.frames(1)
        touch.touch_up()
        self.frames(2)

    def tap(self, key: str) -> None:
        """A finger in the middle of the part with this id."""
        parts = self.found(key)
        assert parts, f"nothing to touch called «{key}» on {self.id}; there is {sorted(self.shown_keys())}"
        self.press(*parts[0].to_window(*parts[0].center))
