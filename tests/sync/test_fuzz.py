"""Parsers meet anything: random bytes, and real messages with pieces changed. Only :class:`SyncError` may come out."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sync import enrol, wire
from sync.envelope import ZERO_HEAD, decode, encode, event_id, move_line
from sync.errors import SyncError
from sync.feed import decode_entry, encode_entry, read_ack
from sync.intake import handle
from sync.keys import DeviceKeys, SealKey, SigningKey
from sync.segment import Chain, cut, parse, unpack, verify
from sync.simulator.world import SERVER_MS, World

quick = settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck), database=None)

SIGNER = SigningKey(b"1" * 32)
KEY = SealKey(b"2" * 32)
LINES = [b'{"n":1,"d":"","k":"f","c":{},"s":0,"t":1,"q":0,"a":"","v":1}'] * 3
SEGMENT = cut(Chain(1000, 5), 1, ZERO_HEAD, LINES, signer=SIGNER, seal_to=KEY.public)
KEYS = DeviceKeys(SIGNER, KEY)
REQUEST = enrol.make_request(KEYS, "01273", "NÔNG THỊ MẪU", bytes(16))


def mutated(sample: bytes) -> st.SearchStrategy[bytes]:
    """The sample with a slice replaced by something else, or anything at all."""

    @st.composite
    def change(draw: st.DrawFn) -> bytes:
        data = sample
        for _ in range(draw(st.integers(1, 3))):
            at = draw(st.integers(0, len(data)))
            end = draw(st.integers(at, min(len(data), at + 12)))
            data = data[:at] + draw(st.binary(max_size=12)) + data[end:]
        return data

    return st.one_of(change(), st.binary(max_size=300), st.binary(max_size=60).map(lambda tail: sample[:4] + tail))


def survive(act: Callable[[], object]) -> None:
    with contextlib.suppress(SyncError):
        act()


@quick
@given(mutated(SEGMENT))
def test_a_segment_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    def read() -> None:
        part = parse(data)
        verify(part, unpack(part, KEY), ZERO_HEAD, SIGNER.verify_key)

    survive(read)


@quick
@given(mutated(b"\x28\xb5\x2f\xfd" + SEGMENT[43:80]))
def test_a_payload_of_any_bytes_is_read_or_refused(text: bytes) -> None:
    def read() -> None:
        from sync.keys import seal

        payload = seal(KEY.public, text)
        unpack(parse(SEGMENT[:39] + len(payload).to_bytes(4, "big") + payload + bytes(64)), KEY)

    survive(read)


@quick
@given(mutated(LINES[0]))
def test_a_line_of_any_bytes_is_read_or_refused(line: bytes) -> None:
    def read() -> None:
        again = encode(decode(line))
        assert decode(again) == decode(line)
        assert len(event_id(1, 2, line)) == 32
        assert event_id(1, 9, move_line(again, 2, 7)) == event_id(1, 2, again) or decode(again).moved_from is not None

    survive(read)


@quick
@given(mutated(b'{"e":"ack","dev":1,"inc":2,"n":3,"h":"0011223344556677"}'))
def test_a_feed_entry_of_any_bytes_is_read_or_refused(body: bytes) -> None:
    def read() -> None:
        entry = decode_entry(body)
        read_ack(entry)
        assert decode_entry(encode_entry(entry)) == entry

    survive(read)


@quick
@given(mutated(REQUEST))
def test_an_enrolment_file_of_any_bytes_is_read_or_refused(data: bytes) -> None:
    survive(lambda: enrol.open_request(data))
    survive(lambda: enrol.open_bundle(data, [KEYS.seal], REQUEST))


def _resigned(kiosk_sign: SigningKey, body: bytes) -> bytes:
    return body[:-64] + kiosk_sign.sign(b"mcx request 1", body[:-64])


WORLD = World()
KIOSK = WORLD.kiosk()
for _text in ("một", "hai", "ba"):
    KIOSK.journal.write("", "f", {"a.ghi_chu": _text})
BODY = KIOSK.engine.make_request(0.0, 0)


@quick
@given(mutated(BODY), st.booleans())
def test_intake_answers_any_bytes_even_signed_ones(body: bytes, signed: bool) -> None:
    """The second half is a device that has gone mad: its signature is right, everything else may not be."""
    if signed and len(body) > 64:
        body = _resigned(KIOSK.device_keys.sign, body)
    world = World()
    world.kiosk()
    with world.province.atomic():
        answer = handle(body, world.province, world.merge, world.keys, SERVER_MS)
    reply = wire.parse_reply(answer, world.keys.sign.verify_key)
    assert reply.refusal or reply.epoch == 1


REPLY = WORLD.answer(BODY)


@quick
@given(mutated(REPLY))
def test_the_engine_takes_or_refuses_any_answer_even_a_signed_one(body: bytes) -> None:
    """A province gone mad: the signature over the reply is right, the frames may hold anything."""
    world = World()
    kiosk = world.kiosk()
    nonce = wire.parse_request(kiosk.engine.make_request(0.0, 0)).hello.nonce
    if len(body) > 64:
        body = body[:9] + nonce + body[25:-64]
        body += WORLD.keys.sign.sign(b"mcx reply 1", body)
    survive(lambda: kiosk.engine.on_reply(body, 0.1))
    inc = kiosk.journal.incarnations()[0]
    assert 0 <= kiosk.journal.acked(inc) <= kiosk.journal.told(inc) <= kiosk.journal.last(inc)[0]
