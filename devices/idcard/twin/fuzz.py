"""Every reader of strangers' bytes in this room, given altered ones: each ends in a declared error or in a reading, soon and small.

What comes from a card or a code was made by whoever made the card. So TLV, MRZ, DG1, DG2, DG13, security object, certificates,
revocation lists, master lists, EF.CardAccess, DG14, DG15 and card QRs are read here in thousands of altered forms, and whole chips
with altered files and altered answers are read as the product reads them. Anything but a declared error, a reading that takes
longer than ``SLOW_S``, or a process that grows by more than ``GROWTH_MIB`` is a :class:`Defect`.
"""

from __future__ import annotations

import random
import resource
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

from devices.errors import DeviceError
from devices.idcard import active, chip_auth, dg2, pace_offers, security_infos, tlv
from devices.idcard.access import open_chip
from devices.idcard.certificates import Moment, parse_certificate, parse_revocation_list
from devices.idcard.channel import ChannelBroken
from devices.idcard.dg1 import parse_dg1
from devices.idcard.dg13 import parse_dg13
from devices.idcard.files import FileMissing
from devices.idcard.master_list import parse_master_list
from devices.idcard.mrz import parse_td1
from devices.idcard.pace_offers import offer
from devices.idcard.passive import authenticate
from devices.idcard.public_keys import ec_public_key
from devices.idcard.qr import parse_card_qr, parse_wedge
from devices.idcard.reading import Order, read_opened
from devices.idcard.sod import parse_sod
from devices.idcard.trust import admit
from devices.idcard.twin.altering import Alter, bytewise, structured, worded
from devices.idcard.twin.chip import ChipTwin, Profile
from devices.idcard.twin.issuer import KINDS, TwinIssuer, master_list
from devices.idcard.twin.pace import build_card_access
from devices.idcard.twin.people import SAMPLES

SLOW_S: Final = 1.0
"""Processor time one input may take."""
GROWTH_MIB: Final = 200.0
CHIP_EVERY: Final = 200
"""One input in so many is a whole chip; it takes as long as many of the others."""
MOST_APDUS: Final = 4000
"""Commands one reading may take; the largest face of the standard takes fewer."""
DECLARED: Final = (ValueError, DeviceError, ChannelBroken, FileMissing)


class Defect(AssertionError):
    """An input did not end as it must; told with the input in hex."""


@dataclass
class Tally:
    """What came of a run. ``past``: inputs that got past the outermost parse of their kind."""

    inputs: int = 0
    past: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest_s: float = 0.0
    grown_mib: float = 0.0

    def add(self, other: Tally) -> None:
        self.inputs += other.inputs
        self.past += other.past
        self.outcomes.update(other.outcomes)
        self.slowest_s = max(self.slowest_s, other.slowest_s)
        self.grown_mib = max(self.grown_mib, other.grown_mib)

    @property
    def share(self) -> float:
        return self.past / max(1, self.inputs)


@dataclass(frozen=True, slots=True)
class Target:
    """A reader, valid inputs, how to alter them, and whether one gets past the outermost parse."""

    name: str
    samples: Sequence[bytes]
    read: Callable[[bytes], object]
    alter: Alter
    past: Callable[[bytes], bool]


def fuzz(inputs: int, seed: int = 0) -> Tally:
    """Alter so many inputs and have them read. Raises :class:`Defect`."""
    rng, tally = random.Random(f"card fuzz {seed}"), Tally()
    targets = [*_files(), *_texts(), *_issuers()]
    chips = _Chips(rng)
    for target in targets:
        for sample in target.samples:
            if _outcome(target.name, sample, target.read, tally) != "read":
                raise _defect(target.name, sample, "a valid input is refused")
    before = _peak_mib()
    for number in range(inputs):
        if number % CHIP_EVERY == 0:
            name, past = "whole chip", True
            outcome = _outcome(name, str(number).encode(), lambda _: chips.read(), tally)
        else:
            target = targets[number % len(targets)]
            data = target.alter(rng, rng.choice(target.samples), target.samples)
            name, past = target.name, target.past(data)
            outcome = _outcome(name, data, target.read, tally)
        tally.inputs += 1
        tally.past += past
        tally.outcomes[f"{name}: {outcome}"] += 1
    tally.grown_mib = _peak_mib() - before
    if tally.grown_mib > GROWTH_MIB:
        raise _defect("all", b"", f"the process grew by {tally.grown_mib:.0f} MiB")
    return tally


