"""The papers of a dossier as officials take them from the console: the PDFs the commune prints, made from the same fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from forms.papers import Office, SlipFacts, kind
from forms.papers.of_dossier import available, facts_of, file_name, pdf_of
from forms.papers.source import Issuer, PaperSource
from forms.procedures.catalogue import load_catalogue
from province import confirmed
from province.models import ConfirmedDossier, DossierIndex
from province.places import commune_name
from province.runtime import current


def confirmed_fields(row: DossierIndex) -> dict[str, Any]:
    """The fields of a dossier as they stand, in the order they were last written."""
    held = ConfirmedDossier.objects.filter(commune=row.commune, dossier=row.dossier).first()
    return confirmed.read(held.fields).plain if held is not None else {}


def papers_offered(row: DossierIndex, fields: Mapping[str, Any]) -> Sequence[tuple[str, str]]:
    """Id and title of every A4 paper the dossier has now; none when this software lacks the procedure it was filed with."""
    source = _source(row, fields)
    if source is None:
        return ()
    return [(paper, kind(paper).title_vi.capitalize()) for paper in available(source) if paper != "slip"]


def paper_file(row: DossierIndex, paper: str) -> tuple[str, bytes] | None:
    """Name and content of a PDF; ``None`` when the dossier does not have this paper.

    Raises:
        PaperError: it may not be printed so.
    """
    source = _source(row, confirmed_fields(row))
    facts = facts_of(source, paper) if source is not None else None
    if source is None or facts is None or isinstance(facts, SlipFacts):
        return None
    return file_name(source, paper), pdf_of(facts)


def _source(row: DossierIndex, fields: Mapping[str, Any]) -> PaperSource | None:
    procedure = load_catalogue().filed(fields)
    return None if procedure is None else PaperSource(fields, procedure, _issuer(row.commune))


def _issuer(commune: str) -> Issuer:
    """The commune's centre; where it hands results out is known to the commune only, so its office is named."""
    running = current()
    place = commune_name(commune)
    committee = f"Ủy ban nhân dân {place}"
    office = Office(committee, "Trung tâm Phục vụ hành chính công", running.config.hotline)
    return Issuer(office, place, committee, running.base_url)
