"""The judge of one cut: opens the store that survived as the kiosk would, and compares it with what had been promised by then."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from kiosk.chaos.judge import broken
from kiosk.chaos.power.platter import Mark
from kiosk.chaos.power.workload import SETS
from kiosk.config import load
from kiosk.demo.sample import SAMPLE_CARD, sample_session
from kiosk.machine import Machine, open_machine
from kiosk.store.blobs import KioskFiles
from kiosk.store.connection import DatabaseError, StoreError
from kiosk.usecases import file_dossier


def judge_state(state: Path, promised: Sequence[Mark]) -> list[str]:
    """What is lost, doubled or broken in a state folder after a power cut; the store must also take the next filing."""
    try:
        machine = open_machine(load(state, overrides=SETS))
    except (StoreError, DatabaseError, OSError, ValueError) as error:
        return [f"the store does not open: {error}"]
    try:
        return [*_lost(machine, promised), *broken(machine), *_goes_on(machine, promised)]
    except (StoreError, DatabaseError, OSError) as error:
        return [f"the store cannot be used: {error}"]
    finally:
        machine.close()


def _lost(machine: Machine, promised: Sequence[Mark]) -> Iterator[str]:
    codes = Counter(row["code"] for row in machine.store.rows("SELECT code FROM dossier"))
    status = {row["code"]: row["status"] for row in machine.store.rows("SELECT code, status FROM dossier")}
    papers = {str(row["id"]): row["state"] for row in machine.store.rows("SELECT id, state FROM print_job")}
    files = KioskFiles(machine.store)
    # Between "sending" and "printed" both are true; a paper that may have left must never be queued again.
    expected = {"sending": ("sending", "printed"), "printed": ("printed",)}
    for mark in promised:
        if mark.word == "filed" and codes[mark.what] != 1:
            yield f"{codes[mark.what]} dossiers of a promised code"
        if mark.word == "accepted" and status.get(mark.what, 0) < 2:
            yield "an acceptance is forgotten"
        if mark.word in expected and papers.get(mark.what) not in expected[mark.word]:
            yield f"a paper that was {mark.word} is {papers.get(mark.what, 'gone')}"
        if mark.word == "backup":
            name, _, wanted = mark.what.partition(" ")
            if not _holds(machine.config.state / name, wanted):
                yield "a file is lost: a backup"
        if mark.word == "attached" and not _holds(files.path(mark.what), mark.what):
            yield "a file is lost: an attachment"
    yield from _forgotten(machine, files, promised)
    for fact in files.facts():
        if not _holds(files.path(fact.id), fact.id):
            yield "the journal names a file that is not there"


def _forgotten(machine: Machine, files: KioskFiles, promised: Sequence[Mark]) -> Iterator[str]:
    """What the province had said, and the kiosk had kept: how far the feed is applied, the own log acknowledged, files arrived."""
    (seq, _), (inc, _, _) = machine.store.feed_position(), machine.store.current()
    held = {fact.id: fact.held for fact in files.facts()}
    for word, what in ((mark.word, mark.what.split()) for mark in promised):
        if word == "synced" and (seq < int(what[0]) or machine.store.acked(inc) < int(what[1])):
            yield "an exchange is forgotten"
        if word == "held" and held.get(what[0], 0) < int(what[1]):
            yield "the progress of a file is forgotten"
        if word == "complete" and not files.is_complete(what[0]):
            yield "a file is asked for again that is complete"


def _holds(file: Path, digest: str) -> bool:
    return file.exists() and hashlib.sha256(file.read_bytes()).hexdigest() == digest


def _goes_on(machine: Machine, promised: Sequence[Mark]) -> Iterator[str]:
    filed = file_dossier(machine, *sample_session(machine.store.clock.now().date()), SAMPLE_CARD)
    if filed.code in {mark.what for mark in promised if mark.word == "filed"}:
        yield "a provisional code is given twice"
