"""The fuzz of everything that reads a card or its code; a million inputs are ``main.py device fuzz --inputs 1000000``."""

from __future__ import annotations

import json
import random

import pytest

from devices.idcard import tlv
from devices.idcard.twin import fuzz as room
from devices.idcard.twin.altering import structured
from devices.idcard.twin.fuzz import Defect, fuzz
from devices.idcard.twin.fuzz_cli import fuzz_command


def test_altered_inputs_end_in_a_declared_error_or_a_reading(capsys: pytest.CaptureFixture[str]) -> None:
    assert fuzz_command(["--inputs", "4000", "--workers", "1", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["inputs"] == 4000
    assert told["past_the_outer_parse"] >= 0.2


def test_an_undeclared_error_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    def careless(data: bytes) -> None:
        if data.count(b"<") > 14:
            raise KeyError("what is not there")

    monkeypatch.setattr(room, "parse_dg1", careless)
    with pytest.raises(Defect, match="DG1: KeyError"):
        fuzz(2000)


def test_a_chip_with_altered_data_must_not_count_as_intact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("devices.idcard.sod.SecurityObject.changed", lambda self, groups: frozenset())
    with pytest.raises(Defect, match="altered data counts as intact"):
        fuzz(40_000)


def test_a_changed_tree_has_right_lengths() -> None:
    rng = random.Random(1)
    sample = tlv.build(0x61, tlv.build(0x5F1F, b"x" * 200) + tlv.build(0x30, b"\x02\x01\x05"))
    whole = [structured(rng, sample, [sample]) for _ in range(300)]
    assert sum(tlv.header(one)[1] + tlv.header(one)[2] == len(one) for one in whole if len(one) > 4) > 200
