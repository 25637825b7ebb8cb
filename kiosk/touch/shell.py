"""The frame around the screens: shows what the kiosk model says, guards the touches, keeps memory small and the watchdog fed.

One finger at a time: while one is down, others are ignored. A screen is built when the model shows it and dropped when it
leaves; the garbage collector is off and runs by hand a few frames after each change, never while a finger is down (UI_FACTS
§4.1: automatic collection makes screens stall for up to a second). ``beat`` is called about once a second from the UI thread,
so a frozen screen stops it. Overlays (time-out, help, languages) lie above the screen and swallow its touches.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from kivy.clock import Clock
from kivy.uix.widget import Widget

from kiosk.language import Words
from kiosk.touch import theme
from kiosk.touch.controls import Tappable, guard
from kiosk.touch.keyboard import Key
from kiosk.touch.layout import Part, every
from kiosk.touch.screen import Screen
from kiosk.touch.sheet import Sheet
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.flow import Kiosk

log = logging.getLogger(__name__)

SLOW_S = 0.2
"""A gap between two beats of the UI thread longer than this is logged with the screen's id."""

SETTLE_FRAMES = 3
"""Frames between a change of screen and the collection of the old one."""


class Speaker(Protocol):
    """Reads sentences aloud."""

    @property
    def available(self) -> bool: ...

    def say(self, sentences: Iterable[str], language: str) -> None: ...

    def hush(self) -> None: ...


class KivyScheduler:
    """``kiosk.services.Scheduler`` over Kivy's clock."""

    def now(self) -> float:
        return time.monotonic()

    def call_soon(self, act: Callable[[], None]) -> None:
        Clock.schedule_once(lambda _dt: act(), 0)

    def call_later(self, seconds: float, act: Callable[[], None]) -> Any:
        return Clock.schedule_once(lambda _dt: act(), seconds)