def _outcome(name: str, data: bytes, read: Callable[[bytes], object], tally: Tally) -> str:
    began = time.process_time()
    try:
        read(data)
        outcome = "read"
    except DECLARED as error:
        outcome = error.code if isinstance(error, DeviceError) else type(error).__name__
    except Exception as error:
        raise _defect(name, data, f"{type(error).__name__}: {error}") from error
    took = time.process_time() - began
    tally.slowest_s = max(tally.slowest_s, took)
    if took > SLOW_S:
        raise _defect(name, data, f"took {took:.2f} s")
    return outcome


def _defect(name: str, data: bytes, what: str) -> Defect:
    return Defect(f"{name}: {what}: {data[:4000].hex()}")


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# --- who reads ----------------------------------------------------------------------------------------------------------


def _whole(*tags: int) -> Callable[[bytes], bool]:
    """Past the outermost parse of TLV: one object with the right tag that is all there."""

    def past(data: bytes) -> bool:
        try:
            tag, length, start = tlv.header(data)
        except ValueError:
            return False
        return tag in tags and start + length <= len(data)

    return past


_PACE: Final = build_card_access([offer(f"{security_infos.PACE}.2.2", 13), offer(f"{security_infos.PACE}.2.4", 12)])
_PROFILES: Final = (
    Profile(active="rsa", chip_auth="aes-128"),
    Profile(active="ecdsa-brainpool", chip_auth="dh-3des", dg13="oid", face="jpeg2000"),
    Profile(dg13="flat"),
    Profile(dg13="bare"),
)
_ISSUERS: Final = ("P-256", "brainpoolP384r1 explicit", "RSA-PSS", "signer revoked", "key identifier")
_SOD, _BELIEVED = 0x011D, (0x0101, 0x010D)
"""The security object, and the files whose content is believed."""
_AT: Final = Moment(datetime(2026, 6, 1, tzinfo=UTC), sure=True)


def _files() -> Sequence[Target]:
    chips = [ChipTwin(person, profile=profile) for person in SAMPLES for profile in _PROFILES]

    def samples(file: int) -> list[bytes]:
        return list(dict.fromkeys(chip.files[file] for chip in chips if file in chip.files))

    return (
        Target("TLV", samples(0x0101) + samples(0x010D), lambda data: list(tlv.parse(data)), bytewise, _begins),
        Target("DG1", samples(0x0101), parse_dg1, structured, _whole(0x61)),
        Target("DG2", samples(0x0102), dg2.face, structured, _whole(0x75)),
        Target("DG13", samples(0x010D), parse_dg13, structured, _whole(0x6D)),
        Target("DG14", samples(0x010E), _read_dg14, structured, _whole(0x6E)),
        Target("DG15", samples(0x010F), _read_dg15, structured, _whole(0x6F)),
        Target("EF.CardAccess", [_PACE], _read_card_access, structured, _whole(0x31)),
    )


def _begins(data: bytes) -> bool:
    """The header of the first object can be read."""
    try:
        return bool(tlv.header(data))
    except ValueError:
        return False


def _read_dg14(data: bytes) -> None:
    infos = security_infos.parse(tlv.find(data, 0x6E))
    security_infos.active_authentication(infos)
    offered = chip_auth.offer(data)
    if offered is not None:
        offered.key()


def _read_dg15(data: bytes) -> None:
    info = tlv.find(data, 0x6F)
    if active.rsa_public_key(info) is None:
        ec_public_key(info)


