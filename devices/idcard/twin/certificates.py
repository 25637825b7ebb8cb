"""Certificates and revocation lists of the twin's authorities (ICAO Doc 9303-12, 7), and what a forger would rather have."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from asn1crypto import core, crl, x509

from devices.idcard.certificates import Period
from devices.idcard.twin.keys import TwinKey


def years(first: int, last: int) -> Period:
    """From the first of January to the first of January."""
    return Period(datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC))


@dataclass(frozen=True, slots=True)
class Wanted:
    """A certificate to be made: whose, for which key, and for what. ``usage``: empty for what its kind usually has."""

    name: str
    key: TwinKey
    serial: int
    valid: Period
    authority: bool = False
    signing: Period | None = None
    """When its private key may sign; ``None`` leaves the extension out."""
    usage: frozenset[str] = frozenset()
    purposes: tuple[str, ...] = ()
    country: str = "VN"

    @property
    def subject(self) -> x509.Name:
        return x509.Name.build(
            {"country_name": self.country, "organization_name": "Sample issuer without legal value", "common_name": self.name}
        )

    @property
    def key_id(self) -> bytes:
        """SHA-1 of the public key (RFC 5280, 4.2.1.2)."""
        return hashlib.sha1(bytes(self.key.public["public_key"]), usedforsecurity=False).digest()

    def sealed_by(self, issuer: Wanted) -> bytes:
        """The certificate in DER, signed by ``issuer``."""
        body = x509.TbsCertificate(
            {
                "version": "v3",
                "serial_number": self.serial,
                "signature": issuer.key.algorithm,
                "issuer": issuer.subject,
                "validity": {"not_before": _time(self.valid.start), "not_after": _time(self.valid.end)},
                "subject": self.subject,
                "subject_public_key_info": self.key.public,
                "extensions": self._extensions(issuer),
            }
        )
        signed = {
            "tbs_certificate": body,
            "signature_algorithm": issuer.key.algorithm,
            "signature_value": issuer.key.sign(body.dump()),
        }
        return bytes(x509.Certificate(signed).dump())

    def _extensions(self, issuer: Wanted) -> list[dict[str, object]]:
        usage = self.usage or frozenset({"key_cert_sign", "crl_sign"} if self.authority else {"digital_signature"})
        found = [
            _extension("key_usage", x509.KeyUsage(set(usage)), critical=True),
            _extension("key_identifier", core.OctetString(self.key_id)),
            _extension("authority_key_identifier", x509.AuthorityKeyIdentifier({"key_identifier": issuer.key_id})),
        ]
        if self.authority:
            found.append(
                _extension("basic_constraints", x509.BasicConstraints({"ca": True, "path_len_constraint": 0}), critical=True)
            )
        if self.signing is not None:
            period = x509.PrivateKeyUsagePeriod({"not_before": self.signing.start, "not_after": self.signing.end})
            found.append(_extension("private_key_usage_period", period))
        if self.purposes:
            found.append(_extension("extended_key_usage", x509.ExtKeyUsageSyntax(list(self.purposes)), critical=True))
        return found


def _extension(name: str, value: core.Asn1Value, *, critical: bool = False) -> dict[str, object]:
    return {"extn_id": name, "critical": critical, "extn_value": core.ParsableOctetString(value.dump())}


def _time(moment: datetime | None) -> x509.Time:
    """As RFC 5280 wants it: two digits of the year before 2050."""
    assert moment is not None, "an open end cannot be written"
    if moment.year < 2050:
        return x509.Time(name="utc_time", value=core.UTCTime(moment))
    return x509.Time(name="general_time", value=core.GeneralizedTime(moment))


def revocation_list(issuer: Wanted, valid: Period, revoked: Mapping[int, tuple[datetime, str]]) -> bytes:
    """A CRL in DER: ``revoked`` maps serial numbers to (since, reason; empty for none)."""
    entries = [
        {
            "user_certificate": serial,
            "revocation_date": _time(since),
            **({"crl_entry_extensions": [_extension("crl_reason", crl.CRLReason(why))]} if why else {}),
        }
        for serial, (since, why) in revoked.items()
    ]
    body = crl.TbsCertList(
        {
            "version": "v2",
            "signature": issuer.key.algorithm,
            "issuer": issuer.subject,
            "this_update": _time(valid.start),
            "next_update": _time(valid.end),
            **({"revoked_certificates": entries} if entries else {}),
            "crl_extensions": [
                _extension("authority_key_identifier", x509.AuthorityKeyIdentifier({"key_identifier": issuer.key_id})),
                _extension("crl_number", core.Integer(1)),
            ],
        }
    )
    signed = {"tbs_cert_list": body, "signature_algorithm": issuer.key.algorithm, "signature": issuer.key.sign(body.dump())}
    return bytes(crl.CertificateList(signed).dump())
