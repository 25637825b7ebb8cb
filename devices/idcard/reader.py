"""The reader: one thread owns PC/SC, follows readers and cards as they come and go, and reads for whoever watches.

The thread waits in one blocking call for all readers and for new ones, and is woken from it by ``SCardCancel``. A daemon that ends
is looked for again every second. A damaged answer gets one fresh start, a lifted card none: laid again it is read by itself. A call
that does not come back is told in time by the :class:`~devices.idcard.watchdog.Watchdog` and left where it is; it returns
when the card is lifted, the other program lets go or the reader is unplugged, and the thread goes on from there. A defect ends the
thread loudly and the watch with ``reading_broke``; the next question starts another.
"""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import unquote

from devices.errors import DeviceError
from devices.idcard.attempt import Attempt
from devices.idcard.errors import card_error
from devices.idcard.facts import CardReading, Key, ReaderState
from devices.idcard.pcsc import Connection, Line, Slot
from devices.idcard.reading import Judge, Order, Progress, without_trust
from devices.idcard.stream import CardState, done, failed, progressing
from devices.idcard.watch import Soon, Watch
from devices.idcard.watchdog import Watchdog

T = TypeVar("T")

RETRY_S = 1.0
"""How often a daemon that is not there is looked for."""
BUSY_S = 0.5
"""How often a card that another program holds is looked at: pcsc-lite tells nobody that it was let go."""
WAIT_S = 10.0
"""pcsc-lite compares the readers with those at the start of the wait: one plugged just before would be missed for ever."""
_WAKE_S = 0.005
_END_S = 2.0


class _Dropped(Exception):
    """Nobody wants this reading any more."""


def _here(act: Callable[[], None]) -> None:
    act()


