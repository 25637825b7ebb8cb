"""Which PACE a chip offers and which of it we take (ICAO Doc 9303-11, 9.2.5 and table 6).

A protocol identifier names mapping and cipher, a number the group. Unknown ones are left aside. The strongest known offer wins:
first the mapping that also proves the chip no copy, then the cipher, then the group.
"""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from devices.idcard import security_infos
from devices.idcard.crypto import KEY_BYTES, CipherName
from devices.idcard.domain_parameters import CURVES, PRIME_FIELDS
from devices.idcard.groups import Group, group
from devices.idcard.public_keys import ec_domain
from devices.idcard.security_infos import PACE, PaceInfo, SecurityInfo

Mapping = Literal["generic", "integrated", "chip-authentication"]
Kind = Literal["dh", "ecdh"]

_ARCS: dict[str, tuple[Kind, Mapping]] = {
    "1": ("dh", "generic"),
    "2": ("ecdh", "generic"),
    "3": ("dh", "integrated"),
    "4": ("ecdh", "integrated"),
    "6": ("ecdh", "chip-authentication"),
}
_CIPHERS: tuple[CipherName, ...] = ("3des", "aes-128", "aes-192", "aes-256")
_VERSION = 2


@dataclass(frozen=True, slots=True)
class PaceOffer:
    """One way of PACE that we know. ``number``: of the group, as the chip counts; ``group``: what it computes in."""

    oid: str
    mapping: Mapping
    cipher: CipherName
    number: int
    group: Group

    @property
    def strength(self) -> tuple[bool, int, int, bool]:
        clone_proof, generic = self.mapping == "chip-authentication", self.mapping == "generic"
        return clone_proof, KEY_BYTES[self.cipher] + (self.cipher != "3des"), self.group.bits, generic


def offer(oid: str, number: int, own: Group | None = None) -> PaceOffer:
    """The way of PACE that ``oid`` and ``number`` stand for, in the chip's ``own`` group when it has one.

    ``ValueError`` when we do not know it.
    """
    arcs = oid.removeprefix(PACE + ".").split(".")
    known = len(arcs) == 2 and arcs[0] in _ARCS and arcs[1] in ("1", "2", "3", "4")
    if not known:
        raise ValueError("not a PACE protocol we know")
    kind, mapping = _ARCS[arcs[0]]
    cipher = _CIPHERS[int(arcs[1]) - 1]
    if not 0 <= number < 256 or (own is None and number not in (CURVES if kind == "ecdh" else PRIME_FIELDS)):
        raise ValueError("not a group we know")
    found = own or group(number)
    impossible = mapping == "chip-authentication" and cipher == "3des"
    if impossible or (mapping == "integrated" and kind == "ecdh" and found.p % 4 != 3):
        raise ValueError("not a way the standard allows")
    return PaceOffer(oid, mapping, cipher, number, found)


def strongest(infos: Sequence[SecurityInfo]) -> PaceOffer | None:
    """The strongest way of PACE in ``infos`` that we know, or ``None``. ``ValueError`` for damage."""
    own: dict[int | None, Group] = {}
    for domain in security_infos.pace_domains(infos):
        with contextlib.suppress(ValueError):
            own[domain.parameter_id] = ec_domain(domain.algorithm)
    offers = []
    for info in security_infos.pace(infos):
        with contextlib.suppress(ValueError):
            offers.append(_known(info, own))
    return max(offers, key=lambda one: one.strength, default=None)


def _known(info: PaceInfo, own: dict[int | None, Group]) -> PaceOffer:
    if info.version != _VERSION:
        raise ValueError("another version of PACE")
    number = info.parameter_id
    if number is not None and number in CURVES | PRIME_FIELDS:
        return offer(info.oid, number)
    if number not in own and None not in own:
        raise ValueError("the chip does not say which group")
    return offer(info.oid, number or 0, own.get(number, own.get(None)))
