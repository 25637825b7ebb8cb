"""``main.py simulate``: what it prints, and what its exit code says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence

import pytest

from kiosk.bench.command import bench_command
from kiosk.chaos.command import chaos_command
from kiosk.simulate import simulate_command
from kiosk.stick_cli import export_command


def test_clean_schedules_end_in_zero_and_a_report_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_command(["--seeds", "20", "--first", "3", "--workers", "1", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["schedules"] == 20
    assert report["violations"] == []
    assert report["faults"]["request lost"] > 0
    assert report["seconds"] >= 0


def test_a_planted_bug_ends_in_one_with_the_seed_and_a_story_for_people(capsys: pytest.CaptureFixture[str]) -> None:
    assert simulate_command(["--seeds", "200", "--bug", "ack_one_too_many", "--workers", "1"]) == 1
    told = capsys.readouterr().out
    assert "Hạt giống" in told
    assert "kiosk 1" in told


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (simulate_command, ["--seeds", "-3"]),
        (simulate_command, ["--workers", "0"]),
        (simulate_command, ["fuzz", "--messages", "0"]),
        (chaos_command, ["stick", "--rounds", "0"]),
        (bench_command, ["forms", "--rounds", "0"]),
        (bench_command, ["no_such_bench"]),
        (export_command, ["--most-mb", "0"]),
    ],
)
def test_a_proof_of_nothing_is_a_wrong_call(command: Callable[[Sequence[str]], int], words: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        command(words)
    assert ended.value.code == 2
