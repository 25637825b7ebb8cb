"""Certificates and revocation lists of issuers (ICAO Doc 9303-12, 7; RFC 5280): what is said in them, and who signed them.

A CSCA (country signing certificate authority) issues document signers, its own revocation list, and link certificates that carry
trust from its old key to its new one. Nothing here decides whom to trust: see :mod:`devices.idcard.trust` for which certificates
a machine trusts and :mod:`devices.idcard.passive` for what that means for a card.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from asn1crypto import core, crl, x509

from devices.idcard.foreign import AlgorithmUnknown, moment, reading
from devices.idcard.signatures import PublicKey, Scheme, public_key, scheme_of

MAX_CERTIFICATE: Final = 0x4000
"""Bytes; real ones are below 3,000."""

_READ: Final = frozenset(
    {
        *("key_usage", "basic_constraints", "extended_key_usage", "private_key_usage_period"),
        *("key_identifier", "authority_key_identifier"),
    }
)
_NO_MATTER: Final = frozenset({"certificate_policies", "subject_alt_name", "issuer_alt_name"})


@dataclass(frozen=True, slots=True)
class Sealed:
    """Something signed by an issuer: the name of that issuer (normalised), what was signed, and how."""

    issuer: str
    signed: bytes
    scheme: Scheme
    signature: bytes

    def sealed_by(self, key: PublicKey) -> bool:
        """Whether that key signed it. Raises ``AlgorithmUnknown`` when nobody here can tell."""
        return key.verifies(self.scheme, self.signature, self.signed)


@dataclass(frozen=True, slots=True)
class Moment:
    """Now, and whether this machine's clock can be believed."""

    time: datetime
    sure: bool


@dataclass(frozen=True, slots=True)
class Period:
    """From when to when; ``None`` is open."""

    start: datetime | None = None
    end: datetime | None = None

    def holds(self, moment: datetime) -> bool:
        return (self.start is None or self.start <= moment) and (self.end is None or moment <= self.end)


