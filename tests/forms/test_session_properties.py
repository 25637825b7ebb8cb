"""What holds of any form and any way through it: nothing is lost, nothing hidden leaves, the order of answers does not matter."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date
from statistics import median

from hypothesis import given, settings
from hypothesis import strategies as st

from forms.expr import evaluate
from forms.session import FormSession
from forms.session.values import Scope
from forms.xlsform import Form
from tests.forms.tables import form, row

TODAY = date(2026, 11, 24)
_VALUES = ("yes", "no", "1", "7", "Mẫu", "")
_OUTER = [f"q{n}" for n in range(6)]
_INNER = [f"p{n}" for n in range(3)]


@st.composite
def rows(draw: st.DrawFn, name: str, known: Sequence[str]) -> dict[str, str]:
    """A row that may depend on names that come before it in some order, not necessarily that of the form."""
    kind = draw(st.sampled_from(["text", "integer", "select_one yn", "calculate"]))
    condition: st.SearchStrategy[str] = st.sampled_from(
        [f"${{{other}}} = '{value}'" for other in known for value in _VALUES[:3]] or ["1 = 1"]
    )
    cells = {"required": draw(st.sampled_from(["yes", "no"]))} if kind != "calculate" else {}
    if draw(st.booleans()) and known:
        cells["relevant"] = draw(condition)
    if kind == "calculate" or (known and draw(st.integers(0, 4)) == 0):
        cells["calculation"] = f"if({draw(condition)}, 'yes', '')"
    if kind != "calculate" and known and draw(st.integers(0, 4)) == 0:
        cells |= {"constraint": draw(condition), "constraint_message": "Không hợp."}
    if kind != "calculate" and draw(st.integers(0, 5)) == 0:
        cells["default"] = {"text": "Mẫu", "integer": "7"}.get(kind, "yes")
    if kind == "select_one yn" and known and draw(st.booleans()):
        cells["choice_filter"] = f"name != ${{{draw(st.sampled_from(known))}}}"
    return row(kind, name, f"{name}?", **cells)


@st.composite
def random_forms(draw: st.DrawFn) -> Form:
    """Six questions that depend on each other, before and after a repeat of three that depend on each other and on some of them."""
    order = draw(st.permutations(_OUTER))
    outer = {name: draw(rows(name, order[:place])) for place, name in enumerate(order)}
    early = order[:3]
    inner_order = draw(st.permutations(_INNER))
    inner = {name: draw(rows(name, [*early, *inner_order[:place]])) for place, name in enumerate(inner_order)}
    more = {"relevant": f"${{{early[0]}}} != 'no'"} if draw(st.booleans()) else {}
    repeat = row(
        "begin repeat", "r", "Phần", k_more="Còn nữa không?", parameters=draw(st.sampled_from(["min=0 max=3", "max=3"])), **more
    )
    return form(
        *(outer[name] for name in _OUTER[:3]),
        *(repeat, *(inner[name] for name in _INNER), row("calculate", "at", calculation="position(..)"), row("end repeat")),
        *(outer[name] for name in _OUTER[3:]),
        row("calculate", "total", calculation="sum(${p0}) + count(${r})"),
    )


_spots = st.one_of(
    st.sampled_from(_OUTER),
    st.builds("r[{}].{}".format, st.integers(1, 3), st.sampled_from(_INNER)),
    st.builds("r[{}]+".format, st.integers(0, 3)),
)
_puts = st.lists(st.tuples(_spots, st.sampled_from(_VALUES)), max_size=20)


def asked(of: Form, name: str) -> bool:
    item = of.by_name.get(name.rpartition(".")[2])
    return item is None or item.asked


def put_all(filling: FormSession, answers: Mapping[str, str]) -> FormSession:
    for name, value in answers.items():
        if asked(filling.form, name):
            filling.put(name, value)
    return filling


def seen(filling: FormSession) -> tuple[object, ...]:
    """Everything a session shows."""
    return filling.answers(), filling.problems(), filling.visible(), filling.review(), filling.repeats()


@settings(max_examples=80)
@given(random_forms(), _puts, st.randoms(use_true_random=False))
def test_the_order_of_the_answers_does_not_matter(of: Form, puts: list[tuple[str, str]], dice: object) -> None:
    last = dict(puts)
    shuffled = list(last.items())
    dice.shuffle(shuffled)  # type: ignore[attr-defined]
    one_by_one = FormSession(of, today=TODAY)
    for name, value in puts:
        put_all(one_by_one, {name: value})
        seen(one_by_one)
    assert seen(one_by_one) == seen(put_all(FormSession(of, today=TODAY), dict(shuffled)))


@settings(max_examples=60)
@given(random_forms(), _puts)
def test_what_is_handed_over_is_relevant_and_sound(of: Form, puts: list[tuple[str, str]]) -> None:
    filling = put_all(FormSession(of, today=TODAY), dict(puts))
    wrong = {problem.name for problem in filling.problems()}
    scope = Scope(filling._values, "", 0)
    handed = filling.answers()
    entries = len(filling.repeats()[0].names) if filling.repeats() else 0
    assert len(handed.get("r", [])) == entries, "each has at least its number"
    for name in handed.keys() - {"r"}:
        assert name not in wrong
        assert all(evaluate(expr, scope) for expr in of.item(name).relevant), name


@settings(max_examples=60)
@given(
    random_forms(),
    st.lists(st.one_of(st.sampled_from(["forward", "back"]), st.tuples(_spots, st.sampled_from(_VALUES))), max_size=30),
)
def test_no_way_through_a_form_loses_a_word_or_ends_nowhere(of: Form, acts: list[str | tuple[str, str]]) -> None:
    filling = FormSession(of, today=TODAY)
    written: dict[str, str] = {}
    for act in acts:
        if isinstance(act, str):
            getattr(filling, act)()
        elif asked(of, act[0]):
            filling.put(*act)
            written[act[0]] = act[1]
        names = [question.name for question in filling.visible()]
        assert filling.current is None or filling.current.name in names
    computed = {shown.name for shown in filling.review() if shown.computed}
    kept = {name: filling.value(name) or "" for name in written if name not in computed}
    assert kept == {name: text for name, text in written.items() if name in kept}


@settings(max_examples=60)
@given(random_forms(), st.integers(1, 3), st.lists(st.sampled_from(_VALUES[:5]), min_size=9, max_size=9))
def test_removing_an_entry_leaves_the_others_as_if_it_had_never_been(of: Form, gone: int, values: list[str]) -> None:
    words = {f"r[{place // 3 + 1}].p{place % 3}": value for place, value in enumerate(values)}
    more = {f"r[{entry}]+": "yes" for entry in range(of.repeats["r"].minimum, 3)}
    filling = put_all(FormSession(of, today=TODAY), {**words, **more})
    if not filling.repeats():
        return
    filling.remove(f"r[{gone}]")
    left = [values[place : place + 3] for place in (0, 3, 6) if place != (gone - 1) * 3]
    words = {f"r[{entry}].p{place}": value for entry, three in enumerate(left, 1) for place, value in enumerate(three)}
    more = {f"r[{entry}]+": "yes" if entry < 2 else "no" for entry in range(of.repeats["r"].minimum, 3)}
    assert seen(filling) == seen(put_all(FormSession(of, today=TODAY), {**words, **more}))


def _long_form(groups: int) -> Form:
    """A form of sixty questions, some of them chained, in so many parts that have nothing to do with each other."""
    survey = []
    for place in range(60):
        before = f"q{place - 1}" if place % (60 // groups) else ""
        cells = {"relevant": f"${{{before}}} != ''", "constraint": ". <= today()", "constraint_message": "Sai."} if before else {}
        survey.append(row("date", f"q{place}", "Ngày nào?", **cells))
        survey.append(row("calculate", f"c{place}", calculation=f"format-date(${{q{place}}}, '%d/%m/%Y')"))
    return form(*survey)


def _put_ms(of: Form) -> float:
    """Median time of an answer with all a screen then asks of the session."""
    filling = FormSession(of, today=TODAY)
    times = []
    for turn in range(4):
        for place in range(60):
            began = time.perf_counter()
            filling.put(f"q{place}", f"20{20 + turn}-01-01")
            assert filling.current is not None
            filling.visible()
            times.append((time.perf_counter() - began) * 1000)
    return median(times)


def test_an_answer_is_taken_in_and_the_form_worked_out_again_within_two_milliseconds() -> None:
    assert min(_put_ms(_long_form(12)) for _ in range(3)) < 2


def test_an_answer_changes_only_what_depends_on_it() -> None:
    of = _long_form(12)
    assert of.graph.reach["q0"] == {f"{kind}{place}" for place in range(5) for kind in "qc"}
    assert sum(len(reached) for reached in of.graph.reach.values()) < 5 * len(of.graph.reach)


def test_a_chain_of_formulas_as_long_as_a_form_is_worked_out() -> None:
    steps = [row("calculate", f"c{place}", calculation=f"${{c{place - 1}}} + 1") for place in range(1, 400)]
    filling = FormSession(form(row("integer", "c0", "Mấy?"), *steps), today=TODAY)
    filling.put("c0", "1")
    assert filling.answers()["c399"] == "400"
