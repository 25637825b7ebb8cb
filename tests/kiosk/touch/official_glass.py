"""A staff screen on a real, invisible window, touched by a finger: what the tests of officials' and technicians' screens share.

Real shell, real screens, real view models; behind them the services twin. Kivy's own clock only moves the scroll view's short
delays, so waiting is a bounded loop over frames.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kiosk.touch.stage import Stage
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.flow import Kiosk
from kiosk.viewmodels.official import SignIn
from kiosk.viewmodels.official_flow import open_staff
from tests.kiosk.services_twin import FakeScheduler, ServicesTwin

LANDSCAPE = (1280, 800)
PORTRAIT = (800, 1280)
PINS = {"official": "246810", "technician": "135790"}


class Outside(ViewModel):
    """Stands for the citizens' first screen."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()


class OfficialGlass:
    """``size`` real pixels; ``role`` signs in at once, ``None`` stops at the PIN pad."""

    def __init__(
        self, stage: Stage, size: tuple[int, int], role: str | None, prepare: Callable[[ServicesTwin], None] | None
    ) -> None:
        from kiosk.touch.controls import guard
        from kiosk.touch.layout import Part
        from kiosk.touch.screen import Screen
        from kiosk.touch.screens import official, technician
        from kiosk.touch.shell import Shell

        class OutsideScreen(Screen):
            id = "attract"

            def build(self) -> Part:
                return Part()

        self.stage = stage
        self.clock = FakeScheduler()
        self.services = ServicesTwin(self.clock)
        if prepare is not None:
            prepare(self.services)
        self.kiosk = Kiosk(self.services, self.clock, Outside, open_staff)
        self._ticks = 0.0
        guard.now = self._tick
        guard.forget()
        stage.clear()
        self.shell = Shell(self.kiosk, {Outside: OutsideScreen, **official.SCREENS, **technician.SCREENS}, {})
        stage.shell = self.shell
        stage.window.add_widget(self.shell)
        self.shell.resize(*size)
        self.kiosk.open_staff()
        self.frames()
        if role is not None:
            self.sign_in(PINS[role])

    def _tick(self) -> float:
        """Half a minute passes between any two taps, as far as the tap guard can tell."""
        self._ticks += 30.0
        return self._ticks

    def sign_in(self, pin: str) -> None:
        pad = self.kiosk.screen
        assert isinstance(pad, SignIn)
        for digit in pin:
            pad.press(digit)
        pad.submit()
        self.frames()

    @property
    def screen(self) -> Any:
        return self.shell.screen

    @property
    def id(self) -> str:
        assert self.shell.screen is not None
        return self.shell.screen.id

    def frames(self, count: int = 3) -> None:
        self.stage.frames(count)

    def wait(self, what: str, done: Callable[[], bool]) -> None:
        """Draw frames until ``done``, at most about three seconds."""
        from time import monotonic

        end = monotonic() + 3.0
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
        part = parts[0]
        self.press(*part.to_window(*part.center))

    def shown_keys(self) -> set[str]:
        from kiosk.touch.widgets import Tappable, every

        return {part.key for part in every(self.shell) if isinstance(part, Tappable) and part.key}

    def picture(self, path: Path) -> None:
        self.stage.picture(path)
