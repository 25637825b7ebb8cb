"""Public keys and signatures of issuers (ICAO Doc 9303-12, 4.1 and 4.4; RFC 4055, RFC 5758, SEC 1): RSA, RSA-PSS, ECDSA.

A key names its own algorithm, a signature the scheme it was made with; a scheme that does not fit the key, or that an RSA-PSS
key's own parameters forbid, verifies nothing. Elliptic curves come named or, as Doc 9303-12 asks of many issuers, with explicit
parameters: those count only when prime, coefficients, generator, order and cofactor are all those of a curve known by name,
because a foreign generator would let anybody make a key that «matches» (CVE-2020-0601). What nobody here can verify raises
:class:`AlgorithmUnknown`, which is no verdict on the signature.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, Literal

from asn1crypto import algos, keys
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ObjectIdentifier

from devices.idcard.foreign import AlgorithmUnknown, reading

DIGESTS: Final[dict[str, type[hashes.HashAlgorithm]]] = {
    "sha1": hashes.SHA1,
    "sha224": hashes.SHA224,
    "sha256": hashes.SHA256,
    "sha384": hashes.SHA384,
    "sha512": hashes.SHA512,
}
"""Every digest Doc 9303 allows, by asn1crypto's name."""

_CURVES: Final[tuple[type[ec.EllipticCurve], ...]] = (
    ec.SECP192R1,
    ec.SECP224R1,
    ec.SECP256R1,
    ec.SECP384R1,
    ec.SECP521R1,
    ec.BrainpoolP256R1,
    ec.BrainpoolP384R1,
    ec.BrainpoolP512R1,
)
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
class PublicKey:
    """A key, and the scheme its own parameters bind it to (RSA-PSS keys, RFC 4055, 1.2)."""

    key: rsa.RSAPublicKey | ec.EllipticCurvePublicKey
    bound: Scheme | None = None

    def verifies(self, scheme: Scheme, signature: bytes, data: bytes) -> bool:
        """Whether ``signature`` over ``data`` was made with this key in this way."""
        digest = DIGESTS[scheme.digest]()
        try:
            if isinstance(self.key, ec.EllipticCurvePublicKey):
                if scheme.kind == "ecdsa":
                    self.key.verify(signature, data, ec.ECDSA(digest))
                    return True
            elif scheme.kind != "ecdsa" and self._allows(scheme):
                self.key.verify(signature, data, _padding(scheme), digest)
                return True
        except InvalidSignature:
            pass
        except (UnsupportedAlgorithm, ValueError):
            raise AlgorithmUnknown("signature") from None
        return False

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
            return PublicKey(_point(_curve(algorithm["parameters"]), bytes(info["public_key"].native)))
        if kind not in ("rsa", "rsassa_pss"):
            raise AlgorithmUnknown("public key")
        parameters = algorithm["parameters"]
        bound = _pss(parameters) if kind == "rsassa_pss" and isinstance(parameters, algos.RSASSAPSSParams) else None
        rsa_key = info["public_key"].parsed
        return PublicKey(_rsa(int(rsa_key["modulus"].native), int(rsa_key["public_exponent"].native)), bound)


def _rsa(modulus: int, exponent: int) -> rsa.RSAPublicKey:
    # Size bounds the time of one verification.
    if modulus.bit_length() > _MODULUS_BITS or exponent.bit_length() > _EXPONENT_BITS:
        raise AlgorithmUnknown("RSA key")
    return rsa.RSAPublicNumbers(exponent, modulus).public_key()


def _point(curve: ec.EllipticCurve, point: bytes) -> ec.EllipticCurvePublicKey:
    try:
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    except UnsupportedAlgorithm:
        raise AlgorithmUnknown("curve") from None


def _curve(parameters: keys.ECDomainParameters) -> ec.EllipticCurve:
    if parameters.name == "named":
        try:
            return ec.get_curve_for_oid(ObjectIdentifier(parameters.chosen.dotted))()
        except LookupError:
            raise AlgorithmUnknown("curve") from None
    if parameters.name != "specified":
        raise AlgorithmUnknown("curve")
    return explicit_curve(parameters.chosen)


def explicit_curve(domain: keys.SpecifiedECDomain) -> ec.EllipticCurve:
    """The named curve that explicit parameters describe (SEC 1, C.2). Raises :class:`AlgorithmUnknown` when they are no such."""
    order = int(domain["order"].native)
    curve = next((known for known in map(_named, _CURVES) if known.order == order), None)
    if curve is None or domain["field_id"]["field_type"].native != "prime_field":
        raise AlgorithmUnknown("curve")
    prime = int(domain["field_id"]["parameters"].native)
    a, b = (int.from_bytes(bytes(domain["curve"][name].native), "big") for name in ("a", "b"))
    base = _point(curve.curve, bytes(domain["base"].native)).public_numbers()
    cofactor = domain["cofactor"].native
    # Four points of the named curve fulfil the stated equation modulo a prime of its size only if it is the same equation.
    same = prime.bit_length() == curve.curve.key_size and all((y * y - x**3 - a * x - b) % prime == 0 for x, y in curve.multiples)
    if not same or (base.x, base.y) != curve.multiples[0] or cofactor not in (None, 1):
        raise AlgorithmUnknown("curve")
    return curve.curve


@dataclass(frozen=True, slots=True)
class _Named:
    """A curve with its order and the first multiples of its generator."""

    curve: ec.EllipticCurve
    order: int
    multiples: tuple[tuple[int, int], ...]


@cache
def _named(kind: type[ec.EllipticCurve]) -> _Named:
    curve = kind()
    points = (ec.derive_private_key(times, curve).public_key().public_numbers() for times in (1, 2, 3, 4))
    return _Named(curve, curve.group_order, tuple((point.x, point.y) for point in points))
