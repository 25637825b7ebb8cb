"""A procedure (thủ tục hành chính): what it asks for, how long it takes, what it costs, which papers it needs, who handles it.

A procedure is data, ``procedure.yaml``, beside or pointing to its form; this module reads and checks it and answers questions about
it: which papers these answers call for, who files, is the law in force on a day. Everything wrong is told at once, with line and
key (:class:`forms.xlsform.FormError`). Amounts and limits nobody has stated stay unknown; how sure each group of facts is stands
beside it (``certainty``). Which procedures there are, and which version counts on a day, ``forms/procedures/catalogue.py`` knows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType
from typing import Any, Final, Literal, get_args

from forms.codes import read_procedure_code
from forms.deadlines.calendar import WorkingCalendar
from forms.deadlines.deadline import TimeRule, read_time
from forms.dossier.persons import Person, Persons
from forms.expr import Expr, ExprError, as_date, as_truth, evaluate, parse
from forms.money.fee import FeeQuote, FeeRule, filing_of, quote, read_fee
from forms.procedures.general import asking_for
from forms.procedures.marked_yaml import Marked, Path
from forms.session.stored import StoredAnswers
from forms.xlsform import Fault, Form, FormError

Kind = Literal["submit", "present"]
PaperForm = Literal["original", "copy", "certified_copy"]
Backend = Literal["province", "business", "police", "portal_only"]
State = Literal["yes", "no", "official"]

_PERSON: Final = frozenset({"name", "number", "birth", "phone", "relation", "document"})
_FORM_VI: Final[Mapping[str, str]] = {"original": "bản chính", "copy": "bản sao", "certified_copy": "bản sao chứng thực"}
_NONE: Final = ("", "none")
"""Answers of a capture question that bring no paper."""


@dataclass(frozen=True, slots=True)
class Basis:
    """A law it rests on, with the days it is in force; ``None`` is open, or not established (then ``note`` says so)."""

    title: str
    valid_from: date | None
    valid_to: date | None
    note: str = ""

    def in_force(self, day: date) -> bool:
        return within(day, self.valid_from, self.valid_to)


@dataclass(frozen=True, slots=True)
class Routing:
    """Whose system handles it (VIETNAM §1.8), and whether the kiosk may file it at all. The override file may switch both.

    ``police``: the declaration is printed for the citizen to take along; ``portal_only``: the kiosk only shows the way.
    """

    backend: Backend
    filed_here: bool
    note_vi: str = ""


@dataclass(frozen=True, slots=True)
class Component:
    """A paper of the dossier (thành phần hồ sơ). ``when`` decides from the answers; ``None``: an official asks at the counter."""

    id: str
    name_vi: str
    kind: Kind
    """Handed in, or only shown."""
    form: PaperForm
    quantity: int
    condition_vi: str
    replaced_by_database_vi: str
    """The database that makes the paper unnecessary when it answers (NQ 66.7/2025/NQ-CP); '' when none does."""
    when: Expr | None
    made_by_kiosk: bool = False
    """The declaration itself: printed from the answers, nothing to bring."""
    capture: str = ""
    """The question of the form that asks for this paper; '' when none does."""
    short_vi: str = ""
    """What people call it, for the capture question; '' when the name does."""
    blank: bool = False
    """A printed form to fill in, which the office hands out."""

    @property
    def form_vi(self) -> str:
        return _FORM_VI[self.form]

    @property
    def said_vi(self) -> str:
        """What people are told to bring: the short name where one is written, else the name without what explains it."""
        return self.short_vi[:1].upper() + self.short_vi[1:] or self.name_vi.partition(" (")[0]


@dataclass(frozen=True, slots=True)
class Needed:
    """A paper and whether these answers call for it: ``yes``, ``no``, or ``official`` when only a person can tell."""

    component: Component
    state: State


@dataclass(frozen=True, slots=True)
class PaperField:
    """How a field of the official declaration is filled: by a question or computed value, or, with the reason, outside the form."""

    field: str
    source: str
    reason_vi: str = ""


@dataclass(frozen=True, slots=True)
class Procedure:
    """One version of one procedure as published, with its form."""

    code: str
    name_vi: str
    short_vi: str
    """What people call it; stands on tiles and slips."""
    sector_vi: str
    authority_vi: str
    icon: str
    colour: str
    group: str
    for_whom_vi: str
    words: tuple[str, ...]
    """Other words people search with."""
    valid_from: date | None
    valid_to: date | None
    legal_basis: tuple[Basis, ...]
    components: tuple[Component, ...]
    channels: tuple[int, ...]
    """National channel codes: 1 in person, 2 online, 3 post."""
    online_vi: str
    """«toàn trình», «một phần …»; '' where it has not been established."""
    time: TimeRule
    fee: FeeRule
    result_vi: str
    result_code: str
    result_note_vi: str
    routing: Routing
    confidential: bool
    """Never named on a screen that others can see (victims of trafficking)."""
    certainty: Mapping[str, str]
    """How each group of facts is known: «seen …», «knowledge-high» …"""
    applicant_fields: Mapping[str, str]
    """Keys of the filer (``name``, ``number``, ``birth``, ``phone``, ``relation``, ``document``) -> names of the form."""
    owner_fields: Mapping[str, str]
    """The same keys for the person the result belongs to, when another one files."""
    subject_field: str
    declaration_vi: str
    papers: tuple[str, ...]
    """Templates printed from the answers."""
    paper_fields: tuple[PaperField, ...]
    form: Form

    @property
    def form_version(self) -> str:
        return self.form.version

    @property
    def only_prepared(self) -> bool:
        """Whether the kiosk files nothing, but writes the declaration out for the citizen to take to its own office."""
        return not self.routing.filed_here and self.routing.backend == "police" and bool(self.papers)

    @property
    def how_long_vi(self) -> str:
        """The limit in plain words; «khoảng» where it rests on memory and not on a source."""
        return _how_long(self.time, sure=not self.certainty.get("time", "").startswith(("knowledge-low", "knowledge-med")))

    @property
    def question_types(self) -> frozenset[str]:
        """What a screen must be able to ask."""
        repeats = {"repeat"} if self.form.repeats else set()
        return frozenset({item.type for item in self.form.items if item.asked} | repeats)

    def in_force(self, day: date) -> bool:
        return within(day, self.valid_from, self.valid_to)

    def persons(self, answers: Mapping[str, Any], by: str) -> Persons:
        """The persons of a filing, from stored answers: who asks (người nộp), and whose dossier it is (chủ hồ sơ) when that is
        somebody else. ``by``: how the person at the kiosk identified
        (:attr:`forms.dossier.identity.IdentityCheck.code`).
        """
        applicant = Person.read({**_person(self.applicant_fields, answers), "by": by})
        owner = Person.read(_person(self.owner_fields, answers))
        same = (owner.name, owner.number) == (applicant.name, applicant.number)
        return Persons(applicant, owner if owner.name and not same else None)

    def subject(self, answers: Mapping[str, Any]) -> str:
        """Whom it is about (the child's name); '' when not answered."""
        return str(answers.get(self.subject_field, ""))

    def checklist(self, answers: Mapping[str, Any]) -> tuple[Needed, ...]:
        """Every paper of the procedure and whether these answers call for it; ``today()`` in a condition is the day that the
        form's own ``date`` says it was filled in."""
        context = StoredAnswers(self.form, answers, as_date(str(answers.get("date", ""))) or date.min)
        return tuple(Needed(component, _state(component, context)) for component in self.components)

    def to_bring(self, answers: Mapping[str, Any]) -> tuple[Component, ...]:
        """Papers the citizen must hand in or show at the counter, by the answers given."""
        return tuple(
            needed.component for needed in self.checklist(answers) if needed.state == "yes" and not needed.component.made_by_kiosk
        )

    def fee_for(self, answers: Mapping[str, Any], received: date, calendar: WorkingCalendar | None = None) -> FeeQuote:
        """Fee of a filing received on that day."""
        return quote(self.fee, filing_of(self.fee, answers, received), calendar)


def within(day: date, first: date | None, last: date | None) -> bool:
    """Whether a day lies between two days, both counted; ``None`` is open."""
    return (first is None or first <= day) and (last is None or day <= last)


def _person(fields: Mapping[str, str], answers: Mapping[str, Any]) -> dict[str, str]:
    return {key: str(answers[name]) for key, name in fields.items() if answers.get(name)}


def _how_long(time: TimeRule, *, sure: bool) -> str:
    days = time.days or sum(stage.days for stage in time.stages) or -(-time.quarters // 4)
    about = "Hẹn" if sure else "Khoảng"
    if time.kind == "same_day_15h":
        return "Xong trong ngày"
    if time.kind == "hours":
        return f"{about} {time.hours} giờ làm việc"
    if time.kind == "calendar_days":
        return f"{about} {days} ngày"
    return f"{about} {days} ngày làm việc" if days else "Cán bộ hẹn ngày trả"


def _state(component: Component, context: StoredAnswers) -> State:
    if component.when is not None:
        return "yes" if as_truth(evaluate(component.when, context)) else "no"
    asked = context.value(component.capture) if component.capture else ""
    return "official" if asked in _NONE else "yes"


# --- reading -------------------------------------------------------------------------------------------------------------


def procedure_of(source: Marked, form: Form) -> Procedure:
    """Make a procedure of data already read (a file, a pack, a file with an override applied) and its form.

    Raises:
        FormError: with every fault found.
    """
    reader = _Reader(source, form)
    procedure = reader.read()
    if reader.faults:
        raise FormError(reader.faults)
    return procedure


class _Reader:
    """Reads the groups of a file, remembering what is wrong and going on."""

    def __init__(self, source: Marked, form: Form) -> None:
        self.source = source
        self.form = form
        self.faults: list[Fault] = []

    def fault(self, path: Path, rule: str, message: str) -> None:
        column = ".".join(str(part) for part in path if isinstance(part, str))
        self.faults.append(Fault(self.source.file, self.source.line(path), column, rule, message))

    def read(self) -> Procedure:
        data = self.source.data
        components = [self._component(row, ("components", place)) for place, row in enumerate(self._rows("components"))]
        self._unique(components)
        if data.get("form") == "general":
            self.form = asking_for(self.form, components)
        components = [self._captured(component, ("components", place)) for place, component in enumerate(components)]
        valid, result = self._group("valid"), self._group("result")
        return Procedure(
            code=self._code(),
            name_vi=self._text(("name_vi",)),
            short_vi=self._text(("short_vi",)),
            sector_vi=self._text(("sector_vi",)),
            authority_vi=self._text(("authority_vi",)),
            icon=self._text(("icon",)),
            colour=self._text(("colour",)),
            group=self._text(("group",)),
            for_whom_vi=self._text(("for_whom_vi",)),
            words=self._words("words"),
            valid_from=self._date(("valid", "from"), valid.get("from")),
            valid_to=self._date(("valid", "to"), valid.get("to")),
            legal_basis=tuple(self._basis(row, ("legal_basis", place)) for place, row in enumerate(self._rows("legal_basis"))),
            components=tuple(components),
            channels=tuple(self._rows("channels")),
            online_vi=str(data.get("online_vi") or ""),
            time=self._time(),
            fee=self._fee(),
            result_vi=self._text(("result", "name_vi")),
            result_code=str(result.get("code") or ""),
            result_note_vi=str(result.get("note_vi") or ""),
            routing=self._routing(),
            confidential=data.get("confidential") is True,
            certainty=MappingProxyType({str(key): str(value) for key, value in self._group("certainty").items()}),
            applicant_fields=self._person("applicant", self._group("applicant")),
            owner_fields=self._person("owner", self._group("owner") if data.get("owner") else {}),
            subject_field=self._question(("subject",), self._text(("subject",))),
            declaration_vi=self._text(("declaration_vi",)),
            papers=self._words("papers"),
            paper_fields=tuple(self._paper_fields(self._group("outside_the_form") if data.get("outside_the_form") else {})),
            form=self.form,
        )

    def _at(self, path: Path) -> Any:
        value: Any = self.source.data
        for part in path:
            if isinstance(value, Mapping):
                value = value.get(part)
            else:
                value = value[part] if isinstance(value, list) and isinstance(part, int) else None
        return value

    def _code(self) -> str:
        if isinstance(self.source.data.get("code"), float | int):
            self.fault(("code",), "code", 'Mã viết trần bị đọc thành số. Đặt trong dấu nháy kép, như "1.001193".')
            return ""
        code = self._text(("code",))
        found = read_procedure_code(code)
        if code and (found is None or found.code != code):
            self.fault(("code",), "code", f'«{code}» không phải mã thủ tục quốc gia. Viết như "1.001193".')
        return code

    def _text(self, path: Path) -> str:
        value = self._at(path)
        if not isinstance(value, str) or not value.strip():
            self.fault(path, "missing", f"Thiếu «{path[-1]}», hoặc không phải là chữ.")
            return ""
        return value.strip()

    def _group(self, key: str) -> Mapping[str, Any]:
        value = self.source.data.get(key)
        if not isinstance(value, Mapping):
            self.fault((key,), "missing", f"Thiếu nhóm «{key}».")
            return {}
        return value

    def _rows(self, key: str) -> Sequence[Any]:
        value = self.source.data.get(key)
        if not isinstance(value, list) or not value:
            self.fault((key,), "missing", f"Thiếu danh sách «{key}».")
            return ()
        return value

    def _words(self, key: str) -> tuple[str, ...]:
        value = self.source.data.get(key) or []
        if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
            self.fault((key,), "list", f"«{key}» phải là danh sách chữ. Viết trong ngoặc vuông: [một, hai].")
            return ()
        return tuple(value)

    def _date(self, path: Path, value: Any) -> date | None:
        if value is not None and type(value) is not date:
            self.fault(path, "date", f"«{value}» không phải là ngày dạng 2026-11-24.")
            return None
        return value

    def _basis(self, row: Any, path: Path) -> Basis:
        row = row if isinstance(row, Mapping) else {}
        return Basis(
            self._text((*path, "title")),
            self._date((*path, "from"), row.get("from")),
            self._date((*path, "to"), row.get("to")),
            str(row.get("note") or ""),
        )

    def _component(self, row: Any, path: Path) -> Component:
        row = row if isinstance(row, Mapping) else {}
        kind, form, quantity = row.get("kind"), row.get("form"), row.get("quantity", 1)
        if kind not in get_args(Kind):
            self.fault((*path, "kind"), "kind", "kind phải là submit (nộp) hoặc present (xuất trình).")
        if form not in get_args(PaperForm):
            self.fault((*path, "form"), "form", f"form phải là một trong {', '.join(get_args(PaperForm))}.")
        if type(quantity) is not int or quantity < 1:
            self.fault((*path, "quantity"), "quantity", "quantity phải là số từ 1.")
        return Component(
            id=self._text((*path, "id")),
            name_vi=self._text((*path, "name_vi")),
            kind="present" if kind == "present" else "submit",
            form=form if form in get_args(PaperForm) else "original",
            quantity=quantity,
            condition_vi=str(row.get("condition_vi") or ""),
            replaced_by_database_vi=str(row.get("replaced_by_database_vi") or ""),
            when=self._when(str(row.get("when", "")), (*path, "when")),
            made_by_kiosk=row.get("made_by_kiosk") is True,
            capture=str(row.get("capture") or ""),
            short_vi=str(row.get("short_vi") or ""),
            blank=row.get("blank") is True,
        )

    def _unique(self, components: Sequence[Component]) -> None:
        ids = [component.id for component in components]
        for place, one in enumerate(ids):
            if one in ids[:place]:
                self.fault(("components", place, "id"), "duplicate", f"Hai giấy tờ cùng id «{one}».")

    def _when(self, source: str, path: Path) -> Expr | None:
        if source == "official":
            return None
        try:
            return parse("true()" if source == "always" else source)
        except ExprError as error:
            self.fault(path, "expression", f"Ký tự {error.column}: {error.message_vi}")
            return None

    def _captured(self, component: Component, path: Path) -> Component:
        """The component with its capture question found; names its condition uses must be the form's."""
        for name in component.when.names if component.when is not None else ():
            self._question((*path, "when"), name)
        if component.capture:
            self._question((*path, "capture"), component.capture)
            return component
        usual = f"paper_{component.id}"
        return replace(component, capture=usual) if usual in self.form.by_name else component

    def _time(self) -> TimeRule:
        try:
            return read_time(self._group("time"))
        except ValueError as error:
            self.fault(("time",), "rule", str(error))
            return TimeRule("unknown")

    def _fee(self) -> FeeRule:
        try:
            rule = read_fee(self._group("fee"))
        except ValueError as error:
            self.fault(("fee",), "rule", str(error))
            return FeeRule("by_resolution", "")
        for key in ("from", "copies", "pages", "item_copies"):
            if name := self._at(("fee", key)):
                self._question(("fee", key), str(name))
        if rule.items and rule.items not in self.form.repeats:
            self.fault(("fee", "items"), "reference", f"Không có phần lặp tên «{rule.items}» trong biểu mẫu.")
        return rule

    def _routing(self) -> Routing:
        row = self._group("routing")
        here = row.get("filed_here")
        backend: Backend | None = next((one for one in get_args(Backend) if one == row.get("backend")), None)
        if backend is None:
            self.fault(("routing", "backend"), "routing", f"backend phải là một trong {', '.join(get_args(Backend))}.")
        if type(here) is not bool:
            self.fault(("routing", "filed_here"), "routing", "filed_here phải là true hoặc false.")
        if here is True and backend in ("police", "portal_only"):
            self.fault(("routing", "filed_here"), "routing", f"Việc của «{backend}» không nộp ở máy: filed_here phải là false.")
        return Routing(backend or "province", here is True, str(row.get("note_vi") or ""))

    def _question(self, path: Path, name: str) -> str:
        if name not in self.form.by_name:
            self.fault(path, "reference", f"Không có câu hỏi tên «{name}» trong biểu mẫu.")
        return name

    def _person(self, group: str, row: Mapping[str, Any]) -> Mapping[str, str]:
        for key in row.keys() - _PERSON:
            self.fault((group, key), "key", f"Không có mục «{key}»; các mục: {', '.join(sorted(_PERSON))}.")
        return MappingProxyType({key: self._question((group, key), str(name)) for key, name in row.items()})

    def _paper_fields(self, outside: Mapping[str, Any]) -> Sequence[PaperField]:
        inside = [PaperField(item.template, item.name) for item in self.form.items if item.template]
        names = [field.field for field in inside] + [*outside]
        for name in sorted({name for name in names if names.count(name) > 1}):
            self.fault(("outside_the_form", name), "duplicate", f"Mục «{name}» của tờ khai được điền từ hai nơi.")
        return [*inside, *(PaperField(str(name), "", str(reason)) for name, reason in outside.items())]
