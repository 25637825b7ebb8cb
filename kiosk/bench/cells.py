"""Cells of a benchmark over the line: kept one by one as they end, so a run may be broken off and taken up again.

A *group* is one work on one line with one seed. Ours and the peers of a group run back to back, a peer no longer than three times
ours: what is not done then is reported as not done. Groups may run side by side, each on a link of its own; ``late_s`` tells how
far the machine itself fell behind in delivering packets, which shows when it was too busy for the figures to count.
"""

from __future__ import annotations

import json
import platform
import subprocess
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from sync.file_trouble import why_vi

OURS: Final = "ours"
PATIENCE: Final = 3.0
"""How many times longer than ours a peer may take."""
CAP_S: Final = 1800.0
"""Longest run of anything."""


@dataclass(frozen=True, slots=True)
class Group:
    """Work, name of the line's profile, seed."""

    work: str
    profile: str
    seed: int

    @property
    def name(self) -> str:
        return f"{self.work}/{self.profile}/{self.seed}"


@dataclass(frozen=True, slots=True)
class Seen:
    """What one system did in one group."""

    done: float
    """Share of the work done."""
    seconds: float
    up: int
    """IP bytes offered by the kiosk's end."""
    down: int
    late_s: float = 0.0
    figures: Mapping[str, Any] = field(default_factory=dict)
    """What only this work measures."""

    @property
    def offered(self) -> int:
        return self.up + self.down


@dataclass(frozen=True, slots=True)
class Kept:
    """A line of the results file."""

    work: str
    profile: str
    seed: int
    system: str
    seen: Seen
    commit: str
    machine: str

    @property
    def group(self) -> Group:
        return Group(self.work, self.profile, self.seed)


class ResultsUnusable(Exception):
    """The file of results cannot be read or written, or is none."""

    cure_vi = "Chọn tệp khác bằng --results."

    def __init__(self, message_vi: str) -> None:
        super().__init__(message_vi)
        self.message_vi = message_vi


class Results:
    """The file of results: JSON lines, appended as cells end. Making or reading it raises ResultsUnusable."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._guard = threading.Lock()
        with self._named():
            path.parent.mkdir(parents=True, exist_ok=True)

    def read(self) -> list[Kept]:
        with self._named():
            if not self._path.exists():
                return []
            rows = [json.loads(line) for line in self._path.read_text(encoding="utf-8").splitlines() if line.strip()]
            return [Kept(**{**row, "seen": Seen(**row["seen"])}) for row in rows]

    @contextmanager
    def _named(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ResultsUnusable(f"«{self._path.name}»: {why_vi(error)}") from None
        except (ValueError, TypeError, KeyError):
            raise ResultsUnusable(f"«{self._path.name}» không phải tệp kết quả của bench.") from None

    def add(self, group: Group, system: str, seen: Seen) -> None:
        kept = Kept(group.work, group.profile, group.seed, system, seen, commit(), machine())
        with self._guard, self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(asdict(kept), ensure_ascii=False) + "\n")


Run = Callable[[Group, str, float], Seen]
"""One system in one group, cut after so many seconds."""


def run_groups(groups: Iterable[Group], systems: Sequence[str], run: Run, results: Results, jobs: int, *, full: bool) -> None:
    """Run what is not in the results yet, ``jobs`` groups side by side. ``full``: peers are not cut at three times ours."""
    held = {(kept.group, kept.system): kept.seen for kept in results.read()}

    def one(group: Group) -> None:
        limit = CAP_S
        for system in systems:
            seen = held.get((group, system))
            if seen is None:
                seen = run(group, system, limit)
                results.add(group, system, seen)
                _say(group, system, seen)
            if system == OURS and not full:
                limit = min(CAP_S, max(10.0, PATIENCE * seen.seconds))

    with ThreadPoolExecutor(jobs) as pool:
        for outcome in [pool.submit(_guarded, one, group) for group in groups]:
            outcome.result()


def _guarded(one: Callable[[Group], None], group: Group) -> None:
    """One broken group must not take the night's others with it."""
    try:
        one(group)
    except Exception:
        sys.stderr.write(f"{group.name}:\n{traceback.format_exc()}")


def _say(group: Group, system: str, seen: Seen) -> None:
    done = "xong" if seen.done >= 1 else f"{seen.done:.0%}"
    sys.stderr.write(f"{group.name:<22} {system:<6} {done:>5} {seen.seconds:8.1f} s {seen.offered:>9} byte  {dict(seen.figures)}\n")
    sys.stderr.flush()


def commit() -> str:
    """The commit measured, with ``+`` when the tree had changes; ``unknown`` outside a checkout."""
    root = Path(__file__).parents[2]
    try:
        told = subprocess.run(["git", "describe", "--always", "--dirty=+"], cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return told.stdout.strip()


def machine() -> str:
    """The machine measured on, without its name."""
    cpus = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in cpus if line.startswith("model name")), platform.machine())
    cores = sum(line.startswith("processor") for line in cpus)
    return f"{cores} × {model}, Linux {platform.release()}, Python {platform.python_version()}"
