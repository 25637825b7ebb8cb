"""One citizen's wait for her card: which keys to try, on which laying of a card, and what she was last told.

Made by :meth:`CardReader.watch <devices.idcard.reader.CardReader.watch>`. A card that failed is left alone until something is
different: it is laid again, or the reader it lies on is let go by another program. Other keys are another watch.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence

from devices.errors import DeviceError
from devices.idcard.facts import Key
from devices.idcard.pcsc import Slot
from devices.idcard.stream import NO_READER, CardState, failed, waiting

Soon = Callable[[Callable[[], None]], None]


class Watch:
    """``cancel`` may be called from any thread at any time, also from the callback; the rest is the reader's."""

    def __init__(
        self,
        keys: Sequence[Key],
        on_state: Callable[[CardState], None],
        soon: Soon,
        cancelled: Callable[[Watch], None],
        *,
        face: bool,
    ) -> None:
        self.keys = tuple(keys)
        self.face = face
        self.gone = False
        self._on_state = on_state
        self._soon = soon
        self._cancelled = cancelled
        self._telling = threading.RLock()
        self._last: CardState | None = None
        self._tried: set[tuple[str, int]] = set()
        self._kept_out: set[Slot] = set()

    def cancel(self) -> None:
        """Nothing more is told, and the card is let go of before its next command."""
        self.end()
        self._cancelled(self)

    def end(self) -> None:
        """Nobody waits any more: what is known of the citizen and of her page is let go of, whoever still holds this."""
        self.gone = True
        self.keys = ()
        self._on_state = _to_nobody
        self._last = None

    def tell(self, state: CardState) -> None:
        """Hand ``state`` over unless it is what was told last."""
        with self._telling:
            if self.gone or state == self._last:
                return
            self._last = state
            self._soon(lambda: None if self.gone else self._on_state(state))

    def tell_failed(self, error: DeviceError) -> None:
        """An attempt ended so, unless the watchdog has told already why it does not come back."""
        with self._telling:
            if self._last is None or self._last.phase != "failed":
                self.tell(failed(error))

    def tell_idle(self, card: bool) -> None:
        """No card to try: ask for it, unless what went wrong with the last one still stands."""
        if card and not self.keys:
            self.tell(waiting("key_missing"))
        elif self._last is None or self._last.code in (*NO_READER, "key_missing"):
            self.tell(waiting("card_absent"))

    def next(self, slots: Sequence[Slot]) -> Slot | None:
        """The first card not tried yet; it counts as tried from now on."""
        self._kept_out.intersection_update(slots)
        for slot in slots if self.keys else ():
            if slot.card and slot.laying not in self._tried and slot not in self._kept_out:
                self._tried.add(slot.laying)
                return slot
        return None

    @property
    def kept_out(self) -> bool:
        """Another program holds a card that is wanted."""
        return bool(self._kept_out)

    def leave(self, slot: Slot) -> None:
        """Another program holds the card: it is tried again when the reader says anything new about itself."""
        self._tried.discard(slot.laying)
        self._kept_out = {slot}

    def forget(self) -> None:
        """Try every card again, on a new line to the daemon, which counts anew."""
        self._tried.clear()
        self._kept_out.clear()


def _to_nobody(state: CardState) -> None:
    """Where the states of a watch go that has ended."""
