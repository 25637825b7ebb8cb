"""The expression engine: what it computes, and that every mistake is told with its place."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forms.expr import FUNCTIONS, ExprError, Value, as_date, as_text, as_truth, constant, evaluate, parse, show

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
        ("now() = today()", True),
        ("decimal-date-time('1970-01-02')", 1.0),
        ("decimal-date-time(today())", 20781.0),
        ("format-date(today() + 30, '%d/%m/%Y')", "24/12/2026"),
        ("sum(1, 2, 3)", 6.0),
        ("min(3, 1, 2)", 1.0),
        ("max(3, '10', 2)", 10.0),
        ("position(..)", 2.0),
        ("count(1)", 1.0),
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


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("0.1 + 0.2", "0.3"),
        ("0.1 + 0.2 = 0.3", "true"),
        ("int(0.29 * 100)", "29"),
        ("1.1 * 3", "3.3"),
        ("2500000 * 1.1", "2750000"),
        ("999999999 * 999999", "999998999000001"),
        ("10 div 3", "3.33333333333333"),
        ("0.000001 * 1", "0.000001"),
        ("-0.5", "-0.5"),
        ("round(2.675, 2)", "2.68"),
        ("round(1, 400)", ""),
        ("regex('a', 'a{99999999999}')", "false"),
        ("123456789012345 * 123456789012345 * 123456789012345 div 0", ""),
    ],
)
def test_money_is_exact_and_decimals_leave_no_dust(source: str, text: str) -> None:
    assert as_text(of(source)) == text


def test_all_entries_of_a_repeat_are_gathered_and_those_without_an_answer_left_out() -> None:
    assert of("sum(${a})", a="2||3") == 5.0
    assert of("min(${a})", a="2||3") == 2.0
    assert of("max(${a}, 9)", a="2||3") == 9.0
    assert of("count(${a})", a="2||3") == 3.0
    assert of("max(${a}) > ${a}", a="2") is False


def test_gathering_nothing_is_a_sum_of_nought_and_no_smallest() -> None:
    assert of("sum(${a})") == 0.0
    assert as_text(of("min(${a})")) == ""


def test_one_entry_that_is_no_number_spoils_the_result() -> None:
    assert [as_text(of(f"{name}(${{a}})", a="2|x")) for name in ("sum", "min", "max")] == ["", "", ""]


def test_a_choice_filter_reads_the_columns_of_a_choice() -> None:
    expr = parse("province = ${p} and not(starts-with(name, 'x'))", ("name", "province"))
    assert expr.columns == {"name", "province"}
    context = Answers({"p": "cb"})
    assert evaluate(expr, context, choice={"name": "a", "province": "cb"}) is True
    assert evaluate(expr, context, choice={"name": "a", "province": "ls"}) is False
    assert evaluate(expr, context, choice={"name": "x1", "province": "cb"}) is False
    assert evaluate(expr, context) is False


def test_a_reference_that_wants_one_answer_is_told_from_one_that_takes_all() -> None:
    expr = parse("sum(${a}) + ${b} + max(${c} + 1, ${a})")
    assert [ref.name for ref in expr.single] == ["b", "c"]
    assert expr.calls == {"sum", "max"}


def test_a_number_counts_days_since_1970_where_a_date_is_wanted() -> None:
    assert as_date(0.0) == date(1970, 1, 1)
    assert as_date(1e300) is None
    assert as_date(math.nan) is None
    assert of("max(${a}) <= today()", a="2026-11-24|2026-01-01") is True


def test_a_constant_is_always_its_text() -> None:
    assert evaluate(constant("(x)"), Answers({})) == "(x)"


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
        ("1 + 1234567890123456", 5, "quá 15 chữ số"),
        ("position(${a})", 1, "Thiếu «..»"),
        ("position(1)", 1, "Thiếu «..»"),
        ("1 = ..", 5, "đứng sai chỗ"),
        ("concat('a', )", 13, "đứng sai chỗ"),
        ("count()", 1, "nhận 1 đến 1"),
    ],
)
def test_a_malformed_expression_is_refused_with_its_column(source: str, column: int, said: str) -> None:
    with pytest.raises(ExprError) as caught:
        parse(source)
    assert said in caught.value.message_vi
    assert caught.value.column == column


def test_a_bare_name_in_a_filter_must_be_a_column_of_the_list() -> None:
    with pytest.raises(ExprError) as caught:
        parse("provnce = 'x'", ("name", "province"))
    assert "không có cột «provnce»" in caught.value.message_vi


_leaves = st.one_of(
    st.integers(0, 10**6).map(str),
    st.sampled_from(["${a}", "${b}", ".", "'chữ'", '"nháy \' trong"', "12.5", "province", "today()", "position(..)"]),
)


def _deeper(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    operators = st.sampled_from(["or", "and", "=", "!=", "<", ">=", "+", "-", "*", "div", "mod"])
    return st.one_of(
        st.tuples(inner, operators, inner).map(lambda parts: " ".join(parts)),
        inner.map(lambda text: f"({text})"),
        inner.map(lambda text: f"-({text})"),
        st.tuples(inner, inner, inner).map(lambda parts: f"if({', '.join(parts)})"),
        inner.map(lambda text: f"jr:choice-name({text}, '${{a}}')"),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: f"max({', '.join(parts)})"),
    )


@given(st.recursive(_leaves, _deeper, max_leaves=12))
def test_an_expression_written_out_again_is_the_same_expression(source: str) -> None:
    expr = parse(source, ("name", "province"))
    written = show(expr.root)
    again = parse(written, ("name", "province"))
    assert again.root == expr.root
    assert show(again.root) == written
    context = Answers({"a": "2026-11-24", "b": "12"})
    assert as_text(evaluate(again, context, "1958")) == as_text(evaluate(expr, context, "1958"))


@pytest.mark.parametrize("source", ["1 - (2 - 3)", "(1 + 2) * 3", "not((1 = 2) = (3 = 4))", "-(1 + 2)", "1" + " + 1" * 150])
def test_only_the_needed_parentheses_are_written(source: str) -> None:
    assert show(parse(source).root) == source.replace("((1 = 2) = (3 = 4))", "(1 = 2 = (3 = 4))")


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
