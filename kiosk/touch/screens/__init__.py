"""All screens of the kiosk, by the view model each one shows.

Every module here has ``SCREENS``, a dict from view model class to screen class. ``official`` also has ``open_staff(kiosk)``,
which returns the sign-in's view model (a ``ViewModel``); the attract screen's emblem calls it through ``Kiosk.open_staff``.
Staff screens go on with ``kiosk.show(view_model)`` and give the machine back with ``kiosk.end()``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kiosk.touch.screen import Screen
    from kiosk.viewmodels.base import ViewModel


def all_screens() -> dict[type[ViewModel], type[Screen]]:
    """Citizens', officials' and technicians' screens together."""
    from kiosk.touch.screens import attract, card, check, find, official, question, services, slip, technician

    return {
        **attract.SCREENS,
        **services.SCREENS,
        **card.SCREENS,
        **question.SCREENS,
        **check.SCREENS,
        **slip.SCREENS,
        **find.SCREENS,
        **official.SCREENS,
        **technician.SCREENS,
    }
