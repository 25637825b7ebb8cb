"""What changed between two versions of a form, and what may not: a code that was once released stays what it was.

A filed dossier keeps its answers under the names of questions and the codes of choices for ever, and others build on them. So a
released name or code is never dropped, renamed or given another type; one that is no longer asked is listed in
``forms/catalog/retired.yaml`` with the reason, and never used again. Everything else may change with a new version number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from forms.expr import Expr
from forms.procedures.marked_yaml import read_marked
from forms.xlsform import Form, Item
from forms.xlsform.model import Fault, FormError

_TYPES_VI: Final = {
    "text": "chữ",
    "integer": "số nguyên",
    "decimal": "số lẻ",
    "date": "ngày",
    "select_one": "chọn một",
    "select_multiple": "chọn nhiều",
    "note": "lời nhắn",
    "acknowledge": "cam đoan",
    "image": "giấy tờ",
    "file": "tệp",
    "barcode": "mã vạch",
    "calculate": "máy tính ra",
    "hidden": "lấy sẵn",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. ``name`` is the question, ``choice`` the code of its answer where it is about one."""

    code: str
    text_vi: str
    name: str = ""
    choice: str = ""
    row: int = 0
    column: str = ""
    must: bool = False
    """Whether it adds a question that has to be answered."""


BREAKING: Final = frozenset({"question_dropped", "question_renamed", "type_changed", "choice_dropped", "repeat_changed"})
"""Changes after which an answer already given means nothing any more."""


def changes(old: Form, new: Form) -> tuple[Change, ...]:
    """Everything a person or a stored answer could notice, in the order of the new form, what is gone first."""
    heirs = _heirs(old, new)
    renamed = {heir.name for heir in heirs.values()}
    rows = (change for item in new.items if item.name not in renamed for change in _row_changes(old, item))
    return (*_gone(old, new, heirs), *rows, *_order(old, new), *_whole(old, new))


def _heirs(old: Form, new: Form) -> Mapping[str, Item]:
    """New rows that ask, under another name, what a row that is gone asked in the same words."""
    added = [item for item in new.items if item.name not in old.by_name]
    gone = [item for item in old.items if item.name not in new.by_name and item.label]
    return {item.name: one for item in gone for one in added if (one.label, one.type) == (item.label, item.type)}


def _gone(old: Form, new: Form, heirs: Mapping[str, Item]) -> Iterator[Change]:
    for item in old.items:
        if item.name in new.by_name:
            continue
        heir = heirs.get(item.name)
        if heir is not None:
            text = f"Câu «{_called(item)}» đổi tên từ {item.name} thành {heir.name}."
            yield Change("question_renamed", text, item.name, "", heir.row, "name")
        else:
            yield Change("question_dropped", f"Bỏ câu «{_called(item)}» ({item.name}).", item.name, "", 0, "name")


def _row_changes(old: Form, item: Item) -> Iterator[Change]:
    before = old.by_name.get(item.name)
    if before is None:
        must = ", bắt buộc" if item.required else ""
        text = f"Thêm câu «{_called(item)}» ({item.name}, {_TYPES_VI[item.type]}{must})."
        yield Change("question_added", text, item.name, "", item.row, "name", must=item.required)
        return
    named = f"Câu «{_called(item)}»"
    if before.type != item.type:
        text = f"{named} đổi loại từ {_TYPES_VI[before.type]} sang {_TYPES_VI[item.type]}."
        yield Change("type_changed", text, item.name, "", item.row, "type")
    if before.repeat != item.repeat:
        yield Change("repeat_changed", f"{named} vào hoặc ra khỏi phần lặp.", item.name, "", item.row, "type")
    yield from _choice_changes(before, item, named)
    yield from _wording(before, item, named)


def _choice_changes(before: Item, item: Item, named: str) -> Iterator[Change]:
    then, now = {one.name: one for one in before.choices}, {one.name: one for one in item.choices}
    for code in (code for code in then if code not in now and before.type == item.type):
        yield Change("choice_dropped", f"{named} bỏ lựa chọn «{then[code].label}» ({code}).", item.name, code, item.row, "type")
    for code, choice in now.items():
        if code not in then:
            yield Change("choice_added", f"{named} thêm lựa chọn «{choice.label}» ({code}).", item.name, code, item.row, "type")
        elif then[code].label != choice.label:
            text = f"{named}: lựa chọn {code} viết lại từ «{then[code].label}» thành «{choice.label}»."
            yield Change("choice_reworded", text, item.name, code, item.row, "type")


