"""Rules that hold a procedure and its form together: every paper to hand in is asked for, every printed field has a source."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from forms.checker.draft import Draft, Finding, Rule
from forms.papers import Kind, PaperError, kind, template_fields


def _captures(draft: Draft) -> Iterator[Finding]:
    for place, component in enumerate(draft.components):
        handed_in = component.kind == "submit" and not component.made_by_kiosk and component.when is not None
        if handed_in and not component.capture:
            message = f"Chưa có câu hỏi «{component.name_vi[:60]}» có không. Thêm câu loại image tên paper_{component.id}."
            yield Finding(draft.line("components", place), "components.capture", message, "procedure")


def _papers(draft: Draft) -> Iterator[Kind]:
    """The declarations of the procedure that exist."""
    for name in draft.procedure.papers if draft.procedure is not None else ():
        try:
            yield kind(name)
        except PaperError:
            continue


def _unknown_papers(draft: Draft) -> Iterator[Finding]:
    for place, name in enumerate(draft.procedure.papers if draft.procedure is not None else ()):
        try:
            kind(name)
        except PaperError as error:
            yield Finding(draft.line("papers", place), "papers", error.message_vi, "procedure")


def _unfilled(draft: Draft) -> Iterator[Finding]:
    if draft.procedure is None:
        return
    filled = {field.field for field in draft.procedure.paper_fields}
    filled |= {row.template for row in (*draft.form.items, *draft.form.repeats.values())}
    for place, paper in enumerate(_papers(draft)):
        for name in sorted(template_fields(paper.id) - filled):
            message = f"Mục «{name}» của tờ «{paper.title_vi}» không câu nào điền. Ghi k_template, hoặc lý do ở outside_the_form."
            yield Finding(draft.line("papers", place), "papers", message, "procedure")


def _unprinted(draft: Draft) -> Iterator[Finding]:
    papers = tuple(_papers(draft))
    if not papers:
        return
    fields = {name for paper in papers for name in template_fields(paper.id)}
    columns = {table: names for paper in papers for table, names in paper.tables.items()}
    for row in (*draft.form.items, *draft.form.repeats.values()):
        repeat = draft.form.repeats.get(getattr(row, "repeat", ""))
        known = columns.get(repeat.template, ()) if repeat is not None else fields
        if row.template and row.template not in known:
            message = f"Tờ in không có mục «{row.template}». Xem lại tên mục, hoặc để trống ô này."
            yield Finding(row.row, "k_template", message)


RULES: Final = (
    Rule("capture", "Giấy tờ phải nộp nào cũng có câu hỏi bà con có giấy ấy không", "error", _captures),
    Rule("paper_unknown", "Tờ khai nêu trong papers có mẫu in", "error", _unknown_papers),
    Rule("template_field", "Mục nào của tờ in cũng có câu hỏi điền, hoặc có lý do để trống", "error", _unfilled),
    Rule("template_unknown", "k_template nào cũng là một mục của tờ in", "error", _unprinted),
)
