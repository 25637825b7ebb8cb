"""Field entries travel shorter and come back byte for byte."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.errors import SegmentError
from sync.feed import encode_entry, fields_entry
from sync.packing import restored, shortened


def test_what_all_field_entries_share_stays_at_home() -> None:
    written = encode_entry(fields_entry("7-k-1", {"a.name": "Nông Thị Mẫu", "applicant": {"name": "Mẫu"}}))
    assert shortened([written]) == ['+7-k-1{"a.name":"Nông Thị Mẫu","applicant":{"name":"Mẫu"}}'.encode()]


def test_any_other_entry_travels_as_it_is() -> None:
    lines = [b'{"e":"ack","dev":7}', b'{"e":"f","w":{},"d":"x"}']
    assert shortened(lines) == lines


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)
DOSSIERS = st.sampled_from(["7-k-1", "7-k-2", "", "lạ"])
ENTRIES = st.builds(fields_entry, DOSSIERS, st.dictionaries(st.text(max_size=6), JSON, max_size=3)).map(encode_entry)
LINES = st.binary(max_size=20).map(lambda raw: raw.replace(b"\n", b""))
PREFIXES = st.sampled_from([b"+", b"=", b'{"e":"f","d":"7","w":{'])


@given(st.lists(ENTRIES | LINES | st.builds(bytes.__add__, PREFIXES, LINES), max_size=12))
def test_every_line_comes_back_byte_for_byte(lines: list[bytes]) -> None:
    packed = shortened(lines)
    assert not any(b"\n" in line for line in packed)
    assert list(restored(packed)) == lines


@pytest.mark.parametrize("line", [b"+", b"+7", b"+7[]", b"+7K{}", b"+" + b"7" * 65 + b"{}"])
def test_what_is_no_shortened_entry_is_refused(line: bytes) -> None:
    with pytest.raises(SegmentError):
        list(restored([line]))
