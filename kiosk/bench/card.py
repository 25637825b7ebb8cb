"""``python3 main.py bench card``: what reading an ID card costs, through a real pcscd, against the least that the card allows.

The least is counted, not measured: a chip is asked once whether it offers PACE, opened with the commands of its protocol, and gives
each file in answers filled to the brim. Its time is that of as many of the shortest commands over the same line to the same
card. The chip is the twin: what is slow about it is our own cryptography, once on each side. 20 ms a command is what a
contactless card takes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from devices.idcard.apdu import get_challenge, select_application
from devices.idcard.attempt import Attempt
from devices.idcard.facts import CardReading
from devices.idcard.files import File, largest_read
from devices.idcard.pace_offers import offer
from devices.idcard.reading import Order
from devices.idcard.security_infos import PACE
from devices.idcard.twin import ChipTwin, PcscdTwin, Profile
from devices.idcard.twin.chip import AID
from kiosk.bench.result import Result

FACE_BYTES: Final = 20_000
"""A portrait as cards carry it."""
MOST_COMMANDS: Final = 1.1
MOST_TIME: Final = 1.25
"""Where the card takes its time over each command; without that, what is left is cryptography, which is only told."""
_ACCESS_COMMANDS: Final = {"bac": 4, "pace": 7}
"""EF.CardAccess asked for; then SELECT, challenge and authentication, or MSE:Set AT, four steps and SELECT."""
_BLOCK: Final = {"bac": 8, "pace": 16}
_PROFILES: Final = {
    "bac": Profile(face_bytes=FACE_BYTES),
    "pace": Profile(face_bytes=FACE_BYTES, pace=(offer(f"{PACE}.2.2", 13),)),
}
"""PACE with the chip's and our arithmetic on brainpoolP256r1, AES-128 after it."""
_DATA: Final = (File.SOD, File.DG1, File.DG13)


@dataclass(frozen=True, slots=True)
class Case:
    """One way of reading one card. ``delay_ms``: the chip thinks so long before each answer."""

    access: str
    face: bool
    delay_ms: int

    @property
    def name(self) -> str:
        return f"card {self.access}{' face' if self.face else ''} {self.delay_ms}ms"

    def least(self, chip: ChipTwin) -> int:
        """The commands that the sizes of the files allow."""
        files = (*_DATA, File.DG2) if self.face else _DATA
        most = largest_read(_BLOCK[self.access])
        return _ACCESS_COMMANDS[self.access] + sum(-(-len(chip.files[file.fid]) // most) for file in files)


CASES: Final = tuple(Case(access, face, delay) for access in _PROFILES for face in (False, True) for delay in (0, 20))


def bench_card(rounds: int) -> Sequence[Result]:
    """Commands and milliseconds of a reading, with and without the portrait, by basic access and PACE, 0 and 20 ms a command."""
    with PcscdTwin() as twin:
        return [result for case in CASES for result in _case(twin, case, rounds)]


def _case(twin: PcscdTwin, case: Case, rounds: int) -> Sequence[Result]:
    chip = ChipTwin(profile=_PROFILES[case.access])
    chip.faults.delay_s = case.delay_ms / 1000
    twin.swap(chip)
    least = case.least(chip)
    seen = [(_read(twin, chip, case), _bare(twin, least)) for _ in range(rounds)]
    apdus = tuple(float(reading.apdus) for reading, _ in seen)
    seconds = tuple(reading.seconds * 1000 for reading, _ in seen)
    bare = tuple(taken * 1000 for _, taken in seen)
    counted = Result(case.name, "lệnh", apdus, (float(least),) * rounds, "ít nhất theo cỡ tệp", goal=MOST_COMMANDS)
    goal = MOST_TIME if case.delay_ms else math.inf
    return [counted, Result(case.name, "ms", seconds, bare, f"{least} lệnh trống trên cùng đường", goal=goal)]


def _read(twin: PcscdTwin, chip: ChipTwin, case: Case) -> CardReading:
    from devices.idcard.pcsc import Connection, Line

    with Line() as line:
        connection = Connection(line, twin.reader_name)
        try:
            attempt = Attempt(connection, lambda code, call: call(), time.sleep, time.monotonic)
            return attempt.read((chip.key,), lambda share, sentence: None, Order(face=case.face))
        finally:
            connection.close()


def _bare(twin: PcscdTwin, commands: int) -> float:
    """Seconds of so many of the shortest commands."""
    from devices.idcard.pcsc import Connection, Line

    with Line() as line:
        connection = Connection(line, twin.reader_name)
        try:
            started = time.monotonic()
            connection.open()
            connection.transmit(select_application(AID).encode())
            for _ in range(commands - 1):
                connection.transmit(get_challenge().encode())
            return time.monotonic() - started
        finally:
            connection.close()
