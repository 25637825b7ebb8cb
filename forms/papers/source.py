"""What every paper of a dossier is made from: its folded fields read safely, its procedure, and who issues the paper.

Fields come from devices and may be of any shape: what is not what it should be reads as empty.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from forms import dossier
from forms.dossier import Fields, answers_of, persons_of
from forms.dossier.reading import parsed
from forms.papers.declarations import declaration_values
from forms.papers.facts import Case, Letterhead, Office, Person
from forms.people.places import commune
from forms.procedures.procedure import Procedure

OFFICE_VI: Final = "Ủy ban nhân dân"


@dataclass(frozen=True, slots=True)
class Issuer:
    """Who hands the papers out: what no dossier says of itself."""

    office: Office
    place_vi: str
    """«xã Bảo Lâm», as on «…, ngày …» and after «Kính gửi: Ủy ban nhân dân»."""
    return_place_vi: str
    """Where a result is collected, for dossiers that do not say otherwise."""
    tracking_base: str
    kiosk_vi: str = ""


@dataclass(frozen=True, slots=True)
class PaperSource:
    """A dossier about to become paper: its folded fields, the procedure with the questions it answered, and who issues."""

    fields: Fields
    procedure: Procedure
    issuer: Issuer

    @property
    def answers(self) -> dict[str, Any]:
        return answers_of(self.fields)

    @property
    def code(self) -> str:
        """The official code, else the provisional one."""
        return self.text("official_code") or self.text("code")

    def declared(self, *keys: str) -> str:
        """What was answered under keys of the declaration."""
        values = declaration_values(self.procedure.form, self.answers)
        return ", ".join(text for text in (text_of(values.get(key)) for key in keys) if text)

    def text(self, name: str) -> str:
        return text_of(self.fields.get(name))

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.fields.get(name)
        return tuple(one for one in value if isinstance(one, str)) if isinstance(value, list) else ()

    def moment(self, name: str) -> datetime | None:
        return parsed(self.fields.get(name))

    def head(self, record: str, made: datetime) -> Letterhead:
        return Letterhead(self.issuer.office, self.text(f"{record}.number"), self.issuer.place_vi, made)

    def person(self, person: dossier.Person) -> Person:
        """A person on an A4 sheet. An applicant who gave no address but declared a residence lives there."""
        address = person.address
        if not address and person == persons_of(self.fields).applicant:
            address = self.declared("req_residence")
        return Person(person.name, person.number, address, person.phone, person.email)

    def case(self) -> Case:
        person = self.person(persons_of(self.fields).concerned)
        return Case(person, self.procedure.name_vi, self.code, self.text("key"), self.issuer.tracking_base)


def text_of(value: Any) -> str:
    return value if isinstance(value, str) else ""


def resolving_unit(fields: Fields) -> str:
    """Code of the unit that resolves: the receiving one unless the dossier was handed on."""
    return text_of(fields.get("resolving")) or text_of(fields.get("unit"))


def unit_vi(code: str) -> str:
    """«Ủy ban nhân dân xã Bảo Lâm»; a unit that is no commune is named by its code."""
    try:
        return f"{OFFICE_VI} {commune(code).title_vi}"
    except KeyError:
        return code
