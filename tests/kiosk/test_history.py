"""The history of a dossier at the kiosk: every act is told with who did it, and what waits for a person is told last."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from forms.dossier import (
    By,
    Choice,
    Conflict,
    Draft,
    Extension,
    Promise,
    Result,
    Role,
    Situation,
    conflict_of,
    decide,
    edit,
    extend,
    finish,
    note,
    open_conflicts,
)
from kiosk.history import history_vi
from kiosk.machine import Machine
from kiosk.officials import add_official
from kiosk.usecases import accept_dossier, file_dossier
from sync.feed import ack_entry, fields_entry
from tests.kiosk.machines import BIRTH, MOTHERS_CARD, filled_session, load_catalogue, make_machine
from tests.kiosk.store.test_journal import feed_of, proof

NAMES = {"cb1": "Lý Văn Mẫu"}


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return make_machine(tmp_path)


def accepted(machine: Machine) -> str:
    procedure = load_catalogue().shown(BIRTH, machine.store.clock.now().date())
    official = add_official(machine.store, "Cán bộ Mẫu", "135790", "official")
    dossier = file_dossier(machine, procedure, filled_session(), MOTHERS_CARD).dossier
    accept_dossier(machine, dossier, procedure, official, 0)
    return dossier


def do(machine: Machine, dossier: str, act: Callable[[Situation], Sequence[Draft]]) -> None:
    now = Situation(dossier, machine.store.fields(dossier), By(Role.OFFICIAL, "Lý Văn Mẫu"), machine.store.clock.now())
    with machine.store.work("cb1") as work:
        work.append(act(now))


def test_each_act_is_told_with_who_did_it(machine: Machine) -> None:
    dossier = accepted(machine)
    do(machine, dossier, lambda now: note(now, "n1", "gọi lại"))
    do(machine, dossier, lambda now: edit(now, {"remark": "đủ"}))
    do(machine, dossier, lambda now: finish(now, Result("Giấy khai sinh")))
    filed, taken, noted, edited, finished = history_vi(machine.store, dossier, NAMES)
    assert "nộp tại kiosk, mã tạm TAM-" in filed
    assert "Tiếp nhận hồ sơ, hẹn trả 17:00 25/11/2026 – " in taken
    assert noted.endswith(": Ghi chú: gọi lại – Lý Văn Mẫu.")
    assert edited.endswith(": Ghi: Nhận xét – Lý Văn Mẫu.")
    assert finished.endswith(": Đã có kết quả: Giấy khai sinh – Lý Văn Mẫu.")


def test_an_extension_moves_the_due_time_on_the_worklist(machine: Machine) -> None:
    dossier = accepted(machine)
    before = machine.store.rows("SELECT due FROM dossier")[0]["due"]
    later = machine.store.clock.now() + timedelta(days=9)
    confirm(machine, dossier, {"due": (later - timedelta(days=5)).isoformat()})
    do(machine, dossier, lambda now: extend(now, Extension("Chờ", Promise(later, "vn-2026.1"))))
    assert machine.store.rows("SELECT due FROM dossier")[0]["due"] == later.isoformat() != before


def confirm(machine: Machine, dossier: str, sets: Mapping[str, Any], *more: Mapping[str, Any]) -> None:
    """The feed confirms everything this kiosk wrote, with some fields set by somebody else, and tells ``more``."""
    inc, n, head = machine.store.current()
    fields = {**machine.store.fields(dossier), **sets}
    told = [fields_entry(dossier, fields)]
    with machine.store.transaction():
        machine.store.apply_feed(feed_of(*told, *more, ack_entry(7, inc, n, head)))


CF = {"e": "cf", "f": "a.req_phone", "kept": "2", "lost": "1", "dev": 9, "inc": 4, "n": 3, "why": "unseen"}


def with_conflict(machine: Machine) -> tuple[str, Conflict]:
    dossier = accepted(machine)
    sets = {"a.req_phone": "2", "suggest.a.req_phone": {"n": 1, "value": "3"}}
    missed = {"e": "na", "d": dossier, "dev": 9, "inc": 4, "n": 4, "why": "step_from_other_state"}
    confirm(machine, dossier, sets, {**CF, "d": dossier}, missed)
    return dossier, conflict_of(CF)


def test_what_waits_for_an_official_is_told_with_its_reason(machine: Machine) -> None:
    dossier, _ = with_conflict(machine)
    assert history_vi(machine.store, dossier, NAMES)[-3:] == [
        "Có thông tin hai nơi ghi khác nhau: hai bên sửa mà chưa thấy của nhau. Cần cán bộ xem.",
        "Một bước không được áp dụng: hồ sơ không còn ở trạng thái mà bước này bắt đầu. Cần cán bộ xem.",
        "Tỉnh đề nghị sửa thông tin trong tờ khai. Cần cán bộ xem.",
    ]


def test_a_decision_settles_a_conflict_at_once_and_for_good(machine: Machine) -> None:
    dossier, conflict = with_conflict(machine)
    do(machine, dossier, lambda now: decide(now, conflict, Choice.LOST))
    assert machine.store.fields(dossier)["a.req_phone"] == "1"
    assert [row["resolved"] for row in machine.store.rows("SELECT resolved FROM conflict ORDER BY seq")] == [1, 0]
    assert not any("hai nơi ghi khác nhau" in sentence for sentence in history_vi(machine.store, dossier, NAMES))
    assert proof(machine).ok


def test_a_suggestion_is_a_conflict_too_and_can_be_taken(machine: Machine) -> None:
    dossier, _ = with_conflict(machine)
    (wish,) = open_conflicts(machine.store.fields(dossier), [])
    do(machine, dossier, lambda now: decide(now, wish, Choice.LOST))
    assert machine.store.fields(dossier)["a.req_phone"] == "3"


def test_a_kind_of_a_newer_version_is_kept_and_tells_nothing(machine: Machine) -> None:
    dossier = accepted(machine)
    before = history_vi(machine.store, dossier, NAMES)
    with machine.store.work("cb1") as work:
        work.append([Draft(dossier, "zz", {"x": 1})])
    assert history_vi(machine.store, dossier, NAMES) == before
