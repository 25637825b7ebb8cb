"""What one transaction of the province's journal keeps in memory: read as if it were written, and written as it was read."""

from __future__ import annotations

from datetime import date

import pytest

from sync.envelope import Origin
from sync.feed import encode_entry, fields_entry
from sync.ports import Confirmed
from tests.province.conftest import Site
from tests.province.support import UNIT

COMMUNE = "01273"
DOSSIER = Origin(7, 9, 1).dossier_id(9)
DAY = date(2026, 3, 9)


def test_numbers_taken_in_one_transaction_go_on_in_the_next(site: Site) -> None:
    from province.journal import recording

    with recording(1) as journal:
        assert [journal.codes.following(UNIT, DAY)[-4:] for _ in range(2)] == ["0001", "0002"]
    with recording(1) as journal:
        assert journal.codes.following(UNIT, DAY) == f"{UNIT}-260309-0003"
        assert journal.codes.following(UNIT, date(2026, 3, 10))[-4:] == "0001"


def test_a_number_taken_in_a_transaction_that_is_undone_is_given_again(site: Site) -> None:
    from province.journal import recording

    class Undone(Exception):
        pass

    try:
        with recording(1) as journal:
            journal.codes.following(UNIT, DAY)
            journal.flush()
            raise Undone
    except Undone:
        pass
    with recording(1) as journal:
        assert journal.codes.following(UNIT, DAY)[-4:] == "0001"


def test_the_feed_is_read_from_what_waits_as_from_what_is_written(site: Site) -> None:
    from province.journal import recording

    with recording(1) as journal:
        for turn in range(5):
            journal.add_entry(COMMUNE, fields_entry(DOSSIER, {"remark": turn}), None)
        waiting = [journal.feed(COMMUNE, after, 2) for after in range(6)]
        assert [entry.seq for entry in waiting[2]] == [3, 4]
        journal.flush()
        assert [journal.feed(COMMUNE, after, 2) for after in range(6)] == waiting


def test_the_feed_goes_on_from_what_is_written_into_what_waits(site: Site) -> None:
    from province.journal import recording

    with recording(1) as journal:
        for turn in range(4):
            journal.add_entry(COMMUNE, fields_entry(DOSSIER, {"remark": turn}), None)
            if turn == 1:
                journal.flush()
        assert [entry.seq for entry in journal.feed(COMMUNE, 0, 3)] == [1, 2, 3]
        assert [entry.seq for entry in journal.feed(COMMUNE, 1, 10)] == [2, 3, 4]
        assert journal.feed_head_at(COMMUNE, 3) == journal.feed(COMMUNE, 2, 1)[0].head


def test_confirmed_fields_are_told_by_the_lines_that_wrote_them_until_one_gives_way(site: Site) -> None:
    from province.confirmed import Fields, read

    fields = Fields()
    for rev, values in ((3, {"a": "Nông", "b": 1}), (4, {"c": True}), (5, {"a": "Thị"})):
        entry = fields_entry(DOSSIER, values)
        fields.follow(entry, encode_entry(entry), rev, Origin(7, 9, rev) if rev != 4 else None)
    assert fields.write() == '[[3,[7,9,3],{"b":1}],[4,null,{"c":true}],[5,[7,9,5],{"a":"Thị"}]]'
    again = read(fields.write())
    assert dict(again) == dict(fields)
    assert again["a"] == Confirmed("Thị", 5, Origin(7, 9, 5))
    assert again.write() == fields.write()


def test_a_row_of_the_index_comes_back_as_it_was_written(site: Site) -> None:
    from province.index import COLUMNS, read_indexed, write_indexed
    from province.writer import writing

    at = "2026-03-09T08:00:00+07:00"
    (row,) = read_indexed(COMMUNE, [DOSSIER])
    values = {"status": 1, "status_at": at, "applicant": {"name": "Nông  Thị Mẫu"}, "code": "tam-k1-260309-0001A", "key": "ab-cd"}
    for name in values:
        COLUMNS[name](row, values)
    with writing():
        write_indexed([row])
    assert list(read_indexed(COMMUNE, [DOSSIER])) == [row]
    assert (row.name, row.folded, row.code, row.steps) == ("Nông Thị Mẫu", "nong thi mau", "TAM-K1-260309-0001A", {"1": at})


def test_a_code_is_looked_up_alike_as_it_is_printed_and_as_it_is_typed() -> None:
    from province.index import normal_code

    printed = "TAM-K1-260309-0001A"
    assert normal_code(printed) == printed
    assert normal_code(" tam-ki–260309-OOO1a ") == printed


def test_who_reads_sees_one_moment_and_no_writer_waits_for_him(site: Site) -> None:
    from concurrent.futures import ThreadPoolExecutor

    from django.db import connection

    from province.journal import reading, recording

    def write() -> int:
        with recording(1) as journal:
            seq = journal.add_entry(COMMUNE, fields_entry(DOSSIER, {"remark": 2}), None)
        connection.close()
        return seq

    with recording(1) as journal:
        journal.add_entry(COMMUNE, fields_entry(DOSSIER, {"remark": 1}), None)
    with ThreadPoolExecutor(1) as other, reading() as journal:
        assert journal.feed_position(COMMUNE)[0] == 1
        assert other.submit(write).result(timeout=10) == 2
        assert len(journal.feed(COMMUNE, 0, 10)) == 1
    with reading() as journal:
        assert journal.feed_position(COMMUNE)[0] == 2


def test_who_reads_makes_no_snapshot_though_one_is_due(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    from province.journal import reading, recording

    with recording(1) as journal:
        journal.add_entry(COMMUNE, fields_entry(DOSSIER, {"remark": 1}), None)
    monkeypatch.setattr("sync.snapshot.SNAPSHOT_EVERY", 1)
    with reading() as journal:
        assert journal.snapshot(COMMUNE) is None
    with recording(1) as journal:
        assert journal.snapshot(COMMUNE) is not None
