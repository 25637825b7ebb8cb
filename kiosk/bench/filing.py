"""A durable filing against a one-row insert through the same SQLCipher, WAL and FULL.

Ours: one use case with events, chain, signature, number ledger, print job, projection and search text. Peer: one
transaction that inserts one row of the filing's size. Both in the same folder, interleaved, so that the disk treats them
alike.
"""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from statistics import median

from kiosk.bench.result import Result
from kiosk.demo.alone import enrolled_alone
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.store.connection import connect
from kiosk.usecases import file_dossier

PER_ROUND = 60
ROW = 4096
"""Bytes of the peer's row: about what the lines of a filing take."""


def bench_filing(rounds: int) -> Sequence[Result]:
    """Milliseconds of one filing and of one insert."""
    with tempfile.TemporaryDirectory(prefix="bench-", dir=Path.cwd()) as folder:
        machine = enrolled_alone(
            Path(folder), sets=("store.reserve_mb=1", "store.least_free_mb=1", "province.url=http://tinh.example")
        )
        procedure, session = sample_session(machine.store.clock.now().date())
        peer = connect(Path(folder) / "peer.db", secrets.token_bytes(32))
        peer.table("one").create({"id": int, "body": bytes}, pk="id")
        body = secrets.token_bytes(ROW)

        def insert() -> None:
            peer.table("one").insert({"body": body})

        def file() -> None:
            file_dossier(machine, procedure, session, SAMPLE_CARD)

        for act in (insert, file):
            _timed(act, 20)
        seen = [(_timed(file, PER_ROUND), _timed(insert, PER_ROUND)) for _ in range(rounds)]
        machine.close()
        peer.close()
    ours, theirs = zip(*seen, strict=True)
    return [Result("filing", "ms", ours, theirs, "chèn một dòng", 2.0)]


def _timed(act: Callable[[], None], times: int) -> float:
    """Median milliseconds of one act."""
    took = []
    for _ in range(times):
        started = time.perf_counter()
        act()
        took.append((time.perf_counter() - started) * 1000)
    return median(took)
