"""The careful policy of a print job, as pure decisions: never lost, and never a second slip that is not marked as a copy.

A job is QUEUED until the printer has been asked and is ready; SENDING is on disk before the first byte of the slip leaves;
PRINTED only when the fence behind the last byte was answered; anything else is UNCERTAIN for ever, whatever the printer does
later (many print a swallowed job when paper comes back). From then on only copies marked ``copy_mark(n)`` go out, or a person
says the slip did come out. The journal of jobs belongs to the caller; this file says which state follows. What it costs: now and
then an original and a marked copy both exist.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from devices.printer import status as facts
from devices.printer.profiles import StatusAbility
from devices.printer.status import Answers, PrinterStatus, judge

JobState = Literal["queued", "sending", "printed", "uncertain"]
OutcomeState = Literal["printed", "uncertain", "not_started"]
Start = Literal["send", "blind", "hold"]

POLL_S = 0.3
POLLED = (1, 2, 4)


@dataclass(frozen=True, slots=True)
class PrintOutcome:
    """How one attempt ended. ``bytes_sent`` counts bytes of the slip handed to the line; 0 with ``not_started`` is a promise."""

    state: OutcomeState
    bytes_sent: int
    code: str
    fact_vi: str
    cure_vi: str


def not_started(status: PrinterStatus) -> PrintOutcome:
    """Nothing of the slip has left; the job stays queued."""
    return PrintOutcome("not_started", 0, status.code, status.fact_vi, status.cure_vi)


def uncertain(status: PrinterStatus, bytes_sent: int) -> PrintOutcome:
    """Something has left and nobody knows what came out; the reason known stands first."""
    return PrintOutcome(
        "uncertain",
        bytes_sent,
        status.code,
        f"{status.fact_vi} Chưa rõ phiếu đã in ra đủ chưa.",
        f"{status.cure_vi} Xem phiếu: nếu thiếu hoặc mờ, in lại bản có ghi «BẢN IN LẠI».".strip(),
    )


def printed(status: PrinterStatus, bytes_sent: int) -> PrintOutcome:
    """The slip is on paper and cut."""
    return PrintOutcome("printed", bytes_sent, status.code, "Phiếu đã in xong.", status.cure_vi)


def state_after(outcome: PrintOutcome) -> JobState:
    """State of a job after an attempt."""
    states: dict[OutcomeState, JobState] = {"printed": "printed", "uncertain": "uncertain", "not_started": "queued"}
    return states[outcome.state]


def state_after_restart(state: JobState) -> JobState:
    """State of a job found in the journal when the program starts: one that was being sent is uncertain."""
    return "uncertain" if state == "sending" else state


def decide(status: PrinterStatus, ability: StatusAbility, *, has_answered: bool) -> Start:
    """Whether to send, to send without hope of an answer, or to hold the job.

    A printer that has answered before and is silent now is broken or busy: hold. One that never answered may hang on a one-way
    line, and holding would mean it never prints: send blindly, the outcome is uncertain.
    """
    if status.prints:
        return "send"
    if status is facts.ONE_WAY:
        return "blind"
    if status is facts.MUTE and ability == "learn" and not has_answered:
        return "blind"
    return "hold"


@dataclass(slots=True)
class FenceWatch:
    """Waiting for the fence: hands out status requests to send, sorts what comes back, and ends with one fact.

    ``now`` is monotonic seconds. The watch ends with the answered fence, with a fault that lasts ``fault_s`` seconds (paper out,
    cover open …), with noise, or at ``deadline``.
    """

    deadline: float
    fault_s: float
    answers: Answers = field(default_factory=Answers)
    _known: dict[int, int] = field(default_factory=dict)
    _turn: int = 0
    _waiting: bool = False
    _next_poll: float = 0.0
    _fault: PrinterStatus | None = None
    _fault_since: float = 0.0
    _answers_since: int = 0
    _seen: int = 0

    def begin(self, now: float) -> None:
        self._next_poll = now + POLL_S

    def request(self, now: float) -> bytes:
        """Bytes to send now: a status request when one is due, else nothing."""
        if now < self._next_poll:
            return b""
        if self._waiting:
            self._turn += 1
        self._waiting = True
        self._next_poll = now + POLL_S
        return bytes((0x10, 0x04, POLLED[self._turn % len(POLLED)]))

    def feed(self, data: bytes, now: float) -> None:
        """Take bytes from the printer."""
        self.answers.feed(data)
        for answer in self.answers.realtime[self._seen :]:
            self._known[POLLED[self._turn % len(POLLED)]] = answer
            self._waiting = False
            self._turn += 1
            self._answers_since += 1
            self._judge(now)
        self._seen = len(self.answers.realtime)

    def _judge(self, now: float) -> None:
        """Note a fault, and ask on at once until every question has been answered since it began: «offline» alone is no cause."""
        status = judge(self._known)
        if status.prints:
            self._fault = None
            return
        if self._fault is None:
            self._fault_since, self._answers_since = now, 0
        self._fault = status
        if self._answers_since < len(POLLED):
            self._next_poll = now

    def done(self, now: float) -> PrinterStatus | None:
        """The fact the watch ended with (``prints`` means the fence was answered), or ``None`` while it lasts."""
        if self.answers.noise or len(self.answers.fences) > 1:
            return facts.NONSENSE
        if self.answers.fences:
            return facts.PAPER_LOW if self.answers.fences[0] & 0x03 else facts.READY
        if self._fault and now - self._fault_since >= self.fault_s and self._answers_since >= len(POLLED):
            return self._fault
        if now >= self.deadline:
            return self._fault or (facts.STUCK if self._known else facts.MUTE)
        return None
