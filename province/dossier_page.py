"""The officials' view of one dossier: answers under the form's own words, history as sentences, conflicts.

Labels come from the procedure's form where this version of the software has it; an answer to a question it does not know is
shown under its bare name, never dropped. The history interleaves what devices wrote with what the province decided, in the
order the feed has them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import groupby
from typing import Any, Final

from forms.dossier import answers_of, persons_of
from forms.dossier.identity import IdentityCheck
from forms.dossier.sentences import FIELD_NAMES
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import rows_of
from province import words
from province.files import FileFact, files_of
from province.models import Conflict, DossierIndex, EventRow, FeedRow
from province.papers import confirmed_fields, papers_offered
from province.projection import read_entry
from sync.envelope import decode

_ANSWER: Final = "a."


@dataclass(frozen=True, slots=True)
class Answer:
    label: str
    text: str


@dataclass(frozen=True, slots=True)
class HistoryLine:
    """One sentence with its time. ``kind`` is "device", "province" or "refused"."""

    kind: str
    text_vi: str
    when_vi: str


@dataclass(frozen=True, slots=True)
class DossierFacts:
    sections: Sequence[tuple[str, Sequence[Answer]]]
    history: Sequence[HistoryLine]
    conflicts: Sequence[Conflict]
    papers: Sequence[tuple[str, str]]
    """Id and title of each paper that can be downloaded."""
    files: Sequence[FileFact]
    checked_vi: str
    """How the applicant was identified at the kiosk; empty when that was not written down."""
    doubled: bool
    """Its provisional code stands on another slip too."""


def dossier_facts(row: DossierIndex) -> DossierFacts:
    """Everything on a dossier's page."""
    fields = confirmed_fields(row)
    conflicts = list(Conflict.objects.filter(commune=row.commune, dossier=row.dossier).order_by("-seq"))
    sections = _sections(load_catalogue().filed(fields), fields)
    checked = IdentityCheck.read(persons_of(fields).applicant.by).told_vi
    return DossierFacts(
        sections, list(_history(row)), conflicts, papers_offered(row, fields), files_of(row), checked, _doubled(row)
    )


def _doubled(row: DossierIndex) -> bool:
    return bool(row.code) and DossierIndex.objects.filter(code=row.code).exclude(pk=row.pk).exists()


def procedure_name(code: str) -> str:
    """Name of a procedure for people; one this version does not know is shown by its code."""
    return load_catalogue().title(code) or code or "(chưa rõ thủ tục)"


def field_name(name: str) -> str:
    """Name of a field for people: from the forms for answers, from the table of fields for the rest, else itself."""
    if name.startswith(_ANSWER):
        bare = name.removeprefix(_ANSWER)
        return _questions().get(bare, bare)
    return FIELD_NAMES.get(name, name)


@cache
def _questions() -> Mapping[str, str]:
    """Short names of the questions of every form; forms that share a name mean the same by it."""
    catalogue = load_catalogue()
    items = [item for code in catalogue.codes() for one in catalogue.versions(code) for item in one.form.items]
    return {item.name: item.short or item.label for item in reversed(items) if item.short or item.label}


def _sections(known: Procedure | None, fields: Mapping[str, Any]) -> list[tuple[str, Sequence[Answer]]]:
    answers = answers_of(fields)
    rows = rows_of(known.form, answers) if known is not None else ()
    sections: list[tuple[str, Sequence[Answer]]] = [
        (section, [Answer(row.label, row.text) for row in group]) for section, group in groupby(rows, key=lambda row: row.section)
    ]
    named = {item.name for item in known.form.items} if known is not None else set()
    rest = [Answer(name, words.plain_vi(value)) for name, value in answers.items() if name not in named]
    if rest:
        sections.append(("Câu trả lời khác" if sections else "", rest))
    return sections


def _history(row: DossierIndex) -> Iterator[HistoryLine]:
    """Events in the order they arrived, each followed by what the province did because of it."""
    acts = list(FeedRow.objects.filter(commune=row.commune, dossier=row.dossier).order_by("seq"))
    by_origin: dict[tuple[int | None, int | None, int | None], list[FeedRow]] = {}
    for act in acts:
        by_origin.setdefault((act.origin_device, act.origin_incarnation, act.origin_n), []).append(act)
    for event in EventRow.objects.filter(commune=row.commune, dossier=row.dossier).order_by("pk"):
        caused = [read_entry(act) for act in by_origin.get((event.device, event.incarnation, event.n), [])]
        yield _told(event, caused)
        yield from _decided(caused, words.ms_vi(event.received_ms))
    for act in by_origin.get((None, None, None), []):
        yield from _decided([read_entry(act)], words.ms_vi(act.made_ms))


def _told(row: EventRow, caused: Sequence[Mapping[str, Any]]) -> HistoryLine:
    event = decode(bytes(row.body))
    unsure = " (giờ máy chưa xác minh)" if event.quality == 0 else ""
    by = f" – {event.actor[:40]}" if event.kind == "st" and event.actor else ""
    refused = next((entry for entry in caused if entry.get("e") == "na"), None)
    text = words.act_vi(event, field_name)
    if refused is not None:
        text = f"Không áp dụng: {words.why_vi(str(refused.get('why')))}. {text}"
    return HistoryLine("refused" if refused else "device", text, f"{words.ms_vi(event.wall_ms)}{unsure}{by}")


def _decided(entries: Sequence[Mapping[str, Any]], when_vi: str) -> Iterator[HistoryLine]:
    for entry in entries:
        if entry.get("e") != "f":
            continue
        if "province_received_at" in entry["w"]:
            yield HistoryLine("province", "Hồ sơ về đến tỉnh.", when_vi)
        if "official_code" in entry["w"]:
            yield HistoryLine("province", f"Tỉnh cấp mã hồ sơ {words.plain_vi(entry['w']['official_code'])}.", when_vi)
