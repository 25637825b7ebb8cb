"""Field entries travel together and come back byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import SegmentError
from sync.feed import encode_entry
from sync.packing import apart, together


def entry(dossier: str, field: str, value: object) -> bytes:
    return encode_entry({"e": "f", "d": dossier, "f": field, "v": value})


def test_a_run_of_one_dossier_is_one_line() -> None:
    lines = [entry("7-k-1", "a.name", "Nông Thị Mẫu"), entry("7-k-1", "status", 2), entry("7-k-1", "applicant", {"name": "Mẫu"})]
    assert together(lines) == ['+7-k-1{"a.name":"Nông Thị Mẫu","status":2,"applicant":{"name":"Mẫu"}}'.encode()]


def test_another_dossier_or_another_entry_ends_the_run() -> None:
    lines = [entry("7-k-1", "a", "1"), entry("7-k-2", "a", "1"), b'{"e":"ack","dev":7}', entry("7-k-2", "b", "1")]
    assert len(together(lines)) == 4


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
ENTRIES = st.builds(entry, st.sampled_from(["7-k-1", "7-k-2", "", "lạ"]), st.text(max_size=6), JSON)
LINES = st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b""))


@given(st.lists(ENTRIES | LINES | LINES.map(lambda raw: b"+" + raw), max_size=12))
def test_every_line_comes_back_byte_for_byte(lines: list[bytes]) -> None:
    packed = together(lines)
    assert not any(b"\n" in line for line in packed)
    assert list(apart(packed)) == lines


@pytest.mark.parametrize("line", [b"+", b"+7{", b'+7{"a"}', b'+7{"a":1,}', b'+7{"a":1"b":2}', b'+7{"a":"x}'])
def test_what_is_no_run_is_refused(line: bytes) -> None:
    with pytest.raises(SegmentError):
        list(apart([line]))


def test_a_hostile_line_is_refused_in_no_time() -> None:
    with pytest.raises(SegmentError):
        list(apart([b'+7{"a":[' + b"1" * 200_000 + b"!}"]))
