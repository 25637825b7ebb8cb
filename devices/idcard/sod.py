"""The document security object (EF.SOD, ICAO Doc 9303-10, 4.6.2): the hashes of the data groups, signed by the issuer.

Today only the hashes are compared. Equal hashes prove nothing while the signature is not checked, so they earn no better
verdict than ``not_checked``; different hashes prove that the data is not what the object lists, so they are ``not_genuine``.
Signature, chain and revocation hook in at :func:`verdict`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from asn1crypto import algos, cms, core

from devices.idcard import tlv
from devices.idcard.facts import Verdict

LDS_SECURITY_OBJECT = "2.23.136.1.1.1"


class DataGroupHash(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [("number", core.Integer), ("value", core.OctetString)]


class DataGroupHashes(core.SequenceOf):  # type: ignore[misc]  # asn1crypto has no types
    _child_spec = DataGroupHash


class LdsSecurityObject(core.Sequence):  # type: ignore[misc]  # asn1crypto has no types
    _fields = [
        ("version", core.Integer),
        ("hash_algorithm", algos.DigestAlgorithm),
        ("hashes", DataGroupHashes),
        ("lds_version", core.Any, {"optional": True}),
    ]


def security_object(sod: bytes) -> tuple[str, dict[int, bytes]]:
    """``(hash algorithm, {data group: hash})`` as EF.SOD lists them. ``ValueError`` when it cannot be read."""
    signed = cms.ContentInfo.load(tlv.find(sod, 0x77))["content"]
    lds = LdsSecurityObject.load(bytes(signed["encap_content_info"]["content"]))
    hashes = {int(entry["number"].native): bytes(entry["value"].native) for entry in lds["hashes"]}
    return str(lds["hash_algorithm"]["algorithm"].native), hashes


def verdict(sod: bytes | None, groups: Mapping[int, bytes]) -> Verdict:
    """What is proved about ``groups`` ({number: whole file}); ``sod`` is ``None`` when the chip gave none."""
    if sod is None:
        return "not_checked"
    try:
        algorithm, hashes = security_object(sod)
        changed = any(hashlib.new(algorithm, data).digest() != hashes.get(number) for number, data in groups.items())
    except (ValueError, TypeError, KeyError):
        return "not_checked"
    return "not_genuine" if changed else "not_checked"
