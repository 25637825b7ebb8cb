"""HSG1 byte by byte, and every way in which a segment is refused."""

from __future__ import annotations

import hashlib
import struct
import tracemalloc

import pytest
import zstandard

from sync.envelope import MAX_LINE, ZERO_HEAD, chain
from sync.errors import BadSignature, ChainBroken, Diverged, SealBroken, SegmentError, SegmentTooLarge, UnknownDictionary
from sync.keys import BoxSealer, SealKey, SigningKey, seal
from sync.segment import (
    HEADER_SIZE,
    MAX_PAYLOAD,
    MAX_TEXT,
    Chain,
    claim,
    commune_tag,
    cut,
    fit,
    lines_of,
    pack,
    parse,
    sign_head,
    signed,
    unpack,
    verify,
    verify_head,
)

SIGNER = SigningKey(b"1" * 32)
PROVINCE = SealKey(b"2" * 32)
OF = Chain(0x01020304, 0x0A0B0C0D0E)
LINES = [b'{"n":5}', b'{"n":6}', b'{"n":7}']
BEFORE = hashlib.sha256(b"before").digest()


def make(lines: list[bytes] = LINES, **how: object) -> bytes:
    return cut(OF, 5, BEFORE, lines, signer=SIGNER, seal_to=BoxSealer(PROVINCE.public), **how)  # type: ignore[arg-type]


def forged(text: bytes, *, count: int = 3) -> bytes:
    """A segment whose compressed payload is anything, as a signer gone wrong could make it."""
    payload = seal(PROVINCE.public, text)
    header = struct.pack(
        ">4sBBI5s6sH8s8sI", b"HSG1", 0, 0, OF.device, b"\0" * 5, (5).to_bytes(6, "big"), count, BEFORE[:8], bytes(8), len(payload)
    )
    return header + payload + bytes(64)


def squeezed(text: bytes) -> bytes:
    """Compressed the way a payload is: without zstd's own header fields."""
    plain = zstandard.ZstdCompressionParameters(format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False)
    return zstandard.ZstdCompressor(compression_params=plain).compress(text)


def test_a_segment_gives_its_lines_and_heads_back() -> None:
    part = parse(make())
    lines = unpack(part, PROVINCE)
    heads = verify(part, lines, BEFORE, SIGNER.verify_key)
    assert list(lines) == LINES
    assert heads[0] == chain(BEFORE, LINES[0])
    assert heads[2] == chain(chain(chain(BEFORE, LINES[0]), LINES[1]), LINES[2])
    assert (part.first, part.last, part.chain) == (5, 7, OF)


def test_the_bytes_stand_where_the_format_says() -> None:
    data = make()
    head_after = chain(chain(chain(BEFORE, LINES[0]), LINES[1]), LINES[2])
    payload = data[43:-64]
    assert HEADER_SIZE == 43
    assert data[:4] == b"HSG1"
    assert data[4:6] == b"\x00\x00"
    assert data[6:10] == bytes.fromhex("01020304")
    assert data[10:15] == bytes.fromhex("0a0b0c0d0e")
    assert data[15:21] == (5).to_bytes(6, "big")
    assert data[21:23] == (3).to_bytes(2, "big")
    assert data[23:31] == BEFORE[:8]
    assert data[31:39] == head_after[:8]
    assert data[39:43] == len(payload).to_bytes(4, "big")
    assert zstandard.ZstdDecompressor(format=zstandard.FORMAT_ZSTD1_MAGICLESS).decompressobj().decompress(
        PROVINCE.open(payload)
    ) == b"\n".join(LINES)
    signed = data[:43] + hashlib.sha256(payload).digest() + head_after
    SIGNER.verify_key.verify(b"mcx segment 1", signed, data[-64:])


def test_every_altered_byte_is_noticed() -> None:
    def receive(data: bytes) -> None:
        part = parse(data)
        verify(part, unpack(part, PROVINCE), BEFORE, SIGNER.verify_key)

    data = make()
    receive(data)
    for at in range(len(data)):
        with pytest.raises((SegmentError, BadSignature)):
            receive(data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :])


