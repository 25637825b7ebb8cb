"""``python3 main.py bench sync``: goals G1 to G6, a commune's day and single changes over a bad line, ours beside its peers.

Ours is the product: the store, the sync process and the province as shipped, sealed and signed, each at its end of the link. The
peers carry the same events: PouchDB with a document for each dossier to express-pouchdb, live; and one POST for each event.
``day``: all dossiers of a day, made off line, until the feed has acknowledged them. ``status``: one change after another on a line
that is open already, each until it is acknowledged.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import Any, Final

from forms import dossier as acts
from kiosk.bench.cells import OURS, Group, Results, ResultsUnusable, Seen, run_groups
from kiosk.bench.commune import OPENING
from kiosk.bench.dictionary import floor
from kiosk.bench.peer import Peer
from kiosk.bench.peers import cache_folder, installed, node
from kiosk.bench.report import sync_report
from kiosk.bench.rig import PORT, Rig, until
from kiosk.chaos.link import PROFILES, PROVINCE_ADDRESS, Link, LinkError, Traffic
from kiosk.counts import count

DOSSIERS: Final = 200
CHANGES: Final = {"clean": 10, "loss10": 20, "loss20": 40, "loss30": 40}
SETTLE_S: Final = 3.0
"""Until late repetitions and acknowledgements of a change have passed."""
LONGEST_CHANGE_S: Final = 120.0
WORKS: Final = ("day", "status")
LINES: Final = ("clean", "loss10", "loss20", "loss30")


def sync_command(argv: Sequence[str]) -> int:
    """Measure what is missing, then say how all of it stands to the goals; 0 when every goal is met."""
    parser = argparse.ArgumentParser(
        prog="main.py bench sync", description="G1–G6: một ngày hồ sơ và từng thay đổi qua đường truyền xấu."
    )
    add_cell_arguments(parser)
    parser.add_argument("--dossiers", type=count, default=DOSSIERS, help="số hồ sơ của một ngày")
    given = cells_from(parser, argv, dict.fromkeys(WORKS, LINES))
    try:
        return _sync(given)
    except (LinkError, ResultsUnusable) as error:
        sys.stderr.write(f"{error.message_vi} {error.cure_vi}\n")
        return 1


def _sync(given: argparse.Namespace) -> int:
    results = Results(given.results)
    systems = [OURS, *(["couch"] if peers_here(given.peers) else []), "rest"]
    groups = chosen(given, WORKS, LINES)
    if not given.report:
        with tempfile.TemporaryDirectory(prefix="bench-sync-") as folder:
            bench = SyncBench(Path(folder), given.peers, given.dossiers)
            run_groups(groups, [one for one in systems if one in given.systems], bench.run, results, given.jobs, full=given.full)
    text, met = sync_report(results.read())
    sys.stdout.write(text)
    return 0 if met else 1


def add_cell_arguments(parser: argparse.ArgumentParser) -> None:
    """What every benchmark over the line takes."""
    parser.add_argument("--cells", nargs="*", default=[], metavar="TÊN", help="chỉ các ô có chữ này: day, status/loss30, …")
    parser.add_argument("--seeds", type=count, default=3, help="số hạt giống mỗi ô")
    parser.add_argument("--jobs", type=count, default=1, help="số ô chạy cùng lúc")
    parser.add_argument("--full", action="store_true", help="để chương trình đối chứng chạy đến cùng, không cắt ở 3 lần của ta")
    parser.add_argument(
        "--systems", nargs="*", default=[OURS, "couch", "rest", "tus", "put"], metavar="TÊN", help="ours couch rest tus put"
    )
    parser.add_argument(
        "--results", type=Path, default=cache_folder() / "results.jsonl", help="tệp kết quả; ô đã có thì không đo lại"
    )
    parser.add_argument("--peers", type=Path, default=cache_folder() / "peers", metavar="DIR", help="thư mục của bench peers")
    parser.add_argument("--report", action="store_true", help="chỉ in bảng từ kết quả đã có")


def cells_from(parser: argparse.ArgumentParser, argv: Sequence[str], works: Mapping[str, Sequence[str]]) -> argparse.Namespace:
    """The call, with cells there are."""
    given = parser.parse_args(argv)
    names = [f"{work}/{line}/{seed}" for work, lines in works.items() for line in lines for seed in range(1, given.seeds + 1)]
    for part in given.cells:
        if not any(part in name for name in names):
            parser.error(f"không có ô nào có chữ «{part}»")
    return given


def chosen(given: argparse.Namespace, works: Sequence[str], lines: Sequence[str]) -> list[Group]:
    """The groups asked for, seed by seed, so that every line has a figure early."""
    groups = [Group(work, line, seed) for seed in range(1, given.seeds + 1) for work in works for line in lines]
    return [group for group in groups if not given.cells or any(part in group.name for part in given.cells)]


def peers_here(folder: Path) -> bool:
    """Whether the npm peers are there; says so when they are not."""
    there = installed(folder)
    if not there:
        sys.stderr.write("Chưa có chương trình đối chứng từ npm (main.py bench peers): chỉ đo phần còn lại.\n")
    return there


class SyncBench:
    """Runs one system in one group."""

    def __init__(self, folder: Path, peers: Path, dossiers: int) -> None:
        self._folder = folder
        self._peers = peers
        self._dossiers = dossiers
        self._rigs: dict[str, Rig] = {}
        self._guard = threading.Lock()

    def run(self, group: Group, system: str, limit: float) -> Seen:
        template = self._template(group)
        folder = self._folder / f"{group.name.replace('/', '-')}-{system}"
        rig = template.copy(folder)
        try:
            opening = PROFILES[group.profile if group.work == "day" else "clean"]
            with Link(opening, group.seed) as link:
                side: Ours | Theirs = Ours(rig, link) if system == OURS else Theirs(system, rig, link, self._peers)
                try:
                    if group.work == "day":
                        return _day(side, link, limit)
                    return _changes(side, link, group, limit)
                finally:
                    side.stop()
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def _template(self, group: Group) -> Rig:
        """The machines of a work and a seed, made at the first asking."""
        key = f"{group.work}-{group.seed}"
        with self._guard:
            if key not in self._rigs:
                rig = Rig(self._folder / key)
                rig.enrol()
                if group.work == "day":
                    rig.file_day(f"bench {group.seed}", self._dossiers)
                else:
                    rig.file_waiting(f"bench {group.seed}", max(CHANGES.values()))
                self._rigs[key] = rig
            return self._rigs[key]


class Ours:
    """The product at both ends."""

    def __init__(self, rig: Rig, link: Link) -> None:
        self._rig = rig
        self._link = link
        rig.serve(link)
        self.machine = rig.machine()
        self._of = self.machine.store.waiting()
        ids = self.machine.store.rows("SELECT d FROM dossier ORDER BY d")
        self._waiting = iter([str(row["d"]) for row in ids])

    def next_dossier(self) -> str:
        """One that nothing has been done to yet."""
        return next(self._waiting)

    def push(self, limit: float) -> tuple[float, float]:
        """(share done, seconds) of sending all that waits."""
        self._rig.carry(self._link)
        took = until(lambda: self.machine.store.waiting() == 0, limit)
        return (1.0, took) if took is not None else (1 - self.machine.store.waiting() / self._of, limit)

    def facts(self) -> dict[str, Any]:
        """Dossiers, and the floor: all that had to cross, both ways, as one zstd stream each."""
        store = self.machine.store
        lines = [line.body for inc in store.incarnations() for line in store.lines(inc, 0, 1_000_000)]
        feed = [bytes(row["body"]) for row in store.rows("SELECT body FROM feed ORDER BY seq")]
        return {"dossiers": store.rows("SELECT count(*) AS n FROM dossier")[0]["n"], "floor": floor(lines, feed)}

    def open(self) -> None:
        """Start the sync process and let its first exchange pass."""
        self._rig.carry(self._link)
        time.sleep(SETTLE_S)

    def change(self, limit: float) -> float:
        """Seconds until one act of an official is acknowledged."""
        store, dossier = self.machine.store, self.next_dossier()
        by = acts.By(acts.Role.OFFICIAL, "Bế Văn Mẫu")
        with store.work("cb01") as work:
            work.append(acts.start(acts.Situation(dossier, store.fields(dossier), by, OPENING)))
        self._rig.nudge()
        return until(lambda: store.waiting() == 0, limit, 0.005) or limit

    def stop(self) -> None:
        self.machine.close()
        self._rig.stop()


class Theirs:
    """A peer at both ends, told what ours does by itself."""

    def __init__(self, system: str, rig: Rig, link: Link, peers: Path) -> None:
        self._dossiers = len(json.loads(rig.documents().read_bytes()))
        self._peer = couch(rig, link, peers) if system == "couch" else rest(rig, link)

    def push(self, limit: float) -> tuple[float, float]:
        took = self._peer.after("push", self._peer.ready, limit)
        return (1.0, took) if took is not None else (self._peer.done / self._peer.ready, limit)

    def facts(self) -> dict[str, Any]:
        return {"dossiers": self._dossiers}

    def open(self) -> None:
        """Push what is there already: it is known to both before the first change."""
        self._peer.after("push", self._peer.ready, 600)
        time.sleep(SETTLE_S)

    def change(self, limit: float) -> float:
        return self._peer.after("change", 1, limit) or limit

    def stop(self) -> None:
        self._peer.stop()


def couch(rig: Rig, link: Link, peers: Path) -> Peer:
    server = node(peers, "couch_server.js", *listening(rig, "couch"))
    return Peer(link, server, node(peers, "couch_client.js", str(rig.folder), str(rig.documents()), Link.url(PORT)))


def rest(rig: Rig, link: Link) -> Peer:
    program = [sys.executable, "-m", "kiosk.bench.peers.rest"]
    return Peer(link, [*program, "serve", *listening(rig, "rest")], [*program, "push", str(rig.events()), Link.url(PORT)])


def listening(rig: Rig, name: str) -> tuple[str, str, str]:
    """Folder, address and port of a peer's server."""
    folder = rig.folder / name
    folder.mkdir()
    return str(folder), PROVINCE_ADDRESS, str(PORT)


def _day(side: Ours | Theirs, link: Link, limit: float) -> Seen:
    share, seconds = side.push(limit)
    if share >= 1:
        time.sleep(1.0)
    return seen(share, seconds, link.traffic(), side.facts())


def _changes(side: Ours | Theirs, link: Link, group: Group, limit: float) -> Seen:
    """The connection is opened on the same line without loss; counts begin with the first change."""
    side.open()
    link.change(PROFILES[group.profile])
    longest, count = min(limit, LONGEST_CHANGE_S), CHANGES[group.profile]
    times: list[float] = []
    sizes: list[int] = []
    for _ in range(count):
        before = link.traffic().offered
        times.append(side.change(longest))
        time.sleep(SETTLE_S)
        sizes.append(link.traffic().offered - before)
    figures = {"times": [round(one, 3) for one in times], "bytes": sizes}
    return seen(sum(one < longest for one in times) / count, median(times), link.traffic(), figures)


def seen(share: float, seconds: float, passed: Traffic, figures: dict[str, Any]) -> Seen:
    return Seen(round(share, 4), round(seconds, 2), passed.up["offered"], passed.down["offered"], passed.late_s, figures)
