"""Reading a form: what a sound one gives, and that every fault is told with row, column and rule."""

from __future__ import annotations

import pytest

from forms.xlsform import Fault, FormError, read_form

LABEL = "label::Tiếng Việt (vi)"
HEADER = (
    "settings,form_title,form_id,version\nsettings,Thử,thu,1\n"
    "survey,type,name,label::Tiếng Việt (vi),relevant,constraint,constraint_message::Tiếng Việt (vi),calculation,required,"
    "k_check,k_as\n"
)
CHOICES = "choices,list_name,name,label::Tiếng Việt (vi)\nchoices,yn,yes,Có\nchoices,yn,no,Không\n"


def faults(rows: str, *, choices: str = CHOICES) -> list[tuple[int, str, str]]:
    """Faults of a form with these survey rows, the first of which is row 4."""
    with pytest.raises(FormError) as caught:
        read_form(HEADER + rows + choices, "thu.csv")
    return [(fault.row, fault.column, fault.rule) for fault in caught.value.faults]


def test_rows_columns_groups_and_comments_are_read() -> None:
    form = read_form(
        HEADER
        + "# ghi chú của người viết\n\n"
        + "survey,begin group,g,Phần 1,${a} = 'yes'\nsurvey,text,b,Tên là gì?,${a} != ''\nsurvey,end group\n"
        + "survey,select_one yn,a,Có không?\n"
        + CHOICES
    )
    assert (form.id, form.title, form.version) == ("thu", "Thử", "1")
    assert [item.name for item in form.items] == ["b", "a"]
    assert form.item("b").section == "Phần 1"
    assert [expr.source for expr in form.item("b").relevant] == ["${a} = 'yes'", "${a} != ''"]
    assert [choice.label for choice in form.item("a").choices] == ["Có", "Không"]


def test_an_inner_group_without_a_title_keeps_the_outer_one() -> None:
    form = read_form(
        HEADER
        + "survey,begin group,g,Phần 1\nsurvey,begin group,h,\nsurvey,text,b,Tên?\nsurvey,end group\nsurvey,end group\n"
        + CHOICES
    )
    assert form.item("b").section == "Phần 1"


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("survey,textt,a,Tên?\n", (4, "type", "type")),
        ("survey,begin repeat,a,Tên?\n", (4, "k_more", "k_more")),
        ("survey,text,A,Tên?\n", (4, "name", "name")),
        ("survey,text,1a,Tên?\n", (4, "name", "name")),
        ("survey,text,,Tên?\n", (4, "name", "name")),
        ("survey,text,a,\n", (4, LABEL, "label")),
        ("survey,text,a," + "x" * 61 + "\n", (4, LABEL, "length")),
        ("survey,text,a,Tên?\nsurvey,text,a,Tên?\n", (5, "name", "duplicate")),
        ("survey,select_one khong_co,a,Chọn?\n", (4, "type", "list")),
        ("survey,text,a,Tên?,${b} = 'x'\n", (4, "relevant", "reference")),
        ("survey,text,a,Tên?,. = 'x'\n", (4, "relevant", "reference")),
        ("survey,text,a,Tên?,(1 = 1\n", (4, "relevant", "expression")),
        ("survey,text,a,Tên?,,foo(.)\n", (4, "constraint", "expression")),
        ("survey,text,a,Tên?,,. != ''\n", (4, "constraint_message::Tiếng Việt (vi)", "message")),
        ("survey,calculate,a,\n", (4, "calculation", "calculation")),
        ("survey,text,a,Tên?,,,,,maybe\n", (4, "required", "flag")),
        ("survey,begin group,g,Phần\nsurvey,text,a,Tên?\n", (4, "type", "group")),
        ("survey,end group\n", (4, "type", "group")),
        ("survey,text,a,Tên?,,,,,,personal_number; age=3\n", (4, "k_check", "k_check")),
        ("survey,text,a,Tên?,,,,,,personal_number; birth=b\n", (4, "k_check", "reference")),
        ("survey,text,a,Tên?,,,,,,,roman\n", (4, "k_as", "k_as")),
        ("survey,text,a,Tên?,,,,,,,,thừa\n", (4, "", "cells")),
        ("khac,text,a,Tên?\n", (4, "", "sheet")),
        ("survey,text,a,Te\u0302n?\n", (4, LABEL, "nfc")),
    ],
)
def test_a_fault_is_told_with_its_place(rows: str, fault: tuple[int, str, str]) -> None:
    assert fault in faults(rows)


@pytest.mark.parametrize(
    ("choices", "fault"),
    [
        ("choices,list_name,name,label::Tiếng Việt (vi)\nchoices,yn,Yes,Có\n", (6, "name", "name")),
        ("choices,list_name,name,label::Tiếng Việt (vi)\nchoices,yn,yes,Có\nchoices,yn,yes,Có\n", (7, "name", "duplicate")),
        ("choices,list_name,name,label::Tiếng Việt (vi)\nchoices,yn,yes,\n", (6, LABEL, "label")),
        ("choices,list_name,name,label::Tiếng Việt (vi)\nchoices,yn,yes," + "x" * 41 + "\n", (6, LABEL, "length")),
        ("choices,list_name,name,nhan\nchoices,yn,yes,Có\n", (5, "nhan", "column")),
        ("choices,list_name,name,name\nchoices,yn,yes,yes\n", (5, "name", "column")),
    ],
)
def test_a_fault_among_choices_is_told_with_its_place(choices: str, fault: tuple[int, str, str]) -> None:
    assert fault in faults("survey,text,a,Tên?\n", choices=choices)


@pytest.mark.parametrize(
    "rows",
    [
        "survey,text,a,Tên?,${a} = 'x'\n",
        "survey,text,a,Tên?,${b} = 'x'\nsurvey,text,b,Tên?,${a} = 'x'\n",
        "survey,calculate,a,,,,,${b}\nsurvey,calculate,b,,,,,${c}\nsurvey,calculate,c,,,,,${a}\n",
        "survey,begin group,g,,${b} = 'x'\nsurvey,text,b,Tên?\nsurvey,end group\n",
    ],
)
def test_going_round_in_circles_is_refused(rows: str) -> None:
    assert "cycle" in [rule for _, _, rule in faults(rows)]


def test_a_circle_names_its_way() -> None:
    with pytest.raises(FormError) as caught:
        read_form(HEADER + "survey,text,a,Tên?,${b} = ''\nsurvey,text,b,Tên?,${a} = ''\n" + CHOICES)
    assert "a → b → a" in str(caught.value)


def test_a_long_chain_of_formulas_is_no_circle() -> None:
    rows = "survey,text,q0,Tên?\n" + "".join(f"survey,calculate,q{n},,,,,${{q{n - 1}}}\n" for n in range(1, 400))
    assert len(read_form(HEADER + rows + CHOICES).items) == 400


def test_all_faults_are_told_at_once_in_words() -> None:
    with pytest.raises(FormError) as caught:
        read_form(HEADER + "survey,textt,a,Tên?\nsurvey,text,b,,(1\n" + CHOICES, "thu.csv")
    assert len(caught.value.faults) == 3
    assert str(caught.value.faults[0]) == "thu.csv, dòng 4, cột type: Không có loại câu hỏi «textt»."
    assert str(Fault("thu.csv", 0, "", "nfc", "Sai.")) == "thu.csv, cả tệp: Sai."


def test_settings_are_needed() -> None:
    with pytest.raises(FormError) as caught:
        read_form("survey,type,name\n")
    assert {fault.column for fault in caught.value.faults} == {"form_title", "form_id", "version"}
