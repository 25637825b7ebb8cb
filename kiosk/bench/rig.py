"""Real machines for the benchmarks of the line: a province and a kiosk enrolled with it, made once, copied for every cell.

The kiosk's store holds a commune's day that nobody has sent yet, or one dossier a change waiting for its next step, already known
to the province. The same events lie beside it as JSON for the peers: as they are, and as one document for each dossier.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final

from forms import dossier as acts
from kiosk.bench.commune import COMMUNE, OPENING, Commune
from kiosk.chaos.link import PROVINCE_ADDRESS, Link, Side
from kiosk.config import load
from kiosk.demo.processes import Process, product
from kiosk.machine import Machine, open_machine
from kiosk.sync_status import lock_file

PORT: Final = 8420
_KIOSK: Final = """\
[place]
commune = "{commune}"
[province]
url = "{url}"
[sync]
interval = 3600.0
retry_first = 1.0
retry_most = 10.0
[store]
reserve_mb = 1
least_free_mb = 1
"""


class Rig:
    """State folders of one kiosk and its province, and the processes on them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.kiosk = folder / "kiosk"
        self.province = folder / "province"
        self._running: list[Process] = []

    # --- before the line ----------------------------------------------------------------------------------------

    def enrol(self) -> None:
        """Make both and enrol the kiosk, over loopback."""
        for one in (self.kiosk, self.province):
            one.mkdir(parents=True)
        (self.province / "province.toml").write_text(f'[units]\n"{COMMUNE}" = "H14.990"\n', encoding="utf-8")
        self.reconfigure(self.serve())
        code = self._in_province("enrol-code", "--commune", COMMUNE)["code"]
        asking = self._start("enrol", ["sync", "enrol", "--state", str(self.kiosk), "--code", code, "--operator", "Lý", "--json"])
        request = json.loads(asking.expect('"words"', 60))
        self._in_province("enrol-confirm", request["id"], "--words", request["words"])
        asking.expect('"device"', 60)
        self.stop()

    def file_day(self, seed: str, dossiers: int) -> None:
        """Write the day of an invented commune into the kiosk's store, and the peers' documents beside it."""
        machine, commune = self.machine(), Commune(seed)
        for number in range(dossiers):
            with machine.store.work("citizen") as work:
                dossier = work.new_dossier()
                life = commune.life(dossier, number)
                work.append(next(life).drafts)
            for deed in life:
                with machine.store.work(deed.actor) as work:
                    work.append(deed.drafts)
        self._keep_documents(machine)
        machine.close()

    def file_waiting(self, seed: str, dossiers: int) -> None:
        """Dossiers that were accepted and are known to the province: each waits for one change."""
        machine, commune = self.machine(), Commune(seed)
        by = acts.By(acts.Role.OFFICIAL, "Bế Văn Mẫu")
        for number in range(dossiers):
            with machine.store.work("citizen") as work:
                dossier = work.new_dossier()
                drafts = next(commune.life(dossier, number)).drafts
                work.append(drafts)
            with machine.store.work("cb01") as work:
                promise = acts.Promise(OPENING.replace(year=OPENING.year + 1), "2026.1")
                work.append(acts.accept(acts.Situation(dossier, acts.fold(drafts), by, OPENING), acts.Receipt(promise, [])))
        self._keep_documents(machine)
        machine.close()
        self.reconfigure(self.serve())
        subprocess.run(product("sync", "--state", str(self.kiosk), "--once"), check=True, capture_output=True, timeout=120)
        self.stop()

    def copy(self, target: Path) -> Rig:
        """A fresh copy to run a cell on."""
        shutil.copytree(self.folder, target)
        rig = Rig(target)
        rig.reconfigure(Link.url(PORT))
        return rig

    def documents(self) -> Path:
        return self.folder / "documents.json"

    def events(self) -> Path:
        return self.folder / "events.json"

    def machine(self) -> Machine:
        """The kiosk, opened in this process; the caller closes it."""
        return open_machine(load(self.kiosk))

    # --- over the line ------------------------------------------------------------------------------------------

    def serve(self, link: Link | None = None) -> str:
        """Start the province, at the far end of a link or on loopback; its address."""
        words = ["province", "serve", "--state", str(self.province)]
        address = ["--host", PROVINCE_ADDRESS, "--port", str(PORT)] if link else ["--port", "0"]
        province = self._start("province", [*words, *address], (lambda c: link.inside(Side.PROVINCE, c)) if link else list)
        return province.expect("listening on", 60).split("listening on", 1)[1].strip()

    def carry(self, link: Link) -> None:
        """Start the sync process at the kiosk's end; returns when it begins its first exchange."""
        command = ["sync", "--state", str(self.kiosk)]
        self._start("sync", command, lambda c: link.inside(Side.KIOSK, c)).expect("sync runs", 60)

    @property
    def province_pid(self) -> int:
        return next(one.pid for one in self._running if one.name == "province")

    def nudge(self) -> None:
        """Tell the sync process that there is something new, as the screen does."""
        os.kill(int(lock_file(self.kiosk).read_text(encoding="ascii")), signal.SIGUSR1)

    def stop(self) -> None:
        """End every process of this rig."""
        while self._running:
            self._running.pop().stop()

    def _start(self, name: str, words: Sequence[str], wrap: Callable[[list[str]], list[str]] = list) -> Process:
        log = self.folder / f"{name}.log"
        log.unlink(missing_ok=True)
        started = Process(name, wrap(product(*words)), log)
        self._running.append(started)
        return started

    def reconfigure(self, url: str) -> None:
        """Point the kiosk at a province."""
        (self.kiosk / "kiosk.toml").write_text(_KIOSK.format(commune=COMMUNE, url=url), encoding="utf-8")

    def _in_province(self, act: str, *rest: str) -> dict[str, Any]:
        words = product("province", act, "--state", str(self.province), "--json", *rest)
        done = subprocess.run(words, check=True, capture_output=True, text=True, timeout=60)
        return dict(json.loads(done.stdout.strip().splitlines()[-1]))

    def _keep_documents(self, machine: Machine) -> None:
        """What the peers carry: the same events, one by one and gathered by dossier."""
        lines = machine.store.lines(machine.store.incarnations()[-1], 0, 1_000_000)
        events = [json.loads(line.body) for line in lines]
        documents: dict[str, dict[str, Any]] = {}
        for event in events:
            documents.setdefault(event["d"], {"_id": event["d"], "events": []})["events"].append(event)
        for path, content in ((self.events(), events), (self.documents(), list(documents.values()))):
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")


def until(test: Callable[[], bool], seconds: float, every: float = 0.02) -> float | None:
    """Seconds until ``test`` holds; ``None`` when it did not in time."""
    started = time.monotonic()
    while not test():
        if time.monotonic() - started > seconds:
            return None
        time.sleep(every)
    return time.monotonic() - started
