"""The catalogue of procedures (thủ tục hành chính): what each asks for, how long it takes, what it costs, which papers it needs.

A procedure is a folder of data, ``procedure.yaml`` beside its ``form.csv``; this module reads and checks both, and answers
questions about them (which papers for these answers, who files, is the law in force on a day). Loading fails as a whole, with
every fault listed (:class:`forms.xlsform.FormError`), never in front of a citizen. Amounts and limits nobody has stated stay
unknown; how sure each fact is is kept as data beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, Final, Literal

import yaml

from forms.calendar import WorkingCalendar
from forms.deadline import KINDS, TimeRule
from forms.expr import Expr, ExprError, as_date, as_truth, evaluate, parse
from forms.fee import FeeQuote, FeeRule, fee
from forms.xlsform import Fault, Form, FormError, read_form

_APPLICANT: Final = frozenset({"name", "number", "birth", "phone", "relation", "document"})
_FORM_VI: Final[Mapping[str, str]] = {"original": "bản chính", "copy": "bản sao", "certified_copy": "bản sao chứng thực"}


@dataclass(frozen=True, slots=True)
class Basis:
    """A law it rests on, with the days it is in force; ``None`` is open, or not established (then ``note`` says so)."""

    title: str
    valid_from: date | None
    valid_to: date | None
    note: str = ""

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Component:
    """A paper of the dossier (thành phần hồ sơ). ``when`` decides from the answers; ``None``: an official asks at the counter."""

    id: str
    name_vi: str
    kind: Literal["submit", "present"]
    """Handed in, or only shown."""
    form: str
    """"original", "copy" or "certified_copy"."""
    quantity: int
    condition_vi: str
    replaced_by_database_vi: str
    """The database that makes the paper unnecessary when it answers (NQ 66.7/2025/NQ-CP); '' when none does."""
    when: Expr | None
    made_by_kiosk: bool = False
    """The declaration itself: printed from the answers, nothing to bring."""

    @property
    def form_vi(self) -> str:
        return _FORM_VI[self.form]


@dataclass(frozen=True, slots=True)
class Needed:
    """A paper and whether these answers call for it: ``yes``, ``no``, or ``official`` when only a person can tell."""

    component: Component
    state: Literal["yes", "no", "official"]


@dataclass(frozen=True, slots=True)
class PaperField:
    """How a field of the official declaration is filled: by a question or computed value, or, with the reason, outside the form."""

    field: str
    source: str
    reason_vi: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One procedure as published, with its form."""

    code: str
    name_vi: str
    short_vi: str
    sector_vi: str
    authority_vi: str
    icon: str
    colour: str
    for_whom_vi: str
    how_long_vi: str
    valid_from: date | None
    valid_to: date | None
    legal_basis: tuple[Basis, ...]
    components: tuple[Component, ...]
    channels: tuple[int, ...]
    """National channel codes: 1 in person, 2 online, 3 post."""
    online_vi: str
    time: TimeRule
    fee: FeeRule
    result_vi: str
    result_code: str
    result_note_vi: str
    certainty: Mapping[str, str]
    """How each group of facts is known: «seen …», «knowledge-high» …"""
    applicant_fields: Mapping[str, str]
    """Keys of the applicant (``name``, ``number``, ``birth``, ``phone``, ``relation``, ``document``) -> names of the form."""
    subject_field: str
    declaration_vi: str
    paper_fields: tuple[PaperField, ...]
    form: Form

    @property
    def form_version(self) -> str:
        return self.form.version

    def in_force(self, day: date) -> bool:
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def applicant(self, answers: Mapping[str, Any]) -> dict[str, str]:
        """Who files, from stored answers: only the keys that have a value."""
        return {key: str(answers[name]) for key, name in self.applicant_fields.items() if answers.get(name)}

    def subject(self, answers: Mapping[str, Any]) -> str:
        """Whom it is about (the child's name); '' when not answered."""
        return str(answers.get(self.subject_field, ""))

    def checklist(self, answers: Mapping[str, Any]) -> tuple[Needed, ...]:
        """Every paper of the procedure and whether these answers call for it."""
        context = _Stored(self.form, answers)
        return tuple(Needed(component, _state(component, context)) for component in self.components)

    def to_bring(self, answers: Mapping[str, Any]) -> tuple[Component, ...]:
        """Papers the citizen must hand in or show at the counter, by the answers given."""
        return tuple(
            needed.component for needed in self.checklist(answers) if needed.state == "yes" and not needed.component.made_by_kiosk
        )

    def fee_for(self, answers: Mapping[str, Any], received: date, calendar: WorkingCalendar | None = None) -> FeeQuote:
        """Fee of a filing received on that day."""
        event = as_date(str(answers.get(self.fee.from_field, "")))
        return fee(self.fee, received=received, event=event, calendar=calendar)