@dataclass(frozen=True, slots=True)
class Certificate:
    """A certificate. ``usage`` and ``purposes``: key usage and extended key usage, ``None`` when it says nothing of them."""

    der: bytes
    seal: Sealed
    subject: str
    """Normalised; equal names compare equal."""
    subject_text: str
    """For a person: the common name first, without the country."""
    country: str
    """ISO 3166 two letters, capital."""
    serial: int
    valid: Period
    key_period: Period
    """When the private key may sign."""
    key: PublicKey
    key_id: bytes
    issuer_key_id: bytes
    usage: frozenset[str] | None
    purposes: frozenset[str] | None
    authority: bool
    """Basic constraints name it a certificate authority."""
    strange: bool
    """It has a critical extension that is not understood here."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the certificate, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    def is_named(self, issuer: str, serial: int, key_id: bytes) -> bool:
        """Whether a signature that names its signer so means this certificate: by key identifier, else by issuer and serial."""
        return self.key_id == key_id if key_id else (self.seal.issuer, self.serial) == (issuer, serial)

    def signed_by(self, by: Certificate) -> bool:
        """Whether ``by`` issued it: the name and the signature. An algorithm nobody can verify is no."""
        return _signed_by(self.seal, by)

    @property
    def may_certify(self) -> bool:
        """A certificate authority: basic constraints and key usage both say so."""
        return self.authority and "key_cert_sign" in (self.usage or ()) and not self.strange

    @property
    def may_sign_documents(self) -> bool:
        """A document signer: digital signatures, no authority, made for no other purpose (Doc 9303-12, table 6)."""
        purposes = self.purposes is None or "any_extended_key_usage" in self.purposes
        return not self.authority and "digital_signature" in (self.usage or ()) and purposes


def parse_certificate(der: bytes) -> Certificate:
    """Raises ``ValueError`` for damage, ``AlgorithmUnknown`` for a key or signature nobody here can verify."""
    if len(der) > MAX_CERTIFICATE:
        raise ValueError("certificate too long")
    with reading("certificate"):
        found = x509.Certificate.load(der, strict=True)
        body = found["tbs_certificate"]
        extensions = [(str(one["extn_id"].native), one) for one in body["extensions"] or ()]
        said = {name: one["extn_value"].parsed for name, one in extensions if name in _READ}
        critical = {name for name, one in extensions if one["critical"].native}
        if body["signature"].dump() != found["signature_algorithm"].dump():
            raise ValueError("two signature algorithms")
        validity = body["validity"]
        return Certificate(
            der=der,
            seal=_seal(body, found["signature_algorithm"], found["signature_value"]),
            subject=body["subject"].hashable,
            subject_text=_text(body["subject"]),
            country=_country(body["subject"]),
            serial=int(body["serial_number"].native),
            valid=Period(moment(validity["not_before"]), moment(validity["not_after"])),
            key_period=_key_period(said.get("private_key_usage_period")),
            key=public_key(body["subject_public_key_info"]),
            key_id=bytes(said["key_identifier"].native) if "key_identifier" in said else b"",
            issuer_key_id=_issuer_key_id(said.get("authority_key_identifier")),
            usage=_set(said.get("key_usage")),
            purposes=_set(said.get("extended_key_usage")),
            authority="basic_constraints" in said and bool(said["basic_constraints"]["ca"].native),
            strange=bool(critical - _READ - _NO_MATTER),
        )


def _seal(body: Any, algorithm: Any, signature: Any) -> Sealed:
    return Sealed(body["issuer"].hashable, body.dump(), scheme_of(algorithm), bytes(signature.native))


def _country(name: x509.Name) -> str:
    return next(
        (str(part["value"].native) for rdn in name.chosen for part in rdn if part["type"].native == "country_name"), ""
    ).upper()


def _text(name: x509.Name) -> str:
    said = [(part["type"].native, str(part["value"].native)) for rdn in name.chosen for part in rdn]
    said.sort(key=lambda one: one[0] != "common_name")
    return ", ".join(value for kind, value in said if kind != "country_name")


def _key_period(found: Any) -> Period:
    if found is None:
        return Period()
    start, end = (found[name] for name in ("not_before", "not_after"))
    return Period(_perhaps(start), _perhaps(end))


def _perhaps(value: Any) -> datetime | None:
    return None if isinstance(value, core.Void) else moment(value)


def _issuer_key_id(found: Any) -> bytes:
    return bytes(found["key_identifier"].native or b"") if found is not None else b""


def _set(found: Any) -> frozenset[str] | None:
    return frozenset(map(str, found.native)) if found is not None else None


@dataclass(frozen=True, slots=True)
class Revocation:
    """A revoked serial number: since when, and why by RFC 5280's name (``unspecified`` when the list does not say)."""

    since: datetime
    why: str


@dataclass(frozen=True, slots=True)
class RevocationList:
    """A CRL. ``until``: when the next one is due."""

    der: bytes
    seal: Sealed
    made: datetime
    until: datetime | None
    revoked: Mapping[int, Revocation]

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the list, hexadecimal."""
        return hashlib.sha256(self.der).hexdigest()

    def signed_by(self, by: Certificate) -> bool:
        """Whether ``by``, which may sign such lists, made it. An algorithm nobody can verify is no."""
        return "crl_sign" in (by.usage or ()) and _signed_by(self.seal, by)


def _signed_by(seal: Sealed, by: Certificate) -> bool:
    try:
        return seal.issuer == by.subject and seal.sealed_by(by.key)
    except AlgorithmUnknown:
        return False


def parse_revocation_list(der: bytes) -> RevocationList:
    """Raises ``ValueError`` for damage and critical extensions not understood, ``AlgorithmUnknown``."""
    with reading("revocation list"):
        found = crl.CertificateList.load(der, strict=True)
        body = found["tbs_cert_list"]
        if any(one["critical"].native for one in body["crl_extensions"] or ()):
            raise ValueError("critical extension")
        return RevocationList(
            der=der,
            seal=_seal(body, found["signature_algorithm"], found["signature"]),
            made=moment(body["this_update"]),
            until=_perhaps(body["next_update"]),
            revoked={int(one["user_certificate"].native): _revocation(one) for one in body["revoked_certificates"] or ()},
        )


def _revocation(entry: Any) -> Revocation:
    reasons = [
        one["extn_value"].parsed.native for one in entry["crl_entry_extensions"] or () if one["extn_id"].native == "crl_reason"
    ]
    return Revocation(moment(entry["revocation_date"]), str(reasons[0]) if reasons else "unspecified")
