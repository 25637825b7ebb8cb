"""What waits for an official because the province did not take it as it was sent (SYNC design 1.10), without a line of Kivy.

One matter is in hand at a time: its sentence, the two values if there are two, and what can be done. Mending a text opens the
keyboard with what was sent; nothing is written before «Gửi lại». After an act the list is read again, so a matter that another
counter has settled meanwhile is simply gone.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from kiosk.services import Cancel, Refused, Review, Services
from kiosk.viewmodels.base import ViewModel
from kiosk.viewmodels.typing import Typing


class Reviews(ViewModel):
    """The open matters, oldest first, and the one in hand. ``close`` it when the screen is left."""

    def __init__(self, services: Services) -> None:
        super().__init__()
        self._services = services
        self.items: Sequence[Review] = ()
        self.at = 0
        self.typing: Typing | None = None
        """The text being mended; ``None`` while nothing is."""
        self.refusal: Refused | None = None
        self._watch: Cancel = services.on_change(self.refresh)
        self._load()

    @property
    def current(self) -> Review | None:
        """The matter in hand."""
        return self.items[self.at] if self.items else None

    def refresh(self) -> None:
        """Read the list again; the matter in hand stays in hand while it is open."""
        self._load()
        self.notify()

    def turn(self, step: int) -> None:
        """Another matter."""
        self.drop_mending()
        self.at = max(0, min(self.at + step, len(self.items) - 1))
        self.notify()

    def keep(self) -> None:
        """Leave it as it stands (giữ như hiện nay)."""
        found = self.current
        if found is not None:
            self._act(lambda: self._services.settle(found.seq))

    def mend(self) -> None:
        """Sửa và gửi lại: a text opens the keyboard first, anything else goes again as it was."""
        found = self.current
        if found is None or found.mend == "no":
            return
        if found.mend == "again":
            self._act(lambda: self._services.resend(found.seq, None))
            return
        self.typing = Typing(found.lost_vi)
        self.typing.watch(self.notify)
        self.notify()

    def send(self) -> None:
        """Send the mended text."""
        found, typing = self.current, self.typing
        if found is not None and typing is not None and typing.value:
            text = typing.value
            self._act(lambda: self._services.resend(found.seq, text))

    def drop_mending(self) -> None:
        """Put the keyboard away; nothing was written."""
        if self.typing is not None:
            self.typing.close()
            self.typing = None
            self.notify()

    def close_refusal(self) -> None:
        self.refusal = None
        self.notify()

    def close(self) -> None:
        super().close()
        self._watch.cancel()
        self.drop_mending()
        self.items = ()

    def _act(self, act: Callable[[], None]) -> None:
        try:
            act()
        except Refused as refused:
            self.refusal = refused
        else:
            self.drop_mending()
        self._load()
        self.notify()

    def _load(self) -> None:
        before = self.current.seq if self.current is not None else -1
        try:
            self.items = tuple(self._services.reviews())
        except Refused:
            # Nobody is signed in any more: the screen is about to leave.
            self.items = ()
        found = [at for at, one in enumerate(self.items) if one.seq == before]
        self.at = found[0] if found else max(0, min(self.at, len(self.items) - 1))
        if not found:
            self.drop_mending()
