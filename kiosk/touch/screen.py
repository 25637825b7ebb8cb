"""What every screen is: a tree of parts made from one view model, built on entry and dropped on exit.

To add a screen: subclass :class:`Screen`, give it an ``id`` (stable; the demo and the manual use it), return the whole tree from
:meth:`build`, and name it for its view model's class in the ``SCREENS`` dict (``{Model: ScreenClass}``) of your module; the app
collects those. The screen is rebuilt whenever its model says it changed, unless it overrides :meth:`refresh` to touch only that.
"""

from __future__ import annotations

from abc import ABCMeta, abstractmethod
from typing import TYPE_CHECKING, Any

from kivy.graphics import Color, Rectangle
from kivy.uix.widget import WidgetMetaclass

from kiosk.touch import theme
from kiosk.touch.head import citizen_head
from kiosk.touch.layout import Col, Part

if TYPE_CHECKING:
    from kiosk.touch.controls import Act
    from kiosk.touch.shell import Shell


class _Kind(ABCMeta, WidgetMetaclass):
    """A widget class whose parts to fill in are named as abstract."""


class Screen(Part, metaclass=_Kind):
    """One full screen. ``self.model`` is its view model, ``self.shell`` the app around it, ``self.t`` the words of the language."""

    id = ""
    ground: theme.Colour = theme.PAPER

    def __init__(self, shell: Shell, model: Any) -> None:
        super().__init__()
        self.shell = shell
        self.model = model
        self.watch = model.watch(self._changed) if hasattr(model, "watch") else None
        self.entered()

    @property
    def t(self) -> Any:
        return self.shell.t

    def entered(self) -> None:
        """Before the first build: start what the screen needs."""

    @abstractmethod
    def build(self) -> Part:
        """The whole tree, made from the model as it is now."""

    def rebuild(self) -> None:
        """Throw the tree away, build it anew, place it."""
        self.clear_widgets()
        self.add_widget(self.build())
        self.arrange()
        self.shell.sheet.whole()

    def arrange(self) -> None:
        self.canvas.before.clear()
        with self.canvas.before:
            Color(*self.ground)
            Rectangle(pos=self.pos, size=self.size)
        super().arrange()

    def _changed(self) -> None:
        self.shell.without_finger(self.refresh)

    def refresh(self) -> None:
        """The model changed."""
        self.rebuild()

    def left(self) -> None:
        """The screen leaves the glass: stop listening. Called once."""
        if self.watch is not None:
            self.watch.cancel()

    def typed(self, text: str) -> None:
        """A printable character came from a real keyboard."""

    def pressed_key(self, name: str) -> bool:
        """A named key came from a real keyboard (``backspace``, ``enter``, ``escape``). True if it was used."""
        return False


class CitizenScreen(Screen):
    """A screen with the citizen's head on top: subclasses give ``head`` facts and ``body``."""

    def head(self) -> tuple[str, str, Act | None]:
        """(title, second line, way back)."""
        return "", "", None

    @abstractmethod
    def body(self) -> Part:
        """What is under the head."""

    def build(self) -> Part:
        name, sub, back = self.head()
        body = self.body()
        body.flex = 1
        return Col(citizen_head(self.shell, name, sub, back=back), body)
