"""The checker: what a form that reads well still gets wrong, told before a citizen meets it.

Reading already refuses what is malformed (``forms.xlsform``, ``forms.procedure``); the rules here judge a sound form as a whole:
letters, pictures, ways through, papers, printed fields. Each rule has a stable code and one line saying what it demands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from forms.checker import expressions, media, papers, paths, texts
from forms.checker.draft import Draft, Rule
from forms.xlsform.model import Fault

__all__ = ["RULES", "Draft", "Rule", "check"]

RULES: Final[Sequence[Rule]] = (*texts.RULES, *media.RULES, *expressions.RULES, *paths.RULES, *papers.RULES)
"""Every rule, in the order in which it is asked."""


def check(draft: Draft) -> tuple[Fault, ...]:
    """Everything the rules object to, in the order of the file."""
    found = [
        Fault(draft.where(finding.place), finding.row, finding.column, rule.code, finding.message, rule.severity)
        for rule in RULES
        for finding in rule.find(draft)
    ]
    return tuple(sorted(found, key=lambda fault: (fault.file, fault.row)))