@dataclass(frozen=True, slots=True)
class ServiceTile:
    """One tile of the services screen. Not ``available``: ``note_vi`` says in a plain sentence how an official helps."""

    code: str
    title_vi: str
    for_whom_vi: str
    how_long_vi: str
    icon: str
    colour: str
    available: bool
    note_vi: str = ""


class _Stored:
    """Expression context over stored answers."""

    def __init__(self, form: Form, answers: Mapping[str, Any]) -> None:
        self._form = form
        self._answers = answers

    @property
    def today(self) -> date:
        return as_date(str(self._answers.get("date", ""))) or date.min

    def value(self, name: str) -> str:
        answer = self._answers.get(name, "")
        return " ".join(map(str, answer)) if isinstance(answer, list) else str(answer)

    def choice_label(self, name: str, choice: str) -> str:
        found = self._form.item(name).choice(choice)
        return found.label if found else ""


def _state(component: Component, context: _Stored) -> Literal["yes", "no", "official"]:
    if component.when is None:
        return "official"
    return "yes" if as_truth(evaluate(component.when, context)) else "no"


def load_yaml(text: str) -> Any:
    """Plain YAML, with libyaml's parser where the package has it: ten times faster, the same result.

    Raises:
        yaml.YAMLError: not YAML.
    """
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


# --- loading -------------------------------------------------------------------------------------------------------


def load_catalogue() -> Mapping[str, Procedure]:
    """The packaged procedures by code.

    Raises:
        FormError: a file of the catalogue is wrong (a build that passes its tests never raises this).
    """
    return _packaged()


@cache
def _packaged() -> Mapping[str, Procedure]:
    entries = resources.files("forms").joinpath("catalog").iterdir()
    folders = [entry for entry in entries if entry.is_dir() and entry.joinpath("procedure.yaml").is_file()]
    procedures = [_load(folder) for folder in sorted(folders, key=_name)]
    return MappingProxyType({procedure.code: procedure for procedure in procedures})


def _name(entry: Traversable) -> str:
    return entry.name


def _load(folder: Traversable) -> Procedure:
    form = read_form(folder.joinpath("form.csv").read_text("utf-8"), f"{folder.name}/form.csv")
    return read_procedure(folder.joinpath("procedure.yaml").read_text("utf-8"), form, f"{folder.name}/procedure.yaml")


def services_index() -> Sequence[ServiceTile]:
    """The tiles of the services screen, at most six; one is available exactly when its procedure is in the catalogue."""
    text = resources.files("forms").joinpath("catalog/services.yaml").read_text("utf-8")
    data = load_yaml(text)
    return tuple(_tile(row, data["at_the_counter_vi"]) for row in data["services"])


