"""Papers of this machine's dossiers as files: the PDFs of one dossier, and the register of a period.

A file belongs to one person in a folder others may read, so it is made 0600 under a name without a person in it. Nothing is written
until every paper asked for could be made.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from forms.codes import check_code
from forms.papers import Office, PaperError, SlipFacts
from forms.papers.of_dossier import available, facts_of, file_name, pdf_of
from forms.papers.register import register, register_row
from forms.papers.sheets import sheet
from forms.papers.source import Issuer, PaperSource
from forms.procedures.catalogue import load_catalogue
from kiosk.machine import Machine
from kiosk.services import Refused


def issuer_of(machine: Machine) -> Issuer:
    """This machine's office as the papers name it."""
    office = machine.office
    return Issuer(
        Office(office.committee_vi, office.centre_vi, office.hotline),
        office.place_vi,
        office.address or office.committee_vi,
        machine.config.tracking_url,
        f"Máy số {machine.config['place.kiosk']}",
    )


def write_papers(machine: Machine, code: str, out: Path, kinds: Sequence[str] = ()) -> list[Path]:
    """Write the A4 papers a dossier has now, or of these kinds only; returns the files.

    Raises:
        Refused: ``dossier_unknown``, ``procedure_unknown``, ``nothing_to_print``; the code of a paper that may not be printed so.
        OSError: the folder cannot be written to.
    """
    source = _source(machine, code)
    sheets = {
        paper: facts for paper in available(source) if (facts := facts_of(source, paper)) and not isinstance(facts, SlipFacts)
    }
    missing = [paper for paper in kinds if paper not in sheets]
    if missing:
        have = ", ".join(sheets)
        raise Refused("nothing_to_print", f"Hồ sơ chưa có giấy: {', '.join(missing)}.", f"Giấy đã có: {have}. Bỏ --kind để in hết.")
    try:
        pages = {file_name(source, paper): pdf_of(sheets[paper]) for paper in kinds or sheets}
    except PaperError as error:
        raise Refused(error.code, error.message_vi, error.cure_vi) from None
    out.mkdir(mode=0o700, parents=True, exist_ok=True)
    return [_write(out / name, data) for name, data in pages.items()]


@dataclass(frozen=True, slots=True)
class Period:
    """Days from ``first`` to ``last``, both counted."""

    first: date
    last: date


def write_register(machine: Machine, period: Period, file: Path) -> int:
    """Write the register (Sổ theo dõi hồ sơ, Mẫu 07) of the dossiers received in a period; returns how many.

    Raises:
        Refused: ``wrong_period``; ``nothing_to_print`` when none was received; the code of a paper that may not be printed so.
        OSError: the file cannot be written.
    """
    if period.last < period.first:
        raise Refused("wrong_period", "Ngày cuối đứng trước ngày đầu.", "Ghi lại --from và --to.")
    dossiers = (machine.store.fields(row["d"]) for row in machine.store.rows("SELECT d FROM dossier"))
    rows = (register_row(fields, _procedure_vi(fields)) for fields in dossiers)
    facts = register(filter(None, rows), period.first, period.last, issuer_of(machine), machine.store.clock.now())
    if not facts.rows:
        raise Refused("nothing_to_print", "Không có hồ sơ nào được tiếp nhận trong những ngày này.", "Xem lại --from và --to.")
    try:
        data = sheet(facts)
    except PaperError as error:
        raise Refused(error.code, error.message_vi, error.cure_vi) from None
    _write(file, data)
    return len(facts.rows)


def _source(machine: Machine, code: str) -> PaperSource:
    asked = check_code(code).normalised
    rows = machine.store.rows("SELECT d FROM dossier WHERE code IN (?, ?) OR official_code IN (?, ?)", [code, asked] * 2)
    if not rows:
        raise Refused("dossier_unknown", f"Máy này không có hồ sơ mã «{code}».", "Xem mã bằng «store list».")
    fields = machine.store.fields(rows[0]["d"])
    procedure = load_catalogue().filed(fields)
    if procedure is None:
        raise Refused("procedure_unknown", "Máy này chưa có thủ tục của hồ sơ.", "Cập nhật danh mục thủ tục.")
    return PaperSource(fields, procedure, issuer_of(machine))


def _procedure_vi(fields: Mapping[str, Any]) -> str:
    code = str(fields.get("procedure"))
    return load_catalogue().official_name(code) or code


def _write(path: Path, data: bytes) -> Path:
    """Replace a file by one that only its owner reads; a link in its place is replaced, not followed."""
    path.unlink(missing_ok=True)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
    return path
