"""Keys that change while kiosks are away: the province's, a commune's, a device's (SYNC design 1.13).

Everything is a signed letter with a generation that only goes up by one, so a kiosk that was away for years takes the letters it
missed in order, and an old letter can never bring an old key back. No date is looked at. A *province letter* names the next
pair of keys, signed by the offline root and by the pair before: neither a stolen server nor a stolen root alone can move a
kiosk. A *commune letter* carries the commune's next secret sealed to one device, signed by the province; former secrets are
kept, for feed on sticks that was sealed to them. A *rotation* names a device's next keys, signed by its key before, and says up
to which event of each incarnation the key before still counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Any, Final

from sync import letter
from sync.errors import BadLetter, BadSignature, KeysOutOfTurn, LetterForAnother, SealBroken
from sync.keys import SODIUM, Opener, Signer, Suite
from sync.letter import b64

PROVINCE: Final = b"MCX-PROVINCE-KEYS-1"
COMMUNE: Final = b"MCX-COMMUNE-KEY-1"
ROTATION: Final = b"MCX-DEVICE-ROTATION-1"

MAX_GENERATION: Final = (1 << 31) - 1
MAX_INCARNATIONS: Final = 1024
MAX_ROTATIONS: Final = 16
"""Letters of key changes a device keeps: a province restored from before more of them enrols it again."""


@dataclass(frozen=True, slots=True)
class ProvincePublic:
    """The province's public keys, with the generation of the pair in force."""

    verify_key: bytes
    seal_key: bytes
    generation: int = 1


@dataclass(frozen=True, slots=True)
class Rotation:
    """A device's next keys, as its key before signed them."""

    device: int
    generation: int
    verify_key: bytes
    seal_key: bytes
    upto: Mapping[int, int]
    """Incarnation -> last n for which the key before still counts."""


@dataclass(frozen=True, slots=True)
class Trust:
    """What a kiosk trusts now: its enrolment and every letter taken since."""

    root: bytes
    device: int
    commune: str
    province: ProvincePublic
    commune_secrets: tuple[bytes, ...] = field(repr=False)
    """Secrets of the commune, newest last; the newest is of generation :attr:`commune_generation`."""
    commune_generation: int = 1


# --- province -------------------------------------------------------------------------------------------------------


def write_province(fresh: ProvincePublic, root: Signer, before: Signer) -> bytes:
    """The letter that follows ``before``'s generation with ``fresh``."""
    facts = {
        "generation": fresh.generation,
        "sign": b64(fresh.verify_key),
        "seal": b64(fresh.seal_key),
        "prev": b64(before.public),
    }
    return letter.write(PROVINCE, facts, root, before)


def read_province(data: bytes, root: bytes, held: ProvincePublic, suite: Suite = SODIUM) -> ProvincePublic:
    """The pair of keys that follows ``held``.

    Raises:
        BadLetter: malformed.
        KeysOutOfTurn: not the generation that follows.
        BadSignature: not signed by the root and by the pair held.
    """
    given = letter.read(PROVINCE, data, signatures=2)
    fresh = ProvincePublic(given.data("sign", 32), given.data("seal", 32), given.number("generation", 1, MAX_GENERATION))
    _in_turn(fresh.generation, held.generation)
    given.check(suite.verifier(root), 0)
    if given.data("prev", 32) != held.verify_key:
        raise BadSignature("the letter follows other keys of the province than those held")
    given.check(suite.verifier(held.verify_key), 1)
    return fresh


def signing_keys(documents: Iterable[bytes]) -> list[bytes]:
    """The public signing keys of the province that letters already taken speak of, newest first: what one of them signed was once
    its word."""
    letters = [letter.read(PROVINCE, document, signatures=2) for document in documents if letter.kind_of(document) == PROVINCE]
    return list(dict.fromkeys(one.data(which, 32) for one in reversed(letters) for which in ("sign", "prev")))


# --- commune --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CommuneSecret:
    """A commune's secret and its generation."""

    commune: str
    generation: int
    secret: bytes = field(repr=False)


def write_commune(of: CommuneSecret, device: int, seal_key: bytes, province: Signer, suite: Suite = SODIUM) -> bytes:
    """The letter that gives a device its commune's secret."""
    facts = {
        "commune": of.commune,
        "generation": of.generation,
        "device": device,
        "secret": b64(suite.sealer(seal_key).seal(of.secret)),
    }
    return letter.write(COMMUNE, facts, province)


