"""Rules that hold a procedure and its form together: every paper to hand in is asked for, every printed field has a source."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from typing import Final

from forms.checker.draft import Draft, Finding, Rule
from forms.papers import Kind, PaperError, kind, template_fields
from forms.xlsform import Form, Item, Repeat


def _captures(draft: Draft) -> Iterator[Finding]:
    for place, component in enumerate(draft.components):
        handed_in = component.kind == "submit" and not component.made_by_kiosk and component.when is not None
        if handed_in and not component.capture:
            message = f"Chưa có câu hỏi «{component.name_vi[:60]}» có không. Thêm câu loại image tên paper_{component.id}."
            yield Finding(draft.line("components", place), "components.capture", message, "procedure")


def _papers(draft: Draft) -> Iterator[tuple[int, str]]:
    """Line and id of the papers that the file at hand names (a shared form's are named in its own file)."""
    named = draft.yaml.data.get("papers") if draft.yaml is not None else None
    yield from ((draft.line("papers", place), str(name)) for place, name in enumerate(named or ()))


def _kinds(draft: Draft) -> Iterator[tuple[int, Kind]]:
    for line, name in _papers(draft):
        with suppress(PaperError):
            yield line, kind(name)


def _unknown_papers(draft: Draft) -> Iterator[Finding]:
    for line, name in _papers(draft):
        try:
            kind(name)
        except PaperError as error:
            yield Finding(
                line, "papers", f"{error.message_vi} Xem tên các tờ trong forms/papers/templates/papers.yaml.", "procedure"
            )


def _rows(form: Form) -> tuple[Item | Repeat, ...]:
    return *form.items, *form.repeats.values()


def _unfilled(draft: Draft) -> Iterator[Finding]:
    outside = draft.yaml.data.get("outside_the_form") if draft.yaml is not None else None
    lines = {row.template for row in _rows(draft.form) if isinstance(row, Repeat) or not row.repeat}
    filled = lines | set(outside or ())
    for line, paper in _kinds(draft):
        for name in sorted(template_fields(paper.id) - filled):
            message = f"Mục «{name}» của tờ «{paper.title_vi}» không câu nào điền. Ghi k_template, hoặc lý do ở outside_the_form."
            yield Finding(line, "papers", message, "procedure")


def _unprinted(draft: Draft) -> Iterator[Finding]:
    papers = [paper for _, paper in _kinds(draft)]
    fields = {name for paper in papers for name in template_fields(paper.id)}
    columns = {table: names for paper in papers for table, names in paper.tables.items()}
    for row in _rows(draft.form) if papers else ():
        repeat = draft.form.repeats.get(row.repeat) if isinstance(row, Item) else None
        known = columns.get(repeat.template, ()) if repeat is not None else fields
        if row.template and row.template not in known:
            yield Finding(row.row, "k_template", f"Tờ in không có mục «{row.template}». Xem lại tên mục, hoặc để trống ô này.")


RULES: Final = (
    Rule("capture", "Giấy tờ phải nộp nào cũng có câu hỏi bà con có giấy ấy không", "error", _captures),
    Rule("paper_unknown", "Tờ khai nêu trong papers có mẫu in", "error", _unknown_papers),
    Rule("template_field", "Mục nào của tờ in cũng có câu hỏi điền, hoặc có lý do để trống", "error", _unfilled),
    Rule("template_unknown", "k_template nào cũng là một mục của tờ in", "error", _unprinted),
)
