"""The document security object, EF.SOD (ICAO Doc 9303-10, 4.6.2): the hash of every data group, signed by the document's issuer.

It is a CMS SignedData around an LDS security object: version 0, or version 1 which also says which LDS it belongs to. Each data
group is listed once, with a hash of the length of its digest. What is signed and by whom is judged in
:mod:`devices.idcard.passive`; here it is only read, and nothing of it larger than an issuer ever needs.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from asn1crypto import algos, core

from devices.idcard import tlv
from devices.idcard.foreign import reading
from devices.idcard.signatures import digest_name
from devices.idcard.signed_data import SignedData, parse_signed_data

LDS_SECURITY_OBJECT: Final = "2.23.136.1.1.1"
MAX_SOD: Final = 0x8000
"""Bytes; real ones have 2,000 to 4,000."""
MAX_CERTIFICATES: Final = 8


class DataGroupHash(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("number", core.Integer), ("value", core.OctetString)]


class DataGroupHashes(core.SequenceOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = DataGroupHash


class LdsVersionInfo(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("lds_version", core.PrintableString), ("unicode_version", core.PrintableString)]


class LdsSecurityObject(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("hashes", DataGroupHashes),
        ("lds_version", LdsVersionInfo, {"optional": True}),
    ]


@dataclass(frozen=True, slots=True)
class SecurityObject:
    """``hashes``: hash of each data group by its number; ``lds``: «1.8» and the like, empty in version 0."""

    signed: SignedData
    digest: str
    hashes: Mapping[int, bytes]
    lds: str = ""

    def changed(self, groups: Mapping[int, bytes]) -> frozenset[int]:
        """Data groups (whole files by number) whose content is not the one listed, or that are not listed at all."""
        return frozenset(
            number for number, data in groups.items() if hashlib.new(self.digest, data).digest() != self.hashes.get(number)
        )


def parse_sod(sod: bytes) -> SecurityObject:
    """Read EF.SOD. Raises ``ValueError`` for damage, ``AlgorithmUnknown`` for a digest of data groups that nobody here knows."""
    if len(sod) > MAX_SOD:
        raise ValueError("EF.SOD too long")
    signed = parse_signed_data(tlv.find(sod, 0x77), most_certificates=MAX_CERTIFICATES)
    if signed.content_type != LDS_SECURITY_OBJECT:
        raise ValueError("no LDS security object")
    with reading("LDS security object"):
        lds = LdsSecurityObject.load(signed.content, strict=True)
        digest = digest_name(lds["hash_algorithm"])
        listed = [(int(entry["number"].native), bytes(entry["value"].native)) for entry in lds["hashes"]]
        version = lds["lds_version"]
        told = "" if isinstance(version, core.Void) else str(version["lds_version"].native)
    hashes = dict(listed)
    if not hashes or len(hashes) != len(listed) or not hashes.keys() <= set(range(1, 17)):
        raise ValueError("data groups listed wrongly")
    if {len(value) for value in hashes.values()} != {hashlib.new(digest).digest_size}:
        raise ValueError("hash of a wrong length")
    return SecurityObject(signed, digest, hashes, told)
