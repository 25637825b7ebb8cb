"""Enrolment: how a kiosk becomes a device of the province (SYNC design 1.13), the same by network and by stick.

The kiosk makes its keys and a *request*, signed by itself. A person at the kiosk and one at the province compare the eight
words of the request (:func:`request_words`); only then the province issues the *bundle*: device number, commune, the
commune's secret key sealed to this device, the province's keys, all signed by the province's offline root. The bundle names
the request it answers, so it fits one machine only. The kiosk takes the root from its configuration; without one it shows
:func:`root_words` for comparison before the first sync. By network: ``POST /v1/enrol {"code","request"}`` -> 202 ``{"id"}``,
then ``GET /v1/enrol/<id>`` -> 202 while a person decides, 200 with the bundle.

Files are text: a line that names the kind, a line of JSON hashed exactly so, a line with the signature in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sync.engine import EngineKeys
from sync.errors import BadSignature, EnrolError, SealBroken
from sync.keys import DeviceKeys, SealKey, SigningKey, VerifyKey, seal, words

MAX_FILE: Final = 64 * 1024
"""Largest request or bundle, bytes."""

_REQUEST_KIND: Final = b"MCX-ENROL-REQUEST-1"
_BUNDLE_KIND: Final = b"MCX-ENROL-BUNDLE-1"


@dataclass(frozen=True, slots=True)
class EnrolRequest:
    """What a device asks: opened and its own signature checked."""

    verify_key: bytes
    seal_key: bytes
    commune: str
    operator: str
    """Name of the person at the kiosk, for the person at the province."""
    nonce: bytes
    digest: bytes
    """SHA-256 of the request as it travels."""


@dataclass(frozen=True, slots=True)
class ProvincePublic:
    """The province's public keys, with the generation of the pair in force."""

    verify_key: bytes
    seal_key: bytes
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a device got: keep it beside the device's own keys."""

    device: int
    commune: str
    commune_secret: bytes
    province: ProvincePublic
    root: bytes
    extra: Mapping[str, Any]
    """Whatever else the province put in (name of the unit, addresses): signed, and not known here."""

    def engine_keys(self, own: DeviceKeys) -> EngineKeys:
        """The keys a sync engine works with."""
        return EngineKeys(
            sign=own.sign,
            commune=self.commune,
            commune_seal=SealKey(self.commune_secret),
            province_verify=VerifyKey(self.province.verify_key),
            province_seal=self.province.seal_key,
        )


def make_request(keys: DeviceKeys, commune: str, operator: str, nonce: bytes) -> bytes:
    """The request file of a device. ``nonce`` is 16 random bytes, so two requests of one device differ."""
    facts = {
        "sign": keys.sign.public.hex(),
        "seal": keys.seal.public.hex(),
        "commune": commune,
        "operator": operator,
        "nonce": nonce.hex(),
    }
    return _write(_REQUEST_KIND, facts, keys.sign)


def open_request(data: bytes) -> EnrolRequest:
    """Read a request and check that the holder of the signing key made it.

    Raises:
        EnrolError: malformed, too large, or not signed by its own key.
    """
    facts, signed, signature = _read(_REQUEST_KIND, data)
    request = EnrolRequest(
        verify_key=_hex(facts, "sign", 32),
        seal_key=_hex(facts, "seal", 32),
        commune=_text(facts, "commune"),
        operator=_text(facts, "operator"),
        nonce=_hex(facts, "nonce", 16),
        digest=hashlib.sha256(data).digest(),
    )
    _check(request.verify_key, _REQUEST_KIND, signed, signature)
    return request


def request_words(data: bytes) -> tuple[str, ...]:
    """Eight words of a request: shown on both screens, compared by two people before the bundle is issued."""
    return words(data)


def root_words(root: bytes) -> tuple[str, ...]:
    """Eight words of the province's root key: the province publishes them, a technician compares them."""
    return words(b"mcx root " + root)


