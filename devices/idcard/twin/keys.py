"""Keys of the twin's authorities, of every kind an issuer may use, and the signatures they make.

They are worth nothing: an elliptic key follows from its owner's name, so that a training machine that trusts the sample issuer
trusts the cards of every later process, and anybody can have it. An RSA key is random, made once in a process and kept.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Final, Literal

from asn1crypto import algos, keys
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from devices.idcard.curves import Curve, curve
from devices.idcard.domain_parameters import CURVES
from devices.idcard.signatures import DIGESTS, FAST_CURVES

_CURVES: Final = {one.name: one for one in map(curve, CURVES)}
RSA_BITS: Final = 2048


@dataclass(frozen=True, slots=True)
class KeyKind:
    """What a key is and how it signs. ``curve`` is empty for RSA; ``explicit`` writes its parameters out.

    RSA-PSS: ``mask`` is the digest of MGF1, ``salt`` in bytes; ``bound`` makes it a key that may sign in no other way.
    """

    scheme: Literal["rsa", "pss", "ecdsa"] = "ecdsa"
    digest: str = "sha256"
    curve: str = "secp256r1"
    explicit: bool = False
    mask: str = "sha256"
    salt: int = 32
    bound: bool = False


P256: Final = KeyKind()
"""ECDSA with SHA-256."""


class TwinKey:
    """A key pair. ``owner`` tells several of one kind apart."""

    def __init__(self, kind: KeyKind, owner: str) -> None:
        self.kind = kind
        self._key = _private(kind.curve if kind.scheme == "ecdsa" else "", owner)

    @property
    def algorithm(self) -> algos.SignedDigestAlgorithm:
        """The algorithm identifier of its signatures."""
        kind = self.kind
        if kind.scheme == "pss":
            return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": self._pss()})
        return algos.SignedDigestAlgorithm({"algorithm": f"{kind.digest}_{kind.scheme}"})

    def _pss(self) -> algos.RSASSAPSSParams:
        kind = self.kind
        return algos.RSASSAPSSParams(
            {
                "hash_algorithm": {"algorithm": kind.digest},
                "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": {"algorithm": kind.mask}},
                "salt_length": kind.salt,
            }
        )

    @property
    def public(self) -> keys.PublicKeyInfo:
        """Its SubjectPublicKeyInfo."""
        kind = self.kind
        der = self._key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        info = keys.PublicKeyInfo.load(der)
        if kind.bound:
            info["algorithm"] = keys.PublicKeyAlgorithm({"algorithm": "rsassa_pss", "parameters": self._pss()})
        if kind.explicit:
            info["algorithm"] = keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": explicit(_CURVES[kind.curve])})
        return info

    def sign(self, data: bytes) -> bytes:
        digest = DIGESTS[self.kind.digest]()
        if isinstance(self._key, ec.EllipticCurvePrivateKey):
            return self._key.sign(data, ec.ECDSA(digest))
        if self.kind.scheme == "rsa":
            return self._key.sign(data, padding.PKCS1v15(), digest)
        return self._key.sign(data, padding.PSS(padding.MGF1(DIGESTS[self.kind.mask]()), self.kind.salt), digest)


@functools.cache
def _private(curve_name: str, owner: str) -> ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey:
    if not curve_name:
        return rsa.generate_private_key(65537, RSA_BITS)
    known = _CURVES[curve_name]
    drawn = int.from_bytes(hashlib.shake_256(f"{curve_name} {owner}".encode()).digest(known.size + 8), "big")
    return ec.derive_private_key(drawn % (known.order - 1) + 1, FAST_CURVES[curve_name])


def explicit(known: Curve) -> keys.ECDomainParameters:
    """The parameters of a curve written out (SEC 1, C.2)."""
    domain = keys.SpecifiedECDomain(
        {
            "version": 1,
            "field_id": {"field_type": "prime_field", "parameters": known.p},
            "curve": {"a": known.a.to_bytes(known.size, "big"), "b": known.b.to_bytes(known.size, "big")},
            "base": keys.ECPoint(known.generator),
            "order": known.order,
            "cofactor": 1,
        }
    )
    return keys.ECDomainParameters(name="specified", value=domain)
