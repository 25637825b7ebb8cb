"""The lawful life of a dossier as data: the national status codes, the steps between them, and the acts of people.

A status changes only by an act of :data:`ACTS`. The table says from where an act may leave, where it may lead, who may do it, which
fields go with it and whether it may happen once only; commands refuse by it before anything is written, and the fold refuses by it
again, so that no event of any origin leads to an unlawful state. Codes: dossier_status.json (transitions proposed from the law);
acts: VIETNAM 2.4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final


class Status:
    """National status codes (mã trạng thái hồ sơ)."""

    NEW: Final = 1
    ACCEPTED: Final = 2
    REFUSED: Final = 3
    PROCESSING: Final = 4
    SUPPLEMENT: Final = 5
    PAYMENT: Final = 6
    WITHDRAWN: Final = 7
    STOPPED: Final = 8
    DONE: Final = 9
    RETURNED: Final = 10


STATUS_NAMES: Final[Mapping[int, str]] = {
    1: "Mới đăng ký",
    2: "Được tiếp nhận",
    3: "Không được tiếp nhận",
    4: "Đang xử lý",
    5: "Yêu cầu bổ sung giấy tờ",
    6: "Yêu cầu thực hiện nghĩa vụ tài chính",
    7: "Công dân yêu cầu rút hồ sơ",
    8: "Dừng xử lý",
    9: "Đã xử lý xong",
    10: "Đã trả kết quả",
}

TRANSITIONS: Final[Mapping[int, frozenset[int]]] = {
    1: frozenset({2, 3, 5, 7}),
    2: frozenset({4, 5, 6, 7, 8, 9}),
    3: frozenset(),
    4: frozenset({5, 6, 7, 8, 9}),
    5: frozenset({2, 4, 7, 8}),
    6: frozenset({2, 4, 7, 8}),
    7: frozenset(),
    8: frozenset(),
    9: frozenset({10}),
    10: frozenset(),
}

PAUSED: Final = frozenset({Status.SUPPLEMENT, Status.PAYMENT})
"""The clock stands while the office waits for the citizen; never while a machine is off line."""


class Role(StrEnum):
    """Who acts: the citizen (công dân), an official of the commune (cán bộ), the province or the body that resolves there."""

    CITIZEN = "citizen"
    OFFICIAL = "official"
    PROVINCE = "province"


@dataclass(frozen=True, slots=True)
class Act:
    """One act. ``to`` empty: the status stays. ``sets``: fields written with it; a name that ends in a dot is a prefix."""

    name_vi: str
    leaves: frozenset[int]
    to: frozenset[int]
    who: frozenset[Role]
    sets: tuple[str, ...] = ()
    wrong_state: str = "wrong_state"
    """Code of the refusal in any other state."""
    once: str = ""
    """A field that this act writes and whose presence forbids it."""
    twice: str = ""
    """Code of the refusal then."""
    resolver: bool = False
    """After intake only the resolving unit may, which is the commune itself unless the dossier was handed on."""


_OFFICE: Final = frozenset({Role.OFFICIAL, Role.PROVINCE})
_ANYBODY: Final = frozenset(Role)
_ANY: Final = frozenset(STATUS_NAMES)
_OPEN: Final = frozenset({2, 4})
_BEFORE_DECISION: Final = frozenset({1, 2, 4, 5, 6})
_STAYS: Final[frozenset[int]] = frozenset()


def _to(*status: int) -> frozenset[int]:
    return frozenset(status)


ACTS: Final[Mapping[str, Act]] = {
    "accept": Act(
        "tiếp nhận",
        _to(1, 5),
        _to(2),
        _OFFICE,
        sets=("receipt.", "due", "calendar"),
        wrong_state="not_new",
        once="receipt.received_at",
        twice="not_new",
    ),
    "refuse": Act("từ chối tiếp nhận", _to(1), _to(3), _OFFICE, sets=("refusal.",), wrong_state="not_new"),
    "ask_supplement": Act(
        "yêu cầu bổ sung",
        _to(1, 2, 4),
        _to(5),
        _OFFICE,
        sets=("supplement.",),
        once="supplement.asked_at",
        twice="supplement_twice",
        resolver=True,
    ),
    "supplement": Act("nhận bổ sung", _to(5), _to(2, 4), _OFFICE, sets=("supplement.", "due", "calendar")),
    "start": Act("chuyển xử lý", _to(2), _to(4), _OFFICE, resolver=True),
    "transfer": Act("chuyển đơn vị giải quyết", _OPEN, _STAYS, _OFFICE, sets=("resolving",), resolver=True),
    "ask_duties": Act("yêu cầu nộp tiền", _OPEN, _to(6), _OFFICE, sets=("duties.",), resolver=True),
    "duties_done": Act("ghi nhận đã nộp tiền", _to(6), _to(2, 4), _OFFICE, sets=("duties.", "due", "calendar")),
    "extend": Act(
        "gia hạn",
        _OPEN,
        _STAYS,
        _OFFICE,
        sets=("extension.", "due", "calendar"),
        once="extension.asked_at",
        twice="extension_twice",
        resolver=True,
    ),
    "withdraw": Act("rút", _BEFORE_DECISION, _to(7), _ANYBODY, sets=("stop.",), wrong_state="withdraw_late"),
    "stop": Act("dừng giải quyết", _to(2, 4, 5, 6), _to(8), _OFFICE, sets=("stop.",), resolver=True),
    "close_unanswered": Act("đóng", _to(5), _to(8), _OFFICE, sets=("stop.",)),
    "finish": Act("ghi kết quả", _OPEN, _to(9), _OFFICE, sets=("result.",), resolver=True),
    "hand_over": Act("trả kết quả", _to(9), _to(10), _OFFICE, sets=("handover.",), wrong_state="no_result"),
    "edit": Act("sửa thông tin", _ANY, _STAYS, _OFFICE),
    "correct": Act("đính chính", _BEFORE_DECISION, _STAYS, _OFFICE),
    "decide": Act("quyết định chỗ khác nhau", _ANY, _STAYS, _OFFICE),
    "note": Act("ghi chú", _ANY, _STAYS, _OFFICE),
    "fee": Act("ghi tiền", _to(1, 2, 4, 5, 6, 9, 10), _STAYS, _ANYBODY),
    "remove": Act("gỡ mục đã ghi", _ANY, _STAYS, _OFFICE),
}
