"""Sends a kiosk's attachments to the province until none is left that may go now.

One line while it is clean, up to six after stalls (:mod:`sync.blob.planner`), each on a thread of its own. A line that stalls or
breaks is replaced at once, because that is loss and not overload; before it goes on with a file whose last piece had no answer it
asks what is held, once. When nothing has been answered for several tries in a row the round ends with the last failure, and the
caller waits. What the province says it holds is kept at once, so a restart goes on where it was; complete is what the feed says.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from sync.blob.crossing import Crossing
from sync.blob.line import BlobLine, GaveWay, LineWaits, Peer, Stalled
from sync.blob.planner import LOOK, Limits, Piece, Planner
from sync.blob.ports import KioskBlobs, Lane
from sync.blob.ranges import NONE, Ranges
from sync.blob.wire import Answer, Held
from sync.errors import BlobDamaged, Offline, TimedOut

TRIES: Final = 3
"""Failures in a row without any answer that end a round; every further connection adds one."""
_LOOK: Final = 0.25
"""Seconds between looks whether more connections are wanted."""

Allows = Callable[[Lane], bool]


@dataclass(frozen=True, slots=True)
class Round:
    """What a round brought."""

    units: int = 0
    """KiB that the province holds now and did not before."""
    pause_s: int = 0
    """It asks to wait that long."""
    refused: str = ""
    """Code of its last refusal, empty when there was none."""


class BlobSender:
    """The attachments' side of the way to one province. :meth:`round` is called by one thread at a time."""

    def __init__(
        self,
        peer: Peer,
        blobs: KioskBlobs,
        crossing: Crossing,
        *,
        waits: LineWaits | None = None,
        limits: Limits | None = None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.planner = Planner(limits)
        self._peer = peer
        self._new_line: Callable[[Peer], BlobLine] = partial(BlobLine, crossing=crossing, waits=waits, monotonic=monotonic)
        self._blobs = blobs
        self._crossing = crossing
        self._monotonic = monotonic
        self._guard = threading.Lock()
        self._lines: list[BlobLine] = []
        self._said: dict[str, Ranges | None] = {}
        """What the province last said it holds of a file; ``None`` after a break. It is asked where the store says otherwise."""
        self._answers: Counter[str] = Counter()
        self._skipped: set[str] = set()
        self._failed = 0
        self._lost: BaseException | None = None
        """The failure with which a line gave up."""
        self._ended: BaseException | None = None
        """What ended a line and is no loss: nobody goes on."""
        self._busy = 0
        """Lines at work."""
        self._round = Round()
        self.tried: set[str] = set()
        """Files of the last round."""
        self.whole: set[str] = set()
        """Those of them of which the province has said that it holds them whole: its feed says so from now on."""

    def round(self, allows: Allows, stop: threading.Event) -> Round:
        """Send what may go now, until nothing is left, the province asks to pause, ``stop`` is set, or the line fails.

        Raises:
            BearerError, BadSignature, BlobProtocol: no line to the province; what had left counts.
        """
        self._round, self._skipped, self._failed, self.tried, self.whole = Round(), set(), 0, set(), set()
        self._ended = self._lost = None
        running: set[Future[None]] = set()
        with ThreadPoolExecutor(self.planner.most, "blob-line") as pool:
            while True:
                more = self.planner.connections - len(running) if self._goes_on(stop) else 0
                running |= {pool.submit(self._carry, allows, stop) for _ in range(more) if self._has_work(allows)}
                if not running:
                    break
                done, running = wait(running, timeout=_LOOK, return_when=FIRST_COMPLETED)
                for one in done:
                    one.result()
        if self._ended is not None:
            raise self._ended
        if self._lost is not None and self._is_lost():
            raise self._lost
        return self._round

    def call_on(self, peer: Peer) -> None:
        """From the next round on speak to this one: its keys or its address have changed."""
        self.close()
        self._peer = peer

    def close(self) -> None:
        """Drop the kept lines."""
        while self._lines:
            self._lines.pop().close()

    def _goes_on(self, stop: threading.Event) -> bool:
        return not (stop.is_set() or self._round.pause_s or self._ended or self._is_lost())

    def _is_lost(self) -> bool:
        return self._failed >= TRIES + self.planner.connections - 1

    def _has_work(self, allows: Allows) -> bool:
        piece = self._take(allows)
        if piece is None:
            return self._doubtful(allows) is not None
        with self._guard:
            self.planner.broken(piece)
        return True

    def _doubtful(self, allows: Allows) -> str | None:
        """A file of which nothing is missing, as far as was once said, and which the feed has not called complete: asked once."""
        for task in self._blobs.tasks():
            if allows(task.lane) and task.have.is_whole(task.size) and self._said.get(task.id) != task.have:
                return task.id if task.id not in self._skipped else None
        return None

    def _take(self, allows: Allows) -> Piece | None:
        with self._guard:
            # Read under the guard: a piece is given back only after what it brought is kept.
            return self.planner.take([task for task in self._blobs.tasks() if task.id not in self._skipped], allows)

    def _carry(self, allows: Allows, stop: threading.Event) -> None:
        """One line's work: piece after piece while there is any."""
        line = self._lines.pop() if self._lines else self._new_line(self._peer)
        line.stop = stop
        with self._guard:
            self._busy += 1
        try:
            while self._goes_on(stop) and self._busy <= self.planner.connections:
                if (piece := self._take(allows)) is not None:
                    self.tried.add(piece.blob)
                    self._move(line, piece)
                elif (blob := self._doubtful(allows)) is not None:
                    self._learnt(blob, line.ask(blob), self._answers[blob])
                else:
                    return
        except (Offline, TimedOut) as error:
            # Whoever gets an answer after all calls the others back.
            self._failed, self._lost = TRIES + self.planner.most, error
        except BaseException as error:  # raised by round(), once no line is at work
            self._ended = self._ended or error
        finally:
            with self._guard:
                self._busy -= 1
                self._lines.append(line)

    def _move(self, line: BlobLine, piece: Piece) -> None:
        """Send a piece, or ask first when it is not sure what is held. Every way out gives the piece back to the planner."""
        begun, tell = self._monotonic(), self.planner.broken
        said, answers = self._said.get(piece.blob), self._answers[piece.blob]
        try:
            have = self._have(piece.blob)
            if have is None or (piece.units - have) != piece.units:
                return  # another line has learnt that it is held
            if said == have or (piece.blob not in self._said and have == NONE):
                line.buffer = self.planner.buffer
                answer = line.put(piece, partial(self._read, line, piece))
                if not answer.refusal:
                    tell = partial(self.planner.answered, seconds=self._monotonic() - begun)
            else:
                answer = line.ask(piece.blob)
        except Stalled as error:
            tell = partial(self.planner.stalled, sent=error.sent)
            self._broke(piece.blob, failed=error.sent == 0)
        except GaveWay:
            self._broke(piece.blob, failed=False)
        except BlobDamaged as error:
            self._blobs.set_damaged(piece.blob, str(error))
        except (Offline, TimedOut):
            self._broke(piece.blob, failed=True)
            if self._is_lost():
                raise
        else:
            self._learnt(piece.blob, answer, answers)
        finally:
            with self._guard:
                tell(piece)

    def _read(self, line: BlobLine, piece: Piece, offset: int, length: int) -> bytes:
        """Bytes of a piece as the line takes them, with a look now and then at how it fares."""
        if offset > piece.offset and (offset - piece.offset) % LOOK == 0:
            with self._guard:
                self.planner.noticed(LOOK, line.again())
        return self._blobs.read(piece.blob, offset, length)

    def _have(self, blob: str) -> Ranges | None:
        """What the province said it holds of a file; ``None`` when it is to be sent no more."""
        return next((task.have for task in self._blobs.tasks() if task.id == blob), None)

    def _learnt(self, blob: str, answer: Answer, answers: int) -> None:
        """Keep what the province says of a file; ``answers`` had been heard of it when the call began."""
        self._failed = 0
        if answer.pause_s or answer.refusal:
            self._round = replace(self._round, pause_s=answer.pause_s, refused=answer.refusal)
        if answer.state == Held.COMPLETE:
            self.whole.add(blob)
        if answer.state == Held.UNKNOWN:
            self._skipped.add(blob)
            return
        with self._guard:
            before = self._have(blob)
            # An answer that another has overtaken adds, and takes nothing back.
            have = answer.have if before is None or answers == self._answers[blob] else before | answer.have
            self._answers[blob] += 1
            self._said[blob] = have
            if before is not None:
                self._round = replace(self._round, units=self._round.units + (have - before).count)
                self._blobs.set_have(blob, have)
        if before is not None and (before - have).runs and not self._blobs.is_sound(blob):
            self._blobs.set_damaged(blob, "its content is not what its name says")

    def _broke(self, blob: str, *, failed: bool) -> None:
        with self._guard:
            self._said[blob] = None
            self._failed += failed
