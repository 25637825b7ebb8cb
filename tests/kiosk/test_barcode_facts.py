"""What the technician is told of the code readers: each by what it is, never better than it is."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from PIL import Image

from devices.barcode.look import try_out
from devices.barcode.twin import BarcodeTwin, CameraTwin, WedgeTwin
from kiosk.device_facts import barcode_fact
from kiosk.devices_cli import device_command
from tests.devices.barcode.drawn import CARD, View, frame


def test_every_reader_is_named_by_its_kind(tmp_path: Path) -> None:
    scanner, wedge, camera = BarcodeTwin(tmp_path / "s"), WedgeTwin(tmp_path / "w"), CameraTwin(tmp_path / "c")
    scanner.plug()
    wedge.plug()
    fact = barcode_fact(f"{scanner.url} {wedge.url} {camera.url}")
    assert fact.state == "ok"
    assert fact.fact_vi == (
        "Máy quét giả lập: sẵn sàng · Máy quét kiểu bàn phím (chỉ lấy được số) giả lập: sẵn sàng · Camera giả lập: sẵn sàng"
    )


def test_one_of_two_missing_is_a_warning_with_the_cure_of_the_missing_one(tmp_path: Path) -> None:
    camera = CameraTwin(tmp_path / "c")
    fact = barcode_fact(f"{camera.url} serial:///dev/none")
    assert (fact.state, "Camera giả lập: sẵn sàng" in fact.fact_vi) == ("warning", True)
    assert "dây cắm của máy quét" in fact.cure_vi


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("serial:///dev/none", "chưa kết nối"),
        ("wedge:///dev/none", "chưa kết nối"),
        ("camera:///dev/none", "chưa thấy camera"),
        (f"camera://{os.devnull}", "không phải máy quét mã như đã ghi"),
        (f"wedge://{os.devnull}", "không phải máy quét mã như đã ghi"),
        (f"serial://{__file__}", "không phải máy quét mã như đã ghi"),
        ("keyboard:", "Địa chỉ máy quét mã"),
        ("serial:///dev/x?baud=abc", "baud=abc"),
        ("serial:///dev/x?baud=1", "baud=1"),
        ("camera:///dev/x?width=abc", "width=abc"),
        ("serial:///dev/x serial:///dev/x?baud=115200", "/dev/x được ghi hai lần"),
    ],
)
def test_a_reader_that_cannot_be_used_is_broken_and_says_why(address: str, said: str) -> None:
    fact = barcode_fact(address)
    assert fact.state == "broken"
    assert said in fact.fact_vi
    assert fact.cure_vi


def test_without_a_reader_nothing_is_broken() -> None:
    assert barcode_fact("none:").state == "absent"


def test_a_camera_is_tried_with_a_picture(tmp_path: Path) -> None:
    camera = CameraTwin(tmp_path / "c")
    dark = try_out(camera.url)[0]
    assert (dark.name, dark.problem.code if dark.problem else "") == ("giả lập, hình 1280×720", "camera_dark")
    camera.show(frame(View(), CARD))
    assert try_out(camera.url)[0].name == "giả lập, hình 1280×720"
    camera.show(Image.new("L", (640, 480), 200))
    assert try_out(camera.url)[0].name == "giả lập, hình 640×480"


def test_the_technician_s_test_takes_that_picture(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    camera = CameraTwin(tmp_path / "c")
    sets = ["--state", str(tmp_path), "--set", f"devices.barcode={camera.url}", "--json"]
    assert device_command(["test", "barcode", *sets]) == 0
    (told,) = json.loads(capsys.readouterr().out)["devices"]
    assert (told["state"], "quá tối" in told["fact"], "sẵn sàng" in told["fact"]) == ("warning", True, False)
    assert told["cure"]
    assert device_command(["list", "barcode", *sets]) == 0
    assert "hình" not in json.loads(capsys.readouterr().out)["devices"][0]["fact"]
