"""The main job, walked by touch on the real screen: a citizen files a birth with her card through a line that fails on the
way, an official accepts, and the tracking page shows it.

Each step is named, timed and proved by what can be seen from outside: the glass, the paper, the tracking page, both
journals. A step that does not happen ends the journey; the summary says which and what was seen instead.
"""

from __future__ import annotations

import contextlib
import json
import logging
import re
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import zxingcpp
from PIL import Image

from devices.errors import DeviceError
from kiosk.demo.fingers import Fingers
from kiosk.demo.line import Mode
from kiosk.demo.processes import DemoError, Process, wait_for
from kiosk.demo.screen import Glass, VirtualScreen
from kiosk.demo.stage import OFFICIAL_PIN, Stage

log = logging.getLogger(__name__)

BIRTH = "1.001193"

ANSWERS: Mapping[str, str] = {
    "req_relation": "Mẹ của cháu",
    "child_name": "Nông Văn Thử",
    "child_dob": "15112026",
    "child_sex": "Nam",
    "birth_kind": "Ở bệnh viện, trạm y tế",
    "child_facility": "Trạm y tế xã",
    "has_birth_paper": "Có Giấy chứng sinh",
    "parents_married": "Đã đăng ký, không mang giấy",
    "father_name": "Hoàng Văn Mẫu",
    "father_ethnic": "Nùng",
    "father_id_type": "Không có hoặc không biết",
    "father_residence": "Xóm Mẫu",
    "want_copy": "Có",
    "copy_count": "2",
}
"""What the invented mother answers; dates and numbers as typed on the pad, choices by their words."""