class CardReader:
    """The readers with ``wanted`` in their name. The thread starts with the first question and ends with :meth:`close`.

    ``soon`` hands callbacks over, e.g. to a UI thread; by default they run on the reader's. ``changed`` is called when a reader or
    card came or went. ``judge`` says on the reader's thread what the data of a chip is worth. ``long``: the reader
    passes answers of more than 256 bytes. ``answer_timeout_s``: how long the chip may think about one command, in seconds.
    """

    def __init__(
        self,
        wanted: str = "",
        *,
        soon: Soon = _here,
        changed: Callable[[], None] = lambda: None,
        judge: Judge = without_trust,
        long: bool = False,
        answer_timeout_s: float = 6.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.apdus = 0
        """Commands sent for the latest watch, also when it failed."""
        self._wanted = wanted
        self._soon = soon
        self._changed = changed
        self._judge = judge
        self._long = long
        self._timeout_s = answer_timeout_s
        self._clock = clock
        self._dog = Watchdog("card-watchdog", self._overdue)
        self._thread: threading.Thread | None = None
        self._closed = False
        self._news = threading.Condition()
        self._waking = threading.Lock()
        # What follows is shared between threads and guarded by _news.
        self._watch: Watch | None = None
        self._states: tuple[ReaderState, ...] = ()
        self._begun = self._shown = 0
        self._busy = self._rung = self._woken = False
        self._stuck = ""
        self._waiting: Line | None = None

    # --- asked from any thread ---------------------------------------------------------------------------------

    def watch(self, keys: Sequence[Key], on_state: Callable[[CardState], None], *, face: bool = False) -> Watch:
        """Read the card that lies there, or the next one that is laid, and say on the way how it stands.

        ``on_state`` gets the stream of :mod:`devices.idcard.stream`, the first state at once. It ends with ``done`` or
        :meth:`Watch.cancel`; another watch ends the one before, and reads the card that lies there with its own keys.
        ``face``: read the portrait too.
        """
        return self._begin(Watch(keys, on_state, self._soon, self._drop, face=face))

    def read(self, keys: Sequence[Key], *, progress: Progress = lambda share, sentence: None, face: bool = False) -> CardReading:
        """Read the card that lies there and wait for it; ``progress(share of 0–1, sentence)`` on the calling thread.

        Raises :class:`DeviceError`: ``key_missing``, ``pcscd_absent``, ``reader_absent``, ``reader_busy``, ``card_absent``,
        ``card_removed``, ``card_mute``, ``not_cccd``, ``chip_unreadable``, ``wrong_key``, ``reading_broke``.
        """
        if not keys:
            raise card_error("key_missing")
        states: queue.SimpleQueue[CardState] = queue.SimpleQueue()
        watch = self._begin(Watch(keys, states.put, _here, self._drop, face=face))
        try:
            while (state := states.get()).phase == "reading":
                progress(state.progress, state.message_vi)
        finally:
            watch.cancel()
        if state.reading is None:
            raise card_error(state.code)
        progress(state.progress, state.message_vi)
        return state.reading

    def states(self) -> tuple[ReaderState, ...]:
        """Every reader as it is now. While a card is read or does not answer: as it was last seen. Never raises."""
        with self._news:
            wanted = self._begun + 1
        self._ring()
        with self._news:
            seen = self._news.wait_for(lambda: self._shown >= wanted or self._busy or self._stuck or self._closed, self._timeout_s)
            return self._states if seen and self._states else (self._none("pcscd_absent"),)

    @property
    def seen(self) -> tuple[ReaderState, ...]:
        """Every reader as it was last seen, without asking; empty before the first look."""
        return self._states

    def state(self) -> ReaderState:
        """The first reader with a card, else the first; ``problem`` when there is none."""
        states = self.states()
        return next((state for state in states if state.card), states[0])

    def close(self) -> None:
        """Let the thread end. Does not wait for a call that is stuck."""
        self._closed = True
        self._ring()
        if self._thread is not None and not self._stuck and threading.current_thread() is not self._thread:
            self._thread.join(_END_S)
        self._dog.close()

    def _begin(self, watch: Watch) -> Watch:
        with self._news:
            before, self._watch = self._watch, watch
            stuck, self.apdus = self._stuck, 0
        if before is not None:
            before.end()
        if stuck:
            watch.tell(failed(card_error(stuck)))
        self._ring()
        return watch

    def _drop(self, watch: Watch) -> None:
        """``watch`` was cancelled: nothing of it is kept, and its card is let go of."""
        self._finish(watch)
        self._ring()

    def _ring(self) -> None:
        """Something is new: the thread looks, at once if it waits."""
        with self._news:
            self._rung = True
            self._news.notify_all()
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="card-reader", daemon=True)
                self._thread.start()
            line = self._waiting
            if line is None or self._woken:
                return
            self._woken = True
            self._dog.begin("pcscd_absent", self._timeout_s)
        threading.Thread(target=self._wake, args=(line,), name="card-wake", daemon=True).start()

    def _wake(self, line: Line) -> None:
        """Again and again, as pcsc-lite forgets a cancellation that comes just before the wait; a hung daemon blocks it."""
        while True:
            with self._waking:
                if self._waiting is not line or not self._rung:
                    return
                line.interrupt()
            time.sleep(_WAKE_S)

    def _overdue(self, code: str) -> None:
        with self._news:
            self._stuck = code
            watch = self._watch
            self._news.notify_all()
        if watch is not None:
            watch.tell(failed(card_error(code)))

    # --- the thread --------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._follow()
        except Exception:
            self._broke()
            # For the log, and for whoever mends it.
            raise

    def _broke(self) -> None:
        with self._news:
            watch, self._watch = self._watch, None
            self._thread, self._busy = None, False
            self._news.notify_all()
        if watch is not None:
            watch.tell(failed(card_error("reading_broke")))

    def _follow(self) -> None:
        while not self._closed:
            self._look()
            try:
                with self._guarded("pcscd_absent", Line) as line:
                    self._serve(line)
            except DeviceError as error:
                self._show((self._none(error.code),))
            with self._news:
                self._news.wait_for(lambda: self._rung or self._closed, RETRY_S)

    def _serve(self, line: Line) -> None:
        """Until the line breaks: raises ``pcscd_absent``."""
        with self._news:
            if self._watch is not None:
                self._watch.forget()
        while not self._closed:
            self._look()
            slots = self._guarded("pcscd_absent", lambda: line.slots(self._wanted))
            with self._news:
                watch = self._watch
                slot = watch.next(slots) if watch is not None and not watch.gone else None
                self._busy = slot is not None
            self._show(tuple(ReaderState(True, one.card, one.name) for one in slots) or (self._none("reader_absent"),))
            if watch is not None and slot is not None:
                self._attend(line, watch, slot)
            else:
                self._wait(line, slots, BUSY_S if watch is not None and watch.kept_out else WAIT_S)

    def _look(self) -> None:
        with self._news:
            self._begun += 1
            self._rung = self._busy = False

    def _show(self, states: tuple[ReaderState, ...]) -> None:
        with self._news:
            new = states != self._states
            self._states, self._shown = states, self._begun
            watch, busy = self._watch, self._busy
            self._news.notify_all()
        if watch is not None and states[0].problem:
            watch.tell(failed(card_error(states[0].problem)))
        elif watch is not None and not busy:
            watch.tell_idle(any(state.card for state in states))
        if new:
            self._soon(self._changed)

    def _none(self, problem: str) -> ReaderState:
        return ReaderState(False, False, self._wanted, problem)

    def _wait(self, line: Line, slots: Sequence[Slot], seconds: float) -> None:
        with self._news:
            if self._rung:
                return
            self._waiting = line
        try:
            line.wait(slots, seconds)
        finally:
            with self._waking, self._news:
                self._waiting, self._woken = None, False
            self._ended()

    def _attend(self, line: Line, watch: Watch, slot: Slot) -> None:
        """Read the card on ``slot`` for ``watch`` and tell what came of it."""
        watch.tell(progressing(0.0, "Đang kết nối với thẻ…"))
        try:
            reading = self._read(line, watch, slot)
        except _Dropped:
            return
        except DeviceError as error:
            watch.tell_failed(error)
            if error.code == "reader_busy":
                watch.leave(slot)
            elif error.code == "key_blocked_soon":
                # Laid again, the card would lose its last try.
                self._finish(watch)
            return
        self._finish(watch)
        watch.tell(done(reading))

    def _finish(self, watch: Watch) -> None:
        with self._news:
            if self._watch is watch:
                self._watch = None

    def _read(self, line: Line, watch: Watch, slot: Slot) -> CardReading:
        """One attempt, and a fresh start when an answer was damaged. A chip is called false only when it fails twice."""

        def dropped() -> bool:
            return watch.gone or self._closed

        def wanted() -> None:
            if dropped():
                raise _Dropped

        def guard(code: str, call: Callable[[], T]) -> T:
            wanted()
            return self._guarded(code, call)

        def pause(seconds: float) -> None:
            with self._news:
                self._news.wait_for(dropped, seconds)
            wanted()

        def tell(share: float, sentence: str) -> None:
            watch.tell(progressing(share, sentence))

        keys, before = watch.keys, 0
        refused: list[Key] = []
        wanted()
        for last in (False, True):
            connection = Connection(line, slot.name)
            attempt = Attempt(connection, guard, pause, self._clock)
            attempt.apdus, attempt.refused = before, refused
            try:
                # A reader that stumbles over long commands damages every answer to them.
                reading = attempt.read(keys, tell, Order(self._judge, watch.face, careful=last, long=self._long))
                if last or reading.proof.verdict != "not_genuine":
                    return reading
            except DeviceError as error:
                if last or error.code != "chip_unreadable":
                    raise
            finally:
                self.apdus = before = attempt.apdus
                self._guarded("card_mute", connection.close)
            # A second attempt must not spend the chip's patience: what was refused stays refused, and what fitted is all it takes.
            keys = (attempt.opened_with,) if attempt.opened_with else keys
        raise AssertionError("the last attempt returns or raises")

    def _guarded(self, code: str, call: Callable[[], T]) -> T:
        """``call``, with ``code`` told while it does not come back in time."""
        self._dog.begin(code, self._timeout_s)
        try:
            return call()
        finally:
            self._ended()

    def _ended(self) -> None:
        if self._dog.end():
            with self._news:
                self._stuck = ""


def open_card_reader(
    url: str, *, soon: Soon = _here, changed: Callable[[], None] = lambda: None, judge: Judge = without_trust
) -> CardReader:
    """The reader at ``pcsc:`` (any) or ``pcsc:NAME`` (part of its name; may be percent-encoded), with ``?long`` behind for one that
    passes long answers. Raises ``address_invalid``."""
    scheme, colon, rest = url.partition(":")
    name, _, option = rest.removeprefix("//").partition("?")
    if scheme != "pcsc" or not colon or option not in ("", "long"):
        raise card_error("address_invalid")
    return CardReader(unquote(name), soon=soon, changed=changed, judge=judge, long=bool(option))
