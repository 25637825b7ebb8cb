"""Which server is the province's, over TLS (SYNC design 1.12): a kiosk with a dead clock must still get through.

Three ways, strongest first. *Pins*: SHA-256 of the server's public key (SPKI); who holds that key is the province, whatever the
certificate says of names and dates. *Own authority*: chain and name are checked, dates are not. *Public authorities*: all is
checked, and a clock that is wrong locks out, so a province should give a pin. What is carried is signed and sealed in any case;
TLS keeps who talks to whom, and how much, from the people in between.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import ssl
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from requests.utils import DEFAULT_CA_BUNDLE_PATH

_NO_CHECK_TIME: Final = 0x200000
"""X509_V_FLAG_NO_CHECK_TIME of OpenSSL; Python's ssl has no name for it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """How the server is recognised. Neither pins nor authority: the public authorities."""

    pins: tuple[bytes, ...] = ()
    """SHA-256 of SPKI, 32 bytes each; any of them will do, so that the next key can be announced before it is used."""
    authority: Path | None = None
    """PEM file of the province's own authority."""


class PinMismatch(ssl.SSLError):
    """The server holds none of the pinned keys."""


def read_pins(text: str) -> tuple[bytes, ...]:
    """Pins written as hexadecimal or base64 (also with ``sha256/`` before), separated by commas or blanks.

    Raises:
        ValueError: one of them is none.
    """
    return tuple(_pin(word.removeprefix("sha256/")) for word in text.replace(",", " ").split())


def _pin(word: str) -> bytes:
    try:
        pin = bytes.fromhex(word) if len(word) == 64 else base64.b64decode(word, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("a pin is hexadecimal or base64") from None
    if len(pin) != 32:
        raise ValueError("a pin has 32 bytes")
    return pin


def pin_of(certificate: bytes) -> bytes:
    """The pin of a certificate, DER. Raises ValueError when it is none."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).digest()


def context_for(trust: Trust) -> ssl.SSLContext:
    """The TLS settings of a line. With pins nothing is verified here: :func:`check_pin` does it after the handshake.

    Raises:
        OSError: the authority's file cannot be read.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if trust.pins:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    elif trust.authority is not None:
        context.load_verify_locations(trust.authority)
        context.verify_flags |= ssl.VerifyFlags(_NO_CHECK_TIME)
    else:
        context.load_verify_locations(DEFAULT_CA_BUNDLE_PATH)
    return context


def check_pin(trust: Trust, certificate: bytes | None) -> None:
    """Raises PinMismatch unless the certificate is of a pinned key, or nothing is pinned."""
    if not trust.pins:
        return
    try:
        known = certificate is not None and pin_of(certificate) in trust.pins
    except ValueError:
        known = False
    if not known:
        raise PinMismatch("the server holds none of the pinned keys")
