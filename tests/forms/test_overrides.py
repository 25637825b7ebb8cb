"""What a province or a machine has decided otherwise, by the day of receipt."""

from __future__ import annotations

from datetime import date

import pytest

from forms.procedures.catalogue import load_catalogue
from forms.procedures.overrides import read_overrides
from forms.procedures.sources import from_sources
from forms.xlsform import FormError

TODAY = date(2026, 11, 24)

SHORTER = """
overrides:
  - codes: ["1.001776"]
    from: 2026-12-01
    to: 2026-12-31
    basis_vi: Quyết định mẫu
    change:
      time: {days: 20, text_vi: 20 ngày làm việc}
"""


def test_a_shorter_limit_counts_for_dossiers_received_in_its_days() -> None:
    catalogue = load_catalogue().with_overrides(read_overrides(SHORTER))

    def days(day: date) -> int:
        found = catalogue.on("1.001776", day)
        assert found is not None
        return found.time.days

    received = [date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 31), date(2027, 1, 1)]
    assert [days(day) for day in received] == [22, 20, 20, 22]


def test_what_an_override_does_not_name_stays() -> None:
    changed = load_catalogue().with_overrides(read_overrides(SHORTER)).on("1.001776", date(2026, 12, 1))
    before = load_catalogue().on("1.001776", date(2026, 12, 1))
    assert changed is not None
    assert before is not None
    assert (changed.time.kind, changed.time.text_vi) == ("working_days", "20 ngày làm việc")
    assert (changed.fee, changed.components, changed.form.items) == (before.fee, before.components, before.form.items)


def test_a_machines_own_file_switches_the_back_end() -> None:
    text = """
overrides:
  - codes: ["1.001612"]
    basis_vi: Cấu hình của máy
    change: {routing: {filed_here: false, note_vi: "Bà con làm trên hệ thống riêng."}}
"""
    catalogue = load_catalogue().with_overrides(read_overrides(text))
    tile = catalogue.tile("1.001612", TODAY, frozenset({"text", "date", "select_one", "image", "acknowledge"}))
    assert (tile.available, tile.note_vi) == (False, "Bà con làm trên hệ thống riêng.")


def test_cao_bang_takes_half_for_online_filing_and_has_stages_of_its_own() -> None:
    entry = load_catalogue().shown("2.000286", TODAY)
    assert [(stage.where_vi, stage.days) for stage in entry.time.stages] == [("Cấp xã", 10), ("Cấp tỉnh", 15)]
    assert load_catalogue().shown("2.000635", TODAY).fee.online_share_percent == 50
    assert load_catalogue().shown("1.004222", TODAY).fee.online_share_percent == 100, "the police's fee is not the province's"


def test_before_the_province_decided_the_limit_is_unknown() -> None:
    assert load_catalogue().shown("2.000286", date(2025, 11, 26)).time.kind == "unknown"


def test_another_province_keeps_what_is_published() -> None:
    elsewhere = from_sources(province="02").shown("2.000286", TODAY)
    assert (elsewhere.time.kind, elsewhere.fee.online_share_percent) == ("unknown", 100)


def test_the_later_decision_wins() -> None:
    text = SHORTER + SHORTER.replace("overrides:\n", "").replace("days: 20", "days: 18")
    found = load_catalogue().with_overrides(read_overrides(text)).on("1.001776", date(2026, 12, 1))
    assert found is not None
    assert found.time.days == 18


def test_a_decision_that_makes_a_procedure_unsound_is_refused() -> None:
    wrong = read_overrides(SHORTER.replace("days: 20", "rule: soon"))
    with pytest.raises(FormError):
        load_catalogue().with_overrides(wrong)


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("basis_vi: Quyết định mẫu", "basis_vi: ''", (6, "basis_vi", "missing")),
        ("from: 2026-12-01", "from: mai", (4, "from", "date")),
        ('codes: ["1.001776"]', "codes: 1.001776", (3, "codes", "codes")),
        ("time: {days: 20, text_vi: 20 ngày làm việc}", "name_vi: Tên khác", (7, "change", "key")),
        ("change:\n      time: {days: 20, text_vi: 20 ngày làm việc}", "change: {}", (7, "change", "missing")),
    ],
)
def test_a_wrong_file_is_told_with_line_and_key(old: str, new: str, fault: tuple[int, str, str]) -> None:
    assert old in SHORTER
    with pytest.raises(FormError) as caught:
        read_overrides(SHORTER.replace(old, new))
    assert [(one.row, one.column, one.rule) for one in caught.value.faults] == [fault]


@pytest.mark.parametrize("text", ["overrides: no", "other: 1", "overrides: [x]"])
def test_what_is_no_list_of_decisions_is_refused(text: str) -> None:
    with pytest.raises(FormError):
        read_overrides(text)
