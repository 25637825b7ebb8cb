"""What nobody expected is logged by its kind and places, without the values it speaks of."""

from __future__ import annotations

import logging
import sys

from sync.discreet import Discreet, told
from sync.errors import BadFrame

NUMBER = "004190000001"


def stumble() -> None:
    try:
        int(f"Nông Thị Mẫu {NUMBER}")
    except ValueError as error:
        raise BadFrame(f"a frame of {NUMBER}") from error


def test_an_error_is_told_by_kind_code_and_place_without_its_words() -> None:
    try:
        stumble()
    except BadFrame as error:
        text = told(error)
    assert "ValueError" in text
    assert "BadFrame (bad_frame)" in text
    assert f"{__file__}:" in text
    assert "stumble" in text
    assert NUMBER not in text


def test_a_logged_exception_keeps_its_values_out_of_the_line() -> None:
    try:
        stumble()
    except BadFrame:
        record = logging.LogRecord("x", logging.ERROR, __file__, 1, "an upload failed", (), sys.exc_info())
    line = Discreet("%(message)s").format(record)
    assert line.startswith("an upload failed")
    assert "BadFrame" in line
    assert NUMBER not in line
