"""Trying answers: what the search proves, what it only fails to find, and that it agrees with a real session."""

from __future__ import annotations

import random
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forms.answers import random_sitting
from forms.checker.world import Search
from forms.procedures.catalogue import load_catalogue
from forms.session import FormSession
from forms.xlsform import Form, read_form

TODAY = date(2026, 11, 24)
HEADER = (
    "settings,form_title,form_id,version\nsettings,Thử,thu,1\n"
    "survey,type,name,label::Tiếng Việt (vi),relevant,required,calculation,choice_filter,"
    "constraint,constraint_message::Tiếng Việt (vi)\n"
)
CHOICES = (
    "choices,list_name,name,label::Tiếng Việt (vi),of\n"
    "choices,yn,yes,Có,\nchoices,yn,no,Không,\nchoices,kinds,one,Một,yes\nchoices,kinds,two,Hai,no\n"
)


def form_of(*rows: str) -> Form:
    filtered = any("of = " in row for row in rows)
    choices = CHOICES if filtered else "".join(line.rpartition(",")[0] + "\n" for line in CHOICES.splitlines())
    return read_form(HEADER + "".join(f"survey,{row}\n" for row in rows) + choices)


def reach(name: str, *rows: str) -> str:
    form = form_of(*rows)
    return Search(form).reaches(form.item(name))


ASK = "select_one yn,a,Có không?,,yes"


@pytest.mark.parametrize(
    ("condition", "verdict"),
    [
        ("${a} = 'yes'", "yes"),
        ("${a} = 'co'", "no"),
        ("${a} = ''", "no"),
        ("${a} = 'yes' and ${a} = 'no'", "no"),
        ("not(${a} = 'yes') and ${a} != 'no'", "no"),
    ],
)
def test_conditions_on_choices_are_decided(condition: str, verdict: str) -> None:
    assert reach("b", ASK, f"text,b,Vì sao?,{condition}") == verdict


def test_an_answer_that_may_be_left_out_may_be_empty() -> None:
    assert reach("b", "select_one yn,a,Có không?", "text,b,Vì sao?,${a} = ''") == "yes"


@pytest.mark.parametrize(
    ("kind", "condition", "verdict"),
    [
        ("integer", "${a} > 3 and ${a} < 5", "yes"),
        ("integer", "${a} > 3 and ${a} < 3", "no"),
        ("date", "${a} >= date('2024-07-01')", "yes"),
        ("date", "${a} >= date('2024-07-01') and ${a} < date('2024-07-01')", "no"),
        ("text", "${a} = 'khác'", "yes"),
        ("text", "${a} != '' and ${a} = ''", "no"),
        ("text", "string-length(${a}) > 900", "not_found"),
        ("integer", "${a} * 2 = 14", "not_found"),
        ("date", "${a} > today()", "not_found"),
        ("text", "today() < date('2020-01-01')", "not_found"),
    ],
)
def test_written_answers_are_decided_by_plain_comparisons_only(kind: str, condition: str, verdict: str) -> None:
    assert reach("b", f"{kind},a,Gì?", f"text,b,Vì sao?,{condition}") == verdict


def test_a_question_whose_value_is_always_computed_never_comes_up() -> None:
    assert reach("b", ASK, "select_one yn,b,Có nữa không?,,,\"if(${a} = 'yes', 'no', 'yes')\"") == "no"
    assert reach("b", ASK, "select_one yn,b,Có nữa không?,,,\"if(${a} = 'yes', 'no', '')\"") == "yes"


def test_a_choice_that_breaks_its_own_rule_is_no_way_through() -> None:
    rows = ("select_one yn,a,Có không?,,yes,,,. = 'yes',Chọn lại.", "text,b,Vì sao?,${a} = 'no'")
    assert reach("b", *rows) == "no"


def test_a_choice_that_a_filter_takes_away_is_no_way_through() -> None:
    rows = (ASK, "select_one kinds,k,Loại nào?,,yes,,of = ${a}", "text,b,Vì sao?,${a} = 'yes' and ${k} = 'two'")
    assert reach("b", *rows) == "no"
    assert reach("b", *rows[:2], "text,b,Vì sao?,${a} = 'yes' and ${k} = 'one'") == "yes"


def test_how_many_entries_there_are_is_never_called_certain() -> None:
    form = read_form(
        "settings,form_title,form_id,version\nsettings,Thử,thu,1\n"
        "survey,type,name,label::Tiếng Việt (vi),k_more::Tiếng Việt (vi),relevant\n"
        "survey,begin repeat,r,Giấy tờ,Còn nữa không?,\nsurvey,text,n,Tên gì?\nsurvey,end repeat\n"
        "survey,text,b,Vì sao?,,count(${r}) > 3\n"
    )
    assert Search(form).reaches(form.item("b")) == "not_found"


def test_a_condition_is_idle_only_when_it_holds_at_every_moment() -> None:
    form = form_of(ASK, "text,b,Vì sao?,${a} != ''", "text,c,Ai?,${a} = 'yes' or ${a} != 'yes'")
    search = Search(form)
    assert not search.always(form.item("b").relevant[0])
    assert search.always(form.item("c").relevant[0])


def test_a_chain_too_deep_to_follow_is_told_as_not_found() -> None:
    rows = ["text,q0,Gì?", *(f"calculate,q{n},,,,${{q{n - 1}}}" for n in range(1, 400)), "text,b,Vì sao?,${q399} != 'x'"]
    assert reach("b", *rows) == "not_found"


def test_the_longest_path_is_found_and_exists() -> None:
    many = [f"text,x{n},Câu {n}?,${{a}} = 'yes'" for n in range(6)]
    assert Search(form_of(ASK, *many, "text,y,Câu?,${a} = 'no'")).longest() == 7


FORMS = tuple({form.id: form for code in load_catalogue().codes() if (form := load_catalogue().versions(code)[0].form)}.values())


@settings(max_examples=60)
@given(form=st.sampled_from(FORMS), seed=st.integers(0, 10**6))
def test_what_a_real_session_asks_the_search_never_calls_unreachable(form: Form, seed: int) -> None:
    session: FormSession = random_sitting(form, random.Random(seed), TODAY)
    search = Search(form)
    for question in session.visible():
        name = question.name.rpartition(".")[2]
        if name in form.by_name:
            assert search.reaches(form.item(name)) != "no", (form.id, name)
