"""The way through the kiosk: one object that knows which screen is shown, in which language, and when to forget everything.

``Kiosk`` shows one view model at a time and at most one overlay above it (timeout, help, languages). Whoever walks away is
warned after 60 s without a touch (120 s in large text), and 30 s later all that the session held is closed and dropped. Staff
get in by ``open_staff`` from the attract screen; what comes then is theirs (``kiosk.viewmodels.official``), they call
:meth:`Kiosk.show` for each of their screens and :meth:`Kiosk.end` to give the machine back.

A view model shown here may define: ``timed`` – whether the walk-away clock runs (not defined: no, it keeps time itself);
``spoken()`` – sentences to read aloud, without private answers;
``touched()`` – called at each touch, key, card or code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from kiosk.language import LANGUAGES, Words
from kiosk.services import Cancel, Scheduler, Services
from kiosk.viewmodels.base import ViewModel

IDLE_S: Final = 60.0
"""Seconds without a touch before the warning; doubled in large text."""
WARN_S: Final = 30.0
"""How long the warning stays."""
HELP_S: Final = 20.0
"""How long «an official is coming» stays by itself."""


class Page(ViewModel):
    """A citizen's screen. Subclasses take the kiosk first and reach services, clock and words through it.

    ``timed``: whether the walk-away clock runs here."""

    timed = True
    where_vi = ""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()
        self.kiosk = kiosk

    def where(self) -> str:
        """Where the citizen is, a line in Vietnamese for the official who is called."""
        return self.where_vi

    @property
    def services(self) -> Services:
        return self.kiosk.services

    @property
    def scheduler(self) -> Scheduler:
        return self.kiosk.scheduler

    def back(self) -> None:
        """One step back; the base goes to the start."""
        self.kiosk.end()

    def spoken(self) -> Sequence[str]:
        return ()


class Timeout(ViewModel):
    """«Are you still here?» with ``left`` whole seconds, counted down."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()
        self.kiosk = kiosk
        self._ends = kiosk.scheduler.now() + kiosk.warn_s
        self._tick: Cancel | None = None
        self._wait()

    @property
    def left(self) -> int:
        return max(0, round(self._ends - self.kiosk.scheduler.now()))

    @property
    def share(self) -> float:
        return self.left / self.kiosk.warn_s

    def _wait(self) -> None:
        self._tick = self.kiosk.scheduler.call_later(1.0, self._count)

    def _count(self) -> None:
        if self.kiosk.scheduler.now() >= self._ends - 0.05:
            self.kiosk.end()
            return
        self._wait()
        self.notify()

    def close(self) -> None:
        super().close()
        if self._tick is not None:
            self._tick.cancel()

    def stay(self) -> None:
        self.kiosk.close_overlay()

    def leave(self) -> None:
        self.kiosk.end()


class HelpCalled(ViewModel):
    """«An official is coming»: closes by a tap or by itself."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()
        self.kiosk = kiosk
        self._timer = kiosk.scheduler.call_later(HELP_S, self.done)

    def done(self) -> None:
        if self.kiosk.overlay is self:
            self.kiosk.close_overlay()

    def close(self) -> None:
        super().close()
        self._timer.cancel()


class LanguageChoice(ViewModel):
    """The languages, each in its own name; the screen below keeps its answers."""

    def __init__(self, kiosk: Kiosk) -> None:
        super().__init__()
        self.kiosk = kiosk
        self.languages = LANGUAGES

    def choose(self, code: str) -> None:
        self.kiosk.set_language(code)
        self.kiosk.close_overlay()

    def done(self) -> None:
        self.kiosk.close_overlay()


class Kiosk(ViewModel):
    """What the glass shows now. ``attract`` makes the first screen's view model, ``staff`` the sign-in's."""

    def __init__(
        self,
        services: Services,
        scheduler: Scheduler,
        attract: Callable[[Kiosk], ViewModel],
        staff: Callable[[Kiosk], ViewModel] | None = None,
        *,
        idle_s: float = IDLE_S,
        warn_s: float = WARN_S,
    ) -> None:
        super().__init__()
        self.services = services
        self.scheduler = scheduler
        self._attract, self._staff = attract, staff
        self.idle_s, self.warn_s = idle_s, warn_s
        self.language = "vi"
        self.t = Words("vi")
        self.large = False
        self.overlay: ViewModel | None = None
        self.wiped = 0
        """How many sessions were forgotten: rises with each wipe."""
        self._idle: Cancel | None = None
        self.screen: ViewModel = attract(self)

    # --- what is shown -------------------------------------------------------------------------------------------------

    def show(self, screen: ViewModel) -> None:
        """Put another screen on the glass; the one before is closed and dropped."""
        before, self.screen = self.screen, screen
        if before is not screen:
            before.close()
        self._close_overlay()
        self._rearm()
        self.notify()

    def open_overlay(self, overlay: ViewModel) -> None:
        self._close_overlay()
        self.overlay = overlay
        self.notify()

    def close_overlay(self) -> None:
        self._close_overlay()
        self.touched()
        self.notify()

    def _close_overlay(self) -> None:
        if self.overlay is not None:
            self.overlay.close()
            self.overlay = None

    # --- tools of the head ---------------------------------------------------------------------------------------------

    def toggle_large(self) -> None:
        self.large = not self.large
        self.touched()
        self.notify()

    def ask_language(self) -> None:
        self.open_overlay(LanguageChoice(self))

    def set_language(self, code: str) -> None:
        self.language = code
        self.t = Words(code)
        self.notify()

    @property
    def language_name(self) -> str:
        return next(language.name for language in LANGUAGES if language.code == self.language)

    def call_help(self) -> None:
        """Call an official to this machine, saying where the citizen is stuck and in which language."""
        where = (self.screen.where() if isinstance(self.screen, Page) else "") or "Màn hình đầu"
        if self.language != "vi":
            where = f"{where} · {self.language_name}"
        self.services.call_help(where)
        self.open_overlay(HelpCalled(self))

    def open_staff(self) -> None:
        if self._staff is not None:
            self.show(self._staff(self))

    # --- walking away --------------------------------------------------------------------------------------------------

    def touched(self) -> None:
        """A finger, a key, a card or a code: somebody is here. Starts the clock of the present screen anew."""
        told = getattr(self.screen, "touched", None)
        if told is not None:
            told()
        self._rearm()

    def _rearm(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        limit = self.idle_limit
        if limit is not None and not isinstance(self.overlay, Timeout):
            self._idle = self.scheduler.call_later(limit, self._nobody)

    @property
    def idle_limit(self) -> float | None:
        if not getattr(self.screen, "timed", False):
            return None
        return self.idle_s * 2 if self.large else self.idle_s

    def _nobody(self) -> None:
        self._idle = None
        if self.idle_limit is not None:
            self.open_overlay(Timeout(self))

    def end(self) -> None:
        """Forget the person: close every view model, language and letter size back to the start, attract screen."""
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self._close_overlay()
        self.screen.close()
        self.language, self.t, self.large = "vi", Words("vi"), False
        self.wiped += 1
        self.screen = self._attract(self)
        self.notify()

    def close(self) -> None:
        super().close()
        if self._idle is not None:
            self._idle.cancel()
        self._close_overlay()
        self.screen.close()
