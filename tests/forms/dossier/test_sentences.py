"""The history in words: each kind of event is one sentence, and no content breaks it."""

from __future__ import annotations

import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.dossier import (
    ACTS,
    Choice,
    Conflict,
    Draft,
    Duties,
    Fee,
    FeeState,
    Promise,
    Result,
    Situation,
    Status,
    accept,
    ask_duties,
    ask_supplement,
    close_unanswered,
    correct,
    decide,
    duties_done,
    extend,
    finish,
    hand_over,
    note,
    receive_fee,
    refuse,
    remove,
    start,
    stop,
    supplement,
    transfer,
    withdraw,
)
from forms.dossier.sentences import FIELD_NAMES, WHY_VI, act_vi
from tests.forms.dossier.acts import CAME, COLLECTOR, DUE, EXTENSION, NOTICE, OFFICIAL, RECEIPT, REQUEST, accepted, filed, hours, on


def label(name: str) -> str:
    return f"<{name}>"


def now(status: int, **fields: Any) -> Situation:
    return on({**accepted(), "status": status, **fields}, OFFICIAL, hours(1))


CLAIM = Fee("f1", 8_000, "Lệ phí", "transfer", FeeState.CLAIMED)
ASKED = {"supplement.until": DUE.isoformat()}
SAID: list[tuple[Draft, str]] = [
    (accept(on(filed()), RECEIPT)[0], "Tiếp nhận hồ sơ, hẹn trả 17:00 26/11/2026."),
    (refuse(on(filed()), "Không thuộc thẩm quyền.")[0], "Từ chối tiếp nhận. Lý do: Không thuộc thẩm quyền."),
    (
        ask_supplement(now(2), REQUEST)[0],
        "Yêu cầu bổ sung: Giấy chứng nhận kết hôn. Lý do: Thiếu giấy tờ về hôn nhân.",
    ),
    (supplement(now(5), CAME)[0], "Nhận giấy tờ bổ sung: Giấy chứng nhận kết hôn, hẹn trả 17:00 27/11/2026."),
    (start(now(2))[0], "Bắt đầu giải quyết."),
    (transfer(now(2), "01279")[0], "Chuyển hồ sơ đến đơn vị 01279."),
    (ask_duties(now(4), Duties("Lệ phí trước bạ"))[0], "Yêu cầu nộp tiền: Lệ phí trước bạ. Tạm dừng tính thời gian."),
    (duties_done(now(6), Promise(DUE, "vn-2026.1"))[0], "Đã nộp tiền theo thông báo, hẹn trả 17:00 26/11/2026."),
    (extend(now(2), EXTENSION)[0], "Xin lỗi và hẹn lại, hẹn trả 17:00 03/12/2026. Lý do: Chờ xác minh."),
    (withdraw(now(2), NOTICE)[0], "Người nộp rút hồ sơ. Lý do: Gia đình xin rút."),
    (stop(now(2), NOTICE)[0], "Dừng giải quyết. Lý do: Gia đình xin rút."),
    (
        close_unanswered(on({**now(5).fields, **ASKED}, at=hours(999)), NOTICE)[0],
        "Đóng hồ sơ vì hết hạn mà không bổ sung. Lý do: Gia đình xin rút.",
    ),
    (finish(now(4), Result("Giấy khai sinh"))[0], "Đã có kết quả: Giấy khai sinh."),
    (hand_over(now(Status.DONE), COLLECTOR)[0], "Trả kết quả cho Nông Thị Mẫu."),
    (note(now(2), "n1", "đã gọi")[0], "Ghi chú: đã gọi"),
    (receive_fee(now(2), Fee("f1", 1_250_000, "Lệ phí"))[0], "Nhận 1.250.000 đồng: Lệ phí."),
    (
        receive_fee(now(2), CLAIM)[0],
        "Người dân báo đã chuyển 8.000 đồng: Lệ phí.",
    ),
    (remove(now(2, **{"note.n1": "x"}), "note.n1", "Nhầm")[0], "Gỡ một mục đã ghi. Lý do: Nhầm."),
    (correct(now(2), "channel", 3, "Gõ nhầm")[0], "Đính chính «<channel>». Lý do: Gõ nhầm."),
    (decide(now(2), Conflict("7-1-3:a.x", "a.x", None, 2), Choice.KEPT)[0], "Giữ giá trị đang có của «<a.x>»."),
    (decide(now(2), Conflict("7-1-3:a.x", "a.x", None, 2), Choice.LOST)[0], "Lấy giá trị kia của «<a.x>»."),
    (decide(now(2), Conflict("7-1-3"), Choice.KEPT)[0], "Đã xem bước không được áp dụng."),
]


@pytest.mark.parametrize(("draft", "said"), SAID, ids=[said for _, said in SAID])
def test_each_act_is_one_sentence(draft: Draft, said: str) -> None:
    assert act_vi(draft.kind, draft.content, label) == said


def test_every_act_that_changes_a_status_has_its_sentence() -> None:
    told = {draft.content.get("act") for draft, _ in SAID if draft.kind == "st"}
    assert told == set(ACTS) - {"edit", "correct", "decide", "note", "fee", "remove"}


def test_a_step_of_version_1_names_both_states() -> None:
    assert act_vi("st", {"from": 1, "to": 2}, label) == "Chuyển từ «Mới đăng ký» sang «Được tiếp nhận»."


def test_up_to_three_fields_are_named_and_more_are_counted() -> None:
    assert act_vi("f", {"remark": 1, "a.x": 1, "a.y": 1}, label) == "Ghi: <remark>, <a.x>, <a.y>."
    assert act_vi("f", {f"a.{n}": 1 for n in range(4)}, label) == "Điền tờ khai: 4 câu trả lời."


def test_a_kind_of_a_newer_version_has_no_sentence() -> None:
    assert act_vi("zz", {}, label) == ""


def test_every_text_is_nfc() -> None:
    for text in (*FIELD_NAMES.values(), *WHY_VI.values()):
        assert unicodedata.is_normalized("NFC", text)


_any = st.recursive(st.none() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2), max_leaves=3)
_kinds = st.sampled_from(["new", "f", "st", "note", "fee", "rm", "cor", "dec"])
_names = st.sampled_from(["act", "from", "to", "set", "id", "text", "of", "field", "amount_vnd", "choice", "why"])
_set = st.dictionaries(st.sampled_from(["due", "supplement.items", "handover.to", "resolving", "stop.reason_vi"]), _any)


@given(_kinds, st.dictionaries(_names, _any), _set, st.sampled_from([*ACTS]))
def test_no_content_breaks_a_sentence(kind: str, content: dict[str, Any], told: dict[str, Any], act: str) -> None:
    assert isinstance(act_vi(kind, content, label), str)
    assert isinstance(act_vi(kind, {**content, "act": act, "from": 1, "to": 2, "set": told}, label), str)


def test_a_time_at_the_edge_of_the_calendar_is_left_out() -> None:
    edge = {"act": "accept", "from": 1, "to": 2, "set": {"due": "0001-01-01T00:00:00+14:00"}}
    assert act_vi("st", edge, label) == "Tiếp nhận hồ sơ."
