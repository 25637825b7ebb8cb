"""The stage of a demonstration: province, line, hardware twins, sync process, all real processes on this machine, in one
folder.

Everything is invented and thrown away: the commune's identifier code, the official, the citizen on the card. What is
started here is stopped here, also when a step fails. Nothing listens beyond loopback.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import requests

from devices.barcode.twin import BarcodeTwin
from devices.idcard.twin import ChipTwin, PcscdTwin
from devices.printer.twin import PrinterTwin
from kiosk.demo.line import LineTwin
from kiosk.demo.processes import DemoError, Process, product, wait_for

COMMUNE = "01290"
UNIT_CODE = "H14.990"
"""An obviously invented identifier of the commune's unit: the real ones are not published and are never guessed."""

OFFICIAL_NAME, OFFICIAL_PIN = "Bế Thị Mẫu", "135790"
TECHNICIAN_NAME, TECHNICIAN_PIN = "Lý Văn Mẫu", "864209"

_KIOSK_TOML = """\
[place]
commune = "{commune}"
kiosk = "1"
address = "Quầy số 2, Trung tâm Phục vụ hành chính công xã Bảo Lâm"
hotline = "0206 000 000"

[devices]
printer = "{printer}"
reader = "pcsc:"
barcode = "{barcode}"

[province]
url = "{line}"
tracking_url = "{province}"

[sync]
interval = 1.0
retry_first = 0.4
retry_most = 1.5
timeout = 2.0

[screen]
width = {width}
height = {height}
fullscreen = {fullscreen}

[store]
reserve_mb = 8
least_free_mb = 20
"""


