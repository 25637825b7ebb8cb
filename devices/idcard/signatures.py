"""Public keys and signatures of issuers (ICAO Doc 9303-12, 4.1 and 4.4; RFC 4055, RFC 5758, SEC 1): RSA, RSA-PSS, ECDSA.

A key names its own algorithm, a signature the scheme it was made with; a scheme that does not fit the key, or that an RSA-PSS
key's own parameters forbid, verifies nothing. Elliptic curves come named or, as Doc 9303-12 asks, with explicit parameters, which
count only when all of them are those of a standardised curve (:mod:`devices.idcard.public_keys`): a generator of one's own would
let anybody make a key that «matches» (CVE-2020-0601). What nobody here can verify raises :class:`AlgorithmUnknown`, which is no
verdict on the signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from devices.idcard.active import ecdsa_is_right
from devices.idcard.curves import Curve
from devices.idcard.foreign import AlgorithmUnknown, reading
from devices.idcard.public_keys import ec_public_key

DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""Every digest Doc 9303 allows, by asn1crypto's name."""

FAST_CURVES: Final[dict[str, ec.EllipticCurve]] = {
    curve.name: curve
    for curve in (
        *(ec.SECP224R1(), ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()),
        *(ec.BrainpoolP256R1(), ec.BrainpoolP384R1(), ec.BrainpoolP512R1()),
    )
}
"""Curves OpenSSL computes on, by name."""

_MODULUS_BITS: Final = 8192
_EXPONENT_BITS: Final = 64


@dataclass(frozen=True, slots=True)
class Scheme:
    """How a signature was made. ``mask`` and ``salt`` (bytes): digest of MGF1 and length of the salt, RSA-PSS only."""

    kind: Literal["rsa", "pss", "ecdsa"]
    digest: str
    mask: str = ""
    salt: int = 0


@dataclass(frozen=True, slots=True)
class EcKey:
    """A point (uncompressed) of a standardised curve."""

    curve: Curve
    point: bytes

    def verifies(self, digest: str, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` (DER) over ``data`` was made with this key. OpenSSL, where it knows the curve, is far faster."""
        known = FAST_CURVES.get(self.curve.name)
        try:
            if known is None:
                half = (self.curve.order.bit_length() + 7) // 8
                plain = b"".join(part.to_bytes(half, "big") for part in decode_dss_signature(signature))
                return ecdsa_is_right(self.curve, self.point, plain, data, [digest])
            key = ec.EllipticCurvePublicKey.from_encoded_point(known, self.point)
            key.verify(signature, data, ec.ECDSA(DIGESTS[digest]()))
        except (InvalidSignature, OverflowError, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class PublicKey:
    """A key, and the scheme its own parameters bind it to (RSA-PSS keys, RFC 4055, 1.2)."""

    key: rsa.RSAPublicKey | EcKey
    bound: Scheme | None = None

    def verifies(self, scheme: Scheme, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` over ``data`` was made with this key in this way."""
        if isinstance(self.key, EcKey):
            return scheme.kind == "ecdsa" and self.key.verifies(scheme.digest, signature, data)
        if scheme.kind == "ecdsa" or not self._allows(scheme):
            return False
        try:
            self.key.verify(signature, data, _padding(scheme), DIGESTS[scheme.digest]())
        except (InvalidSignature, ValueError):
            # The latter when the key is too short for such a signature.
            return False
        return True

    def _allows(self, scheme: Scheme) -> bool:
        bound = self.bound
        if bound is None:
            return True
        return (scheme.kind, scheme.digest, scheme.mask) == ("pss", bound.digest, bound.mask) and scheme.salt >= bound.salt


def _padding(scheme: Scheme) -> padding.AsymmetricPadding:
    if scheme.kind == "rsa":
        return padding.PKCS1v15()
    return padding.PSS(padding.MGF1(DIGESTS[scheme.mask]()), scheme.salt)


def digest_name(algorithm: algos.DigestAlgorithm) -> str:
    """Its name in :data:`DIGESTS`. Raises :class:`AlgorithmUnknown`."""
    name = str(algorithm["algorithm"].native)
    if name not in DIGESTS:
        raise AlgorithmUnknown("digest")
    return name


def scheme_of(algorithm: algos.SignedDigestAlgorithm, digest: str = "") -> Scheme:
    """The scheme an algorithm identifier names; ``digest`` where it leaves that to its neighbour (RFC 5652, 5.3).

    Raises :class:`AlgorithmUnknown`; ``ValueError`` for damage.
    """
    with reading("signature algorithm"):
        name = str(algorithm["algorithm"].native)
        if name == "rsassa_pss":
            return _pss(algorithm["parameters"])
        own, _, kind = {"rsassa_pkcs1v15": f"{digest}_rsa", "ecdsa": f"{digest}_ecdsa"}.get(name, name).rpartition("_")
        if own not in DIGESTS or kind not in ("rsa", "ecdsa"):
            raise AlgorithmUnknown("signature algorithm")
        return Scheme("rsa" if kind == "rsa" else "ecdsa", own)


def _pss(parameters: Any) -> Scheme:
    if not isinstance(parameters, algos.RSASSAPSSParams):
        # Left out, or NULL: every parameter has its default (RFC 4055, 3.1).
        parameters = algos.RSASSAPSSParams({})
    mask, salt = parameters["mask_gen_algorithm"], int(parameters["salt_length"].native)
    if mask["algorithm"].native != "mgf1" or int(parameters["trailer_field"]) != 1 or not 0 <= salt <= _MODULUS_BITS // 8:
        raise AlgorithmUnknown("RSA-PSS parameters")
    return Scheme("pss", digest_name(parameters["hash_algorithm"]), digest_name(mask["parameters"]), salt)


def public_key(info: keys.PublicKeyInfo) -> PublicKey:
    """The key in a SubjectPublicKeyInfo. Raises :class:`AlgorithmUnknown`; ``ValueError`` for damage."""
    with reading("public key"):
        algorithm = info["algorithm"]
        kind = str(algorithm["algorithm"].native)
        if kind == "ec":
            return PublicKey(_ec(info.dump()))
        if kind not in ("rsa", "rsassa_pss"):
            raise AlgorithmUnknown("public key")
        parameters = algorithm["parameters"]
        bound = _pss(parameters) if kind == "rsassa_pss" and isinstance(parameters, algos.RSASSAPSSParams) else None
        rsa_key = info["public_key"].parsed
        return PublicKey(_rsa(int(rsa_key["modulus"].native), int(rsa_key["public_exponent"].native)), bound)


def _ec(info: bytes) -> EcKey:
    try:
        return EcKey(*ec_public_key(info))
    except ValueError:
        raise AlgorithmUnknown("curve") from None


def _rsa(modulus: int, exponent: int) -> rsa.RSAPublicKey:
    # Size bounds the time of one verification.
    if modulus.bit_length() > _MODULUS_BITS or exponent.bit_length() > _EXPONENT_BITS:
        raise AlgorithmUnknown("RSA key")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()
