"""The bodies of an exchange: what stands in them, what is signed, what is refused."""

from __future__ import annotations

import dataclasses

import pytest

from sync import wire
from sync.errors import BadFrame, BadSignature, NotOurProtocol
from sync.keys import SigningKey

DEVICE = SigningKey(b"1" * 32)
PROVINCE = SigningKey(b"2" * 32)
HELLO = wire.Hello(
    device=1000,
    epoch=1,
    feed_seq=8812,
    feed_head8=b"feedhead",
    wanted=65536,
    wall_ms=1_764_550_991_227,
    free_disk_mib=20_000,
    nonce=b"n" * 16,
    positions=(wire.Position(55, 101, b"headhead"), wire.Position(55, 90, b"ackedhed")),
    dictionaries=(1, 2),
)
REPLY = wire.Reply(
    nonce=b"n" * 16,
    epoch=1,
    server_ms=1_764_550_991_500,
    feed_last=8815,
    acks=(wire.AckFrame(55, 101, b"headhead", 101), wire.AckFrame(56, 0, bytes(8), None, "segment_invalid")),
    segments=(b"feed segment",),
    pause_s=30,
)


def test_a_request_reads_back_and_verifies() -> None:
    body = wire.encode_request(HELLO, [b"segment one", b"two"], DEVICE)
    request = wire.parse_request(body)
    request.verify(DEVICE.verify_key)
    assert request.hello == HELLO
    assert request.segments == (b"segment one", b"two")


def test_a_reply_reads_back() -> None:
    body = wire.encode_reply(REPLY, PROVINCE)
    assert wire.parse_reply(body, PROVINCE.verify_key) == REPLY
    other = dataclasses.replace(REPLY, reset=True, refusal="revoked", acks=(), segments=())
    assert wire.parse_reply(wire.encode_reply(other, PROVINCE), PROVINCE.verify_key) == other


def test_a_forged_or_altered_body_does_not_verify() -> None:
    body = wire.encode_request(HELLO, [b"segment"], DEVICE)
    with pytest.raises(BadSignature):
        wire.parse_request(body).verify(PROVINCE.verify_key)
    swapped = wire.parse_request(body.replace(b"segment", b"segmenz"))
    with pytest.raises(BadSignature):
        swapped.verify(DEVICE.verify_key)
    reply = wire.encode_reply(REPLY, PROVINCE)
    for at in range(4, len(reply)):
        with pytest.raises((BadSignature, BadFrame)):
            wire.parse_reply(reply[:at] + bytes([reply[at] ^ 1]) + reply[at + 1 :], PROVINCE.verify_key)


def test_a_request_cannot_be_served_as_a_reply() -> None:
    body = wire.encode_request(HELLO, [], PROVINCE)
    with pytest.raises(BadSignature):
        wire.parse_reply(body, PROVINCE.verify_key)


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"MCX", b"HTTP/1.1 200 OK"])
def test_what_does_not_start_with_the_magic_is_not_ours(body: bytes) -> None:
    with pytest.raises(NotOurProtocol):
        wire.parse_reply(body, PROVINCE.verify_key)
    with pytest.raises(NotOurProtocol):
        wire.parse_request(body)


def test_a_body_cut_anywhere_is_refused() -> None:
    body = wire.encode_request(HELLO, [b"segment"], DEVICE)
    for size in range(4, len(body)):
        with pytest.raises((BadFrame, BadSignature)):
            wire.parse_request(body[:size]).verify(DEVICE.verify_key)


def test_a_body_over_the_limit_or_with_too_many_frames_is_refused() -> None:
    with pytest.raises(BadFrame, match="limit"):
        wire.parse_request(wire.encode_request(HELLO, [bytes(wire.MAX_REQUEST)], DEVICE))
    with pytest.raises(BadFrame, match="frames"):
        wire.parse_request(wire.encode_request(HELLO, [b""] * wire.MAX_FRAMES, DEVICE))


def test_unknown_frames_and_later_fields_are_skipped() -> None:
    body = wire.encode_request(HELLO, [], DEVICE)
    size = int.from_bytes(body[5:8], "big")
    longer = body[:5] + (size + 3).to_bytes(3, "big") + body[8 : 8 + size] + b"new" + b"\x09\x00\x00\x02hi"
    longer += DEVICE.sign(b"mcx request 1", longer)
    request = wire.parse_request(longer)
    request.verify(DEVICE.verify_key)
    assert request.hello == HELLO
    assert request.segments == ()


def test_a_wall_clock_before_1970_travels_as_zero() -> None:
    body = wire.encode_request(dataclasses.replace(HELLO, wall_ms=-5), [], DEVICE)
    assert wire.parse_request(body).hello.wall_ms == 0
