"""The bodies of an exchange: what stands in them, what is signed, what is refused."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync import wire
from sync.errors import BadFrame, BadSignature, NotOurProtocol, SealBroken
from sync.keys import SealKey, SigningKey
from sync.segment import Run

DEVICE = SigningKey(b"1" * 32)
PROVINCE = SigningKey(b"2" * 32)
HEAD, AFTER = b"h" * 32, b"a" * 32
NONCE = b"nnnnnnnn"
HELLO = wire.Hello(
    device=1000,
    epoch=1,
    feed_seq=8812,
    feed_head8=b"feedhead",
    wanted=65536,
    wall_ms=1_764_550_991_000,
    free_disk_mib=20_000,
    nonce=NONCE,
    positions=(
        wire.Position(55, 101, HEAD, (wire.Probe(90, b"probe 90"), wire.Probe(99, b"probe 99"))),
        wire.Position(0xFFFFFFFFFF, 0, bytes(32)),
    ),
    dictionaries=(1, 2),
    schemas=(1, 300),
    generation=3,
    commune_generation=2,
    staged=wire.Staged(10_000, b"snaphead", 256),
)
TO_THE_END = wire.LogRun(0, Run(100, 2, 1, b"closed lines"), HEAD)
PART = wire.LogRun(0, Run(91, 5, 0, b"other lines"), AFTER)
ANSWER = wire.Answer(
    echo=NONCE[:4],
    epoch=1,
    server_ms=1_764_550_991_500,
    feed_last=8815,
    acks=(wire.AckFrame(0, True), wire.AckFrame(1, False, 7, b"headhead", None, "segment_invalid")),
    feed=(wire.FeedRun(Run(8813, 3, 2, b"feed lines"), b"feedaftr"),),
    snapshot=wire.SnapshotRun(10_000, HEAD, 700, Run(257, 443, 0, b"state")),
    province_letters=(b"letter one", b"letter two"),
    commune_letter=b"commune letter",
    pause_s=30,
    upload_only="schema_floor",
    dictionaries=(2,),
)


def request(*runs: wire.LogRun) -> bytes:
    return wire.encode_request(HELLO, runs, DEVICE)


def reply(answer: wire.Answer = ANSWER) -> bytes:
    return wire.encode_reply(answer, PROVINCE, 1000, NONCE)


def test_a_request_reads_back_and_verifies() -> None:
    parsed = wire.parse_request(wire.encode_request(HELLO, [TO_THE_END, PART], DEVICE, [b"first", b"second"]))
    parsed.verify(DEVICE.verify_key)
    assert parsed.hello == HELLO
    assert parsed.runs == (TO_THE_END, PART)
    assert parsed.rotations == (b"first", b"second")


def test_a_reply_reads_back_and_verifies() -> None:
    parsed = wire.parse_reply(reply())
    parsed.verify(PROVINCE.verify_key, 1000, NONCE)
    assert parsed.answer == ANSWER
    bare = wire.Answer(echo=b"echo", epoch=2, server_ms=1, feed_last=0, reset=True, refusal="revoked")
    assert wire.parse_reply(reply(bare)).answer == bare


def test_a_request_claims_the_full_head_of_every_log_and_run() -> None:
    message = wire.parse_request(request(TO_THE_END, PART)).message
    assert wire.claims(message) == (1000, [(55, 101, HEAD), (0xFFFFFFFFFF, 0, bytes(32)), (55, 95, AFTER)])
    DEVICE.verify_key.verify(wire.REQUEST, message, request(TO_THE_END, PART)[-64:])
    with pytest.raises(BadFrame):
        wire.claims(message[:-1])


def test_a_run_to_the_end_of_its_log_does_not_say_the_head_again() -> None:
    short = replace(TO_THE_END, run=replace(TO_THE_END.run, closed=b""))
    other = replace(short, after=AFTER)
    assert len(request(other)) - len(request(short)) == 32


def test_a_forged_or_altered_request_does_not_verify() -> None:
    body = request(TO_THE_END, PART)
    with pytest.raises(BadSignature):
        wire.parse_request(body).verify(PROVINCE.verify_key)
    for at in range(4, len(body)):
        with pytest.raises((BadSignature, BadFrame)):
            wire.parse_request(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]).verify(DEVICE.verify_key)


def test_a_reply_is_for_one_request_of_one_device_only() -> None:
    body = reply()
    for device, nonce in ((1001, NONCE), (1000, NONCE[:7] + b"x")):
        with pytest.raises(BadSignature):
            wire.parse_reply(body).verify(PROVINCE.verify_key, device, nonce)
    for at in range(4, len(body)):
        with pytest.raises((BadSignature, BadFrame)):
            wire.parse_reply(body[:at] + bytes([body[at] ^ 1]) + body[at + 1 :]).verify(PROVINCE.verify_key, 1000, NONCE)


def test_a_request_cannot_be_served_as_a_reply() -> None:
    with pytest.raises((BadSignature, BadFrame)):
        wire.parse_reply(request()).verify(DEVICE.verify_key, 1000, NONCE)


@pytest.mark.parametrize("body", [b"", b"<html>login</html>", b"MCX", b"HTTP/1.1 200 OK"])
def test_what_does_not_start_with_the_magic_is_not_ours(body: bytes) -> None:
    with pytest.raises(NotOurProtocol):
        wire.parse_reply(body)
    with pytest.raises(NotOurProtocol):
        wire.parse_request(body)


def test_a_body_cut_anywhere_is_refused() -> None:
    body = request(TO_THE_END)
    for size in range(4, len(body)):
        with pytest.raises((BadFrame, BadSignature)):
            wire.parse_request(body[:size]).verify(DEVICE.verify_key)


def test_a_body_over_the_limit_or_with_too_many_frames_is_refused() -> None:
    giant = replace(PART, run=replace(PART.run, closed=bytes(wire.MAX_REQUEST)))
    with pytest.raises(BadFrame, match="limit"):
        wire.parse_request(request(giant))
    with pytest.raises(BadFrame, match="frames"):
        wire.parse_request(request(*[PART] * wire.MAX_FRAMES))


@pytest.mark.parametrize("run", [Run(0, 1, 0, b""), Run(1, 0, 0, b""), Run(1, 70_000, 0, b"")])
def test_a_run_out_of_range_is_refused(run: Run) -> None:
    with pytest.raises(BadFrame):
        wire.parse_request(request(replace(PART, run=run)))


def test_unknown_frames_and_later_fields_are_skipped() -> None:
    body = request()[:-64]
    longer = body[:5] + bytes([body[5] + 3, body[6]]) + body[7:] + b"new" + b"\x63\x02hi"
    assert body[6] == 1, "the length of the hello takes two bytes here"
    parsed = wire.parse_request(longer + bytes(64))
    assert parsed.hello == HELLO
    assert parsed.runs == ()


def test_clocks_disks_and_wishes_travel_in_coarse_units() -> None:
    vague = replace(HELLO, wall_ms=-5, free_disk_mib=100, wanted=1)
    read = wire.parse_request(wire.encode_request(vague, [], DEVICE)).hello
    assert (read.wall_ms, read.free_disk_mib, read.wanted) == (0, 96, 1024)


def test_a_closed_run_opens_only_for_its_request_its_place_and_its_direction() -> None:
    kiosk, province = SealKey(b"3" * 32), SealKey(b"4" * 32)
    run = wire.closed(kiosk.box(province.public), wire.REQUEST, NONCE, Run(5, 2, 0, b"packed"), HEAD)
    box = province.box(kiosk.public)
    assert wire.opened(box, wire.REQUEST, NONCE, run, HEAD) == b"packed"
    for direction, nonce, part, named in (
        (wire.REPLY, NONCE, run, HEAD),
        (wire.REQUEST, b"xnnnnnnn", run, HEAD),
        (wire.REQUEST, NONCE, replace(run, first=6), HEAD),
        (wire.REQUEST, NONCE, run, AFTER),
    ):
        with pytest.raises(SealBroken):
            wire.opened(box, direction, nonce, part, named)
    with pytest.raises(SealBroken):
        wire.opened(SealKey(b"5" * 32).box(kiosk.public), wire.REQUEST, NONCE, run, HEAD)