class Journey:
    """One walk over a :class:`Stage`. ``summary`` holds what a program may rely on (ARCHITECTURE, ``demo --out``)."""

    def __init__(self, stage: Stage, out: Path, screen: VirtualScreen) -> None:
        self._stage = stage
        self._screen = screen
        self._screens = out / "screens"
        self._screens.mkdir(parents=True, exist_ok=True)
        self._out = out
        self._pictures = 0
        self._kiosk: Process
        self._glass: Glass
        self.code = ""
        self.url = ""
        self.dossier: Mapping[str, Any] = {}
        self.summary: dict[str, Any] = {
            "ok": False,
            "steps": [],
            "provisional_code": "",
            "official_code": None,
            "slips": [],
            "screens": [],
            "journal": {"kiosk_head": "", "province_head": "", "events": 0},
        }

    def walk(self, say: Callable[[str], None]) -> bool:
        """All steps in order; true when every one happened."""
        steps: tuple[tuple[str, Callable[[], None]], ...] = (
            ("open the kiosk", self._open),
            ("choose the service", self._choose),
            ("read the ID card", self._card),
            ("answer the questions", self._questions),
            ("cut the line", self._cut),
            ("submit", self._submit),
            ("print the slip", self._slip),
            ("wipe the screen", self._wipe),
            ("let the line fail", self._failing_line),
            ("reach the province", self._reach),
            ("sign in as an official", self._sign_in),
            ("accept the dossier", self._accept),
            ("print the receipt", self._receipt),
            ("see the official code at the kiosk", self._official_code),
            ("see it on the tracking page", self._tracking),
            ("prove both journals", self._prove),
        )
        try:
            for name, act in steps:
                if not self._step(name, act, say):
                    return False
            self.summary["ok"] = True
            return True
        finally:
            self._close()

    def note(self, name: str, seconds: float) -> None:
        """A step that happened before the walk (setting the stage)."""
        self.summary["steps"].append({"name": name, "ok": True, "seconds": round(seconds, 2)})

    def _step(self, name: str, act: Callable[[], None], say: Callable[[str], None]) -> bool:
        started = time.monotonic()
        fact: dict[str, Any] = {"name": name, "ok": True, "seconds": 0.0}
        try:
            act()
        except (DemoError, DeviceError, OSError) as error:
            fact.update(ok=False, error=str(error))
            # The picture of what was on the glass explains more than any sentence; without it the failure still counts.
            with contextlib.suppress(DemoError, OSError, AttributeError):
                self._shot("failed")
        fact["seconds"] = round(time.monotonic() - started, 2)
        self.summary["steps"].append(fact)
        say(f"{'✓' if fact['ok'] else '✗'} {name} ({fact['seconds']:.1f} s){'' if fact['ok'] else ': ' + fact['error']}")
        return bool(fact["ok"])

    def _shot(self, name: str) -> None:
        self._pictures += 1
        path = self._screens / f"{self._pictures:02d}-{name}.png"
        self._glass.shot(path)
        self.summary["screens"].append(str(path.relative_to(self._out)))

    def _close(self) -> None:
        for name in ("_glass", "_kiosk"):
            part = getattr(self, name, None)
            if isinstance(part, Glass):
                part.close()
            elif isinstance(part, Process):
                part.stop()

    # --- the citizen -------------------------------------------------------------------------------------------

    def _open(self) -> None:
        control = self._stage.folder / "glass.sock"
        self._kiosk = self._stage.start_kiosk(self._screen.environment, control)
        self._glass = Glass(control, self._kiosk, self._screen)
        self._glass.wait_screen("attract")
        self._shot("attract")

    def _choose(self) -> None:
        self._glass.tap("start")
        self._glass.wait_screen("services")
        self._shot("services")
        self._glass.tap(f"tile:{BIRTH}")
        self._glass.wait_screen("card")
        self._shot("card")

    def _card(self) -> None:
        self._glass.tap("way:chip")
        self._glass.wait_screen("scan")
        self._shot("scan")
        scan_until_heard(self._stage)
        self._glass.wait_screen("read_card")
        self._shot("read_card")
        self._stage.reader.lay(self._stage.chip)
        self._glass.wait_screen("card_seen")
        self._shot("card_seen")
        self._stage.reader.lift()
        self._glass.tap("accept")

    def _questions(self) -> None:
        seen: set[str] = set()

        def look(name: str) -> None:
            if name in ("child_name", "child_dob", "child_sex", "father_ethnic"):
                self._shot(f"question-{name}")
            seen.add(name)

        Fingers(self._glass, before=look).answer_all(ANSWERS)
        missing = {"child_name", "child_dob", "child_sex"} - seen
        if missing:
            raise DemoError(f"these questions were never asked: {sorted(missing)}")
        self._shot("check")

    def _cut(self) -> None:
        self._stage.line.set_mode("cut")
        wait_for("the kiosk to notice the cut line", lambda: not self._line()["online"], 15, 0.2)

    def _line(self) -> Mapping[str, Any]:
        return dict(json.loads((self._stage.kiosk_state / "sync-status.json").read_text(encoding="utf-8")))

    def _submit(self) -> None:
        Fingers(self._glass).to_the_end()
        self._shot("check-last")
        self._glass.tap("submit")
        self._glass.wait_screen("slip")
        texts = self._glass.ask({"texts": True})["texts"]
        self.code = next((text for text in texts if text.startswith("TAM-")), "")
        if not self.code:
            raise DemoError(f"no provisional code on the glass: {texts}")
        self.summary["provisional_code"] = self.code
        if not any(ANSWERS["child_name"] in text for text in texts):
            raise DemoError(f"the name was not written as typed: {texts}")

    def _slip(self) -> None:
        paper = self._paper(1)
        self._shot("slip")
        self.url = self.summary["slips"][-1]["qr"][0] if self.summary["slips"][-1]["qr"] else ""
        if f"/h/{self.code}?k=" not in self.url:
            raise DemoError(f"the QR of {paper.name} is not the tracking page of {self.code}: {self.url!r}")

    def _paper(self, number: int) -> Path:
        """Wait for a paper, keep it under ``slips/`` and decode its codes with a reader of others."""
        paper = self._stage.printer.wait_for_slips(number, 20)[number - 1]
        with Image.open(paper) as picture:
            codes = [code.text for code in zxingcpp.read_barcodes(picture)]
        self.summary["slips"].append({"file": str(paper.relative_to(self._out)), "qr": codes})
        return paper

    def _wipe(self) -> None:
        self._glass.tap("done")
        self._glass.wait_screen("attract")
        self._shot("offline")
        page = self._stage.tracking_page(self.url)
        if page.status_code != 404 or "kiosk" not in page.text:
            raise DemoError(f"the tracking page knows an unsent dossier: {page.status_code}")

    # --- the line ----------------------------------------------------------------------------------------------

    def _line_fails(self, mode: Mode, failure: str) -> None:
        self._stage.line.set_mode(mode)
        wait_for(f"the kiosk to tell {mode}", lambda: self._line()["failure"] == failure, 15, 0.1)

    def _failing_line(self) -> None:
        """A login page, an answer 500, an answer lost on its way, a province killed in between: nothing is taken for sent."""
        self._line_fails("portal", "captive_portal")
        self._line_fails("broken", "server_error")
        self._line_fails("hang", "timeout")
        self._stage.line.set_mode("midway")
        wait_for("an answer to be lost", lambda: self._stage.line.answers_dropped, 15, 0.1)
        self._stage.line.set_mode("cut")
        if self._stage.in_kiosk("sync", "status")["pending"]["events"] == 0:
            raise DemoError("the kiosk counts as sent what nobody acknowledged to it")
        self._stage.restart_province()

    def _reach(self) -> None:
        self._stage.line.set_mode("up")
        self._stage.wait_synced(30)
        page = self._stage.tracking_page(self.url)
        if page.status_code != 200 or self.code not in page.text:
            raise DemoError(f"the tracking page does not know {self.code}: {page.status_code}")

    # --- the official ------------------------------------------------------------------------------------------

    def _sign_in(self) -> None:
        self._glass.tap("staff")
        self._glass.wait_screen("sign_in")
        for digit in OFFICIAL_PIN:
            self._glass.tap(f"pin:{digit}")
        self._shot("sign_in")
        if self._glass.screen()["id"] == "sign_in":
            self._glass.tap("pin:ok")
        self._glass.wait_screen("worklist")

    def _accept(self) -> None:
        self._glass.tap(f"row:{self.code}")
        self._shot("worklist")
        self._glass.tap("accept")
        self._glass.tap("confirm_accept")
        wait_for("the acceptance", self._accepted, 15)
        self._shot("accepted")

    def _accepted(self) -> bool:
        rows = self._stage.in_kiosk("store", "list")["dossiers"]
        self.dossier = next((row for row in rows if row["code"] == self.code), {})
        return self.dossier.get("status") == 2

    def _receipt(self) -> None:
        self._paper(2)

    def _official_code(self) -> None:
        self._stage.wait_synced(30)

        def known() -> bool:
            self._accepted()
            return bool(self.dossier.get("official_code"))

        wait_for("the official code", known, 20, 0.2)
        code = str(self.dossier["official_code"])
        self.summary["official_code"] = code
        wait_for("the official code on the glass", lambda: code in " ".join(self._glass.ask({"texts": True})["texts"]), 15, 0.2)
        self._shot("official_code")

    def _tracking(self) -> None:
        page = self._stage.tracking_page(self.url)
        code = str(self.summary["official_code"])
        now = re.search(r'aria-current="step".*?<b>(.*?)</b>', page.text, re.DOTALL)
        if page.status_code != 200 or code not in page.text or now is None or now.group(1) != "Được tiếp nhận":
            raise DemoError(f"the tracking page does not show the acceptance: {page.status_code} {now and now.group(1)}")
        named = [part for part in ("Nông", "NÔNG", "Thử", "Mẫu", "MẪU", "Hoàng") if part in page.text]
        if named:
            raise DemoError(f"the tracking page names a person: {named}")
        (self._out / "tracking.html").write_text(page.text, encoding="utf-8")

    def _prove(self) -> None:
        kiosk = self._stage.in_kiosk("store", "check")
        province = self._stage.in_province("check")
        heads = self._stage.in_kiosk("store", "list")["heads"]
        held = {name: head for name, head in province["heads"].items() if not name.startswith("feed")}
        (name, head), *_ = heads.items()
        self.summary["journal"] = {"kiosk_head": head, "province_head": held.get(name, ""), "events": kiosk["events"]}
        if not kiosk["ok"] or not province["ok"] or held != heads:
            raise DemoError(f"the journals differ: {kiosk['findings']} {province['findings']} {heads} {held}")


def scan_until_heard(stage: Stage) -> None:
    """Hold the card's code before the barcode reader until the kiosk listens."""

    def scanned() -> bool:
        try:
            stage.barcode.scan(stage.chip.qr_text)
        except DeviceError:
            return False
        return True

    wait_for("the barcode reader to listen", scanned, 5)