def _tile(row: Mapping[str, Any], counter_vi: str) -> ServiceTile:
    procedure = load_catalogue().get(row["code"])
    if procedure is not None:
        texts = (procedure.short_vi, procedure.for_whom_vi, procedure.how_long_vi, procedure.icon, procedure.colour)
    else:
        texts = (row["title_vi"], row["for_whom_vi"], row["how_long_vi"], row["icon"], row["colour"])
    return ServiceTile(row["code"], *texts, available=procedure is not None, note_vi="" if procedure else counter_vi)


def read_procedure(text: str, form: Form, file: str = "procedure.yaml") -> Procedure:
    """Read and check ``procedure.yaml`` against its form.

    Raises:
        FormError: with every fault found.
    """
    reader = _Reader(form, file)
    try:
        data = load_yaml(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        raise FormError([Fault(file, mark.line + 1 if mark else 0, "", "yaml", f"Không đọc được YAML: {error}")]) from None
    if not isinstance(data, dict):
        raise FormError([Fault(file, 0, "", "yaml", "Tệp phải là các cặp «khóa: giá trị».")])
    procedure = reader.read(data)
    if reader.faults:
        raise FormError(reader.faults)
    return procedure


class _Reader:
    def __init__(self, form: Form, file: str) -> None:
        self.form = form
        self.file = file
        self.faults: list[Fault] = []

    def fault(self, key: str, rule: str, message: str) -> None:
        self.faults.append(Fault(self.file, 0, key, rule, message))

    def read(self, data: Mapping[str, Any]) -> Procedure:
        valid = self._mapping(data, "valid")
        result = self._mapping(data, "result")
        return Procedure(
            code=self._text(data, "code"),
            name_vi=self._text(data, "name_vi"),
            short_vi=self._text(data, "short_vi"),
            sector_vi=self._text(data, "sector_vi"),
            authority_vi=self._text(data, "authority_vi"),
            icon=self._text(data, "icon"),
            colour=self._text(data, "colour"),
            for_whom_vi=self._text(data, "for_whom_vi"),
            how_long_vi=self._text(data, "how_long_vi"),
            valid_from=self._date(valid, "valid.from", valid.get("from")),
            valid_to=self._date(valid, "valid.to", valid.get("to")),
            legal_basis=tuple(self._basis(row) for row in self._list(data, "legal_basis")),
            components=tuple(self._component(row) for row in self._list(data, "components")),
            channels=tuple(row for row in self._list(data, "channels")),
            online_vi=self._text(data, "online_vi"),
            time=self._time(self._mapping(data, "time")),
            fee=self._fee(self._mapping(data, "fee")),
            result_vi=self._text(result, "name_vi"),
            result_code=self._text(result, "code"),
            result_note_vi=str(result.get("note_vi", "")),
            certainty=MappingProxyType(dict(self._mapping(data, "certainty"))),
            applicant_fields=MappingProxyType(self._applicant(self._mapping(data, "applicant"))),
            subject_field=self._form_name("subject", self._text(data, "subject")),
            declaration_vi=self._text(data, "declaration_vi"),
            paper_fields=tuple(self._paper_fields(self._mapping(data, "outside_the_form"))),
            form=self.form,
        )

    def _text(self, data: Mapping[str, Any], key: str) -> str:
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            self.fault(key, "missing", f"Thiếu «{key}», hoặc không phải là chữ.")
            return ""
        return value.strip()

    def _mapping(self, data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
        value = data.get(key)
        if not isinstance(value, dict):
            self.fault(key, "missing", f"Thiếu nhóm «{key}».")
            return {}
        return value

    def _list(self, data: Mapping[str, Any], key: str) -> Sequence[Any]:
        value = data.get(key)
        if not isinstance(value, list) or not value:
            self.fault(key, "missing", f"Thiếu danh sách «{key}».")
            return ()
        return value

    def _date(self, _: Mapping[str, Any], key: str, value: Any) -> date | None:
        if value is not None and type(value) is not date:
            self.fault(key, "date", f"«{value}» không phải là ngày dạng 2026-11-24.")
            return None
        return value

    def _basis(self, row: Mapping[str, Any]) -> Basis:
        title = self._text(row, "title")
        return Basis(
            title,
            self._date(row, f"legal_basis «{title}» from", row.get("from")),
            self._date(row, f"legal_basis «{title}» to", row.get("to")),
            str(row.get("note", "")),
        )

    def _component(self, row: Mapping[str, Any]) -> Component:
        name = self._text(row, "name_vi")
        kind, form, quantity = row.get("kind"), row.get("form"), row.get("quantity", 1)
        if kind not in ("submit", "present"):
            self.fault("components", "kind", f"«{name}»: kind phải là submit hoặc present.")
        if form not in _FORM_VI:
            self.fault("components", "form", f"«{name}»: form phải là một trong {', '.join(_FORM_VI)}.")
        if not isinstance(quantity, int) or quantity < 1:
            self.fault("components", "quantity", f"«{name}»: quantity phải là số từ 1.")
        return Component(
            id=self._text(row, "id"),
            name_vi=name,
            kind="present" if kind == "present" else "submit",
            form=str(form) if form in _FORM_VI else "original",
            quantity=quantity,
            condition_vi=str(row.get("condition_vi", "")),
            replaced_by_database_vi=str(row.get("replaced_by_database_vi", "")),
            when=self._when(name, row.get("when", "")),
            made_by_kiosk=row.get("made_by_kiosk") is True,
        )

    def _when(self, name: str, source: str) -> Expr | None:
        if source == "official":
            return None
        try:
            expr = parse("true()" if source == "always" else source)
        except ExprError as error:
            self.fault("components", "expression", f"«{name}», ký tự {error.column}: {error.message_vi}")
            return None
        for unknown in (known for known in expr.names if known not in self.form.by_name):
            self.fault("components", "reference", f"«{name}»: không có câu hỏi tên «{unknown}».")
        return expr

    def _time(self, row: Mapping[str, Any]) -> TimeRule:
        rule = TimeRule(self._text(row, "rule"), row.get("days", 0), self._text(row, "text_vi"))
        if rule.kind not in KINDS or (rule.kind in ("working_days", "calendar_days") and rule.days < 1):
            self.fault("time", "rule", f"Không có cách tính hạn «{rule.kind}», hoặc thiếu số ngày.")
        return rule

    def _fee(self, row: Mapping[str, Any]) -> FeeRule:
        rule = FeeRule(
            self._text(row, "rule"),
            self._text(row, "text_vi"),
            row.get("days", 0),
            str(row.get("from", "")),
            str(row.get("exempt_vi", "")),
            row.get("amount_vnd"),
        )
        if rule.kind not in ("free", "free_within_days", "by_resolution"):
            self.fault("fee", "rule", f"Không có cách tính lệ phí «{rule.kind}».")
        if rule.kind == "free_within_days":
            self._form_name("fee.from", rule.from_field)
        return rule

    def _form_name(self, key: str, name: str) -> str:
        if name not in self.form.by_name:
            self.fault(key, "reference", f"Không có câu hỏi tên «{name}».")
        return name

    def _applicant(self, row: Mapping[str, Any]) -> dict[str, str]:
        for key in row.keys() - _APPLICANT:
            self.fault("applicant", "key", f"Không có mục «{key}» của người nộp.")
        return {key: self._form_name(f"applicant.{key}", str(name)) for key, name in row.items()}

    def _paper_fields(self, outside: Mapping[str, Any]) -> Sequence[PaperField]:
        inside = [PaperField(item.template, item.name) for item in self.form.items if item.template]
        names = [field.field for field in inside] + [*outside]
        for name in {name for name in names if names.count(name) > 1}:
            self.fault("outside_the_form", "duplicate", f"Mục «{name}» của tờ khai được điền từ hai nơi.")
        return [*inside, *(PaperField(str(name), "", str(reason)) for name, reason in outside.items())]
