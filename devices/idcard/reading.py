"""What is read from an opened chip, in which order, and what comes of it: the holder, and what is proved about the chip.

EF.SOD comes first: it lists the groups that are signed, so nothing is asked for that is not there, and a group that is listed is
owed. EF.COM, which nobody signs, is read only where there is no such list. The proof that the chip is no copy comes last. Knows
neither threads nor PC/SC: the same lines read a card on a real reader and the software chip in a test.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from typing import Final

from devices.idcard import clone_check, dg2, tlv
from devices.idcard.access import Opened
from devices.idcard.certificates import Moment
from devices.idcard.dg1 import parse_dg1
from devices.idcard.dg13 import NO_ITEMS, parse_dg13
from devices.idcard.facts import CardPerson, Face, Proof
from devices.idcard.files import SHORT_ROOM, TRIED_ROOM, File, FileMissing, Habits, read_file
from devices.idcard.groups import Random
from devices.idcard.holder import person_from_chip
from devices.idcard.passive import PassiveProof, authenticate
from devices.idcard.sod import parse_sod
from devices.idcard.trust import NO_TRUST

Progress = Callable[[float, str], None]
"""``(share of 0–1, sentence)``."""

Step = Callable[[str], None]
"""Told what comes next: a file by its name in small letters, or ``proofs``."""

Judge = Callable[[bytes | None, Mapping[int, bytes]], PassiveProof]
"""Judges the data groups read by EF.SOD: :func:`devices.idcard.passive.authenticate` with a trust store and a clock put in."""

_GROUPS: Final = {1: File.DG1, 2: File.DG2, 13: File.DG13, 14: File.DG14, 15: File.DG15}
_TAGS: Final = {file.tag: number for number, file in _GROUPS.items()}
_USUAL_BYTES: Final = {File.SOD: 2000, File.DG1: 93, File.DG13: 700, File.DG14: 400, File.DG15: 300, File.DG2: 20_000}
"""In the order of reading: how the way to go is shared out among files whose length is not known yet."""
_BEGIN, _END = 0.2, 0.95


def without_trust(sod: bytes | None, groups: Mapping[int, bytes]) -> PassiveProof:
    """The judge of a machine with no certificates installed. It asks no clock: without an issuer no time is compared."""
    return authenticate(sod, groups, NO_TRUST, Moment(datetime.min.replace(tzinfo=UTC), sure=False))


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted of a reading. ``face``: also the portrait. ``careful``: read as the most careful reader does. ``long``: the
    reader passes long answers, so the chip may be asked for them."""

    judge: Judge = without_trust
    face: bool = False
    careful: bool = False
    long: bool = False
    random: Random = secrets.token_bytes


PLAIN: Final = Order()
"""Who the holder is, no more."""


@dataclass(frozen=True, slots=True)
class Read:
    """What one opened chip gave."""

    person: CardPerson
    proof: Proof
    face: Face | None = field(default=None, repr=False)


def read_opened(opened: Opened, progress: Progress, step: Step = lambda name: None, order: Order = PLAIN) -> Read:
    """The holder, what is proved of the data and of the chip, and the face if it is wanted.

    Raises :class:`FileMissing`, ``ChannelBroken``, and ``ValueError`` for files that cannot be read.
    """
    files = _Files(opened, progress, step, order)
    sod = files.get(File.SOD)
    listed = _listed(sod) or files.listed()
    groups: dict[int, bytes | None] = {1: files.need(File.DG1)}
    for number in (13, clone_check.CHIP_GROUP, clone_check.ACTIVE_GROUP, 2):
        unneeded = (number == 2 and not order.face) or (number == clone_check.ACTIVE_GROUP and clone_check.suffices(groups))
        if number in listed and not unneeded:
            groups[number] = files.get(_GROUPS[number])
    step("proofs")
    there = {number: data for number, data in groups.items() if data is not None}
    person = person_from_chip(parse_dg1(there[1]), parse_dg13(there[13]) if 13 in there else NO_ITEMS)
    withheld = "data_withheld" if groups.get(13, b"") is None else ""
    proof = _proof(order.judge(sod, there), clone_check.check(opened, groups, order.random), withheld)
    return Read(person, proof, _face(there.get(2)))


def _proof(data: PassiveProof, chip: clone_check.Outcome, withheld: str) -> Proof:
    """All together. A copied chip is not genuine, however well its data is signed; one that hides what was signed is told."""
    if data.verdict == "not_genuine":
        return Proof(data.verdict, chip.check, data.reason)
    if chip.doubt == "chip_copied":
        return Proof("not_genuine", chip.check, chip.doubt)
    return Proof(data.verdict, chip.check, chip.doubt or withheld or data.reason)


def _face(dg2_file: bytes | None) -> Face | None:
    """A face that cannot be shown loses no reading."""
    try:
        return dg2.face(dg2_file) if dg2_file else None
    except ValueError:
        return None


def _listed(sod: bytes | None) -> Collection[int]:
    """The groups that are signed; empty when nothing says so."""
    try:
        return parse_sod(sod).hashes.keys() if sod else ()
    except ValueError:
        return ()


def _shares(files: Sequence[File]) -> dict[File, tuple[float, float]]:
    """Where each file begins and ends on the way from nothing to all."""
    ends = list(accumulate((_USUAL_BYTES[file] for file in files), initial=0))
    spans = pairwise(_BEGIN + (_END - _BEGIN) * end / ends[-1] for end in ends)
    return dict(zip(files, spans, strict=True))


class _Files:
    """The files of one chip, with the way made in them told on."""

    def __init__(self, opened: Opened, progress: Progress, step: Step, order: Order) -> None:
        self._channel, self._progress, self._step = opened.channel, progress, step
        self._habits = Habits.cautious() if order.careful else Habits(room=TRIED_ROOM if order.long else SHORT_ROOM)
        self._shares = _shares([file for file in _USUAL_BYTES if order.face or file is not File.DG2])

    def need(self, file: File) -> bytes:
        self._step(file.name.lower())
        start, end = self._shares.get(file, (_BEGIN, _BEGIN))

        def told(done: int, total: int) -> None:
            self._progress(start + (end - start) * done / total, "Đang đọc thông tin trên thẻ…")

        return read_file(self._channel, file, self._habits, told)

    def get(self, file: File) -> bytes | None:
        """``None`` when the chip does not give it."""
        try:
            return self.need(file)
        except FileMissing:
            return None

    def listed(self) -> Collection[int]:
        """The groups that EF.COM names (Doc 9303-10, 4.6.1)."""
        com = self.need(File.COM)
        return [_TAGS[tag] for tag in tlv.find(com, File.COM.tag, 0x5C) if tag in _TAGS]
