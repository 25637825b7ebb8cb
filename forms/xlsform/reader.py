"""Reads a form and checks its structure, so that nothing malformed ever reaches a citizen.

The sheets come as rows of text (:mod:`forms.xlsform.workbook`), from CSV or from a workbook alike. Only the named subset of XLSForm
is accepted. Everything wrong is collected and told at once, with the row and the column as they stand in the file and a sentence
in Vietnamese (:class:`FormError`). Whether a sound form is also a good one (can every question be reached, has every paper its
question) is judged elsewhere. The rules of the columns are in docs/forms.md.
"""

from __future__ import annotations

import csv
import difflib
import io
import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from forms.expr import Expr, ExprError, constant, parse
from forms.text import nfc
from forms.xlsform.columns import LANGUAGE, PLAIN, TEXTS, Header, read_header
from forms.xlsform.graph import find_cycles
from forms.xlsform.model import (
    QUESTION_TYPES,
    SIGNATURE,
    SILENT_TYPES,
    VIETNAMESE,
    Check,
    Choice,
    Fault,
    Form,
    FormError,
    Item,
    Repeat,
    needs,
)
from forms.xlsform.workbook import Row, Sheet, Workbook, read_workbook

MAX_LABEL: Final = 60
MAX_HINT: Final = 110
MAX_CHOICE: Final = 40
MAX_SECTION: Final = 30
MAX_ENTRIES: Final = 50
"""Most entries a repeat may ever have."""
APPEARANCES: Final = ("", "name", "number", "partial-date", "multiline", "search", SIGNATURE, "phone")
AUTOFILL: Final = (
    *(f"card.{fact}" for fact in ("full_name", "number", "birth", "sex", "ethnicity", "nationality", "residence", "origin")),
    *("card.issued", "card.expires", "unit.place", "procedure.code"),
)
"""Facts that may answer a question by themselves: the card's, where this kiosk stands, and for which procedure it asks."""
WRITTEN_AS: Final = ("", "date_words")
"""What ``k_as`` may ask of a computed value: ``date_words`` writes a date out in Vietnamese."""

_NAME: Final = re.compile(r"[a-z][a-z0-9_]*")
_CHOICE_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]*")
_FILE: Final = re.compile(r"[a-z0-9_-]+\.csv")
PLACEHOLDER: Final = re.compile(r"\$\{\s*([A-Za-z_][A-Za-z0-9_.-]*)\s*\}")
_FORMULA: Final = re.compile(r".*\$\{.*|[a-z][a-z:-]*\(.*\)")
_LENGTHS: Final = (("label", MAX_LABEL), ("hint", MAX_HINT), ("constraint_message", MAX_HINT), ("required_message", MAX_HINT))
_LENGTHS_OF_OTHERS: Final[Mapping[str, int]] = {**dict(_LENGTHS), "k_short": MAX_CHOICE, "k_more": MAX_LABEL, "k_hint": MAX_HINT}

Lists = Callable[[str], bytes]
"""Bytes of an external list by file name; ``KeyError`` when there is none."""


def _no_lists(name: str) -> bytes:
    raise KeyError(name)


def read_form(source: str | bytes, file: str = "form.csv", lists: Lists = _no_lists) -> Form:
    """Read and check a form: CSV text, or the bytes of a CSV file or a workbook.

    Raises:
        FormError: with every fault found.
    """
    return form_of(read_workbook(source.encode() if isinstance(source, str) else source, file), lists)


def form_of(book: Workbook, lists: Lists = _no_lists) -> Form:
    """Read and check a form whose tables are read already.

    Raises:
        FormError: with every fault found.
    """
    reader = _Reader(book, lists)
    form = reader.read()
    if reader.faults:
        raise FormError(reader.faults)
    return form


def placeholders(text: str) -> tuple[str, ...]:
    """Names of the answers that a label or hint shows, ``${name}``."""
    return tuple(PLACEHOLDER.findall(text))


