"""Cells are kept as they end, taken up again, and judged against the goals."""

from pathlib import Path

import pytest

from kiosk.bench.cells import OURS, Group, Kept, Results, Seen, run_groups
from kiosk.bench.report import sync_report, upload_report
from kiosk.bench.sync import sync_command
from kiosk.chaos.command import chaos_command

DAY = Group("day", "clean", 1)


def seen(seconds: float = 20.0, offered: int = 80_000, done: float = 1.0, **figures: object) -> Seen:
    return Seen(done, seconds, offered, 0, 0.0, {"dossiers": 200, "floor": 60_000, **figures})


def kept(work: str, profile: str, system: str, one: Seen) -> Kept:
    return Kept(work, profile, 1, system, one, "abc", "machine")


def test_a_cell_that_was_measured_is_not_measured_again(tmp_path: Path) -> None:
    results, asked = Results(tmp_path / "cells"), list[str]()

    def run(group: Group, system: str, limit: float) -> Seen:
        asked.append(f"{group.name} {system}")
        return seen()

    run_groups([DAY], [OURS], run, results, 1, full=False)
    run_groups([DAY], [OURS, "rest"], run, results, 1, full=False)
    assert asked == ["day/clean/1 ours", "day/clean/1 rest"]
    assert [one.system for one in results.read()] == [OURS, "rest"]


def test_a_peer_gets_three_times_our_time_and_its_share_is_kept(tmp_path: Path) -> None:
    results = Results(tmp_path / "cells")

    def run(group: Group, system: str, limit: float) -> Seen:
        return seen(20.0) if system == OURS else seen(limit, done=0.4)

    run_groups([DAY], [OURS, "rest"], run, results, 1, full=False)
    peer = results.read()[1].seen
    assert (peer.seconds, peer.done) == (60.0, 0.4)


def test_a_group_that_breaks_leaves_the_others(tmp_path: Path) -> None:
    results = Results(tmp_path / "cells")

    def run(group: Group, system: str, limit: float) -> Seen:
        if group == DAY:
            raise RuntimeError("no line")
        return seen()

    run_groups([DAY, Group("day", "loss10", 1)], [OURS], run, results, 2, full=False)
    assert [one.group.profile for one in results.read()] == ["loss10"]


def test_the_report_says_what_is_met_what_is_not_and_what_is_missing() -> None:
    cells = [
        kept("day", "clean", OURS, seen(18.5)),
        kept("day", "clean", "couch", seen(82.0, 700_000)),
        kept("day", "loss20", OURS, seen(66.0)),
        kept("status", "clean", OURS, seen(0.6, times=[0.6, 0.7], bytes=[690, 700])),
    ]
    text, met = sync_report(cells)
    lines = {line[:30].strip(): line for line in text.splitlines()}
    assert not met
    assert "đạt" in next(line for line in lines.values() if line.startswith("G2"))
    assert "CHƯA ĐẠT" in next(line for line in lines.values() if line.startswith("G3"))
    assert "chưa đo" in next(line for line in lines.values() if line.startswith("G4"))
    assert "8.8 ×" in text


def test_a_scan_that_was_cut_does_not_meet_its_goal() -> None:
    text, met = upload_report([kept("scan", "outages30", OURS, seen(1_600.0, done=0.9, size=5_000_000))])
    assert not met
    assert "inf s" in text


def test_a_file_that_holds_no_results_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "junk").write_text("dear reader", encoding="utf-8")
    for place in (tmp_path / "junk", tmp_path, tmp_path / "junk" / "x"):
        assert sync_command(["--report", "--results", str(place)]) == 1
        assert "--results" in capsys.readouterr().err


def test_cells_there_are_none_of_and_a_file_for_a_folder_are_wrong_calls(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    for command, words in ((sync_command, ["--cells", "nope"]), (chaos_command, ["stick", "--out", str(tmp_path / "file")])):
        with pytest.raises(SystemExit) as ended:
            command(words)
        assert ended.value.code == 2