def _wording(before: Item, item: Item, named: str) -> Iterator[Change]:
    if before.label != item.label and before.label:
        yield Change("reworded", f"{named} trước đây hỏi: «{before.label}».", item.name, "", item.row, "label")
    if before.hint != item.hint:
        yield Change("hint_changed", f"{named} đổi lời giải thích thành «{item.hint}».", item.name, "", item.row, "hint")
    if before.required != item.required:
        text = f"{named} nay {'bắt buộc' if item.required else 'không bắt buộc'}."
        yield Change("required_changed", text, item.name, "", item.row, "required")
    if _sources(before.relevant) != _sources(item.relevant):
        then, now = (_sources(exprs) or "luôn luôn" for exprs in (before.relevant, item.relevant))
        text = f"{named} hiện ra khi: {now} (trước đây: {then})."
        yield Change("condition_changed", text, item.name, "", item.row, "relevant")
    for column, about in (("constraint", "cách kiểm tra"), ("calculation", "công thức"), ("choice_filter", "cách lọc lựa chọn")):
        if _source(getattr(before, column)) != _source(getattr(item, column)):
            yield Change(f"{column}_changed", f"{named} đổi {about}.", item.name, "", item.row, column)
    if before.template != item.template:
        text = f"{named} in vào mục «{item.template or 'không mục nào'}» (trước đây «{before.template or 'không mục nào'}»)."
        yield Change("template_changed", text, item.name, "", item.row, "k_template")


def _order(old: Form, new: Form) -> Iterator[Change]:
    before = [item.name for item in old.items if item.name in new.by_name]
    after = [item.name for item in new.items if item.name in old.by_name]
    if before != after:
        place = next(place for place, name in enumerate(before) if after[place] != name)
        item = new.item(after[place])
        yield Change("order_changed", f"Thứ tự câu hỏi khác từ câu «{_called(item)}».", item.name, "", item.row, "")


def _whole(old: Form, new: Form) -> Iterator[Change]:
    if old.title != new.title:
        yield Change("title_changed", f"Tên biểu mẫu: «{new.title}» (trước đây «{old.title}»).")
    if gained := [code for code in new.languages if code not in old.languages]:
        yield Change("language_added", f"Thêm tiếng: {', '.join(gained)}.")


def _called(item: Item) -> str:
    return item.short or item.label or item.name


def _source(expr: Expr | None) -> str:
    return expr.source if expr is not None else ""


def _sources(exprs: Sequence[Expr]) -> str:
    return " and ".join(expr.source for expr in exprs)


_KEYS_VI: Final = {
    "name_vi": "Tên thủ tục",
    "valid": "Hiệu lực",
    "legal_basis": "Căn cứ pháp lý",
    "components": "Giấy tờ",
    "channels": "Cách nộp",
    "time": "Thời hạn",
    "fee": "Phí, lệ phí",
    "result": "Kết quả",
    "routing": "Nơi giải quyết",
}