@dataclass(frozen=True, slots=True)
class _Block:
    """A group or repeat that is still open: its row, the section title inside, all conditions so far, the repeat's name."""

    row: Row
    kind: str
    title: str
    titles: Mapping[str, str]
    """The title in other languages, by code."""
    relevant: tuple[Expr, ...]
    repeat: str


_OUTSIDE: Final = _Block(Row(0, {}), "", "", {}, (), "")


@dataclass(frozen=True, slots=True)
class _Source:
    """Where an expression stands."""

    row: int
    column: str
    repeat: str


class _Reader:
    def __init__(self, book: Workbook, lists: Lists) -> None:
        self.book = book
        self.lists = lists
        self.faults: list[Fault] = []
        self.uses: list[tuple[_Source, Expr]] = []
        """All expressions, kept until all names are known."""
        self.repeats: dict[str, Repeat] = {}
        self.choices: dict[str, tuple[Choice, ...]] = {}
        self.filters: dict[str, set[str]] = {}
        """Columns that some choice filter reads, by list."""
        self.by_name: Mapping[str, Item] = {}
        """All rows, once they are read."""
        self.spoilt: set[str] = set()
        """Names of rows whose type is wrong: told there, so not again where they are read."""
        self.survey = self._header("survey")

    def read(self) -> Form:
        sheet = self.book.sheets.get("choices")
        header = self._header("choices")
        if sheet is not None:
            self.choices = self._choices(sheet, header, sheet.where)
        items = tuple(self._items(self._rows("survey")))
        self._columns(self.survey, ())
        self._columns(header, {column for columns in self.filters.values() for column in columns})
        self._unique(items)
        self.by_name = {item.name: item for item in items}
        for place, expr in self.uses:
            self._references(place, expr)
        for item in items:
            self._names_in_texts(item, {"label": item.label, "hint": item.hint}, {"k_short": item.short})
        for repeat in self.repeats.values():
            self._names_in_texts(repeat, {"k_more": repeat.more}, {})
        self._cycles(items)
        return self._form(items, header.languages)

    def _form(self, items: tuple[Item, ...], also: Sequence[str]) -> Form:
        settings = self._header("settings")
        self._columns(settings, ())
        first = next(iter(self._rows("settings")), Row(0, {}))
        for column in ("form_title", "form_id", "version"):
            if not settings.cell(first, column):
                self.fault(first.number, column, "settings", f"Trang settings thiếu «{column}».", self.where("settings"))
        languages = dict.fromkeys((VIETNAMESE, *self.survey.languages, *also))
        return Form(
            id=settings.cell(first, "form_id"),
            title=settings.cell(first, "form_title"),
            version=settings.cell(first, "version"),
            items=items,
            repeats=self.repeats,
            languages=tuple(languages),
        )

    def fault(self, row: int, column: str, rule: str, message: str, file: str = "") -> None:
        self.faults.append(Fault(file or self.where("survey"), row, column, rule, message))

    def where(self, sheet: str) -> str:
        """What a fault in that sheet calls the file."""
        return self.book.sheets[sheet].where if sheet in self.book.sheets else self.book.file

    # --- sheets ----------------------------------------------------------------------------------------------------------

    def _header(self, name: str) -> Header:
        sheet = self.book.sheets.get(name)
        return read_header(name, sheet.header if sheet is not None else ())

    def _rows(self, name: str) -> Sequence[Row]:
        sheet = self.book.sheets.get(name)
        return sheet.rows if sheet is not None else ()

    def _columns(self, header: Header, also: Collection[str]) -> None:
        sheet = self.book.sheets.get(header.sheet)
        row = sheet.header_row if sheet is not None else 0
        for column in header.unknown:
            if column in header.written.values():
                self.fault(row, column, "column", f"Cột «{column}» viết hai lần.", self.where(header.sheet))
            elif column not in also:
                known = (*PLAIN[header.sheet], *(f"{text}::{LANGUAGE}" for text in sorted(TEXTS[header.sheet])))
                near = _near(f"{column}::{LANGUAGE}" if column in TEXTS[header.sheet] else column, known)
                message = f"Không có cột «{column}» trong trang {header.sheet}.{near} Cột ghi chú riêng thì xóa đi."
                self.fault(row, column, "column", message, self.where(header.sheet))

    def _choices(self, sheet: Sheet, header: Header, file: str) -> dict[str, tuple[Choice, ...]]:
        lists: dict[str, dict[str, Choice]] = {}
        for row in sheet.rows:
            name = header.cell(row, "list_name")
            known = lists.setdefault(name, {})
            choice = self._choice(row, header, file)
            if choice.name in known:
                message = f"Lựa chọn «{choice.name}» có hai lần trong «{name or file}»."
                self.fault(row.number, "name", "duplicate", message, file)
            known.setdefault(choice.name, choice)
        return {name: tuple(known.values()) for name, known in lists.items()}

    def _choice(self, row: Row, header: Header, file: str) -> Choice:
        texts = header.others(row)
        choice = Choice(
            name=header.cell(row, "name"),
            label=header.text(row, "label"),
            hint=header.text(row, "k_hint"),
            icon=header.cell(row, "k_icon"),
            image=header.text(row, "media::image"),
            audio=header.text(row, "media::audio"),
            columns={column: row.cells[column] for column in header.unknown if row.cells.get(column)},
            translations={code: _renamed(columns) for code, columns in texts.items()},
        )
        if not _CHOICE_NAME.fullmatch(choice.name):
            self.fault(row.number, "name", "name", f"Tên lựa chọn «{choice.name}» chỉ gồm chữ thường a–z, số, gạch.", file)
        if not choice.label:
            self.fault(row.number, header.title("label"), "label", "Lựa chọn thiếu nhãn tiếng Việt.", file)
        self._length(row.number, header.title("label"), choice.label, MAX_CHOICE, file)
        self._length(row.number, header.title("k_hint"), choice.hint, MAX_HINT, file)
        for code, columns in texts.items():
            self._length(row.number, header.written.get(("label", code), ""), columns.get("label", ""), MAX_CHOICE, file)
        return choice

    def _list(self, row: Row, kind: str, name: str) -> tuple[Choice, ...]:
        """Choices of a list of the form, or of an external file."""
        if kind.endswith("_from_file") and name not in self.choices:
            self.choices[name] = self._external(row, name)
        if name not in self.choices:
            self.fault(row.number, "type", "list", f"Không có danh sách lựa chọn «{name}».{_near(name, self.choices)}")
        return self.choices.get(name, ())

    def _external(self, row: Row, name: str) -> tuple[Choice, ...]:
        try:
            if not _FILE.fullmatch(name):
                raise KeyError(name)
            data = self.lists(name)
        except KeyError:
            message = f"Không có tệp danh sách «{name}» trong media/ của thủ tục hay trong _lists/."
            self.fault(row.number, "type", "list", message)
            return ()
        try:
            sheet = _list_sheet(name, data)
        except (UnicodeDecodeError, csv.Error):
            self.fault(0, "", "list_file", "Tệp danh sách không đọc được. Lưu lại dạng «CSV UTF-8».", name)
            return ()
        header = read_header("choices", sheet.header)
        for column in ("name", header.title("label")):
            if column not in sheet.header:
                self.fault(sheet.header_row, column, "column", f"Tệp danh sách thiếu cột «{column}».", name)
                return ()
        return self._choices(sheet, header, name).get("", ())

    # --- rows of the survey ----------------------------------------------------------------------------------------------

    def _items(self, rows: Sequence[Row]) -> Iterator[Item]:
        blocks = [_OUTSIDE]
        for row in rows:
            words = row.cells.get("type", "").replace("_group", " group").replace("_repeat", " repeat").split(" ")
            kind = words[0]
            if kind in ("begin", "end") and words[1:] in (["group"], ["repeat"]):
                self._open(row, words[1], blocks) if kind == "begin" else self._close(row, words[1], blocks)
            elif kind.removesuffix("_from_file") not in QUESTION_TYPES + SILENT_TYPES:
                self.spoilt.add(row.cells.get("name", ""))
                self.fault(row.number, "type", "type", _no_type(row.cells.get("type", "")))
            else:
                item = self._item(row, kind, " ".join(words[1:]), blocks[-1])
                self._check_item(row, item)
                yield item
        for block in blocks[1:]:
            self.fault(block.row.number, "type", "group", f"«begin {block.kind}» không có «end {block.kind}».")

    def _open(self, row: Row, kind: str, blocks: list[_Block]) -> None:
        outer, title = blocks[-1], self.survey.text(row, "label")
        self._length(row.number, self.survey.title("label"), title, MAX_SECTION)
        self._check_name(row)
        name = row.cells.get("name", "")
        repeat = name if kind == "repeat" else outer.repeat
        titles = {code: texts["label"] for code, texts in self.survey.others(row).items() if "label" in texts}
        if not title:
            title, titles = outer.title, dict(outer.titles)
        relevant = outer.relevant + self._expr(row, "relevant", outer.repeat)
        if kind == "repeat":
            if outer.repeat:
                self.fault(row.number, "type", "repeat", f"Phần lặp «{name}» nằm trong phần lặp «{outer.repeat}»: không được.")
            if not self.survey.text(row, "label"):
                self.fault(row.number, self.survey.title("label"), "label", "Phần lặp thiếu tên, ví dụ: Giấy tờ.")
            self.repeats[name] = self._repeat(row, name, relevant)
        blocks.append(_Block(row, kind, title, titles, relevant, repeat))

    def _close(self, row: Row, kind: str, blocks: list[_Block]) -> None:
        if blocks[-1].kind != kind:
            self.fault(row.number, "type", "group", f"«end {kind}» không có «begin {kind}» trước nó.")
        else:
            blocks.pop()

    def _repeat(self, row: Row, name: str, relevant: tuple[Expr, ...]) -> Repeat:
        count = self._one(row, "repeat_count", "")
        more = self.survey.text(row, "k_more")
        if count is None and not more:
            message = "Phần lặp cần k_more (câu hỏi «Có … nào nữa không?») hoặc repeat_count."
            self.fault(row.number, self.survey.title("k_more"), "k_more", message)
        self._length(row.number, self.survey.title("k_more"), more, MAX_LABEL)
        least, most = self._limits(row)
        return Repeat(
            row=row.number,
            name=name,
            label=self.survey.text(row, "label"),
            more=more if count is None else "",
            count=count,
            minimum=least,
            maximum=most,
            relevant=relevant,
            template=row.cells.get("k_template", ""),
            translations={code: _renamed(texts) for code, texts in self.survey.others(row).items()},
        )

    def _limits(self, row: Row) -> tuple[int, int]:
        """Fewest and most entries, from «min=1 max=20»."""
        text = row.cells.get("parameters", "")
        found = dict(re.findall(r"(min|max)=([0-9]{1,3})", text))
        least, most = int(found.get("min", 1)), int(found.get("max", 20))
        if re.sub(r"(min|max)=[0-9]{1,3}", "", text).strip() or not 0 <= least <= most <= MAX_ENTRIES or most == 0:
            self.fault(row.number, "parameters", "parameters", f"Viết: min=1 max=20 (nhiều nhất {MAX_ENTRIES}).")
        return least, most

    def _item(self, row: Row, kind: str, list_name: str, block: _Block) -> Item:
        cells, select = row.cells, kind.startswith("select")
        choices = self._list(row, kind, list_name) if select else ()
        kind = kind.removesuffix("_from_file")
        signature = cells.get("appearance", "") == SIGNATURE
        shown = kind in QUESTION_TYPES and kind not in ("note", "acknowledge") and not signature
        texts = {code: _renamed(columns) for code, columns in self.survey.others(row).items()}
        for code, title in block.titles.items():
            texts[code] = {**texts.get(code, {}), "section": title}
        return Item(
            row=row.number,
            type=kind,
            name=cells.get("name", ""),
            label=self.survey.text(row, "label"),
            hint=self.survey.text(row, "hint"),
            guidance=self.survey.text(row, "guidance_hint"),
            short=self.survey.text(row, "k_short"),
            section=block.title,
            required=self._flag(row, "required", default=False),
            required_message=self.survey.text(row, "required_message"),
            relevant=block.relevant + self._expr(row, "relevant", block.repeat),
            constraint=self._one(row, "constraint", block.repeat),
            constraint_message=self.survey.text(row, "constraint_message"),
            calculation=self._one(row, "calculation", block.repeat),
            default=self._default(row, choices, block.repeat),
            appearance=cells.get("appearance", ""),
            list_name=list_name if select else "",
            choices=choices,
            choice_filter=self._filter(row, list_name, choices, block.repeat),
            repeat=block.repeat,
            autofill=cells.get("k_autofill", ""),
            pii=self._flag(row, "k_pii", default=False),
            review=self._flag(row, "k_review", default=shown),
            keep=self._flag(row, "k_keep", default=True),
            template=cells.get("k_template", ""),
            written_as=cells.get("k_as", ""),
            check=self._soft_check(row, block.repeat),
            image=self.survey.text(row, "media::image"),
            audio=self.survey.text(row, "media::audio"),
            translations=texts,
        )

    def _check_name(self, row: Row) -> None:
        name = row.cells.get("name", "")
        if not _NAME.fullmatch(name):
            self.fault(row.number, "name", "name", f"Tên «{name}» phải bắt đầu bằng chữ thường a–z, rồi chữ, số, gạch dưới.")

    def _check_item(self, row: Row, item: Item) -> None:
        self._check_name(row)
        title = self.survey.title
        if item.type in QUESTION_TYPES and not item.label:
            self.fault(row.number, title("label"), "label", "Câu hỏi thiếu nhãn tiếng Việt.")
        if item.appearance not in APPEARANCES:
            self.fault(
                row.number,
                "appearance",
                "appearance",
                f"Không có kiểu hiện «{item.appearance}».{_near(item.appearance, APPEARANCES)}",
            )
        if item.appearance == SIGNATURE and item.type != "image":
            self.fault(row.number, "appearance", "appearance", "Kiểu hiện signature chỉ dùng cho loại image.")
        if item.written_as not in WRITTEN_AS:
            self.fault(row.number, "k_as", "k_as", f"Không có cách viết «{item.written_as}».")
        if item.type == "calculate" and not row.cells.get("calculation"):
            self.fault(row.number, "calculation", "calculation", "Dòng calculate cần có công thức.")
        if row.cells.get("constraint") and not item.constraint_message:
            self.fault(row.number, title("constraint_message"), "message", "Có điều kiện thì phải có câu báo khi sai.")
        if item.autofill and item.autofill not in AUTOFILL:
            message = f"Không có dữ kiện «{item.autofill}».{_near(item.autofill, AUTOFILL)} Chọn: {', '.join(AUTOFILL)}."
            self.fault(row.number, "k_autofill", "k_autofill", message)
        if item.repeat and item.autofill:
            self.fault(row.number, "k_autofill", "k_autofill", "Trong phần lặp không điền sẵn từ thẻ được: thẻ chỉ có một người.")
        for column in ("repeat_count", "parameters", title("k_more")):
            if row.cells.get(column):
                self.fault(row.number, column, "repeat", f"«{column}» chỉ viết ở dòng begin repeat.")
        for column, most in (*_LENGTHS, ("k_short", MAX_CHOICE)):
            self._length(row.number, title(column), self.survey.text(row, column), most)
        for (column, code), written in self.survey.written.items():
            if code not in ("", VIETNAMESE) and column in _LENGTHS_OF_OTHERS:
                self._length(row.number, written, row.cells.get(written, ""), _LENGTHS_OF_OTHERS[column])

    def _length(self, row: int, column: str, text: str, most: int, file: str = "") -> None:
        if len(text) > most:
            self.fault(row, column, "length", f"Dài {len(text)} ký tự, nhiều nhất {most}.", file)

    def _flag(self, row: Row, column: str, *, default: bool) -> bool:
        text = row.cells.get(column, "")
        if text not in ("", "yes", "no"):
            self.fault(row.number, column, "flag", f"Chỉ viết yes hoặc no, không phải «{text}».")
        return default if not text else text == "yes"

    # --- expressions -----------------------------------------------------------------------------------------------------

    def _one(self, row: Row, column: str, repeat: str) -> Expr | None:
        return next(iter(self._expr(row, column, repeat)), None)

    def _expr(self, row: Row, column: str, repeat: str, columns: Sequence[str] = ()) -> tuple[Expr, ...]:
        source = row.cells.get(column, "")
        return self._parsed(_Source(row.number, column, repeat), source, columns) if source else ()

    def _parsed(self, place: _Source, source: str, columns: Sequence[str] = ()) -> tuple[Expr, ...]:
        try:
            expr = parse(source, columns)
        except ExprError as error:
            self.fault(place.row, place.column, "expression", f"Ký tự {error.column}: {error.message_vi}")
            return ()
        self.uses.append((place, expr))
        return (expr,)

    def _default(self, row: Row, choices: Sequence[Choice], repeat: str) -> Expr | None:
        """A default is the answer itself, unless it is written as a formula."""
        text = row.cells.get("default", "")
        if _FORMULA.fullmatch(text):
            return self._one(row, "default", repeat)
        if text and choices and not all(any(choice.name == part for choice in choices) for part in text.split(" ")):
            self.fault(row.number, "default", "default", f"«{text}» không phải là một lựa chọn của danh sách.")
        return constant(text) if text else None

    def _filter(self, row: Row, list_name: str, choices: Sequence[Choice], repeat: str) -> Expr | None:
        if not row.cells.get("choice_filter"):
            return None
        if not choices:
            self.fault(row.number, "choice_filter", "choice_filter", "Chỉ lọc được câu hỏi chọn có danh sách.")
            return None
        columns = {"name", *(column for choice in choices for column in choice.columns if _NAME.fullmatch(column))}
        found = self._expr(row, "choice_filter", repeat, sorted(columns))
        for expr in found:
            self.filters.setdefault(list_name, set()).update(expr.columns)
        return next(iter(found), None)

    def _soft_check(self, row: Row, repeat: str) -> Check | None:
        source = row.cells.get("k_check", "")
        if not source:
            return None
        kind, *pairs = (part.strip() for part in source.split(";"))
        arguments = dict(pair.partition("=")[::2] for pair in pairs if "=" in pair)
        if kind != "personal_number" or len(arguments) != len(pairs) or not arguments.keys() <= {"sex", "birth"}:
            self.fault(row.number, "k_check", "k_check", "Viết: personal_number; sex='Nữ'; birth=tên_câu_hỏi.")
            return None
        for name in (source for source in arguments.values() if not source.startswith("'")):
            self._parsed(_Source(row.number, "k_check", repeat), f"${{{name}}}")
        return Check(kind, arguments)

    # --- the form as a whole ---------------------------------------------------------------------------------------------

    def _unique(self, items: Sequence[Item]) -> None:
        seen: dict[str, int] = {repeat.name: repeat.row for repeat in self.repeats.values()}
        for item in items:
            if item.name in seen:
                self.fault(item.row, "name", "duplicate", f"Tên «{item.name}» đã dùng ở dòng {seen[item.name]}.")
            seen.setdefault(item.name, item.row)
        for repeat in self.repeats.values():
            if not any(item.repeat == repeat.name for item in items):
                self.fault(repeat.row, "type", "repeat", f"Phần lặp «{repeat.name}» không có câu hỏi nào.")

    def _references(self, place: _Source, expr: Expr) -> None:
        known = self.by_name.keys() | self.repeats.keys()
        wrong = [
            f"Ký tự {ref.column}: không có câu hỏi tên «{ref.name}».{_near(ref.name, known)}"
            for ref in expr.refs
            if ref.name not in known | self.spoilt
        ]
        for ref in expr.single:
            if ref.name in self.repeats:
                wrong.append(f"Ký tự {ref.column}: «{ref.name}» là phần lặp, chỉ viết count(${{{ref.name}}}).")
            elif ref.name in self.by_name and self.by_name[ref.name].repeat not in ("", place.repeat):
                wrong.append(f"Ký tự {ref.column}: «{ref.name}» ở trong phần lặp; từ ngoài chỉ dùng với sum, count, min, max.")
        if expr.reads_this and place.column != "constraint":
            wrong.append("Dấu chấm chỉ dùng trong cột constraint.")
        if "position" in expr.calls and not place.repeat:
            wrong.append("position(..) chỉ dùng trong phần lặp.")
        for message in wrong:
            self.fault(place.row, place.column, "reference", message)

    def _names_in_texts(self, row: Item | Repeat, read_aloud: Mapping[str, str], silent: Mapping[str, str]) -> None:
        """Answers that texts of a row show, in every language; both groups have the Vietnamese text by column."""
        for column, text in (*read_aloud.items(), *silent.items()):
            self._names_in_text(row, self.survey.title(column), text, read_aloud=column in read_aloud)
            for code, texts in row.translations.items():
                other = texts.get(column.removeprefix("k_"), "")
                self._names_in_text(row, self.survey.written.get((column, code), column), other, read_aloud=column in read_aloud)

    def _names_in_text(self, row: Item | Repeat, column: str, text: str, *, read_aloud: bool) -> None:
        """Answers shown inside a text: known, of the same entry, and in what is read aloud never personal."""
        own = row.repeat if isinstance(row, Item) else row.name
        for name in placeholders(text):
            shown = self.by_name.get(name)
            if shown is None or shown.repeat not in ("", own):
                self.fault(row.row, column, "reference", f"Không có câu hỏi tên «{name}» để hiện ở đây.{_near(name, self.by_name)}")
            elif shown.pii and read_aloud:
                message = f"«{name}» là dữ liệu riêng (k_pii), không đưa vào câu hỏi: máy đọc to câu hỏi."
                self.fault(row.row, column, "placeholder_pii", message)

    def _cycles(self, items: Sequence[Item]) -> None:
        rows = {item.name: item.row for item in items} | {repeat.name: repeat.row for repeat in self.repeats.values()}
        for path in find_cycles(needs(items, self.repeats.values())):
            self.fault(rows[path[0]], "", "cycle", f"Công thức đi vòng: {' → '.join(path)}.")


