"""The card reader behind the glass: what is known of a card becomes keys, and the stream of states reaches the UI thread.

The reader has a thread of its own and is held for as long as the kiosk runs; it tells by itself when it is unplugged and plugged in
again. A reading can be cancelled at any moment (the person walked away); what it would have said is then dropped.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.idcard import Can, CardState, Key, card_error, key_candidates, open_card_reader
from devices.worker import DeviceWorker
from kiosk.card_judge import CardJudge
from kiosk.device_facts import reader_fact, reader_unasked
from kiosk.services import CardHints, DeviceFact, Reading


def card_keys(known: CardHints) -> tuple[Key, ...]:
    """What may open the card, the surest thing alone. Raises ``DeviceError`` for numbers and dates that cannot be."""
    if known.can:
        return (Can(known.can),)
    person = known.person
    if person is None:
        return ()
    if known.mrz_expiry:
        births = key_candidates(person.number, person.birth, expires="không thời hạn")
        return tuple(key._replace(expiry_yymmdd=known.mrz_expiry[:6]) for key in births)
    return key_candidates(person.number, person.birth, person.issued, known.expires)


class CardDesk:
    """``url`` as in the configuration; ``soon`` runs a callback on the UI thread; ``judge`` says what a chip's data is worth."""

    def __init__(self, url: str, soon: Callable[[Callable[[], None]], None], changed: Callable[[], None], judge: CardJudge) -> None:
        self._soon = soon
        self._changed = changed
        self._reader = None if url == "none:" else open_card_reader(url, soon=soon, changed=self._note, judge=judge)
        self._asking = DeviceWorker("card")
        self._today = 0
        self._fact = reader_fact(None) if self._reader is None else reader_unasked()

    @property
    def fact(self) -> DeviceFact:
        """Last known state of the reader."""
        return self._fact

    def stop(self) -> None:
        self._asking.stop()
        if self._reader is not None:
            self._reader.close()

    def look(self, done: Callable[[], None] = lambda: None) -> None:
        """Ask the reader how it is; ``done`` is called on the UI thread."""

        def answered(_: object) -> None:
            self._soon(self._note)
            self._soon(done)

        def defect(error: BaseException) -> None:
            raise error

        self._asking.submit(lambda: self._reader and self._reader.state(), answered, defect)

    def read(self, known: CardHints, on_state: Callable[[CardState], None], *, face: bool = False) -> Reading:
        """Read the card that lies there or is laid next. Raises ``DeviceError``: ``reader_absent`` where there is none."""
        if self._reader is None:
            raise card_error("reader_absent")

        def tell(state: CardState) -> None:
            if state.phase == "done":
                self._today += 1
                self._note()
            on_state(state)

        return self._reader.watch(card_keys(known), tell, face=face)

    def _note(self) -> None:
        if self._reader is None or not self._reader.seen:
            return
        fact = reader_fact(self._reader.seen[0], self._today)
        if fact != self._fact:
            self._fact = fact
            self._changed()
