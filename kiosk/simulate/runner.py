"""Many seeds over several processes: a run is cut into chunks, each played by a worker started afresh (spawn).

Every fiftieth seed is also told twice, every fiftieth played under three sets of clocks. A chunk stops at its first failure, which
is shrunk there; the others go on, so a report names every kind of failure once or a few times, never thousands.
"""

from __future__ import annotations

import gc
import signal
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Final, TypeVar

from kiosk.simulate.office import Office
from kiosk.simulate.sqlite import WITHOUT, StoreKiosk, room
from sync.simulator.mix import mixed
from sync.simulator.planting import Plant, planted
from sync.simulator.scene import Setup
from sync.simulator.shrink import Failure, play, shrink
from sync.simulator.twice import replayed, under_other_clocks

Given = TypeVar("Given")
Found = TypeVar("Found")

CHUNK: Final = 250
SWEEP: Final = 100
"""Schedules between two collections of garbage."""
EVERY: Final = 50


@dataclass(frozen=True, slots=True)
class Stage:
    """On what schedules are played, and what they leave out."""

    setup: Setup
    without: frozenset[str] = frozenset()
    on_disk: bool = False
    judge: Callable[[int, Setup], Failure | None] | None = None
    """Says itself what is wrong with a seed; ``None``: an ordinary schedule."""


STAGES: Final[dict[str, Stage]] = {
    "office": Stage(Setup(meaning=Office)),
    "tiny": Stage(Setup()),
    "mix": Stage(Setup(meaning=Office), judge=mixed),
    "sqlite": Stage(Setup(meaning=Office, journal=StoreKiosk), WITHOUT, on_disk=True),
}
"""The real merge on journals in memory; the smallest merge; the real merge on the kiosk's real store."""


@dataclass
class Report:
    """What some seeds showed."""

    schedules: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failures: list[Failure] = field(default_factory=list)
    next_seed: int = 0
    """Everything below was played: where a run that was interrupted goes on."""

    def add(self, other: Report) -> None:
        self.schedules += other.schedules
        self.next_seed = max(self.next_seed, other.next_seed)
        self.faults.update(other.faults)
        self.failures += other.failures


def play_seeds(seeds: range, stage: str, plant: Plant | None = None) -> Report:
    """Play them one after the other, up to the first failure, which is shrunk."""
    report = Report(next_seed=seeds.stop)
    with planted(plant), _room(STAGES[stage]), _swept_by_hand():
        for seed in seeds:
            failure = _play(seed, STAGES[stage], report)
            if seed % SWEEP == 0:
                gc.collect()
            if failure is not None:
                report.failures.append(failure if STAGES[stage].judge else shrink(failure, STAGES[stage].setup))
                break
    return report


def _play(seed: int, stage: Stage, report: Report) -> Failure | None:
    report.schedules += 1
    if stage.judge is not None:
        return stage.judge(seed, stage.setup)
    if seed % EVERY == 1 and not stage.on_disk:
        return replayed(seed, stage.setup)
    if seed % EVERY == 2 and not stage.on_disk:
        return under_other_clocks(seed, stage.setup)
    simulation, failure = play(seed, stage.setup, without=stage.without)
    report.faults.update(simulation.faults)
    return failure


@contextmanager
def _swept_by_hand() -> Iterator[None]:
    """No collection of garbage in the middle of a schedule: what a schedule leaves behind is small, and is swept between them."""
    gc.collect()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
        gc.unfreeze()


def _room(stage: Stage) -> AbstractContextManager[None]:
    return room() if stage.on_disk else nullcontext()


def first_failure(plant: Plant | None, seeds: Iterable[int], stage: str) -> Failure | None:
    """The first of these seeds that finds a planted bug, or fails without one."""
    with planted(plant), _room(STAGES[stage]):
        return next((failure for seed in seeds if (failure := _play(seed, STAGES[stage], Report())) is not None), None)


def spread(seeds: range, stage: str, plant: Plant | None, workers: int) -> Iterator[Report]:
    """The reports of all chunks as they come in, in order."""
    chunks = [range(at, min(at + CHUNK, seeds.stop)) for at in range(seeds.start, seeds.stop, CHUNK)]
    yield from spread_over(partial(play_seeds, stage=stage, plant=plant), chunks, workers)


def spread_over(act: Callable[[Given], Found], given: Sequence[Given], workers: int) -> Iterator[Found]:
    """``act`` on each of them, in so many processes started afresh; an interrupt ends those that have not begun."""
    if workers <= 1:
        yield from map(act, given)
        return
    with ProcessPoolExecutor(workers, get_context("spawn"), _leave_interrupts_to_the_parent) as pool:
        try:
            yield from pool.map(act, given)
        except KeyboardInterrupt:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _leave_interrupts_to_the_parent() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
