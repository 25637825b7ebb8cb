"""The event envelope: what a line may be, how it is chained, and how it moves to another incarnation."""

from __future__ import annotations

import hashlib

import pytest

from sync.envelope import (
    MAX_DEPTH,
    MAX_LINE,
    ZERO_HEAD,
    EnvelopeError,
    Event,
    Origin,
    base32,
    chain,
    decode,
    dossier_device,
    encode,
    event_id,
    move_line,
)

EVENT = Event(7, "z8-1t2-7", "f", {"a.ten": "NÔNG THỊ MẪU", "fee.1": "8000"}, 12, 1_764_550_991_227, 2, "cb07", 1)


def test_a_line_reads_back_as_the_event_it_was_written_from() -> None:
    assert decode(encode(EVENT)) == EVENT


def test_unknown_keys_are_kept_and_relayed() -> None:
    line = encode(EVENT)[:-1] + b',"later":{"x":[1]}}'
    event = decode(line)
    assert event.extra == {"later": {"x": [1]}}
    assert encode(event) == line


def test_the_chain_is_sha256_over_the_head_and_the_stored_bytes() -> None:
    line = encode(EVENT)
    assert chain(ZERO_HEAD, line) == hashlib.sha256(bytes(32) + line).digest()


def test_a_moved_line_keeps_its_event_id_and_its_bytes() -> None:
    line = encode(EVENT)
    moved = move_line(line, 55, 2)
    assert decode(moved) == EVENT._replace(n=2, moved_from=(55, 7))
    assert event_id(1000, 99, moved) == event_id(1000, 55, line)


def test_a_line_moved_twice_still_names_its_first_place() -> None:
    line = encode(EVENT)
    twice = move_line(move_line(line, 55, 2), 99, 31)
    assert decode(twice).moved_from == (55, 7)
    assert event_id(1000, 123, twice) == event_id(1000, 55, line)


def test_the_longest_line_there_may_be_can_still_be_moved_anywhere() -> None:
    last, place = 10**15 - 1, (1 << 40) - 1
    room = MAX_LINE - len(encode(EVENT._replace(content={"x": ""})))
    longest = next(line for spare in range(room) if (line := written(EVENT._replace(content={"x": "x" * (room - spare)}))))
    moved = move_line(longest, place, last)
    assert len(longest) > MAX_LINE - 100
    assert decode(moved).moved_from == (place, EVENT.n)


def written(event: Event) -> bytes:
    """Its line, or nothing where it would be too long."""
    try:
        return encode(event)
    except EnvelopeError:
        return b""


def test_the_same_line_elsewhere_is_another_event() -> None:
    line = encode(EVENT)
    assert len({event_id(1000, 55, line), event_id(1001, 55, line), event_id(1000, 56, line)}) == 3


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"n":1}',
        encode(EVENT).replace(b'"n":7', b'"n":0'),
        encode(EVENT).replace(b'"n":7', b'"n":true'),
        encode(EVENT).replace(b'"q":2', b'"q":2.0'),
        encode(EVENT).replace(b'"8000"', b"NaN"),
        encode(EVENT).replace(b'"8000"', b"1e999"),
        encode(EVENT).replace(b'"8000"', b'"\\ud800"'),
        encode(EVENT).replace(b'"8000"', b"[" * 40 + b"]" * 40),
        encode(EVENT) + b"\n",
        b'{"n":1,"d":"' + b"x" * MAX_LINE + b'"}',
    ],
    ids=[
        "empty",
        "list",
        "not utf-8",
        "keys missing",
        "n is 0",
        "n is a boolean",
        "q is a float",
        "not a number",
        "infinite",
        "lone surrogate",
        "too deep",
        "two lines",
        "too long",
    ],
)
def test_a_line_that_could_not_be_written_again_is_refused(line: bytes) -> None:
    with pytest.raises(EnvelopeError):
        decode(line)


def test_nesting_is_accepted_up_to_the_limit() -> None:
    deep = b"[" * (MAX_DEPTH - 3) + b"]" * (MAX_DEPTH - 3)
    assert decode(encode(EVENT).replace(b'"8000"', deep)).n == 7


def test_the_device_of_a_dossier_is_read_off_its_id() -> None:
    assert dossier_device(Origin(2**32 - 1, 9, 123).dossier_id(2**40 - 1)) == 2**32 - 1
    assert dossier_device(Origin(0, 0, 1).dossier_id(0)) == 0


@pytest.mark.parametrize(
    "text", ["", "1-2", "1-2-3-4", "1-2-0", "1-2-03", "01-2-3", "1-2-x", "u-2-3", "zzzzzzzz-1-1", "1-2-١", "1-2-"]
)
def test_a_text_that_is_no_dossier_id_names_no_device(text: str) -> None:
    assert dossier_device(text) is None


def test_base_32_leaves_out_letters_that_look_alike() -> None:
    assert [base32(n) for n in (0, 31, 32, 2**32 - 1)] == ["0", "z", "10", "3zzzzzz"]
