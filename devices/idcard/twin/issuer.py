"""The twin's own issuers: a country signing authority, a document signer, and the security object over the data groups.

Written after ICAO Doc 9303-10 (EF.SOD) and 9303-12 (certificates); judged in the tests by ``openssl``. An issuer is data
(:class:`IssuerKind`): algorithms, forms and accidents that real issuers have or may have stand in :data:`KINDS`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

from asn1crypto import algos, cms, core, pem, x509

from devices.idcard import tlv
from devices.idcard.certificates import Period
from devices.idcard.master_list import CSCA_MASTER_LIST, MASTER_LIST_SIGNER, CscaMasterList
from devices.idcard.sod import LDS_SECURITY_OBJECT, LdsSecurityObject
from devices.idcard.twin.certificates import Wanted, revocation_list, years
from devices.idcard.twin.keys import P256, KeyKind, TwinKey

_CSCA, _SIGNER = "CSCA twin", "Document signer twin"
_LONG: Final = years(2021, 2036)
SIGNED: Final = datetime(2021, 4, 15, tzinfo=UTC)
"""When the cards of these issuers are signed, where the security object says so."""


@dataclass(frozen=True, slots=True)
class IssuerKind:
    """How an issuer works. ``digest`` hashes the data groups; ``lds``: LDS version, which makes the security object version 1."""

    name: str = "P-256"
    root: KeyKind = P256
    signer: KeyKind = P256
    digest: str = "sha256"
    lds: str = ""
    by_key_id: bool = False
    """The signature names its signer by key identifier."""
    signed_at: datetime | None = None
    """Signing time stated in the signature."""
    carries: bool = True
    """The security object brings the signer's certificate along."""
    linked: bool = False
    """The authority has changed its key: only the one before is known, and a link certificate."""
    signs: Period = _LONG
    """Validity of the document signer."""
    revoked: str = ""
    """Why its signer stands on the revocation list, by RFC 5280's name; empty: it does not."""


class TwinIssuer:
    """Signs security objects. All certificates and the list are DER.

    ``installed`` is what a technician would put on a machine to trust it: the authority's certificate, or the one before and the
    link to this one. ``owner`` tells authorities apart that bear the same names.
    """

    def __init__(self, kind: IssuerKind = IssuerKind(), *, owner: str = "", country: str = "VN") -> None:
        self.kind = kind
        self.root = Wanted(
            *(_CSCA, TwinKey(kind.root, owner), 1, years(2021, 2046)), authority=True, signing=years(2021, 2027), country=country
        )
        self.officer = Wanted(_SIGNER, TwinKey(kind.signer, f"{owner} signer"), 2, kind.signs, signing=kind.signs, country=country)
        before = Wanted(_CSCA, TwinKey(kind.root, f"{owner} before"), 3, years(2016, 2041), authority=True, country=country)
        self.csca = self.root.sealed_by(self.root)
        self.signer = self.officer.sealed_by(self.root)
        self.installed: Sequence[bytes] = [before.sealed_by(before), self.root.sealed_by(before)] if kind.linked else [self.csca]
        self.crl = self.list_until(2030)

    def list_until(self, year: int) -> bytes:
        """Its revocation list, due to be renewed in that year."""
        revoked = {self.officer.serial: (datetime(2025, 1, 1, tzinfo=UTC), self.kind.revoked)} if self.kind.revoked else {}
        return revocation_list(self.root, years(2025, year), revoked)

    @property
    def csca_pem(self) -> bytes:
        return b"".join(pem.armor("CERTIFICATE", der) for der in self.installed)

    def security_object(self, groups: Mapping[int, bytes]) -> bytes:
        """EF.SOD over ``groups`` ({number: whole file})."""
        return self.seal(lds_object(groups, self.kind.digest, self.kind.lds))

    def seal(self, content: bytes, change: Change | None = None) -> bytes:
        """EF.SOD around any content, with what a forger wants ``change``d."""
        change = change or Change()
        key = change.key or self.officer.key
        digest = self.kind.signer.digest
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": [change.content_type]},
                {"type": "message_digest", "values": [hashlib.new(digest, content).digest()]},
                *([_signing_time(self.kind.signed_at)] if self.kind.signed_at else []),
            ]
        )
        certificate = x509.Certificate.load(change.certificates[0] if change.certificates else self.signer)
        signer: dict[str, Any] = {
            "version": "v3" if self.kind.by_key_id else "v1",
            "sid": self._signer_id(certificate),
            "digest_algorithm": {"algorithm": digest},
            "signature_algorithm": key.algorithm,
            "signature": change.signature or key.sign(attributes.dump() if change.attributes else content),
        }
        if change.attributes:
            signer["signed_attrs"] = attributes
        signed: dict[str, Any] = {
            "version": "v3",
            "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
            "encap_content_info": {"content_type": change.kind, "content": change.swap or content},
            "signer_infos": [signer],
        }
        if self.kind.carries:
            signed["certificates"] = [x509.Certificate.load(der) for der in change.certificates or (self.signer,)]
        return tlv.build(0x77, cms.ContentInfo({"content_type": "signed_data", "content": cms.SignedData(signed)}).dump())

    def _signer_id(self, certificate: x509.Certificate) -> cms.SignerIdentifier:
        if self.kind.by_key_id:
            # The tag is implicit.
            return cms.SignerIdentifier(name="subject_key_identifier", value=core.OctetString(certificate.key_identifier))
        named = {"issuer": certificate.issuer, "serial_number": certificate.serial_number}
        return cms.SignerIdentifier(name="issuer_and_serial_number", value=cms.IssuerAndSerialNumber(named))


