"""The office as the simulator needs it: the real merge and fold of ``forms.dossier``, and people who use its commands.

Officials and citizens act on a dossier as their kiosk shows it, the province's people on the confirmed one. One act in six is
unlawful as a faulty or altered program would write it: a step from another state, a role that is not theirs, a field that belongs
to others, a content nobody expected. Times inside contents come from the schedule, not from the machine's clock.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, Final

from forms.dossier import (
    By,
    Choice,
    ClockRule,
    Collector,
    DossierError,
    Draft,
    Duties,
    Extension,
    Fee,
    FeeState,
    Filing,
    Person,
    Persons,
    Promise,
    Proof,
    Receipt,
    Result,
    Role,
    Situation,
    Status,
    StopNotice,
    Supplement,
    SupplementRequest,
    accept,
    ask_duties,
    ask_supplement,
    change,
    correct,
    decide,
    duties_done,
    edit,
    entries,
    extend,
    field_class,
    file,
    finish,
    hand_over,
    note,
    open_conflicts,
    outcome,
    receive_fee,
    refuse,
    remove,
    start,
    stop,
    supplement,
    transfer,
    withdraw,
)
from forms.dossier.merge import Known, Writing, merge
from sync.envelope import Event, Origin
from sync.ports import Confirmed, Effect
from sync.simulator.meaning import Acts, Entry, Shown

AT: Final = datetime.fromisoformat("2026-11-23T08:30:00+07:00")
END: Final = frozenset({Status.REFUSED, Status.WITHDRAWN, Status.STOPPED, Status.RETURNED})
Act = Callable[[Situation, random.Random, int], Sequence[Draft]]


class Office:
    """Fills :class:`sync.simulator.meaning.Meaning` with the product's own rules."""

    def merge(self, confirmed: Mapping[str, Confirmed], event: Event, origin: Origin, received_ms: int) -> Effect:
        if event.kind == "boom":
            raise ValueError("a merge that was never meant for this content")
        writing = Writing(origin.device, origin.incarnation, origin.n, event.dossier, event.kind, event.content, event.base)
        return Effect(merge(_known(confirmed), writing))

    def fold(self, fields: Mapping[str, Any], event: Event, origin: Origin) -> Mapping[str, Any]:
        return outcome(fields, change(event.kind, event.content)).writes

    def at_counter(self, rng: random.Random, shown: Shown, serial: int) -> Acts:
        if not shown.fields:
            return _acts(file("", _filing(rng, serial), _moment(serial).isoformat()))
        by = By(Role.CITIZEN) if rng.random() < 0.15 else By(Role.OFFICIAL, "Lý Văn Mẫu")
        if rng.random() < 0.17:
            return _acts((_unlawful(shown.fields, rng, serial),))
        on = Situation("", shown.fields, by, _moment(serial))
        waiting = open_conflicts(shown.fields, shown.conflicts)
        if waiting and rng.random() < 0.3:
            try:
                return _acts(decide(on, rng.choice(waiting), rng.choice(list(Choice))))
            except DossierError:
                pass
        return _acts(_lawful(on, rng, serial))

    def at_province(self, rng: random.Random, dossier: str, confirmed: Mapping[str, Confirmed], serial: int) -> Sequence[Entry]:
        fields = {name: known.value for name, known in confirmed.items()}
        on = Situation(dossier, fields, By(Role.PROVINCE, "Sở Tư pháp"), _moment(serial))
        drafts = (
            _lawful(on, rng, serial)
            if rng.random() < 0.7
            else (Draft(dossier, "f", {"province_due": _moment(serial + 900).isoformat()}),)
        )
        told: list[Entry] = []
        for draft in drafts:
            told += merge(_known(confirmed), Writing(None, 0, 0, dossier, draft.kind, draft.content, 0))
        return told

    def owner(self, field: str) -> str:
        return field_class(field).value

    def closed(self, fields: Mapping[str, Any]) -> bool:
        return fields.get("status") in END


def _known(confirmed: Mapping[str, Confirmed]) -> dict[str, Known]:
    return {name: Known(c.value, c.rev, c.origin.device if c.origin else None) for name, c in confirmed.items()}


def _acts(drafts: Sequence[Draft]) -> Acts:
    return [(draft.kind, draft.content) for draft in drafts]


@lru_cache(maxsize=1024)
def _moment(serial: int) -> datetime:
    return AT + timedelta(minutes=serial)


def _filing(rng: random.Random, serial: int) -> Filing:
    mother = Person("Nông Thị Mẫu", number="004190000001", phone=f"+8491{serial:07d}", by="chip")
    answers = {"child_name": f"Nông Văn Bé {serial}", "copy_count": rng.randint(1, 5)}
    return Filing("1.001193", "2026112401", f"TAM-{serial}", f"{serial:012x}", "01290", Persons(mother), "Nông Văn Bé", answers)


# --- lawful acts ------------------------------------------------------------------------------------------------------


