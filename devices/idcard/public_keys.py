"""Public keys of chips on elliptic curves, with the curve named, numbered or written out (Doc 9303-11, 9.4; TR-03111, 5.1.1).

ICAO asks issuers to write the parameters out, which libraries refuse for most curves. They are compared with those of the
standardised curves: a key on anything else is ``ValueError``, so nobody smuggles in a curve of his own.
"""

from __future__ import annotations

from collections.abc import Callable

from asn1crypto import keys

from devices.idcard import tlv
from devices.idcard.curves import Curve, curve
from devices.idcard.domain_parameters import CURVES
from devices.idcard.security_infos import dotted

EC_PUBLIC_KEY = "1.2.840.10045.2.1"
STANDARDISED_DOMAIN = "0.4.0.127.0.7.1.2"
"""The algorithm that gives its curve by the number in table 6 (TR-03110-3, A.2.1.1)."""
_INTEGER, _BIT_STRING, _OID, _SEQUENCE = 0x02, 0x03, 0x06, 0x30


def ec_public_key(info: bytes) -> tuple[Curve, bytes]:
    """Curve and point of a SubjectPublicKeyInfo. ``ValueError`` for anything but a valid point of a standardised curve."""
    parts = list(tlv.parse(tlv.find(info, _SEQUENCE)))
    if [tag for tag, _ in parts] != [_SEQUENCE, _BIT_STRING]:
        raise ValueError("not a public key")
    found = ec_domain(tlv.build(*parts[0]))
    point = parts[1][1][1:]
    found.decode(point)
    return found, point


def ec_domain(algorithm: bytes) -> Curve:
    """The curve of an AlgorithmIdentifier. ``ValueError`` for any but the standardised ones."""
    parts = list(tlv.parse(tlv.find(algorithm, _SEQUENCE)))
    if len(parts) != 2 or parts[0][0] != _OID:
        raise ValueError("not an algorithm with parameters")
    kind, parameters = dotted(parts[0][1]), tlv.build(*parts[1])
    if kind == EC_PUBLIC_KEY:
        return _described(parameters)
    if kind == STANDARDISED_DOMAIN:
        number = int.from_bytes(tlv.find(parameters, _INTEGER), "big")
        if number in CURVES:
            return curve(number)
    raise ValueError("not an elliptic curve")


def _described(parameters: bytes) -> Curve:
    try:
        domain = keys.ECDomainParameters.load(parameters, strict=True)
        if domain.name == "named":
            return _known(lambda known: known.name.lower() == domain.native.lower())
        if domain.name != "specified":
            raise ValueError("no curve given")
        given = domain.chosen
        values = [
            given["field_id"]["parameters"].native,
            *(int.from_bytes(given["curve"][name].native, "big") for name in ("a", "b")),
            given["order"].native,
            bytes(given["base"]),
        ]
    except (TypeError, KeyError, AttributeError) as error:
        raise ValueError("not curve parameters") from error
    return _known(lambda known: [known.p, known.a, known.b, known.order, known.generator] == values)


def _known(fits: Callable[[Curve], bool]) -> Curve:
    for known in map(curve, CURVES):
        if fits(known):
            return known
    raise ValueError("not a standardised curve")
