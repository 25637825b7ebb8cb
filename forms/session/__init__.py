"""One citizen filling one form (:class:`FormSession`), and filed answers read again (:func:`rows_of`, :class:`StoredAnswers`)."""

from forms.session.answer import COUNTER, NONE, ON_PAPER, match_choices
from forms.session.filling import FormSession
from forms.session.model import NO, YES, Answer, Caution, Entries, Position, Problem, Question, ReviewRow
from forms.session.stored import StoredAnswers, rows_of
from forms.xlsform import Choice

__all__ = [
    "COUNTER",
    "NO",
    "NONE",
    "ON_PAPER",
    "YES",
    "Answer",
    "Caution",
    "Choice",
    "Entries",
    "FormSession",
    "Position",
    "Problem",
    "Question",
    "ReviewRow",
    "StoredAnswers",
    "match_choices",
    "rows_of",
]
