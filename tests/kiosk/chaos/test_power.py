"""What a disk may hold after a power cut, and that the judge of a cut sees what is missing."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from kiosk.attachments import attach
from kiosk.chaos.photo import photo, photographed
from kiosk.chaos.power.far_end import FarEnd
from kiosk.chaos.power.platter import SECTOR, Cut, Flush, Mark, Platter, Write, all_cuts, encode, promised, random_cuts, read_log
from kiosk.chaos.power.verdict import judge_state
from kiosk.chaos.power.workload import SETS, Line
from kiosk.demo.alone import enrolled_alone
from kiosk.usecases import file_dossier
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, ToldClock, filled_session

BLOCK = 4 * SECTOR
OLD, NEW, NEWER = b"o" * BLOCK, b"n" * BLOCK, b"x" * BLOCK
LOG = (Write(0, NEW), Flush(), Mark("filed", "A"), Write(BLOCK, NEWER), Write(2 * BLOCK, NEWER), Mark("filed", "B"), Flush())


def held(cut: Cut) -> bytes:
    return bytes(Platter(OLD * 3, LOG).after(cut))


def test_what_was_flushed_is_there_whatever_becomes_of_the_rest() -> None:
    assert held(Cut(3, "none", 0)) == NEW + OLD + OLD
    assert held(Cut(6, "none", 0)) == NEW + OLD + OLD, "a promise is no flush"


def test_what_was_not_flushed_may_be_there_too() -> None:
    assert held(Cut(5, "all", 0)) == NEW + NEWER + NEWER
    assert held(Cut(4, "all", 0)) == NEW + NEWER + OLD


def test_before_the_first_flush_nothing_is_certain() -> None:
    assert held(Cut(1, "none", 0)) == OLD * 3


def test_unflushed_writes_survive_alone_in_any_order_and_are_torn_by_whole_sectors() -> None:
    ends = {held(Cut(5, "some", seed)) for seed in range(200)}
    assert NEW + OLD + NEWER in ends
    torn = [end for end in ends if end[BLOCK : 2 * BLOCK] not in (OLD, NEWER)]
    assert torn
    for end in torn:
        sectors = [end[at : at + SECTOR] for at in range(BLOCK, 2 * BLOCK, SECTOR)]
        assert set(sectors) == {OLD[:SECTOR], NEWER[:SECTOR]}


def test_a_platter_moves_on_from_cut_to_cut_without_remembering_what_a_cut_tore() -> None:
    platter = Platter(OLD * 3, LOG)
    platter.after(Cut(5, "all", 0))
    assert bytes(platter.after(Cut(5, "none", 0))) == NEW + OLD + OLD
    assert bytes(platter.after(Cut(7, "none", 0))) == NEW + NEWER + NEWER


def test_a_promise_counts_only_when_it_was_said_before_the_cut() -> None:
    assert [mark.what for mark in promised(LOG, Cut(2, "all", 0))] == []
    assert [mark.what for mark in promised(LOG, Cut(5, "all", 0))] == ["A"]
    assert [mark.what for mark in promised(LOG, Cut(6, "all", 0))] == ["A", "B"]


def test_all_cuts_are_every_write_and_flush_with_each_fate() -> None:
    cuts = all_cuts(LOG, 2, 6, torn=1)
    assert sorted({cut.at for cut in cuts}) == [3, 4, 6]
    assert [cut.fate for cut in cuts if cut.at == 4] == ["all", "none", "some"]


def test_random_cuts_are_the_same_for_the_same_seed_and_come_in_order() -> None:
    cuts = random_cuts(LOG, 1, 50, 7)
    assert cuts == random_cuts(LOG, 1, 50, 7)
    assert [cut.at for cut in cuts] == sorted(cut.at for cut in cuts)
    assert cuts != random_cuts(LOG, 1, 50, 8)


def test_a_log_is_read_as_it_was_written(tmp_path: Path) -> None:
    file = tmp_path / "log"
    file.write_bytes(b"".join(encode(entry) for entry in LOG))
    assert read_log(file) == list(LOG)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """A kiosk that has filed once; its code stands in ``code``."""
    machine = enrolled_alone(tmp_path / "state", clock=ToldClock(), sets=SETS)
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    machine.store.set_print_state(filed.job, "sending")
    (tmp_path / "code").write_text(filed.code)
    (tmp_path / "job").write_text(str(filed.job))
    machine.close()
    return tmp_path / "state"


def test_a_store_that_kept_its_promises_is_judged_sound(state: Path) -> None:
    code, job = ((state.parent / name).read_text() for name in ("code", "job"))
    assert judge_state(state, [Mark("filed", code), Mark("sending", job)]) == []


def test_a_lost_code_a_paper_that_may_print_twice_and_a_lost_file_are_found(state: Path) -> None:
    job = (state.parent / "job").read_text()
    said = [Mark("filed", "TAM-7-261125-0099X"), Mark("printed", job), Mark("backup", f"copy.db {'0' * 64}")]
    assert judge_state(state, [*said, Mark("attached", "1" * 64)]) == [
        "0 dossiers of a promised code",
        "a paper that was printed is sending",
        "a file is lost: a backup",
        "a file is lost: an attachment",
    ]


def test_an_exchange_and_the_progress_of_a_file_that_are_forgotten_are_found(state: Path) -> None:
    said = [Mark("synced", "1 0"), Mark("held", f"{'1' * 64} 1024"), Mark("complete", "1" * 64)]
    assert judge_state(state, said) == [
        "an exchange is forgotten",
        "the progress of a file is forgotten",
        "a file is asked for again that is complete",
    ]


def test_the_line_of_the_workload_promises_what_the_store_has_kept(tmp_path: Path) -> None:
    far, said = FarEnd(), list[Mark]()
    machine = enrolled_alone(tmp_path / "state", clock=ToldClock(), sets=SETS, province=far.public)
    far.enrol(machine)
    filed = file_dossier(machine, PROCEDURE, filled_session(), MOTHERS_CARD)
    attach(machine, filed.dossier, photographed(PROCEDURE), photo(random.Random(1)))
    line = Line(machine, far, lambda word, what: said.append(Mark(word, what)))
    for _ in range(8):
        line.exchange()
        line.send(random.Random(len(said)))
    machine.close()
    assert {mark.word for mark in said} == {"synced", "held", "complete"}
    assert judge_state(tmp_path / "state", said) == []


def test_a_store_cut_in_half_is_found(state: Path) -> None:
    database = state / "kiosk.db"
    data = bytearray(database.read_bytes())
    dice = random.Random(1)
    data[len(data) // 2 :] = dice.randbytes(len(data) - len(data) // 2)
    database.write_bytes(data)
    assert judge_state(state, []) != []
