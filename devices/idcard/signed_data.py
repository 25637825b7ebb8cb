"""CMS SignedData (RFC 5652) as issuers use it: EF.SOD (ICAO Doc 9303-10, 4.6.2) and master lists (Doc 9303-12, 9).

A signature counts only over signed attributes: the content is no plain ``id-data``, so RFC 5652, 5.3 demands them, and without
them the bytes of the attributes themselves could be passed off as content. They must name the type of the content and its
digest, each exactly once. The digest is taken over the attributes as they came, under the tag of a SET.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

from asn1crypto import cms

from devices.idcard.foreign import AlgorithmUnknown, moment, reading
from devices.idcard.signatures import PublicKey, Scheme, digest_name, scheme_of

MAX_SIGNERS: Final = 4
"""Doc 9303-10 recommends one."""


class SignerId(NamedTuple):
    """Which certificate made a signature: the name of its issuer (normalised) and serial number, or its key identifier."""

    issuer: str = ""
    serial: int = 0
    key_id: bytes = b""


@dataclass(frozen=True, slots=True)
class Signer:
    """One signature. ``attributes``: the signed attributes as a DER SET, empty when there are none."""

    id: SignerId
    digest: str
    scheme: Scheme
    signature: bytes
    attributes: bytes
    values: Mapping[str, Any]
    """Signed attributes by name; one that is there twice, or with several values, is ``None``."""

    @property
    def signed_at(self) -> datetime | None:
        """The signing time the signer claims."""
        time = self.values.get("signing_time")
        return time if isinstance(time, datetime) else None


@dataclass(frozen=True, slots=True)
class SignedData:
    """Signed content, the signatures over it that somebody here can verify, and the certificates that came along (DER)."""

    content_type: str
    content: bytes
    signers: tuple[Signer, ...]
    certificates: tuple[bytes, ...]


def parse_signed_data(der: bytes, *, most_certificates: int) -> SignedData:
    """Read a ContentInfo. Raises ``ValueError`` for damage and too many parts. An unknown algorithm costs its signature only."""
    with reading("signed data"):
        info = cms.ContentInfo.load(der, strict=True)
        if info["content_type"].native != "signed_data":
            raise ValueError("no signed data")
        signed = info["content"]
        encapsulated = signed["encap_content_info"]
        signers, certificates = signed["signer_infos"], signed["certificates"] or ()
        if not 1 <= len(signers) <= MAX_SIGNERS or len(certificates) > most_certificates:
            raise ValueError("too many parts, or no signer")
        return SignedData(
            content_type=encapsulated["content_type"].dotted,
            content=bytes(encapsulated["content"]),
            signers=tuple(one for info in signers if (one := _signer(info))),
            certificates=tuple(one.chosen.dump() for one in certificates if one.name == "certificate"),
        )


def _signer(info: cms.SignerInfo) -> Signer | None:
    """``None`` when nobody here can verify it."""
    try:
        digest = digest_name(info["digest_algorithm"])
        scheme = scheme_of(info["signature_algorithm"], digest)
    except AlgorithmUnknown:
        return None
    attributes = info["signed_attrs"]
    return Signer(
        id=_signer_id(info["sid"]),
        digest=digest,
        scheme=scheme,
        signature=bytes(info["signature"].native),
        attributes=attributes.untag().dump() if attributes else b"",
        values=_values(attributes or ()),
    )


def _signer_id(sid: cms.SignerIdentifier) -> SignerId:
    if sid.name == "subject_key_identifier":
        return SignerId(key_id=bytes(sid.chosen.native))
    return SignerId(sid.chosen["issuer"].hashable, int(sid.chosen["serial_number"].native))


_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    "content_type": lambda value: value.dotted,
    "message_digest": lambda value: bytes(value.native),
    "signing_time": moment,
}


def _values(attributes: Any) -> Mapping[str, Any]:
    found: dict[str, Any] = {}
    for attribute in attributes:
        name, values = str(attribute["type"].native), attribute["values"]
        if name in _READ:
            once = name not in found and len(values) == 1
            found[name] = _READ[name](values[0]) if once else None
    return found


def fault(signed: SignedData, signer: Signer, key: PublicKey) -> str:
    """What is wrong with a signature: ``attributes_wrong``, ``signature_wrong``, or empty.

    Raises ``AlgorithmUnknown`` when it cannot be verified.
    """
    values = signer.values
    covered = values.get("content_type"), values.get("message_digest")
    if covered != (signed.content_type, hashlib.new(signer.digest, signed.content).digest()):
        return "attributes_wrong"
    return "" if key.verifies(signer.scheme, signer.signature, signer.attributes) else "signature_wrong"