def procedure_changes(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """What changed in the facts of a procedure, key by key; papers by their id."""
    return tuple(
        Change(
            "fact_changed", f"{_KEYS_VI.get(key.partition('.')[0], 'Mục')} ({key}): {_said(now)} (trước đây {_said(then)}).", key
        )
        for key, then, now in _differences("", old, new)
    )


def _differences(key: str, old: Any, new: Any) -> Iterator[tuple[str, Any, Any]]:
    then, now = _by_key(old), _by_key(new)
    if then is not None and now is not None:
        for inner in dict.fromkeys((*then, *now)):
            yield from _differences(f"{key}.{inner}" if key else str(inner), then.get(inner), now.get(inner))
    elif old != new:
        yield key, old, new


def _by_key(value: Any) -> Mapping[str, Any] | None:
    """A group by its keys, a list of things with ids by those."""
    if isinstance(value, list) and value and all(isinstance(row, Mapping) and "id" in row for row in value):
        return {str(row["id"]): row for row in value}
    return value if isinstance(value, Mapping) else None


def _said(value: Any) -> str:
    if value is None:
        return "không có"
    return "có" if isinstance(value, Mapping) else f"«{value}»"


# --- what an answered form suffers -----------------------------------------------------------------------------------------


def touched(found: Sequence[Change], answers: Mapping[str, Any]) -> tuple[Change, ...]:
    """The changes that stored answers feel: an answer that is lost or no longer fits, or a question they now must answer."""
    given = dict(_flat(answers))
    return tuple(change for change in found if _felt(change, given))


def _felt(change: Change, given: Mapping[str, frozenset[str]]) -> bool:
    if change.code == "choice_dropped":
        return change.choice in given.get(change.name, frozenset())
    if change.code in BREAKING:
        return change.name in given
    return change.must


def _flat(answers: Mapping[str, Any]) -> Iterator[tuple[str, frozenset[str]]]:
    """Answered names with the words of their answers, entries of repeats together."""
    gathered: dict[str, set[str]] = {}
    for name, value in answers.items():
        entries = [entry for entry in value if isinstance(entry, Mapping)] if isinstance(value, list) else []
        for entry in entries:
            for inner, words in _flat(entry):
                gathered.setdefault(inner, set()).update(words)
        if not entries:
            gathered.setdefault(name, set()).update(map(str, value) if isinstance(value, list) else [str(value)])
    return ((name, frozenset(words)) for name, words in gathered.items())


# --- what a release may not do -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Retired:
    """A name (or the ``choice`` of a question) that is no longer asked, by form."""

    form: str
    name: str
    choice: str
    reason_vi: str


def read_retired(text: str, file: str = "retired.yaml") -> tuple[Retired, ...]:
    """Read the list of retired codes.

    Raises:
        FormError: with every fault found.
    """
    source = read_marked(text, file)
    rows = source.data.get("retired")
    if not isinstance(rows, list):
        raise FormError([Fault(file, 0, "retired", "missing", "Thiếu danh sách «retired» (có thể để trống: []).")])
    faults = [
        Fault(
            file,
            source.line(("retired", place)),
            "retired",
            "missing",
            "Mỗi dòng cần form, name, reason_vi; choice nếu là lựa chọn.",
        )
        for place, row in enumerate(rows)
        if not isinstance(row, Mapping) or not all(str(row.get(key) or "").strip() for key in ("form", "name", "reason_vi"))
    ]
    if faults:
        raise FormError(faults)
    return tuple(Retired(str(row["form"]), str(row["name"]), str(row.get("choice") or ""), str(row["reason_vi"])) for row in rows)


def code_faults(released: Form, new: Form, retired: Sequence[Retired], file: str) -> tuple[Fault, ...]:
    """Codes of a released version that ``new`` drops, renames or changes without their being retired; empty when it may follow."""
    known = {(one.name, one.choice) for one in retired if one.form == new.id}
    broken = [change for change in changes(released, new) if change.code in BREAKING]
    return tuple(_refused(change, file) for change in broken if (change.name, change.choice) not in known)


def reused(form: Form, retired: Sequence[Retired], file: str) -> tuple[Fault, ...]:
    """Codes of a form that were retired once: old answers under them would be read with a new meaning."""
    faults = []
    for one in retired:
        item = form.by_name.get(one.name)
        if one.form == form.id and item is not None and (not one.choice or item.choice(one.choice)):
            called = f"Lựa chọn «{one.choice}» của «{one.name}»" if one.choice else f"Tên «{one.name}»"
            message = f"{called} đã nghỉ dùng ({one.reason_vi}). Đặt tên mới."
            faults.append(Fault(file, item.row, "type" if one.choice else "name", "code_reused", message))
    return tuple(faults)


_REFUSALS: Final = {
    "question_dropped": "code_dropped",
    "choice_dropped": "code_dropped",
    "question_renamed": "code_renamed",
    "type_changed": "code_changed",
    "repeat_changed": "code_changed",
}


def _refused(change: Change, file: str) -> Fault:
    cure = {
        "code_dropped": "Giữ lại, hoặc ghi vào retired.yaml kèm lý do.",
        "code_renamed": "Tên đã phát hành không đổi được: trả lại tên cũ.",
        "code_changed": "Thêm câu mới với tên mới, câu cũ ghi vào retired.yaml.",
    }
    rule = _REFUSALS[change.code]
    return Fault(file, change.row, change.column, rule, f"{change.text_vi} {cure[rule]}")