@dataclass(frozen=True, slots=True)
class Change:
    """What a forger does to a security object. ``swap``: what stands in place of what was signed; ``certificates``: the first is
    named as the signer's; ``signature``: of something else."""

    swap: bytes = b""
    certificates: Sequence[bytes] = field(default_factory=tuple)
    key: TwinKey | None = None
    signature: bytes = b""
    attributes: bool = True
    content_type: str = LDS_SECURITY_OBJECT
    """As the signed attributes say."""
    kind: str = LDS_SECURITY_OBJECT
    """As the content itself says."""


def _signing_time(moment: datetime) -> dict[str, Any]:
    return {"type": "signing_time", "values": [cms.Time(name="utc_time", value=core.UTCTime(moment))]}


def lds_object(groups: Mapping[int, bytes], digest: str = "sha256", lds: str = "") -> bytes:
    """The LDS security object over ``groups``."""
    listed = [{"number": number, "value": hashlib.new(digest, data).digest()} for number, data in sorted(groups.items())]
    told: dict[str, Any] = {"version": 1 if lds else 0, "hash_algorithm": {"algorithm": digest}, "hashes": listed}
    if lds:
        told["lds_version"] = {"lds_version": lds, "unicode_version": "15.0.0"}
    return bytes(LdsSecurityObject(told).dump())


def _both(name: str, key: KeyKind, **more: Any) -> IssuerKind:
    return IssuerKind(name, root=key, signer=key, **more)


_P384 = KeyKind(digest="sha384", curve="secp384r1")
_B256, _B384 = KeyKind(curve="brainpoolP256r1"), KeyKind(digest="sha384", curve="brainpoolP384r1")
_EXPLICIT = KeyKind(explicit=True)

KINDS: Final[Mapping[str, IssuerKind]] = {
    kind.name: kind
    for kind in (
        IssuerKind(),
        _both("P-256 explicit", _EXPLICIT),
        _both("P-384", _P384, digest="sha384"),
        _both("brainpoolP256r1", _B256),
        _both("brainpoolP384r1", _B384, digest="sha384"),
        _both("brainpoolP384r1 explicit", KeyKind(digest="sha384", curve="brainpoolP384r1", explicit=True)),
        _both("P-521", KeyKind(digest="sha512", curve="secp521r1"), digest="sha512"),
        _both("RSA", KeyKind("rsa")),
        _both("RSA SHA-512", KeyKind("rsa", "sha512"), digest="sha512"),
        _both("RSA SHA-1", KeyKind("rsa", "sha1"), digest="sha1"),
        _both("SHA-224", KeyKind(digest="sha224", curve="secp224r1"), digest="sha224"),
        _both("RSA-PSS", KeyKind("pss")),
        _both("RSA-PSS, other mask and salt", KeyKind("pss", "sha512", mask="sha256", salt=20), digest="sha512"),
        _both("RSA-PSS key", KeyKind("pss", bound=True)),
        IssuerKind("RSA root, elliptic signer", root=KeyKind("rsa"), signer=_B256),
        IssuerKind("LDS 1.8", lds="1.8"),
        IssuerKind("signing time", signed_at=SIGNED),
        IssuerKind("key identifier", by_key_id=True),
        IssuerKind("no certificate", carries=False),
        IssuerKind("link", linked=True),
        IssuerKind("signer past", signs=years(2021, 2022), signed_at=SIGNED),
        IssuerKind("signer past, no signing time", signs=years(2021, 2022)),
        IssuerKind("signer not yet", signs=years(2022, 2036), signed_at=SIGNED),
        IssuerKind("signer revoked", revoked="key_compromise", signed_at=SIGNED),
        IssuerKind("signer retired", revoked="cessation_of_operation", signed_at=SIGNED),
        IssuerKind("signer retired, no signing time", revoked="cessation_of_operation"),
    )
}
"""Issuers by name."""


def master_list(issuer: TwinIssuer, certificates: Sequence[bytes]) -> bytes:
    """A master list of these CSCA certificates, signed for ``issuer`` (Doc 9303-12, 9)."""
    officer = Wanted("Master list signer twin", issuer.officer.key, 7, years(2021, 2036), purposes=(MASTER_LIST_SIGNER,))
    content = CscaMasterList({"version": 0, "certificates": [x509.Certificate.load(der) for der in certificates]}).dump()
    beside = [officer.sealed_by(issuer.root), issuer.csca]
    return tlv.find(issuer.seal(content, Change(certificates=beside, content_type=CSCA_MASTER_LIST, kind=CSCA_MASTER_LIST)), 0x77)