def test_a_segment_verifies_only_on_the_history_it_was_cut_from() -> None:
    part = parse(make())
    lines = unpack(part, PROVINCE)
    with pytest.raises(Diverged):
        verify(part, lines, ZERO_HEAD, SIGNER.verify_key)
    with pytest.raises(BadSignature):
        verify(part, lines, BEFORE, SigningKey(b"3" * 32).verify_key)
    with pytest.raises(ChainBroken):
        verify(part, [lines[1], lines[0], lines[2]], BEFORE, SIGNER.verify_key)


def test_a_history_that_agrees_in_eight_bytes_only_is_caught_by_the_signature() -> None:
    part = parse(make([b'{"n":5}']))
    other = BEFORE[:8] + bytes(24)
    fake = parse(make([b'{"n":5}'])[:31] + chain(other, b'{"n":5}')[:8] + make([b'{"n":5}'])[39:])
    assert part.before8 == fake.before8
    with pytest.raises(BadSignature):
        verify(fake, unpack(part, PROVINCE), other, SIGNER.verify_key)


def test_a_segment_sealed_to_somebody_else_stays_closed() -> None:
    with pytest.raises(SealBroken):
        unpack(parse(make()), SealKey(b"4" * 32))


def test_millions_of_lines_more_than_announced_are_not_made() -> None:
    part = parse(forged(squeezed(b"\n" * (MAX_TEXT - 1))))
    tracemalloc.start()
    try:
        with pytest.raises(SegmentError):
            unpack(part, PROVINCE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 4 * MAX_TEXT


def test_a_bomb_is_stopped_at_the_cap_without_the_memory() -> None:
    bomb = squeezed(b"\n" * (16 * MAX_TEXT))
    part = parse(forged(bomb))
    tracemalloc.start()
    try:
        with pytest.raises(SegmentTooLarge):
            unpack(part, PROVINCE)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 3 * MAX_TEXT


def test_a_frame_that_announces_a_huge_window_or_size_is_refused() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=27, write_content_size=0, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    streamed = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(SegmentError):
        unpack(parse(forged(streamed.compress(b"x\ny\nz") + streamed.flush())), PROVINCE)
    lying = b"\xe0" + (1 << 60).to_bytes(8, "little")
    with pytest.raises(SegmentError):
        unpack(parse(forged(lying)), PROVINCE)


@pytest.mark.parametrize("payload", [b"", b"no zstd", squeezed(b"only one line"), squeezed(b"a\nb\nc\nd")])
def test_a_payload_that_is_not_the_announced_lines_is_refused(payload: bytes) -> None:
    with pytest.raises(SegmentError):
        unpack(parse(forged(payload)), PROVINCE)


def test_an_overlong_line_is_refused() -> None:
    with pytest.raises(SegmentTooLarge):
        unpack(parse(forged(squeezed(b"x" * (MAX_LINE + 1) + b"\n\n"))), PROVINCE)


@pytest.mark.parametrize(
    ("at", "value"),
    [(0, b"HSG2"), (4, b"\x02"), (15, bytes(6)), (21, bytes(2)), (39, b"\xff\xff\xff\xff"), (39, bytes(4))],
    ids=["magic", "unknown flag", "first is 0", "no lines", "length over the limit", "length too small"],
)
def test_a_header_out_of_range_is_refused(at: int, value: bytes) -> None:
    data = make()
    with pytest.raises(SegmentError):
        parse(data[:at] + value + data[at + len(value) :])


@pytest.mark.parametrize("data", [b"", b"HSG1", make()[:-1], make() + b"x"])
def test_a_segment_of_the_wrong_length_is_refused(data: bytes) -> None:
    with pytest.raises(SegmentError):
        parse(data)


def test_a_dictionary_makes_it_smaller_and_is_named_in_the_header() -> None:
    lines = [b'{"n":5,"d":"z8-1t2-7","k":"f","c":{"nguoi_nop.dien_thoai":"0912"}}']
    tables = {7: b'"k":"f","c":{"nguoi_nop.dien_thoai":"09' * 40}
    data = make(lines, dictionary=7, dictionaries=tables)
    assert parse(data).dictionary == 7
    assert len(data) < len(make(lines))
    assert list(unpack(parse(data), PROVINCE, tables)) == lines
    with pytest.raises(UnknownDictionary):
        unpack(parse(data), PROVINCE)
    with pytest.raises(UnknownDictionary):
        make(lines, dictionary=8, dictionaries=tables)


def test_what_does_not_fit_is_not_cut() -> None:
    with pytest.raises(SegmentTooLarge):
        make([])
    with pytest.raises(SegmentTooLarge):
        make([b"x"] * 65536)
    with pytest.raises(SegmentTooLarge):
        make([b"a\nb"])
    with pytest.raises(SegmentTooLarge):
        make([hashlib.shake_256(b"noise").digest(MAX_PAYLOAD).replace(b"\n", b"\0")])


def test_what_was_signed_names_the_place_it_proves() -> None:
    part = parse(make())
    head = verify(part, LINES, BEFORE, SIGNER.verify_key)[-1]
    assert claim(signed(part, head)) == (OF.device, OF.incarnation, 7, head)
    assert claim(b"something else") is None


def test_fit_takes_as_many_lines_as_the_target_holds_and_at_least_one() -> None:
    noise = [hashlib.shake_256(bytes([i])).hexdigest(100).encode() for i in range(60)]
    data, count = fit(noise, 2000, lambda some: make(list(some)))
    assert 10 <= count < 60
    assert 1000 < len(data) <= 2500
    assert fit(noise, 10, lambda some: make(list(some)))[1] == 1
    assert fit(noise[:3], 64_000, lambda some: make(list(some)))[1] == 3


def test_a_signed_head_holds_for_its_place_only() -> None:
    signature = sign_head(SIGNER, 1000, 55, 7, BEFORE)
    assert len(signature) == 64
    verify_head(SIGNER.verify_key, 1000, 55, 7, BEFORE, signature)
    for device, inc, n, head in ((1001, 55, 7, BEFORE), (1000, 56, 7, BEFORE), (1000, 55, 8, BEFORE), (1000, 55, 7, ZERO_HEAD)):
        with pytest.raises(BadSignature):
            verify_head(SIGNER.verify_key, device, inc, n, head, signature)


def test_communes_have_different_tags() -> None:
    assert len({commune_tag(f"{code:05d}") for code in range(1, 200)}) == 199


def test_a_feed_behind_what_the_request_said_costs_little_and_opens_only_behind_it() -> None:
    said = "\n".join(f'{{"a.name":"{hashlib.sha256(str(n).encode()).hexdigest()}"}}' for n in range(40)).encode()
    lines = [b'{"e":"f","d":"7-k-1","w":{"a.name":"' + line[11:-2] + b'"}}' for line in said.split(b"\n")]
    alone, behind = pack(1, lines, feed=True), pack(1, lines, feed=True, behind=said)
    assert len(behind) < len(alone) / 5
    assert lines_of(behind, 40, feed=True, behind=said) == tuple(lines)
    with pytest.raises(SegmentError):
        lines_of(behind, 40, feed=True)


def test_a_run_of_entries_that_grows_beyond_its_count_is_refused() -> None:
    plain = zstandard.ZstdCompressionParameters.from_level(3, format=zstandard.FORMAT_ZSTD1_MAGICLESS)
    text = b"+" + b"7" * 64 + b"{" + b",".join([b'"a":1'] * 100_000) + b"}"
    with pytest.raises(SegmentError):
        lines_of(zstandard.ZstdCompressor(compression_params=plain).compress(text), 3, feed=True)
