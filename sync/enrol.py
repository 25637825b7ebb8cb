"""Enrolment: how a kiosk becomes a device of the province (SYNC design 1.13), the same by network and by stick.

The kiosk makes its keys and a *request*, signed by itself. A person at the kiosk and one at the province compare the eight
words of the request (:func:`request_words`); only then the province issues the *bundle*: device number, commune, the
commune's secret key sealed to this device, the province's keys, all signed by the province's offline root. The bundle names
the request it answers, so it fits one machine only. The kiosk takes the root from its configuration; without one it shows
:func:`root_words` for comparison before the first sync. By network: ``POST /v1/enrol {"code","request"}`` -> 202 ``{"id"}``,
then ``GET /v1/enrol/<id>`` -> 202 while a person decides, 200 with the bundle. By stick: the same two letters as files.

A kiosk that was enrolled before names its number (:attr:`EnrolRequest.former`) and gets it again, with new keys of the next
generation: the journal it holds belongs to that number, and its unsent events are sent on as if nothing had happened. What an
old key would have confirmed in a rotation, two people confirm here.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final

from sync import letter
from sync.engine import EngineKeys
from sync.errors import BadLetter, BadSignature, EnrolError, SealBroken
from sync.keys import SODIUM, DeviceKeys, Opener, SigningKey, seal, words
from sync.letter import b64
from sync.rollover import MAX_GENERATION, ProvincePublic, Trust, open_with

MAX_FILE: Final = letter.MAX_LETTER
"""Largest request or bundle, bytes."""

REQUEST: Final = b"MCX-ENROL-REQUEST-1"
BUNDLE: Final = b"MCX-ENROL-BUNDLE-1"

_MAX_DEVICE: Final = (1 << 32) - 1


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
    former: int = 0
    """Number this kiosk had, and whose journal it holds; 0 when it never had one."""


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What a device got: keep it beside the device's own keys."""

    device: int
    commune: str
    commune_secret: bytes = field(repr=False)
    province: ProvincePublic
    root: bytes
    extra: Mapping[str, Any]
    """Whatever else the province put in (name of the unit, addresses): signed, and not known here."""
    generation: int = 1
    """Of the device's keys: 1 at first, one more at each enrolment after."""
    commune_generation: int = 1

    def trust(self) -> Trust:
        """Where the key letters that came since go on from."""
        return Trust(
            root=self.root,
            device=self.device,
            commune=self.commune,
            province=self.province,
            commune_secrets=(self.commune_secret,),
            commune_generation=self.commune_generation,
        )

    def engine_keys(self, own: DeviceKeys, former: Sequence[Opener] = ()) -> EngineKeys:
        """The keys a sync engine works with: the device's own and its sealing keys before."""
        return EngineKeys(sign=own.sign, seal=own.seal, trust=self.trust(), former=tuple(former))


def make_request(keys: DeviceKeys, commune: str, operator: str, nonce: bytes, former: int = 0) -> bytes:
    """The request file of a device. ``nonce`` is 16 random bytes, so two requests of one device differ."""
    facts = {
        "sign": b64(keys.sign.public),
        "seal": b64(keys.seal.public),
        "commune": commune,
        "operator": operator,
        "nonce": b64(nonce),
        "former": former,
    }
    return letter.write(REQUEST, facts, keys.sign)


def open_request(data: bytes) -> EnrolRequest:
    """Read a request and check that the holder of the signing key made it.

    Raises:
        EnrolError: malformed, too large, or not signed by its own key.
    """
    with _named():
        given = letter.read(REQUEST, data)
        request = EnrolRequest(
            verify_key=given.data("sign", 32),
            seal_key=given.data("seal", 32),
            commune=given.text("commune"),
            operator=given.text("operator"),
            nonce=given.data("nonce", 16),
            digest=hashlib.sha256(data).digest(),
            former=given.number("former", 0, _MAX_DEVICE),
        )
        given.check(SODIUM.verifier(request.verify_key))
    return request


def request_words(data: bytes) -> tuple[str, ...]:
    """Eight words of a request: shown on both screens, compared by two people before the bundle is issued."""
    return words(data)


def root_words(root: bytes) -> tuple[str, ...]:
    """Eight words of the province's root key: the province publishes them, a technician compares them."""
    return words(b"mcx root " + root)


@dataclass(frozen=True, slots=True)
class Grant:
    """What the province gives a confirmed device. ``commune`` is its decision and may correct the request."""

    device: int
    commune: str
    commune_secret: bytes = field(repr=False)
    province: ProvincePublic
    generation: int = 1
    commune_generation: int = 1
    extra: Mapping[str, Any] | None = None


def issue_bundle(request: EnrolRequest, grant: Grant, root: SigningKey) -> bytes:
    """The bundle for a confirmed request.

    Raises:
        ValueError: the device number does not fit 32 bits or is 0.
    """
    if not 0 < grant.device <= _MAX_DEVICE:
        raise ValueError("a device number has 32 bits and is not 0")
    facts = {
        "request": b64(request.digest),
        "device": grant.device,
        "generation": grant.generation,
        "commune": grant.commune,
        "commune_secret": b64(seal(request.seal_key, grant.commune_secret)),
        "commune_generation": grant.commune_generation,
        "province": {
            "sign": b64(grant.province.verify_key),
            "seal": b64(grant.province.seal_key),
            "generation": grant.province.generation,
        },
        "root": b64(root.public),
        "extra": dict(grant.extra or {}),
    }
    return letter.write(BUNDLE, facts, root)


def open_bundle(data: bytes, openers: Sequence[Opener], request: bytes, *, root: bytes | None = None) -> Enrolment:
    """Open the bundle that answers ``request`` with the device's sealing keys: the one in force, or one it had before.

    ``root`` is the province's root key from the configuration; ``None`` takes the one in the bundle, to be compared by
    :func:`root_words`.

    Raises:
        EnrolError: malformed, answers another request, signed by another root, or sealed to another device.
    """
    with _named():
        given = _bundle(data, request, root)
        province = given.part("province")
        return Enrolment(
            device=given.number("device", 1, _MAX_DEVICE),
            commune=given.text("commune"),
            commune_secret=open_with(openers, given.data("commune_secret")),
            province=ProvincePublic(
                province.data("sign", 32), province.data("seal", 32), province.number("generation", 1, MAX_GENERATION)
            ),
            root=given.data("root", 32),
            extra=given.table("extra"),
            generation=given.number("generation", 1, MAX_GENERATION),
            commune_generation=given.number("commune_generation", 1, MAX_GENERATION),
        )


def number_in(data: bytes, request: bytes) -> int:
    """The device number of a bundle whose secrets this machine can no longer open: it asks for the same number again.

    Raises:
        EnrolError: as :func:`open_bundle`.
    """
    with _named():
        return _bundle(data, request, None).number("device", 1, _MAX_DEVICE)


def _bundle(data: bytes, request: bytes, root: bytes | None) -> letter.Letter:
    given = letter.read(BUNDLE, data)
    named = given.data("root", 32)
    if root is not None and named != root:
        raise BadLetter("the bundle is signed by another root than the configured one")
    given.check(SODIUM.verifier(named))
    if given.data("request", 32) != hashlib.sha256(request).digest():
        raise BadLetter("the bundle answers another request")
    return given


@contextmanager
def _named() -> Iterator[None]:
    try:
        yield
    except (BadLetter, BadSignature, SealBroken) as error:
        raise EnrolError(str(error)) from None
