"""Key letters: the province's, a commune's, a device's; each in its turn, signed by whom it must be, and never an old one again."""

from __future__ import annotations

import base64

import pytest

from sync import letter, rollover
from sync.errors import BadLetter, BadSignature, KeysOutOfTurn, SealBroken, SyncError
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.rollover import CommuneSecret, ProvincePublic, Rotation, Trust

ROOT = SigningKey(b"r" * 32)
SIGN = {n: SigningKey(bytes([n]) * 32) for n in (1, 2, 3)}
SEAL = {n: SealKey(bytes([16 + n]) * 32) for n in (1, 2, 3)}
PUBLIC = {n: ProvincePublic(SIGN[n].public, SEAL[n].public, n) for n in SIGN}
SECOND = rollover.write_province(PUBLIC[2], ROOT, SIGN[1])
THIRD = rollover.write_province(PUBLIC[3], ROOT, SIGN[2])
OWN = SealKey(b"o" * 32)
TRUST = Trust(ROOT.public, 1000, "01273", PUBLIC[1], (b"c" * 32,))


def commune(generation: int, signer: SigningKey = SIGN[1], *, device: int = 1000, to: SealKey = OWN) -> bytes:
    secret = CommuneSecret("01273", generation, bytes([generation]) * 32)
    return rollover.write_commune(secret, device, to.public, signer)


def test_a_kiosk_that_was_away_takes_the_letters_it_missed_in_order() -> None:
    assert rollover.take_all(TRUST, [SECOND, THIRD], [OWN]).province == PUBLIC[3]


def test_a_letter_out_of_its_turn_is_not_taken() -> None:
    for document, held in ((THIRD, 1), (SECOND, 2), (SECOND, 3)):
        with pytest.raises(KeysOutOfTurn):
            rollover.read_province(document, ROOT.public, PUBLIC[held])


@pytest.mark.parametrize(
    "forged",
    [
        rollover.write_province(PUBLIC[2], SigningKey(b"x" * 32), SIGN[1]),
        rollover.write_province(PUBLIC[2], ROOT, SIGN[3]),
        SECOND.replace(b'"prev":"' + SECOND.split(b'"prev":"')[1][:6], b'"prev":"AAAAAA'),
    ],
    ids=["another root", "another pair before", "prev altered"],
)
def test_neither_the_root_alone_nor_the_server_alone_moves_a_kiosk(forged: bytes) -> None:
    with pytest.raises(BadSignature):
        rollover.read_province(forged, ROOT.public, PUBLIC[1])


def test_a_commune_secret_follows_and_the_former_ones_are_kept() -> None:
    trust = rollover.take(TRUST, commune(2), [OWN])
    assert trust.commune_secrets == (b"c" * 32, b"\x02" * 32)
    assert trust.commune_generation == 2


def test_a_commune_letter_is_checked_with_the_newest_key_of_the_province() -> None:
    trust = rollover.take_all(TRUST, [SECOND, commune(2, SIGN[2])], [OWN])
    assert trust.commune_generation == 2
    with pytest.raises(BadSignature):
        rollover.take(trust, commune(3, SIGN[1]), [OWN])


def test_a_commune_letter_for_another_device_or_sealed_to_it_is_refused() -> None:
    with pytest.raises(BadLetter):
        rollover.take(TRUST, commune(2, device=1001), [OWN])
    with pytest.raises(SealBroken):
        rollover.take(TRUST, commune(2, to=SEAL[3]), [OWN])


def test_a_key_the_device_had_before_still_opens_its_commune_letter() -> None:
    assert rollover.take(TRUST, commune(2), [SealKey.generate(), OWN]).commune_generation == 2


def test_letters_from_before_the_enrolment_are_passed_over() -> None:
    later = Trust(ROOT.public, 1000, "01273", PUBLIC[2], (b"d" * 32,), 3)
    kept = [SECOND, commune(2, SIGN[1]), commune(3, SIGN[2]), THIRD, commune(4, SIGN[3])]
    trust = rollover.take_all(later, kept, [OWN])
    assert (trust.province, trust.commune_generation, len(trust.commune_secrets)) == (PUBLIC[3], 4, 2)


def test_a_rotation_names_the_next_keys_and_where_the_former_ones_end() -> None:
    before, after = DeviceKeys.generate(), DeviceKeys.generate()
    rotation = Rotation(1000, 2, after.sign.public, after.seal.public, {0xABC: 41, 0xFFFFFFFFFF: 0})
    data = rollover.write_rotation(rotation, before.sign)
    assert rollover.read_rotation(data, 1000, 1, before.sign.public) == rotation
    with pytest.raises(BadSignature):
        rollover.read_rotation(data, 1000, 1, after.sign.public)
    with pytest.raises(BadLetter):
        rollover.read_rotation(data, 1001, 1, before.sign.public)
    with pytest.raises(KeysOutOfTurn):
        rollover.read_rotation(data, 1000, 2, before.sign.public)


def test_every_altered_byte_of_a_letter_is_noticed() -> None:
    before = DeviceKeys.generate()
    rotation = rollover.write_rotation(Rotation(1000, 2, b"s" * 32, b"t" * 32, {1: 2}), before.sign)
    for data, read in (
        (SECOND, lambda altered: rollover.take(TRUST, altered, [OWN])),
        (commune(2), lambda altered: rollover.take(TRUST, altered, [OWN])),
        (rotation, lambda altered: rollover.read_rotation(altered, 1000, 1, before.sign.public)),
    ):
        for at in range(len(data)):
            with pytest.raises(SyncError):
                read(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])


def test_a_signature_is_written_in_one_way_only() -> None:
    kind, body, signature, _ = commune(2).split(b"\n")
    last = signature[-3:-2]
    twin = signature[:-3] + bytes([last[0] + 1]) + signature[-2:]
    assert base64.b64decode(twin) == base64.b64decode(signature)
    with pytest.raises(BadLetter):
        letter.read(rollover.COMMUNE, b"\n".join((kind, body, twin, b"")))


@pytest.mark.parametrize(
    "upto", [{"g": 1}, {"1": -1}, {"1": True, "2": "x"}, {"1": 1 << 48}, {"123456789ab": 1}, {f"{n:x}": 1 for n in range(1025)}, []]
)
def test_a_rotation_with_malformed_places_is_refused(upto: object) -> None:
    facts = {"device": 1000, "generation": 2, "sign": letter.b64(b"s" * 32), "seal": letter.b64(b"t" * 32), "upto": upto}
    with pytest.raises(BadLetter):
        rollover.read_rotation(letter.write(rollover.ROTATION, facts, SIGN[1]), 1000, 1, SIGN[1].public)


@pytest.mark.parametrize(
    "data",
    [b"", b"\n\n\n", rollover.ROTATION + b"\n{}\n\n", rollover.ROTATION + b"\n" + b"[" * 60_000 + b"\n\n", b"x" * 100_000],
)
def test_what_is_no_letter_is_refused(data: bytes) -> None:
    with pytest.raises(BadLetter):
        letter.read(rollover.ROTATION, data)
