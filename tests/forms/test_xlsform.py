"""Reading a form: what a sound one gives, and that every fault is told with row, column and rule."""

from __future__ import annotations

from pathlib import Path

import pytest

from forms.xlsform import Fault, FormError, dependencies, lists_beside, read_form
from tests.forms.tables import VI, YES_NO, Rows, form, row, table
from tests.forms.workbooks import SOUND

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
    assert str(caught.value.faults[0]) == "thu.csv, dòng 4, cột type: Không có loại câu hỏi «textt». Có phải «text» không?"
    assert str(Fault("thu.csv", 0, "", "nfc", "Sai.")) == "thu.csv, cả tệp: Sai."


def test_settings_are_needed() -> None:
    with pytest.raises(FormError) as caught:
        read_form("survey,type,name\n")
    assert {fault.column for fault in caught.value.faults} == {"form_title", "form_id", "version"}


# --- the wider language: repeats, lists, filters, defaults, other languages

END = row("end repeat")
REPEAT = row("begin repeat", "r", "Người", k_more="Còn ai không?")
ASK = row("text", "a", "Tên?")


def told(*survey: dict[str, str], choices: Rows = YES_NO, lists: dict[str, str] | None = None) -> list[tuple[int, str, str]]:
    """Faults of a form whose first row of the survey is line 4."""
    with pytest.raises(FormError) as caught:
        form(*survey, choices=choices, lists=lists)
    return [(fault.row, fault.column, fault.rule) for fault in caught.value.faults]


def test_a_repeat_is_read_with_its_limits_and_its_rows_know_it() -> None:
    repeat = row(
        "begin_repeat", "r", "Người", k_more="Còn ai không?", parameters="min=2 max=9", relevant="${x} = 'yes'", k_template="t"
    )
    read = form(row("select_one yn", "x", "Có không?"), repeat, ASK, row("end_repeat"))
    found = read.repeats["r"]
    assert (found.label, found.more, found.minimum, found.maximum, found.template) == ("Người", "Còn ai không?", 2, 9, "t")
    assert read.item("a").repeat == "r"
    assert (read.item("a").section, read.item("x").repeat) == ("Người", "")
    assert [expr.source for expr in read.item("a").relevant] == ["${x} = 'yes'"]
    assert found.names == ("x",)


def test_a_group_inside_a_repeat_belongs_to_it() -> None:
    read = form(REPEAT, row("begin group", "g", "Nơi ở"), ASK, row("end group"), END)
    assert (read.item("a").repeat, read.item("a").section) == ("r", "Nơi ở")


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([row("begin repeat", "r", "Người"), ASK, END], (4, "k_more", "k_more")),
        ([row("begin repeat", "r", k_more="Còn?"), ASK, END], (4, LABEL, "label")),
        ([row("begin repeat", "R", "Người", k_more="Còn?"), ASK, END], (4, "name", "name")),
        ([REPEAT, END], (4, "type", "repeat")),
        ([REPEAT, row("begin repeat", "q", "Con", k_more="Còn?"), ASK, END, END], (5, "type", "repeat")),
        ([REPEAT, ASK, row("end group")], (6, "type", "group")),
        ([REPEAT, ASK], (4, "type", "group")),
        ([REPEAT | {"name": "a"}, ASK, END], (5, "name", "duplicate")),
        ([REPEAT | {"parameters": "min=3 max=2"}, ASK, END], (4, "parameters", "parameters")),
        ([REPEAT | {"parameters": "max=51"}, ASK, END], (4, "parameters", "parameters")),
        ([REPEAT | {"parameters": "most=3"}, ASK, END], (4, "parameters", "parameters")),
        ([ASK | {"parameters": "max=3"}], (4, "parameters", "repeat")),
        ([REPEAT, ASK | {"k_autofill": "card.full_name"}, END], (5, "k_autofill", "k_autofill")),
        ([REPEAT, ASK, END, row("calculate", "b", calculation="${a}")], (7, "calculation", "reference")),
        ([REPEAT, ASK, END, row("calculate", "b", calculation="sum(${a} + 1)")], (7, "calculation", "reference")),
        ([REPEAT, ASK, END, row("calculate", "b", calculation="${r}")], (7, "calculation", "reference")),
        ([REPEAT, ASK, END, row("calculate", "b", calculation="position(..)")], (7, "calculation", "reference")),
        ([row("begin repeat", "r", "Người", repeat_count="count(${a})"), ASK, END], (4, "", "cycle")),
        ([row("begin repeat", "r", "Người", repeat_count="(1"), ASK, END], (4, "repeat_count", "expression")),
        ([row("begin repeat", "r", "x" * 31, k_more="Còn?"), ASK, END], (4, LABEL, "length")),
        ([row("begin repeat", "r", "Người", k_more="x" * 61), ASK, END], (4, "k_more", "length")),
    ],
)
def test_a_fault_of_a_repeat_is_told_with_its_place(rows: list[dict[str, str]], fault: tuple[int, str, str]) -> None:
    assert fault in told(*rows)


