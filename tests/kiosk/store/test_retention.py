"""What leaves a kiosk and what never does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from forms.dossier import Draft
from kiosk.machine import Machine
from kiosk.store import retention
from kiosk.store.retention import Plan, Policy, plan, tidy
from kiosk.usecases import file_dossier
from sync.envelope import ZERO_HEAD
from sync.keys import SODIUM, SealKey
from tests.kiosk.machines import MOTHERS_CARD, PROCEDURE, filled_session, make_machine
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import file_one, proof

POLICY = Policy(days=90, log_days=365)
KEY = SealKey.generate()
SEALER = SODIUM.sealer(KEY.public)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


@pytest.fixture
def province(machine: Machine) -> Province:
    return Province(machine)


def finished(machine: Machine, province: Province) -> str:
    """A dossier that ended on the first day and was acknowledged; a later filing is in the backup."""
    dossier = file_one(machine)
    for job in machine.store.rows("SELECT id FROM print_job"):
        machine.store.set_print_state(job["id"], "printed")
    province.end(dossier)
    province.day(0)
    file_one(machine)
    province.acknowledge()
    province.back_up()
    return dossier


def test_nothing_leaves_before_the_province_has_told_a_day(machine: Machine, province: Province) -> None:
    province.end(file_one(machine))
    province.back_up()
    assert plan(machine.store, POLICY) == Plan()


def test_a_finished_dossier_stays_readable_for_its_days_and_is_sealed_after_them(machine: Machine, province: Province) -> None:
    dossier = finished(machine, province)
    province.day(89)
    assert plan(machine.store, POLICY).closing == ()
    province.day(91)
    assert tidy(machine.store, POLICY, SEALER).closing == (dossier,)
    assert set(machine.store.fields(dossier)) == {"code", "official_code", "procedure", "status", "filed_at"}
    assert proof(machine).ok


def test_what_is_not_in_a_backup_stays_whole(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    province.end(dossier)
    province.day(0)
    province.day(400)
    assert tidy(machine.store, POLICY, SEALER) == Plan()
    assert "applicant" in machine.store.fields(dossier)


def test_a_paper_that_waits_for_the_printer_keeps_its_dossier(machine: Machine, province: Province) -> None:
    dossier = finished(machine, province)
    machine.store.db.execute("UPDATE print_job SET state = 'queued' WHERE d = ?", [dossier])
    province.day(400)
    assert plan(machine.store, POLICY).closing == ()


@pytest.mark.parametrize("state", ["queued", "sending"])
def test_a_paper_that_waits_for_the_printer_keeps_its_content_when_the_province_drops_its_dossier(
    machine: Machine, province: Province, state: str
) -> None:
    dossier = finished(machine, province)
    slips = [row["id"] for row in machine.store.rows("SELECT id FROM print_job WHERE d = ?", [dossier])]
    with machine.store.work("citizen") as work:
        loose, done = (work.queue_print("", "prepared", [{"text": "Nông Thị Mẫu"}]) for _ in range(2))
    machine.store.db.execute("UPDATE print_job SET state = ? WHERE d = ? OR id = ?", [state, dossier, loose])
    machine.store.db.execute("UPDATE print_job SET state = 'uncertain' WHERE id = ?", [done])
    province.tell({"e": "drop", "d": dossier})
    province.day(1)
    province.day(400)
    assert set(plan(machine.store, POLICY).papers) == {done}
    machine.store.db.execute("UPDATE print_job SET state = 'printed'")
    assert {*slips, loose, done} <= set(plan(machine.store, POLICY).papers)


def test_a_late_edit_that_is_in_no_backup_keeps_its_dossier(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    machine.store.db.execute("UPDATE print_job SET state = 'printed'")
    province.end(dossier)
    file_one(machine)
    province.acknowledge()
    inc, safe = machine.store.current()[0], machine.store.acked(machine.store.current()[0])
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "note", {"id": "1", "text": "x"})])
    province.acknowledge()
    province.day(0)
    province.tell({"e": "safe", "dev": 7, "inc": inc, "n": safe, "h": ""})
    machine.store.db.execute("UPDATE milestone SET acked = 0")
    province.day(400)
    made = plan(machine.store, POLICY)
    assert made.feed > 0
    assert made.closing == ()


def test_a_conflict_that_waits_for_a_person_keeps_its_dossier(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    inc = machine.store.current()[0]
    machine.store.db.execute("UPDATE print_job SET state = 'printed'")
    province.tell({"e": "na", "d": dossier, "dev": 7, "inc": inc, "n": 2, "why": "found_other"})
    province.end(dossier)
    province.day(0)
    file_one(machine)
    province.acknowledge()
    province.back_up()
    province.day(400)
    assert plan(machine.store, POLICY).closing == ()


def test_an_edit_of_a_finished_dossier_keeps_it_until_the_edit_is_old_and_safe_too(machine: Machine, province: Province) -> None:
    dossier = finished(machine, province)
    province.day(50)
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "note", {"id": "1", "text": "Ghi chú mẫu"})])
    province.day(100)
    assert plan(machine.store, POLICY).closing == ()
    province.acknowledge()
    province.back_up()
    assert plan(machine.store, POLICY).closing == ()


def test_old_lines_go_in_whole_segments_and_the_chain_goes_on_from_the_kept_head(machine: Machine, province: Province) -> None:
    finished(machine, province)
    inc = machine.store.current()[0]
    head = machine.store.head_at(inc, 2)
    province.day(366)
    made = tidy(machine.store, POLICY, SEALER)
    assert made.lines == 2
    assert (machine.store.base(inc), machine.store.head_at(inc, 2), machine.store.head_at(inc, 1)) == (2, head, None)
    assert [line.n for line in machine.store.lines(inc, 0, 10)] == [3, 4]
    file_one(machine)
    assert proof(machine).ok


def test_the_summary_goes_with_the_lines(machine: Machine, province: Province) -> None:
    dossier = finished(machine, province)
    province.day(91)
    tidy(machine.store, POLICY, SEALER)
    province.day(366)
    assert tidy(machine.store, POLICY, SEALER).summaries == (dossier,)
    assert machine.store.fields(dossier) == {}
    assert proof(machine).ok


def test_the_words_of_the_province_outrank_the_configuration() -> None:
    assert POLICY.pushed({"retention_days": 30, "log_days": 60}) == Policy(30, 60)
    assert POLICY.pushed({"retention_days": 400}) == Policy(400, 400)
    assert POLICY.pushed({"retention_days": 0, "log_days": "x"}) == POLICY
    assert POLICY.pushed(None) == POLICY


def test_a_large_tidying_is_done_in_short_transactions(
    machine: Machine, province: Province, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "AT_ONCE", 1)
    monkeypatch.setattr(retention, "ENTRIES_EACH", 7)
    dossiers = [file_one(machine) for _ in range(3)]
    machine.store.db.execute("UPDATE print_job SET state = 'printed'")
    for dossier in dossiers:
        province.end(dossier)
    province.day(0)
    file_one(machine)
    province.acknowledge()
    province.back_up()
    province.day(400)
    wanted = plan(machine.store, POLICY)
    done = tidy(machine.store, POLICY, SEALER)
    assert sorted(done.closing) == sorted(wanted.closing) == sorted(dossiers)
    assert (done.entries, done.lines, done.feed) == (wanted.entries, wanted.lines, wanted.feed)
    assert tidy(machine.store, POLICY, SEALER) == Plan()
    assert proof(machine).ok


def test_a_plan_changes_nothing(machine: Machine, province: Province) -> None:
    finished(machine, province)
    province.day(400)
    before = machine.store.db.conn.total_changes
    assert plan(machine.store, POLICY) != Plan()
    assert machine.store.db.conn.total_changes == before


def test_a_rebuild_after_the_feed_was_cut_yields_the_same_rows(machine: Machine, province: Province) -> None:
    finished(machine, province)
    province.tell({"e": "f", "d": file_one(machine), "w": {"remark": "1"}})
    province.day(91)
    assert tidy(machine.store, POLICY, SEALER).entries > 0
    before = {table: machine.store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in ("dossier", "field", "incarnation")}
    machine.store.rebuild()
    assert {table: machine.store.rows(f"SELECT * FROM {table} ORDER BY 1, 2") for table in before} == before
    assert machine.store.feed_base()[1] != ZERO_HEAD


class Tidying(RuleBasedStateMachine):
    """Any course of filings, acknowledgements, backups, days and tidyings."""

    def __init__(self) -> None:
        super().__init__()
        from tempfile import mkdtemp

        self.machine = make_machine(Path(mkdtemp()))
        self.province = Province(self.machine)
        self.today = 0
        self.open: set[str] = set()
        self.province.day(0)

    @property
    def store(self) -> Any:
        return self.machine.store

    @rule()
    def file(self) -> None:
        self.open.add(file_dossier(self.machine, PROCEDURE, filled_session(), MOTHERS_CARD).dossier)

    @rule()
    def print(self) -> None:
        job = self.store.next_print_job()
        if job is not None:
            self.store.set_print_state(job.id, "printed")

    @precondition(lambda self: self.open)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        dossier = data.draw(st.sampled_from(sorted(self.open)))
        self.open.discard(dossier)
        self.province.confirm(dossier, status=10)

    @rule()
    def acknowledge(self) -> None:
        self.province.acknowledge()

    @rule()
    def back_up(self) -> None:
        self.province.back_up()

    @rule(days=st.integers(1, 200))
    def wait(self, days: int) -> None:
        self.today += days
        self.province.day(self.today)

    @rule()
    def tidy(self) -> None:
        inc, last, head = self.store.current()
        kept = {line.n: line.body for line in self.store.lines(inc, min(self.store.safe(inc), self.store.acked(inc)), 1000)}
        queued = self.store.rows("SELECT id, content FROM print_job WHERE state = 'queued'")
        tidy(self.store, POLICY, SEALER)
        assert self.store.current() == (inc, last, head)
        assert {line.n: line.body for line in self.store.lines(inc, self.store.base(inc), 1000)}.items() >= kept.items()
        assert self.store.rows("SELECT id, content FROM print_job WHERE state = 'queued'") == queued

    @invariant()
    def nothing_unsafe_is_gone_and_open_dossiers_are_whole(self) -> None:
        inc = self.store.current()[0]
        assert self.store.base(inc) <= min(self.store.safe(inc), self.store.acked(inc))
        for dossier in self.open:
            assert "applicant" in self.store.fields(dossier)

    def teardown(self) -> None:
        assert proof(self.machine).ok
        self.machine.close()


Tidying.TestCase.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True
)
TestTidying = Tidying.TestCase
