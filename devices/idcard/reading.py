"""What is read from an opened chip, in which order, and what comes of it: the holder, and what is proved about the chip.

EF.SOD comes first: it lists the groups that are signed, so nothing is asked for that is not there, and a group that is listed is
owed. EF.COM, which nobody signs, is read only where there is no such list. The proof that the chip is no copy comes last. Knows
neither threads nor PC/SC: the same lines read a card on a real reader and the software chip in a test.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final

from devices.idcard import clone_check, dg2, tlv
from devices.idcard.access import Opened
from devices.idcard.dg1 import parse_dg1
from devices.idcard.dg13 import NO_ITEMS, parse_dg13
from devices.idcard.facts import CardPerson, Face, Proof
from devices.idcard.files import File, FileMissing, Habits, read_file
from devices.idcard.groups import Random
from devices.idcard.holder import person_from_chip
from devices.idcard.sod import security_object, verdict

Progress = Callable[[float, str], None]
"""``(share of 0–1, sentence)``."""

_GROUPS: Final = {1: File.DG1, 2: File.DG2, 13: File.DG13, 14: File.DG14, 15: File.DG15}
_TAGS: Final = {file.tag: number for number, file in _GROUPS.items()}
_USUAL_BYTES: Final = {File.COM: 30, File.SOD: 2000, File.DG1: 93, File.DG13: 700, File.DG14: 400, File.DG15: 300, File.DG2: 20_000}
"""For the progress told before a file's own length is known."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one reading of an opened chip gave."""

    person: CardPerson
    proof: Proof
    face: Face | None = field(default=None, repr=False)
