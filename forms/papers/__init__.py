"""The papers of the one-stop: slips as data (what stands on them, never how a printer draws it) and A4 sheets as PDF.

One frozen class of facts a paper (``facts``) gives both its slip (``kiosk_slip``, ``mau_01`` … ``mau_05``) and its sheet
(``sheet``); a declaration is filled from a form and its answers (``declaration``). A slip shows of a personal number the last
four digits only; a QR holds the tracking address made of code and key, nothing about a person.
"""

from forms.papers.content import Align, Block, Gap, Line, Pair, PaperContent, PaperError, QrBlock, Rule, Signatures, Size
from forms.papers.declarations import Declaration, PaperState, declaration, declaration_values, papers_told
from forms.papers.facts import (
    ApologyFacts,
    Case,
    ControlFacts,
    HandOver,
    Letterhead,
    Office,
    PaperItem,
    Person,
    PreparedFacts,
    ReceiptFacts,
    RefusalFacts,
    RegisterFacts,
    RegisterRow,
    SlipFacts,
    StopFacts,
    SupplementFacts,
)
from forms.papers.kinds import Kind, kind, template_fields
from forms.papers.notices import mau_02, mau_03, mau_04, mau_05
from forms.papers.parts import FADES_VI
from forms.papers.prepared import prepared
from forms.papers.receipt import NOT_A_FEE_RECEIPT_VI, mau_01
from forms.papers.sheets import sheet
from forms.papers.slip import kiosk_slip
from forms.papers.wording import moment_vi, tracking_url

__all__ = [
    "FADES_VI",
    "NOT_A_FEE_RECEIPT_VI",
    "Align",
    "ApologyFacts",
    "Block",
    "Case",
    "ControlFacts",
    "Declaration",
    "Gap",
    "HandOver",
    "Kind",
    "Letterhead",
    "Line",
    "Office",
    "Pair",
    "PaperContent",
    "PaperError",
    "PaperItem",
    "PaperState",
    "Person",
    "PreparedFacts",
    "QrBlock",
    "ReceiptFacts",
    "RefusalFacts",
    "RegisterFacts",
    "RegisterRow",
    "Rule",
    "Signatures",
    "Size",
    "SlipFacts",
    "StopFacts",
    "SupplementFacts",
    "declaration",
    "declaration_values",
    "kind",
    "kiosk_slip",
    "mau_01",
    "mau_02",
    "mau_03",
    "mau_04",
    "mau_05",
    "moment_vi",
    "papers_told",
    "prepared",
    "sheet",
    "template_fields",
    "tracking_url",
]
