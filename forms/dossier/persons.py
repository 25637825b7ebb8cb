"""Three persons kept apart: whose matter it is (owner, chủ hồ sơ), who asks (applicant, người yêu cầu), who stands at the counter
(submitter, người nộp).

Often they are one: then only the applicant is written and the readers give it for the others. A submitter who is someone else needs
an authorisation, which for the nearest relatives is no paper but the kinship itself. Nothing about a person is required but a name.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """A person or organisation as written on papers. ``number`` is the personal or organisation number (số định danh)."""

    name: str
    number: str = ""
    birth: str = ""
    phone: str = ""
    email: str = ""
    address: str = ""
    document: str = ""
    relation: str = ""
    by: str = ""
    """How the person was identified: a code of :class:`forms.dossier.identity.IdentityCheck`."""

    @classmethod
    def read(cls, value: Any) -> Person:
        """The person in a field; what is not text is left out."""
        found = value if isinstance(value, Mapping) else {}
        return cls(**{"name": ""} | {one.name: found[one.name] for one in fields(cls) if isinstance(found.get(one.name), str)})

    def json(self) -> dict[str, str]:
        """As it stands in an event: empty entries left out, the name always there."""
        told = {one.name: str(getattr(self, one.name)) for one in fields(self)}
        return {key: text for key, text in told.items() if text or key == "name"}


class Authority(StrEnum):
    """By what right the submitter acts for the applicant."""

    NONE = "none"
    """The applicant stands there in person."""
    RELATIVE = "relative"
    """A near relative, shown by papers of kinship: no authorisation paper needed where the law says so."""
    PAPER = "paper"
    """An authorisation (giấy ủy quyền)."""


@dataclass(frozen=True, slots=True)
class Authorisation:
    """``told_vi``: the kinship («mẹ đẻ») or the paper («Giấy ủy quyền số 12 ngày 01/11/2026, UBND xã …»)."""

    authority: Authority = Authority.NONE
    told_vi: str = ""

    @classmethod
    def read(cls, value: Any) -> Authorisation:
        found = value if isinstance(value, Mapping) else {}
        known = found.get("authority") in list(Authority)
        return cls(Authority(found["authority"]) if known else Authority.NONE, str(found.get("told_vi") or ""))

    def json(self) -> dict[str, str]:
        return {"authority": self.authority.value, "told_vi": self.told_vi}


@dataclass(frozen=True, slots=True)
class Persons:
    """The persons of a dossier. ``owner`` and ``submitter`` are ``None`` when they are the applicant."""

    applicant: Person
    owner: Person | None = None
    submitter: Person | None = None
    authorisation: Authorisation = Authorisation()

    @property
    def standing(self) -> Person:
        """Who stands at the counter: «người nộp hồ sơ» of the papers."""
        return self.submitter or self.applicant

    @property
    def concerned(self) -> Person:
        """Whose dossier it is: «hồ sơ của» of the papers."""
        return self.owner or self.applicant


def persons_of(dossier: Mapping[str, Any]) -> Persons:
    """The persons in folded fields."""
    return Persons(
        Person.read(dossier.get("applicant")),
        Person.read(dossier["owner"]) if dossier.get("owner") else None,
        Person.read(dossier["submitter"]) if dossier.get("submitter") else None,
        Authorisation.read(dossier.get("authorisation")),
    )