def test_from_outside_a_repeat_its_answers_may_be_gathered() -> None:
    read = form(
        REPEAT, ASK, row("calculate", "p", calculation="position(..)"), END, row("calculate", "n", calculation="count(${r})")
    )
    assert read.item("n").calculation is not None


LIST = f"name,{LABEL},k_hint,k_icon,region\n# ghi chú\n01,Tày,,,bac\n02,Nùng,Ví dụ,home,bac\n"
FROM_FILE = row("select_one_from_file ethnic.csv", "e", "Dân tộc?")


def test_choices_come_from_an_external_list_with_all_their_columns() -> None:
    item = form(FROM_FILE, lists={"ethnic.csv": LIST}).item("e")
    assert (item.type, item.list_name) == ("select_one", "ethnic.csv")
    assert [(choice.name, choice.label, choice.hint, choice.icon) for choice in item.choices] == [
        ("01", "Tày", "", ""),
        ("02", "Nùng", "Ví dụ", "home"),
    ]
    assert item.choices[0].columns == {"region": "bac"}


@pytest.mark.parametrize(
    ("text", "file", "fault"),
    [
        (f"name,{LABEL}\nA,Tày\n", "ethnic.csv", (2, "name", "name")),
        (f"name,{LABEL}\n\n01,Tày\n01,Nùng\n", "ethnic.csv", (4, "name", "duplicate")),
        (f"name,{LABEL}\n01,\n", "ethnic.csv", (2, LABEL, "label")),
        ("name,label\n01,Tày\n", "ethnic.csv", (1, LABEL, "column")),
    ],
)
def test_a_fault_in_an_external_list_names_that_file(text: str, file: str, fault: tuple[int, str, str]) -> None:
    with pytest.raises(FormError) as caught:
        form(FROM_FILE, lists={"ethnic.csv": text})
    assert (file, *fault) in [(found.file, found.row, found.column, found.rule) for found in caught.value.faults]


@pytest.mark.parametrize("name", ["other.csv", "../ethnic.csv", "ethnic", ""])
def test_an_external_list_that_is_not_there_is_told(name: str) -> None:
    lists = {"ethnic.csv": LIST, "../ethnic.csv": LIST, "ethnic": LIST, "": LIST}
    assert (4, "type", "list") in told(row(f"select_one_from_file {name}".strip(), "e", "Dân tộc?"), lists=lists)


def test_a_list_in_bytes_of_another_encoding_is_told() -> None:
    with pytest.raises(FormError) as caught:
        read_form(table([FROM_FILE], YES_NO), "thu.csv", {"ethnic.csv": "Tày".encode("utf-16")}.__getitem__)
    assert caught.value.faults[0].rule == "list_file"


