"""The SecurityInfos of EF.CardAccess and DG14: which protocols a chip offers, with which parameters (Doc 9303-11, 9.2).

``SET OF SEQUENCE { protocol OID, required ANY, optional ANY }``, where the identifier decides what the rest means. ``parse`` keeps
whatever it meets, so unknown protocols are no error; the functions below it read the entries of one kind each. Anything that is
not what the standard says is ``ValueError``, and so is more than a chip has reason to send.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from asn1crypto import core

from devices.idcard import tlv

BSI = "0.4.0.127.0.7"
PACE = f"{BSI}.2.2.4"
CHIP_AUTHENTICATION = f"{BSI}.2.2.3"
PUBLIC_KEY = f"{BSI}.2.2.1"
ACTIVE_AUTHENTICATION = "2.23.136.1.1.5"
MAX_BYTES = 16_384
MAX_INFOS = 64
_INTEGER, _OID, _SEQUENCE, _SET = 0x02, 0x06, 0x30, 0x31


@dataclass(frozen=True, slots=True)
class SecurityInfo:
    """One entry. ``oid``: the protocol in dots; ``required`` and ``optional``: DER, empty when there is none."""

    oid: str
    required: bytes = b""
    optional: bytes = b""


@dataclass(frozen=True, slots=True)
class PaceInfo:
    """PACE is offered: mapping and cipher by ``oid``, the group by ``parameter_id`` (PACEInfo)."""

    oid: str
    version: int
    parameter_id: int | None


@dataclass(frozen=True, slots=True)
class PaceDomain:
    """Parameters of its own that PACE uses (PACEDomainParameterInfo). ``algorithm``: DER of an AlgorithmIdentifier."""

    oid: str
    algorithm: bytes
    parameter_id: int | None


@dataclass(frozen=True, slots=True)
class ChipAuthentication:
    """Chip authentication is offered: agreement and cipher by ``oid``, with the key of that number (ChipAuthenticationInfo)."""

    oid: str
    version: int
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ChipKey:
    """A public key of the chip (ChipAuthenticationPublicKeyInfo). ``public_key``: DER of a SubjectPublicKeyInfo."""

    oid: str
    public_key: bytes
    key_id: int | None


@dataclass(frozen=True, slots=True)
class ActiveAuthentication:
    """How the chip signs in active authentication (ActiveAuthenticationInfo). ``signature``: algorithm in dots (TR-03111)."""

    version: int
    signature: str


def parse(data: bytes) -> tuple[SecurityInfo, ...]:
    """The entries of ``data``, which starts with the SET (for DG14: the value of its tag 6E). ``ValueError`` for damage."""
    if len(data) > MAX_BYTES:
        raise ValueError("more security infos than a chip has reason to send")
    infos: list[SecurityInfo] = []
    for tag, value in tlv.parse(tlv.find(data, _SET)):
        if tag != _SEQUENCE or len(infos) == MAX_INFOS:
            raise ValueError("not a list of security infos")
        infos.append(_info(value))
    return tuple(infos)


def _info(value: bytes) -> SecurityInfo:
    parts = list(tlv.parse(value))
    if not 1 <= len(parts) <= 3 or parts[0][0] != _OID:
        raise ValueError("not a security info")
    return SecurityInfo(dotted(parts[0][1]), *(tlv.build(*part) for part in parts[1:]))


def pace(infos: Sequence[SecurityInfo]) -> tuple[PaceInfo, ...]:
    """The ways of PACE on offer. ``ValueError`` for damage, here and below."""
    return tuple(PaceInfo(info.oid, _number(info.required), _optional(info)) for info in _under(infos, PACE, depth=2))


def pace_domains(infos: Sequence[SecurityInfo]) -> tuple[PaceDomain, ...]:
    return tuple(PaceDomain(info.oid, info.required, _optional(info)) for info in _under(infos, PACE, depth=1))


def chip_authentication(infos: Sequence[SecurityInfo]) -> tuple[ChipAuthentication, ...]:
    found = _under(infos, CHIP_AUTHENTICATION, depth=2)
    return tuple(ChipAuthentication(info.oid, _number(info.required), _optional(info)) for info in found)


def chip_keys(infos: Sequence[SecurityInfo]) -> tuple[ChipKey, ...]:
    return tuple(ChipKey(info.oid, info.required, _optional(info)) for info in _under(infos, PUBLIC_KEY, depth=1))


def active_authentication(infos: Sequence[SecurityInfo]) -> tuple[ActiveAuthentication, ...]:
    found = (info for info in infos if info.oid == ACTIVE_AUTHENTICATION)
    return tuple(ActiveAuthentication(_number(info.required), dotted(tlv.find(info.optional, _OID))) for info in found)


def oid_bytes(oid: str) -> bytes:
    """The value of the DER object of ``oid``, as commands carry it."""
    return bytes(core.ObjectIdentifier(oid).contents)


def _under(infos: Sequence[SecurityInfo], root: str, *, depth: int) -> Iterator[SecurityInfo]:
    """The entries exactly ``depth`` arcs below ``root``."""
    return (info for info in infos if info.oid.startswith(root + ".") and info.oid[len(root) :].count(".") == depth)


def _number(der: bytes) -> int:
    value = tlv.find(der, _INTEGER)
    if not 1 <= len(value) <= 16 or value[0] & 0x80:
        raise ValueError("not a number of anything")  # versions, groups and keys are counted from 0
    return int.from_bytes(value, "big")


def _optional(info: SecurityInfo) -> int | None:
    return _number(info.optional) if info.optional else None


def dotted(value: bytes) -> str:
    """An object identifier in dots (X.690, 8.19)."""
    if not 1 <= len(value) <= 32 or value[-1] & 0x80:
        raise ValueError("not an object identifier")
    arcs, arc = [], 0
    for byte in value:
        arc = arc << 7 | byte & 0x7F
        if not byte & 0x80:
            arcs.append(arc)
            arc = 0
    first = min(arcs[0] // 40, 2)
    return ".".join(map(str, (first, arcs[0] - 40 * first, *arcs[1:])))
