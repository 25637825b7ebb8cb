"""The checker: what a form that reads well still gets wrong, told before a citizen meets it.

Reading already refuses what is malformed (``forms.xlsform``, ``forms.procedures.procedure``); the rules here judge a sound form as
a whole: letters, pictures, ways through, papers, printed fields. Each rule has a stable code and one line saying what it demands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forms.checker import expressions, media, papers, paths, texts
from forms.checker.draft import Draft, Rule
from forms.xlsform.model import Fault

__all__ = ["FORM_RULES", "PROCEDURE_RULES", "Draft", "Rule", "check_form", "check_procedure"]

FORM_RULES: Final[Sequence[Rule]] = (*texts.RULES, *media.RULES, *expressions.RULES, *paths.RULES)
"""Rules about a form alone."""
PROCEDURE_RULES: Final[Sequence[Rule]] = (*texts.PROCEDURE_RULES, *papers.RULES)
"""Rules about a procedure and what it expects of its form."""


def check_form(draft: Draft) -> tuple[Fault, ...]:
    """Everything the rules object to in a form, in the order of the file."""
    return _check(draft, FORM_RULES)


def check_procedure(draft: Draft) -> tuple[Fault, ...]:
    """Everything the rules object to in a procedure, in the order of the file."""
    return _check(draft, PROCEDURE_RULES)


def _check(draft: Draft, rules: Sequence[Rule]) -> tuple[Fault, ...]:
    found = [
        Fault(draft.where(finding.place), finding.row, finding.column, rule.code, finding.message, rule.severity)
        for rule in rules
        for finding in rule.find(draft)
    ]
    return tuple(sorted(found, key=lambda fault: (fault.file, fault.row)))