def _read_card_access(data: bytes) -> None:
    pace_offers.strongest(security_infos.parse(data))


def _texts() -> Sequence[Target]:
    mrz = [person.mrz.encode() for person in SAMPLES]
    codes = [person.qr_text.encode() for person in SAMPLES]
    return (
        Target("MRZ", mrz, lambda data: parse_td1(data.decode("utf-8", "replace")), bytewise, lambda data: len(data) == 90),
        Target("card QR by wedge", codes, lambda data: parse_wedge(data.decode("utf-8", "replace")), worded, _is_barred),
        Target("card QR", codes, lambda data: parse_card_qr(data.decode("utf-8", "replace")), worded, _is_barred),
    )


def _is_barred(data: bytes) -> bool:
    return data.count(b"|") >= 6


def _issuers() -> Sequence[Target]:
    issuers = [TwinIssuer(KINDS[name]) for name in _ISSUERS]
    groups = {1: ChipTwin().files[0x0101]}
    trusted, _ = admit([parse_certificate(one.csca) for one in issuers], [parse_revocation_list(one.crl) for one in issuers], _AT)
    objects = [one.security_object(groups) for one in issuers]
    lists = [master_list(issuers[0], [one.csca for one in issuers])]
    certificates = [one for issuer in issuers for one in (issuer.csca, issuer.signer)]
    return (
        Target("EF.SOD", objects, parse_sod, structured, _whole(0x77)),
        Target("authentication", objects, lambda data: authenticate(data, groups, trusted, _AT), structured, _whole(0x77)),
        Target("certificate", certificates, parse_certificate, structured, _whole(0x30)),
        Target("revocation list", [one.crl for one in issuers], parse_revocation_list, structured, _whole(0x30)),
        Target("master list", lists, parse_master_list, structured, _whole(0x30)),
    )


class _Hostile:
    """A chip whose files, and now and then whose answers, are not what they were; a transport that counts."""

    def __init__(self, chip: ChipTwin, rng: random.Random) -> None:
        self._chip, self._rng, self._left = chip, rng, MOST_APDUS
        self._spoils = rng.random() < 0.3

    def transmit(self, apdu: bytes) -> bytes:
        self._left -= 1
        if not self._left:
            raise Defect(f"a chip keeps the reader busy for more than {MOST_APDUS} commands")
        answer = self._chip.answer(apdu) or b"\x6f\x00"
        return bytewise(self._rng, answer, (answer,)) if self._spoils and self._rng.random() < 0.05 else answer


class _Chips:
    """Whole chips, read as the product reads them."""

    def __init__(self, rng: random.Random) -> None:
        self._rng = rng
        self._random = rng.randbytes
        self._chips = [ChipTwin(person, profile=_PROFILES[0]) for person in SAMPLES]
        self._whole = [dict(chip.files) for chip in self._chips]

    def read(self) -> None:
        at = self._rng.randrange(len(self._chips))
        chip, whole = self._chips[at], self._whole[at]
        chip.files = dict(whole)
        for file in self._rng.sample(sorted(whole), self._rng.choice((0, 1, 2))):
            chip.files[file] = structured(self._rng, whole[file], list(whole.values()))
        chip.power_on()
        opened = open_chip(_Hostile(chip, self._rng), (chip.key,), random=self._random, pause=lambda seconds: None)
        read = read_opened(opened, lambda share, sentence: None, order=Order(face=True, random=self._random))
        signed = chip.files[_SOD] == whole[_SOD]
        if (
            signed
            and any(_object(chip.files[file]) != _object(whole[file]) for file in _BELIEVED)
            and read.proof.verdict != "not_genuine"
        ):
            raise Defect(f"a chip with altered data counts as {read.proof.verdict}")


def _object(data: bytes) -> bytes:
    """What is read of a file: its one object, and nothing behind it."""
    _, length, start = tlv.header(data)
    return data[: start + length]
