"""An invented dossier and the acts of invented people, for the tests of the dossier's life."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from forms.dossier import (
    By,
    ClockRule,
    Collector,
    Draft,
    Extension,
    Fields,
    Filing,
    Person,
    Persons,
    Promise,
    Proof,
    Receipt,
    Role,
    Situation,
    StopNotice,
    Supplement,
    SupplementRequest,
    accept,
    file,
    fold,
)

AT = datetime.fromisoformat("2026-11-23T08:30:00+07:00")
DUE = datetime.fromisoformat("2026-11-26T17:00:00+07:00")
MOTHER = Person("Nông Thị Mẫu", number="004190000001", phone="+84912000001", by="chip")
OFFICIAL = By(Role.OFFICIAL, "Lý Văn Mẫu")
PROVINCE = By(Role.PROVINCE, "Sở Tư pháp")
CITIZEN = By(Role.CITIZEN)
RECEIPT = Receipt(Promise(DUE, "vn-2026.1", "3 ngày làm việc"), ["Giấy chứng sinh (bản chính, 1)"])
REQUEST = SupplementRequest(["Giấy chứng nhận kết hôn"], "Thiếu giấy tờ về hôn nhân", AT + timedelta(days=21))
CAME = Supplement(["Giấy chứng nhận kết hôn"], Promise(DUE + timedelta(days=1), "vn-2026.1"), ClockRule.SUBTRACT)
EXTENSION = Extension("Chờ xác minh", Promise(DUE + timedelta(days=7), "vn-2026.1"))
NOTICE = StopNotice("Gia đình xin rút", ["Giấy chứng sinh"])
COLLECTOR = Collector(MOTHER, Proof.RECEIPT)


def filing(persons: Persons | None = None, **told: Any) -> Filing:
    return Filing(
        procedure="1.001193",
        form="2026112401",
        code="TAM-K01-261123-00013",
        key="000820c20a1g7",
        unit="01290",
        persons=persons or Persons(MOTHER),
        subject="Nông Văn Bé",
        answers={"child_name": "Nông Văn Bé", "copy_count": 2},
        **told,
    )


def filed(**told: Any) -> Fields:
    return fold(file("d1", filing(**told), AT.isoformat()))


def on(fields: Fields, by: By = OFFICIAL, at: datetime = AT) -> Situation:
    return Situation("d1", fields, by, at)


def after(fields: Fields, drafts: Sequence[Draft]) -> Fields:
    return fold(drafts, fields)


def accepted(**told: Any) -> Fields:
    fields = filed(**told)
    return after(fields, accept(on(fields), RECEIPT))


def hours(count: float) -> datetime:
    return AT + timedelta(hours=count)
