"""The expression engine: what it computes, and that every mistake is told with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.expr import FUNCTIONS, ExprError, Value, as_text, as_truth, evaluate, parse

TODAY = date(2026, 11, 24)


class Answers:
    """Plain answers as an expression context."""

    def __init__(self, answers: Mapping[str, str]) -> None:
        self._answers = answers

    @property
    def today(self) -> date:
        return TODAY

    position = 2

    def value(self, name: str) -> str:
        return self._answers.get(name, "")

    def values(self, name: str) -> list[str]:
        return self._answers.get(name, "").split("|")

    def choice_label(self, name: str, choice: str) -> str:
        return {"yes": "Có", "no": "Không"}.get(choice, "")


def of(source: str, this: str = "", **answers: str) -> Value:
    return evaluate(parse(source), Answers(answers), this)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("1 + 2 * 3", 7.0),
        ("(1 + 2) * 3", 9.0),
        ("10 - 4 - 3", 3.0),
        ("7 div 2", 3.5),
        ("7 mod 4", 3.0),
        ("-2 * -3", 6.0),
        ("1 < 2 and 2 < 1 or 3 = 3", True),
        ("1 = 1 or 1 = 1 and 1 = 2", True),
        ("not(1 = 2)", True),
        ("true() and not(false())", True),
        ("'a' = \"a\"", True),
        ("'10' > '9'", True),
        ("'abc' != 'abd'", True),
        ("if(1 = 1, 'có', 'không')", "có"),
        ("coalesce('', '', 'x', 'y')", "x"),
        ("concat('số ', 12, ' ', true())", "số 12 true"),
        ("string-length('Nguyễn')", 6.0),
        ("substr('Nguyễn', 0, 3)", "Ngu"),
        ("substr('Nguyễn', 3)", "yễn"),
        ("starts-with('TAM-K01', 'TAM')", True),
        ("contains('Cao Bằng', 'Bằng')", True),
        ("selected('a b c', 'b')", True),
        ("selected('ab c', 'a')", False),
        ("count-selected('a b c')", 3.0),
        ("regex('004190000001', '[0-9]{12}')", True),
        ("regex('0041900000012', '[0-9]{12}')", False),
        ("int(-3.7)", -3.0),
        ("round(2.5)", 3.0),
        ("round(2.345, 2)", 2.35),
        ("number('12')", 12.0),
        ("string(12)", "12"),
        ("format-date('2026-11-05', '%d/%m/%Y')", "05/11/2026"),
        ("format-date('2026-11-05', '%e/%n/%y')", "5/11/26"),
    ],
)
def test_values(source: str, value: Value) -> None:
    found = of(source)
    assert found == pytest.approx(value) if isinstance(value, float) else found == value


def test_a_name_reads_its_answer_and_a_missing_one_is_empty() -> None:
    assert of("${a} = 'yes'", a="yes") is True
    assert of("${b} = ''", a="yes") is True
    assert of("concat(${ a }, ${b})", a="x") == "x"


def test_the_dot_is_the_answer_being_checked() -> None:
    assert of(". >= 1 and . <= 50", this="20") is True
    assert of(". >= 1 and . <= 50", this="51") is False


def test_dates_compare_as_days_and_partial_ones_by_their_first_day() -> None:
    assert of(". <= today()", this="2026-11-24") is True
    assert of(". <= today()", this="2026-11-25") is False
    assert of(". <= today()", this="2026") is True
    assert of(". <= today()", this="2026-12") is False
    assert of("today() - ${born}", born="2026-09-25") == 60.0
    assert of("${a} < ${b}", a="2026-02-10", b="2026-11-01") is True
    assert of("date('2024-07-01') <= ${a}", a="2024-08-01") is True


def test_an_empty_answer_compares_with_no_number_and_no_date() -> None:
    for source in ("${a} > 0", "${a} < 0", "${a} = 0", "${a} <= today()", "${a} >= date('2024-07-01')"):
        assert of(source) is False, source
    assert math.isnan(float(of("${a} + 1")))  # type: ignore[arg-type]
    assert as_text(of("${a} + 1")) == ""
    assert as_truth(of("${a} + 1")) is False


def test_dividing_by_nothing_is_no_number() -> None:
    assert as_text(of("1 div 0")) == ""
    assert as_text(of("1 mod 0")) == ""


def test_a_choice_shows_its_label() -> None:
    assert of("jr:choice-name(${a}, '${a}')", a="no") == "Không"


def test_only_the_branch_taken_is_evaluated() -> None:
    assert of("if(${a} = '', 'trống', 1 div 0)") == "trống"


def test_the_names_an_expression_reads_are_known() -> None:
    expr = parse("if(${a} = 'x', ${b}, jr:choice-name(${c}, '${a}'))")
    assert expr.names == ("a", "b", "c")
    assert parse(". = ${a}").reads_this
    assert not parse("${a}").reads_this


@pytest.mark.parametrize(
    ("source", "column", "said"),
    [
        ("", 1, "giữa chừng"),
        ("${a} =", 7, "giữa chừng"),
        ("${a} = 'x' and (", 17, "giữa chừng"),
        ("(1 + 2", 1, "Thiếu «)»"),
        ("1 + 2)", 6, "Thừa «)»"),
        ("'abc", 1, "nháy"),
        ("${a} == 'x'", 7, "đứng sai chỗ"),
        ("1 2", 3, "Thừa «2»"),
        ("${a} & 1", 6, "Không hiểu ký hiệu «&»"),
        ("${1a}", 1, "Không hiểu ký hiệu «$»"),
        ("iff(1, 2, 3)", 1, "Có phải «if» không?"),
        ("exec('x')", 1, "Không có hàm «exec»"),
        ("if(1, 2)", 1, "nhận 3 đến 3 giá trị, đang có 2"),
        ("today(1)", 1, "nhận 0 đến 0"),
        ("if(1, 2,", 9, "giữa chừng"),
        ("abc", 1, "không phải là số"),
        ("and 1", 1, "đứng sai chỗ"),
        ("jr:choice-name(${a}, 'x')", 1, "jr:choice-name"),
        ("(" * 61 + "1" + ")" * 61, 61, "lồng quá 60"),
        ("-" * 100 + "1", 61, "lồng quá 60"),
        ("1" + " + 1" * 300, 801, "dài quá 400"),
    ],
)
def test_a_malformed_expression_is_refused_with_its_column(source: str, column: int, said: str) -> None:
    with pytest.raises(ExprError) as caught:
        parse(source)
    assert said in caught.value.message_vi
    assert caught.value.column == column


@given(st.text(alphabet="${}abx'\"().,=<>!+-*0129 andor", max_size=40))
def test_any_text_is_either_parsed_and_evaluated_or_refused(source: str) -> None:
    try:
        expr = parse(source)
    except ExprError as error:
        column = error.column
    else:
        column = 1
        as_text(evaluate(expr, Answers({"a": "2026-11-24", "ab": "12"}), "1958"))
    assert 1 <= column <= len(source) + 1


@pytest.mark.parametrize("name", sorted(FUNCTIONS))
def test_no_function_raises_on_empty_or_odd_values(name: str) -> None:
    function = FUNCTIONS[name]
    for odd in ("''", "'x'", "'2026-13-01'", "0", "-1", "1 div 0", "true()", "'[('"):
        for count in (function.fewest, min(function.most, 4)):
            arguments = [odd] * count
            if name == "jr:choice-name":
                arguments[1] = "'${a}'"
            inside = ".." if name == "position" else ", ".join(arguments)
            assert isinstance(as_text(of(f"{name}({inside})")), str)


def test_text_in_quotes_keeps_its_spaces() -> None:
    assert of("concat('a', ' số ', 'b')") == "a số b"