def test_lists_are_looked_for_beside_the_form_first(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (tmp_path / "media" / "own.csv").write_text("name", "utf-8")
    assert lists_beside(tmp_path)("own.csv") == b"name"
    with pytest.raises(KeyError):
        lists_beside(tmp_path)("nowhere.csv")


REGIONS = [{**choice, "region": "bac"} for choice in YES_NO]
FILTERED = row("select_one yn", "e", "Có không?", choice_filter="region = ${a}")


def test_a_choice_filter_may_read_further_columns_of_its_list() -> None:
    item = form(ASK, FILTERED, choices=REGIONS).item("e")
    assert dependencies(item) == ("a",)
    assert item.choices[0].columns == {"region": "bac"}


@pytest.mark.parametrize(
    ("rows", "choices", "fault"),
    [
        ([ASK, FILTERED | {"choice_filter": "regio = 'x'"}], REGIONS, (5, "choice_filter", "expression")),
        ([ASK, FILTERED | {"choice_filter": "region = ${b}"}], REGIONS, (5, "choice_filter", "reference")),
        ([ASK | {"choice_filter": "name = 'x'"}], YES_NO, (4, "choice_filter", "choice_filter")),
        ([row("select_one yn", "e", "Có không?")], REGIONS, (5, "region", "column")),
        ([FILTERED | {"choice_filter": "region = ${e}"}], REGIONS, (4, "", "cycle")),
        ([row("select_one yn", "e", "Có không?", default="maybe")], YES_NO, (4, "default", "default")),
        ([row("text", "b", "Tên?", default="concat(${a}, '')")], YES_NO, (4, "default", "reference")),
        ([row("text", "b", "Tên?", appearance="signature")], YES_NO, (4, "appearance", "appearance")),
        ([row("text", "b", "Tên?", appearance="likert")], YES_NO, (4, "appearance", "appearance")),
        ([row("text", "b", "Tên của ${a}?")], YES_NO, (4, LABEL, "reference")),
        ([ASK | {"k_pii": "yes"}, row("text", "b", "Tên của ${a}?")], YES_NO, (5, LABEL, "placeholder_pii")),
        ([REPEAT, ASK, END, row("text", "b", "Tên của ${a}?")], YES_NO, (7, LABEL, "reference")),
    ],
)
def test_a_fault_of_the_wider_language_is_told_with_its_place(
    rows: list[dict[str, str]], choices: Rows, fault: tuple[int, str, str]
) -> None:
    assert fault in told(*rows, choices=choices)


def test_a_fault_in_a_groups_condition_is_told_once_where_it_stands() -> None:
    rows = [row("begin group", "g", "Phần", relevant="${x} = 1"), ASK, row("text", "b", "Tên?"), row("end group")]
    assert told(*rows) == [(4, "relevant", "reference")]


def test_texts_of_other_languages_stand_beside_the_vietnamese_ones() -> None:
    rows = [
        row("begin group", "g", "Phần một", **{"label::English (en)": "Part one"}),
        ASK | {"label::English (en)": "Name?", "hint::Tày (tyz)": "Mừng", "k_short::English (en)": "Name"},
        row("end group"),
    ]
    read = form(*rows)
    assert read.languages == ("vi", "en", "tyz")
    assert read.item("a").label == "Tên?"
    assert read.item("a").translations == {
        "en": {"label": "Name?", "short": "Name", "section": "Part one"},
        "tyz": {"hint": "Mừng"},
    }


@pytest.mark.parametrize(
    "column", ["label", "label::English", "label::Viet (vi)", "hint::Viet (vi)", "relevant::English (en)", "hint::", "media::video"]
)
def test_a_column_of_no_known_language_is_refused(column: str) -> None:
    assert (3, column, "column") in told(ASK | {column: "x"})


def test_a_text_in_another_language_must_fit_too() -> None:
    assert (4, "label::English (en)", "length") in told(ASK | {"label::English (en)": "x" * 61})


def test_pictures_and_sounds_serve_all_languages_or_one() -> None:
    read = form(ASK | {"media::image": "a.png", "media::audio::Tày (tyz)": "a.ogg", f"media::audio::{VI}": "b.ogg"})
    assert (read.item("a").image, read.item("a").audio) == ("a.png", "b.ogg")
    assert read.item("a").translations == {"tyz": {"audio": "a.ogg"}}


def test_what_can_change_with_a_name_is_all_that_reads_it_however_indirectly() -> None:
    read = form(
        ASK,
        row("calculate", "b", calculation="${a}"),
        row("text", "c", "Tên?", relevant="${b} = 'x'"),
        row("text", "d", "Tên?", constraint=". != ${c}", constraint_message="Khác."),
        row("text", "e", "Tên?"),
    )
    assert read.graph.reach["a"] == {"a", "b", "c", "d"}
    assert read.graph.reach["e"] == {"e"}
    assert read.graph.rank["a"] < read.graph.rank["b"] < read.graph.rank["c"]


def test_questions_may_judge_each_other_without_going_round() -> None:
    judged = {"constraint_message": "Khác nhau."}
    read = form(
        row("text", "a", "Tên?", constraint=". != ${b}", **judged), row("text", "b", "Tên?", constraint=". != ${a}", **judged)
    )
    assert read.graph.reach["a"] == {"a", "b"}


@pytest.mark.parametrize(
    ("before", "after", "cure"),
    [
        ("survey,text,number", "survey,Text,number", "Có phải «text» không?"),
        ("survey,text,number", "survey,chữ viết,number", "Các loại: text"),
        ("relevant\n", "relevent\n", "Có phải «relevant» không?"),
        ("label::Tiếng Việt (vi),relevant", "label,relevant", "Có phải «label::Tiếng Việt (vi)» không?"),
        ("select_one yn", "select_one yyn", "Có phải «yn» không?"),
        ("${has} =", "${hass} =", "Có phải «has» không?"),
        ("= 'yes'", "= ‘yes’", "Gõ nháy thẳng"),
        ("${has} =", "$has =", "Tên câu hỏi viết ${tên}"),
    ],
)
def test_a_misspelling_is_told_with_the_way_out(before: str, after: str, cure: str) -> None:
    assert before in SOUND
    with pytest.raises(FormError) as caught:
        read_form(SOUND.replace(before, after, 1))
    assert any(cure in fault.message for fault in caught.value.faults)


def test_a_row_of_a_wrong_type_is_told_once_though_others_read_it() -> None:
    with pytest.raises(FormError) as caught:
        read_form(SOUND.replace("survey,select_one yn,has", "survey,select_won yn,has", 1))
    assert [fault.rule for fault in caught.value.faults] == ["type"]