def issue_bundle(
    request: EnrolRequest,
    *,
    device: int,
    commune: str,
    commune_secret: bytes,
    province: ProvincePublic,
    root: SigningKey,
    extra: Mapping[str, Any] | None = None,
) -> bytes:
    """The bundle for a confirmed request. ``commune`` is the province's decision and may correct the request.

    Raises:
        ValueError: the device number does not fit 32 bits or is 0.
    """
    if not 0 < device < 1 << 32:
        raise ValueError("a device number has 32 bits and is not 0")
    facts = {
        "request": request.digest.hex(),
        "device": device,
        "commune": commune,
        "commune_secret": base64.b64encode(seal(request.seal_key, commune_secret)).decode("ascii"),
        "province": {"sign": province.verify_key.hex(), "seal": province.seal_key.hex(), "generation": province.generation},
        "root": root.public.hex(),
        "extra": dict(extra or {}),
    }
    return _write(_BUNDLE_KIND, facts, root)


def open_bundle(data: bytes, keys: DeviceKeys, request: bytes, *, root: bytes | None = None) -> Enrolment:
    """Open the bundle that answers ``request``.

    ``root`` is the province's root key from the configuration; ``None`` takes the one in the bundle, to be compared by
    :func:`root_words`.

    Raises:
        EnrolError: malformed, answers another request, or signed by another root.
    """
    facts, signed, signature = _read(_BUNDLE_KIND, data)
    named = _hex(facts, "root", 32)
    if root is not None and named != root:
        raise EnrolError("the bundle is signed by another root than the configured one")
    _check(named, _BUNDLE_KIND, signed, signature)
    if _hex(facts, "request", 32) != hashlib.sha256(request).digest():
        raise EnrolError("the bundle answers another request")
    device, province, extra = facts.get("device"), facts.get("province"), facts.get("extra")
    if not isinstance(device, int) or isinstance(device, bool) or not 0 < device < 1 << 32:
        raise EnrolError("the bundle holds no device number")
    if not isinstance(province, dict) or not isinstance(extra, dict) or not isinstance(province.get("generation"), int):
        raise EnrolError("the bundle holds no keys of the province")
    try:
        secret = keys.seal.open(base64.b64decode(_text(facts, "commune_secret"), validate=True))
    except (SealBroken, binascii.Error, ValueError):
        raise EnrolError("the commune key in the bundle is not sealed to this device") from None
    if len(secret) != 32:
        raise EnrolError("the commune key in the bundle has the wrong size")
    return Enrolment(
        device=device,
        commune=_text(facts, "commune"),
        commune_secret=secret,
        province=ProvincePublic(_hex(province, "sign", 32), _hex(province, "seal", 32), province["generation"]),
        root=named,
        extra=extra,
    )


def _write(kind: bytes, facts: Mapping[str, Any], signer: SigningKey) -> bytes:
    body = json.dumps(facts, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    return kind + b"\n" + body + b"\n" + base64.b64encode(signer.sign(kind, body)) + b"\n"


def _read(kind: bytes, data: bytes) -> tuple[dict[str, Any], bytes, bytes]:
    if len(data) > MAX_FILE:
        raise EnrolError(f"{len(data)} bytes are too many")
    lines = data.split(b"\n")
    if len(lines) != 4 or lines[0] != kind or lines[3]:
        raise EnrolError(f"not a {kind.decode('ascii')} file")
    try:
        facts = json.loads(lines[1].decode("utf-8"))
        signature = base64.b64decode(lines[2], validate=True)
    except (ValueError, RecursionError):
        raise EnrolError("the file is damaged") from None
    if not isinstance(facts, dict):
        raise EnrolError("the file is damaged")
    return facts, lines[1], signature


def _check(public: bytes, kind: bytes, signed: bytes, signature: bytes) -> None:
    try:
        VerifyKey(public).verify(kind, signed, signature)
    except BadSignature:
        raise EnrolError("the file is not signed by the key it names") from None


def _hex(facts: Mapping[str, Any], name: str, size: int) -> bytes:
    try:
        value = bytes.fromhex(_text(facts, name))
    except ValueError:
        raise EnrolError(f"{name} is not hexadecimal") from None
    if len(value) != size:
        raise EnrolError(f"{name} has the wrong size")
    return value


def _text(facts: Mapping[str, Any], name: str) -> str:
    value = facts.get(name)
    if not isinstance(value, str):
        raise EnrolError(f"{name} is missing")
    return value
