"""The encryption of a file: bounded memory, every record bound to its place, a damaged one named."""

from __future__ import annotations

import io

import pytest

from sync.blob.cipher import PLAIN, RECORD, Verdict, bad_records, decrypt, encrypt, judge, name_of, new_key, plain_size, units_of
from sync.blob.ranges import Ranges
from sync.errors import BlobDamaged

KEY = bytes(range(32))


def sealed(text: bytes) -> bytes:
    return b"".join(encrypt(io.BytesIO(text), KEY))


def opened(data: bytes, key: bytes = KEY) -> bytes:
    return b"".join(decrypt(io.BytesIO(data), len(data), key))


@pytest.mark.parametrize("size", [0, 1, PLAIN - 1, PLAIN, PLAIN + 1, 3 * PLAIN])
def test_what_goes_in_comes_out(size: int) -> None:
    text = bytes(size)
    data = sealed(text)
    assert plain_size(len(data)) == size
    assert opened(data) == text


def test_two_files_of_the_same_scan_have_nothing_in_common() -> None:
    one, other = (b"".join(encrypt(io.BytesIO(bytes(5000)), new_key())) for _ in range(2))
    assert name_of(io.BytesIO(one)) != name_of(io.BytesIO(other))


def test_another_key_opens_nothing() -> None:
    with pytest.raises(BlobDamaged):
        opened(sealed(b"an invented scan"), new_key())


def test_records_cannot_change_places_be_dropped_or_cut_off() -> None:
    data = sealed(bytes(3 * PLAIN))
    one, two, three = data[:RECORD], data[RECORD : 2 * RECORD], data[2 * RECORD :]
    for altered in (two + one + three, one + three, one + two, one + two + two):
        with pytest.raises(BlobDamaged):
            opened(altered)


def test_a_damaged_record_is_named_and_only_its_units_are_asked_again() -> None:
    data = bytearray(sealed(bytes(3 * PLAIN)))
    data[RECORD + 5] ^= 1
    assert bad_records(io.BytesIO(data), len(data), KEY) == (1,)
    assert units_of((1,), len(data)) == Ranges.of([(64, 128)])


def test_a_file_that_opens_but_has_another_name_is_not_what_was_told() -> None:
    data = sealed(b"an invented scan")
    assert judge(io.BytesIO(data), name_of(io.BytesIO(data)), len(data), KEY) == Verdict(True)
    assert judge(io.BytesIO(data), "00" * 32, len(data), KEY) == Verdict(False)
