"""The control panel of the desktop demonstration: hands for the twins, and what they hold, for a person at the keyboard.

The panel's window is a process of its own (``kiosk.touch.panel``) that asks over a Unix socket, one JSON line each way;
everything is done here, where the twins live. What fails comes back as a sentence; nothing the panel asks can end the
demonstration.
"""

from __future__ import annotations

import contextlib
import json
import socket
import sys
import threading
from collections.abc import Callable, Mapping
from typing import Any

from devices.errors import DeviceError
from kiosk.demo.line import Mode
from kiosk.demo.processes import DemoError, Process
from kiosk.demo.stage import Stage

_LINE_VI: Mapping[Mode, str] = {
    "up": "Đường mạng thông",
    "cut": "Đường mạng đứt",
    "hang": "Mạng treo, không trả lời",
    "portal": "Mạng đòi đăng nhập (cổng Wi-Fi)",
    "broken": "Máy chủ tỉnh báo lỗi 500",
}


class Panel:
    """Opens the panel's window for a running stage; :meth:`stop` closes it."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._foreign = "https://example.com/ma-la"
        self._acts: Mapping[str, Callable[[], str]] = {
            "lay": self._lay,
            "lift": self._lift,
            "scan": lambda: self._scan(stage.chip.qr_text, "Đã quét mã QR trên thẻ mẫu"),
            "scan_foreign": lambda: self._scan(self._foreign, "Đã quét một mã lạ"),
            "paper": lambda: self._fault("paper_out", "Máy in hết giấy", "Máy in có giấy"),
            "cover": lambda: self._fault("cover", "Nắp máy in mở", "Nắp máy in đóng"),
            "reader": self._reader,
            "province": self._province,
            **{f"line:{mode}": self._line_act(mode) for mode in _LINE_VI},
        }
        self._reader_gone = False
        path = stage.folder / "panel.sock"
        self._server = socket.socket(socket.AF_UNIX)
        self._server.bind(str(path))
        self._server.listen(1)
        threading.Thread(target=self._serve, name="panel", daemon=True).start()
        command = [sys.executable, "-m", "kiosk.touch.panel", str(path)]
        self._window = Process("panel", command, stage.logs / "panel.log")

    def running(self) -> bool:
        return self._window.running()

    def stop(self) -> None:
        self._window.stop()
        self._server.close()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._server.accept()
                threading.Thread(target=self._talk, args=(client,), daemon=True).start()

    def _talk(self, client: socket.socket) -> None:
        with contextlib.suppress(OSError), client, client.makefile("rw", encoding="utf-8") as stream:
            for line in stream:
                stream.write(json.dumps(self.answer(line), ensure_ascii=False) + "\n")
                stream.flush()

    def answer(self, line: str) -> dict[str, Any]:
        """Do what is asked and say how everything stands."""
        said = ""
        try:
            name = str(json.loads(line).get("do", ""))
            if name:
                said = self._acts[name]()
        except (DeviceError, DemoError, OSError, ValueError, KeyError, AttributeError) as error:
            said = getattr(error, "message_vi", "") or f"Không làm được: {error}"
        return {"said": said, **self.state()}

    def state(self) -> dict[str, Any]:
        """What the twins are doing now."""
        faults = self._stage.printer.faults
        slips = self._stage.printer.slips()
        return {
            "line": self._stage.line.mode,
            "line_vi": _LINE_VI[self._stage.line.mode],
            "paper_out": faults.paper_out,
            "cover": faults.cover,
            "reader_gone": self._reader_gone,
            "province": self._stage.province.running(),
            "slips": len(slips),
            "last_slip": str(slips[-1]) if slips else "",
            "url": self._stage.province_url,
        }

    def _lay(self) -> str:
        self._stage.reader.lay(self._stage.chip)
        return "Thẻ mẫu đang nằm trên đầu đọc"

    def _lift(self) -> str:
        self._stage.reader.lift()
        return "Đã nhấc thẻ lên"

    def _scan(self, text: str, said: str) -> str:
        self._stage.barcode.scan(text)
        return said

    def _fault(self, name: str, on: str, off: str) -> str:
        wanted = not getattr(self._stage.printer.faults, name)
        self._stage.printer.set(**{name: wanted})
        return on if wanted else off

    def _reader(self) -> str:
        if self._reader_gone:
            self._stage.reader.plug_reader()
        else:
            self._stage.reader.unplug_reader()
        self._reader_gone = not self._reader_gone
        return "Đã rút dây đầu đọc thẻ" if self._reader_gone else "Đã cắm lại đầu đọc thẻ"

    def _province(self) -> str:
        if self._stage.province.running():
            self._stage.province.kill()
            return "Máy chủ tỉnh đã tắt đột ngột"
        self._stage.restart_province()
        return "Máy chủ tỉnh đã chạy lại"

    def _line_act(self, mode: Mode) -> Callable[[], str]:
        def act() -> str:
            self._stage.line.set_mode(mode)
            return _LINE_VI[mode]

        return act
