"""Random but valid answers to any form: a person who answers whatever is asked, for tests, benchmarks and drills.

The form itself says what may be answered: types, choices, the numbers and dates a constraint mentions. Candidates are tried until
the session takes one; where none fits what was answered before, the sitting begins anew. Only invented people.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final, Protocol, TypeVar

from forms.expr import Expr, Literal, as_date, walk
from forms.session import NO, YES, Answer, FormSession, Question
from forms.xlsform import CAPTURE_TYPES, Form

_T = TypeVar("_T")
_SITTINGS: Final = 50
_TRIES: Final = 60
_SKIP: Final = 0.25
"""How often an optional question is skipped, and how often there is another entry."""

_FAMILIES: Final = ("Nông", "Hoàng", "Lý", "Bế", "Đàm", "Triệu", "Lục", "Nguyễn", "Sầm", "Hứa")
_MIDDLES: Final = ("Thị", "Văn", "Thị Huyền", "Đức", "A", "Thúy Quỳnh", "Hữu Nghĩa")
_GIVEN: Final = ("Mẫu", "Thử", "Ví Dụ", "Bản Mẫu")
_TEXTS: Final = (
    "Xóm Nà Mẫu, xã Mẫu, tỉnh Cao Bằng",
    "Ủy ban nhân dân xã Mẫu, tỉnh Cao Bằng",
    "Làm hồ sơ xin việc tại Công ty “Mẫu” (chi nhánh số 1); nộp trước ngày 30",
    "C1234567",
    "01/2020",
    "mau@example.vn",
    "08:30",
    "12",
)


class Dice(Protocol):
    """What chance has to offer; ``random.Random`` does."""

    def random(self) -> float: ...
    def randint(self, a: int, b: int, /) -> int: ...
    def choice(self, seq: Sequence[_T], /) -> _T: ...


class NoAnswerError(Exception):
    """A question that took none of the answers tried in any sitting: its constraint asks for what nobody could guess."""


def random_answers(form: Form, dice: Dice, today: date, facts: Mapping[str, str] | None = None) -> Mapping[str, Any]:
    """Answers as a citizen would hand them over; ``facts`` is what a card laid on first gives.

    Raises:
        NoAnswerError: a question could not be answered.
    """
    return random_sitting(form, dice, today, facts).answers()


def random_sitting(form: Form, dice: Dice, today: date, facts: Mapping[str, str] | None = None) -> FormSession:
    """A session on its check page, without problems.

    Raises:
        NoAnswerError: a question could not be answered.
    """
    stuck: Question | None = None
    for _ in range(_SITTINGS):
        session = FormSession(form, today=today)
        session.prefill(facts or {})
        stuck = _sit(session, dice)
        if stuck is None:
            return session
    raise NoAnswerError(f"{form.id}: {stuck.name if stuck else ''}")


def _sit(session: FormSession, dice: Dice) -> Question | None:
    """Answer to the end; the question that took no answer, or ``None``."""
    while (question := session.current) is not None:
        if question.type != "note" and not _answered(session, question, dice):
            return question
        session.forward()
        if session.problem is not None:
            return question
    return None


def _answered(session: FormSession, question: Question, dice: Dice) -> bool:
    if not question.required and dice.random() < _SKIP:
        return session.put(question.name, "") is None
    tried = (session.put(question.name, answer) is None for answer in _candidates(session, question, dice))
    return any(tried) or (not question.required and session.put(question.name, "") is None)


def _candidates(session: FormSession, question: Question, dice: Dice) -> Iterator[Answer]:
    """Answers worth trying, in random order."""
    names = [choice.name for choice in question.choices]
    constraint = _constraint(session.form, question.name)
    if question.name.endswith("+"):
        yield YES if dice.random() < _SKIP else NO
    elif question.type == "select_multiple":
        yield [name for name in names if dice.random() < 0.5] or [dice.choice(names)]
        yield from ([name] for name in _shuffled(names, dice))
    elif question.type in ("select_one", *CAPTURE_TYPES):
        yield from _shuffled(names, dice)
    elif question.type == "acknowledge":
        yield YES
    else:
        for _ in range(_TRIES):
            yield _written(session, question, constraint, dice)


def _constraint(form: Form, name: str) -> Expr | None:
    item = form.by_name.get(name.rpartition(".")[2])
    return item.constraint if item else None


def _shuffled(names: Sequence[str], dice: Dice) -> Iterator[str]:
    left = list(names)
    while left:
        yield left.pop(dice.randint(0, len(left) - 1))


def _written(session: FormSession, question: Question, constraint: Expr | None, dice: Dice) -> str:
    if question.type == "date":
        return _date(session, question, constraint, dice)
    if question.type in ("integer", "decimal"):
        whole = dice.choice([*_numbers(constraint), dice.randint(0, 9), dice.randint(0, 10 ** dice.randint(1, 8))])
        return f"{whole},{dice.randint(0, 99)}" if question.type == "decimal" and dice.random() < 0.5 else str(whole)
    if question.appearance in ("number", "phone") or dice.random() < 0.1:
        digits = "".join(str(dice.randint(0, 9)) for _ in range(dice.randint(6, 15)))
        return dice.choice([f"00419000{dice.randint(1, 9999):04d}", f"09{dice.randint(0, 99999999):08d}", digits])
    if question.appearance == "name" or dice.random() < 0.5:
        return " ".join((dice.choice(_FAMILIES), dice.choice(_MIDDLES), dice.choice(_GIVEN)))
    return dice.choice(_TEXTS)


def _numbers(constraint: Expr | None) -> list[int]:
    """Numbers a constraint mentions, and their neighbours."""
    nodes = walk(constraint.root) if constraint else ()
    found = [int(node.value) for node in nodes if isinstance(node, Literal) and isinstance(node.value, float)]
    return [number + step for number in found for step in (-1, 0, 1) if number + step >= 0]


def _date(session: FormSession, question: Question, constraint: Expr | None, dice: Dice) -> str:
    """A day near today, near a day answered before that the constraint reads, or anywhere in a life."""
    anchors = [session.today, *_days(session, question.name, constraint)]
    day = dice.choice(anchors) + timedelta(dice.choice([0, -1, 1, dice.randint(-400, 400), -dice.randint(0, 33000)]))
    text = day.isoformat()
    return text[: dice.choice((4, 7, 10, 10))] if question.appearance == "partial-date" else text


def _days(session: FormSession, name: str, constraint: Expr | None) -> Iterator[date]:
    entry = name.rpartition(".")[0]
    for read in constraint.names if constraint else ():
        item = session.form.by_name.get(read)
        value = session.value(f"{entry}.{read}" if item and item.repeat else read) if item else None
        day = as_date(value) if isinstance(value, str) else None
        if day is not None:
            yield day