def _near(written: str, among: Iterable[str]) -> str:
    """The way out of a misspelling: the known name that is nearest, or nothing."""
    known = {name.casefold(): name for name in among}
    near = difflib.get_close_matches(written.casefold(), known, 1)
    return f" Có phải «{known[near[0]]}» không?" if near else ""


def _no_type(written: str) -> str:
    if not written:
        return "Dòng thiếu loại câu hỏi. Ghi text, date, select_one … ở cột type, hoặc xóa cả dòng."
    near = _near(written.split(" ")[0], (*QUESTION_TYPES, *SILENT_TYPES))
    return f"Không có loại câu hỏi «{written}».{near or ' Các loại: ' + ', '.join(QUESTION_TYPES) + '.'}"


def _renamed(columns: Mapping[str, str]) -> dict[str, str]:
    """Texts of one language under the names of the model's fields."""
    names = {"guidance_hint": "guidance", "k_short": "short", "k_more": "more", "k_hint": "hint"}
    return {names.get(column, column.removeprefix("media::")): text for column, text in columns.items()}


def _list_sheet(name: str, data: bytes) -> Sheet:
    """Rows of an external list, whose table is the whole file."""
    reader = csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    header: tuple[str, ...] = ()
    header_row, rows, number = 0, [], 1
    for cells in reader:
        start, number = number, reader.line_num + 1
        texts = [nfc(cell) for cell in cells]
        if not any(texts) or texts[0].startswith("#"):
            continue
        if not header:
            header, header_row = tuple(texts), start
        else:
            rows.append(Row(start, {column: text for column, text in zip(header, texts, strict=False) if text}))
    return Sheet(name, header, header_row, tuple(rows))
