"""Write-only after the end: what a kiosk still knows, shows and can prove of a sealed dossier, and what it can no longer read."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.dossier import Draft
from kiosk.history import history_vi
from kiosk.machine import Machine
from kiosk.stick import cargo_of
from kiosk.store.retention import tidy
from kiosk.store.sealing import kept_segments
from sync.envelope import decode
from sync.intake import ProvinceKeys, take_segments
from sync.keys import SigningKey
from sync.ports import DeviceRecord
from sync.segment import parse
from sync.simulator.memory import CountingMerge, MemoryProvince
from tests.kiosk.machines import make_machine
from tests.kiosk.store.pages import plain_pages
from tests.kiosk.store.province import Province
from tests.kiosk.store.test_journal import file_one, proof
from tests.kiosk.store.test_retention import KEY, POLICY, SEALER, finished

PERSONAL = ("Nông Văn Thử", "NÔNG THỊ MẪU", "nong van thu", "nong thi mau", "004190000001")
"""Of the invented child and mother of every filing here."""


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


@pytest.fixture
def province(machine: Machine) -> Province:
    return Province(machine)


def sealed(machine: Machine, province: Province) -> str:
    """One dossier that was sealed; nothing else tells of its people."""
    dossier = finished(machine, province)
    province.day(91)
    tidy(machine.store, POLICY, SEALER)
    return dossier


def test_no_page_of_the_file_or_its_wal_holds_a_name_any_more(machine: Machine, province: Province) -> None:
    for dossier in (file_one(machine), file_one(machine)):
        province.end(dossier)
    machine.store.db.execute("UPDATE print_job SET state = 'printed'")
    province.day(1)
    with machine.store.work("kiosk") as work:
        work.append([Draft("", "sys", {})])
    province.acknowledge()
    province.back_up()
    key = machine.keyring.store
    text = b"".join(plain_pages(machine.store.path, key))
    assert all(word.encode() in text for word in PERSONAL)
    province.day(92)
    assert len(tidy(machine.store, POLICY, SEALER).closing) == 2
    text = b"".join(plain_pages(machine.store.path, key))
    assert [word for word in PERSONAL if word.encode() in text] == []
    assert b"CREATE TABLE" in text


def test_code_dates_and_acknowledgement_stay_to_be_shown_and_the_code_to_be_found(machine: Machine, province: Province) -> None:
    dossier = sealed(machine, province)
    row = machine.store.rows("SELECT * FROM dossier WHERE d = ?", [dossier])[0]
    assert (row["name"], row["pending"], row["official_code"]) == ("", 0, "H14.99-261125-0001")
    assert row["filed_at"] == "2026-11-25T08:15:00+07:00"
    assert machine.store.search("H14.99-261125-0001", 5) == [dossier]
    assert dossier not in machine.store.search("nong thi mau", 5)


def test_its_history_says_that_it_is_sealed(machine: Machine, province: Province) -> None:
    dossier = sealed(machine, province)
    assert any("niêm phong" in line for line in history_vi(machine.store, dossier, {}))


def test_the_chain_is_proved_through_sealed_lines_and_a_damaged_head_is_named(machine: Machine, province: Province) -> None:
    sealed(machine, province)
    report = proof(machine)
    assert (report.ok, report.sealed, report.events) == (True, 2, 4)
    machine.store.db.execute("UPDATE log SET head = zeroblob(32) WHERE n = 2")
    assert proof(machine).findings[0].where.startswith("segment")


def test_a_summary_outlives_a_new_beginning_of_the_feed(machine: Machine, province: Province) -> None:
    dossier = sealed(machine, province)
    before = machine.store.fields(dossier)
    with machine.store.transaction():
        machine.store.reset_feed(2)
    assert machine.store.fields(dossier) == before
    assert machine.store.waiting() == 2
    assert [one.events for one in machine.store.outbox()] == [2]
    assert proof(machine).ok


def test_what_was_sealed_lies_below_the_base_of_what_can_be_sent(machine: Machine, province: Province) -> None:
    sealed(machine, province)
    inc = machine.store.current()[0]
    assert machine.store.base(inc) == 2
    assert [line.n for line in machine.store.lines(inc, 0, 10)] == [3, 4]
    assert machine.store.head_at(inc, 1) is not None


def test_nothing_sealed_travels_while_the_province_has_it(machine: Machine, province: Province) -> None:
    sealed(machine, province)
    assert list(kept_segments(machine.store, SEALER)) == []


def test_a_province_that_lost_everything_takes_sealed_lines_as_any_stick_brings_them(machine: Machine, province: Province) -> None:
    dossier = sealed(machine, province)
    with machine.store.transaction():
        machine.store.reset_feed(2)
    identity, inc = machine.store.identity_or_raise(), machine.store.current()[0]
    restored = MemoryProvince()
    restored.devices[identity.device] = DeviceRecord(identity.device, identity.commune, identity.signing.public, b"")
    keys = ProvinceKeys(SigningKey.generate(), KEY)
    taken = take_segments(identity.device, kept_segments(machine.store, SEALER), restored, CountingMerge(), keys, received_ms=1)
    assert (taken.held, taken.refused) == ({inc: 2}, ())
    events = [decode(line.body) for line in restored.state.logs[identity.device, inc]]
    assert [event.dossier for event in events] == [dossier, dossier]
    assert "004190000001" in str(events[1].content)
    carried = [parse(segment) for segment in cargo_of(machine).segments]
    assert [(part.first, part.count) for part in carried] == [(1, 1), (2, 1), (3, 2)]


def test_a_dropped_dossier_of_another_machine_leaves_whole_and_an_own_one_keeps_its_summary(
    machine: Machine, province: Province
) -> None:
    own, foreign = file_one(machine), "9-1-1"
    province.tell({"e": "f", "d": foreign, "w": {"subject": "Nông Văn Thử"}})
    province.acknowledge()
    province.tell({"e": "drop", "d": own}, {"e": "drop", "d": foreign})
    assert machine.store.fields(foreign) == {}
    assert "code" in machine.store.fields(own)
    assert "applicant" not in machine.store.fields(own)
    before = machine.store.rows("SELECT * FROM dossier")
    machine.store.rebuild()
    assert machine.store.rows("SELECT * FROM dossier") == before


def test_a_dropped_dossier_is_sealed_as_soon_as_it_is_safe(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    province.acknowledge()
    province.tell({"e": "drop", "d": dossier})
    province.day(0)
    assert tidy(machine.store, POLICY, SEALER).sealing == ()
    province.back_up()
    assert tidy(machine.store, POLICY, SEALER).sealing == (dossier,)
    assert proof(machine).sealed == 2


def test_what_is_written_on_a_sealed_dossier_is_sealed_in_its_turn(machine: Machine, province: Province) -> None:
    dossier = sealed(machine, province)
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "note", {"id": "1", "text": "Người nhà hỏi"})])
    assert tidy(machine.store, POLICY, SEALER).sealing == ()
    province.acknowledge()
    province.back_up()
    assert tidy(machine.store, POLICY, SEALER).sealing == (dossier,)
    assert proof(machine).sealed == 3


def test_a_drop_waits_for_what_is_not_acknowledged(machine: Machine, province: Province) -> None:
    dossier = file_one(machine)
    province.confirm(dossier)
    province.tell({"e": "drop", "d": dossier})
    assert "applicant" in machine.store.fields(dossier)
    inc = machine.store.current()[0]
    province.tell({"e": "ack", "dev": 7, "inc": inc, "n": 2, "h": machine.store.last(inc)[1][:8].hex()})
    assert "applicant" not in machine.store.fields(dossier)


def test_every_line_that_tells_of_a_person_holds_random_bits(machine: Machine) -> None:
    file_one(machine)
    inc = machine.store.current()[0]
    created, answered = (decode(line.body) for line in machine.store.lines(inc, 0, 10))
    assert len(created.content["key"]) >= 16
    assert len(answered.extra["z"]) == 11
