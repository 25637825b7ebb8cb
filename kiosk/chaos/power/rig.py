"""The rig: records a workload's block writes, then cuts the power in the recording as often as wanted and judges each disk.

One recording serves many cuts. Judges share the cuts among processes; each lays its images in memory, mounts them on loop
devices that nobody has used before (the journal of ext4 replays as after a real cut) and opens the store. A cut with a finding
leaves its image.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from kiosk.chaos.kernel import make_ext4, mounted, unmount
from kiosk.chaos.power.platter import Cut, Entry, Flush, Mark, Platter, Write, all_cuts, promised, random_cuts, read_log
from kiosk.chaos.power.variants import VARIANTS, Variant, install
from kiosk.chaos.power.verdict import judge_state
from kiosk.chaos.report import Report
from kiosk.counts import count
from kiosk.demo.processes import DemoError, Process, wait_for

DISK_MIB = 32
CUTS_PER_RECORDING = 100


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--cuts", type=count, default=1000, help="số lần cắt ngẫu nhiên cho mỗi cách mở kho")
    parser.add_argument("--dossiers", type=count, default=60, help="số hồ sơ nộp trong mỗi lần ghi")
    only = parser.add_mutually_exclusive_group()
    for variant in VARIANTS:
        only.add_argument(f"--{variant}", dest="variant", action="store_const", const=variant, help=f"chỉ cách này: {variant}")


def run(given: argparse.Namespace, ground: Path) -> Iterator[Report]:
    """Every way to open the store, or the one asked for; the careless one takes a tenth of the cuts, to prove the rig."""
    for variant in [given.variant] if given.variant else VARIANTS:
        cuts = max(20, given.cuts // 10) if variant == "naive" and not given.variant else given.cuts
        yield power(ground, variant, cuts, given.seed, given.dossiers)


@dataclass(frozen=True, slots=True)
class Recording:
    """A disk before a workload, and everything written to it since."""

    base: bytes
    log: Sequence[Entry]

    def place(self, word: str, nth: int = 0) -> int:
        """Where in the log a word was said for the n-th time; negative counts from the end."""
        return [at for at, entry in enumerate(self.log) if isinstance(entry, Mark) and entry.word == word][nth]


def record(ground: Path, variant: Variant, dossiers: int, seed: int) -> Recording:
    """Run the workload on a fresh disk and return what was written to it."""
    base, log = ground / "base.img", ground / "blocks.log"
    make_ext4(base, DISK_MIB)
    with _disk(base, log, ground / "fuse") as disk, mounted(disk / "disk", ground / "file-system") as place:
        words = [str(place / "state"), str(disk / "marks"), variant, str(dossiers), str(seed)]
        done = subprocess.run([sys.executable, "-m", "kiosk.chaos.power.workload", *words], capture_output=True, text=True)
        if done.returncode:
            raise DemoError(f"the workload failed: {done.stderr[-800:]}")
        return Recording(base.read_bytes(), read_log(log))


@contextmanager
def _disk(base: Path, log: Path, place: Path) -> Iterator[Path]:
    place.mkdir(exist_ok=True)
    words = [sys.executable, "-m", "kiosk.chaos.power.disk", str(base), str(log), str(place)]
    server = Process("disk", words, place.with_suffix(".log"))
    try:
        wait_for("the disk", (place / "disk").exists, 20)
        yield place
    finally:
        unmount(place, at_once=True)
        server.stop()


@dataclass(frozen=True, slots=True)
class Judged:
    """A cut with what was found after it."""

    cut: Cut
    promises: int
    findings: tuple[str, ...]


def judge_cuts(recording: Recording, cuts: Sequence[Cut], variant: Variant, ground: Path) -> list[Judged]:
    """Every cut judged, by a process for each core."""
    jobs = os.cpu_count() or 1
    shares = [(recording, cuts[n::jobs], variant, ground / f"judge-{n}") for n in range(jobs)]
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        return [one for share in pool.starmap(_judge_share, shares) for one in share]


def _judge_share(recording: Recording, cuts: Sequence[Cut], variant: Variant, ground: Path) -> list[Judged]:
    install("encrypted" if variant == "naive" else variant)
    ground.mkdir(exist_ok=True)
    platter = Platter(recording.base, recording.log)
    return [_judge(platter, recording, cut, ground) for cut in cuts]


def _judge(platter: Platter, recording: Recording, cut: Cut, ground: Path) -> Judged:
    image = ground / "cut.img"
    image.write_bytes(platter.after(cut))
    said = promised(recording.log, cut)
    try:
        with mounted(image, ground / "file-system") as place:
            findings = tuple(judge_state(place / "state", said))
    except OSError as error:
        findings = (f"the file system does not mount: {error}",)
    if findings:
        # What was really there: opening the store has changed the image since.
        (ground.parent / f"failed-{cut.at}-{cut.fate}-{cut.seed}.img").write_bytes(platter.after(cut))
    return Judged(cut, len(said), findings)


def power(ground: Path, variant: Variant, cuts: int, seed: int, dossiers: int) -> Report:
    """``cuts`` random cuts over as many recordings as needed, and every moment of two filings."""
    started, judged, entries = time.monotonic(), list[Judged](), Counter[str]()
    points = 0
    rounds = max(1, -(-cuts // CUTS_PER_RECORDING))
    for number in range(rounds):
        recording = record(ground, variant, dossiers, seed + number)
        entries.update(type(entry).__name__ for entry in recording.log)
        share = cuts // rounds + (number < cuts % rounds)
        wanted = random_cuts(recording.log, recording.place("born") + 1, share, seed + number)
        if number == 0:
            # The first filing sets numbers aside in the ledger as well; the last is one like most.
            every = [cut for nth in (0, -1) for cut in filing_cuts(recording, nth)]
            points = len(every)
            wanted = sorted([*wanted, *every], key=lambda cut: cut.at)
        judged += judge_cuts(recording, wanted, variant, ground)
    return _report(variant, judged, points, entries, time.monotonic() - started, seed)


def filing_cuts(recording: Recording, nth: int) -> list[Cut]:
    """Every moment from the beginning of the n-th filing until it is promised, each with torn variants."""
    return all_cuts(recording.log, recording.place("begin", nth) + 1, recording.place("filed", nth) + 1, torn=4)


def _report(variant: Variant, judged: Sequence[Judged], points: int, entries: Counter[str], seconds: float, seed: int) -> Report:
    bad = [one for one in judged if one.findings]
    kinds = Counter(finding for one in bad for finding in set(one.findings))
    facts = {
        "variant": variant,
        "seed": seed,
        "cuts": len(judged),
        "filing_points": points,
        "cuts_with_loss": len(bad),
        "promises_checked": sum(one.promises for one in judged),
        "block_writes": entries[Write.__name__],
        "flushes": entries[Flush.__name__],
        "seconds": round(seconds, 1),
        "cuts_per_second": round(len(judged) / seconds, 2),
    }
    told = (
        f"Cắt điện ({variant}): {len(judged)} lần, gồm {points} thời điểm của một lần nộp; "
        f"{facts['promises_checked']} lời hứa đã kiểm tra, {len(bad)} lần có mất mát; {facts['cuts_per_second']} lần/giây."
    )
    if variant == "naive":
        findings = () if bad else ("the careless settings lost nothing: the rig proves nothing",)
        return Report("power", told, {**facts, "losses": dict(kinds)}, findings)
    return Report("power", told, facts, tuple(f"{text} ({count} cuts)" for text, count in kinds.most_common()))
