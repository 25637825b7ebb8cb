"""A filled birth registration by an invented mother, for benchmarks and drills: no screen, no hardware."""

from __future__ import annotations

from datetime import date

from devices.idcard import CardPerson
from devices.idcard.twin import SAMPLES
from forms.procedures.catalogue import load_catalogue
from forms.procedures.procedure import Procedure
from forms.session import FormSession
from kiosk.services import Identified
from kiosk.viewmodels.filing import FACTS

BIRTH = "1.001193"
SAMPLE_CARD = Identified(SAMPLES[0].person)


def sample_session(today: date, person: CardPerson = SAMPLES[0].person) -> tuple[Procedure, FormSession]:
    """The procedure, and a session ready to submit: the card answers what it knows, the first thing that fits answers the rest."""
    procedure = load_catalogue().shown(BIRTH, today)
    session = FormSession(procedure.form, today=today)
    session.prefill({key: getattr(person, name) for key, name in FACTS.items()})
    plain = {"text": "Nông Văn Thử", "date": today.replace(day=1).isoformat(), "integer": "1", "acknowledge": "yes"}
    while (question := session.current) is not None:
        if question.required and not session.value(question.name):
            value = question.choices[0].name if question.choices else plain[question.type]
            number = question.type == "text" and question.appearance == "number"
            session.put(question.name, person.number if number else [value] if question.type == "select_multiple" else value)
        session.forward()
    return procedure, session
