"""The twin's own authority: a country signing certificate, a document signer, and the security object over the data groups.

Written after ICAO Doc 9303-10 (EF.SOD) and 9303-12 (certificates); judged in the tests by ``openssl cms -verify``. ECDSA on P-256
with SHA-256. The keys live as long as the object.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime

from asn1crypto import algos, cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from devices.idcard import tlv
from devices.idcard.sod import LDS_SECURITY_OBJECT, LdsSecurityObject

_FROM, _SIGN_UNTIL, _UNTIL = datetime(2021, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC), datetime(2041, 1, 1, tzinfo=UTC)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "VN"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Sample issuer without legal value"),
            x509.NameAttribute(NameOID.COMMON_NAME, common),
        ]
    )


def _usage(*, signer: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signer,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=not signer,
        crl_sign=not signer,
        encipher_only=False,
        decipher_only=False,
    )


class TwinIssuer:
    """Signs security objects.

    ``csca`` and ``signer`` are the certificates, ``csca_pem`` what a verifier would be given to trust.
    """

    def __init__(self) -> None:
        self._csca_key = ec.generate_private_key(ec.SECP256R1())
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.csca = self._certificate("CSCA twin", self._csca_key, 1, _UNTIL)
        self.signer = self._certificate("Document signer twin", self._key, 2, _SIGN_UNTIL)

    @property
    def csca_pem(self) -> bytes:
        return self.csca.public_bytes(serialization.Encoding.PEM)

    def _certificate(self, common: str, key: ec.EllipticCurvePrivateKey, serial: int, until: datetime) -> x509.Certificate:
        signer = key is not self._csca_key
        authority = x509.SubjectKeyIdentifier.from_public_key(self._csca_key.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(_name(common))
            .issuer_name(_name("CSCA twin"))
            .public_key(key.public_key())
            .serial_number(serial)
            .not_valid_before(_FROM)
            .not_valid_after(until)
            .add_extension(_usage(signer=signer), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(authority), critical=False)
        )
        if not signer:
            builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        return builder.sign(self._csca_key, hashes.SHA256())

    def security_object(self, groups: Mapping[int, bytes]) -> bytes:
        """EF.SOD over ``groups`` ({number: whole file})."""
        content = LdsSecurityObject(
            {
                "version": 0,
                "hash_algorithm": {"algorithm": "sha256"},
                "hashes": [{"number": number, "value": hashlib.sha256(data).digest()} for number, data in sorted(groups.items())],
            }
        ).dump()
        attributes = cms.CMSAttributes(
            [
                {"type": "content_type", "values": [LDS_SECURITY_OBJECT]},
                {"type": "message_digest", "values": [hashlib.sha256(content).digest()]},
            ]
        )
        certificate = asn1_x509.Certificate.load(self.signer.public_bytes(serialization.Encoding.DER))
        digest = algos.DigestAlgorithm({"algorithm": "sha256"})
        signed = cms.SignedData(
            {
                "version": "v3",
                "digest_algorithms": [digest],
                "encap_content_info": {"content_type": LDS_SECURITY_OBJECT, "content": content},
                "certificates": [certificate],
                "signer_infos": [
                    {
                        "version": "v1",
                        "sid": cms.SignerIdentifier(
                            {"issuer_and_serial_number": {"issuer": certificate.issuer, "serial_number": certificate.serial_number}}
                        ),
                        "digest_algorithm": digest,
                        "signed_attrs": attributes,
                        "signature_algorithm": {"algorithm": "sha256_ecdsa"},
                        "signature": self._key.sign(attributes.dump(), ec.ECDSA(hashes.SHA256())),
                    }
                ],
            }
        )
        return tlv.build(0x77, cms.ContentInfo({"content_type": "signed_data", "content": signed}).dump())
