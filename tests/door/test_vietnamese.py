"""What argparse says to people is Vietnamese, whatever is wrong with the call."""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator

import pytest

from door import vietnamese


@pytest.fixture
def parser() -> Iterator[argparse.ArgumentParser]:
    before = {name: vars(argparse)[name] for name in ("_", "ngettext")}
    vietnamese.speak()
    parser = argparse.ArgumentParser(prog="main.py thử", description="Lệnh thử.")
    acts = parser.add_subparsers(dest="act", required=True)
    one = acts.add_parser("ghi")
    one.add_argument("số", type=int)
    one.add_argument("--nơi", choices=("tỉnh", "xã"))
    one.add_argument("--nơi-khác", nargs=2)
    either = one.add_mutually_exclusive_group(required=True)
    either.add_argument("--vào")
    either.add_argument("--ra", action="store_true")
    yield parser
    vars(argparse).update(before)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("", "lỗi: thiếu tham số: act"),
        ("đọc", "lỗi: tham số act: không có 'đọc'; chọn một trong: 'ghi'"),
        ("ghi", "lỗi: thiếu tham số: số"),
        ("ghi x --ra", "lỗi: tham số số: giá trị không dùng được: 'x'"),
        ("ghi 1", "lỗi: cần một trong các tham số --vào --ra"),
        ("ghi 1 --ra --vào a", "lỗi: tham số --vào: không dùng cùng --ra được"),
        ("ghi 1 --ra --nơi", "lỗi: tham số --nơi: cần một giá trị"),
        ("ghi 1 --ra --nơi-khác a", "lỗi: tham số --nơi-khác: cần 2 giá trị"),
        ("ghi 1 --ra --nơi huyện", "lỗi: tham số --nơi: không có 'huyện'; chọn một trong: 'tỉnh', 'xã'"),
        ("ghi 1 --ra thừa", "lỗi: không hiểu: thừa"),
        ("ghi 1 --ra=x", "lỗi: tham số --ra: không nhận giá trị ('x')"),
        ("ghi 1 --n a", "lỗi: --n chưa đủ rõ: có thể là --nơi, --nơi-khác"),
    ],
)
def test_a_wrong_call_is_told_in_vietnamese(
    parser: argparse.ArgumentParser, capsys: pytest.CaptureFixture[str], words: str, told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parser.parse_args(words.split())
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in said
    assert said.startswith("cách dùng: ")


def test_help_has_no_english_in_it(parser: argparse.ArgumentParser) -> None:
    text = parser.format_help()
    assert "tham số:" in text
    assert "tùy chọn:" in text
    assert not re.search("usage|options|argument|show|exit", text)
