"""The printer of the kiosk: asks before it sends, fences what it sends, and says honestly how it ended.

``open_printer`` takes an address and touches nothing; every act opens the device anew and closes it, so a cable pulled and put
back is no event. One writer per printer: a lock file, across processes. All waiting is bounded by the profile's time-outs; an act
may take as long as those allow, so it belongs on a :class:`devices.worker.DeviceWorker`.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from PIL import Image

from devices.errors import DeviceError
from devices.printer import encode
from devices.printer import status as facts
from devices.printer.connect import Address, CannotOpen, Line, LineBroken, not_an_address, open_line, parse_address
from devices.printer.lock import Held, Memory, PrinterLock
from devices.printer.profiles import Profile, profile, with_time_outs
from devices.printer.spool import FenceWatch, PrintOutcome, decide, not_started, printed, uncertain
from devices.printer.status import Answers, PrinterStatus, judge

DEFAULT_PROFILE = "generic80"
QUIET_S = 0.03
"""A line that is silent this long has no more bytes under way."""
BLIND_S = 2.0
"""How long a printer that does not answer status may still answer the fence."""
ROWS_PER_S = 300
"""Slowest printing allowed for, added to the fence's time-out: about 37 mm a second."""
CHUNK = 4096


def open_printer(
    url: str,
    profile_name: str | None = None,
    *,
    lock: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Printer:
    """The printer at ``url``; nothing is opened yet.

    The profile is ``?profile=`` of the address, else ``profile_name``, else ``generic80``. ``lock`` is the lock file, shared by
    every program that uses this printer; without one a file of this user in the temporary folder is taken. ``twin:`` (or
    ``twin:FOLDER``) starts a printer twin in this process. Raises :class:`DeviceError` ``printer_address`` or
    ``profile_unknown``.
    """
    address = parse_address(url)
    chosen = profile(address.options.get("profile") or profile_name or DEFAULT_PROFILE)
    try:
        chosen = with_time_outs(chosen, address.options)
    except ValueError:
        raise not_an_address(url) from None
    if address.scheme == "twin":
        from devices.printer.twin import shared_twin

        address = Address("network", "127.0.0.1", shared_twin(address.where, chosen).port, {})
    return Printer(address, chosen, PrinterLock(lock or _default_lock(url)), clock)


def _default_lock(url: str) -> Path:
    name = hashlib.sha256(url.encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"mot-cua-xa-{os.getuid()}" / f"printer-{name}.lock"


class Printer:
    """One receipt printer. Made by :func:`open_printer`; methods block, each at most as long as the profile's time-outs add up
    to.
    """

    def __init__(self, address: Address, profile_: Profile, lock: PrinterLock, clock: Callable[[], float]) -> None:
        self.address = address
        self.profile = profile_
        self._lock = lock
        self._clock = clock

    @property
    def width_dots(self) -> int:
        """Width for ``render``."""
        return self.profile.width_dots

    def status(self) -> PrinterStatus:
        """Ask the printer how it is. Never raises for a printer's trouble: that is what the answer is about."""
        try:
            with self._lock.held(self.profile.busy_s) as held, closing(open_line(self.address, self.profile)) as line:
                status = _Talk(line, self.profile, self._clock).status()
                _note_answer(held, status)
                return status
        except CannotOpen as error:
            return error.status
        except LineBroken:
            return facts.LOST
        except DeviceError:
            return facts.BUSY

    def identity(self) -> str:
        """What a ready printer calls itself (GS I: maker and model), empty when it does not say."""
        try:
            with self._lock.held(self.profile.busy_s), closing(open_line(self.address, self.profile)) as line:
                return _Talk(line, self.profile, self._clock).identity()
        except (CannotOpen, LineBroken, DeviceError):
            return ""

    def print(self, image: Image.Image) -> PrintOutcome:
        """Print one slip and cut it. ``image`` is what ``render`` made for :attr:`width_dots`; a wrong one raises ``ValueError``.

        The caller has written down that this job is being sent *before* it calls, and acts on the outcome as ``spool`` says.
        """
        job = encode.encode(image, self.profile)
        try:
            with self._lock.held(self.profile.busy_s) as held, closing(open_line(self.address, self.profile)) as line:
                return _Attempt(_Talk(line, self.profile, self._clock), held, job, image.height).run()
        except CannotOpen as error:
            return not_started(error.status)
        except DeviceError:
            return not_started(facts.BUSY)


def _note_answer(held: Held, status: PrinterStatus) -> None:
    if status not in (facts.MUTE, facts.NONSENSE, facts.ONE_WAY):
        held.remember(Memory(doubt=held.memory().doubt, answers=True))


class _Attempt:
    """One attempt at one job on an open line, in the order of the careful policy."""

    def __init__(self, talk: _Talk, held: Held, job: bytes, rows: int) -> None:
        self.talk = talk
        self.held = held
        self.job = job
        self.rows = rows
        self.profile = talk.profile

    def run(self) -> PrintOutcome:
        try:
            status = self._ask()
            start = decide(status, self.profile.status, has_answered=self.held.memory().answers)
            if start == "hold":
                return not_started(status)
            if self.held.memory().doubt and not self._free_the_printer(wait=start == "send"):
                return not_started(facts.STUCK)
        except LineBroken:
            return not_started(facts.LOST)
        self.held.remember(Memory(doubt=True, answers=self.held.memory().answers))
        outcome = self._send(blind=start == "blind")
        if outcome.state == "printed":
            self.held.remember(Memory(doubt=False, answers=True))
        return outcome

    def _ask(self) -> PrinterStatus:
        """Status before anything is sent. A printer in doubt that is mute may take the request for picture data: fill its
        picture, ask again.
        """
        if not self.talk.line.answers:
            return facts.ONE_WAY
        self.talk.drain()
        if self.profile.clear == "dle_dc4_8":
            self.talk.line.send(encode.CLEAR)
            self.talk.drain(wait_s=0.2)
        status = self.talk.status()
        if status is facts.MUTE and self.held.memory().doubt:
            self.talk.line.send(bytes(self.profile.band_rows * self.profile.width_dots // 8) + encode.INITIALISE)
            status = self.talk.status()
        _note_answer(self.held, status)
        return status

    def _free_the_printer(self, *, wait: bool) -> bool:
        """Finish and cut off what an earlier job may have left behind; whether the printer then follows commands again."""
        self.talk.line.send(encode.recovery(self.profile))
        if not wait:
            return True
        self.talk.line.send(encode.FENCE)
        return self.talk.await_fence(self.profile.fence_s).prints

    def _send(self, *, blind: bool) -> PrintOutcome:
        sent = 0
        data = self.job + encode.FENCE if self.talk.line.answers else self.job
        try:
            for start in range(0, len(data), CHUNK):
                chunk = data[start : start + CHUNK]
                self.talk.line.send(chunk)
                sent += len(chunk)
            return self._outcome(blind, len(self.job))
        except LineBroken:
            return uncertain(facts.LOST, min(max(sent, 1), len(self.job)))

    def _outcome(self, blind: bool, sent: int) -> PrintOutcome:
        if not blind:
            status = self.talk.await_fence(self.profile.fence_s + self.rows / ROWS_PER_S)
            return printed(status, sent) if status.prints else uncertain(status, sent)
        if self.talk.line.answers and self.talk.await_fence(min(BLIND_S, self.profile.fence_s), poll=False).prints:
            return printed(facts.READY, sent)
        self.held.remember(Memory(doubt=False, answers=self.held.memory().answers))
        return uncertain(facts.ONE_WAY, sent)


class _Talk:
    """Questions and answers on an open line."""

    def __init__(self, line: Line, profile_: Profile, clock: Callable[[], float]) -> None:
        self.line = line
        self.profile = profile_
        self._clock = clock

    def drain(self, wait_s: float = QUIET_S) -> None:
        """Throw away what is still under way from an earlier talk."""
        until = self._clock() + max(wait_s, 0.5)
        while self._clock() < until and self.line.receive(wait_s):
            wait_s = QUIET_S

    def status(self) -> PrinterStatus:
        """One fact from DLE EOT 1, 4 and 2 (and 3 when there is an error)."""
        if not self.line.answers:
            return facts.ONE_WAY
        first = self._ask(1, self.profile.status_s)
        if isinstance(first, PrinterStatus):
            return first
        known = {1: first}
        for n in (4, 2, 3):
            if n == 3 and not known.get(2, 0) & 0x40:
                continue
            answer = self._ask(n, min(self.profile.status_s, 0.6))
            if answer is facts.NONSENSE:
                return facts.NONSENSE
            if isinstance(answer, int):
                known[n] = answer
        return judge(known)

    def identity(self) -> str:
        if not self.line.answers:
            return ""
        words = []
        for which in (b"B", b"C"):
            self.line.send(b"\x1dI" + which)
            answers = self._collect(lambda answers: bool(answers.blocks), self.profile.status_s)
            words += [block.decode("ascii", "replace") for block in answers.blocks]
        return " ".join(words)

    def await_fence(self, seconds: float, *, poll: bool = True) -> PrinterStatus:
        """Wait for the answer to the fence; the fact ``prints`` when it came. Raises :class:`LineBroken`."""
        now = self._clock()
        watch = FenceWatch(deadline=now + seconds, fault_s=self.profile.fault_s)
        watch.begin(now)
        while (end := watch.done(now)) is None:
            if poll and (request := watch.request(now)):
                self.line.send(request)
            data = self._receive(min(0.1, watch.deadline - now))
            now = self._clock()
            watch.feed(data, now)
        return end

    def _ask(self, n: int, seconds: float) -> int | PrinterStatus:
        """The byte that answers DLE EOT ``n``, or why there is none: exactly one byte with the right fixed bits is an answer."""
        self.line.send(bytes((0x10, 0x04, n)))
        answers = self._collect(lambda answers: bool(answers.realtime or answers.noise or answers.fences), seconds)
        answers.feed(self._receive(QUIET_S))
        if answers.noise or answers.incomplete or answers.fences or len(answers.realtime) > 1:
            return facts.NONSENSE
        return answers.realtime[0] if answers.realtime else facts.MUTE

    def _collect(self, enough: Callable[[Answers], bool], seconds: float) -> Answers:
        answers = Answers()
        until = self._clock() + seconds
        while not enough(answers) and (left := until - self._clock()) > 0:
            answers.feed(self._receive(left))
        return answers

    def _receive(self, seconds: float) -> bytes:
        """Bytes from the line; a line that returns early with nothing (usblp does) is not asked again at once."""
        began = self._clock()
        data = self.line.receive(max(seconds, 0.0))
        if not data and seconds > 0 and self._clock() - began < seconds / 2:
            time.sleep(min(0.02, seconds))
        return data
