"""One filing under way: the form's session and what the card said. Passed from screen to screen, dropped at the end."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from kiosk.services import Identified, Services

if TYPE_CHECKING:
    from forms.session import FormSession
    from kiosk.viewmodels.flow import Kiosk, Page

FACTS: Final = {
    "card.full_name": "name",
    "card.number": "number",
    "card.birth": "birth",
    "card.sex": "sex",
    "card.ethnicity": "ethnicity",
    "card.nationality": "nationality",
    "card.residence": "residence",
    "card.origin": "origin",
    "card.issued": "issued",
    "card.expires": "expires",
}
"""What a form may ask of the card -> field of ``CardPerson``."""


class Filing:
    """The answers of one sitting."""

    def __init__(self, services: Services, code: str) -> None:
        self.procedure = services.procedure(code)
        self.session = services.open_form(code)
        self.card: Identified | None = None
        self.read_through = False
        """Whether every page of the check page has been on the screen."""
        self.check_page = 0
        """Where the check page was left to change an answer."""

    @property
    def title_vi(self) -> str:
        return self.procedure.short_vi

    def speaking(self, language: str) -> FormSession:
        """The session, its texts in a language; in Vietnamese where the form has none."""
        self.session.language = language
        return self.session

    def take_card(self, card: Identified) -> int:
        """Keep the card and fill what it knows; answers given by hand stay, an earlier card's go. Returns how many were filled.

        A chip that is not genuine fills nothing: its data is nobody's. That one was found so is kept until another chip is read.
        """
        if card.person.source != "chip" and self.card is not None and self.card.proof.verdict == "not_genuine":
            card = replace(card, proof=self.card.proof)
        self.card = card
        false = card.person.source == "chip" and card.proof.verdict == "not_genuine"
        return self.session.prefill({key: "" if false else getattr(card.person, name) for key, name in FACTS.items()})

    def page(self, kiosk: Kiosk) -> Page:
        """Where the session stands: the present question, or the check page."""
        from kiosk.viewmodels.asking import Asking
        from kiosk.viewmodels.check import Check

        return Asking(kiosk, self) if self.session.current is not None else Check(kiosk, self)