def read_commune(data: bytes, trust: Trust, openers: Sequence[Opener], suite: Suite = SODIUM) -> CommuneSecret:
    """The commune's secret, opened with one of the device's own keys (the newest, or one it had before).

    A commune's generations need not follow each other without gaps: a device enrolled again starts at the one in force.

    Raises:
        BadLetter: malformed, or of another commune.
        LetterForAnother: for another device.
        BadSignature: not signed by the province.
        KeysOutOfTurn: not newer than the generation held.
        SealBroken: sealed to none of these keys.
    """
    given = letter.read(COMMUNE, data)
    generation = given.number("generation", 1, MAX_GENERATION)
    if generation <= trust.commune_generation:
        raise KeysOutOfTurn(f"commune key of generation {generation}, {trust.commune_generation} is held")
    given.check(suite.verifier(trust.province.verify_key))
    if given.number("device", 1, (1 << 32) - 1) != trust.device:
        raise LetterForAnother("a commune key for another device")
    if given.text("commune") != trust.commune:
        raise BadLetter("the key of another commune")
    return CommuneSecret(trust.commune, generation, open_with(openers, given.data("secret")))


def open_with(openers: Iterable[Opener], sealed: bytes) -> bytes:
    """A secret of 32 bytes sealed to one of several keys.

    Raises:
        SealBroken: none opens it, or it has another size.
    """
    for opener in openers:
        try:
            secret = opener.open(sealed)
        except SealBroken:
            continue
        if len(secret) == 32:
            return secret
        break
    raise SealBroken("a secret is not sealed to this device")


# --- both, at the kiosk ---------------------------------------------------------------------------------------------


def take(trust: Trust, document: bytes, openers: Sequence[Opener], suite: Suite = SODIUM) -> Trust:
    """What a kiosk trusts after a province or commune letter.

    Raises:
        BadLetter, BadSignature, KeysOutOfTurn, SealBroken: nothing of the letter counts.
    """
    if letter.kind_of(document) == COMMUNE:
        got = read_commune(document, trust, openers, suite)
        return replace(trust, commune_secrets=(*trust.commune_secrets, got.secret), commune_generation=got.generation)
    return replace(trust, province=read_province(document, trust.root, trust.province, suite))


def take_all(trust: Trust, documents: Iterable[bytes], openers: Sequence[Opener], suite: Suite = SODIUM) -> Trust:
    """The letters kept, oldest first, taken anew; those from before the enrolment are passed over."""
    for document in documents:
        with suppress(KeysOutOfTurn):
            trust = take(trust, document, openers, suite)
    return trust


# --- device ---------------------------------------------------------------------------------------------------------


def write_rotation(rotation: Rotation, before: Signer) -> bytes:
    """The rotation, signed by the key before.

    Raises:
        ValueError: more incarnations than a rotation may name.
    """
    if len(rotation.upto) > MAX_INCARNATIONS:
        raise ValueError(f"more than {MAX_INCARNATIONS} incarnations")
    facts = {
        "device": rotation.device,
        "generation": rotation.generation,
        "sign": b64(rotation.verify_key),
        "seal": b64(rotation.seal_key),
        "upto": {f"{inc:x}": n for inc, n in rotation.upto.items()},
    }
    return letter.write(ROTATION, facts, before)


def read_rotation(data: bytes, device: int, held: int, before: bytes, suite: Suite = SODIUM) -> Rotation:
    """The rotation of ``device``, whose keys of generation ``held`` are in force and whose public signing key is ``before``.

    A kiosk repeats its rotation until an answer to it came. So the province first tries the request's signature with the key in
    force: if it verifies, the rotation is an old one again and is not looked at.

    Raises:
        BadLetter: malformed, or of another device.
        KeysOutOfTurn: not the generation that follows.
        BadSignature: not signed by the key before.
    """
    given = letter.read(ROTATION, data)
    rotation = Rotation(
        device=given.number("device", 1, (1 << 32) - 1),
        generation=given.number("generation", 1, MAX_GENERATION),
        verify_key=given.data("sign", 32),
        seal_key=given.data("seal", 32),
        upto=_upto(given.table("upto")),
    )
    if rotation.device != device:
        raise BadLetter("a rotation of another device")
    _in_turn(rotation.generation, held)
    given.check(suite.verifier(before))
    return rotation


def follow(letters: Sequence[bytes], device: int, held: int, before: bytes, suite: Suite = SODIUM) -> list[Rotation]:
    """The rotations of a device that follow the keys held, in order; those taken before are passed over.

    Raises:
        BadLetter, BadSignature: as :func:`read_rotation`.
    """
    found: list[Rotation] = []
    for document in letters:
        with suppress(KeysOutOfTurn):
            found.append(read_rotation(document, device, held, before, suite))
            held, before = found[-1].generation, found[-1].verify_key
    return found


def _upto(table: Mapping[str, Any]) -> dict[int, int]:
    if len(table) > MAX_INCARNATIONS:
        raise BadLetter("upto names too many incarnations")
    upto: dict[int, int] = {}
    for name, n in table.items():
        if not (len(name) <= 10 and name.isascii() and name.isalnum() and isinstance(n, int) and 0 <= n < 1 << 48):
            raise BadLetter("upto is malformed")
        try:
            upto[int(name, 16)] = n
        except ValueError:
            raise BadLetter("upto is malformed") from None
    return upto


def _in_turn(generation: int, held: int) -> None:
    if generation != held + 1:
        raise KeysOutOfTurn(f"keys of generation {generation}, {held} are held")
