"""The main job, by touch on a real screen, with real processes: what ``python3 main.py demo --headless`` promises to programs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import zxingcpp
from PIL import Image

from forms.text import fold

MAIN = Path(__file__).parents[2] / "main.py"


def test_a_birth_is_filed_by_touch_through_a_failing_line_and_accepted(tmp_path: Path) -> None:
    """GIVEN a machine without a display, WHEN the demonstration runs by itself, THEN every step happened and left its proof."""
    done = subprocess.run(
        [sys.executable, str(MAIN), "demo", "--headless", "--out", str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    summary = json.loads((tmp_path / "summary.json").read_text(encoding="utf-8"))
    assert done.returncode == 0, done.stdout + done.stderr
    assert summary["ok"] is True
    assert all(step["ok"] for step in summary["steps"])
    assert summary["provisional_code"].startswith("TAM-")
    assert summary["official_code"].startswith("H14.990-")
    assert summary["journal"]["kiosk_head"] == summary["journal"]["province_head"] != ""
    # One line tells by which clocks this boot goes, two file the dossier, one accepts it.
    assert summary["journal"]["events"] == 4
    assert len(summary["slips"]) == 2
    for slip in summary["slips"]:
        with Image.open(tmp_path / slip["file"]) as picture:
            (code,) = zxingcpp.read_barcodes(picture)
        assert [code.text] == slip["qr"]
        assert f"/h/{summary['provisional_code']}?k=" in code.text
    slip, receipt = (read(tmp_path / one["file"]) for one in summary["slips"])
    assert "phieu ghi nhan" in slip
    assert "thoi gian tra ket qua" not in slip
    assert "mau so 01" not in slip
    assert "mau so 01" in receipt
    assert "17 gio 00 phut" in receipt
    for screen in summary["screens"]:
        with Image.open(tmp_path / screen) as picture:
            assert picture.size == (1280, 800)
            assert len(picture.convert("RGB").resize((64, 40)).getcolors(4096) or ()) > 20
    page = (tmp_path / "tracking.html").read_text(encoding="utf-8")
    assert summary["official_code"] in page
    assert "<script" not in page


def read(paper: Path) -> str:
    """The words on a paper, by a reader of others, without accents: those it may misread."""
    with Image.open(paper) as picture:
        picture.resize((picture.width * 2, picture.height * 2)).save(paper.with_suffix(".ocr.png"))
    command = ["tesseract", str(paper.with_suffix(".ocr.png")), "-", "--psm", "6", "-l", "vie"]
    return fold(subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout)
