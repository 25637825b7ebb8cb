"""``device slip``: what a technician and a program are told."""

import json
from pathlib import Path
from typing import Any

import pytest
import zxingcpp
from PIL import Image

from devices.printer.cli import slip_command
from devices.printer.twin import PrinterTwin

KEYS = {"job", "state", "copies", "bytes", "error"}


def run(capsys: pytest.CaptureFixture[str], url: str, *argv: str) -> tuple[int, dict[str, Any]]:
    code = slip_command(["--json", *argv], url)
    return code, json.loads(capsys.readouterr().out)


def test_a_test_slip_comes_out_with_its_number_as_a_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PrinterTwin(tmp_path / "paper") as twin:
        code, report = run(capsys, twin.url, "--lock", str(tmp_path / "lock"), "--png", str(tmp_path / "slip.png"))
        assert code == 0
        assert report.keys() == KEYS
        assert (report["state"], report["copies"], report["error"]) == ("printed", 1, None)
        papers = twin.slips()
        assert len(papers) == 1
        for picture in (papers[0], tmp_path / "slip.png"):
            codes = zxingcpp.read_barcodes(Image.open(picture).convert("L"))
            assert [found.text for found in codes] == [f"MCX-SLIP {report['job']}"]


def test_each_test_slip_is_a_job_of_its_own(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PrinterTwin(tmp_path / "paper", profile_name="generic58") as twin:
        jobs = {run(capsys, twin.url)[1]["job"] for _ in range(2)}
        assert len(jobs) == len(twin.slips()) == 2


def test_without_paper_the_job_stays_queued_with_a_fact_and_a_cure(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PrinterTwin(tmp_path / "paper") as twin:
        twin.set(paper_out=True)
        code, report = run(capsys, twin.url)
    assert code == 4
    assert (report["state"], report["copies"], report["bytes"]) == ("queued", 0, 0)
    assert report["error"] == {
        "code": "paper_out",
        "message": "Máy in hết giấy.",
        "cure": "Mở nắp máy in, thay cuộn giấy mới rồi đóng nắp.",
    }


def test_a_one_way_printer_gets_the_slip_once_and_the_person_is_asked_to_look(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, report = run(capsys, f"file://{tmp_path / 'lp0'}?profile=oneway80")
    assert code == 3
    assert (report["state"], report["copies"]) == ("uncertain", 1)
    assert report["bytes"] == (tmp_path / "lp0").stat().st_size


def test_a_wrong_address_is_told_as_such(capsys: pytest.CaptureFixture[str]) -> None:
    code, report = run(capsys, "lpt1")
    assert code == 2
    assert report.keys() == KEYS
    assert report["error"]["code"] == "printer_address"


def test_people_are_told_in_vietnamese(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with PrinterTwin(tmp_path / "paper") as twin:
        assert slip_command([], twin.url) == 0
        assert "đã in" in capsys.readouterr().out
        twin.set(cover=True)
        assert slip_command([], twin.url) == 4
        assert "Nắp máy in đang mở." in capsys.readouterr().out