def _promise(on: Situation, rng: random.Random) -> Promise:
    return Promise(on.at + timedelta(days=rng.randint(1, 9)), "vn-2026.1", "3 ngày làm việc")


def _edit(on: Situation, rng: random.Random, serial: int) -> Sequence[Draft]:
    name = rng.choice(("a.child_name", "a.address", "return_way", "remark", "appointment"))
    return edit(on, {name: f"{serial}"})


def _supplement(on: Situation, rng: random.Random, serial: int) -> Sequence[Draft]:
    return supplement(on, Supplement(["Giấy chứng nhận kết hôn"], _promise(on, rng), ClockRule.SUBTRACT))


def _remove(on: Situation, rng: random.Random, serial: int) -> Sequence[Draft]:
    notes = [f"note.{id}" for id in entries(on.fields, "note")]
    return remove(on, rng.choice(notes), "Ghi nhầm") if notes else ()


def _fee(on: Situation, rng: random.Random, serial: int) -> Sequence[Draft]:
    state = FeeState.CLAIMED if on.by.role is Role.CITIZEN else FeeState.RECEIVED
    return receive_fee(on, Fee(f"p{serial}", 1000 * rng.randint(1, 90), "Lệ phí", state=state))


_ACTS: Final[Sequence[Act]] = (
    _edit,
    _edit,
    _edit,
    _remove,
    _fee,
    _supplement,
    lambda on, rng, serial: note(on, f"n{serial}", f"Bà con hẹn {serial}"),
    lambda on, rng, serial: note(on, f"n{serial}", f"Đã gọi điện {serial}"),
    lambda on, rng, serial: accept(on, Receipt(_promise(on, rng), ["Giấy chứng sinh (bản chính, 1)"])),
    lambda on, rng, serial: accept(on, Receipt(_promise(on, rng), ["Giấy chứng sinh (bản chính, 1)"])),
    lambda on, rng, serial: refuse(on, "Không thuộc thẩm quyền"),
    lambda on, rng, serial: ask_supplement(on, SupplementRequest(["Giấy kết hôn"], "Thiếu", on.at + timedelta(days=21))),
    lambda on, rng, serial: ask_duties(on, Duties("Lệ phí trước bạ", 120_000)),
    lambda on, rng, serial: duties_done(on, _promise(on, rng)),
    lambda on, rng, serial: start(on),
    lambda on, rng, serial: transfer(on, rng.choice(("01290", "01300"))),
    lambda on, rng, serial: extend(on, Extension("Chờ xác minh", Promise(on.at + timedelta(days=30), "vn-2026.1"))),
    lambda on, rng, serial: withdraw(on, StopNotice("Gia đình xin rút")),
    lambda on, rng, serial: stop(on, StopNotice("Không đủ điều kiện")),
    lambda on, rng, serial: finish(on, Result("Giấy khai sinh", f"{serial}/2026")),
    lambda on, rng, serial: finish(on, Result("Giấy khai sinh", f"{serial}/2026")),
    lambda on, rng, serial: hand_over(on, Collector(Person("Nông Thị Mẫu"), Proof.RECEIPT)),
    lambda on, rng, serial: correct(on, "channel", rng.randint(1, 3), "Ghi nhầm kênh"),
)


def _lawful(on: Situation, rng: random.Random, serial: int) -> Sequence[Draft]:
    """The first of a few acts that this person may do now; else a note of an official, which always may."""
    for act in rng.sample(_ACTS, 5):
        try:
            drafts = act(on, rng, serial)
        except DossierError:
            continue
        if drafts:
            return drafts
    return (Draft(on.dossier, "note", {"id": f"n{serial}", "text": "Bà con đến hỏi"}),)


# --- unlawful ones ----------------------------------------------------------------------------------------------------


def _unlawful(fields: Mapping[str, Any], rng: random.Random, serial: int) -> Draft:
    """What no command would write, and what the fold must refuse on both sides alike."""
    by = {"role": rng.choice(("citizen", "official", "province", "nobody")), "name": "Lý Văn Mẫu"}
    at = _moment(serial).isoformat()
    step = {"act": rng.choice(("accept", "finish", "unheard", "")), "from": rng.randint(1, 10), "to": rng.randint(1, 10)}
    return Draft(
        "",
        *rng.choice(
            (
                ("st", {**step, "at": at, "by": by, "set": {"due": at}}),
                ("st", {**step, "from": fields.get("status"), "at": at, "by": by}),
                ("f", {rng.choice(("official_code", "status", "due", "procedure", "note.n1", "fee.p1")): serial}),
                ("new", {"procedure": "1.001193", "at": at}),
                ("dec", {"of": f"x{serial}", "field": "a.address", "kept": None, "lost": serial, "choice": "lost", "by": by}),
                ("from_a_later_version", {"anything": [serial, {"deep": [None, 1.5]}]}),
                ("rm", {"of": serial}),
                ("cor", {"field": "channel", "was": serial, "value": 2, "by": by}),
            )
        ),
    )
