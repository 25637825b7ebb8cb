"""All screens of the kiosk, by the view model each one shows.

Every module here has ``SCREENS``, a dict from view model class to screen class. ``official`` also has ``open_staff(kiosk)``,
which returns the sign-in's view model (a ``ViewModel``); the attract screen's emblem calls it through ``Kiosk.open_staff``.
Staff screens go on with ``kiosk.show(view_model)`` and give the machine back with ``kiosk.end()``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.touch.screen import Screen
    from kiosk.viewmodels.base import ViewModel

_MODULES = ("attract", "services", "card", "card_typing", "question", "check", "slip", "find", "official", "technician")
"""In the order a citizen meets them: what comes first is loaded first."""


class Screens(Mapping["type[ViewModel]", "type[Screen]"]):
    """Screen classes by view model; a module is loaded when a screen of it is first wanted, or by :meth:`load_next`."""

    def __init__(self) -> None:
        self._known: dict[type[ViewModel], type[Screen]] = {}
        self._left = list(_MODULES)

    def load_next(self) -> bool:
        """Load one more module; false when none is left."""
        if self._left:
            self._known.update(import_module(f"kiosk.touch.screens.{self._left.pop(0)}").SCREENS)
        return bool(self._left)

    def __getitem__(self, model: type[ViewModel]) -> type[Screen]:
        while model not in self._known and self._left:
            self.load_next()
        return self._known[model]

    def __iter__(self) -> Iterator[type[ViewModel]]:
        while self.load_next():
            continue
        return iter(self._known)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def all_screens() -> Screens:
    """Citizens', officials' and technicians' screens together."""
    return Screens()
