"""The card reader's thread: waits for a card to be laid down, reads it, and reports on the UI thread.

One thread owns the reader. A reading can be cancelled at any moment (the person walked away); what it would have said is
then dropped. The reader is opened anew for each reading, so a reader that was unplugged and plugged in again just works.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from devices.errors import DeviceError
from devices.idcard import CardPerson, CardReader, MrzKey, ReaderState, open_card_reader
from devices.worker import DeviceWorker
from kiosk.card_judge import CardJudge
from kiosk.device_facts import reader_fact, reader_unasked
from kiosk.services import DeviceFact, Refused

POLL_SECONDS = 0.25
"""How often the reader is asked whether a card lies on it."""


@dataclass
class _Reading:
    """A reading under way; ``cancel`` may be called from the UI thread at any time."""

    gone: threading.Event = field(default_factory=threading.Event)

    def cancel(self) -> None:
        self.gone.set()


class CardDesk:
    """``url`` as in the configuration; ``soon`` runs a callback on the UI thread; ``judge`` says what a chip's data is worth."""

    def __init__(
        self, url: str, soon: Callable[[Callable[[], None]], None], changed: Callable[[], None], judge: CardJudge | None = None
    ) -> None:
        self._url = url
        self._soon = soon
        self._changed = changed
        self._judge = judge
        self._worker = DeviceWorker("card")
        self._fact = reader_fact(None) if url == "none:" else reader_unasked()
        self._today = 0

    @property
    def fact(self) -> DeviceFact:
        """Last known state of the reader."""
        return self._fact

    def stop(self) -> None:
        self._worker.stop()

    def look(self, done: Callable[[], None] = lambda: None) -> None:
        """Ask the reader how it is; ``done`` is called on the UI thread."""

        def ask() -> ReaderState | None:
            return None if self._url == "none:" else open_card_reader(self._url).state()

        def answered(state: ReaderState | None) -> None:
            self._note(reader_fact(state, self._today))
            self._soon(done)

        def failed(error: BaseException) -> None:
            if not isinstance(error, DeviceError):
                raise error
            self._note(reader_fact(error))
            self._soon(done)

        self._worker.submit(ask, answered, failed)

    def read(
        self,
        keys: Sequence[MrzKey],
        on_progress: Callable[[float, str], None],
        on_person: Callable[[CardPerson], None],
        on_refused: Callable[[Refused], None],
    ) -> _Reading:
        """Wait for a card and read it with the first of ``keys`` that opens it."""
        reading = _Reading()

        def tell(act: Callable[[], None]) -> None:
            self._soon(lambda: None if reading.gone.is_set() else act())

        def progress(share: float, text: str) -> None:
            tell(lambda: on_progress(share, text))

        def act() -> CardPerson | None:
            reader = open_card_reader(self._url, judge=self._judge)
            if not self._wait_for_card(reader, reading):
                return None
            progress(0.05, "Đang đọc thẻ. Bà con giữ yên thẻ.")
            return reader.read(keys, progress=progress).person

        def answered(person: CardPerson | None) -> None:
            if person is not None:
                self._today += 1
                self._note(reader_fact(ReaderState(present=True, card=True, name=""), self._today))
                tell(lambda: on_person(person))

        def failed(error: BaseException) -> None:
            if not isinstance(error, DeviceError):
                raise error
            refused = Refused(error.code, error.message_vi, error.cure_vi)
            if error.code in ("reader_absent", "pcscd_absent"):
                self._note(reader_fact(error))
            tell(lambda: on_refused(refused))

        self._worker.submit(act, answered, failed)
        return reading

    def _wait_for_card(self, reader: CardReader, reading: _Reading) -> bool:
        while not reading.gone.is_set():
            if reader.state().card:
                return True
            time.sleep(POLL_SECONDS)
        return False

    def _note(self, fact: DeviceFact) -> None:
        if fact != self._fact:
            self._fact = fact
            self._soon(self._changed)
