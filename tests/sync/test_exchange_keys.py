"""Keys that change in the middle of an exchange: the province's, the commune's, the device's."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync import wire
from sync.engine import Engine
from sync.errors import BadLetter, BadSignature, Refused
from sync.intake import FeedPlace, bundle_reply, take_segments, take_vouched
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.ports import FormerKey
from sync.rollover import Rotation, write_rotation
from sync.simulator.world import SERVER_MS, Kiosk, World
from sync.visit import Beyond
from tests.sync.renewals import renew_commune, roll_province


def write_tag(kiosk: Kiosk, tag: str, dossier: str = "") -> str:
    origin = kiosk.journal.write(dossier, "tag", {"tag": tag})
    return dossier or kiosk.journal.dossier_at(origin)


def rotate(kiosk: Kiosk, upto: dict[int, int], generation: int = 2) -> DeviceKeys:
    """The kiosk changes its keys; the engine starts anew with them."""
    fresh, before = DeviceKeys.generate(), kiosk.device_keys
    letter = write_rotation(Rotation(kiosk.journal.device, generation, fresh.sign.public, fresh.seal.public, upto), before.sign)
    letters = (*kiosk.keys.rotations, letter)
    kiosk.keys = replace(kiosk.keys, sign=fresh.sign, seal=fresh.seal, former=(before.seal,), rotations=letters, untold=True)
    kiosk.device_keys = fresh
    kiosk.restart()
    return before


def test_a_kiosk_that_was_away_for_two_generations_takes_both_letters_and_goes_on() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tag(kiosk, "a")
    world.settle(kiosk)
    write_tag(kiosk, "b", dossier)
    roll_province(world)
    roll_province(world)
    outcome = world.exchange(kiosk)
    assert outcome.acked == 1, "what was closed for the key before is opened all the same"
    assert kiosk.engine.trust.province.generation == 3
    kiosk.restart()
    write_tag(kiosk, "c", dossier)
    world.settle(kiosk)
    assert wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello.generation == 3
    assert kiosk.journal.view() == {(dossier, f"tag.{tag}"): 1 for tag in "abc"}


def test_two_open_requests_may_both_bring_the_same_letter() -> None:
    world = World()
    kiosk = world.kiosk()
    roll_province(world)
    answers = [world.answer(kiosk.engine.make_request(0.0, 0)) for _ in range(2)]
    for answer in answers:
        kiosk.engine.on_reply(answer, 0.1)
    assert len(kiosk.journal.keys_documents()) == 1


def test_a_letter_the_root_did_not_sign_makes_the_answer_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    world.root = SigningKey(b"x" * 32)
    roll_province(world)
    with pytest.raises(BadSignature):
        world.exchange(kiosk)
    assert kiosk.engine.trust.province.generation == 1
    assert not kiosk.journal.keys_documents()


def test_a_stolen_former_key_of_the_province_signs_nothing_for_a_kiosk_that_has_the_next() -> None:
    world = World()
    kiosk = world.kiosk()
    old = world.keys
    roll_province(world)
    world.exchange(kiosk)
    world.keys = old
    world.province.province_documents.clear()
    with pytest.raises(BadSignature):
        world.exchange(kiosk)


def test_a_commune_gets_its_next_key_and_reads_sticks_of_both() -> None:
    world = World()
    kiosk = world.kiosk()
    write_tag(kiosk, "a")
    with world.province.atomic():
        take_segments(1000, list(kiosk.engine.segments_for_bundle()), world.province, world.merge, world.keys, SERVER_MS)
    logs = {1000: list(kiosk.journal.incarnations())}
    place = FeedPlace(0, 0, bytes(8))
    old = list(bundle_reply("01273", place, logs, world.province, world.keys, SERVER_MS))
    fresh = renew_commune(world, kiosk)
    new = list(bundle_reply("01273", place, logs, world.province, world.keys, SERVER_MS))
    assert kiosk.engine.on_bundle(new).acked == 1
    assert kiosk.engine.trust.commune_secrets[-1] == fresh.secret
    kiosk.journal.reset_feed(0)
    kiosk.restart()
    assert kiosk.engine.on_bundle(old).acked == 1


def test_a_commune_key_comes_over_the_line() -> None:
    world = World()
    kiosk = world.kiosk()
    fresh = renew_commune(world, kiosk)
    world.exchange(kiosk)
    assert kiosk.engine.trust.commune_secrets[-1] == fresh.secret
    asked = world.answer(kiosk.engine.make_request(0.0, 0))
    assert wire.parse_reply(asked).answer.commune_letter == b"", "once is enough"


def test_a_device_changes_its_keys_and_the_answer_may_get_lost() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tag(kiosk, "a")
    world.settle(kiosk)
    write_tag(kiosk, "b", dossier)
    rotate(kiosk, {kiosk.journal.identity()[1]: 2})
    world.answer(kiosk.engine.make_request(0.0, 0))
    assert world.province.devices[1000].generation == 2
    kiosk.restart()
    world.settle(kiosk)
    assert world.province.devices[1000].generation == 2
    assert kiosk.journal.view() == world.province.view("01273") == {(dossier, "tag.a"): 1, (dossier, "tag.b"): 1}
    assert wire.parse_request(kiosk.engine.make_request(0.0, 0)).rotations == (), "the letter goes until it is answered"


def test_a_province_restored_from_before_two_changes_of_keys_is_told_of_both() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tag(kiosk, "a")
    world.settle(kiosk)
    backup = world.province.devices[1000]
    for generation in (2, 3):
        rotate(kiosk, {kiosk.journal.identity()[1]: 1}, generation)
        world.settle(kiosk)
    world.province.devices[1000] = backup
    kiosk.keys = replace(kiosk.keys, untold=False)
    kiosk.restart()
    write_tag(kiosk, "b", dossier)
    with pytest.raises(Refused, match="bad_signature"):
        world.exchange(kiosk)
    world.settle(kiosk)
    record = world.province.devices[1000]
    assert (record.generation, len(record.former)) == (3, 2)
    assert kiosk.journal.view() == world.province.view("01273")
    assert wire.parse_request(kiosk.engine.make_request(0.0, 0)).rotations == ()


def test_a_former_key_proves_what_it_wrote_and_reads_nothing_more() -> None:
    world = World()
    kiosk = world.kiosk()
    dossier = write_tag(kiosk, "a")
    world.settle(kiosk)
    write_tag(kiosk, "b", dossier)
    inc = kiosk.journal.identity()[1]
    write_tag(kiosk, "c", dossier)
    stolen = Engine(kiosk.journal, kiosk.keys, random_bytes=world.rng.randbytes)
    stick = list(kiosk.engine.segments_for_bundle())
    rotate(kiosk, {inc: 2})
    world.answer(wire.encode_request(_no_logs(kiosk), [], kiosk.keys.sign, kiosk.keys.rotations))
    with pytest.raises(Refused) as refused:
        stolen.on_reply(world.answer(stolen.make_request(0.0, 0)), 0.1)
    assert refused.value.reason == "former_key"
    assert world.province.position(1000, inc)[0] == 2
    with world.province.atomic():
        taken = take_segments(1000, stick, world.province, world.merge, world.keys, SERVER_MS)
    assert (taken.held, taken.refused) == ({inc: 2}, ("former_key",))
    world.settle(kiosk)
    assert world.province.position(1000, inc)[0] == 3


def test_every_segment_after_the_end_of_its_key_is_kept_whole_and_taken_when_somebody_vouches() -> None:
    """The second follows the first, which is not stored; in another portion of the volume, too."""
    world = World()
    kiosk = world.kiosk()
    for tag in "abcdef":
        write_tag(kiosk, tag)
    stick = list(kiosk.engine.segments_for_bundle(120))
    inc = kiosk.journal.identity()[1]
    rotate(kiosk, {inc: 0})
    world.answer(wire.encode_request(_no_logs(kiosk), [], kiosk.keys.sign, kiosk.keys.rotations))
    beyond: Beyond = {}
    with world.province.atomic():
        for part in stick:
            taken = take_segments(1000, [part], world.province, world.merge, world.keys, SERVER_MS, beyond)
            assert (taken.refused, taken.gaps) == (("former_key",), 0)
    kept = [body for _, reason, body in world.province.state.quarantined if reason == "former_key"]
    assert kept == stick
    assert len(stick) > 1
    assert world.province.position(1000, inc)[0] == 0
    with world.province.atomic():
        assert take_vouched(1000, kept[1], world.province, world.merge, world.keys, SERVER_MS).gaps == 1
        for part in kept:
            assert take_vouched(1000, part, world.province, world.merge, world.keys, SERVER_MS).refused == ()
    assert world.province.position(1000, inc)[0] == 6
    assert len(world.province.view("01273")) == 6


def test_a_rotation_somebody_else_wrote_changes_nothing() -> None:
    world = World()
    kiosk = world.kiosk()
    thief = DeviceKeys.generate()
    rotation = Rotation(1000, 2, thief.sign.public, thief.seal.public, {})
    own = world.province.devices[1000]
    forged = wire.encode_request(_no_logs(kiosk), [], thief.sign, [write_rotation(rotation, thief.sign)])
    assert wire.parse_reply(world.answer(forged)).answer.refusal == "bad_signature"
    letter = write_rotation(rotation, kiosk.device_keys.sign)
    unsigned = wire.encode_request(_no_logs(kiosk), [], kiosk.keys.sign, [letter])
    assert wire.parse_reply(world.answer(unsigned)).answer.refusal == "bad_signature", "the new key must sign the request"
    broken = wire.encode_request(_no_logs(kiosk), [], kiosk.keys.sign, [b"no letter"])
    assert wire.parse_reply(world.answer(broken)).answer.refusal == "malformed"
    assert world.province.devices[1000] == own


def test_a_device_taken_out_of_service_may_have_had_keys_before() -> None:
    world = World()
    kiosk = world.kiosk()
    old = FormerKey(SigningKey(b"o" * 32).public, {}, SealKey(b"p" * 32).public)
    world.province.devices[1000] = replace(world.province.devices[1000], former=(old,), valid_to={})
    write_tag(kiosk, "a")
    with pytest.raises(Refused) as refused:
        world.exchange(kiosk)
    assert refused.value.reason == "revoked"


def test_a_letter_of_another_kind_where_a_key_letter_belongs_is_skipped() -> None:
    world = World()
    kiosk = world.kiosk()
    request = kiosk.engine.make_request(0.0, 0)
    nonce = wire.parse_request(request).hello.nonce
    answer = replace(wire.parse_reply(world.answer(request)).answer, province_letters=(b"MCX-SOMETHING-9\n{}\n\n",))
    kiosk.engine.on_reply(wire.encode_reply(answer, world.signing, 1000, nonce), 0.1)
    nonce = wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello.nonce
    damaged = replace(answer, echo=nonce[:4], province_letters=(b"MCX-PROVINCE-KEYS-1\nnothing",))
    with pytest.raises(BadLetter):
        kiosk.engine.on_reply(wire.encode_reply(damaged, world.signing, 1000, nonce), 0.1)


def _no_logs(kiosk: Kiosk) -> wire.Hello:
    return replace(wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello, positions=(), nonce=b"a nonce!")