class Shell(Widget):
    """Root of the window. ``screens`` says which screen shows which view model class, ``overlays`` likewise."""

    canvas: Any

    def __init__(
        self,
        kiosk: Kiosk,
        screens: Mapping[type[ViewModel], type[Screen]],
        overlays: Mapping[type[ViewModel], Callable[[Shell, Any], Part]],
        *,
        speaker: Speaker | None = None,
        beat: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(size_hint=(None, None))
        self.sheet = Sheet(self.canvas)
        self.kiosk = kiosk
        self.screens, self.overlays = screens, overlays
        self.speaker, self.beat = speaker, beat
        self.screen: Screen | None = None
        self.overlay: Part | None = None
        self._shown: tuple[Any, Any] = (None, None)
        self._finger: Any = None
        self._after_finger: list[Callable[[], None]] = []
        self._focus: Tappable | None = None
        self._collect_in = 0
        self._last_beat = time.monotonic()
        self._overlay_watch: Any = None
        self._watch = kiosk.watch(self.sync)
        Clock.schedule_interval(self._pulse, 1.0)
        Clock.schedule_interval(self._tidy, 0.05)

    def add_widget(self, *args: Any, **kwargs: Any) -> None:
        """A child draws into the kept picture, not onto the window."""
        shown, self.canvas = self.canvas, self.sheet.fbo
        super().add_widget(*args, **kwargs)
        self.canvas = shown
        self.sheet.whole()

    def remove_widget(self, *args: Any, **kwargs: Any) -> None:
        shown, self.canvas = self.canvas, self.sheet.fbo
        super().remove_widget(*args, **kwargs)
        self.canvas = shown
        self.sheet.whole()

    def changed(self, part: Widget, margin: float = 0.0) -> None:
        """A part answers a finger: show its place at once (``margin`` real pixels around it for shadow and ring)."""
        left, bottom = part.to_window(part.x, part.y)
        self.sheet.narrow((left - margin, bottom - margin, left + part.width + margin, bottom + part.height + margin))

    @property
    def t(self) -> Words:
        return self.kiosk.t

    @property
    def can_speak(self) -> bool:
        return self.speaker is not None and self.speaker.available

    # --- showing ---------------------------------------------------------------------------------------------------------

    def resize(self, width: float, height: float) -> None:
        """The window has (real pixels); everything is built anew for it."""
        self.size = (width, height)
        self.sheet.resize(width, height)
        theme.look.width, theme.look.height = width, height
        self._shown = (None, None)
        self.sync()

    def sync(self) -> None:
        """Bring the glass in line with the kiosk model."""
        theme.look.text = theme.LARGE if self.kiosk.large else 1.0
        wanted = (self.kiosk.screen, (self.kiosk.language, theme.look.text))
        if wanted != self._shown:
            same = self._shown[0] is self.kiosk.screen
            self._shown = wanted
            self._swap(same)
        self._sync_overlay()

    def _swap(self, same_model: bool) -> None:
        self._after_finger.clear()
        if self.screen is not None:
            self.screen.left()
            self.remove_widget(self.screen)
        if not same_model and self.speaker is not None:
            self.speaker.hush()
        self._focus = None
        made = self.screens[type(self.kiosk.screen)](self, self.kiosk.screen)
        self.screen = made
        self.add_widget(made, index=len(self.children))
        made.size = (self.width, self.height)
        made.add_widget(made.build())
        made.place(0, 0, self.width, self.height)
        self._collect_in = SETTLE_FRAMES

    def _sync_overlay(self) -> None:
        model = self.kiosk.overlay
        if self.overlay is not None:
            self.remove_widget(self.overlay)
            self.overlay = None
        if self._overlay_watch is not None:
            self._overlay_watch.cancel()
            self._overlay_watch = None
        if model is not None:
            self.overlay = self.overlays[type(model)](self, model)
            self.add_widget(self.overlay)
            self.overlay.place(0, 0, self.width, self.height)
            again = getattr(self.overlay, "refresh", self._sync_overlay)
            self._overlay_watch = model.watch(again)

    # --- touches and keys --------------------------------------------------------------------------------------------------

    def on_touch_down(self, touch: Any) -> bool:
        if self._finger is not None and self._finger is not touch:
            return True
        self._finger = touch
        self.kiosk.touched()
        super().on_touch_down(touch)
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if self._finger is touch:
            self._finger = None
        taken = bool(super().on_touch_up(touch))
        # Kivy hands the end of a touch to what it grabbed after this call: what waited for the finger waits until then.
        Clock.schedule_once(lambda _dt: self._catch_up(), -1)
        return taken

    def without_finger(self, act: Callable[[], None]) -> None:
        """Run ``act`` now, or when the finger that lies on a button is up: what it touches must not be thrown away under it.

        A finger on a key does not hold anything up, or Delete could not repeat.
        """
        if self._finger is None or any(isinstance(grabbed(), Key) for grabbed in self._finger.grab_list):
            act()
        elif act not in self._after_finger:
            self._after_finger.append(act)

    def _catch_up(self) -> None:
        waiting, self._after_finger = self._after_finger, []
        for act in waiting:
            act()

    def typed(self, text: str) -> None:
        """A character from a real keyboard."""
        self.kiosk.touched()
        if self.overlay is None and self.screen is not None:
            self.screen.typed(text)

    def pressed_key(self, name: str, *, backwards: bool = False) -> None:
        """A named key from a real keyboard: Tab walks the controls, Enter presses the focused one, others go to the screen."""
        self.kiosk.touched()
        if name == "tab":
            self.walk(-1 if backwards else 1)
        elif name == "enter" and self._focus is not None and self._focus.parent is not None:
            self._focus.tap()
        elif self.overlay is None and self.screen is not None:
            self.screen.pressed_key(name)

    def tappables(self) -> list[Tappable]:
        """What can be tapped now, in reading order: of the overlay if there is one, else of the screen."""
        root = self.overlay or self.screen
        if root is None:
            return []
        found = [part for part in every(root) if isinstance(part, Tappable) and part.interactive and part.opacity > 0]
        return [part for part in found if part.enabled]

    def walk(self, step: int) -> None:
        """Move the focus ring to the next control."""
        found = self.tappables()
        if not found:
            return
        at = found.index(self._focus) + step if self._focus in found else (0 if step > 0 else -1)
        if self._focus is not None:
            self._focus.focused = False
            self._focus.paint()
        self._focus = found[at % len(found)]
        self._focus.focused = True
        self._focus.paint()

    def listen(self) -> None:
        """Read the present screen aloud, or stop."""
        if self.speaker is not None:
            spoken = getattr(self.kiosk.screen, "spoken", tuple)
            self.speaker.say(spoken(), self.kiosk.language)

    # --- housekeeping --------------------------------------------------------------------------------------------------------

    def _pulse(self, _dt: float) -> None:
        now = time.monotonic()
        if now - self._last_beat > 1.0 + SLOW_S:
            log.warning(
                "the screen stood still for %.2f s on %s", now - self._last_beat - 1.0, self.screen.id if self.screen else "-"
            )
        self._last_beat = now
        if self.beat is not None:
            self.beat()

    def _tidy(self, _dt: float) -> None:
        if self._collect_in and self._finger is None:
            self._collect_in -= 1
            if not self._collect_in:
                gc.collect()

    def close(self) -> None:
        self._watch.cancel()
        Clock.unschedule(self._pulse)
        Clock.unschedule(self._tidy)
        if self.screen is not None:
            self.screen.left()
        if self.speaker is not None:
            self.speaker.hush()
        guard.forget()
        self.clear_widgets()
