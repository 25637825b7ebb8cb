"""Master lists (ICAO Doc 9303-12, 9): the CSCA certificates one state vouches for, as a CMS that its master list signer signed.

The signature must be right, by a certificate made for this purpose, which a CSCA in the list or beside it issued. That shows that
the list is whole. Whether the state behind it deserves belief is for the person who installs it, as with any certificate.
"""

from __future__ import annotations

from typing import Final

from asn1crypto import core, x509

from devices.idcard.certificates import Certificate, parse_certificate
from devices.idcard.foreign import AlgorithmUnknown, reading
from devices.idcard.signed_data import SignedData, fault, parse_signed_data

CSCA_MASTER_LIST: Final = "2.23.136.1.1.2"
MASTER_LIST_SIGNER: Final = "2.23.136.1.1.3"
MAX_CERTIFICATES: Final = 4096


class CertificateList(core.SetOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = x509.Certificate


class CscaMasterList(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("version", core.Integer), ("certificates", CertificateList)]


class MasterListWrong(ValueError):
    """A master list whose signature does not hold."""


def parse_master_list(der: bytes) -> tuple[bytes, ...]:
    """The CSCA certificates in it (DER). Raises :class:`MasterListWrong`; ``ValueError`` for damage, ``AlgorithmUnknown``."""
    signed = parse_signed_data(der, most_certificates=MAX_CERTIFICATES)
    if signed.content_type != CSCA_MASTER_LIST:
        raise ValueError("no master list")
    if not signed.signers:
        raise AlgorithmUnknown("signature of the master list")
    with reading("master list"):
        listed = CscaMasterList.load(signed.content, strict=True)["certificates"]
        if len(listed) > MAX_CERTIFICATES:
            raise ValueError("too many certificates")
        certificates = tuple(one.dump() for one in listed)
    if not _is_vouched_for(signed, certificates):
        raise MasterListWrong("signature of the master list")
    return certificates


def _is_vouched_for(signed: SignedData, listed: tuple[bytes, ...]) -> bool:
    """Whether one of its signatures is right and made by a master list signer that a CSCA at hand issued."""
    beside = [one for der in signed.certificates if (one := _read(der)) is not None]
    for signer in signed.signers:
        for one in beside:
            if one.is_named(*signer.id) and MASTER_LIST_SIGNER in (one.purposes or ()) and not fault(signed, signer, one.key):
                roots = [*beside, *(root for der in listed if (root := _read(der)) is not None)]
                return any(root.may_certify and one.signed_by(root) for root in roots)
    return False


def _read(der: bytes) -> Certificate | None:
    try:
        return parse_certificate(der)
    except ValueError:
        return None
