"""``python3 main.py bench upload``: goals G7 to G9, a scan over a bad line, and a change of status while a scan uploads.

``scan``: a file of 5 MB until the province has said that it holds all of it, on lines that lose packets and break off. ``under``:
one change after the other, each until it is acknowledged, while 20 MB are on their way. Ours is the product, encrypted and signed;
the peers are tus (tus-js-client to @tus/server, resuming) and one PUT of the whole file, tried again. In ``under`` two of the
plain way share the line: the PUT, and one POST for each change.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import Final

from kiosk.attachments import Paper, attach
from kiosk.bench.cells import OURS, Group, Results, ResultsUnusable, Seen, run_groups
from kiosk.bench.peer import Peer
from kiosk.bench.peers import node
from kiosk.bench.report import upload_report
from kiosk.bench.rig import PORT, Rig, until
from kiosk.bench.sync import (
    LONGEST_CHANGE_S,
    SETTLE_S,
    Ours,
    add_cell_arguments,
    cells_from,
    chosen,
    listening,
    peers_here,
    rest,
    seen,
)
from kiosk.chaos.link import PROFILES, Link, LinkError
from kiosk.store.blobs import KioskFiles

SCAN: Final = 5_000_000
LONG_SCAN: Final = 20_000_000
CHANGES: Final = 12
APART_S: Final = 8.0
"""Between two changes, so that the scan fills the line again."""
WORKS: Final = {"under": ("clean", "loss10"), "scan": ("outages10", "outages30")}


def upload_command(argv: Sequence[str]) -> int:
    """Measure what is missing, then say how all of it stands to the goals; 0 when every goal is met."""
    parser = argparse.ArgumentParser(prog="main.py bench upload", description="G7–G9: tệp quét qua đường truyền xấu.")
    add_cell_arguments(parser)
    given = cells_from(parser, argv, WORKS)
    try:
        return _upload(given)
    except (LinkError, ResultsUnusable) as error:
        sys.stderr.write(f"{error.message_vi} {error.cure_vi}\n")
        return 1


def _upload(given: argparse.Namespace) -> int:
    results = Results(given.results)
    if not given.report:
        npm = peers_here(given.peers)
        with tempfile.TemporaryDirectory(prefix="bench-upload-") as folder:
            bench = UploadBench(Path(folder), given.peers)
            for work, lines in WORKS.items():
                systems = [OURS, *(["tus"] if npm and work == "scan" else []), "put"]
                systems = [one for one in systems if one in given.systems]
                groups = chosen(given, (work,), lines)
                run_groups(groups, systems, bench.run, results, given.jobs, full=given.full)
    text, met = upload_report(results.read())
    sys.stdout.write(text)
    return 0 if met else 1


class UploadBench:
    """Runs one system in one group."""

    def __init__(self, folder: Path, peers: Path) -> None:
        self._folder = folder
        self._peers = peers
        self._template: Rig | None = None
        self._guard = threading.Lock()

    def run(self, group: Group, system: str, limit: float) -> Seen:
        folder = self._folder / f"{group.name.replace('/', '-')}-{system}"
        rig = self._made().copy(folder)
        scan = random.Random(group.seed).randbytes(SCAN if group.work == "scan" else LONG_SCAN)
        try:
            with Link(PROFILES[group.profile if group.work == "scan" else "clean"], group.seed) as link:
                if group.work == "scan":
                    return _ours(rig, link, scan, limit) if system == OURS else self._theirs(system, rig, link, scan, limit)
                return _under_ours(rig, link, group, scan) if system == OURS else _under_put(rig, link, group, scan, limit)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _made(self) -> Rig:
        with self._guard:
            if self._template is None:
                rig = Rig(self._folder / "machines")
                rig.enrol()
                rig.file_waiting("upload", CHANGES + 1)
                self._template = rig
            return self._template

    def _theirs(self, system: str, rig: Rig, link: Link, scan: bytes, limit: float) -> Seen:
        file = rig.folder / "scan"
        file.write_bytes(scan)
        if system == "tus":
            client = node(self._peers, "tus_client.js", str(file), Link.url(PORT))
            peer, word = Peer(link, node(self._peers, "tus_server.js", *listening(rig, "tus")), client), "push"
        else:
            peer, word = rest(rig, link), f"put {file}"
        try:
            took = peer.after(word, 1, limit)
            arrived = max((one.stat().st_size for one in (rig.folder / system).glob("*") if one.suffix != ".json"), default=0)
            share = 1.0 if took is not None else min(0.9999, arrived / len(scan)) if system == "tus" else 0.0
            return seen(share, took or limit, link.traffic(), {"size": len(scan)})
        finally:
            peer.stop()


def _ours(rig: Rig, link: Link, scan: bytes, limit: float) -> Seen:
    side = Ours(rig, link)
    try:
        files = KioskFiles(side.machine.store)
        attach(side.machine, side.next_dossier(), Paper("to_khai", "application/pdf"), scan)
        rig.carry(link)
        took = until(lambda: all(fact.held == fact.size for fact in files.facts()), limit, 0.25)
        held = sum(fact.held for fact in files.facts()) / sum(fact.size for fact in files.facts())
        return seen(1.0 if took is not None else min(0.9999, held), took or limit, link.traffic(), {"size": len(scan)})
    finally:
        side.stop()


def _under_ours(rig: Rig, link: Link, group: Group, scan: bytes) -> Seen:
    side = Ours(rig, link)
    try:
        attach(side.machine, side.next_dossier(), Paper("to_khai", "application/pdf"), scan)
        side.open()
        link.change(PROFILES[group.profile])
        until(lambda: side.machine.store.waiting() == 0, 60)
        times = []
        for _ in range(CHANGES):
            time.sleep(APART_S)
            times.append(round(side.change(LONGEST_CHANGE_S), 3))
        return seen(1.0, median(times), link.traffic(), {"times": times})
    finally:
        side.stop()


def _under_put(rig: Rig, link: Link, group: Group, scan: bytes, limit: float) -> Seen:
    """The first change opens the connection; then the file and the changes share the line."""
    file = rig.folder / "scan"
    file.write_bytes(scan)
    peer, longest = rest(rig, link), min(limit, LONGEST_CHANGE_S)
    try:
        peer.after("change", 1, LONGEST_CHANGE_S)
        link.change(PROFILES[group.profile])
        peer.tell(f"put {file}")
        time.sleep(SETTLE_S)
        times = []
        for _ in range(CHANGES):
            time.sleep(APART_S)
            times.append(round(peer.after("change", 1, longest) or longest, 3))
        return seen(sum(one < longest for one in times) / CHANGES, median(times), link.traffic(), {"times": times})
    finally:
        peer.stop()