class Stage:
    """All the parts around the glass. ``with`` starts and stops them; the attributes are the handles to play with."""

    def __init__(
        self, folder: Path, *, width: int = 1280, height: int = 800, fullscreen: bool = True, slips: Path | None = None
    ) -> None:
        self.folder = folder
        self.kiosk_state = folder / "kiosk"
        self.province_state = folder / "province"
        self.slips = slips or folder / "slips"
        self.logs = folder / "logs"
        for one in (self.kiosk_state, self.province_state, self.slips, self.logs):
            one.mkdir(parents=True, exist_ok=True)
        self._size = (width, height, fullscreen)
        self._stack = contextlib.ExitStack()
        self.environment: dict[str, str] = {}
        """What processes need to find the twins."""
        self.province_environment: dict[str, str] = {}
        self.sync_environment: dict[str, str] = {}
        self.chip = ChipTwin()
        self.province: Process
        self.sync: Process
        self.line: LineTwin
        self.reader: PcscdTwin
        self.printer: PrinterTwin
        self.barcode: BarcodeTwin
        self.province_url = ""
        self.province_limits = ""
        """Lines of the province's configuration under ``[limits]``."""
        self.launch: Callable[[str, Sequence[str], Path, Mapping[str, str]], Process] = Process
        """How province and sync process are started."""

    def __enter__(self) -> Stage:
        try:
            self._start()
        except BaseException:
            self._stack.close()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()

    def _start(self) -> None:
        self.start_province()
        self._stack.callback(lambda: self.province.stop())
        self.line = LineTwin(self.province_at())
        self._stack.callback(self.line.close)
        self.printer = self._stack.enter_context(PrinterTwin(self.slips))
        self.reader = self._stack.enter_context(PcscdTwin())
        self.environment.update(self.reader.environment)
        self.barcode = BarcodeTwin(self.folder / "barcode.fifo")
        self.barcode.plug()
        self._configure()
        self.enrol()
        self.add_official(OFFICIAL_NAME, OFFICIAL_PIN, "official")
        self.add_official(TECHNICIAN_NAME, TECHNICIAN_PIN, "technician")
        self.start_sync()
        self._stack.callback(lambda: self.sync.stop())

    # --- the province ------------------------------------------------------------------------------------------

    def start_province(self, port: int = 0) -> None:
        """Serve the province; ``port`` 0 takes a free one the first time, later the same one."""
        settings = self.province_state / "province.toml"
        text = f'[units]\n"{COMMUNE}" = "{UNIT_CODE}"\n\n[limits]\nenrolments_per_minute = 600\n{self.province_limits}'
        settings.write_text(text, encoding="utf-8")
        words = ("province", "serve", "--state", str(self.province_state), "--port", str(port))
        log = self.logs / "province.log"
        log.unlink(missing_ok=True)
        self.province = self.launch("province", product(*words), log, self.province_environment)
        said = self.province.expect("listening on", 60)
        self.province_url = said.split("listening on", 1)[1].strip()

    def province_at(self) -> tuple[str, int]:
        """Host and port of the province."""
        host, _, port = self.province_url.removeprefix("http://").partition(":")
        return host, int(port.rstrip("/"))

    def restart_province(self) -> None:
        """kill -9 and start again at the same address, as after a crash."""
        self.province.kill()
        self.start_province(self.province_at()[1])

    def in_province(self, *words: str) -> Any:
        """A command of the province with ``--json``."""
        act, *rest = words
        return self.run(["province", act, "--state", str(self.province_state), "--json", *rest])

    def tracking_page(self, url: str) -> requests.Response:
        """What a phone gets behind the QR."""
        return requests.get(url, timeout=10, allow_redirects=False)

    # --- the kiosk ---------------------------------------------------------------------------------------------

    def reach_province_by(self, url: str) -> None:
        """Send the sync process by another address from its next start on."""
        self._configure(url)

    def _configure(self, line: str = "") -> None:
        width, height, fullscreen = self._size
        text = _KIOSK_TOML.format(
            commune=COMMUNE,
            printer=self.printer.url,
            barcode=self.barcode.url,
            line=line or self.line.url,
            province=self.province_url,
            width=width,
            height=height,
            fullscreen=str(fullscreen).lower(),
        )
        (self.kiosk_state / "kiosk.toml").write_text(text, encoding="utf-8")

    def enrol(self, state: Path | None = None, commune: str = COMMUNE) -> None:
        """One-time code, request, the eight words compared on both sides, bundle; for this kiosk, or for one of another commune."""
        if state is not None:
            state.mkdir(parents=True, exist_ok=True)
            settings = f'[place]\ncommune = "{commune}"\n\n[province]\nurl = "{self.province_url}"\n'
            (state / "kiosk.toml").write_text(settings, encoding="utf-8")
        code = self.in_province("enrol-code", "--commune", commune)["code"]
        place = str(state or self.kiosk_state)
        words = ("sync", "enrol", "--state", place, "--code", code, "--operator", TECHNICIAN_NAME, "--json")
        log = self.logs / "enrol.log"
        log.unlink(missing_ok=True)
        asking = Process("enrol", product(*words), log, self.environment)
        try:
            request = json.loads(asking.expect('"words"', 60))
            self.in_province("enrol-confirm", request["id"], "--words", request["words"])
            answer = json.loads(asking.expect('"device"', 30))
        finally:
            asking.stop()
        if answer["commune"] != commune:
            raise DemoError(f"enrolled for another commune: {answer}")

    def add_official(self, name: str, pin: str, role: str) -> None:
        words = ["store", "add-official", "--state", str(self.kiosk_state), "--json", "--name", name, "--role", role, "--pin-stdin"]
        self.run(words, given=f"{pin}\n")

    def start_sync(self) -> None:
        log = self.logs / "sync.log"
        log.unlink(missing_ok=True)
        self.sync = self.launch("sync", product("sync", "--state", str(self.kiosk_state)), log, self.sync_environment)
        self.sync.expect("sync runs", 30)

    def start_kiosk(self, environment: Mapping[str, str], control: Path | None = None) -> Process:
        """The touch app on this stage; the caller stops it."""
        words = ["kiosk", "--state", str(self.kiosk_state), *(["--control", str(control)] if control else [])]
        return Process("kiosk", product(*words), self.logs / "kiosk.log", {**self.environment, **environment})

    def in_kiosk(self, *words: str) -> Any:
        """A command of the kiosk with ``--json``; the first two words are command and act."""
        return self.run([*words, "--state", str(self.kiosk_state), "--json"])

    def run(self, words: Sequence[str], given: str = "") -> Any:
        """Run a product command and read its JSON.

        Raises:
            DemoError: it failed or gave no JSON.
        """
        done = subprocess.run(product(*words), input=given, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode != 0:
            raise DemoError(f"«{' '.join(words[:2])}» failed ({done.returncode}): {(done.stderr or done.stdout).strip()[-800:]}")
        try:
            return json.loads(done.stdout.strip().splitlines()[-1])
        except (ValueError, IndexError):
            raise DemoError(f"«{' '.join(words[:2])}» gave no JSON: {done.stdout[-300:]}") from None

    def wait_synced(self, seconds: float = 20.0) -> Mapping[str, Any]:
        """Wait until the province has acknowledged everything; the last status."""

        def all_sent() -> Mapping[str, Any] | None:
            status = self.in_kiosk("sync", "status")
            return status if status["pending"]["events"] == 0 else None

        return dict(wait_for("the province to acknowledge everything", all_sent, seconds, 0.3))
