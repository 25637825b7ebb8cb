"""What the kept cells say: medians over the seeds, beside the peers, against the goals of the design."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from statistics import median

from kiosk.bench.cells import OURS, Kept, Seen

SYSTEMS = {OURS: "ta", "couch": "PouchDB", "rest": "REST", "tus": "tus", "put": "PUT cả tệp"}


@dataclass(frozen=True, slots=True)
class Goal:
    """One promise: the figure of a cell, and the most it may be."""

    name: str
    cell: tuple[str, str]
    told_vi: str
    figure: Callable[[Seen], float]
    most: float
    unit: str


def per_dossier(seen: Seen) -> float:
    return seen.offered / int(seen.figures.get("dossiers", 200))


def seconds(seen: Seen) -> float:
    """Until done; never, when it was cut."""
    return seen.seconds if seen.done >= 1 else math.inf


def above_floor(seen: Seen) -> float:
    return seen.offered / float(seen.figures["floor"])


def bytes_of_change(seen: Seen) -> float:
    return median(seen.figures["bytes"])


def p95(seen: Seen) -> float:
    times = sorted(seen.figures["times"])
    return float(times[math.ceil(0.95 * len(times)) - 1])


SYNC_GOALS = (
    Goal("G1", ("day", "clean"), "byte mỗi hồ sơ, đường sạch", per_dossier, 450, "B"),
    Goal("sàn", ("day", "clean"), "so với một luồng zstd cùng từ điển", above_floor, 1.6, "×"),
    Goal("G2", ("day", "clean"), "một ngày, đường sạch", seconds, 25, "s"),
    Goal("G3", ("day", "loss20"), "một ngày, mất 20 %", seconds, 45, "s"),
    Goal("G4", ("day", "loss30"), "một ngày, mất 30 %", seconds, 120, "s"),
    Goal("G5", ("status", "clean"), "byte một thay đổi, đường sạch", bytes_of_change, 700, "B"),
    Goal("G5", ("status", "clean"), "giây một thay đổi, đường sạch", seconds, 1.0, "s"),
    Goal("G6", ("status", "loss30"), "p95 một thay đổi, mất 30 %", p95, 4.0, "s"),
)


def wire_per_useful(seen: Seen) -> float:
    """Endless where nothing arrived that counts."""
    return seen.offered / (float(seen.figures["size"]) * seen.done) if seen.done else math.inf


def median_change(seen: Seen) -> float:
    return float(median(seen.figures["times"]))


UPLOAD_GOALS = (
    Goal("G7", ("under", "clean"), "trung vị một thay đổi khi gửi tệp 20 MB", median_change, 1.5, "s"),
    Goal("G8", ("scan", "outages10"), "tệp 5 MB, mất 10 %, có lúc đứt", seconds, 1050, "s"),
    Goal("G8", ("scan", "outages10"), "byte trên dây cho mỗi byte có ích", wire_per_useful, 1.3, "×"),
    Goal("G9", ("scan", "outages30"), "tệp 5 MB, mất 30 %, có lúc đứt", seconds, 1600, "s"),
)


def sync_report(kept: Sequence[Kept]) -> tuple[str, bool]:
    """The table and whether every goal is met."""
    rows = [*_table(kept, "day", per_dossier, "B/hồ sơ"), *_table(kept, "status", bytes_of_change, "B/thay đổi")]
    judged = [(_verdict(goal, kept)) for goal in SYNC_GOALS]
    times, told = _against_couch(kept)
    return "\n".join([*rows, "", *(text for text, _ in judged), told]) + "\n", times and all(met for _, met in judged)


def upload_report(kept: Sequence[Kept]) -> tuple[str, bool]:
    """The table and whether every goal is met."""
    rows = [*_table(kept, "scan", wire_per_useful, "×  "), *_table(kept, "under", median_change, "s  ")]
    judged = [_verdict(goal, kept) for goal in UPLOAD_GOALS]
    return "\n".join([*rows, "", *(text for text, _ in judged)]) + "\n", all(met for _, met in judged)


def _table(kept: Sequence[Kept], work: str, size: Callable[[Seen], float], unit: str) -> Iterator[str]:
    places = 0 if unit.startswith("B") else 2
    cells = dict.fromkeys((one.profile, one.system) for one in kept if one.work == work)
    for profile, system in sorted(cells, key=lambda cell: (cell[0], list(SYSTEMS).index(cell[1]))):
        seen = _of(kept, work, profile, system)
        done = [one for one in seen if one.done >= 1]
        took = f"{median(one.seconds for one in done):8.2f} s" if done else f"chưa xong ({median(one.done for one in seen):.0%})"
        late = max(one.late_s for one in seen)
        figure = median(map(size, seen))
        shown = f"{figure:9.{places}f}" if math.isfinite(figure) else f"{'–':>9}"
        yield (
            f"{work:<7} {profile:<9} {SYSTEMS[system]:<10} {shown} {unit}  {took:<18} "
            f"{len(done)}/{len(seen)} hạt giống xong, máy chậm nhất {late:.2f} s"
        )


def _of(kept: Sequence[Kept], work: str, profile: str, system: str) -> list[Seen]:
    return [one.seen for one in kept if (one.work, one.profile, one.system) == (work, profile, system)]


def _verdict(goal: Goal, kept: Sequence[Kept]) -> tuple[str, bool]:
    seen = _of(kept, *goal.cell, OURS)
    if not seen:
        return f"{goal.name:<4} {goal.told_vi:<38} chưa đo", False
    figures = sorted(map(goal.figure, seen))
    figure, met = median(figures), median(figures) <= goal.most
    worst = f"tệ nhất {figures[-1]:.2f}" if math.isfinite(figures[-1]) else "có hạt giống chưa xong"
    told = f"{figure:8.2f} {goal.unit} (≤ {goal.most:g}) {'đạt' if met else 'CHƯA ĐẠT'}, {worst}"
    return f"{goal.name:<4} {goal.told_vi:<38} {told}", met


def _against_couch(kept: Sequence[Kept]) -> tuple[bool, str]:
    """G1's other half: eight times fewer bytes than the CouchDB protocol. Without that peer there is nothing to compare."""
    ours, theirs = (_of(kept, "day", "clean", system) for system in (OURS, "couch"))
    whole = [one for one in theirs if one.done >= 1]
    if not ours or not whole:
        return True, "G1   so với giao thức CouchDB: chưa đo"
    ratio = median(map(per_dossier, whole)) / median(map(per_dossier, ours))
    return ratio >= 8, f"G1   ít hơn giao thức CouchDB                {ratio:8.1f} × (≥ 8) {'đạt' if ratio >= 8 else 'CHƯA ĐẠT'}"
