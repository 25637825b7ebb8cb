"""What is read from an opened chip, in which order, and what comes of it: the holder, and what is proved about the chip.

Knows neither threads nor PC/SC: the same lines read a card on a real reader and the software chip in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime

from devices.idcard import tlv
from devices.idcard.access import Opened
from devices.idcard.certificates import Moment
from devices.idcard.dg1 import parse_dg1
from devices.idcard.dg13 import NO_ITEMS, parse_dg13
from devices.idcard.facts import CardPerson, Proof
from devices.idcard.files import File, FileMissing, read_file
from devices.idcard.holder import person_from_chip
from devices.idcard.passive import PassiveProof, authenticate
from devices.idcard.trust import NO_TRUST

Progress = Callable[[float, str], None]
"""``(share of 0–1, sentence)``."""

Judge = Callable[[bytes | None, Mapping[int, bytes]], PassiveProof]
"""Judges the data groups read by EF.SOD: :func:`devices.idcard.passive.authenticate` with a trust store and a clock put in."""

Step = Callable[[str], None]
"""Told what comes next: a file by its name in small letters, or ``proofs``."""

_SHARES = {File.COM: (0.25, 0.3), File.DG1: (0.3, 0.4), File.DG13: (0.4, 0.7), File.SOD: (0.7, 1.0)}
_DG13_TAG = 0x6D


def without_trust(sod: bytes | None, groups: Mapping[int, bytes]) -> PassiveProof:
    """The judge of a machine with no certificates installed. It asks no clock: without an issuer no time is compared."""
    return authenticate(sod, groups, NO_TRUST, Moment(datetime.min.replace(tzinfo=UTC), sure=False))


def read_opened(
    opened: Opened, progress: Progress, step: Step = lambda name: None, judge: Judge = without_trust
) -> tuple[CardPerson, Proof]:
    """The holder and what is proved of the data. The face (DG2) stays on the chip.

    Raises :class:`FileMissing`, ``ChannelBroken``, and ``ValueError`` for files that cannot be read.
    """

    def file(file: File) -> bytes:
        step(file.name.lower())
        return _file(opened, file, progress)

    com = file(File.COM)
    dg1 = file(File.DG1)
    dg13 = file(File.DG13) if _lists_dg13(com) else None
    try:
        sod = file(File.SOD)
    except FileMissing:
        sod = None
    step("proofs")
    person = person_from_chip(parse_dg1(dg1), parse_dg13(dg13) if dg13 else NO_ITEMS)
    groups = {1: dg1} | ({13: dg13} if dg13 else {})
    proved = judge(sod, groups)
    return person, Proof(proved.verdict, reason=proved.reason)


def _file(opened: Opened, file: File, progress: Progress) -> bytes:
    start, end = _SHARES[file]
    return read_file(
        opened.channel,
        file,
        None,
        lambda done, total: progress(start + (end - start) * done / total, "Đang đọc thông tin trên thẻ…"),
    )


def _lists_dg13(com: bytes) -> bool:
    return _DG13_TAG in tlv.find(com, 0x60, 0x5C)
